"""Posters as one print page, exact from the browser's print dialogue: a sheet of paper for each site.

The first step of a registration; called by `console.posters`. All lengths are rem, and one rem is a tenth of the
sheet's width on A4, so that A3 is the same drawing larger. Nothing depends on printed backgrounds or on colour.
Must not know: what happens after the scan.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from markupsafe import Markup

from tianbao.domain.forms import text_in
from tianbao.domain.sites import Installation, Site, poster_url
from tianbao.render.pages import render_page, script
from tianbao.render.qr import qr_svg
from tianbao.texts import Translator

_NUMBER_HYPHEN: Final = re.compile(r"(?<=\d)-(?=\d)")
_UNBROKEN_HYPHEN: Final = "\u2060-\u2060"
"""Between word joiners: a telephone number is not cut at the end of a line."""


class Paper(StrEnum):
    """What a poster is printed on."""

    A4 = "a4"
    A3 = "a3"
    CARD = "card"
    """A card for the guard's table: an A4 sheet folded once across, both sides alike, that stands by itself."""


@dataclass(frozen=True, slots=True)
class _Box:
    """Room for a text on the drawing: its width, and between which type sizes it keeps to one line.

    Hundredths of a rem. A text too long for one line of `size_line` takes `lines_max` lines, as small as it must.
    """

    width: int
    size_max: int
    size_line: int
    lines_max: int


TYPE_SIZE_MIN: Final = 26
"""Hundredths of a rem: 7 point on A4. What does not fit even so takes more lines."""

_BOXES: Final[Mapping[Paper, Mapping[str, _Box]]] = {
    Paper.A4: {
        "organisation": _Box(1840, 60, 46, 2),
        "name": _Box(1840, 130, 90, 2),
        "address": _Box(1290, 95, 60, 2),
        "purpose": _Box(1150, 42, 42, 4),
        "contact": _Box(560, 50, 40, 3),
    },
    Paper.CARD: {
        "organisation": _Box(900, 42, 34, 2),
        "name": _Box(900, 85, 60, 3),
        "address": _Box(1350, 75, 50, 2),
        "purpose": _Box(560, 34, 30, 5),
        "contact": _Box(540, 38, 32, 3),
    },
}


@dataclass(frozen=True, slots=True)
class _Poster:
    """One site's poster: its texts, and the class of the type size that each fits with."""

    site: Site
    address: str
    qr: Markup
    sizes: Mapping[str, str]


def poster_page(
    *,
    installation: Installation,
    sites: Sequence[Site],
    paper: Paper,
    languages: tuple[str, ...],
    translators: Mapping[str, Translator],
) -> str:
    """Posters of all the sites in order, one to a sheet. The first of one or two languages is the larger one."""
    used: set[int] = set()
    contact = _NUMBER_HYPHEN.sub(_UNBROKEN_HYPHEN, installation.contact)
    boxes = _BOXES[Paper.CARD if paper is Paper.CARD else Paper.A4]

    def draw(site: Site) -> _Poster:
        address = typed_address(installation, site)
        texts = {
            "organisation": installation.organisation,
            "name": site.name,
            "address": address,
            "purpose": max((text_in(installation.purpose, language) for language in languages), key=_width_ems),
            "contact": contact,
        }
        sizes = {name: _size_that_fits(texts[name], box) for name, box in boxes.items()}
        used.update(sizes.values())
        title = f"{site.name} {site.code}"
        classes = {name: f"z{size}" for name, size in sizes.items()}
        return _Poster(site, address, qr_svg(poster_url(installation, site), title=title), classes)

    posters = [draw(site) for site in sites]
    return render_page(
        "poster.html.j2",
        installation=installation,
        contact=contact,
        language=languages[0],
        _=translators[languages[0]],
        styles=("poster.css", "print.css"),
        scripts=script("print.js"),
        sizes=_size_rules(paper, used),
        paper=paper,
        posters=posters,
        words=[(language, translators[language]) for language in languages],
    )


def typed_address(installation: Installation, site: Site) -> str:
    """The poster's address as short as a browser takes it when typed: `192.168.1.5:8000/S/7K3PM`.

    Browsers try both schemes, except that they do not expect TLS on an unusual port.
    """
    address = urlsplit(installation.address)
    scheme = "https://" if address.scheme == "https" and address.port not in (None, 443) else ""
    return f"{scheme}{address.netloc}{site.path()}"


def _size_rules(paper: Paper, type_sizes: set[int]) -> Markup:
    page = f"@page{{size:{'A3' if paper is Paper.A3 else 'A4'};margin:0}}"
    return Markup(page + "".join(f".z{size}{{font-size:{size / 100}rem}}" for size in sorted(type_sizes)))  # noqa: S704


def _size_that_fits(text: str, box: _Box) -> int:
    """The largest type for a text in a box, hundredths of a rem; lines that break early cost a tenth."""
    width_ems = max(_width_ems(text), 1)
    on_one_line = box.width / width_ems
    if on_one_line >= box.size_line:
        return math.floor(min(box.size_max, on_one_line))
    return max(TYPE_SIZE_MIN, math.floor(min(box.size_line, 0.9 * box.width * box.lines_max / width_ems)))


def _width_ems(text: str) -> float:
    """About how wide a text is set, in ems: East Asian characters are square, others about 0.6 wide."""
    return sum(1 if unicodedata.east_asian_width(char) in "WF" else 0.6 for char in text)
