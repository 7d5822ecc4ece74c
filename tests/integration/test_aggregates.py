"""What an upper level sees: whole days, its own places, no small number."""

from __future__ import annotations

import re
import time

from django.test import Client
from tests import cast
from tests.cast import Cast

from tianbao.domain.access import EVERYWHERE, Role
from tianbao.services.sites import create_site
from tianbao.store.models import HourCount

HOUR_MS = 3_600_000


def test_an_upper_level_sees_sums_by_place_and_nothing_else(installed: Cast) -> None:
    now_ms = time.time_ns() // 1_000_000 // HOUR_MS * HOUR_MS
    far = create_site(name="邻县检查点", area="130635", reach=EVERYWHERE, staff=None, now_ms=1)
    rows = [(installed.sites[0], 2, 250), (installed.sites[1], 2, 3), (installed.sites[2], 3, 77), (far, 2, 999)]
    for site, days_ago, count in rows:
        HourCount.objects.create(site=site, hour_ms=now_ms - days_ago * 24 * HOUR_MS, origin="", count=count)
    HourCount.objects.create(site=installed.sites[0], hour_ms=now_ms, origin="", count=555)
    browser = Client()
    browser.force_login(cast.hire("upper", Role.UPPER_LEVEL, area="130636"))
    assert browser.get("/console/").url == "/console/numbers"
    html = browser.get("/console/numbers").content.decode()
    cells = re.findall(r'<td class="number">(?:<strong>)?(.*?)</', html)
    assert "77" in cells
    assert not {"3", "999", "555"} & set(cells), "small, elsewhere, today"
    assert "·" in html
    assert "邻县" not in html
    for name in cast.SITE_NAMES:
        assert name in html


def test_several_areas_are_counted_by_area(installed: Cast) -> None:
    now_ms = time.time_ns() // 1_000_000 // HOUR_MS * HOUR_MS
    far = create_site(name="邻县检查点", area="130635", reach=EVERYWHERE, staff=None, now_ms=1)
    for site, count in ((installed.sites[0], 40), (installed.sites[1], 50), (far, 60)):
        HourCount.objects.create(site=site, hour_ms=now_ms - 24 * HOUR_MS, origin="", count=count)
    browser = Client()
    browser.force_login(cast.hire("upper", Role.UPPER_LEVEL, area="1306"))
    html = browser.get("/console/numbers").content.decode()
    assert ">90<" in html
    assert ">150<" in html
    assert "河北省保定市顺平县蒲阳镇" in html
    assert cast.SITE_NAMES[0] not in html
