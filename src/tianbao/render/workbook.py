"""A table as an Excel workbook (.xlsx), in pieces while its rows are still being read.

The last step of the way: services.reports brings the rows, an entry point sends the pieces on. A library would
spool the rows, names and document numbers among them, to temporary files unsealed, or hold them all in memory;
this one keeps a batch of rows and nothing else, however long the table is.

The format is ECMA-376 (Office Open XML), part 1 for the sheets and part 2 for the package.

- Text stays text, character by character: no formula, no number, no trimming. Its cells have the format "Text",
  so that it stays text even when somebody edits it.
- Excel holds 32,767 UTF-16 units in a cell. The rest of a longer text continues in the same column of further
  rows directly beneath, otherwise empty: nothing is cut off, and no single text can stop an export.
- Excel holds 1,048,576 rows in a sheet. Further rows continue on "Name (2)", under the same headings; so do the
  rows beyond 4,000,000,000 bytes of XML, because they would need ZIP64, which Excel takes from few writers.
- Excel knows no dates before March 1900 (its calendar is wrong there) and no numbers of more than 15 digits:
  these become text. It knows no time zones: a time stands as its own clock shows it.

Must not know: what the columns mean, who reads them, where the bytes go.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import IntEnum
from html import escape as escape_plain
from itertools import chain, count, zip_longest
from struct import pack
from typing import Final, TypeAlias

Cell: TypeAlias = str | int | float | datetime | date | None
"""None and the empty text are both an empty cell; a sheet knows no other."""
Row: TypeAlias = Sequence[Cell]

ROWS_MAX: Final = 1_048_576
COLUMNS_MAX: Final = 16_384
CELL_UNITS_MAX: Final = 32_767
NAME_UNITS_MAX: Final = 31
WIDTH_CHARACTERS_MAX: Final = 255
SHEET_BYTES_MAX: Final = 4_000_000_000
"""Of XML in one worksheet; below ZIP's 32 bits there is room left for one more row and the end."""
FILE_BYTES_MAX: Final = 0xFFFF_FFFF

_BATCH_BYTES: Final = 1 << 17
_DEFLATE_LEVEL: Final = 1  # for level 6 an export takes a third longer, and the file is a sixth smaller
_NUMBER_LIMIT: Final = 10**15
_DAY_FIRST: Final = date(1900, 3, 1).toordinal()
_DAY_ZERO: Final = date(1899, 12, 30).toordinal()
_DAY_SECONDS: Final = 86_400


class ColumnKind(IntEnum):
    """The format of a column, for what people type beneath the table; the value is its place in `cellXfs`."""

    NUMBER = 0
    TEXT = 1
    DATE = 2
    TIME = 3


_HEADING_STYLE: Final = 4


@dataclass(frozen=True, slots=True)
class Column:
    """`width_characters` counts Latin letters; a Chinese character takes two. More than Excel's 255 means 255."""

    heading: str
    width_characters: int = 12
    kind: ColumnKind = ColumnKind.TEXT


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table; each row has as many cells as there are columns. `name` may be any text: it is made to fit.

    Raises ValueError without a column, or with more than `COLUMNS_MAX`.
    """

    name: str
    columns: Sequence[Column]
    rows: Iterable[Row]

    def __post_init__(self) -> None:
        if not 1 <= len(self.columns) <= COLUMNS_MAX:
            raise ValueError(f"a sheet has 1 to {COLUMNS_MAX} columns, not {len(self.columns)}")


def stream_workbook(sheets: Iterable[Sheet], *, now: datetime) -> Iterator[bytes]:
    """The bytes of the file. Sheets and rows are read only as far as the pieces so far needed them.

    `now` (with its time zone) becomes the time of creation, the first sheet's name the title; nobody is named.
    Raises ValueError without a sheet or where a row is too short or too long, OverflowError where the file
    grows beyond 4 GiB. What was sent by then has no directory, so that no program takes it for the whole.
    """
    package = _Package(now)
    yield from package.add("_rels/.rels", [_PACKAGE_RELATIONS.encode()])
    yield from package.add("xl/styles.xml", [_STYLES.encode()])
    pages: list[_Page] = []
    for sheet in sheets:
        rows = _continue_long_texts(sheet.rows)
        while True:
            page = _Page(_choose_name(sheet.name, [page.name for page in pages]), sheet.columns)
            pages.append(page)
            yield from package.add(f"xl/worksheets/sheet{len(pages)}.xml", page.write(rows))
            following = next(rows, None)
            if following is None:
                break
            rows = chain([following], rows)
    if not pages:
        raise ValueError("a workbook has at least one sheet")
    yield from package.add("xl/workbook.xml", [_describe_workbook(pages).encode()])
    yield from package.add("xl/_rels/workbook.xml.rels", [_relate_pages(pages).encode()])
    yield from package.add("docProps/core.xml", [_describe_document(pages[0].name, now).encode()])
    yield from package.add("[Content_Types].xml", [_list_content_types(pages).encode()])
    yield package.close()


class _Page:
    """One worksheet of the file: a sheet, or as much of it as Excel holds in one."""

    def __init__(self, name: str, columns: Sequence[Column]) -> None:
        self.name = name
        self._columns = columns
        self._letters = [_name_column(position) for position in range(1, len(columns) + 1)]
        self._row_count = 1

    @property
    def quoted_name(self) -> str:
        """As a formula has it."""
        return "'" + self.name.replace("'", "''") + "'"

    @property
    def area(self) -> str:
        """Every cell written so far, headings included."""
        return f"$A$1:${self._letters[-1]}${self._row_count}"

    def write(self, rows: Iterator[Row]) -> Iterator[bytes]:
        """The XML, row by row; leaves in `rows` what has no room."""
        formats = "".join(
            f'<col min="{position}" max="{position}" style="{column.kind.value}" customWidth="1"'
            f' width="{min(column.width_characters, WIDTH_CHARACTERS_MAX)}"/>'
            for position, column in enumerate(self._columns, start=1)
        )
        headings = "".join(
            _encode_text(f"{letters}1", column.heading, _HEADING_STYLE)
            for letters, column in zip(self._letters, self._columns, strict=True)
        )
        yield (
            f'{_XML}<worksheet xmlns="{_SHEETS}"><sheetViews><sheetView workbookViewId="0">'
            '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
            f'<selection pane="bottomLeft"/></sheetView></sheetViews><cols>{formats}</cols>'
            f'<sheetData><row r="1">{headings}</row>'
        ).encode()
        sheet_bytes = 0
        for number, row in zip(range(2, ROWS_MAX + 1), rows, strict=False):
            line = _encode_row(number, self._letters, row).encode()
            yield line
            self._row_count = number
            sheet_bytes += len(line)
            if sheet_bytes >= SHEET_BYTES_MAX:
                break
        area = self.area.replace("$", "")
        yield (
            f'</sheetData><autoFilter ref="{area}"/><ignoredErrors>'
            f'<ignoredError sqref="{area}" numberStoredAsText="1"/></ignoredErrors></worksheet>'
        ).encode()


def _continue_long_texts(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, each followed by as many as its longest text needs."""
    for row in rows:
        for cell in row:
            if isinstance(cell, str) and len(cell) > CELL_UNITS_MAX // 2:
                columns = [_split_text(c, CELL_UNITS_MAX) if isinstance(c, str) else [c] for c in row]
                yield from zip_longest(*columns)
                break
        else:
            yield row


def _split_text(text: str, units_max: int) -> Iterator[str]:
    """Pieces of at most `units_max` UTF-16 units, which is how Excel counts; no character is torn apart."""
    start = units = 0
    for index, character in enumerate(text):
        width = 2 if character > "\uffff" else 1
        if units + width > units_max:
            yield text[start:index]
            start, units = index, 0
        units += width
    yield text[start:]


def _name_column(position: int) -> str:
    """1 → A, 27 → AA, 16384 → XFD."""
    letters = ""
    while position:
        position, letter = divmod(position - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def _encode_row(number: int, letters: Sequence[str], row: Row) -> str:
    encoded = [f'<row r="{number}">']
    for column, cell in zip(letters, row, strict=True):
        if cell is None or cell == "":
            continue
        reference = f"{column}{number}"
        if isinstance(cell, str):
            encoded.append(_encode_text(reference, cell))
        else:
            encoded.append(_encode_value(reference, cell))
    encoded.append("</row>")
    return "".join(encoded)


def _encode_text(reference: str, text: str, style: int = ColumnKind.TEXT.value) -> str:
    if not text.isalnum():  # most texts are, and asking takes a quarter of the time of looking
        text = _escape(text)
    return f'<c r="{reference}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _encode_value(reference: str, value: int | float | date) -> str:
    if isinstance(value, date):
        day = value.toordinal()
        if day < _DAY_FIRST:
            return _encode_text(reference, str(value))
        if not isinstance(value, datetime):
            return f'<c r="{reference}" s="{ColumnKind.DATE.value}"><v>{day - _DAY_ZERO}</v></c>'
        seconds = value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1_000_000
        days = day - _DAY_ZERO + seconds / _DAY_SECONDS
        return f'<c r="{reference}" s="{ColumnKind.TIME.value}"><v>{days!r}</v></c>'
    if abs(value) < _NUMBER_LIMIT:
        return f'<c r="{reference}"><v>{+value}</v></c>'  # the + turns True into 1
    return _encode_text(reference, str(value))


_ILLEGAL: Final = "\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff"  # in XML 1.0; and CR, which it would turn into LF
_SPECIAL: Final = re.compile(f'[&<>"{_ILLEGAL}]|_(?=x[0-9A-Fa-f]{{4}}(?:_|[{_ILLEGAL}]))')
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def _escape(text: str) -> str:
    """Text as an ST_Xstring (part 1, 22.9.2.19): `_xHHHH_` for what XML cannot hold.

    An underscore that would begin such a sequence, also with the one a neighbour becomes, is escaped itself.
    """
    return _SPECIAL.sub(lambda found: _ENTITIES.get(found[0]) or f"_x{ord(found[0]):04X}_", text)


_NOT_IN_A_NAME: Final = re.compile(f"[\\[\\]:*?/\\\\\t\n{_ILLEGAL}]")


def _choose_name(wanted: str, taken: Iterable[str]) -> str:
    """`wanted` as Excel allows a sheet's name, or the first of "wanted (2)", "wanted (3)" … that is free."""
    name = _NOT_IN_A_NAME.sub("_", wanted).strip("' ") or "_"
    if name.casefold() == "history":  # Excel keeps this one for itself
        name += "_"
    names_taken = {other.casefold() for other in taken}
    for number in count(1):
        suffix = f" ({number})" if number > 1 else ""
        candidate = next(_split_text(name, NAME_UNITS_MAX - len(suffix))).rstrip("' ") + suffix
        if candidate.casefold() not in names_taken:
            break
    return candidate


_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_SHEETS: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_CONTENT: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"

_PACKAGE_RELATIONS: Final = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    f'<Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties"'
    ' Target="docProps/core.xml"/></Relationships>'
)

_STYLES: Final = (
    f'{_XML}<styleSheet xmlns="{_SHEETS}"><numFmts count="2">'
    '<numFmt numFmtId="164" formatCode="yyyy-mm-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy-mm-dd hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="5">'
    + "".join(
        f'<xf numFmtId="{number_format}" fontId="{font}" fillId="0" borderId="0" xfId="0"'
        ' applyNumberFormat="1" applyFont="1"/>'
        for number_format, font in ((0, 0), (49, 0), (164, 0), (165, 0), (49, 1))
    )
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def _describe_workbook(pages: Sequence[_Page]) -> str:
    """The list of sheets. Excel looks for the range of a filter in a hidden name of this form, too."""
    sheets = "".join(
        f'<sheet name="{_escape(page.name)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, page in enumerate(pages, start=1)
    )
    names = "".join(
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{index}" hidden="1">'
        f"{_escape(page.quoted_name)}!{page.area}</definedName>"
        for index, page in enumerate(pages)
    )
    return (
        f'{_XML}<workbook xmlns="{_SHEETS}" xmlns:r="{_OFFICE}"><bookViews><workbookView/></bookViews>'
        f"<sheets>{sheets}</sheets><definedNames>{names}</definedNames></workbook>"
    )


def _relate_pages(pages: Sequence[_Page]) -> str:
    sheets = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, len(pages) + 1)
    )
    return (
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{sheets}'
        f'<Relationship Id="rIdStyles" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    )


def _describe_document(title: str, now: datetime) -> str:
    created = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'{_XML}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape_plain(title)}</dc:title>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{created}</dcterms:created></cp:coreProperties>'
    )


def _list_content_types(pages: Sequence[_Page]) -> str:
    sheets = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_CONTENT}.worksheet+xml"/>'
        for number in range(1, len(pages) + 1)
    )
    return (
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_CONTENT}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_CONTENT}.styles+xml"/>{sheets}'
        '<Override PartName="/docProps/core.xml"'
        ' ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
    )


class _Package:
    """The ZIP archive (part 2, 10.2), written from front to back; sizes follow each part's data.

    Not `zipfile`: unable to seek, it makes ZIP64 of every part that may pass 2 GiB, as a full sheet may.
    """

    _VERSION = 20
    _SIZES_FOLLOW = 1 << 3
    _DEFLATED = 8

    def __init__(self, now: datetime) -> None:
        time_of_day = now.hour << 11 | now.minute << 5 | now.second // 2
        day = now.year - 1980 << 9 | now.month << 5 | now.day
        self._kind = pack("<5H", self._VERSION, self._SIZES_FOLLOW, self._DEFLATED, time_of_day, day)
        self._directory: list[bytes] = []
        self._bytes_sent = 0

    def add(self, name: str, content: Iterable[bytes]) -> Iterator[bytes]:
        """One part of the package."""
        start = self._bytes_sent
        yield self._send(b"PK\3\4" + self._kind + pack("<3L2H", 0, 0, 0, len(name), 0) + name.encode())
        data_start = self._bytes_sent
        deflater = zlib.compressobj(_DEFLATE_LEVEL, wbits=-zlib.MAX_WBITS)
        checksum = content_bytes = 0
        for batch in _gather(content):
            checksum = zlib.crc32(batch, checksum)
            content_bytes += len(batch)
            if packed := deflater.compress(batch):
                yield self._send(packed)
        yield self._send(deflater.flush())
        sizes = pack("<3L", checksum, self._bytes_sent - data_start, content_bytes)
        yield self._send(b"PK\7\10" + sizes)
        made_by, place = pack("<H", self._VERSION), pack("<5H2L", len(name), 0, 0, 0, 0, 0, start)
        self._directory.append(b"PK\1\2" + made_by + self._kind + sizes + place + name.encode())

    def close(self) -> bytes:
        """The directory."""
        start, part_count, directory = self._bytes_sent, len(self._directory), b"".join(self._directory)
        end = b"PK\5\6" + pack("<4H2LH", 0, 0, part_count, part_count, len(directory), start, 0)
        return self._send(directory + end)

    def _send(self, piece: bytes) -> bytes:
        self._bytes_sent += len(piece)
        if self._bytes_sent > FILE_BYTES_MAX:
            raise OverflowError(f"a workbook has at most {FILE_BYTES_MAX} bytes")
        return piece


def _gather(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in batches, because compressing row by row would cost more than it packs."""
    batch = bytearray()
    for piece in pieces:
        batch += piece
        if len(batch) >= _BATCH_BYTES:
            yield bytes(batch)
            batch.clear()
    yield bytes(batch)
