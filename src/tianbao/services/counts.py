"""Numbers at a glance: how many came, when, where and from where. Reads counters, opens no identity.

Called by the console's first screen, sealed names or not. Counters are kept by whole hours of UTC: where the clock
stands half an hour off, a day begins with the hour that holds its midnight. Must not know: HTTP, charts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, Sum

from tianbao.domain.access import Reach
from tianbao.services.access import reachable_sites
from tianbao.services.divisions import area_name
from tianbao.services.organisation import find_organisation
from tianbao.services.records import count_records
from tianbao.services.selection import Filters
from tianbao.store.models import HourCount, Site

HOUR_MS: Final = 3_600_000
HOURS_SHOWN: Final = 24
ORIGINS_SHOWN: Final = 10
SITES_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class HourArrivals:
    """Arrivals of one hour; `begins_at` in the organisation's time zone. The last one is not over yet."""

    begins_at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class SiteArrivals:
    """Arrivals of one site."""

    code: str
    name: str
    today: int
    this_hour: int


@dataclass(frozen=True, slots=True)
class OriginArrivals:
    """Today's arrivals from one city; `code` has six digits."""

    code: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Glance:
    """Everything the first screen says, of one site or of all.

    `yesterday_so_far` counts yesterday until this hour of the clock. `symptoms` and `doubtful` are today's records
    that need a look, counted up to `selection.COUNT_MAX` + 1. `other_origins` came from cities beyond `origins`,
    `no_origin` gave no place, or none that was understood.
    """

    now: datetime
    today: int
    this_hour: int
    yesterday: int
    yesterday_so_far: int
    symptoms: int
    doubtful: int
    hours: tuple[HourArrivals, ...]
    sites: tuple[SiteArrivals, ...]
    origins: tuple[OriginArrivals, ...]
    other_origins: int
    no_origin: int


def count_arrivals(*, reach: Reach, site: str = "", now_ms: int) -> Glance:
    """The numbers of this moment, of the sites within `reach`. `site` is a code, empty for all of them."""
    zone = ZoneInfo(find_organisation().time_zone)
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    day_ms = _hour_of(midnight)
    day_before_ms = _hour_of(midnight - timedelta(days=1))
    this_hour_ms = now_ms // HOUR_MS * HOUR_MS
    first_shown_ms = this_hour_ms - (HOURS_SHOWN - 1) * HOUR_MS

    counters = HourCount.objects.filter(hour_ms__lte=this_hour_ms)
    if not reach.is_everywhere:
        counters = counters.filter(site__in=list(reachable_sites(reach).values_list("id", flat=True)))
    if site:
        counters = counters.filter(site__code=site)
    by_hour = dict(
        counters.filter(hour_ms__gte=min(day_before_ms, first_shown_ms))
        .values_list("hour_ms")
        .annotate(Sum("count"))
    )

    def between(first_ms: int, end_ms: int) -> int:
        return sum(count for hour_ms, count in by_hour.items() if first_ms <= hour_ms < end_ms)

    today = between(day_ms, this_hour_ms + HOUR_MS)
    by_city = counters.filter(hour_ms__gte=day_ms).values_list("origin").annotate(total=Sum("count"))
    most = list(by_city.exclude(origin="").order_by("-total", "origin")[:ORIGINS_SHOWN])
    no_origin = sum(total for _, total in by_city.filter(origin=""))
    return Glance(
        now=now,
        today=today,
        this_hour=by_hour.get(this_hour_ms, 0),
        yesterday=between(day_before_ms, day_ms),
        yesterday_so_far=between(day_before_ms, _hour_of(now - timedelta(days=1))),
        symptoms=count_records(Filters(reach=reach, site=site, since_ms=day_ms, has_symptoms=True)),
        doubtful=count_records(Filters(reach=reach, site=site, since_ms=day_ms, is_marked=True)),
        hours=tuple(
            HourArrivals(datetime.fromtimestamp(hour_ms / 1000, zone), by_hour.get(hour_ms, 0))
            for hour_ms in range(first_shown_ms, this_hour_ms + HOUR_MS, HOUR_MS)
        ),
        sites=_sites(counters.filter(hour_ms__gte=day_ms), this_hour_ms),
        origins=tuple(OriginArrivals(f"{city}00", area_name(f"{city}00"), total) for city, total in most),
        other_origins=today - no_origin - sum(total for _, total in most),
        no_origin=no_origin,
    )


def _hour_of(moment: datetime) -> int:
    return int(moment.timestamp() * 1000) // HOUR_MS * HOUR_MS


def _sites(counters: QuerySet[HourCount], this_hour_ms: int) -> tuple[SiteArrivals, ...]:
    """The busiest sites of today; sites where nobody came are left out."""
    today = dict(counters.values_list("site").annotate(Sum("count")))
    this_hour = dict(counters.filter(hour_ms=this_hour_ms).values_list("site").annotate(Sum("count")))
    busiest = sorted(today, key=lambda site: (-today[site], site))[:SITES_SHOWN]
    rows = Site.objects.in_bulk(busiest)
    return tuple(
        SiteArrivals(rows[site].code, rows[site].name, today[site], this_hour.get(site, 0)) for site in busiest
    )
