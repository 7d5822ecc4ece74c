"""The bundled divisions, loaded once for this process, and the area a person meant.

Used by set-up and sites. Must not know: how areas are picked on a screen.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from tianbao.data import read_divisions
from tianbao.domain.places import Candidates, Gazetteer, Level, Place, Resolved
from tianbao.domain.problems import Code, refuse

AREA_TEXT_LENGTH_MAX: Final = 100
CANDIDATES_MAX: Final = 12
TIME_ZONE_DEFAULT: Final = "Asia/Shanghai"
_TIME_ZONES: Final = {"71": "Asia/Taipei", "81": "Asia/Hong_Kong", "82": "Asia/Macau"}


@cache
def gazetteer() -> Gazetteer:
    """The divisions in memory."""
    return Gazetteer.from_bytes(read_divisions())


def find_area(*, text: str, code: str = "", question: str = "area") -> str:
    """The code of the area somebody typed or chose; empty for none.

    `code` is a choice among what `text` may mean and counts only where it fits it. Refused: unknown, unclear.
    """
    text = text.strip()
    if len(text) > AREA_TEXT_LENGTH_MAX:
        raise refuse(Code.TOO_LONG, question, length_max=AREA_TEXT_LENGTH_MAX)
    places = gazetteer()
    if not text:
        if code and places.place(code) is None:
            raise refuse(Code.UNKNOWN_PLACE_CODE, question)
        return code
    if places.place(text) is not None:
        return text
    if code and places.full_name(code) == text:
        return code
    found = places.resolve(text)
    if isinstance(found, Resolved):
        return found.code
    if isinstance(found, Candidates):
        if code in (place.code for place in found.places):
            return code
        raise refuse(Code.PLACE_UNCLEAR, question)
    raise refuse(Code.UNKNOWN_PLACE_CODE, question)


def is_site_area(code: str) -> bool:
    """Whether an area is small enough for a site: a county, or whatever holds no counties (东莞, 香港)."""
    return not any(place.level <= Level.COUNTY for place in gazetteer().children(code))


def area_candidates(text: str) -> tuple[Place, ...]:
    """What an unclear text may mean, best first."""
    found = gazetteer().resolve(text)
    return found.places[:CANDIDATES_MAX] if isinstance(found, Candidates) else ()


def area_name(code: str) -> str:
    """The whole name of an area; empty for none."""
    return gazetteer().full_name(code) if code else ""


def time_zone_of(area: str) -> str:
    """The time zone an area lives by; UTC for none."""
    return _TIME_ZONES.get(area[:2], TIME_ZONE_DEFAULT) if area else "UTC"
