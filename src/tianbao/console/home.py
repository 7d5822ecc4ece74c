"""Today: the numbers at a glance, and the arrivals of the last 24 hours as a chart.

Works while names are sealed. Must not know: how arrivals are counted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from tianbao.services.counts import Glance, HourArrivals, count_arrivals
from tianbao.services.floods import find_flooded_sites
from tianbao.services.lag import find_lag
from tianbao.services.selection import COUNT_MAX
from tianbao.store.models import Site

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


@require_GET
def show_home(request: HttpRequest) -> HttpResponse:
    """The whole screen."""
    sites = Site.objects.order_by("name")
    return render(request, "console/home.html", {**_numbers(request), "all_sites": sites})


@require_GET
def show_numbers(request: HttpRequest) -> HttpResponse:
    """Only what moves, for a screen that stays open."""
    return render(request, "console/home_numbers.html", _numbers(request))


def _numbers(request: HttpRequest) -> dict[str, Any]:
    site = request.GET.get("site", "")[:8]
    now_ms = time.time_ns() // 1_000_000
    glance = count_arrivals(site=site, now_ms=now_ms)
    return {
        "glance": glance,
        "lag": find_lag(now_ms=now_ms),
        "flooded": find_flooded_sites(now_ms=now_ms),
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
