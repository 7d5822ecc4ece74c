"""A form as data: its questions, in order, with their texts in every language.

Made from an XLSForm (`tianbao.xlsform`) or in the designer, published by staff, shown by `render.form_page`,
enforced by `domain.validation`, and read again by the line list and the export. A published version never
changes. Must not know: HTML, HTTP, Excel, where forms are kept.

The words are XLSForm's (question, choice list, group, repeat, relevant, constraint); `Kind` adds what a
plain type cannot say: that a text is a person's name, a place, a document number. docs/adr/0007 says why the
model is cut this way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum, StrEnum
from typing import Any, Final, TypeAlias

Text: TypeAlias = Mapping[str, str]
"""A text by language tag: {"zh-Hans": "姓名", "en": "Name"}."""

Path: TypeAlias = str
"""Where an answer is: question names and, inside a repeat, the row's index: `itinerary.0.place`."""

LENGTH_MAX: Final = 500
"""Characters in an answer where the question sets no limit of its own."""
ROWS_MAX: Final = 30
"""Rows in a repeat where the question sets no limit of its own."""


class QuestionType(StrEnum):
    """XLSForm's types; the value is its keyword."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    RANGE = "range"
    DATE = "date"
    TIME = "time"
    DATE_TIME = "dateTime"
    SELECT_ONE = "select_one"
    SELECT_MULTIPLE = "select_multiple"
    RANK = "rank"
    ACKNOWLEDGE = "acknowledge"
    BARCODE = "barcode"
    GEOPOINT = "geopoint"
    IMAGE = "image"
    FILE = "file"
    NOTE = "note"
    CALCULATE = "calculate"
    HIDDEN = "hidden"
    """Carries its default, unseen."""
    START = "start"
    END = "end"
    TODAY = "today"
    DEVICE_ID = "deviceid"
    """Kept so that forms of other tools run; always empty: a browser has no such number and needs none."""
    USERNAME = "username"
    """Who of the staff registers for somebody; empty on a phone of the public."""
    PHONE_NUMBER = "phonenumber"
    """The device's own number, not the question of a KIND; always empty, as DEVICE_ID."""
    GROUP = "group"
    REPEAT = "repeat"


METADATA: Final = frozenset(
    {
        QuestionType.START,
        QuestionType.END,
        QuestionType.TODAY,
        QuestionType.DEVICE_ID,
        QuestionType.USERNAME,
        QuestionType.PHONE_NUMBER,
    }
)
"""What nobody is asked: the program fills it in."""
UNSEEN: Final = METADATA | {QuestionType.CALCULATE, QuestionType.HIDDEN}
"""What the page holds no field to fill in for."""
CHOSEN: Final = frozenset({QuestionType.SELECT_ONE, QuestionType.SELECT_MULTIPLE, QuestionType.RANK})
"""Types that choose from a list."""
NUMBERS: Final = frozenset({QuestionType.INTEGER, QuestionType.DECIMAL, QuestionType.RANGE})
FILES: Final = frozenset({QuestionType.IMAGE, QuestionType.FILE})
"""Types that a file answers (domain.files)."""
_SEALED_TYPES: Final = frozenset(
    {
        QuestionType.TEXT,
        QuestionType.BARCODE,
        QuestionType.GEOPOINT,
        QuestionType.IMAGE,
        QuestionType.FILE,
        QuestionType.CALCULATE,
        QuestionType.HIDDEN,
        QuestionType.USERNAME,
    }
)


class Kind(StrEnum):
    """What an answer is about, beyond its type."""

    PLAIN = "plain"
    PERSON_NAME = "person_name"
    PHONE = "phone"
    DOCUMENT_TYPE = "document_type"
    DOCUMENT = "document"
    """Read with the answer of the DOCUMENT_TYPE question that stands beside it."""
    ADDRESS = "address"
    PLACE = "place"
    TRANSPORT = "transport"
    TRANSPORT_NUMBER = "transport_number"
    """A public run (train, flight) is an open fact; a private number (plate) is identity."""
    PLATE_NUMBER = "plate_number"
    TEMPERATURE = "temperature"
    SYMPTOMS = "symptoms"


class Openness(StrEnum):
    """Whether an answer may lie in plain columns (DESIGN 5: identity is sealed, facts are open)."""

    OPEN = "open"
    SEALED = "sealed"
    BY_CONTENT = "by_content"
    """A place is open once it is a code; a transport number is open on public transport."""


PUBLIC_TRANSPORT: Final = frozenset({"train", "plane", "coach", "ship"})


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a list. `exclusive`: stands alone in a select_multiple ("none of these").

    `columns` are what a choice_filter or instance() asks for beyond `name` and `label`; `image` names a file of
    the form's media by language.
    """

    name: str
    label: Text
    exclusive: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    image: Text = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """One question, or a group or repeat of questions.

    The fields that hold expressions (domain.expressions; empty where there is none): `relevant`, `required_if`,
    `constraint`, `calculation`, `initial` (the default where it is worked out), `choice_filter`, `repeat_count`.

    `required` is always so, `required_if` where the expression holds. `default` is an answer as text. `trigger`
    names the questions whose change works `calculation` out again. `choice_list` names one of the form's lists
    and `choices` are its choices. `minimum`, `maximum`, `step` belong to a range; `length_max` bounds
    characters; `rows_max` a repeat's rows; `max_pixels` an image's longer side. `appearance` has XLSForm's
    tokens, without those that say a `kind`. `carried` says whether the next registration on this phone begins
    with the last answer. `declared` is what the form says of its openness, over what its type says.
    """

    name: str
    type: QuestionType
    label: Text = field(default_factory=dict)
    hint: Text = field(default_factory=dict)
    guidance: Text = field(default_factory=dict)
    image: Text = field(default_factory=dict)
    kind: Kind = Kind.PLAIN
    appearance: tuple[str, ...] = ()
    required: bool = False
    required_if: str = ""
    required_message: Text = field(default_factory=dict)
    relevant: str = ""
    constraint: str = ""
    constraint_message: Text = field(default_factory=dict)
    calculation: str = ""
    trigger: tuple[str, ...] = ()
    default: str = ""
    initial: str = ""
    read_only: bool = False
    choice_list: str = ""
    choices: tuple[Choice, ...] = ()
    choice_filter: str = ""
    randomize: bool = False
    seed: str = ""
    questions: tuple[Question, ...] = ()
    repeat_count: str = ""
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    length_max: int = LENGTH_MAX
    rows_max: int = ROWS_MAX
    max_pixels: int | None = None
    carried: bool = True
    declared: Openness | None = None

    @property
    def openness(self) -> Openness:
        if self.type in FILES:  # the answer holds the file's key
            return Openness.SEALED
        if self.declared is not None:
            return self.declared
        if self.kind in (Kind.PLACE, Kind.TRANSPORT_NUMBER):
            return Openness.BY_CONTENT
        return Openness.SEALED if self.type in _SEALED_TYPES else Openness.OPEN

    @property
    def is_answered(self) -> bool:
        """False for a note, which only shows text."""
        return self.type is not QuestionType.NOTE

    @property
    def can_be_required(self) -> bool:
        """False also for a group, which only holds what is answered, and for what nobody sees."""
        return self.is_seen and not self.is_heading and self.type not in (QuestionType.NOTE, QuestionType.GROUP)

    @property
    def is_heading(self) -> bool:
        """Whether it only shows its choices, above the rows of a table: the questions after it choose from them."""
        return "label" in self.appearance and self.type in (QuestionType.SELECT_ONE, QuestionType.SELECT_MULTIPLE)

    @property
    def is_seen(self) -> bool:
        """Whether the page shows it."""
        return self.type not in UNSEEN

    @property
    def expressions(self) -> Iterator[tuple[str, str]]:
        """(field, text) of every expression it has."""
        for name in EXPRESSION_FIELDS:
            if text := getattr(self, name):
                yield name, text

    @property
    def triggered(self) -> str:
        """The expression that holds once a question was answered that works the calculation out; or empty."""
        return " or ".join(f"${{{name}}} != ''" for name in self.trigger)


EXPRESSION_FIELDS: Final = (
    "relevant",
    "required_if",
    "constraint",
    "calculation",
    "initial",
    "choice_filter",
    "repeat_count",
)


class Repeats(StrEnum):
    """How a report writes the rows of repeats: on sheets of their own, or joined to the registration's row."""

    APART = "apart"
    JOINED = "joined"


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """A column of the form's report: a question by its dotted path, under its label where `heading` is empty."""

    question: str
    heading: Text = field(default_factory=dict)
    width_characters: int | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """One published version of a form.

    `lists` are the choice lists by name, those of questions and those that only expressions look into.
    `columns` are the report's, all questions in their order where there are none. `instance_name` is the
    expression that names a submission, `style` XLSForm's (`pages`: one group a page).
    """

    name: str
    version: int
    title: Text
    questions: tuple[Question, ...]
    languages: tuple[str, ...] = ("zh-Hans", "en")
    lists: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)
    instance_name: str = ""
    style: str = ""
    columns: tuple[ExportColumn, ...] = ()
    repeats: Repeats = Repeats.APART

    def path_of(self, kind: Kind) -> Path:
        """Where the first question of a kind is that is asked once: whose name is it, which number identifies them.

        Empty where there is none; groups are looked into, repeats are not.
        """
        return next((path for path, question in _asked_once(self.questions) if question.kind is kind), "")

    def question_of(self, kind: Kind) -> Question | None:
        """The question at `path_of`."""
        path = self.path_of(kind)
        return self.question_at(path) if path else None

    def question_at(self, path: Path) -> Question | None:
        """The question an answer's path leads to; row indices are stepped over."""
        level, found = self.questions, None
        for part in path.split("."):
            if part.isdigit():
                continue
            found = next((question for question in level if question.name == part), None)
            if found is None:
                return None
            level = found.questions
        return found


def walk_questions(questions: tuple[Question, ...], prefix: str = "") -> Iterator[tuple[str, Question]]:
    """Every question with its dotted path (no row indices), parents before children."""
    for question in questions:
        path = f"{prefix}{question.name}"
        yield path, question
        yield from walk_questions(question.questions, f"{path}.")


def _asked_once(questions: tuple[Question, ...], prefix: str = "") -> Iterator[tuple[Path, Question]]:
    for question in questions:
        if question.type is QuestionType.GROUP:
            yield from _asked_once(question.questions, f"{prefix}{question.name}.")
        elif question.type is not QuestionType.REPEAT:
            yield f"{prefix}{question.name}", question


def answer_at(answers: Mapping[str, Any], path: Path) -> Any:
    """The answer at a path of the nested shape, None where there is none."""
    found: Any = answers
    for part in path.split("."):
        if isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        elif isinstance(found, Mapping):
            found = found.get(part)
        else:
            return None
    return found


def text_in(text: Text, language: str) -> str:
    """The text in a language, or in the first language that it has; empty where it has none."""
    return text.get(language) or next(iter(text.values()), "")


def label_at(form: Form, path: Path, language: str) -> str:
    """The label of an answer; inside repeats with their rows: “People travelling with you 2: Document number”.

    The path itself where no question is there.
    """
    labels = []
    parts = path.split(".")
    for count, part in enumerate(parts, 1):
        question = form.question_at(".".join(parts[:count]))
        if question is None:
            return path
        if part.isdecimal():
            labels.append(f"{text_in(question.label, language)} {int(part) + 1}")
        elif count == len(parts):
            labels.append(text_in(question.label, language))
    return ": ".join(labels)


def load_form(data: Mapping[str, Any]) -> Form:
    """A form from its stored JSON object; the inverse of `dump_form`."""
    lists = {name: tuple(Choice(**choice) for choice in choices) for name, choices in data.get("lists", {}).items()}
    return Form(
        name=data["name"],
        version=data["version"],
        title=data["title"],
        questions=tuple(_load_question(question, lists) for question in data["questions"]),
        languages=tuple(data["languages"]),
        lists=lists,
        instance_name=data.get("instance_name", ""),
        style=data.get("style", ""),
        columns=tuple(ExportColumn(**column) for column in data.get("columns", ())),
        repeats=Repeats(data.get("repeats", Repeats.APART)),
    )


def dump_form(form: Form) -> dict[str, Any]:
    """A form as a JSON object; what equals its default is left out, and choices stand once, in their list."""
    data = {
        "name": form.name,
        "version": form.version,
        "title": dict(form.title),
        "languages": list(form.languages),
        "lists": {name: [_dump(choice) for choice in choices] for name, choices in form.lists.items()},
        "questions": [_dump_question(question) for question in form.questions],
    }
    if form.instance_name:
        data["instance_name"] = form.instance_name
    if form.style:
        data["style"] = form.style
    if form.columns:
        data["columns"] = [_dump(column) for column in form.columns]
    if form.repeats is not Repeats.APART:
        data["repeats"] = form.repeats.value
    return data


def describe_questions(questions: tuple[Question, ...], language: str) -> list[dict[str, Any]]:
    """The machine-readable form (`GET /S/{CODE}.json`): names, types, whether required, choices, nested."""
    described = []
    for question in questions:
        if not question.is_answered:
            continue
        entry: dict[str, Any] = {
            "name": question.name,
            "type": question.type.value,
            "required": question.required,
            "label": text_in(question.label, language),
        }
        if question.kind is not Kind.PLAIN:
            entry["kind"] = question.kind.value
        if question.relevant:
            entry["relevant"] = question.relevant
        if question.choices:
            entry["choices"] = [
                {"name": choice.name, "label": text_in(choice.label, language)} for choice in question.choices
            ]
        if question.questions:
            entry["questions"] = describe_questions(question.questions, language)
        described.append(entry)
    return described


def _load_question(data: Mapping[str, Any], lists: Mapping[str, tuple[Choice, ...]]) -> Question:
    plain = dict(data)
    plain["type"] = QuestionType(plain["type"])
    plain["kind"] = Kind(plain.get("kind", Kind.PLAIN))
    if "declared" in plain:
        plain["declared"] = Openness(plain["declared"])
    plain["appearance"] = tuple(plain.get("appearance", ()))
    plain["trigger"] = tuple(plain.get("trigger", ()))
    plain["choices"] = lists[plain["choice_list"]] if "choice_list" in plain else ()
    plain["questions"] = tuple(_load_question(question, lists) for question in plain.get("questions", ()))
    return Question(**plain)


def _dump_question(question: Question) -> dict[str, Any]:
    data = _dump(question)
    data.pop("choices", None)
    if question.questions:
        data["questions"] = [_dump_question(nested) for nested in question.questions]
    return data


def _dump(item: Question | Choice | ExportColumn) -> dict[str, Any]:
    """Its fields, without those that are as they would be anyway."""
    data = {}
    for described in fields(item):
        value = getattr(item, described.name)
        is_empty = isinstance(value, (Mapping, tuple, str)) and not value
        if described.default is value or (is_empty and described.name != "label") or value == described.default:
            continue
        if isinstance(value, Enum):
            value = value.value
        elif isinstance(value, Mapping):
            value = dict(value)
        elif isinstance(value, tuple):
            value = list(value)
        data[described.name] = value
    return data
