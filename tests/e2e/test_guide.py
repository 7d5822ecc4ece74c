"""The first-run guide in a real browser behind the real server: by keyboard alone, and without JavaScript."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from tests.e2e.browser import chromium

pytestmark = pytest.mark.browser

PASSWORD = "安静的夜晚在北关村口值班"
WIDTHS = (360, 1440)


@dataclass
class Server:
    """A fresh installation, not set up."""

    url: str
    setup: str


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    options = ["--data", str(tmp_path / "data"), "--host", "127.0.0.1", "--port", port, "--json", "--no-browser"]
    command = [sys.executable, "-m", "tianbao", "serve", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        said = json.loads(process.stdout.readline())
        yield Server(said["url"], said["setup"])
        process.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def assert_accessible(page: Page) -> None:
    """axe finds nothing and nothing is wider than the screen, on a phone and on a desk."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        found = Axe().run(page).response["violations"]
        assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def press_enter(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_the_guide_by_keyboard_alone(server: Server, browser: Browser) -> None:
    page = browser.new_context(locale="zh-CN").new_page()
    keyboard, complaints = page.keyboard, []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.goto(server.setup)
    assert_accessible(page)
    keyboard.type("顺平县蒲阳镇人民政府")
    keyboard.press("Tab")
    keyboard.type("顺平蒲阳")
    page.get_by_role("option").first.wait_for()
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    assert page.input_value("#area") == "河北省保定市顺平县蒲阳镇"
    press_enter(page)

    assert_accessible(page)
    keyboard.type("zhangmin")
    keyboard.press("Tab")
    keyboard.type(PASSWORD)
    assert page.inner_text(".strength")
    keyboard.press("Tab")
    keyboard.type(PASSWORD)
    press_enter(page)

    assert_accessible(page)
    page.focus("#deletion_days")
    press_enter(page)

    assert_accessible(page)
    phone = browser.new_context().new_page()
    phone.goto(server.url + page.locator("[data-arrive]").get_attribute("data-arrive"))
    assert phone.inner_text("h1") == "可以用！"
    assert_accessible(phone)
    page.locator(".state-warn").wait_for()  # it came, but from this very computer
    page.focus("[name=is_untested]")
    keyboard.press("Space")
    press_enter(page)

    assert_accessible(page)
    keyboard.type("北关村东口检查点")
    press_enter(page)
    page.wait_for_url("**/poster")
    assert_accessible(page)
    poster = page.frame_locator("iframe")
    poster.get_by_text("北关村东口检查点").first.wait_for()
    assert complaints == []


def test_the_guide_without_javascript(server: Server, browser: Browser) -> None:
    page = browser.new_context(locale="en-GB", java_script_enabled=False).new_page()
    go_on = "button.button[value=next]"
    page.goto(server.setup)
    page.fill("#organisation", "Chaoyang")
    page.fill("#area", "朝阳区")
    page.click(go_on)
    page.check("input[name=area_code][value='110105']")
    page.click(go_on)
    page.fill("#username", "zhangmin")
    page.fill("#password", PASSWORD)
    page.fill("#again", PASSWORD)
    page.click(go_on)
    page.click("button[value=back]")
    assert page.input_value("#username") == "zhangmin"
    page.click(go_on)
    page.click(go_on)
    page.click("text=Check again")
    page.check("[name=is_untested]")
    page.click(go_on)
    page.fill("#site_name", "Gate")
    page.click(go_on)
    assert page.url.endswith("/poster")
    assert page.goto(server.setup).status == 410
