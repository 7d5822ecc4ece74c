"""Numbers at a glance: the counters of one site or all, in the organisation's time zone, and their chart."""

from __future__ import annotations

import time

import pytest
from django.test import Client
from tests.cast import NOW_MS, Cast

from tianbao.console.home import make_chart
from tianbao.domain.access import EVERYWHERE
from tianbao.services.counts import HOUR_MS, ORIGINS_SHOWN, count_arrivals
from tianbao.store.models import HourCount, Organisation

MIDNIGHT_MS = NOW_MS - 16 * HOUR_MS  # NOW_MS is 16:00 in Shanghai


@pytest.fixture
def arrivals(installed: Cast) -> Cast:
    """Yesterday, today and this hour at two sites, from Baoding, Peking and nowhere known."""
    north, station, _ = installed.sites
    rows = [
        (north, MIDNIGHT_MS - 3 * HOUR_MS, "1306", 7),
        (north, NOW_MS - 24 * HOUR_MS, "1306", 9),
        (north, NOW_MS - 25 * HOUR_MS, "1306", 11),
        (north, MIDNIGHT_MS, "1306", 3),
        (north, NOW_MS, "1306", 4),
        (station, NOW_MS, "1101", 5),
        (station, MIDNIGHT_MS + HOUR_MS, "", 2),
    ]
    for site, hour_ms, origin, count in rows:
        HourCount.objects.create(site=site, hour_ms=hour_ms, origin=origin, count=count)
    return installed


def arrive_now(cast: Cast) -> None:
    """Somebody at the first site, by the clock that the screens read."""
    hour_ms = time.time_ns() // 1_000_000 // HOUR_MS * HOUR_MS
    HourCount.objects.update_or_create(site=cast.sites[0], hour_ms=hour_ms, origin="", defaults={"count": 1})


def test_today_this_hour_and_yesterday(arrivals: Cast) -> None:
    glance = count_arrivals(reach=EVERYWHERE, now_ms=NOW_MS + 60_000)
    assert (glance.today, glance.this_hour) == (14, 9)
    assert (glance.yesterday, glance.yesterday_so_far) == (27, 11), "not the hour that is still running"
    assert [(site.today, site.this_hour) for site in glance.sites] == [(7, 4), (7, 5)]


def test_one_site_alone(arrivals: Cast) -> None:
    glance = count_arrivals(reach=EVERYWHERE, site=arrivals.sites[1].code, now_ms=NOW_MS)
    assert (glance.today, glance.this_hour, glance.yesterday) == (7, 5, 0)
    assert [(origin.code, origin.name, origin.count) for origin in glance.origins] == [("110100", "北京市", 5)]
    assert glance.no_origin == 2
    assert [site.code for site in glance.sites] == [arrivals.sites[1].code]


def test_the_last_24_hours_end_with_this_one(arrivals: Cast) -> None:
    hours = count_arrivals(reach=EVERYWHERE, now_ms=NOW_MS + 60_000).hours
    assert len(hours) == 24
    assert (hours[-1].begins_at.hour, hours[-1].count) == (16, 9)
    assert (hours[0].begins_at.hour, hours[0].count) == (17, 0), "the same hour of yesterday has left the chart"
    assert sum(hour.count for hour in hours) == 7 + 14


def test_another_time_zone_begins_its_day_at_another_hour(arrivals: Cast) -> None:
    Organisation.objects.update(time_zone="Asia/Urumqi")
    assert count_arrivals(reach=EVERYWHERE, now_ms=NOW_MS).today == 9, "there midnight comes two hours later"


def test_small_origins_are_summed_up(arrivals: Cast) -> None:
    for city in range(ORIGINS_SHOWN):
        HourCount.objects.create(site=arrivals.sites[2], hour_ms=NOW_MS, origin=f"{3701 + city}", count=10)
    glance = count_arrivals(reach=EVERYWHERE, now_ms=NOW_MS)
    assert len(glance.origins) == ORIGINS_SHOWN
    assert (glance.other_origins, glance.no_origin) == (12, 2)


@pytest.mark.parametrize(
    ("highest", "top", "lines"), [(0, 1, 2), (4, 4, 5), (9, 10, 3), (17, 20, 5), (63, 80, 5), (81, 100, 3)]
)
def test_the_chart_has_round_lines_above_its_highest_bar(
    installed: Cast, highest: int, top: int, lines: int
) -> None:
    HourCount.objects.create(site=installed.sites[0], hour_ms=NOW_MS, origin="", count=highest)
    chart = make_chart(count_arrivals(reach=EVERYWHERE, now_ms=NOW_MS))
    assert chart.lines[-1].count == top
    assert len(chart.lines) == lines
    assert [bar.is_now for bar in chart.bars].index(True) == 23
    assert sum(bar.begins_day for bar in chart.bars) == 1


def test_the_screen_works_while_names_are_sealed(signed_in: Client, arrivals: Cast) -> None:
    from tianbao.console.keyring import KEYRING

    arrive_now(arrivals)
    KEYRING.lock()
    page = signed_in.get("/console/")
    assert page.status_code == 200
    assert page.content.decode().count("<rect") == 24
    part = signed_in.get(f"/console/today?site={arrivals.sites[1].code}")
    assert part.context["site_code"] == arrivals.sites[1].code
    assert b"<html" not in part.content


def test_a_new_clerk_is_told_what_to_do_first(signed_in: Client, installed: Cast) -> None:
    before = signed_in.get("/console/").content.decode()
    assert 'href="/console/posters"' in before
    assert "<rect" not in before
    assert signed_in.get("/console/?site=a/b").status_code == 200
    arrive_now(installed)
    after = signed_in.get("/console/").content.decode()
    assert 'href="/console/posters"' not in after
    assert after.count("<rect") == 24
