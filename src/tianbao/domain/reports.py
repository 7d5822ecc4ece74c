"""A table to take home: which columns a form makes, and the cells of one registration.

Called by `services.exporting` for every row of an export, so the columns are worked out once. Must not know:
file formats, where registrations come from, who may see them.

Apart: one row a registration, and a sheet for each repeat, nested ones too. Joined: one table, in which a
registration takes as many rows as its longest repeat, its own cells repeated in each; a repeat within a repeat
does the same to its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, Final, Protocol, TypeAlias

from tianbao.domain.answers import Answers
from tianbao.domain.evaluation import ACKNOWLEDGED
from tianbao.domain.files import write_file
from tianbao.domain.forms import (
    CHOSEN,
    ExportColumn,
    Form,
    Kind,
    Path,
    Question,
    QuestionType,
    answer_at,
    text_in,
)

Cell: TypeAlias = str | int | float | datetime | date | None
WIDTHS: Final = {Kind.PERSON_NAME: 14, Kind.PHONE: 16, Kind.DOCUMENT: 22, Kind.ADDRESS: 28, Kind.PLACE: 30}
WIDTH_DEFAULT: Final = 14


class Holds(Enum):
    """What the cells of a column are, for the format of what people type beneath them."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """A heading and what it holds."""

    heading: str
    holds: Holds = Holds.TEXT
    width_characters: int = WIDTH_DEFAULT


@dataclass(frozen=True, slots=True)
class Registration:
    """One record as a report needs it. `answers` is None where its identity cannot be opened any more."""

    number: str
    site_code: str
    site: str
    state: str
    source: str
    registered_at: datetime
    changed_at: datetime
    revision: int
    marks: str
    answers: Answers | None
    facts: Mapping[str, Any]


class PlaceNames(Protocol):
    """The part of the gazetteer that names places."""

    def full_name(self, code: str) -> str: ...


_Read: TypeAlias = Callable[[Mapping[str, Any]], list[Cell]]


@dataclass(frozen=True, slots=True)
class Part:
    """The columns of one level of a form and how to read them from its answers.

    `path` leads to its rows from those of the level around it, empty for the registration itself; `inner` are
    the repeats in it.
    """

    path: Path
    title: str
    columns: tuple[ReportColumn, ...]
    reads: tuple[_Read, ...]
    inner: tuple[Part, ...] = ()

    def cells(self, answers: Mapping[str, Any]) -> list[Cell]:
        return [cell for read in self.reads for cell in read(answers)]

    def rows(self, outer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The answers of its rows among those of the level around it."""
        found = answer_at(outer, self.path)
        return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []

    @property
    def all_columns(self) -> list[ReportColumn]:
        """Its own and those of what is in it, which carry their part's title."""
        return [
            *self.columns,
            *(
                ReportColumn(f"{part.title}: {column.heading}", column.holds, column.width_characters)
                for part in self.inner
                for column in part.all_columns
            ),
        ]


@dataclass(frozen=True, slots=True)
class Report:
    """The parts of a form's table: the registration itself with its repeats, and what every registration has."""

    main: Part
    own: tuple[ReportColumn, ...]

    @property
    def repeats(self) -> tuple[tuple[Part, ...], ...]:
        """Every repeat with those around it, the outermost first."""
        return tuple(_chains(self.main.inner))


def _chains(parts: tuple[Part, ...], around: tuple[Part, ...] = ()) -> Iterator[tuple[Part, ...]]:
    for part in parts:
        yield (*around, part)
        yield from _chains(part.inner, (*around, part))


HEADINGS: Final = (
    ("number", Holds.TEXT, 12),
    ("site_code", Holds.TEXT, 8),
    ("site", Holds.TEXT, 22),
    ("state", Holds.TEXT, 10),
    ("source", Holds.TEXT, 10),
    ("registered_at", Holds.TIME, 18),
    ("changed_at", Holds.TIME, 18),
    ("revision", Holds.NUMBER, 6),
    ("marks", Holds.TEXT, 24),
)
"""The columns every registration has, before those of its form."""


def make_report(form: Form, *, language: str, places: PlaceNames, headings: Mapping[str, str]) -> Report:
    """The report of a form, which may be `form_versions.merge_versions` of several.

    `headings` names HEADINGS and a place's `code` and `typed` for the reader.
    """
    maker = _Maker(language, places, headings["code"], headings["typed"], _Rules.of(form))
    own = tuple(ReportColumn(headings[name], holds, width) for name, holds, width in HEADINGS)
    return Report(main=maker.part("", text_in(form.title, language), form.questions, ""), own=own)


def own_cells(registration: Registration) -> list[Cell]:
    """The cells of HEADINGS."""
    return [getattr(registration, name) for name, _, _ in HEADINGS]


def apart_row(report: Report, registration: Registration) -> list[Cell]:
    """The one row of a registration on the first sheet."""
    return own_cells(registration) + report.main.cells(_answers(registration))


def repeat_rows(chain: tuple[Part, ...], registration: Registration, name: Cell) -> Iterator[list[Cell]]:
    """The rows of one repeat: the registration's number and name, the row's position, its cells.

    The position of a repeat within a repeat has that of each row around it: "2.1".
    """
    for position, row in _positioned(chain, _answers(registration)):
        yield [registration.number, name, position, *chain[-1].cells(row)]


def _positioned(chain: tuple[Part, ...], answers: Mapping[str, Any]) -> Iterator[tuple[Cell, Mapping[str, Any]]]:
    part, *inner = chain
    for position, row in enumerate(part.rows(answers), start=1):
        if not inner:
            yield position, row
        for below, found in _positioned(tuple(inner), row) if inner else ():
            yield f"{position}.{below}", found


def joined_rows(report: Report, registration: Registration) -> Iterator[list[Cell]]:
    """As many rows as the longest repeat has, at least one."""
    begin = own_cells(registration)
    for row in _joined(report.main, _answers(registration)):
        yield begin + row


def _joined(part: Part, answers: Mapping[str, Any]) -> list[list[Cell]]:
    """The block of rows that one row of a part takes."""
    begin = part.cells(answers)
    blocks = [[row for each in inner.rows(answers) for row in _joined(inner, each)] for inner in part.inner]
    empty: list[list[Cell]] = [[None] * len(inner.all_columns) for inner in part.inner]
    return [
        begin
        + [cell for block, nothing in zip(blocks, empty, strict=True) for cell in _row_of(block, index, nothing)]
        for index in range(max([1, *map(len, blocks)]))
    ]


def _row_of(block: list[list[Cell]], index: int, nothing: list[Cell]) -> list[Cell]:
    return block[index] if index < len(block) else nothing


def joined_columns(report: Report) -> list[ReportColumn]:
    """The columns of `joined_rows`; those of a repeat carry its title."""
    return [*report.own, *report.main.all_columns]


def _answers(registration: Registration) -> Mapping[str, Any]:
    return registration.facts if registration.answers is None else registration.answers


@dataclass(frozen=True, slots=True)
class _Rules:
    """Which questions a form's rules take into its report, in which order, under which heading."""

    columns: Mapping[Path, tuple[int, ExportColumn]]

    @classmethod
    def of(cls, form: Form) -> _Rules:
        return cls({column.question: (index, column) for index, column in enumerate(form.columns)})

    def takes(self, path: Path, question: Question) -> bool:
        """A container is taken with anything in it; where there are no rules, all are."""
        if not self.columns or path in self.columns:
            return True
        return bool(question.questions) and any(column.startswith(f"{path}.") for column in self.columns)

    def place(self, path: Path) -> int:
        """Where among the columns; a group stands with its first."""
        places = [
            index for column, (index, _) in self.columns.items() if column == path or column.startswith(f"{path}.")
        ]
        return min(places, default=0)

    def heading(self, path: Path, question: Question, language: str) -> str:
        ruled = self.columns.get(path)
        return (text_in(ruled[1].heading, language) if ruled else "") or text_in(question.label, language)

    def width(self, path: Path, question: Question) -> int:
        ruled = self.columns.get(path)
        return (ruled[1].width_characters if ruled else None) or WIDTHS.get(question.kind, WIDTH_DEFAULT)


@dataclass(frozen=True, slots=True)
class _Maker:
    language: str
    places: PlaceNames
    code: str
    typed: str
    rules: _Rules

    def part(self, path: Path, title: str, questions: tuple[Question, ...], template: Path) -> Part:
        """`path` leads to the rows from the level around; `template` from the form's root."""
        columns: list[ReportColumn] = []
        reads: list[_Read] = []
        inner: list[Part] = []
        self._add(questions, "", template, columns, reads, inner)
        return Part(path, title, tuple(columns), tuple(reads), tuple(inner))

    def _add(
        self,
        questions: tuple[Question, ...],
        prefix: Path,
        around: Path,
        columns: list[ReportColumn],
        reads: list[_Read],
        inner: list[Part],
    ) -> None:
        taken = [(f"{around}.{each.name}" if around else each.name, each) for each in questions if each.is_answered]
        taken = [(template, question) for template, question in taken if self.rules.takes(template, question)]
        for template, question in sorted(taken, key=lambda pair: self.rules.place(pair[0])):
            here = prefix + question.name
            if question.type is QuestionType.REPEAT:
                inner.append(self.part(here, text_in(question.label, self.language), question.questions, template))
            elif question.type is QuestionType.GROUP:
                self._add(question.questions, f"{here}.", template, columns, reads, inner)
            else:
                heading = self.rules.heading(template, question, self.language)
                width = self.rules.width(template, question)
                columns.append(ReportColumn(heading, _HOLDS.get(question.type, Holds.TEXT), width))
                if question.kind is Kind.PLACE:
                    columns.append(ReportColumn(f"{heading} ({self.code})", Holds.TEXT, 11))
                    columns.append(ReportColumn(f"{heading} ({self.typed})", Holds.TEXT, 24))
                reads.append(self._reader(question, here))

    def _reader(self, question: Question, path: Path) -> _Read:
        if question.kind is Kind.PLACE:
            return self._place_reader(path)
        to_cell = self._cell_maker(question)
        if "." in path:
            return lambda answers: [to_cell(answer_at(answers, path))]
        return lambda answers: [to_cell(answers.get(path))]

    def _place_reader(self, path: Path) -> _Read:
        def read(answers: Mapping[str, Any]) -> list[Cell]:
            value = answer_at(answers, path)
            value = value if isinstance(value, Mapping) else {"text": _plain(value)}
            code = value.get("code", "")
            return [self.places.full_name(code) if code else None, code or None, value.get("text")]

        return read

    def _cell_maker(self, question: Question) -> Callable[[Any], Cell]:
        """A value is written by what it is: an older version may have asked for something else."""
        labels = {choice.name: text_in(choice.label, self.language) for choice in question.choices}
        separator = "、" if self.language.startswith("zh") else "; "

        def chosen(value: Any) -> Cell:
            if isinstance(value, list):
                return separator.join(labels.get(name) or str(name) for name in value)
            return labels.get(value, _plain(value)) if isinstance(value, str) else _plain(value)

        def day(value: Any) -> Cell:
            try:
                return date.fromisoformat(value)
            except (TypeError, ValueError):
                return _plain(value)

        def moment(value: Any) -> Cell:
            try:
                return datetime.fromisoformat(value).replace(tzinfo=None)
            except (TypeError, ValueError):
                return _plain(value)

        if question.type in CHOSEN:
            return chosen
        match _HOLDS.get(question.type, Holds.TEXT):
            case Holds.DATE:
                return day
            case Holds.TIME:
                return moment
        return _plain


def _plain(value: Any) -> Cell:
    if value is None or (isinstance(value, (str, int, float)) and not isinstance(value, bool)):
        return value
    if value is True:
        return ACKNOWLEDGED
    if isinstance(value, Mapping):
        return write_file(value) if "file" in value else str(value.get("text", ""))
    return "; ".join(str(part) for part in value) if isinstance(value, list) else str(value)


_HOLDS: Final = {
    QuestionType.INTEGER: Holds.NUMBER,
    QuestionType.DECIMAL: Holds.NUMBER,
    QuestionType.RANGE: Holds.NUMBER,
    QuestionType.DATE: Holds.DATE,
    QuestionType.TODAY: Holds.DATE,
    QuestionType.DATE_TIME: Holds.TIME,
    QuestionType.START: Holds.TIME,
    QuestionType.END: Holds.TIME,
}
