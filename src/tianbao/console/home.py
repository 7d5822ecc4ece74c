"""Today: the numbers at a glance, and the arrivals of the last 24 hours as a chart.

Works while names are sealed. Must not know: how arrivals are counted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from tianbao.console.context import NAVIGATION
from tianbao.console.door import for_all_staff, needs
from tianbao.console.emergency import end_notices
from tianbao.console.middleware import StaffRequest
from tianbao.domain.access import Permission
from tianbao.services.access import reachable_sites
from tianbao.services.counts import Glance, HourArrivals, count_arrivals
from tianbao.services.floods import find_flooded_sites
from tianbao.services.lag import find_lag
from tianbao.services.selection import COUNT_MAX

CHART_HEIGHT: Final = 200
"""Pixels; across, the chart is measured in per cent and fits every screen."""
_PLOT_TOP: Final = 24
_PLOT_BOTTOM: Final = 172
_LABEL_EVERY: Final = 3
_STEPS: Final = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour of the chart, from `left` on. Across in per cent, down in pixels, all as SVG writes them."""

    hour: HourArrivals
    left: str
    x: str
    middle: str
    width: str
    y: int
    height: int
    is_labelled: bool
    begins_day: bool
    is_now: bool


@dataclass(frozen=True, slots=True)
class GridLine:
    """A height to read the bars by."""

    count: int
    y: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything the template draws."""

    height: int
    bottom: int
    bars: tuple[Bar, ...]
    lines: tuple[GridLine, ...]


@for_all_staff
@require_GET
def show_home(request: StaffRequest) -> HttpResponse:
    """The whole screen; whoever may not read the numbers is sent to the first screen that is theirs."""
    if not request.access.may(Permission.READ_NUMBERS):
        own = next((name for name, _, needed, _ in NAVIGATION if request.access.may(needed)), "password")
        return redirect(f"console:{own}")
    sites = reachable_sites(request.access.reach(Permission.READ_NUMBERS)).order_by("name")
    return render(request, "console/home.html", {**_numbers(request), "all_sites": sites})


@needs(Permission.READ_NUMBERS)
@require_GET
def show_numbers(request: StaffRequest) -> HttpResponse:
    """Only what moves, for a screen that stays open."""
    return render(request, "console/home_numbers.html", _numbers(request))


def _numbers(request: StaffRequest) -> dict[str, Any]:
    site = request.GET.get("site", "")[:8]
    reach = request.access.reach(Permission.READ_NUMBERS)
    now_ms = time.time_ns() // 1_000_000
    glance = count_arrivals(reach=reach, site=site, now_ms=now_ms)
    return {
        "glance": glance,
        "lag": find_lag(now_ms=now_ms),
        "flooded": find_flooded_sites(reach=reach, now_ms=now_ms),
        "end_notices": end_notices(request.organisation, now_ms=now_ms),
        "site_code": site,
        "chart": make_chart(glance),
        "count_max": COUNT_MAX,
    }


def make_chart(glance: Glance) -> Chart:
    """The bars of the hours, and up to five lines at round counts."""
    step = _round_step(max(hour.count for hour in glance.hours))
    top = max(step, -(-max(hour.count for hour in glance.hours) // step) * step)
    column = 100 / len(glance.hours)

    def y_of(count: int) -> int:
        return _PLOT_BOTTOM - round((_PLOT_BOTTOM - _PLOT_TOP) * count / top)

    bars = tuple(
        Bar(
            hour=hour,
            left=f"{index * column:.2f}%",
            x=f"{index * column + column * 0.1:.2f}%",
            middle=f"{(index + 0.5) * column:.2f}%",
            width=f"{column * 0.8:.2f}%",
            y=y_of(hour.count),
            height=_PLOT_BOTTOM - y_of(hour.count),
            is_labelled=hour.begins_at.hour % _LABEL_EVERY == 0,
            begins_day=_begins_day(hour.begins_at) and index > 0,
            is_now=index == len(glance.hours) - 1,
        )
        for index, hour in enumerate(glance.hours)
    )
    lines = tuple(GridLine(count, y_of(count)) for count in range(0, top + 1, step))
    return Chart(CHART_HEIGHT, _PLOT_BOTTOM, bars, lines)


def _begins_day(moment: datetime) -> bool:
    return moment.hour == 0


def _round_step(highest: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 … that needs no more than four steps."""
    scale = 1
    while True:
        for step in _STEPS:
            if highest <= 4 * step * scale:
                return step * scale
        scale *= 10
