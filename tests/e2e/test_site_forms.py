"""A site with several forms on a phone without script: which one, filled in, the receipt, once more by one tap."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from tests.e2e.browser import chromium
from tests.installation import free_port, run_tianbao, started

pytestmark = pytest.mark.browser

ERRAND = "居民代办事项"


def test_a_resident_asks_for_an_errand_where_people_also_register(tmp_path: Path) -> None:
    with (
        started("demo", "--json", "--port", str(free_port()), "--data", str(tmp_path)) as (_, said),
        chromium() as browser,
    ):
        listed = run_tianbao("site", "list", "--data", str(tmp_path)).stdout
        path = next(f"/S/{line.split()[0]}" for line in listed.splitlines() if "福泽园" in line)
        url = said["site"].rpartition("/S/")[0] + path
        phone = browser.new_context(
            viewport={"width": 360, "height": 640}, java_script_enabled=False, locale="zh-CN"
        )
        page = phone.new_page()
        page.goto(url)
        assert page.locator("a.button").count() == 3
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.get_by_role("link", name=ERRAND).click()
        page.fill("[name=name]", "张桂兰")
        page.fill("[name=phone]", "13800138000")
        page.fill("[name=address]", "3 栋 502")
        page.select_option("[name=errand]", "parcel")
        page.get_by_role("button", name="继续").last.click()
        page.fill("[name=details]", "快递柜取件")
        page.check("[name=deadline][value=today]")
        page.check("[name=consent]")
        page.get_by_role("button", name="提交登记").last.click()
        page.wait_for_url("**/R*")
        expect(page.locator("main")).to_contain_text("快递柜取件")
        page.goto(url)
        page.get_by_role("link", name=ERRAND).click()
        expect(page.locator("main")).to_contain_text("张桂兰")

        desk = browser.new_page(locale="zh-CN", viewport={"width": 360, "height": 640})
        desk.goto(url)
        assert Axe().run(desk).response["violations"] == []
