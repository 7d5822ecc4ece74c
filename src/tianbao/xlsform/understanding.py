"""Rows into a form, or into everything that is wrong with them, each with its sheet, row and column.

The second step of an import, after `reading`. `domain.form_checks` judges the form as it judges any other, and what
it finds is given its place in the spreadsheet here. Must not know: how a file is stored.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from tianbao.domain.form_checks import check_form, find_gaps
from tianbao.domain.form_pictures import is_kept, named_pictures
from tianbao.domain.form_problems import FormCode, FormProblem, Place
from tianbao.domain.forms import ExportColumn, Form, Question, Repeats, Text, walk_questions
from tianbao.domain.problems import Parameter
from tianbao.xlsform import columns as names
from tianbao.xlsform.attachments import Find
from tianbao.xlsform.lists import Lists
from tianbao.xlsform.questions import Questions, rows_of
from tianbao.xlsform.reading import Book, Row
from tianbao.xlsform.tables import Tables, read_expression

_NAME_UNFIT = re.compile(r"[^\w.-]+")
_NAME_LENGTH_MAX: Final = 64
PICTURES_MAX: Final = 200
"""Pictures that are taken with a form."""
_VERSION_MAX: Final = 2_147_483_647
_COLUMNS: Final = {
    "guidance": "guidance_hint",
    "required_if": "required",
    "initial": "default",
    "questions": "type",
    "choices": "type",
    "choice_list": "type",
    "kind": "appearance",
    "minimum": "parameters",
    "seed": "parameters",
    "length_max": names.LENGTH_MAX,
    "rows_max": names.ROWS_MAX,
    "title": "form_title",
}
"""The column of a field of the model that is called otherwise."""
_SHEETS: Final = ("settings", "survey", "choices", "external_choices", "export")
"""In the order in which problems are told."""


@dataclass(frozen=True, slots=True)
class Understood:
    """The form, where nothing stands against it, what does, and what is worth saying besides.

    `pictures` are the files that came with it of those that its texts name.
    """

    form: Form | None
    problems: tuple[FormProblem, ...]
    notices: tuple[FormProblem, ...]
    pictures: Mapping[str, bytes] = field(default_factory=dict)


def understand(book: Book, find: Find) -> Understood:
    """A form from the sheets of a file; `find` gives the files of choices that it asks for."""
    if any(not problem.is_notice for problem in book.problems):
        return _understood(None, book.problems)
    if "survey" not in book.sheets:
        missing = FormProblem(FormCode.NO_SHEET, parameters={"sheet": "survey"})
        return _understood(None, [*book.problems, missing])
    tables = Tables(book)
    if not tables.survey.has("type"):
        tables.say(FormCode.NO_COLUMN, tables.survey.sheet.place(1), column="type", sheet="survey")
        return _understood(None, [*book.problems, *tables.found])
    lists = Lists(tables, find)
    nodes = Questions(tables, lists).read()
    form = _form(tables, lists, tuple(node.built() for node in nodes))
    files = {name: find(name) for name in islice(dict.fromkeys(named_pictures(form)), PICTURES_MAX)}
    pictures = {name: data for name, data in files.items() if data is not None}
    found = _judged(form, tables, lists, rows_of(nodes), pictures)
    return replace(_understood(form, [*book.problems, *found]), pictures=pictures)


def _understood(form: Form | None, found: Sequence[FormProblem]) -> Understood:
    problems = tuple(problem for problem in found if not problem.is_notice)
    notices = tuple(problem for problem in found if problem.is_notice)
    return Understood(None if problems else form, problems, notices)


def _form(tables: Tables, lists: Lists, questions: tuple[Question, ...]) -> Form:
    settings, table, row = tables.settings, tables.get("settings"), tables.settings_row
    written = settings.get("form_id", tables.stem)
    name = written if _is_name(written) else _NAME_UNFIT.sub("_", written)[:_NAME_LENGTH_MAX].strip("_") or "form"
    version = settings.get("version", "")
    is_number = re.fullmatch(r"[0-9]{1,10}", version) and 1 <= int(version) <= _VERSION_MAX
    repeats = settings.get(names.REPEATS, Repeats.APART.value)
    title = {}
    if table and row:
        title = dict(tables.text(table, row, "form_title"))
        if name != settings.get("form_id", name):
            tables.say(FormCode.NAME_CHANGED, table.place(row, "form_id"), name=written, becomes=name)
        if repeats not in (Repeats.APART.value, Repeats.JOINED.value):
            tables.say(FormCode.NOT_ONE_OF, table.place(row, names.REPEATS), value=repeats, allowed="apart, joined")
            repeats = Repeats.APART.value
    return Form(
        name=name,
        version=int(version) if is_number else 1,
        title=title or {tables.default: written},
        questions=questions,
        languages=tables.form_languages(),
        lists={list_name: tuple(choices) for list_name, choices in lists.choices.items()},
        instance_name=read_expression(settings.get("instance_name", "")),
        style=settings.get("style", ""),
        columns=tuple(_export_columns(tables)),
        repeats=Repeats(repeats),
    )


def _is_name(written: str) -> bool:
    return len(written) <= _NAME_LENGTH_MAX and bool(written) and not _NAME_UNFIT.search(written)


def _export_columns(tables: Tables) -> Iterator[ExportColumn]:
    table = tables.get("export")
    if table is None:
        return
    for row in table.sheet.rows:
        cells = table.cells(row)
        width = cells.get("width", "")
        if width and not re.fullmatch(r"[0-9]{1,3}", width):
            tables.say(FormCode.NOT_A_NUMBER, table.place(row, "width"), value=width)
            width = ""
        yield ExportColumn(cells.get("name", ""), tables.text(table, row, "heading"), int(width) if width else None)


def _missing(form: Form, pictures: Collection[str]) -> Iterator[FormProblem]:
    """A notice for each picture that is named and did not come; one that was kept once is here already."""

    def said(image: Text, index: int, path: str = "", choice_list: str = "") -> Iterator[FormProblem]:
        for language, name in image.items():
            if name not in pictures and not is_kept(name):
                parameters: dict[str, Parameter] = {"file": name, "language": language}
                yield FormProblem(FormCode.PICTURE_MISSING, path, "image", parameters, index, choice_list)

    for index, (path, question) in enumerate(walk_questions(form.questions)):
        yield from said(question.image, index, path)
    for choice_list, choices in form.lists.items():
        for index, choice in enumerate(choices):
            yield from said(choice.image, index, choice_list=choice_list)


def _judged(
    form: Form, tables: Tables, lists: Lists, rows: Sequence[Row], pictures: Collection[str]
) -> list[FormProblem]:
    """Everything found, in the order of the sheets; not twice where a cell was already said to be wrong."""
    found = list(tables.found)
    said = {problem.place for problem in found if not problem.is_notice}
    for problem in (*check_form(form), *find_gaps(form), *_missing(form, pictures)):
        place = _place(problem, tables, lists, rows)
        is_said = place in said or (
            problem.code is FormCode.NO_CHOICES and problem.parameters["list"] in lists.absent
        )
        if not is_said:
            found.append(replace(problem, place=place))
    return sorted(found, key=lambda problem: _order(problem.place))


def _place(problem: FormProblem, tables: Tables, lists: Lists, rows: Sequence[Row]) -> Place:
    column = _COLUMNS.get(problem.field, problem.field)
    tag = problem.parameters.get("language")
    language = next((written for written, each in tables.languages.items() if each == tag), "")
    survey, settings, export = tables.survey, tables.get("settings"), tables.get("export")
    if problem.choice_list:
        choices = lists.rows.get(problem.choice_list, ())
        if problem.index is None or problem.index >= len(choices):
            return Place("choices")
        table, row = choices[problem.index]
        return table.place(row, column, language)
    if problem.field == "columns" and problem.index is not None and export:
        return export.place(export.sheet.rows[problem.index], "name")
    if problem.index is not None:
        return survey.place(rows[problem.index], column, language)
    if problem.field in ("name", "title", "instance_name") and settings:
        return settings.place(tables.settings_row, "form_id" if problem.field == "name" else column, language)
    return Place(survey.sheet.title)


def _order(place: Place | None) -> tuple[int, int]:
    if place is None:
        return -1, 0
    name = place.sheet.lower()
    return _SHEETS.index(name) if name in _SHEETS else len(_SHEETS), place.row
