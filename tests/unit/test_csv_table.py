"""The CSV file as Python's reader and a plain decoder see it."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from io import StringIO

import pytest

from tianbao.render import csv_table
from tianbao.render.csv_table import CsvEncoding, LongNumbers, guard, stream_csv, unguard
from tianbao.render.workbook import Cell, Column, Row

COLUMNS = [Column("姓名"), Column("=formula")]


def write(
    rows: Iterable[Row],
    *,
    columns: list[Column] = COLUMNS,
    encoding: CsvEncoding = CsvEncoding.UTF8_BOM,
    numbers: LongNumbers = LongNumbers.PLAIN,
) -> bytes:
    return b"".join(stream_csv(columns, rows, encoding=encoding, numbers=numbers))


def cell_of(cell: Cell, numbers: LongNumbers = LongNumbers.PLAIN) -> str:
    """A cell as it stands in the file."""
    text = write([[cell, "end"]], numbers=numbers).decode("utf-8-sig")
    return list(csv.reader(StringIO(text, newline="")))[1][0]


@pytest.mark.parametrize(
    ("encoding", "start"), [(CsvEncoding.UTF8_BOM, b"\xef\xbb\xbf"), (CsvEncoding.GB18030, b"")]
)
def test_lines_are_those_of_rfc_4180(encoding: CsvEncoding, start: bytes) -> None:
    rows = [["张三", 'says "hi", twice'], ["two\r\nlines", ""], [None, 36.5]]

    expected = '姓名,\'=formula\r\n张三,"says ""hi"", twice"\r\n"two\r\nlines",\r\n,36.5\r\n'
    codec = "gb18030" if encoding is CsvEncoding.GB18030 else "utf-8"
    assert write(rows, encoding=encoding) == start + expected.encode(codec)


def test_gb18030_has_every_character() -> None:
    starts = [start for start in range(0, 0x110000, 0x100) if not 0xD800 <= start <= 0xDFFF]
    rows = [["a" + "".join(map(chr, range(start, start + 0x100))), ""] for start in starts]

    data = write(rows, encoding=CsvEncoding.GB18030)

    assert list(csv.reader(StringIO(data.decode("gb18030"), newline="")))[1:] == rows


@pytest.mark.parametrize("encoding", CsvEncoding)
def test_half_a_surrogate_pair_is_shown_as_such(encoding: CsvEncoding) -> None:
    assert b",\\ud83d\r\n" in write([["a", "\ud83d"]], encoding=encoding)


@pytest.mark.parametrize("numbers", LongNumbers)
@pytest.mark.parametrize("first", [*"=+-@\t\r\n＝＋－＠'"])
def test_what_a_spreadsheet_would_run_has_an_apostrophe_before_it(first: str, numbers: LongNumbers) -> None:
    text = first + "SUM(A1)"

    assert cell_of(text, numbers) == "'" + text
    assert unguard(cell_of(text, numbers)) == text


@pytest.mark.parametrize("numbers", LongNumbers)
@pytest.mark.parametrize("text", ["张三", "1=1", "a@b.cn", "G1234", "12345678901", "0", "0.5", "O'Neill", ""])
def test_harmless_text_stays_as_it_is(text: str, numbers: LongNumbers) -> None:
    assert cell_of(text, numbers) == text


@pytest.mark.parametrize(
    "text",
    ["110101199003077516", "123456789012", "007", "00", "０１２", "01.50", "1E5", "12e34", " 110101199003077516 "],
)
def test_numbers_a_spreadsheet_would_change_are_guarded_on_request(text: str) -> None:
    assert cell_of(text, LongNumbers.GUARDED) == "'" + text
    assert cell_of(text, LongNumbers.PLAIN) == text


@pytest.mark.parametrize("text", ["11010119900307751X", "0312-8021234", "1E5室", "123456789012号"])
def test_what_is_no_number_is_not_guarded(text: str) -> None:
    assert guard(text, LongNumbers.GUARDED) == text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (-7, "-7"),
        (123_456_789_012_345_678, "123456789012345678"),
        (36.0, "36.0"),
        (date(1899, 12, 31), "1899-12-31"),
        (datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC), "2020-02-03T04:05:06+00:00"),
        (datetime(2020, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5, minutes=45))), "2020-02-03T04:05:00+05:45"),
        (datetime.fromisoformat("2020-02-03T04:05"), "2020-02-03T04:05:00"),
        (math.inf, "inf"),
    ],
)
def test_values_are_plain_and_never_guarded(cell: Cell, text: str) -> None:
    assert cell_of(cell, LongNumbers.GUARDED) == text


def test_a_table_without_rows_has_its_headings() -> None:
    assert write([]).decode("utf-8-sig") == "姓名,'=formula\r\n"


@pytest.mark.parametrize("row", [["a"], ["a", "b", "c"], []])
def test_a_row_of_another_length_is_refused(row: list[Cell]) -> None:
    with pytest.raises(ValueError, match="2 headings"):
        write([["a", "b"], row])


def test_no_piece_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_table, "_BATCH_CHARACTERS", 1)  # so that nothing is left for the end

    pieces = [*stream_csv(COLUMNS, [["a", "b"]], encoding=CsvEncoding.GB18030, numbers=LongNumbers.PLAIN)]

    assert pieces == ["姓名,'=formula\r\na,b\r\n".encode("gb18030")]


def test_pieces_come_while_rows_are_read() -> None:
    rows_read = 0

    def rows() -> Iterator[Row]:
        nonlocal rows_read
        for rows_read in range(1, 20_001):
            yield [f"{rows_read:018}", "张三"]

    rows_read_by_piece = []
    data = b""
    for piece in stream_csv(COLUMNS, rows(), encoding=CsvEncoding.UTF8_BOM, numbers=LongNumbers.PLAIN):
        assert piece
        data += piece
        rows_read_by_piece.append(rows_read)
    steps = [after - before for before, after in zip([0, *rows_read_by_piece], rows_read_by_piece, strict=False)]
    assert len(steps) > 5
    assert max(steps) < 5_000
    assert data.count(b"\xef\xbb\xbf") == 1
    assert data.count(b"\r\n") == 20_001
