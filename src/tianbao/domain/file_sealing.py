"""A file sealed piece by piece, so that memory does not grow with it (docs/adr/0008).

    mark · sealed head · sealed piece 0 · … · sealed piece n

Each file has a key of its own, used for nothing else. The head says what the file is and where it was sent
to; it is written last, into the room left for it. The nonce of a piece is its number and whether it is the
last, as in the age format (C2SP age.md, "Payload"): pieces that were moved, repeated, left out or cut off do
not open. All are bound to the file's id, so one file does not open in another's place. Must not know: where
files lie, what they hold.

Sources: NIST SP 800-38D (GCM); Hoang, Reyhanitabar, Rogaway, Vizár 2015 (STREAM).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tianbao.domain.sealing import CannotOpen

MARK: Final = b"TBFILE1\n"
TAG_BYTES: Final = 16
HEAD_BYTES: Final = 2_048
PIECE_BYTES: Final = 65_536
SEALED_HEAD_BYTES: Final = HEAD_BYTES + TAG_BYTES
SEALED_PIECE_BYTES: Final = PIECE_BYTES + TAG_BYTES
PIECES_AT: Final = len(MARK) + SEALED_HEAD_BYTES
"""Where the first piece begins."""


class _Part(IntEnum):
    """The last byte of a nonce."""

    PIECE = 0
    LAST_PIECE = 1
    HEAD = 2


@dataclass(frozen=True, slots=True)
class FileHead:
    """What a stored file is: the site and form it was sent to, its name, media type, size and SHA-256 (hex)."""

    site: str
    form: str
    name: str
    type: str
    bytes: int
    digest: str


def seal_head(cipher: AESGCM, head: FileHead, *, file_id: str) -> bytes:
    """SEALED_HEAD_BYTES, however long the names are. ValueError if they are too long."""
    text = json.dumps(asdict(head), ensure_ascii=False).encode("utf-8", "replace")
    if len(text) > HEAD_BYTES:
        raise ValueError("a file's head is too long")
    return cipher.encrypt(_nonce(0, _Part.HEAD), text.ljust(HEAD_BYTES), _bound_to(file_id))


def open_head(cipher: AESGCM, sealed: bytes, *, file_id: str) -> FileHead:
    """The inverse; CannotOpen for another key, another file or changed bytes."""
    return FileHead(**json.loads(_open(cipher, _nonce(0, _Part.HEAD), sealed, file_id)))


def seal_piece(cipher: AESGCM, piece: bytes, *, file_id: str, index: int, is_last: bool) -> bytes:
    """One piece; all but the last have PIECE_BYTES."""
    return cipher.encrypt(_nonce(index, _kind(is_last)), piece, _bound_to(file_id))


def open_piece(cipher: AESGCM, sealed: bytes, *, file_id: str, index: int, is_last: bool) -> bytes:
    """The inverse; CannotOpen for a piece that is not this one of this file."""
    return _open(cipher, _nonce(index, _kind(is_last)), sealed, file_id)


def piece_count(sealed_bytes: int) -> int:
    """How many pieces a sealed file of that many bytes has."""
    return -(-(sealed_bytes - PIECES_AT) // SEALED_PIECE_BYTES)


def _kind(is_last: bool) -> _Part:
    return _Part.LAST_PIECE if is_last else _Part.PIECE


def _nonce(index: int, part: _Part) -> bytes:
    return index.to_bytes(11, "big") + bytes([part])


def _bound_to(file_id: str) -> bytes:
    return b"tianbao file " + file_id.encode()


def _open(cipher: AESGCM, nonce: bytes, sealed: bytes, file_id: str) -> bytes:
    try:
        return cipher.decrypt(nonce, sealed, _bound_to(file_id))
    except (InvalidTag, ValueError) as error:
        raise CannotOpen from error
