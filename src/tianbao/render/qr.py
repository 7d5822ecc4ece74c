"""QR codes (ISO/IEC 18004) for paper and screens.

Used by posters, cards, receipts and the console. Must not know: what the text opens.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Final

import segno
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
    """A black-and-white PNG of `scale` pixels a module, quiet zone included."""
    png = io.BytesIO()
    qr_code(text).save(png, kind="png", scale=scale, border=QUIET_ZONE_MODULES)
    return png.getvalue()
