"""A form as it is being shown: its questions with what was filled in, what is wrong, and how each is asked.

Between `form_page` and the template of the questions; the paper form asks it for words. Must not know: scripts,
what is valid, where a page goes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from urllib.parse import quote

from markupsafe import Markup, escape

from tianbao.domain.binding import bind
from tianbao.domain.expressions import parse
from tianbao.domain.files import EXTENSIONS_TAKEN, SIDE_PIXELS_DEFAULT, has_files, read_flat, side_pixels, size_text
from tianbao.domain.form_pictures import is_kept
from tianbao.domain.forms import Choice, Form, Kind, Path, Question, QuestionType, Text, text_in
from tianbao.domain.levels import Level, make_levels
from tianbao.domain.long_lists import is_long_list
from tianbao.domain.problems import Code, Problem
from tianbao.domain.showing import Showing
from tianbao.domain.stages import OUTPUT
from tianbao.render.messages import answer_message, message
from tianbao.texts import Translator

CHOICE_ROWS_MAX: Final = 6
"""Choices of a select_one that are shown as rows to touch; more become a drop-down list."""
SIDE_BY_SIDE_MAX: Final = 32
"""Letters of choices side by side on a phone, each as wide as the longest word of all."""
_WORD: Final = re.compile(r"[\u2e80-\uffff]|[^\s\u2e80-\uffff]+")
"""What no line breaks within: a word, or a single Chinese character."""
SUMMARY_MAX: Final = 50
"""Problems in the summary; all of them stand beside their questions."""


_ROW: Final = re.compile(r"\.[0-9]+\.")


@dataclass(frozen=True, slots=True)
class Section:
    """What stands on one of the pages of a form that comes section by section."""

    number: int
    visible: frozenset[Path]
    is_last: bool


@dataclass(frozen=True, slots=True)
class Filled:
    """What a page comes filled in with.

    `values` are in the flat shape of domain.answers; `rows` says how many rows of a repeat to show where there
    are more than values; `candidates` are the (value, label) an unclear place or choice may mean, best first;
    `goes_on_at` is the question or row that is new since the last page.

    For a phone without script: `showing` is what applies by these values, `marks` what edge.sections remembers of
    it, `section` is given where the page holds only a part of the form.
    """

    values: Mapping[str, list[str]] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    candidates: Mapping[Path, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    goes_on_at: Path = ""
    showing: Showing | None = None
    marks: str = ""
    section: Section | None = None


EMPTY: Final = Filled()


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that stands among the answers, for people."""

    name: str
    size: str


@dataclass(frozen=True)
class Sheet:
    """`lists_url` is where long lists are asked for, `cut_at` the first question that only a later page can ask.

    Without slots, because what is wrong is sorted by path once.
    """

    form: Form
    language: str
    _: Translator
    filled: Filled
    lists_url: str = ""
    cut_at: Path = ""

    @property
    def candidates(self) -> Mapping[Path, tuple[tuple[str, str], ...]]:
        return self.filled.candidates

    @property
    def not_acknowledged(self) -> str:
        return message(Problem(Code.NOT_ACKNOWLEDGED), self._)

    @property
    def summary(self) -> list[tuple[Path, str]]:
        """Every problem as (path of the field to go to, sentence); the path is empty where there is no field."""
        pairs = [(path, sentence) for path, sentences in self._sentences.items() for sentence in sentences]
        return [(path if self._is_shown(path) else "", sentence) for path, sentence in pairs[:SUMMARY_MAX]]

    def text(self, text: Text) -> str:
        return text_in(text, self.language)

    @property
    def came_back(self) -> bool:
        """Whether somebody filled it in before."""
        return self.filled != EMPTY

    def shows(self, question: Question, path: Path) -> bool:
        """Whether it stands on the page at all."""
        section = self.filled.section
        return section is None or path in section.visible

    def asks(self, path: Path) -> bool:
        """Whether it applies by what was filled in, as far as that is known."""
        return self.filled.showing is None or path in self.filled.showing.asked

    def asks_row(self, path: Path, index: int) -> bool:
        """Whether a counted repeat is to have this row."""
        return self.filled.showing is None or index < self.filled.showing.rows.get(path, index + 1)

    def picture(self, image: Text) -> str:
        """Where a picture is, in the reader's language; empty where none is kept."""
        name = text_in(image, self.language)
        return f"/M/{name}" if is_kept(name) else ""

    def choice_text(self, choice: Choice) -> str:
        """Its label; a picture may stand alone, but never nothing."""
        return self.text(choice.label) or ("" if self.picture(choice.image) else choice.name)

    def live(self, text: Text, path: Path) -> Markup:
        """A text whose `${answers}` are elements that page/calculation.js fills, in their order."""
        parts = OUTPUT.split(self.text(text))
        known = self.filled.showing.texts.get(path, {}) if self.filled.showing else {}
        answers = [known.get(name, "") if self.filled.showing else "…" for name in parts[1::2]]
        pieces = [escape(parts[0])]
        for answer, piece in zip(answers, parts[2::2], strict=True):
            pieces += [Markup("<b data-o>{}</b>").format(answer), escape(piece)]
        return Markup("").join(pieces)

    def choices(self, question: Question, path: Path) -> tuple[Choice, ...]:
        """The choices that stand on the page."""
        if self.filled.section is None:
            return question.choices
        return tuple(choice for choice in question.choices if self.offers(choice, path))

    def offers(self, choice: Choice, path: Path) -> bool:
        """Whether a filter leaves a choice."""
        offered = self.filled.showing.offered.get(path) if self.filled.showing else None
        return offered is None or choice.name in offered

    def is_required(self, question: Question, path: Path) -> bool:
        if not question.can_be_required:
            return False
        return question.required or bool(self.filled.showing and path in self.filled.showing.required)

    def cut(self, path: Path) -> str:
        """The class that hides what only later pages can ask, on a first page without script."""
        path = _ROW.sub(".", path)
        return "cut" if path == self.cut_at else "hold" if self.cut_at.startswith(f"{path}.") else ""

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The fields of a section's page that nobody sees: what does not apply now, or is worked out once."""
        if self.filled.section is None or self.filled.showing is None:
            return []
        visible, carried = self.filled.section.visible, self.filled.showing.carried
        kept = [
            (name, value)
            for name, values in self.filled.values.items()
            if name.removesuffix(".code") not in visible and name not in carried
            for value in values
            if value.strip()
        ]
        return [*kept, *((name, value) for name, value in carried.items() if value)]

    def values(self, path: Path, question: Question) -> list[str]:
        """What was filled in; on a page that starts anew the default, which rows get when somebody begins them."""
        typed = self.filled.values.get(path, [])
        if not self.came_back:
            begun = "" if _ROW.search(path) else question.default
        elif self.filled.showing and (question.read_only or not any(value.strip() for value in typed)):
            begun = self.filled.showing.begun.get(path) or self.filled.showing.carried.get(path, "")
        else:
            return typed
        if not begun:
            return typed
        return begun.split() if question.type in _SEVERAL else [begun]

    def value(self, path: Path, question: Question) -> str:
        return next(iter(self.values(path, question)), "")

    def code(self, path: Path) -> str:
        """The code that stands with a text which was chosen from suggestions."""
        return next(iter(self.filled.values.get(f"{path}.code", [])), "")

    def written(self, path: Path, question: Question) -> str:
        """What stands in a field to type in: of a choice its label."""
        value = self.value(path, question)
        if is_long_list(question):
            value = self.code(path) if self.code(path) and path not in self.candidates else value
            chosen = next((choice for choice in question.choices if choice.name == value), None)
            return self.text(chosen.label) if chosen else value
        if question.type is QuestionType.DATE:
            return value[: next((_COARSE[token] for token in question.appearance if token in _COARSE), None)]
        return value

    @property
    def has_files(self) -> bool:
        return has_files(self.form)

    def kept_file(self, path: Path) -> KeptFile | None:
        """The file that was taken already."""
        written = next(iter(self.filled.values.get(path, [])), "")
        if not written:
            return None
        file = read_flat(written)
        return KeptFile(file["name"], size_text(file["bytes"]).replace(" ", "\u00a0"))

    def rows(self, path: Path) -> int:
        """Rows of a repeat to show: as asked for, at least those with values, and one to begin with."""
        counted = self.filled.showing.rows.get(path) if self.filled.showing else None
        if counted is not None and self.filled.section:
            return counted
        row = re.compile(re.escape(path) + r"\.([0-9]{1,4})\.")
        with_values = [int(match[1]) + 1 for name in self.filled.values if (match := row.match(name))]
        return max(1, counted or 0, self.filled.rows.get(path, 0), *with_values)

    def problems(self, path: Path) -> list[str]:
        return self._sentences.get(path, [])

    def way(self, question: Question) -> str:
        """The macro of the template that asks a question."""
        if question.type is QuestionType.SELECT_ONE:
            if is_long_list(question):
                return "long_list"
            return "rows" if self._is_choice_rows(question) else "drop_down"
        if question.type is QuestionType.TEXT and "multiline" in question.appearance:
            return "lines"
        return _WAYS.get(question.type, "line")

    def classes(self, question: Question) -> str:
        """What the script and the style know the question by."""
        if question.kind is Kind.PLACE:
            return "suggest place"
        if is_long_list(question):
            return "suggest"
        return "search" if is_filtered_by_typing(question) else ""

    def list_url(self, question: Question, path: Path) -> str:
        """Where a long list is asked for; what is typed and what it depends on follow."""
        template = _ROW.sub(".", path)
        return f"{self.lists_url}{quote(question.choice_list)}?for={quote(template)}&"

    def grid(self, question: Question) -> str:
        """How the rows of choices are laid out, as classes."""
        tokens = [token.split("-pack")[0] for token in question.appearance]
        classes = [GRIDS[token] for token in tokens if token in GRIDS]
        return " ".join(classes + ["long"] * ("likert" in tokens and self._is_wide(question)))

    def _is_wide(self, question: Question) -> bool:
        """Whether the labels of choices are too long to stand side by side on a phone."""
        words = (word for choice in question.choices for word in _WORD.findall(self.text(choice.label)))
        return max(map(len, words), default=0) * len(question.choices) > SIDE_BY_SIDE_MAX

    def described(self, question: Question, path: Path) -> dict[str, str]:
        """The attributes that tie a field to its hint and its problem."""
        has_problem = bool(self.problems(path))
        ids = [f"{path}:h"] * bool(question.hint) + [f"{path}:e"] * has_problem
        attributes = {"aria-describedby": " ".join(ids)} if ids else {}
        return {**attributes, "aria-invalid": "true"} if has_problem else attributes

    def says(self, question: Question) -> dict[str, str]:
        """The form's own sentences for the script: when there is no answer, and when it does not fit."""
        own = {"data-say": self.text(question.required_message), "data-fix": self.text(question.constraint_message)}
        if question.type is QuestionType.ACKNOWLEDGE and not own["data-say"]:
            own["data-say"] = self.not_acknowledged
        return {name: sentence for name, sentence in own.items() if sentence}

    def field_attributes(self, question: Question, prefix: str) -> dict[str, str]:
        """What helps the keyboard of a phone; autocomplete only for the person who registers, not for others."""
        attributes = {**_BY_TYPE.get(question.type, {}), **_BY_KIND.get(question.kind, {})}
        for token in question.appearance:
            attributes.update(_BY_APPEARANCE.get((question.type, token), {}))
        if question.type is QuestionType.RANGE:
            low, high = sorted((question.minimum or 0, question.maximum or 0))
            attributes |= {"min": f"{low:g}", "max": f"{high:g}", "step": f"{question.step or 1:g}"}
            attributes["placeholder"] = f"{low:g}–{high:g}"
        if prefix and "autocomplete" in attributes:
            attributes["autocomplete"] = "off"
        if question.read_only:
            return {**attributes, "readonly": ""}
        return attributes if self.way(question) == "lines" else {**attributes, "enterkeyhint": "next"}

    def file_attributes(self, question: Question) -> dict[str, str]:
        """What a phone may offer, and how large page/files.js leaves a picture."""
        attributes = dict(_BY_TYPE[question.type])
        for token in question.appearance:
            attributes.update(_BY_APPEARANCE.get((question.type, token), {}))
        side = side_pixels(question)
        return attributes if side == SIDE_PIXELS_DEFAULT else {**attributes, "data-side": str(side)}

    def condition_hint(self, question: Question, path: Path) -> str:
        """What the condition looks at, in words, for a first page without script; empty where a later page asks."""
        if not question.relevant or self.filled.showing or self.cut_at:
            return ""
        asked = self._looked_at(question.relevant, _ROW.sub(".", path))
        labels = [self.text(found.label) for each in sorted(asked) if (found := self.form.question_at(each))]
        return self._("Only if it fits your answer to: {questions}").format(questions=", ".join(labels))

    def _looked_at(self, source: str, template: Path) -> set[Path]:
        """The questions on the page that an expression looks at, by what is worked out between them, too."""
        found: set[Path] = set()
        for each in bind(parse(source), self._levels, template).references if source else ():
            question = self.form.question_at(each)
            if question is not None:
                found |= {each} if question.is_seen else self._looked_at(question.calculation, each)
        return found

    def is_optional(self, question: Question, path: Path) -> bool:
        """Whether it says so; how many rows there are to be needs no saying."""
        return not self.is_required(question, path) and question.can_be_required and not question.repeat_count

    def is_carried(self, question: Question) -> bool:
        """Whether the page sends it although nobody sees it: what only the phone knows."""
        is_fixed = bool(question.initial or question.trigger) or "once(" in question.calculation
        return is_fixed or question.type is QuestionType.START

    def _is_choice_rows(self, question: Question) -> bool:
        """Whether the choices are rows to touch instead of a drop-down list."""
        if _DROP_DOWN.intersection(question.appearance):
            return False
        return len(question.choices) <= CHOICE_ROWS_MAX or bool(self.grid(question))

    @cached_property
    def _levels(self) -> dict[str, Level]:
        return make_levels(self.form)

    @cached_property
    def _sentences(self) -> dict[Path, list[str]]:
        refused = {problem.question for problem in self.filled.problems}
        unclear = [Problem(Code.PLACE_UNCLEAR, path) for path in self.filled.candidates if path not in refused]
        sentences: dict[Path, list[str]] = {}
        for problem in (*self.filled.problems, *unclear):
            sentence = answer_message(problem, self._, self.form, self.language)
            sentences.setdefault(problem.question, []).append(sentence)
        return sentences

    def _is_shown(self, path: Path) -> bool:
        question = self.form.question_at(path)
        return question is not None and question.is_seen and not path.rpartition(".")[2].isdigit()


def is_filtered_by_typing(question: Question) -> bool:
    """Whether a field above the drop-down list narrows it."""
    return question.type is QuestionType.SELECT_ONE and bool(_SEARCHED.intersection(question.appearance))


_COARSE: Final = {"month-year": len("2026-11"), "year": len("2026")}
"""Characters of a date that a field holds which asks for no more."""
_SEVERAL: Final = frozenset({QuestionType.SELECT_MULTIPLE, QuestionType.RANK})
_SEARCHED: Final = frozenset({"autocomplete", "search"})
_DROP_DOWN: Final = _SEARCHED | {"minimal"}
_WAYS: Final[Mapping[QuestionType, str]] = {
    QuestionType.NOTE: "note",
    QuestionType.GROUP: "group",
    QuestionType.REPEAT: "repeat",
    QuestionType.ACKNOWLEDGE: "acknowledge",
    QuestionType.SELECT_MULTIPLE: "rows",
    QuestionType.RANK: "rank",
    QuestionType.GEOPOINT: "geopoint",
    QuestionType.IMAGE: "file",
    QuestionType.FILE: "file",
}
GRIDS: Final[Mapping[str, str]] = {
    "likert": "even",
    "columns": "grid",
    "label": "even heads",
    "list-nolabel": "even bare",
    "list": "even bare",
    **{f"columns-{count}": f"grid g{count}" for count in range(1, 7)},
}
FILE_NAMES_TAKEN: Final = "image/*," + ",".join(f".{ending}" for ending in EXTENSIONS_TAKEN)
_DIGITS: Final = {"inputmode": "numeric"}
_IDENTIFIER: Final = {"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"}
_BY_TYPE: Final[Mapping[QuestionType, Mapping[str, str]]] = {
    QuestionType.DATE: {"type": "date", "placeholder": "YYYY-MM-DD"},
    QuestionType.TIME: {"type": "time", "placeholder": "08:30"},
    QuestionType.DATE_TIME: {"type": "datetime-local", "placeholder": "YYYY-MM-DD 08:30"},
    QuestionType.DECIMAL: {"inputmode": "decimal", "data-number": ""},
    QuestionType.INTEGER: {**_DIGITS, "data-number": ""},
    QuestionType.RANGE: {"type": "number", "inputmode": "decimal"},
    QuestionType.BARCODE: _IDENTIFIER,
    QuestionType.IMAGE: {"accept": "image/*"},
    QuestionType.FILE: {"accept": FILE_NAMES_TAKEN},
    QuestionType.GEOPOINT: {"placeholder": "38.84 115.13", "autocomplete": "off"},
}
_BY_KIND: Final[Mapping[Kind, Mapping[str, str]]] = {
    Kind.PERSON_NAME: {"autocomplete": "name", "autocapitalize": "words", "spellcheck": "false"},
    Kind.PHONE: {"type": "tel", "autocomplete": "tel"},
    Kind.DOCUMENT: _IDENTIFIER,
    Kind.TRANSPORT_NUMBER: _IDENTIFIER,
    Kind.PLATE_NUMBER: _IDENTIFIER,
    Kind.PLACE: {"autocomplete": "off", "spellcheck": "false"},
}
_BY_APPEARANCE: Final[Mapping[tuple[QuestionType, str], Mapping[str, str]]] = {
    (QuestionType.TEXT, "numbers"): _DIGITS,
    (QuestionType.IMAGE, "new"): {"capture": "environment"},
    (QuestionType.IMAGE, "new-front"): {"capture": "user"},
    (QuestionType.DATE, "month-year"): {"type": "month", "placeholder": "YYYY-MM"},
    (QuestionType.DATE, "year"): {"type": "text", "inputmode": "numeric", "maxlength": "4", "placeholder": "YYYY"},
}
