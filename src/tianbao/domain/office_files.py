"""What is inside a ZIP file that answers a question: a document of Word, Excel, PowerPoint or OpenDocument,
or nothing that is taken.

Used by the edge once the whole file is there, since a ZIP's list of contents stands at its end. Only the list
and one small member are read, within limits, so that no archive can make it unpack more. Must not know: where
the bytes lie.

Sources: PKWARE APPNOTE 6.3 (ZIP), ECMA-376 Part 2 (Open Packaging Conventions), OpenDocument 1.3 Part 2.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from tianbao.domain.files import FileType
from tianbao.domain.problems import Code

Read: TypeAlias = Callable[[int, int], bytes]
"""(offset, length) → the bytes there."""

MEMBERS_MAX: Final = 4_096
DIRECTORY_BYTES_MAX: Final = 1_048_576
TYPES_BYTES_MAX: Final = 1_048_576
"""Of the member that names the types, packed and unpacked."""

_END: Final = struct.Struct("<4s4H2LH")
_MEMBER: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_COMMENT_BYTES_MAX: Final = 65_535
_STORED, _DEFLATED = 0, 8

_MAIN_PARTS: Final = {
    b"wordprocessingml.document.main+xml": FileType.DOCX,
    b"spreadsheetml.sheet.main+xml": FileType.XLSX,
    b"presentationml.presentation.main+xml": FileType.PPTX,
}
_OPEN_DOCUMENTS: Final = {kind.value.encode(): kind for kind in (FileType.ODT, FileType.ODS, FileType.ODP)}
_MACRO_TYPES: Final = (b"macroenabled", b"vbaproject", b"macrosheet", b"activex")
_MACRO_MEMBERS: Final = ("basic/", "scripts/", "macrosheets/", "activex/", "vbaproject.bin")


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    method: int
    packed_bytes: int
    offset: int
    is_encrypted: bool


def office_type(size: int, read: Read) -> FileType | Code:
    """What a ZIP of `size` bytes is: a type to keep, or FILE_MACROS or FILE_TYPE."""
    try:
        members = list(_members(size, read))
    except (struct.error, ValueError):
        return Code.FILE_TYPE
    if not members or any(member.is_encrypted for member in members):
        return Code.FILE_TYPE
    if any(part in f"/{member.name}" for member in members for part in map("/{}".format, _MACRO_MEMBERS)):
        return Code.FILE_MACROS
    if members[0].name == "mimetype" and members[0].method == _STORED:
        return _OPEN_DOCUMENTS.get(_unpack(members[0], read), Code.FILE_TYPE)
    types = next((member for member in members if member.name == "[content_types].xml"), None)
    if types is None:
        return Code.FILE_TYPE
    said = _unpack(types, read).replace(b"\0", b"").lower()  # without the zeros UTF-16 reads like UTF-8
    if any(part in said for part in _MACRO_TYPES):
        return Code.FILE_MACROS
    return next((kind for part, kind in _MAIN_PARTS.items() if part in said), Code.FILE_TYPE)


def _members(size: int, read: Read) -> Iterator[_Member]:
    """The list of contents; ValueError where it is none, too long, or not the last thing in the file."""
    start = max(0, size - _END.size - _COMMENT_BYTES_MAX)
    tail = read(start, size - start)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        raise ValueError("no end of a directory")
    _, disk, first_disk, here, count, length, offset, comment = _END.unpack_from(tail, at)
    is_whole = offset + length == start + at and at + _END.size + comment == len(tail)
    if disk or first_disk or here != count or not is_whole:
        raise ValueError("not one whole archive")
    if count > MEMBERS_MAX or length > DIRECTORY_BYTES_MAX:
        raise ValueError("too many members")
    directory = read(offset, length)
    at = 0
    for _ in range(count):
        signature, *fields = _MEMBER.unpack_from(directory, at)
        _made, _needed, flags, method, _time, _date, _crc, packed, _plain, name, extra, said, *_rest, place = fields
        if signature != b"PK\x01\x02":
            raise ValueError("not a member")
        at += _MEMBER.size
        text = directory[at : at + name].decode("utf-8", "replace").lower().replace("\\", "/")
        yield _Member(text, method, packed, place, bool(flags & 1))
        at += name + extra + said


def _unpack(member: _Member, read: Read) -> bytes:
    """A member's content up to TYPES_BYTES_MAX; empty where it cannot be read."""
    if member.packed_bytes > TYPES_BYTES_MAX:
        return b""
    try:
        signature, *_, name, extra = _LOCAL.unpack(read(member.offset, _LOCAL.size))
    except struct.error:
        return b""
    if signature != b"PK\x03\x04":
        return b""
    packed = read(member.offset + _LOCAL.size + name + extra, member.packed_bytes)
    if member.method == _STORED:
        return packed
    if member.method != _DEFLATED:
        return b""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, TYPES_BYTES_MAX)
    except zlib.error:
        return b""
