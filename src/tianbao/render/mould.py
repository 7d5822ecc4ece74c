"""A page that is poured many times: what all its readers share is rendered, hashed and packed once.

Every receipt is a page of its own, and at a rush all are asked for at once: of its 14,000 bytes a few hundred
are somebody's own. Used by `render.receipt_page`. Must not know: any particular page.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from tianbao.render.pages import page_csp

PACKED_APART_BYTES_MIN: Final = 1_000
"""A shared part of that size is packed once; smaller ones are packed with what stands between them."""
STORED_BYTES_MAX: Final = 300
"""So little is not worth packing."""
LEVEL: Final = 5
_HOLE = re.compile("\x02([a-z_]+)\x03")
_GZIP_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_DEFLATE_END: Final = b"\x03\x00"


def hole(name: str) -> Markup:
    """Where in a page somebody's own words come, in control characters that no text of ours has."""
    return Markup(f"\x02{name}\x03")  # noqa: S704 - our own names


class Mould:
    """A rendered page with holes. No hole is in style or script, so one policy holds for all that is poured."""

    __slots__ = ("_names", "_packed", "_texts", "csp")

    def __init__(self, html: str) -> None:
        parts = _HOLE.split(html)
        self._texts = [text.encode() for text in parts[::2]]
        self._names = parts[1::2]
        self._packed = [_deflate(text) if len(text) >= PACKED_APART_BYTES_MIN else b"" for text in self._texts]
        self.csp = page_csp(html)

    def pour(self, values: Mapping[str, str]) -> Poured:
        """The page with a value in each hole, escaped where it is not markup. KeyError: a hole without a value."""
        own = [str(escape(values[name])).encode() for name in self._names]
        return Poured(self, own)


@dataclass(frozen=True, slots=True)
class Poured:
    """Somebody's page; `own` are the bytes in its holes, in their order."""

    mould: Mould
    own: list[bytes]

    @property
    def html(self) -> bytes:
        """The page as it is."""
        texts = self.mould._texts
        parts = [part for pair in zip(texts, self.own, strict=False) for part in pair]
        return b"".join([*parts, texts[-1]])

    @property
    def gzip(self) -> bytes:
        """The page packed (RFC 1952): DEFLATE blocks that look back at nothing before them stand in a row."""
        html = self.html
        packed, between = [_GZIP_HEAD], b""
        for index, text in enumerate(self.mould._texts):
            ready = self.mould._packed[index]
            if ready:
                packed += (_pack(between), ready)
                between = b""
            else:
                between += text
            if index < len(self.own):
                between += self.own[index]
        packed += (_pack(between), _DEFLATE_END, struct.pack("<II", zlib.crc32(html), len(html)))
        return b"".join(packed)


def _pack(part: bytes) -> bytes:
    if not part:
        return b""
    if len(part) <= STORED_BYTES_MAX:
        return struct.pack("<BHH", 0, len(part), len(part) ^ 0xFFFF) + part  # RFC 1951 §3.2.4
    return _deflate(part)


def _deflate(part: bytes) -> bytes:
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(part) + packer.flush(zlib.Z_FULL_FLUSH)
