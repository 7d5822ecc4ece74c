"""The workbook as openpyxl reads it, and the XML where reading back could hide a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from io import BytesIO
from itertools import pairwise
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook

from tianbao.render import workbook
from tianbao.render.workbook import Cell, Column, ColumnKind, Row, Sheet, stream_workbook

NOW = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)

TEXTS = [
    "=1+1",
    "+86 138 0000 0000",
    "@SUM(A1)",
    "-1",
    "110101199003077516",
    "007",
    "  spaces before and after  ",
    "two\nlines",
    "tab\there",
    '<b>&amp;"quoted"</b>',
    "㐱䶮𠮷𬱖",
    "买买提·吐尔逊",
    "مۇھەممەت تۇرسۇن",
    "👨‍👩‍👧 🇨🇳",
    "长" * 50,
    "1E5",
    "TRUE",
    "2020-02-03",
    "#N/A",
    " ",
]


def write(*sheets: Sheet) -> bytes:
    return b"".join(stream_workbook(sheets, now=NOW))


def table(rows: Iterable[Row], width: int, name: str = "Records") -> Sheet:
    return Sheet(name, [Column(f"c{index}") for index in range(width)], rows)


def read(data: bytes, *, read_only: bool = False) -> Workbook:
    return load_workbook(BytesIO(data), read_only=read_only)


def rows_of(data: bytes) -> dict[str, list[list[object]]]:
    """Every sheet's rows without the headings."""
    return {
        sheet.title: [list(row) for row in sheet.iter_rows(min_row=2, values_only=True)] for sheet in read(data)
    }


def xml_of(data: bytes, part: str = "xl/worksheets/sheet1.xml") -> str:
    return ZipFile(BytesIO(data)).read(part).decode()


@pytest.mark.parametrize("read_only", [False, True])
def test_text_stays_the_same_text(read_only: bool) -> None:
    sheet = read(write(table([[text] for text in TEXTS], 1)), read_only=read_only).active

    cells = [row[0] for row in sheet.iter_rows(min_row=2)]

    assert [cell.value for cell in cells] == TEXTS
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.number_format for cell in cells} == {"@"}


@pytest.mark.parametrize(
    ("text", "xml"),
    [
        ("𠮷㐱", "𠮷㐱"),
        ("a\x01b", "a_x0001_b"),
        ("line\r\nend", "line_x000D_\nend"),
        ("_x000D_", "_x005F_x000D_"),
        ("_x000d_", "_x005F_x000d_"),
        ("_x000D_x000A_", "_x005F_x000D_x005F_x000A_"),
        ("_x0041\x01", "_x005F_x0041_x0001_"),
        ("_x000G_", "_x000G_"),
        ("\ud83d", "_xD83D_"),
        ("\uffff", "_xFFFF_"),
        ("]]>", "]]&gt;"),
    ],
)
def test_what_xml_cannot_hold_is_escaped_as_the_standard_says(text: str, xml: str) -> None:
    data = write(table([[text]], 1))

    assert f'<t xml:space="preserve">{xml}</t></is></c></row></sheetData>' in xml_of(data)
    assert len(rows_of(data)["Records"]) == 1


@pytest.mark.parametrize(
    ("cell", "value", "number_format"),
    [
        (7, 7, "General"),
        (-36.5, -36.5, "General"),
        (999_999_999_999_999, 999_999_999_999_999, "General"),
        (True, 1, "General"),
        (date(2020, 2, 29), datetime.fromisoformat("2020-02-29"), "yyyy-mm-dd"),
        (date(1900, 3, 1), datetime.fromisoformat("1900-03-01"), "yyyy-mm-dd"),
        (
            datetime.fromisoformat("2020-02-03T23:59:59"),
            datetime.fromisoformat("2020-02-03T23:59:59"),
            "yyyy-mm-dd hh:mm:ss",
        ),
        (
            datetime(2020, 2, 3, 8, 0, tzinfo=timezone(timedelta(hours=8))),
            datetime.fromisoformat("2020-02-03T08:00"),
            "yyyy-mm-dd hh:mm:ss",
        ),
        (10**15, "1000000000000000", "@"),
        (float("nan"), "nan", "@"),
        (float("-inf"), "-inf", "@"),
        (date(1900, 2, 28), "1900-02-28", "@"),
        (datetime.fromisoformat("1850-01-01T12:00"), "1850-01-01 12:00:00", "@"),
    ],
)
def test_a_value_is_a_value_where_excel_has_it_and_else_text(cell: Cell, value: object, number_format: str) -> None:
    found = read(write(table([[cell]], 1))).active["A2"]

    assert (found.value, found.number_format) == (value, number_format)


def test_empty_cells_leave_their_neighbours_in_place() -> None:
    rows = [[None, "b", ""], ["", None, 3], [None, None, None], ["a", "b", "c"]]

    found = rows_of(write(table(rows, 3)))["Records"]

    assert found == [[cell or None for cell in row] for row in rows]


def test_columns_beyond_z_have_their_names() -> None:
    data = write(table([list(range(16_384))], 16_384))

    assert rows_of(data)["Records"] == [list(range(16_384))]
    assert '<c r="XFD2"><v>16383</v></c>' in xml_of(data)


def test_the_headings_are_bold_frozen_and_filter_the_table() -> None:
    columns = [Column("姓名", 20), Column("=Age", 300, ColumnKind.NUMBER), Column("日期", 12, ColumnKind.DATE)]

    book = read(write(Sheet("登记", columns, [["a", 1, None], ["b", 2, None]])))

    sheet = book["登记"]
    assert [cell.value for cell in sheet[1]] == ["姓名", "=Age", "日期"]
    assert all(cell.font.bold and cell.data_type == "s" for cell in sheet[1])
    assert not sheet["A2"].font.bold
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:C3"
    assert [sheet.column_dimensions[letter].width for letter in "ABC"] == [20, 255, 12]
    assert [sheet.column_dimensions[letter].number_format for letter in "ABC"] == ["@", "General", "yyyy-mm-dd"]


def test_the_document_has_a_title_and_a_time_and_names_nobody() -> None:
    data = write(table([], 1, "登记 & 台账"))

    properties = read(data).properties
    assert (properties.title, properties.created) == ("登记 & 台账", NOW.replace(tzinfo=None))
    assert not re.search("creator|lastModifiedBy|Company|Manager", xml_of(data, "docProps/core.xml"))


def test_several_sheets_and_an_empty_one() -> None:
    data = write(table([["a"]], 1, "One"), table([], 2, "Two"), table([["b", 1]], 2, "Three"))

    assert rows_of(data) == {"One": [["a"]], "Two": [], "Three": [["b", 1]]}
    assert read(data)["Two"].auto_filter.ref == "A1:B1"


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["a[b]:c*d?e/f\\g"], ["a_b__c_d_e_f_g"]),
        (["Same", "same"], ["Same", "same (2)"]),
        (["长" * 40, "长" * 40], ["长" * 31, "长" * 27 + " (2)"]),
        (["𠮷" * 20], ["𠮷" * 15]),
        (["'quoted'"], ["quoted"]),
        (["it's"], ["it's"]),
        (["", "\x00"], ["_", "_ (2)"]),
        (["History"], ["History_"]),
        (["A (2)", "A", "A"], ["A (2)", "A", "A (3)"]),
        (["_x000D_"], ["_x005F_x000D_"]),  # openpyxl leaves escapes as they are
    ],
)
def test_any_name_becomes_one_that_excel_allows(names: list[str], found: list[str]) -> None:
    assert list(rows_of(write(*(table([], 1, name) for name in names)))) == found


def test_the_filter_of_a_sheet_with_an_apostrophe_has_a_quoted_range() -> None:
    xml = xml_of(write(table([["x"]], 1, "it's & more")), "xl/workbook.xml")

    assert "'it''s &amp; more'!$A$1:$A$2</definedName>" in xml


@pytest.mark.parametrize(
    ("row_count", "sizes"),
    [(0, [0]), (3, [3]), (4, [3, 1]), (6, [3, 3]), (7, [3, 3, 1])],
)
def test_rows_beyond_the_limit_continue_on_further_sheets(
    monkeypatch: pytest.MonkeyPatch, row_count: int, sizes: list[int]
) -> None:
    monkeypatch.setattr(workbook, "ROWS_MAX", 4)
    rows = [[number] for number in range(row_count)]

    found = rows_of(write(table(rows, 1, "Many"), table([["end"]], 1, "Many (2)")))

    *continued, (_, last) = found.items()
    assert [name for name, _ in continued] == ["Many", "Many (2)", "Many (3)"][: len(sizes)]
    assert [len(part) for _, part in continued] == sizes
    assert [row for _, part in continued for row in part] == rows
    assert last == [["end"]]


def test_a_sheet_ends_before_its_part_would_need_zip64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "SHEET_BYTES_MAX", 1_000)
    rows = [["x" * 600] for _ in range(5)]

    found = rows_of(write(table(rows, 1)))

    assert [len(part) for part in found.values()] == [2, 2, 1]


@pytest.mark.parametrize(
    ("text", "cell_count"),
    [
        pytest.param("a" * 32_767, 1, id="fits"),
        pytest.param("长" * 32_768, 2, id="one more"),
        pytest.param("𠮷" * 16_384, 2, id="pairs"),
        pytest.param("a" + "𠮷" * 40_000, 3, id="one and pairs"),
        pytest.param("_x000D_" * 10_000, 3, id="escapes"),
    ],
)
def test_a_text_too_long_for_a_cell_continues_beneath(text: str, cell_count: int) -> None:
    data = write(table([["before", text, 1], ["after", "", 2]], 3))

    first, *continued, after = re.findall("<row .*?</row>", xml_of(data))[1:]
    pieces = [re.findall("<t [^>]*>([^<]*)</t>", row)[-1] for row in [first, *continued]]
    pieces = [piece.replace("_x005F_", "_") for piece in pieces]
    assert "".join(pieces) == text
    assert max(len(piece.encode("utf-16-le")) // 2 for piece in pieces) <= 32_767
    assert len(pieces) == cell_count
    assert all(row.count("<c ") == 1 for row in continued)
    assert "after" in after


@pytest.mark.parametrize("width", [0, 16_385])
def test_a_sheet_without_columns_or_with_too_many_is_refused(width: int) -> None:
    with pytest.raises(ValueError, match="columns"):
        table([], width)


@pytest.mark.parametrize("row", [["a"], ["a", "b", "c"], []])
def test_a_row_of_another_length_is_refused(row: list[Cell]) -> None:
    with pytest.raises(ValueError, match="zip"):
        write(table([["a", "b"], row], 2))


def test_a_workbook_without_sheets_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one sheet"):
        write()


def test_a_file_larger_than_the_archive_can_say_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "FILE_BYTES_MAX", 2_000)

    with pytest.raises(OverflowError):
        write(table([["x"]], 1))


def test_pieces_come_while_rows_are_read() -> None:
    rows_read = 0

    def rows() -> Iterator[Row]:
        nonlocal rows_read
        for rows_read in range(1, 20_001):
            yield [f"{rows_read * 7919 % 100_003:018}", "张三", date(2020, 2, 3), rows_read]

    pieces = stream_workbook([table(rows(), 4)], now=NOW)

    rows_read_by_piece = []
    for piece in pieces:
        assert piece
        rows_read_by_piece.append(rows_read)
    steps = [after - before for before, after in pairwise(rows_read_by_piece)]
    assert rows_read_by_piece[0] == 0
    assert rows_read == 20_000
    assert max(steps) < 3_000


def test_a_sheet_is_asked_for_only_when_the_one_before_it_is_done() -> None:
    asked: list[str] = []

    def sheets() -> Iterator[Sheet]:
        for name in ("One", "Two"):
            asked.append(name)
            yield table([["x"]], 1, name)

    stream = stream_workbook(sheets(), now=NOW)

    assert not asked
    next(piece for piece in stream if b"sheet1.xml" in piece)
    assert asked == ["One"]
    next(piece for piece in stream if b"sheet2.xml" in piece)
    assert asked == ["One", "Two"]


def test_the_archive_is_whole_and_of_the_plainest_kind() -> None:
    data = write(table([["x"]], 1), table([["y"]], 1))

    archive = ZipFile(BytesIO(data))
    assert archive.testzip() is None
    assert {(part.extract_version, part.create_version, part.extra) for part in archive.infolist()} == {
        (20, 20, b"")
    }
    assert {part.date_time for part in archive.infolist()} == {(2026, 2, 3, 4, 5, 6)}
    assert data == write(table([["x"]], 1), table([["y"]], 1))
