"""A spreadsheet file into sheets of rows, each cell as text, each row with the number a reader sees.

The first step of an import. Cells become text, headings are found and the end of a sheet is told by pyxform's own
functions, so that other tools and this one see the same; its readers of whole workbooks are not used because they
forget where a cell stood and drop sheets they do not know. Must not know: what a column means.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import PurePath
from typing import Any, Final, NamedTuple, TypeAlias

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from pyxform.constants import SURVEY
from pyxform.xls2json_backends import (
    get_excel_column_headers,
    get_excel_rows,
    is_empty,
    xls_value_to_unicode,
    xlsx_value_to_str,
)
from xlrd import open_workbook

from tianbao.domain.form_problems import FormCode, FormProblem, Place

FILE_MAX_BYTES: Final = 10_000_000
UNPACKED_MAX_BYTES: Final = 100_000_000
"""What the parts of an .xlsx or ZIP may come to."""
ROWS_MAX: Final = 25_000
COLUMNS_MAX: Final = 500
CELLS_MAX: Final = 500_000
CELL_LENGTH_MAX: Final = 32_767
"""Excel's own limit."""
SHEETS: Final = frozenset({"survey", "choices", "settings", "external_choices", "export"})
"""The sheets that are read."""


warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")  # of styles, which are not read


class Row(NamedTuple):
    """`number` is the row as the spreadsheet program shows it; `cells` by heading, without the empty ones."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """`name` is lower-case, `title` as written; `letters` are the columns' by heading, in their order."""

    name: str
    title: str
    letters: Mapping[str, str]
    rows: tuple[Row, ...]

    def place(self, row: int = 0, column: str = "") -> Place:
        return Place(self.title, row, column, self.letters.get(column, ""))


@dataclass(frozen=True, slots=True)
class Book:
    """`problems` and notices are about the file; with a problem the sheets may be incomplete."""

    stem: str
    sheets: Mapping[str, Sheet] = field(default_factory=dict)
    problems: tuple[FormProblem, ...] = ()


class _Cell(NamedTuple):
    """A cell of CSV or Markdown as pyxform's row reader takes it."""

    value: str | None


@dataclass(frozen=True, slots=True)
class _Table:
    """A sheet before its headings are told: cells by row, the row numbers, the first column's position from 1."""

    title: str
    rows: Iterable[tuple[Any, ...]]
    text: Callable[[Any], str]
    numbers: Sequence[int] = ()
    first_column: int = 1


_Tables: TypeAlias = Iterator[_Table]


def read_book(data: bytes, filename: str) -> Book:
    """The sheets of an .xlsx, .xls, .csv or .md file; raises nothing, whatever the bytes are."""
    path = PurePath(filename)
    read = _READERS.get(path.suffix.lower())
    if read is None:
        return Book(path.stem, problems=(FormProblem(FormCode.NOT_A_SPREADSHEET),))
    if len(data) > FILE_MAX_BYTES:
        parameters = {"bytes": len(data), "bytes_max": FILE_MAX_BYTES}
        return Book(path.stem, problems=(FormProblem(FormCode.FILE_TOO_LARGE, parameters=parameters),))
    collected = _Collected()
    try:
        for table in read(data):
            collected.add(table)
    except Exception:  # openpyxl and xlrd raise whatever they stumble over in a broken file
        return Book(path.stem, problems=(FormProblem(FormCode.NOT_A_SPREADSHEET),))
    return Book(path.stem, collected.chosen(), tuple(collected.problems))


def decode_text(data: bytes) -> str:
    """UTF-8 or, as Chinese Excel saves CSV, GB 18030; raises UnicodeDecodeError for what is neither."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def is_too_large_unpacked(data: bytes) -> bool:
    """Whether a ZIP says that it unpacks to more than it may; raises BadZipFile."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return sum(entry.file_size for entry in archive.infolist()) > UNPACKED_MAX_BYTES


def _read_xlsx(data: bytes) -> _Tables:
    if is_too_large_unpacked(data):
        raise ValueError("a ZIP bomb")
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    try:
        for sheet in book.worksheets:
            rows = sheet.iter_rows(max_row=ROWS_MAX + 2, max_col=COLUMNS_MAX + 1)
            yield _Table(sheet.title, rows, lambda cell: _as_typed(cell.value) or xlsx_value_to_str(cell.value))
    finally:
        book.close()


def _read_xls(data: bytes) -> _Tables:
    book = open_workbook(file_contents=data, logfile=io.StringIO())
    for sheet in book.sheets():
        rows = (tuple(sheet.row(number)) for number in range(sheet.nrows))
        yield _Table(
            sheet.name,
            rows,
            lambda cell: _as_typed(cell.value) or xls_value_to_unicode(cell.value, cell.ctype, book.datemode),
        )


def _as_typed(value: object) -> str:
    """Text keeps its no-break spaces, which pyxform drops; `tables` drops them where they mean nothing."""
    return value if isinstance(value, str) else ""


def _read_csv(data: bytes) -> _Tables:
    """A sheet's name stands alone in the first column, its rows follow from the second on (as pyxform has it)."""
    lines = csv.reader(io.StringIO(decode_text(data), newline=""))
    return _split_tables(enumerate(lines, start=1), lambda text: text)


def _read_markdown(data: bytes) -> _Tables:
    """`| survey |` begins a sheet, `| | type | name |` is a row of it (as pyxform has it), `<br>` a new line."""

    def rows() -> Iterator[tuple[int, list[str]]]:
        for number, line in enumerate(decode_text(data).split("\n"), start=1):
            match = _MARKDOWN_ROW.match(line.rstrip())
            if match and not _MARKDOWN_RULE.match(match[1]):
                yield number, _MARKDOWN_BAR.split(match[1])

    return _split_tables(rows(), _from_markdown)


_MARKDOWN_ROW = re.compile(r"\s*\|(.*)\|")
_MARKDOWN_RULE = re.compile(r"(?:[|-]+|(?:\s*:?-{3,}:?\s*\|?)+)$")
_MARKDOWN_BAR = re.compile(r"(?<!\\)\|")
_BREAK = re.compile(r"<br ?/?>")
_ESCAPED_BREAK = re.compile(r"&((?:amp;)*)lt;(?=br ?/?>)")


def _from_markdown(text: str) -> str:
    text = _BREAK.sub("\n", text.strip().replace("\\|", "|"))
    return _ESCAPED_BREAK.sub(lambda found: f"&{found[1][4:]}lt;" if found[1] else "<", text)


def _split_tables(lines: Iterable[tuple[int, Sequence[str]]], text: Callable[[str], str]) -> _Tables:
    tables: dict[str, tuple[list[int], list[tuple[Any, ...]]]] = {}
    title = ""
    for number, (first, *rest) in ((number, line) for number, line in lines if line):
        title = text(first).strip() or title
        numbers, rows = tables.setdefault(title, ([], []))
        cells = tuple(_Cell(text(value).strip()) for value in rest)
        if any(cell.value for cell in cells):
            numbers.append(number)
            rows.append(cells)
    for title, (numbers, rows) in tables.items():
        yield _Table(title, rows, lambda cell: cell.value, numbers, first_column=2)


class _Collected:
    """The sheets so far, what is wrong with them, and how many cells are left."""

    def __init__(self) -> None:
        self.problems: list[FormProblem] = []
        self._tables: dict[str, Sheet] = {}
        self._cells_left = CELLS_MAX
        self._unknown: list[Sheet] = []

    def add(self, table: _Table) -> None:
        name = table.title.strip().lower()
        sheet = self._sheet(name, table, iter(table.rows) if name in SHEETS or not self._unknown else iter(()))
        if name in SHEETS:
            self._tables[name] = sheet
        else:
            self._unknown.append(sheet)

    def chosen(self) -> dict[str, Sheet]:
        """The sheets by name; a sheet that stands alone is the survey, whatever it is called."""
        if not self._tables and len(self._unknown) == 1:
            return {SURVEY: replace(self._unknown[0], name=SURVEY)}
        for sheet in self._unknown:
            if sheet.title and not sheet.title.startswith("_"):
                self.problems.append(FormProblem(FormCode.SHEET_IGNORED, place=Place(sheet.title)))
        return self._tables

    def _sheet(self, name: str, table: _Table, rows: Iterator[tuple[Any, ...]]) -> Sheet:
        first = [None if is_empty(cell.value) else table.text(cell) for cell in next(rows, ())]
        letters = [get_column_letter(table.first_column + index) for index in range(len(first))]
        seen: set[str] = set()
        for index, heading in enumerate(first):
            if heading is None:
                continue
            if (plain := " ".join(heading.split())) in seen:
                place = Place(table.title, self._number(table, -1), plain, letters[index])
                self.problems.append(FormProblem(FormCode.COLUMN_TWICE, parameters={"column": plain}, place=place))
                first[index] = None
            seen.add(plain)
        headings = get_excel_column_headers(first)
        read = get_excel_rows(headings, islice(rows, ROWS_MAX + 1), lambda cell, row, key: table.text(cell).strip())
        kept = tuple(Row(self._number(table, index), cells) for index, cells in enumerate(read) if cells)
        self._count(table, len(headings), kept)
        return Sheet(name, table.title, {h: letters[i] for i, h in enumerate(headings) if h}, kept[:ROWS_MAX])

    def _number(self, table: _Table, index: int) -> int:
        """The number of a row behind the headings; the headings' own is at -1."""
        return table.numbers[index + 1] if table.numbers else index + 2

    def _count(self, table: _Table, columns: int, rows: Sequence[Row]) -> None:
        self._cells_left -= sum(len(row.cells) for row in rows)
        if len(rows) > ROWS_MAX or columns > COLUMNS_MAX or self._cells_left < 0:
            parameters = {"rows_max": ROWS_MAX, "columns_max": COLUMNS_MAX, "cells_max": CELLS_MAX}
            self.problems.append(
                FormProblem(FormCode.TOO_MANY_CELLS, parameters=parameters, place=Place(table.title))
            )
        for row in rows:
            for heading, text in row.cells.items():
                if len(text) > CELL_LENGTH_MAX:
                    parameters = {"length_max": CELL_LENGTH_MAX}
                    place = Place(table.title, row.number, heading)
                    self.problems.append(FormProblem(FormCode.CELL_TOO_LONG, parameters=parameters, place=place))


_READERS: Final[Mapping[str, Callable[[bytes], _Tables]]] = {
    ".xlsx": _read_xlsx,
    ".xlsm": _read_xlsx,
    ".xls": _read_xls,
    ".csv": _read_csv,
    ".md": _read_markdown,
}
SUFFIXES: Final = frozenset(_READERS)
"""What a file's name may end with."""
