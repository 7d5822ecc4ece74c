"""axe-core finds nothing on the pages of somebody who is registered; they work at 320 pixels and without script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from tests.e2e.browser import chromium
from tests.e2e.stand_in import StandIn, standing_in
from tests.receipt_samples import PAGES, problem, receipt

from tianbao.domain.problems import Code
from tianbao.render.receipt_page import ReceiptState

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
OPEN_ALL = "document.querySelectorAll('details').forEach(one => one.open = true)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with standing_in() as server:
        for name, make in PAGES.items():
            server.pages[f"/{name}/en"] = make("en")
            server.pages[f"/{name}/zh-Hans"] = make("zh-Hans")
        server.pages["/withdrawn"] = receipt(state=ReceiptState.WITHDRAWN)
        server.pages["/unknown"] = problem(Code.UNKNOWN_SITE)
        server.pages["/busy"] = problem(Code.BUSY)
        yield server


@pytest.mark.parametrize(
    ("path", "width", "scheme"),
    [
        ("/receipt/en", 320, "light"),
        ("/receipt/zh-Hans", 320, "dark"),
        ("/receipt/zh-Hans", 1440, "light"),
        ("/withdrawn", 320, "light"),
        ("/confirm/en", 320, "dark"),
        ("/confirm/zh-Hans", 320, "light"),
        ("/withdraw/en", 320, "light"),
        ("/withdraw/zh-Hans", 320, "dark"),
        ("/forgotten/en", 320, "light"),
        ("/front/zh-Hans", 320, "light"),
        ("/front/en", 1440, "dark"),
        ("/unknown", 320, "light"),
        ("/busy", 320, "dark"),
    ],
)
def test_axe_finds_nothing_and_nobody_scrolls_sideways(
    browser: Browser, server: StandIn, path: str, width: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 568}, color_scheme=scheme, bypass_csp=True)
    tab = context.new_page()
    tab.goto(server.address + path)
    tab.evaluate(OPEN_ALL)
    found = Axe().run(tab, options=RULES)
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]] == []
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    context.close()


@pytest.mark.parametrize("path", ["/receipt/en", "/confirm/en", "/withdraw/en", "/front/en"])
def test_whatever_is_touched_is_large_enough(browser: Browser, server: StandIn, path: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 568})
    tab = context.new_page()
    tab.goto(server.address + path)
    tab.evaluate(OPEN_ALL)
    small = tab.evaluate(
        """() => [...document.querySelectorAll('a, button, summary, input:not([type=hidden]):not(.sr)')]
          .filter(one => one.offsetParent && one.getBoundingClientRect().height < 44)
          .map(one => one.outerHTML)"""
    )
    assert small == []
    context.close()


@pytest.mark.parametrize("path", ["/confirm/en", "/confirm/zh-Hans"])
def test_the_one_tap_is_on_the_first_screen_under_what_is_said_of_symptoms(
    browser: Browser, server: StandIn, path: str
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 640}, java_script_enabled=False)
    tab = context.new_page()
    tab.goto(server.address + path)
    tap, condition = tab.locator(".tap").bounding_box(), tab.locator(".condition strong").bounding_box()
    assert tap and condition
    assert condition["y"] + condition["height"] <= tap["y"]
    assert tap["y"] + tap["height"] <= 640
    tab.locator(".notice summary").scroll_into_view_if_needed()
    tab.locator(".notice summary").click(timeout=2000)
    context.close()


def test_without_script_the_receipt_offers_all_it_can_keep(browser: Browser, server: StandIn) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 568}, java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{server.address}/receipt/en")
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Registered")
    tab.click("text=Open this page again later")
    expect(tab.get_by_label("Your own link")).to_be_visible()
    expect(tab.get_by_role("button", name="Copy the link")).to_be_hidden()
    expect(tab.get_by_role("button", name="This is not me")).to_be_visible()
    context.close()


def test_with_script_ones_own_link_is_copied(browser: Browser, server: StandIn) -> None:
    context = browser.new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(f"{server.address}/receipt/en")
    tab.click("text=Open this page again later")
    tab.get_by_role("button", name="Copy the link").click()
    expect(tab.get_by_role("button", name="Copied")).to_be_visible()
    assert tab.evaluate("navigator.clipboard.readText()") == tab.get_by_label("Your own link").input_value()
    context.close()
