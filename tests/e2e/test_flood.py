"""A site in a flood, in Chromium against a real edge: the page works and is let in; without script it waits its turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.browser import chromium
from tests.edge_client import GOOD, EdgeClient, make_installation

from tianbao.config import Config, Limits
from tianbao.domain.floods import Limit
from tianbao.edge.intake import Outcome

pytestmark = pytest.mark.browser

LIMITS = Limits(site=Limit(0.001, 2), unscripted=Limit(1, 1))
SUBMIT = "form > button:not(.sr)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[EdgeClient]:
    client = EdgeClient(Config(tmp_path, limits=LIMITS), make_installation(tmp_path))
    for _ in range(2):
        assert client.submit(GOOD).status_code == 201
    yield client
    client.close()


def fill_in(page: Page) -> None:
    page.fill("#name", "王小明")
    page.select_option("#id_type", "passport")
    page.fill("#id_number", "E12345678")
    page.fill("#address", "北关村")
    page.select_option("#reason", "work")
    page.check("[value=none]")
    page.check("#consent")


def test_the_page_works_by_itself_and_gets_its_receipt(browser: Browser, edge: EdgeClient) -> None:
    with edge.serving() as origin:
        phone = browser.new_context(viewport={"width": 360, "height": 640}, locale="zh-CN")
        page = phone.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"script failed: {error}"))
        page.on("console", lambda said: pytest.fail(said.text) if "Security" in said.text else None)
        page.goto(origin + edge.site)
        fill_in(page)
        page.click(SUBMIT)
        page.wait_for_url("**/R", timeout=15_000)
        expect(page.locator("h1")).to_be_visible()
        phone.close()
    outcomes = edge.edge.context.intake.outcomes
    assert outcomes[Outcome.ACCEPTED] == 3
    assert 1 <= outcomes[Outcome.WORK_ASKED] <= 3, "a slow phone may ask again while it works, not on and on"


def test_without_script_a_tap_later_sends_what_was_written(
    browser: Browser, edge: EdgeClient, tmp_path: Path
) -> None:
    assert edge.post(edge.site, data={"name": "x"}).status_code == 422  # the one that is let in this second
    edge.edge.throttle._unscripted.take(edge.site[3:], 1e9)  # and the bucket stays empty
    with edge.serving() as origin:
        phone = browser.new_context(
            viewport={"width": 360, "height": 640}, locale="zh-CN", java_script_enabled=False
        )
        page = phone.new_page()
        page.goto(origin + edge.site)
        fill_in(page)
        page.click(SUBMIT)
        expect(page.locator("h1")).to_have_text("请稍等")
        page.screenshot(path=tmp_path / "wait.png")
        edge.edge.throttle._unscripted._full_at_s.clear()
        page.click("main button")
        page.wait_for_url("**/R")
        phone.close()
    assert edge.edge.context.intake.outcomes[Outcome.SLOWED] == 1
