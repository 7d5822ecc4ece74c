"""QR codes (ISO/IEC 18004) for paper and screens.

Used by posters, cards, receipts and the console. Must not know: what the text opens.
"""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import Final

import segno
import zxingcpp
from markupsafe import Markup

QUIET_ZONE_MODULES: Final = 4
"""ISO/IEC 18004 §9.1: that much white on each side."""
ERROR_LEVEL: Final = "q"
"""A quarter of the symbol may be dirty or torn."""


@lru_cache(512)
def qr_code(text: str) -> segno.QRCode:
    """The smallest symbol at level Q, or at H where that costs no larger one.

    The mode is the shortest that the text allows: upper case, digits and `$%*+-./:` stay alphanumeric.
    """
    return segno.make_qr(text, error=ERROR_LEVEL, boost_error=True)


def qr_svg(text: str, *, title: str = "") -> Markup:
    """An inline SVG without a size of its own: one path on white, quiet zone included, for style sheets to size.

    `title` is what a screen reader says; without one the symbol is decoration beside its text.
    """
    svg = qr_code(text).svg_inline(
        border=QUIET_ZONE_MODULES, light="#fff", omitsize=True, svgclass=None, lineclass=None, title=title or None
    )
    role = 'role="img"' if title else 'aria-hidden="true"'
    return Markup(svg.replace("<svg ", f"<svg {role} ", 1))  # noqa: S704 - segno escapes the title


def qr_png(text: str, scale: int) -> bytes:
    """A black-and-white PNG of `scale` pixels a module, quiet zone included. The same symbol as `qr_code`'s.

    Every receipt has one of its own, and at a rush all are asked for: this takes a tenth of segno's time.
    """
    modules = _modules(text)
    side = len(modules) + 2 * QUIET_ZONE_MODULES
    white = "1" * scale
    margin = white * QUIET_ZONE_MODULES
    rows = ["".join([margin, *(white if light else "0" * scale for light in row), margin]) for row in modules]
    quiet = [white * side] * QUIET_ZONE_MODULES
    lines = [_png_line(row) * scale for row in (*quiet, *rows, *quiet)]
    head = struct.pack(">IIBBBBB", side * scale, side * scale, 1, 0, 0, 0, 0)  # one bit a pixel, grey
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"".join(lines))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_part(kind, data) for kind, data in parts)


def _modules(text: str) -> list[bytes]:
    """A symbol's rows, a byte a module, 0 where it is dark; at level H where that is no larger than at Q."""
    symbols = [
        zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level=level).to_image(add_quiet_zones=False)
        for level in ("H", "Q")
    ]
    smallest = min((memoryview(symbol) for symbol in symbols), key=len)  # type: ignore[arg-type]
    return [bytes(row) for row in smallest.tolist()]


def _png_line(bits: str) -> bytes:
    """A line of pixels behind the number of its filter (0: none)."""
    padded = bits.ljust(-(-len(bits) // 8) * 8, "0")
    return b"\0" + int(padded, 2).to_bytes(len(padded) // 8, "big")


def _png_part(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
