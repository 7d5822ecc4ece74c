"""A table as comma-separated values, in pieces while its rows are still being read.

The last step of the way, beside `render.workbook` and with its cells. As RFC 4180 has it: commas, CR LF, double
quotes where needed; one batch of rows in memory, whatever the length of the table. Times are ISO 8601, numbers
as they are, None is empty. A surrogate without its partner is no character in any encoding; it becomes `\\udXXX`.

Spreadsheets that open such a file run `=1+1` as a formula and turn a document number into a float. An apostrophe
before the text prevents both; `unguard` gives back exactly what was there.

Must not know: what the columns mean, who reads them, where the bytes go.
"""

from __future__ import annotations

import csv
import re
from codecs import getincrementalencoder
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from enum import Enum
from io import StringIO
from typing import Final

from tianbao.render.workbook import Cell, Column, Row

_BATCH_CHARACTERS: Final = 1 << 16
_GUARD: Final = "'"


class CsvEncoding(Enum):
    """The value is the codec's name."""

    UTF8_BOM = "utf-8-sig"
    """For Excel, which takes a file without the mark for one in the computer's old encoding."""
    GB18030 = "gb18030"
    """For programs that ask for it. Like UTF-8 it has every character."""


class LongNumbers(Enum):
    """Texts that a spreadsheet would take for a number and show as another one."""

    GUARDED = "guarded"
    """With an apostrophe, for people: 12 digits and more, a leading zero, 1E5."""
    PLAIN = "plain"
    """As they are, for programs."""


_FORMULA: Final = r"[=+\-@\t\r\n＝＋－＠']"
_LONG_NUMBER: Final = r"\s*(?:\d{12,}|[0０]\d+(?:\.\d+)?|\d+[Ee]\d+)\s*\Z"
_AT_RISK: Final = {
    LongNumbers.GUARDED: re.compile(f"{_FORMULA}|{_LONG_NUMBER}"),
    LongNumbers.PLAIN: re.compile(_FORMULA),
}


def stream_csv(
    columns: Sequence[Column], rows: Iterable[Row], *, encoding: CsvEncoding, numbers: LongNumbers
) -> Iterator[bytes]:
    """The bytes of the file: headings, then rows, read only as far as the pieces so far needed them.

    Raises ValueError where a row is not as long as `columns`.
    """
    encoder = getincrementalencoder(encoding.value)("backslashreplace")
    batch = StringIO(newline="")
    writer = csv.writer(batch)
    writer.writerow([guard(column.heading, numbers) for column in columns])
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"a row of {len(row)} cells under {len(columns)} headings")
        writer.writerow([_encode_cell(cell, numbers) for cell in row])
        if batch.tell() >= _BATCH_CHARACTERS:
            yield encoder.encode(batch.getvalue())
            batch.seek(0)
            batch.truncate()
    if last := encoder.encode(batch.getvalue(), final=True):
        yield last


def _encode_cell(cell: Cell, numbers: LongNumbers) -> str | int | float | None:
    if isinstance(cell, str):
        return guard(cell, numbers)
    if isinstance(cell, date):
        return cell.isoformat()
    return cell


def guard(text: str, numbers: LongNumbers) -> str:
    """Text with an apostrophe before what a spreadsheet would run or change, and before an apostrophe."""
    return _GUARD + text if _AT_RISK[numbers].match(text) else text


def unguard(text: str) -> str:
    """The inverse of `guard`, for whoever reads such a file."""
    return text.removeprefix(_GUARD)
