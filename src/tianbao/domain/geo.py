"""Distances and areas on the globe, for the expressions of forms.

Below `domain.functions`. A point is ODK's geopoint, `latitude longitude [altitude [accuracy]]` in degrees and
metres. The earth is a sphere of ODK's radius and altitude does not count. Must not know: forms, maps.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import pairwise
from operator import add
from typing import Final, TypeAlias

EARTH_RADIUS_M: Final = 6_378_100
"""ODK's (JavaRosa, Enketo, Web Forms)."""

Point: TypeAlias = tuple[float, float]
"""Latitude and longitude in radians."""

_POINT = re.compile(r"(-?[0-9]{1,3}(?:\.[0-9]+)?) (-?[0-9]{1,3}(?:\.[0-9]+)?)(?: -?[0-9.]+){0,2}")


def read_points(texts: Iterable[str]) -> list[Point] | None:
    """The points in texts, several in one being parted by `;`; None where one cannot be read."""
    points = []
    for text in ";".join(texts).split(";"):
        match = _POINT.fullmatch(text.strip(" "))
        if match is None or abs(float(match[1])) > 90 or abs(float(match[2])) > 180:
            return None
        points.append((float(match[1]) * math.pi / 180, float(match[2]) * math.pi / 180))
    return points


def distance_m(texts: Sequence[str]) -> float:
    """Along the points, in metres to the centimetre; 0 without a way, NaN where a point is missing."""
    points = read_points(texts) if texts else []
    if points is None:
        return math.nan
    return _to_centimetres(reduce(add, (_between(start, end) for start, end in pairwise(points)), 0.0))


def area_m2(texts: Sequence[str]) -> float:
    """Within the points, the last joined to the first, in square metres; NaN where a point is missing."""
    points = read_points(texts) if texts else []
    if points is None:
        return math.nan
    total = 0.0
    for start, end in pairwise([*points, *points[:1]]):
        total += (end[1] - start[1]) * (2 + math.sin(start[0]) + math.sin(end[0]))
    return _to_centimetres(abs(total) * EARTH_RADIUS_M * EARTH_RADIUS_M / 2)


def _between(start: Point, end: Point) -> float:
    """By haversines, which tell near points apart where the law of cosines cannot."""
    north, east = math.sin((end[0] - start[0]) / 2), math.sin((end[1] - start[1]) / 2)
    half = math.sqrt(min(1.0, north * north + math.cos(start[0]) * math.cos(end[0]) * east * east))
    return 2 * EARTH_RADIUS_M * math.asin(half)


def _to_centimetres(metres: float) -> float:
    return math.floor(metres * 100 + 0.5) / 100
