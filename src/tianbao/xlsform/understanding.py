"""Rows into a form, or into everything that is wrong with them, each with its sheet, row and column.

The second step of an import, after `reading`; `domain.form_checks` then judges the form as it judges any other, and
what it finds is given its place in the spreadsheet here. Must not know: how a file is stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pyxform.errors import PyXFormError
from pyxform.parsing.parameters import parse as parse_parameters
from pyxform.utils import default_is_dynamic

from tianbao.domain.expressions import ExpressionError, parse
from tianbao.domain.form_checks import CONTAINERS, OUTPUT, check_form, find_gaps
from tianbao.domain.form_problems import NOTICES, FormCode, FormProblem, Place
from tianbao.domain.forms import (
    LENGTH_MAX,
    ROWS_MAX,
    Choice,
    ExportColumn,
    Form,
    Kind,
    Openness,
    Question,
    QuestionType,
    Repeats,
    Text,
)
from tianbao.domain.problems import Parameter
from tianbao.xlsform import columns as names
from tianbao.xlsform.attachments import Find, Unreadable, read_choices
from tianbao.xlsform.columns import Column, read_headings, read_languages
from tianbao.xlsform.reading import Book, Row, Sheet
from tianbao.xlsform.types import CSV_EXTERNAL, Support, TypeCell, read_type

LANGUAGE_DEFAULT: Final = "en"
_YES: Final = frozenset({"yes", "true", "true()", "1", "y"})
_NO: Final = frozenset({"no", "false", "false()", "0", "n"})
_SMART_QUOTES: Final = str.maketrans("‘’“”", "''\"\"")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LOOKED_INTO = re.compile(r"(?:pulldata|instance)\(\s*['\"]([^'\"]+)['\"]")
_FORM_NAME_UNFIT = re.compile(r"[^\w.-]+")
_OTHER: Final = {"zh-Hans": ("其他", "请写明"), "fr": ("Autre", "Précisez"), "es": ("Otro", "Especifique")}
_OTHER_ENGLISH: Final = ("Other", "Please specify")
_VERSION_MAX: Final = 2_147_483_647
_FIELDS: Final = {
    "guidance": "guidance_hint",
    "required_if": "required",
    "initial": "default",
    "questions": "type",
    "choices": "type",
    "choice_list": "type",
    "kind": "appearance",
    "minimum": "parameters",
    "maximum": "parameters",
    "step": "parameters",
    "seed": "parameters",
    "length_max": names.LENGTH_MAX,
    "rows_max": names.ROWS_MAX,
    "title": "form_title",
}
"""Fields of the model whose column is called otherwise."""


@dataclass(frozen=True, slots=True)
class Understood:
    """The form, where nothing stands against it, what does, and what is worth saying besides."""

    form: Form | None
    problems: tuple[FormProblem, ...]
    notices: tuple[FormProblem, ...]


def understand(book: Book, find: Find) -> Understood:
    """A form from the sheets of a file; `find` gives the files of choices that it asks for."""
    if any(problem.code not in NOTICES for problem in book.problems):
        return _understood(None, list(book.problems))
    survey = book.sheets.get("survey")
    if survey is None:
        return _understood(None, [*book.problems, FormProblem(FormCode.NO_SHEET, parameters={"sheet": "survey"})])
    reader = _Reader(book, survey, find)
    form = reader.read()
    return _understood(form, [*book.problems, *reader.found])


def _understood(form: Form | None, found: Sequence[FormProblem]) -> Understood:
    problems = tuple(problem for problem in found if not problem.is_notice)
    notices = tuple(problem for problem in found if problem.is_notice)
    return Understood(None if problems else form, problems, notices)


@dataclass(frozen=True, slots=True)
class _Table:
    """A sheet with its headings understood."""

    sheet: Sheet
    columns: dict[str, Column]

    def place(self, row: Row | None, name: str = "", language: str = "") -> Place:
        """Of a cell by XLSForm's name of its column; of the row where the sheet has no such column."""
        fits = [heading for heading, column in self.columns.items() if column.name == name]
        heading = next((heading for heading in fits if self.columns[heading].language == language), "")
        return self.sheet.place(row.number if row else 1, heading or next(iter(fits), ""))

    def cells(self, row: Row) -> dict[str, str]:
        """The row by XLSForm's names, without texts in named languages."""
        found = ((self.columns[heading], text) for heading, text in row.cells.items())
        return {column.name: text for column, text in found if column.name and not column.language}


@dataclass(slots=True)
class _Open:
    """A group or repeat whose end has not come: its row, its own question, what it holds so far."""

    row: Row
    question: Question
    held: list[Question] = field(default_factory=list)


class _Reader:
    def __init__(self, book: Book, survey: Sheet, find: Find) -> None:
        self.found: list[FormProblem] = []
        self._book = book
        self._find = find
        self._survey = self._table(survey)
        self._tables = {name: self._table(sheet) for name, sheet in book.sheets.items() if name != "survey"}
        self._settings = self._read_settings()
        self._languages = self._read_languages()
        self._default = self._choose_default()
        self._lists: dict[str, list[Choice]] = {}
        self._list_rows: dict[str, list[tuple[_Table, Row]]] = {}
        self._rows: list[Row] = []
        """Of every question, in the order of walk_questions."""
        self._files: dict[tuple[str, str, str], str] = {}

    def read(self) -> Form | None:
        if not any(column.name == "type" for column in self._survey.columns.values()):
            self._say(FormCode.NO_COLUMN, self._survey.sheet.place(1), column="type", sheet="survey")
            return None
        for name in ("choices", "external_choices"):
            if name in self._tables:
                self._read_choices(self._tables[name])
        self._complete_lists()
        questions = self._read_questions()
        questions = self._with_choices(questions)
        form = self._form(questions)
        self._check(form)
        return form

    # what is found, and where

    def _table(self, sheet: Sheet) -> _Table:
        table = _Table(sheet, read_headings(sheet.name, sheet.letters))
        filled = {heading for row in sheet.rows for heading in row.cells}
        is_free = sheet.name in ("choices", "external_choices")
        for heading, column in table.columns.items():
            if not column.name and heading in filled and not (is_free and _is_choice_column(heading)):
                self._say(FormCode.COLUMN_IGNORED, sheet.place(1, heading), column=heading)
        return table

    def _say(self, code: FormCode, place: Place, /, **parameters: Parameter) -> None:
        self.found.append(FormProblem(code, parameters=parameters, place=place))

    def _say_row(self, code: FormCode, row: Row, name: str, /, **parameters: Parameter) -> None:
        self._say(code, self._survey.place(row, name), **parameters)

    # settings and languages

    def _read_settings(self) -> dict[str, str]:
        table = self._tables.get("settings")
        return table.cells(table.sheet.rows[0]) if table and table.sheet.rows else {}

    def _read_languages(self) -> dict[str, str]:
        """Tags by language as written in the headings, in their order, the default language first."""
        default = self._settings.get("default_language", "")
        tables = (self._survey, *self._tables.values())
        written = (column.language for table in tables for column in table.columns.values() if column.language)
        return read_languages([*([default] if default and default != "default" else []), *written])

    def _choose_default(self) -> str:
        """The language of texts whose heading names none; guessed by their script where the form does not say."""
        default = self._settings.get("default_language", "")
        if default in self._languages:
            return self._languages[default]
        plain = [
            text
            for table in (self._survey, *self._tables.values())
            for row in table.sheet.rows
            for name, text in table.cells(row).items()
            if name in ("label", "hint", "form_title")
        ]
        if not plain and self._languages:
            return next(iter(self._languages.values()))
        guessed = "zh-Hans" if any(map(_HAN.search, plain)) else LANGUAGE_DEFAULT
        if plain:
            self._say(FormCode.LANGUAGE_GUESSED, self._survey.place(None, "label"), language=guessed)
        return guessed

    def _form_languages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self._default, *self._languages.values())))

    def _text(self, table: _Table, row: Row, name: str) -> Text:
        """A text in its languages: that of a heading that names none first, so that a named one counts."""
        text: dict[str, str] = {}
        headed = [(column, heading) for heading, column in table.columns.items() if column.name == name]
        for column, heading in sorted(headed, key=lambda pair: bool(pair[0].language)):
            if written := row.cells.get(heading):
                text[self._languages.get(column.language, self._default)] = written
        return text

    # choices

    def _read_choices(self, table: _Table) -> None:
        if table.sheet.rows and not any(column.name == "list_name" for column in table.columns.values()):
            self._say(FormCode.NO_COLUMN, table.sheet.place(1), column="list_name", sheet=table.sheet.title)
            return
        may_repeat = self._settings.get("allow_choice_duplicates", "").lower() in _YES
        further = [
            heading for heading, column in table.columns.items() if not column.name and _is_choice_column(heading)
        ]
        for row in table.sheet.rows:
            cells = table.cells(row)
            list_name = cells.get("list_name", "")
            if not list_name:
                if "name" in cells or "label" in cells:
                    self._say(FormCode.NO_LIST_NAME, table.place(row, "list_name"))
                continue
            choice = Choice(
                name=cells.get("name", ""),
                label=self._text(table, row, "label"),
                exclusive=self._yes_or_no(table, row, names.EXCLUSIVE, False),
                columns={heading: row.cells[heading] for heading in further if heading in row.cells},
                image=self._text(table, row, "image"),
            )
            choices = self._lists.setdefault(list_name, [])
            if may_repeat and any(
                choice.name == other.name and choice.columns == other.columns for other in choices
            ):
                continue
            choices.append(choice)
            self._list_rows.setdefault(list_name, []).append((table, row))

    def _complete_lists(self) -> None:
        """`or_other` adds its choice; what expressions look into is read from the files."""
        for row in self._survey.sheet.rows:
            cells = self._survey.cells(row)
            type_ = read_type(cells.get("type", ""))
            choices = self._lists.get(type_.choice_list, [])
            if type_.has_other and choices and all(choice.name != "other" for choice in choices):
                label = {language: _OTHER.get(language, _OTHER_ENGLISH)[0] for language in self._form_languages()}
                choices.append(Choice("other", label))
                self._list_rows[type_.choice_list].append((self._survey, row))
            for name, text in cells.items():
                for list_name in _LOOKED_INTO.findall(text) if name in _EXPRESSION_COLUMNS else ():
                    if list_name not in self._lists:
                        self._read_file(row, name, _as_file(list_name))

    def _read_file(self, row: Row, column: str, filename: str, value: str = "", label: str = "") -> str:
        """The list made from a file of choices, read once for each way that it is asked for."""
        key = filename, value, label
        if key in self._files:
            return self._files[key]
        stem = filename.rpartition(".")[0] or filename
        list_name, number = stem, 2
        while list_name in self._lists:
            list_name, number = f"{stem}_{number}", number + 1
        self._files[key] = list_name
        self._lists[list_name] = []
        data = self._find(filename)
        if data is None and filename == f"{stem}.csv":
            data = self._find(f"{stem}.geojson")
        if data is None:
            self._say_row(FormCode.FILE_MISSING, row, column, file=filename)
            return list_name
        try:
            self._lists[list_name] = list(read_choices(data, filename, self._default, value, label))
        except Unreadable:
            self._say_row(FormCode.FILE_UNREADABLE, row, column, file=filename)
        return list_name

    # questions

    def _read_questions(self) -> list[Question]:
        around: list[_Open] = []
        held: list[Question] = []
        for row in self._survey.sheet.rows:
            cells = self._survey.cells(row)
            if cells.get("disabled", "").lower() in _YES:
                self._say_row(FormCode.ROW_IGNORED, row, "disabled")
                continue
            if "type" not in cells:
                if "name" in cells or self._text(self._survey, row, "label"):
                    self._say_row(FormCode.NO_TYPE, row, "type")
                continue
            if cells["type"] == CSV_EXTERNAL:
                self._read_file(row, "name", _as_file(cells.get("name", "")))
                continue
            type_ = read_type(cells["type"])
            if type_.is_end:
                if not around or (around[-1].question.type is not type_.type and type_.support is Support.FULL):
                    self._say_row(FormCode.END_WITHOUT_BEGIN, row, "type", type=cells["type"])
                    continue
                ended = around.pop()
                target = around[-1].held if around else held
                target.append(replace(ended.question, questions=tuple(ended.held)))
                continue
            if type_.support is Support.IGNORED:
                self._say_row(FormCode.ROW_IGNORED, row, "type", type=cells["type"])
                continue
            self._judge_support(type_, row, cells["type"])
            question = self._question(row, cells, type_)
            self._rows.append(row)
            if question.type in CONTAINERS:
                around.append(_Open(row, question))
                continue
            target = around[-1].held if around else held
            target.append(question)
            if type_.has_other:
                target.append(self._other(question, row))
        for open_ in reversed(around):
            self._say_row(FormCode.BEGIN_WITHOUT_END, open_.row, "type", name=open_.question.name)
            question = replace(open_.question, questions=tuple(open_.held))
            (around[around.index(open_) - 1].held if around.index(open_) else held).append(question)
        return held

    def _judge_support(self, type_: TypeCell, row: Row, written: str) -> None:
        said = {
            Support.UNKNOWN: FormCode.UNKNOWN_TYPE,
            Support.NONE: FormCode.UNSUPPORTED_TYPE,
            Support.AS_FILE: FormCode.ASKED_AS_FILE,
            Support.ALWAYS_EMPTY: FormCode.ALWAYS_EMPTY,
        }
        if code := said.get(type_.support):
            self._say_row(code, row, "type", type=written)

    def _question(self, row: Row, cells: dict[str, str], type_: TypeCell) -> Question:
        kind, appearance = self._appearance(row, cells.get("appearance", ""))
        required = self._expression(cells.get("required", ""))
        is_required = required.lower() in _YES
        default, initial = self._default_of(row, cells, type_.type)
        parameters = self._parameters(row, cells.get("parameters", ""))
        name = cells.get("name", "")
        if not name and type_.type is QuestionType.NOTE:
            name = f"generated_note_name_{row.number}"
        given: dict[str, Any] = {
            field_: self._text(self._survey, row, column) for column, field_ in names.SURVEY_TEXTS.items()
        }
        for column in ("relevant", "constraint", "calculation", "choice_filter", "repeat_count"):
            given[column] = self._expression(cells.get(column, ""))
        trigger = cells.get("trigger", "")
        return Question(
            name=name,
            type=type_.type,
            kind=kind,
            appearance=appearance,
            required=is_required,
            required_if="" if is_required or required.lower() in _NO else required,
            default=default,
            initial=initial,
            trigger=tuple(OUTPUT.findall(trigger)) or ((trigger,) if trigger else ()),
            read_only=self._yes_or_no(self._survey, row, "read_only", False),
            choice_list=self._choice_list(row, type_, parameters),
            length_max=self._whole(row, names.LENGTH_MAX, LENGTH_MAX),
            rows_max=self._whole(row, names.ROWS_MAX, ROWS_MAX),
            carried=self._yes_or_no(self._survey, row, names.CARRIED, True),
            declared=self._openness(row, cells.get(names.OPENNESS, "")),
            **self._from_parameters(row, type_.type, parameters),
            **given,
        )

    def _choice_list(self, row: Row, type_: TypeCell, parameters: dict[str, str]) -> str:
        if type_.file:
            return self._read_file(
                row, "type", type_.file, parameters.get("value", ""), parameters.get("label", "")
            )
        if type_.wants_list and type_.choice_list not in self._lists:
            self._say_row(FormCode.UNKNOWN_LIST, row, "type", list=type_.choice_list)
        return type_.choice_list

    def _other(self, question: Question, row: Row) -> Question:
        """The text question that `or_other` asks for."""
        if question.choice_filter:
            self._say_row(FormCode.OTHER_WITH_FILTER, row, "choice_filter")
        self._rows.append(row)
        label = {language: _OTHER.get(language, _OTHER_ENGLISH)[1] for language in self._form_languages()}
        relevant = f"selected(${{{question.name}}}, 'other')"
        return Question(f"{question.name}_other", QuestionType.TEXT, label, relevant=relevant)

    def _appearance(self, row: Row, written: str) -> tuple[Kind, tuple[str, ...]]:
        if written.replace(" ", "").startswith("search("):
            self._say_row(FormCode.UNSUPPORTED_APPEARANCE, row, "appearance", appearance=written)
            return Kind.PLAIN, ()
        tokens = written.split()
        kinds = [names.KIND_TOKENS[token] for token in tokens if token in names.KIND_TOKENS]
        if len(kinds) > 1:
            self._say_row(FormCode.SEVERAL_KINDS, row, "appearance", appearance=written)
        plain = tuple(token for token in tokens if token not in names.KIND_TOKENS)
        for token in plain:
            if token.lower() not in names.SUPPORTED_APPEARANCES:
                self._say_row(FormCode.APPEARANCE_IGNORED, row, "appearance", appearance=token)
        return kinds[0] if kinds else Kind.PLAIN, plain

    def _default_of(self, row: Row, cells: dict[str, str], type_: QuestionType) -> tuple[str, str]:
        """(`default`, `initial`): the answer as it stands, or the expression that gives it."""
        written = cells.get("default", "")
        said = cells.get(names.DEFAULT, "")
        if said not in ("", "text", "expression"):
            self._say_row(FormCode.NOT_ONE_OF, row, names.DEFAULT, value=said, allowed="text, expression")
        if not written or said == "text" or (not said and not looks_dynamic(written, type_)):
            return written, ""
        return "", self._expression(written)

    def _parameters(self, row: Row, written: str) -> dict[str, str]:
        try:
            return dict(parse_parameters(written, row.number))
        except PyXFormError:
            self._say_row(FormCode.NOT_PARAMETERS, row, "parameters", value=written)
            return {}

    def _from_parameters(self, row: Row, type_: QuestionType, parameters: dict[str, str]) -> dict[str, Any]:
        """The fields that parameters fill; what is said of no field is passed over with a notice."""
        fields_: dict[str, Any] = {}
        known = {"value", "label"}
        if type_ is QuestionType.RANGE:
            known = {"start", "end", "step"}
            for name, parameter, otherwise in (
                ("minimum", "start", 1),
                ("maximum", "end", 10),
                ("step", "step", 1),
            ):
                fields_[name] = self._number(row, parameters.get(parameter, ""), otherwise)
        elif type_ is QuestionType.IMAGE and "max-pixels" in parameters:
            known = {"max-pixels"}
            pixels = self._number(row, parameters["max-pixels"], 0)
            fields_["max_pixels"] = int(pixels) if pixels >= 1 else None
        elif type_ in (QuestionType.SELECT_ONE, QuestionType.SELECT_MULTIPLE, QuestionType.RANK):
            known |= {"randomize", "seed"}
            fields_ = {"randomize": parameters.get("randomize") == "true", "seed": parameters.get("seed", "")}
        for name in parameters.keys() - known:
            self._say_row(FormCode.PARAMETER_IGNORED, row, "parameters", parameter=name)
        return fields_

    def _number(self, row: Row, written: str, otherwise: float) -> float:
        if not written:
            return otherwise
        if re.fullmatch(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:e[+-]?[0-9]{1,2})?", written):
            return float(written)
        self._say_row(FormCode.NOT_A_NUMBER, row, "parameters", value=written)
        return otherwise

    def _whole(self, row: Row, column: str, otherwise: int) -> int:
        written = self._survey.cells(row).get(column, "")
        if not written:
            return otherwise
        if re.fullmatch(r"[0-9]{1,9}", written):
            return int(written)
        self._say_row(FormCode.NOT_A_NUMBER, row, column, value=written)
        return otherwise

    def _openness(self, row: Row, written: str) -> Openness | None:
        if written.lower() in ("", "open", "sealed"):
            return Openness(written.lower()) if written else None
        self._say_row(FormCode.NOT_ONE_OF, row, names.OPENNESS, value=written, allowed="open, sealed")
        return None

    def _yes_or_no(self, table: _Table, row: Row, column: str, otherwise: bool) -> bool:
        written = table.cells(row).get(column, "").lower()
        if written in _YES:
            return True
        if written in _NO:
            return False
        if written:
            self._say(FormCode.NOT_YES_OR_NO, table.place(row, column), value=written, column=column)
        return otherwise

    def _expression(self, written: str) -> str:
        """As written; with the quotes that a word processor bent only where it cannot be read with them."""
        try:
            parse(written)
        except ExpressionError:
            return written.translate(_SMART_QUOTES)
        return written

    def _with_choices(self, questions: Sequence[Question]) -> list[Question]:
        return [
            replace(
                question,
                choices=tuple(self._lists.get(question.choice_list, ())),
                questions=tuple(self._with_choices(question.questions)),
            )
            for question in questions
        ]

    # the form

    def _form(self, questions: Sequence[Question]) -> Form:
        settings = self._settings
        table = self._tables.get("settings")
        title = self._text(table, table.sheet.rows[0], "form_title") if table and table.sheet.rows else {}
        written = settings.get("form_id", self._book.stem)
        name = _FORM_NAME_UNFIT.sub("_", written).strip("_")[:64] or "form"
        if name != written and "form_id" in settings:
            place = table.place(table.sheet.rows[0], "form_id") if table else Place("settings")
            self._say(FormCode.NAME_CHANGED, place, name=written, becomes=name)
        version = settings.get("version", "")
        repeats = settings.get(names.REPEATS, Repeats.APART.value)
        if repeats not in [each.value for each in Repeats] and table:
            place = table.place(table.sheet.rows[0], names.REPEATS)
            self._say(FormCode.NOT_ONE_OF, place, value=repeats, allowed="apart, joined")
            repeats = Repeats.APART.value
        is_number = re.fullmatch(r"[0-9]{1,10}", version) and 1 <= int(version) <= _VERSION_MAX
        return Form(
            name=name,
            version=int(version) if is_number else 1,
            title=title or {self._default: written},
            questions=tuple(questions),
            languages=self._form_languages(),
            lists={list_name: tuple(choices) for list_name, choices in self._lists.items()},
            instance_name=self._expression(settings.get("instance_name", "")),
            style=settings.get("style", ""),
            columns=tuple(self._export_columns()),
            repeats=Repeats(repeats),
        )

    def _export_columns(self) -> Iterator[ExportColumn]:
        table = self._tables.get("export")
        for row in table.sheet.rows if table else ():
            cells = table.cells(row) if table else {}
            width = cells.get("width", "")
            if width and not re.fullmatch(r"[0-9]{1,3}", width) and table:
                self._say(FormCode.NOT_A_NUMBER, table.place(row, "width"), value=width)
                width = ""
            heading = self._text(table, row, "heading") if table else {}
            yield ExportColumn(cells.get("name", ""), heading, int(width) if width else None)

    def _check(self, form: Form) -> None:
        """What is wrong with the form as a form; not again where the sheet was already said to be wrong."""
        said = {problem.place for problem in self.found if not problem.is_notice}
        for problem in (*check_form(form), *find_gaps(form)):
            place = self._place(problem)
            if place not in said:
                self.found.append(replace(problem, place=place))
        self.found.sort(key=lambda problem: _order(problem.place))

    def _place(self, problem: FormProblem) -> Place:
        column = _FIELDS.get(problem.field, problem.field)
        language = str(problem.parameters.get("language", ""))
        written = next((name for name, tag in self._languages.items() if tag == language), "")
        if problem.choice_list:
            rows = self._list_rows.get(problem.choice_list, ())
            if problem.index is None or problem.index >= len(rows):
                return Place("choices")
            table, row = rows[problem.index]
            return table.place(row, column, written)
        export, settings = self._tables.get("export"), self._tables.get("settings")
        if problem.field == "columns" and problem.index is not None and export:
            return export.place(export.sheet.rows[problem.index], "name")
        if problem.index is not None:
            return self._survey.place(self._rows[problem.index], column, written)
        if problem.field in ("name", "title", "instance_name") and settings:
            column = "form_id" if problem.field == "name" else column
            return settings.place(next(iter(settings.sheet.rows), None), column, written)
        return Place(self._survey.sheet.title)


_EXPRESSION_COLUMNS: Final = frozenset(
    {"relevant", "required", "constraint", "calculation", "default", "choice_filter", "repeat_count"}
)
_SHEET_ORDER: Final = ("settings", "survey", "choices", "external_choices", "export")


def _order(place: Place | None) -> tuple[int, int]:
    if place is None:
        return -1, 0
    name = place.sheet.lower()
    return _SHEET_ORDER.index(name) if name in _SHEET_ORDER else len(_SHEET_ORDER), place.row


def _as_file(list_name: str) -> str:
    return list_name if "." in list_name else f"{list_name}.csv"


def _is_choice_column(heading: str) -> bool:
    """Whether a filter can ask for a column of the choices sheet."""
    return re.fullmatch(r"[^\W\d][\w-]*", heading) is not None


def looks_dynamic(default: str, type_: QuestionType) -> bool:
    """Whether a default is an expression, by pyxform's rule."""
    try:
        return bool(default_is_dynamic(default, type_.value))
    except PyXFormError:
        return False
