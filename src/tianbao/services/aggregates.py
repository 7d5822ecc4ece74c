"""Numbers for an upper level: arrivals by place and day, whole days that are over, small numbers hidden.

Nothing can be chosen, so that no two questions differ by a person: the places below one's own, the last two weeks.
Works while names are sealed. Must not know: screens, records.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Sum

from tianbao.domain.access import Reach
from tianbao.domain.suppression import suppress
from tianbao.services.access import reachable_sites
from tianbao.services.areas import full_name
from tianbao.services.organisation import find_organisation
from tianbao.store.models import HourCount, Site

DAYS: Final = 14
ROWS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class PlaceCounts:
    """One place's arrivals by day, and their sum last; None where a number is hidden."""

    name: str
    counts: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Aggregates:
    """The table: days oldest first; `total` is the last row."""

    days: tuple[date, ...]
    places: tuple[PlaceCounts, ...]
    total: tuple[int | None, ...]


def count_places(*, reach: Reach, now_ms: int) -> Aggregates:
    """Arrivals of the last two weeks, today left out, by area; by site where there is one area alone."""
    zone = ZoneInfo(find_organisation().time_zone)
    today = datetime.fromtimestamp(now_ms / 1000, zone).date()
    days = tuple(today - timedelta(days=back) for back in range(DAYS, 0, -1))
    sites = list(reachable_sites(reach).order_by("area", "name"))
    names = _place_names(sites)
    rows = {name: [0] * DAYS for name in dict.fromkeys(names.values())}
    for index, day in enumerate(days):
        begin, end = _ms(day, zone), _ms(day + timedelta(days=1), zone)
        counted = HourCount.objects.filter(site__in=list(names), hour_ms__gte=begin, hour_ms__lt=end)
        for site, total in counted.values_list("site").annotate(Sum("count")):
            rows[names[site]][index] += total
    shown = suppress(list(rows.values()))
    places = tuple(PlaceCounts(name, tuple(counts)) for name, counts in zip(rows, shown, strict=False))
    return Aggregates(days, places, tuple(shown[-1]))


def _place_names(sites: list[Site]) -> dict[object, str]:
    """What each site counts towards: its area, or itself where all lie in one; the largest tables by county."""
    areas = {site.area for site in sites}
    if len(areas) <= 1 and len(sites) <= ROWS_MAX:
        return {site.id: f"{site.name} ({site.code})" for site in sites}
    wide = len(areas) > ROWS_MAX
    return {site.id: full_name(site.county if wide else site.area) or site.name for site in sites}


def _ms(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)
