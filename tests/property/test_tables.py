"""Whatever people write into their answers comes out of the exported tables as they wrote it."""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime, timedelta
from io import BytesIO, StringIO

from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from tianbao.render.csv_table import CsvEncoding, LongNumbers, guard, stream_csv, unguard
from tianbao.render.workbook import Cell, Column, Row, Sheet, stream_workbook

NOW = datetime(2026, 2, 3, tzinfo=UTC)
WIDTH = 3
COLUMNS = [Column("c")] * WIDTH
UNTIMED = settings(deadline=None)

any_text = st.text(st.characters(exclude_categories=[]), max_size=60)
"""Control characters and lone surrogates included."""
almost_escapes = st.text("_x0dD\x01\r\ud800<", max_size=20)
risky_starts = st.builds(str.__add__, st.sampled_from([*"=+-@\t\r\n＝＋－＠'", "''", "'="]), st.text(max_size=5))
numerals = st.text("0123456789０１.eE ", min_size=1, max_size=20)
texts = any_text | almost_escapes | risky_starts | numerals


def rows_of(texts: st.SearchStrategy[Cell]) -> st.SearchStrategy[list[Row]]:
    return st.lists(st.lists(texts, min_size=WIDTH, max_size=WIDTH), max_size=5)


def unescape(text: str) -> str:
    """ECMA-376 part 1, 22.9.2.19, from left to right; openpyxl leaves this to its caller."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


def read_workbook(data: bytes, row_count: int) -> list[list[object]]:
    sheet = load_workbook(BytesIO(data)).active
    return [
        [unescape(value) if isinstance(value, str) else value for value in row]
        for row in sheet.iter_rows(min_row=2, max_row=row_count + 1, max_col=WIDTH, values_only=True)
    ]


def read_csv(data: bytes, encoding: CsvEncoding) -> list[list[str]]:
    return list(csv.reader(StringIO(data.decode(encoding.value), newline="")))[1:]


@given(rows_of(texts))
@example([["_x0041\x01", "_x005F_", "\ud83d\ude00"]])
@UNTIMED
def test_a_workbook_holds_every_text_as_it_was(rows: list[Row]) -> None:
    data = b"".join(stream_workbook([Sheet("s", COLUMNS, rows)], now=NOW))

    assert read_workbook(data, len(rows)) == [[cell or None for cell in row] for row in rows]


numbers = (
    st.integers(-(10**15) + 1, 10**15 - 1)
    | st.floats(-1e14, 1e14)
    | st.dates(date(1900, 3, 1))
    | st.datetimes(datetime.fromisoformat("1900-03-01")).map(lambda time: time.replace(microsecond=0))
)


@given(rows_of(numbers))
@UNTIMED
def test_a_workbook_holds_every_number_date_and_time(rows: list[Row]) -> None:
    data = b"".join(stream_workbook([Sheet("s", COLUMNS, rows)], now=NOW))

    for row, found in zip(rows, read_workbook(data, len(rows)), strict=True):
        for cell, value in zip(row, found, strict=True):
            if isinstance(cell, date):
                midnight = datetime.combine(cell, datetime.min.time())
                expected = cell if isinstance(cell, datetime) else midnight
                assert isinstance(value, datetime)
                assert abs(value - expected) < timedelta(milliseconds=1)
            else:
                assert value == cell


@given(
    rows_of(texts.filter(lambda text: not re.search("[\ud800-\udfff]", text))),
    st.sampled_from(CsvEncoding),
    st.sampled_from(LongNumbers),
)
@UNTIMED
def test_a_csv_file_holds_every_text_as_it_was(
    rows: list[Row], encoding: CsvEncoding, numbers: LongNumbers
) -> None:
    data = b"".join(stream_csv(COLUMNS, rows, encoding=encoding, numbers=numbers))

    assert [[unguard(cell) for cell in row] for row in read_csv(data, encoding)] == rows


@given(texts, st.sampled_from(LongNumbers))
@UNTIMED
def test_a_guard_is_one_apostrophe_and_comes_off_again(text: str, numbers: LongNumbers) -> None:
    guarded = guard(text, numbers)

    assert guarded in (text, "'" + text)
    assert unguard(guarded) == text


@given(risky_starts, st.sampled_from(LongNumbers))
@UNTIMED
def test_nothing_a_spreadsheet_would_run_goes_unguarded(text: str, numbers: LongNumbers) -> None:
    assert guard(text, numbers) == "'" + text
