"""A file's sheets with their headings understood: cells by XLSForm's names, texts by language, places of problems.

Between `reading` and what makes sense of the rows (`lists`, `questions`, `understanding`). Must not know: forms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from pyxform.aliases import BINDING_CONVERSIONS

from tianbao.domain.expressions import ExpressionError, parse
from tianbao.domain.form_problems import FormCode, FormProblem, Place
from tianbao.domain.forms import Text
from tianbao.domain.problems import Parameter
from tianbao.xlsform.columns import Column, read_headings, read_languages
from tianbao.xlsform.reading import Book, Row, Sheet

LANGUAGE_DEFAULT: Final = "en"
YES: Final = frozenset({"yes", "true", "true()", "1", "y"})
NO: Final = frozenset({"no", "false", "false()", "0", "n"})
CHOICE_SHEETS: Final = ("choices", "external_choices")

_SMART_QUOTES: Final = str.maketrans("‘’“”", "''\"\"")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_NAME = re.compile(r"[^\W\d][\w-]*")
_REFERENCE = re.compile(r"\$\{\s*([^\W\d][\w.:-]*)\s*\}")
_UNFIT = re.compile(r"[.:]")
_QUOTED = re.compile(r"('[^']*'|\"[^\"]*\")")
_NULL = re.compile(r"(?<![\w${:/.@-])null(?![\w(:.-])")


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet and what each of its headings means."""

    sheet: Sheet
    columns: dict[str, Column]

    def place(self, row: Row | None, name: str = "", language: str = "") -> Place:
        """Of a cell by XLSForm's name of its column; of the row where the sheet has no such column."""
        fits = [heading for heading, column in self.columns.items() if name and column.name == name]
        heading = next((heading for heading in fits if self.columns[heading].language == language), "")
        return self.sheet.place(row.number if row else 1, heading or next(iter(fits), ""))

    def cells(self, row: Row) -> dict[str, str]:
        """The row by XLSForm's names, without texts in named languages; no-break spaces are slips here."""
        found = ((self.columns[heading], text.replace("\xa0", " ")) for heading, text in row.cells.items())
        return {column.name: text for column, text in found if column.name and not column.language}

    def has(self, name: str) -> bool:
        return any(column.name == name for column in self.columns.values())


class Tables:
    """All sheets of a file, and what is found in them.

    `settings` are the cells of the settings sheet, `languages` BCP 47 tags by language as written, `default` the
    language of texts whose heading names none.
    """

    def __init__(self, book: Book) -> None:
        self.found: list[FormProblem] = []
        self.stem = book.stem.strip()
        self._tables = {name: self._understand(sheet) for name, sheet in book.sheets.items()}
        self.survey = self._tables["survey"] = self._with_fitting_names(self._tables["survey"])
        settings = self._tables.get("settings")
        self.settings_row = next(iter(settings.sheet.rows), None) if settings else None
        self.settings = settings.cells(self.settings_row) if settings and self.settings_row else {}
        self.languages = self._read_languages()
        self.default = self._choose_default()

    def get(self, name: str) -> Table | None:
        return self._tables.get(name)

    def say(self, code: FormCode, place: Place, /, **parameters: Parameter) -> None:
        self.found.append(FormProblem(code, parameters=parameters, place=place))

    def say_row(self, code: FormCode, row: Row, name: str, /, **parameters: Parameter) -> None:
        """About a cell of the survey sheet."""
        self.say(code, self.survey.place(row, name), **parameters)

    def form_languages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.default, *self.languages.values())))

    def text(self, table: Table, row: Row, name: str) -> Text:
        """A text in its languages: that of a heading that names none first, so that a named one counts."""
        text: dict[str, str] = {}
        headed = [(column, heading) for heading, column in table.columns.items() if column.name == name]
        for column, heading in sorted(headed, key=lambda pair: bool(pair[0].language)):
            if written := row.cells.get(heading):
                text[self.languages.get(column.language, self.default)] = written
        return text

    def yes_or_no(self, table: Table, row: Row, column: str, otherwise: bool) -> bool:
        written = table.cells(row).get(column, "").lower()
        if written in YES:
            return True
        if written in NO:
            return False
        if written:
            self.say(FormCode.NOT_YES_OR_NO, table.place(row, column), value=written, column=column)
        return otherwise

    def _understand(self, sheet: Sheet) -> Table:
        table = Table(sheet, read_headings(sheet.name, sheet.letters))
        filled = {heading for row in sheet.rows for heading in row.cells}
        for heading, column in table.columns.items():
            is_for_filters = sheet.name in CHOICE_SHEETS and is_name(heading)
            if not column.name and heading in filled and not is_for_filters:
                self.say(FormCode.COLUMN_IGNORED, sheet.place(1, heading), column=heading)
        return table

    def _with_fitting_names(self, table: Table) -> Table:
        """The survey with names that fit here: a point parts a path, what begins with `_` is the page's own."""
        heading = next((heading for heading, column in table.columns.items() if column.name == "name"), "")
        taken = {row.cells.get(heading, "") for row in table.sheet.rows}
        becomes: dict[str, str] = {}
        for row in table.sheet.rows:
            name = row.cells.get(heading, "")
            fitting = _UNFIT.sub("_", name).lstrip("_")
            fitting = fitting if is_name(fitting) else f"q{fitting}"
            if name == fitting or not name or not is_name(fitting):
                continue
            if name not in becomes:
                becomes[name] = fitting if fitting not in taken else f"{fitting}_{len(becomes) + 2}"
                taken.add(becomes[name])
            self.say(FormCode.NAME_CHANGED, table.place(row, "name"), name=name, becomes=becomes[name])
        if not becomes:
            return table

        def renamed(text: str) -> str:
            return _REFERENCE.sub(lambda found: f"${{{becomes.get(found[1], found[1])}}}", text)

        rows = (
            Row(row.number, {column: renamed(text) for column, text in row.cells.items()})
            for row in table.sheet.rows
        )
        named = (
            Row(row.number, {**row.cells, heading: becomes[row.cells[heading]]})
            if row.cells.get(heading) in becomes
            else row
            for row in rows
        )
        return replace(table, sheet=replace(table.sheet, rows=tuple(named)))

    def _read_languages(self) -> dict[str, str]:
        """In the order of the headings, the default language first."""
        default = self.settings.get("default_language", "")
        columns = (column for table in self._tables.values() for column in table.columns.values())
        written = [column.language for column in columns if column.language]
        return read_languages([*([default] if default and default != "default" else []), *written])

    def _choose_default(self) -> str:
        """As the settings say; else guessed by the script of the texts."""
        default = self.settings.get("default_language", "")
        if default in self.languages:
            return self.languages[default]
        plain = [
            text
            for table in self._tables.values()
            for row in table.sheet.rows
            for name, text in table.cells(row).items()
            if name in ("label", "hint", "form_title")
        ]
        if not plain and self.languages:
            return next(iter(self.languages.values()))
        guessed = "zh-Hans" if any(map(_HAN.search, plain)) else LANGUAGE_DEFAULT
        if plain:
            self.say(FormCode.LANGUAGE_GUESSED, self.survey.place(None, "label"), language=guessed)
        return guessed


def is_name(text: str) -> bool:
    """Whether an expression can say it: a letter first, then letters, digits, `_` and `-`."""
    return _NAME.fullmatch(text) is not None


def read_expression(written: str) -> str:
    """As written, but for a plain yes or no, for quotes that a word processor bent beyond reading, and for `null`,
    which other tools take for nothing because no question has the name."""
    written = BINDING_CONVERSIONS.get(written, written)
    readable = _first_readable(written, written.translate(_SMART_QUOTES))
    parts = _QUOTED.split(readable)
    return "".join(part if part[:1] in ("'", '"') else _NULL.sub("''", part) for part in parts)


def _first_readable(written: str, otherwise: str) -> str:
    try:
        parse(written)
    except ExpressionError:
        return otherwise
    return written
