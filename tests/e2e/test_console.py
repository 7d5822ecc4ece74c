"""The records' screens in a real browser behind the real server: by keyboard, live, without JavaScript, by axe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.e2e.browser import chromium
from tests.installation import free_port, started

pytestmark = pytest.mark.browser

WIDTHS = (360, 1440)
NUMBER = "11010519491231002X"


@dataclass
class Demo:
    """The demonstration and a browser to look at it with."""

    browser: Browser
    console: str
    user: str
    password: str

    def sign_in(self, language: str = "zh-Hans", **options: Any) -> BrowserContext:
        context = self.browser.new_context(viewport={"width": 1440, "height": 900}, **options)
        context.add_cookies([{"name": "lang", "value": language, "url": self.console}])
        page = context.new_page()
        page.goto(f"{self.console}login")
        page.fill("#username", self.user)
        page.fill("#password", self.password)
        page.press("#password", "Enter")
        page.wait_for_url(self.console)
        page.close()
        return context


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with started("demo", "--json", "--port", str(free_port())) as (_, said), chromium() as browser:
        yield Demo(browser, said["console"], said["user"], said["password"])


@pytest.fixture
def desk(demo: Demo) -> Iterator[Page]:
    """Somebody signed in; nothing may be said on the browser's console."""
    complaints: list[str] = []
    context = demo.sign_in()
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert [complaint for complaint in complaints if "422" not in complaint] == []


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_every_screen_is_accessible_on_a_phone_and_on_a_desk(demo: Demo, language: str) -> None:
    context = demo.sign_in(language)
    page = context.new_page()
    page.goto(f"{demo.console}records")
    record = page.locator("#lines tbody a").first.get_attribute("href").removeprefix("/console/")
    for screen in ("", "records", "records?look=symptoms", record, f"{record}/correct", "register", "export"):
        page.goto(demo.console + screen)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            found = Axe().run(page).response["violations"]
            assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == [], screen
            assert page.evaluate("document.documentElement.scrollWidth") <= width, screen
    context.close()


def test_on_a_phone_every_filter_waits_behind_its_button(demo: Demo, desk: Page) -> None:
    desk.set_viewport_size({"width": 360, "height": 640})
    desk.goto(f"{demo.console}records?form=migrant")
    desk.click("label[for=more]")  # open where something is filtered
    for part in ("#site", ".of-form summary"):
        expect(desk.locator(part)).to_be_hidden()
    desk.click("label[for=more]")
    for part in ("#site", ".of-form summary"):
        expect(desk.locator(part)).to_be_visible()


def test_on_a_phone_a_line_keeps_its_shape_whatever_the_names(demo: Demo, desk: Page) -> None:
    desk.set_viewport_size({"width": 360, "height": 640})
    desk.goto(f"{demo.console}records")
    desk.evaluate("""() => {
        const [line] = document.querySelectorAll('#lines tbody tr');
        line.querySelector('strong').textContent = '买买提·吐尔逊·'.repeat(6);
        line.querySelector('td.last').textContent = '蒲阳镇北关村卫生所临时防疫检查登记点'.repeat(3);
    }""")
    line = desk.locator("#lines tbody tr").first
    boxes = {part: line.locator(part).bounding_box() for part in ("td:nth-child(2)", "time", ".last .code")}
    name, moment, number = boxes.values()
    assert name["width"] >= 150
    assert abs(moment["y"] - name["y"]) < 20
    assert abs(moment["x"] + moment["width"] - number["x"] - number["width"]) < 2


def test_somebody_is_registered_by_the_keyboard_alone_and_appears_live(demo: Demo, desk: Page) -> None:
    watching = desk.context.new_page()
    watching.goto(f"{demo.console}records")
    expect(watching.locator("#lines tbody tr").first).to_be_visible()
    desk.goto(f"{demo.console}register")
    keys = desk.keyboard
    keys.type(NUMBER)
    expect(desk.locator(".feedback")).to_contain_text("1949-12-31")
    keys.press("Enter")
    keys.type("䶮小雨")
    keys.press("Enter")
    keys.press("Enter")  # no phone
    keys.type("北街 1 号")
    keys.press("Enter")
    keys.type("2")  # the second reason
    keys.press("Enter")
    keys.type("bdsp")
    expect(desk.locator(".area-list li").first).to_have_text("河北省保定市顺平县")
    keys.press("Enter")
    assert desk.input_value("[name='itinerary.0.place']") == "河北省保定市顺平县"
    for _ in range(4):
        keys.press("Enter")  # dates and transport stay empty, so its number is not asked for
    keys.press("1")  # no symptoms
    keys.press("Enter")
    keys.type("36.5")
    keys.press("Enter")
    keys.press("Space")  # consent
    keys.press("Enter")  # the last answer sends

    number = desk.locator("#done .code")
    expect(number).to_have_text(re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}"))
    row = watching.locator("#lines tbody tr").first
    expect(row).to_contain_text("䶮小雨")
    expect(row).to_contain_text("河北省保定市顺平县")
    expect(row).to_contain_text(number.inner_text())
    with desk.context.expect_page() as card:
        keys.press("Enter")
    expect(card.value.locator("body")).to_contain_text(number.inner_text())
    card.value.close()
    keys.press("n")
    expect(desk.locator("#id_number")).to_be_focused()
    assert desk.input_value("#id_number") == ""


def test_the_next_number_may_be_typed_at_once_and_ctrl_enter_sends(demo: Demo, desk: Page) -> None:
    desk.goto(f"{demo.console}register?done=01a20788-22c4-7072-84a1-3931be068793")
    desk.keyboard.type(NUMBER)
    assert desk.input_value("#id_number") == NUMBER
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".notice-bad")).to_be_visible()
    expect(desk.locator("#name")).to_be_focused()
    assert desk.input_value("#id_number") == NUMBER


def test_registering_works_without_javascript(demo: Demo) -> None:
    context = demo.sign_in(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{demo.console}register")
    page.fill("#id_number", NUMBER)
    page.fill("#name", "阿依古丽·吐尔逊")
    page.fill("#address", "南街 2 号")
    page.select_option("#reason", "work")
    page.click("text=添加: 同行的人")
    page.fill("[name='companions.0.name']", "𠮷野家")
    page.check("[name=symptoms][value=none]")
    page.check("#consent")
    page.click("#submit")
    expect(page.locator("#done")).to_be_visible()
    page.click("#print-card")
    context.close()


@pytest.fixture
def clerk(demo: Demo) -> Iterator[Page]:
    """A colleague at another desk."""
    context = demo.sign_in()
    yield context.new_page()
    context.close()


def register(clerk: Page, demo: Demo, name: str) -> None:
    clerk.goto(f"{demo.console}register")
    for field, text in (("#id_number", NUMBER), ("#name", name), ("#address", "Hauptstraße 1")):
        clerk.fill(field, text)
    clerk.select_option("#reason", "work")
    clerk.check("[name=symptoms][value=none]")
    clerk.check("#consent")
    clerk.click("#submit")
    expect(clerk.locator("#done")).to_be_visible()


def test_new_rows_wait_behind_a_button_while_somebody_reads(demo: Demo, desk: Page, clerk: Page) -> None:
    desk.goto(f"{demo.console}records")
    desk.mouse.wheel(0, 1500)
    first = desk.locator("#lines tbody tr").first
    before = first.inner_text()
    register(clerk, demo, "Anna Schmidt")
    expect(desk.locator("#fresh")).to_be_visible()
    assert first.inner_text() == before
    desk.click("#fresh")
    expect(first).to_contain_text("Anna Schmidt")


def test_a_later_page_says_what_is_new_and_leads_there(demo: Demo, desk: Page, clerk: Page) -> None:
    desk.goto(f"{demo.console}records?state=registered")
    desk.click("[rel=next]")
    rows = desk.locator("#lines tbody").inner_text()
    register(clerk, demo, "Nguyễn Thị Hồng")
    expect(desk.locator("#fresh")).to_be_visible()
    assert desk.locator("#lines tbody").inner_text() == rows
    desk.click("#fresh")
    expect(desk.locator("#lines tbody tr").first).to_contain_text("Nguyễn Thị Hồng")
    assert desk.url.endswith("?state=registered")


def test_a_correction_of_an_old_record_does_not_come_on_top(demo: Demo, desk: Page, clerk: Page) -> None:
    clerk.goto(f"{demo.console}records")
    clerk.click("[rel=next]")
    old = clerk.locator("#lines tbody tr a").first.get_attribute("href")
    desk.goto(f"{demo.console}records")
    shown = desk.locator("#lines tbody tr a").nth(3).get_attribute("href")
    count = desk.locator("#lines tbody tr").count()
    for record in (old, shown):
        clerk.goto(f"{demo.console}{record.removeprefix('/console/')}/correct")
        clerk.fill("#name", "改过的名字")
        clerk.fill("#_reason", "本人来电")
        clerk.locator("button[value=save]").last.click()
        clerk.wait_for_url(f"**{record}")
    expect(desk.locator("#lines tbody tr").nth(3)).to_contain_text("改过的名字")
    assert desk.locator("#lines tbody tr").count() == count
    assert desk.locator("#lines tbody").inner_text().count("改过的名字") == 1
