"""The main job from a printed poster to a table at home, in a real browser: with script, and without.

poster → decoded by a reader that is not ours → form → receipt → correction → next day with one tap → line list
live → export, compared cell by cell with what was typed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.e2e.browser import chromium
from tests.e2e.printing import rasterised, read
from tests.edge_client import PASSWORD, USER
from tests.installation import free_port, run_tianbao, started

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True, "locale": "zh-CN"}
DESK = {"viewport": {"width": 1440, "height": 900}, "locale": "zh-CN", "accept_downloads": True}

NAME = "买买提·艾力𠮷"
DOCUMENT = "11010519491231002X"
LEGS = (
    {"place": "河北省保定市顺平县", "code": "130636", "arrived_on": "2026-11-10", "left_on": "2026-11-12", "transport": "train", "no": "G6701"},
    {"place": "北京市东城区", "code": "110101", "arrived_on": "2026-11-08", "left_on": "2026-11-10", "transport": "car", "no": "冀F12345"},
    {"place": "外婆家后山", "code": None, "arrived_on": "2026-11-01", "left_on": "2026-11-08", "transport": "coach", "no": "长途二号"},
)  # fmt: skip
COMPANIONS = (("㐱小明", "child"), ("Anna O'Brien", "spouse"))


@dataclass
class Place:
    """A running installation and a browser."""

    url: str
    browser: Browser

    def phone(self, *, has_script: bool) -> BrowserContext:
        return self.browser.new_context(**PHONE, java_script_enabled=has_script)

    def desk(self) -> Page:
        """Somebody signed in at a desk."""
        page = self.browser.new_context(**DESK).new_page()
        page.goto(f"{self.url}/console/records")
        page.fill("input[name=username]", USER)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("#q")
        return page


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    options = ("--organisation", "顺平县蒲阳镇人民政府", "--area", "130636", "--site", "北关村东口检查点")
    made = run_tianbao(
        "init",
        "--data",
        str(tmp_path),
        *options,
        "--user",
        USER,
        "--password",
        PASSWORD,
        "--address",
        url,
        "--json",
    )
    assert made.returncode == 0, made.stderr
    serving = ("--data", str(tmp_path), "--host", "127.0.0.1", "--port", str(port), "--json", "--no-browser")
    with started("serve", *serving), chromium() as browser:
        yield Place(url, browser)


def scan_poster(desk: Page) -> str:
    """Prints the site's poster and reads it as a phone's camera would: the address in its code."""
    import pypdfium2 as pdfium

    code = desk.evaluate("document.querySelector('#site option:nth-child(2)').value")
    origin = desk.url.split("/console")[0]
    desk.goto(f"{origin}/console/sites/{code}/preview")
    pdf = desk.pdf(prefer_css_page_size=True)
    (text,) = set(read(rasterised(pdfium.PdfDocument(pdf)[0])))
    desk.goto(f"{origin}/console/records")
    return text


def fill_in(page: Page) -> None:
    """What does not repeat."""
    page.fill("[name=name]", NAME)
    page.fill("[name=phone]", "+86 138 1234 5678")
    page.select_option("[name=id_type]", "resident_id")
    page.fill("[name=id_number]", DOCUMENT)
    page.fill("[name=address]", "北关村12号")
    page.select_option("[name=reason]", "return_home")
    page.check("[name=symptoms][value=none]")
    page.fill("[name=temperature]", "36.6")
    page.check("[name=consent]")


def fill_leg(page: Page, row: int) -> None:
    """One leg but for its place."""
    leg = LEGS[row]
    page.fill(f"[name='itinerary.{row}.arrived_on']", leg["arrived_on"])
    page.fill(f"[name='itinerary.{row}.left_on']", leg["left_on"])
    page.select_option(f"[name='itinerary.{row}.transport']", leg["transport"])
    page.fill(f"[name='itinerary.{row}.transport_no']", leg["no"])


def fill_companion(page: Page, row: int) -> None:
    name, relation = COMPANIONS[row]
    page.fill(f"[name='companions.{row}.name']", name)
    page.select_option(f"[name='companions.{row}.relation']", relation)


def correct_and_come_back(page: Page, site_url: str) -> None:
    """A correction through the receipt, and the next registration with one tap."""
    page.click("a[href^='/R/correct']")
    assert page.input_value("[name=phone]") != "+86 138 1234 5678"  # masked, and yet kept
    page.fill("[name=address]", "北关村21号")
    page.click("button[value=submit]:not(.sr)")
    page.wait_for_url("**/R*")
    assert "北关村21号" in page.content()
    page.goto(site_url)
    assert NAME in page.content()
    page.click(".tap button")
    page.wait_for_url("**/R*")
    assert page.locator("section.pass").count() == 1


def assert_table_at_home(place: Place, desk: Page, tmp_path: Path, *, registrations: int) -> None:
    """The console's own download, compared with what was typed."""
    desk.goto(f"{place.url}/console/export")
    with desk.expect_download() as download:
        desk.click("#export button.button")
    download.value.save_as(tmp_path / "table.xlsx")
    main, legs, companions = openpyxl.load_workbook(tmp_path / "table.xlsx").worksheets
    rows = list(main.iter_rows(values_only=True))
    assert len(rows) == registrations + 1
    for row, address, temperature in zip(rows[1:], ["北关村21号"] * 2, [36.6, None], strict=False):
        assert row[9:14] == (NAME, "+86 138 1234 5678", "居民身份证", DOCUMENT, address)
        assert row[14:16] == ("返乡回家", "没有")
        assert row[16] == temperature
    number = rows[1][0]
    found = [row[3:] for row in legs.iter_rows(min_row=2, values_only=True) if row[0] == number]
    assert len(found) == len(LEGS)
    for row, leg in zip(found, LEGS, strict=True):
        assert row[1] == leg["code"]
        assert row[2] == leg["place"] or row[0] == leg["place"]
        assert (row[3].date().isoformat(), row[4].date().isoformat()) == (leg["arrived_on"], leg["left_on"])
        assert row[6] == leg["no"]
    people = [row[3] for row in companions.iter_rows(min_row=2, values_only=True) if row[0] == number]
    assert people == [name for name, _ in COMPANIONS]
    desk.goto(f"{place.url}/console/export")
    desk.check("[name=shape][value=csv]")
    with desk.expect_download() as download:
        desk.click("#export button.button")
    download.value.save_as(tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.reader(file))
    assert [row[9] for row in table[1:]] == [NAME] * len(LEGS) * registrations


def test_the_main_job_with_script(place: Place, tmp_path: Path) -> None:
    desk = place.desk()
    site_url = scan_poster(desk)
    assert site_url.startswith("HTTP://127.0.0.1:")
    page = place.phone(has_script=True).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site_url)
    assert [url for url in asked if not url.startswith("data:")] == [page.url]  # one response holds everything
    fill_in(page)
    for row in range(3):
        if row:
            page.click("[id=itinerary] > button.quiet")
        fill_leg(page, row)
    page.type("[name='itinerary.0.place']", "bdsp")  # initials, then a touch
    page.get_by_role("option", name="河北省保定市顺平县", exact=True).click()
    choose_step_by_step(page, 1, ("北京市", "东城区"))
    page.fill("[name='itinerary.2.place']", LEGS[2]["place"])  # free text stays as it is
    fill_companion(page, 0)
    page.click("[id=companions] > button.quiet")
    fill_companion(page, 1)
    page.wait_for_timeout(600)
    page.reload()  # the draft survives
    expect(page.locator("[name=name]")).to_have_value(NAME)
    page.click("main form button[value=submit]:not(.sr)")
    page.wait_for_url("**/R*")
    number = page.inner_text("p.number")
    expect(desk.locator("#lines tbody tr").first).to_contain_text(number, timeout=10_000)  # without a reload
    correct_and_come_back(page, site_url)
    expect(desk.locator("#lines tbody tr")).to_have_count(2, timeout=10_000)
    assert NAME in desk.inner_text("#lines tbody")
    assert_table_at_home(place, desk, tmp_path, registrations=2)


def choose_step_by_step(page: Page, row: int, levels: tuple[str, ...]) -> None:
    box = page.locator(f".place:has([name='itinerary.{row}.place'])")
    box.locator("button").click()
    for depth, level in enumerate(levels):
        select = box.locator("select").nth(depth)
        select.wait_for()
        select.select_option(label=level)


def test_the_main_job_without_script(place: Place, tmp_path: Path) -> None:
    desk = place.desk()
    site_url = scan_poster(desk)
    phone = place.phone(has_script=False)
    page = phone.new_page()
    page.goto(site_url)
    fill_in(page)
    for row in range(3):
        if row:
            page.click("button[value='add:itinerary']")
        page.fill(f"[name='itinerary.{row}.place']", LEGS[row]["place"])
        fill_leg(page, row)
    page.click("button[value='add:companions']")
    for row in range(2):
        fill_companion(page, row)
    page.fill("[name=temperature]", "三十六度六")
    page.click("button[value=submit]:not(.sr)")
    assert "三十六度六" in page.content()  # the error stands beside its question, everything is kept
    assert page.locator("[id='temperature:e']").count() == 1
    assert page.input_value("[name='companions.1.name']") == COMPANIONS[1][0]
    page.fill("[name=temperature]", "36.6")
    page.click("button[value=submit]:not(.sr)")
    page.wait_for_url("**/R*")
    number = page.inner_text("p.number")
    expect(desk.locator("#lines tbody tr").first).to_contain_text(number, timeout=10_000)
    correct_and_come_back(page, site_url)
    expect(desk.locator("#lines tbody tr")).to_have_count(2, timeout=10_000)
    assert_table_at_home(place, desk, tmp_path, registrations=2)
    assert_not_me(page, site_url)


def assert_not_me(page: Page, site_url: str) -> None:
    page.goto(site_url)
    page.click("form[action='/R/forget'] button")
    page.goto(site_url)
    assert NAME not in page.content()


def test_an_unclear_place_is_asked_about_without_script(place: Place) -> None:
    page = place.phone(has_script=False).new_page()
    desk = place.desk()
    page.goto(scan_poster(desk))
    fill_in(page)
    page.fill("[name='itinerary.0.place']", "鼓楼区")
    page.click("button[value=submit]:not(.sr)")
    choices = page.locator("[name='itinerary.0.place.code'][type=radio]")
    assert choices.count() > 2
    choices.nth(1).check()
    chosen = choices.nth(1).get_attribute("value")
    page.click("button[value=submit]:not(.sr)")
    page.wait_for_url("**/R*")
    row = desk.locator("#lines tbody tr").first
    expect(row).to_contain_text("鼓楼区", timeout=10_000)
    assert chosen
