"""A form as data: its questions, in order, with their texts in every language.

Published by staff, shown by `render.form_page`, enforced by `domain.validation`, and read again by the line
list and the export. A published version never changes. Must not know: HTML, HTTP, where forms are kept.

The words are XLSForm's (question, choice list, group, repeat, relevant, constraint); `Kind` adds what a
plain type cannot say: that a text is a person's name, a place, a document number.
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
    DATE = "date"
    SELECT_ONE = "select_one"
    SELECT_MULTIPLE = "select_multiple"
    ACKNOWLEDGE = "acknowledge"
    NOTE = "note"
    GROUP = "group"
    REPEAT = "repeat"


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
    """One choice of a list. `exclusive`: stands alone in a select_multiple ("none of these")."""

    name: str
    label: Text
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One question, or a group or repeat of questions.

    `relevant` is an expression (domain.expressions) over the answers beside and above it; empty means always.
    `minimum`, `maximum` bound numbers; `length_max` characters; `rows_max` a repeat's rows.
    `not_before` names the date question beside it that this date must not precede.
    `carried` says whether the next registration on this phone begins with the last answer.
    """

    name: str
    type: QuestionType
    label: Text
    hint: Text = field(default_factory=dict)
    kind: Kind = Kind.PLAIN
    required: bool = False
    relevant: str = ""
    choices: tuple[Choice, ...] = ()
    questions: tuple[Question, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    length_max: int = LENGTH_MAX
    rows_max: int = ROWS_MAX
    not_before: str = ""
    carried: bool = True

    @property
    def openness(self) -> Openness:
        if self.kind in (Kind.PLACE, Kind.TRANSPORT_NUMBER):
            return Openness.BY_CONTENT
        return Openness.SEALED if self.type is QuestionType.TEXT else Openness.OPEN

    @property
    def is_answered(self) -> bool:
        """False for a note, which only shows text."""
        return self.type is not QuestionType.NOTE


@dataclass(frozen=True, slots=True)
class Form:
    """One published version of a form."""

    name: str
    version: int
    title: Text
    questions: tuple[Question, ...]
    languages: tuple[str, ...] = ("zh-Hans", "en")

    def question_of(self, kind: Kind) -> Question | None:
        """The first top-level question of a kind: whose name is it, which number identifies them."""
        return next((question for question in self.questions if question.kind is kind), None)

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


def text_in(text: Text, language: str) -> str:
    """The text in a language, or in the first language that it has; empty where it has none."""
    return text.get(language) or next(iter(text.values()), "")


def label_at(form: Form, path: Path, language: str) -> str:
    """The label of an answer; inside a repeat with its row: “People travelling with you 2: Document number”."""
    question = form.question_at(path)
    label = text_in(question.label, language) if question else path
    name, *inner = path.split(".")
    repeat = form.question_at(name)
    if repeat is None or not inner or not inner[0].isdecimal():
        return label
    return f"{text_in(repeat.label, language)} {int(inner[0]) + 1}: {label}"


def load_form(data: Mapping[str, Any]) -> Form:
    """A form from its stored JSON object; the inverse of `dump_form`."""
    return Form(
        name=data["name"],
        version=data["version"],
        title=data["title"],
        questions=tuple(_load_question(question) for question in data["questions"]),
        languages=tuple(data["languages"]),
    )


def dump_form(form: Form) -> dict[str, Any]:
    """A form as a JSON object; what equals its default is left out."""
    return {
        "name": form.name,
        "version": form.version,
        "title": dict(form.title),
        "languages": list(form.languages),
        "questions": [_dump_question(question) for question in form.questions],
    }


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


_DEFAULTS: Final = {f.name: f.default for f in fields(Question) if f.name not in ("name", "type", "label", "hint")}


def _load_question(data: Mapping[str, Any]) -> Question:
    plain = dict(data)
    plain["type"] = QuestionType(plain["type"])
    plain["kind"] = Kind(plain.get("kind", Kind.PLAIN))
    plain["choices"] = tuple(Choice(**choice) for choice in plain.get("choices", ()))
    plain["questions"] = tuple(_load_question(question) for question in plain.get("questions", ()))
    return Question(**plain)


def _dump_question(question: Question) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": question.name,
        "type": question.type.value,
        "label": dict(question.label),
    }
    if question.hint:
        data["hint"] = dict(question.hint)
    for name, default in _DEFAULTS.items():
        value = getattr(question, name)
        if value == default:
            continue
        if name == "choices":
            value = [_dump_choice(choice) for choice in value]
        elif name == "questions":
            value = [_dump_question(nested) for nested in value]
        elif isinstance(value, Enum):
            value = value.value
        data[name] = value
    return data


def _dump_choice(choice: Choice) -> dict[str, Any]:
    data: dict[str, Any] = {"name": choice.name, "label": dict(choice.label)}
    if choice.exclusive:
        data["exclusive"] = True
    return data
