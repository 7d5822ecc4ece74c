"""A table to take home: which columns a form makes, and the cells of one registration.

Called by `services.exporting` for every row of an export, so the columns are worked out once. Must not know:
file formats, where registrations come from, who may see them.

Apart: one row a registration, and a sheet for each repeat. Joined: one table, in which a registration takes as
many rows as its longest repeat, its own cells repeated in each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol, TypeAlias

from tianbao.domain.answers import Answers
from tianbao.domain.forms import Form, Kind, Question, QuestionType, text_in

Cell: TypeAlias = str | int | float | datetime | date | None
WIDTHS: Final = {Kind.PERSON_NAME: 14, Kind.PHONE: 16, Kind.DOCUMENT: 22, Kind.ADDRESS: 28, Kind.PLACE: 30}


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """A heading and what it holds: text, a number, a date or a time."""

    heading: str
    holds: QuestionType
    width_characters: int = 14


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
    """The columns of one level of a form and how to read them from its answers."""

    name: str
    title: str
    columns: tuple[ReportColumn, ...]
    reads: tuple[_Read, ...]

    def cells(self, answers: Mapping[str, Any]) -> list[Cell]:
        return [cell for read in self.reads for cell in read(answers)]

    @property
    def empty(self) -> list[Cell]:
        return [None] * len(self.columns)


@dataclass(frozen=True, slots=True)
class Report:
    """The parts of a form's table: the registration itself, and each repeat."""

    main: Part
    repeats: tuple[Part, ...]
    own: tuple[ReportColumn, ...]


HEADINGS: Final = (
    ("number", QuestionType.TEXT, 12),
    ("site_code", QuestionType.TEXT, 8),
    ("site", QuestionType.TEXT, 22),
    ("state", QuestionType.TEXT, 10),
    ("source", QuestionType.TEXT, 10),
    ("registered_at", QuestionType.NOTE, 18),
    ("changed_at", QuestionType.NOTE, 18),
    ("revision", QuestionType.INTEGER, 6),
    ("marks", QuestionType.TEXT, 24),
)
"""The columns every registration has, before those of its form; NOTE stands for a time."""


def make_report(form: Form, *, language: str, places: PlaceNames, headings: Mapping[str, str]) -> Report:
    """The report of a form. `headings` names HEADINGS and a place's `code` and `typed` for the reader."""
    maker = _Maker(language, places, headings["code"], headings["typed"])
    repeats = [question for question in form.questions if question.type is QuestionType.REPEAT]
    own = tuple(ReportColumn(headings[name], holds, width) for name, holds, width in HEADINGS)
    return Report(
        main=maker.part(form.name, text_in(form.title, language), form.questions),
        repeats=tuple(
            maker.part(repeat.name, text_in(repeat.label, language), repeat.questions) for repeat in repeats
        ),
        own=own,
    )


def own_cells(registration: Registration) -> list[Cell]:
    """The cells of HEADINGS."""
    return [getattr(registration, name) for name, _, _ in HEADINGS]


def apart_row(report: Report, registration: Registration) -> list[Cell]:
    """The one row of a registration on the first sheet."""
    return own_cells(registration) + report.main.cells(_answers(registration))


def repeat_rows(part: Part, registration: Registration, name: Cell) -> Iterator[list[Cell]]:
    """The rows of one repeat: the registration's number and name, the row's position, its cells."""
    for position, row in enumerate(_answers(registration).get(part.name) or (), start=1):
        yield [registration.number, name, position, *part.cells(row)]


def joined_rows(report: Report, registration: Registration) -> Iterator[list[Cell]]:
    """As many rows as the longest repeat has, at least one."""
    answers = _answers(registration)
    begin = apart_row(report, registration)
    rows = [answers.get(part.name) or () for part in report.repeats]
    for index in range(max([1, *(len(one) for one in rows)])):
        row = list(begin)
        for part, one in zip(report.repeats, rows, strict=True):
            row += part.cells(one[index]) if index < len(one) else part.empty
        yield row


def joined_columns(report: Report) -> list[ReportColumn]:
    """The columns of `joined_rows`; those of a repeat carry its title."""
    columns = [*report.own, *report.main.columns]
    for part in report.repeats:
        columns += [
            ReportColumn(f"{part.title}: {column.heading}", column.holds, column.width_characters)
            for column in part.columns
        ]
    return columns


def _answers(registration: Registration) -> Mapping[str, Any]:
    return registration.facts if registration.answers is None else registration.answers


@dataclass(frozen=True, slots=True)
class _Maker:
    language: str
    places: PlaceNames
    code: str
    typed: str

    def part(self, name: str, title: str, questions: tuple[Question, ...]) -> Part:
        columns: list[ReportColumn] = []
        reads: list[_Read] = []
        self._add(questions, (), columns, reads)
        return Part(name, title, tuple(columns), tuple(reads))

    def _add(
        self,
        questions: tuple[Question, ...],
        path: tuple[str, ...],
        columns: list[ReportColumn],
        reads: list[_Read],
    ) -> None:
        for question in questions:
            if question.type in (QuestionType.REPEAT, QuestionType.NOTE):
                continue
            here = (*path, question.name)
            if question.type is QuestionType.GROUP:
                self._add(question.questions, here, columns, reads)
                continue
            heading = text_in(question.label, self.language)
            columns.append(ReportColumn(heading, question.type, WIDTHS.get(question.kind, 14)))
            if question.kind is Kind.PLACE:
                columns.append(ReportColumn(f"{heading} ({self.code})", QuestionType.TEXT, 11))
                columns.append(ReportColumn(f"{heading} ({self.typed})", QuestionType.TEXT, 24))
            reads.append(self._reader(question, here))

    def _reader(self, question: Question, path: tuple[str, ...]) -> _Read:
        labels = {choice.name: text_in(choice.label, self.language) for choice in question.choices}
        separator = "、" if self.language.startswith("zh") else "; "

        def find(answers: Mapping[str, Any]) -> Any:
            value: Any = answers
            for name in path:
                value = value.get(name) if isinstance(value, Mapping) else None
            return value

        def read(answers: Mapping[str, Any]) -> list[Cell]:
            value = find(answers)
            if question.kind is Kind.PLACE:
                value = value or {}
                code = value.get("code", "")
                return [self.places.full_name(code) if code else None, code or None, value.get("text")]
            if value is None:
                return [None]
            match question.type:
                case QuestionType.SELECT_ONE:
                    return [labels.get(value, value)]
                case QuestionType.SELECT_MULTIPLE:
                    return [separator.join(labels.get(name, name) for name in value)]
                case QuestionType.ACKNOWLEDGE:
                    return ["OK"]
                case QuestionType.DATE:
                    return [date.fromisoformat(value)]
                case QuestionType.INTEGER | QuestionType.DECIMAL:
                    return [value]
            return [str(value)]

        return read
