"""Names of registrations: time-ordered ids, and the short number people read to each other.

Made on the phone (`render/page/queue.js`), by the edge for pages without script, and by the console for
people without a phone. Must not know: where they are stored.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final
from uuid import UUID

NUMBER_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NUMBER_PAIRS: Final = [first + second for first in NUMBER_ALPHABET for second in NUMBER_ALPHABET]
"""Crockford's base 32: no I, L, O, U."""
NUMBER_LENGTH: Final = 8

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_MISREAD = str.maketrans("OIL", "011")


def uuid7(unix_ms: int, entropy: bytes) -> UUID:
    """A UUIDv7 (RFC 9562 §5.7) of a time in milliseconds and at least 10 random bytes."""
    number = (unix_ms & (1 << 48) - 1) << 80 | int.from_bytes(entropy[:10], "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=number)


def read_uuid7(text: object) -> str | None:
    """The id as 32 lower-case hex digits, the form in which it is stored; None if it is no UUIDv7."""
    if not isinstance(text, str) or len(text) > 36 or not _UUID.fullmatch(lower := text.lower()):
        return None
    return lower.replace("-", "")


def write_uuid(hex_id: str) -> str:
    """32 hex digits in the usual form with hyphens."""
    return f"{hex_id[:8]}-{hex_id[8:12]}-{hex_id[12:16]}-{hex_id[16:20]}-{hex_id[20:]}"


def unix_ms_of(hex_id: str) -> int:
    """The time in a UUIDv7, milliseconds."""
    return int(hex_id[:12], 16)


def short_number(hex_id: str) -> str:
    """The eight characters that people read out and type, from the id alone: no counter to agree on.

    Two of a million registrations of one site and day share a number with probability about 0.4; whoever
    looks one up is shown all that match.
    """
    number = int.from_bytes(hashlib.sha256(bytes.fromhex(hex_id)).digest()[:5], "big")
    pairs = _NUMBER_PAIRS
    return pairs[number >> 30] + pairs[number >> 20 & 1023] + pairs[number >> 10 & 1023] + pairs[number & 1023]


def write_number(number: str) -> str:
    """4F7K2M9Q as it is shown: 4F7K-2M9Q."""
    return f"{number[:4]}-{number[4:]}"


def read_number(text: str) -> str | None:
    """A short number as somebody typed it: hyphens, spaces and case do not matter, O is 0, I and L are 1."""
    letters = re.sub(r"[\s\-]", "", text).upper().translate(_MISREAD)
    if len(letters) != NUMBER_LENGTH or any(letter not in NUMBER_ALPHABET for letter in letters):
        return None
    return letters
