"""Chromium with JavaScript switched off fills in forms page after page; with it, a long list is chosen from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from tests.e2e.browser import chromium
from tests.edge_client import EdgeClient, make_installation
from tests.page_samples import form_of, kit

from tianbao.config import Config
from tianbao.domain.forms import Form

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SUBMIT = "form > button:not(.sr):visible, .go > button:visible"
TEXT = {"type": "text"}
FLOORS = form_of(
    {"name": "house", **TEXT, "required": True},
    {"name": "floors", "type": "integer", "required": True},
    {"name": "floor", "type": "repeat", "repeat_count": "${floors}", "questions": [
        {"name": "use", **TEXT},
        {"name": "people", "type": "repeat", "questions": [
            {"name": "name", **TEXT},
            {"name": "age", "type": "integer"},
            {"name": "school", **TEXT, "relevant": "${age} < 18", "required": True}]}]},
    {"name": "sum", "type": "note", "label": {"en": "${house} has ${floors} floors."}},
)  # fmt: skip
VILLAGES = [
    {"name": f"v{n}", "label": {"zh-Hans": f"第{n}村", "en": f"Village {n}"}, "columns": {"town": f"t{n % 2}"}}
    for n in range(5_000)
]
TOWNS = [{"name": f"t{n}", "label": {"zh-Hans": f"{n}镇", "en": f"Town {n}"}} for n in (0, 1)]
VILLAGE_FORM = form_of(
    {"name": "town", "type": "select_one", "choices": TOWNS},
    {
        "name": "village",
        "type": "select_one",
        "choices": VILLAGES,
        "choice_filter": "town = ${town}",
        "required": True,
    },
    {"name": "why", **TEXT, "relevant": "${village} = 'v7'", "required": True},
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeClient]:
    data: Path = tmp_path_factory.mktemp("without_script")
    client = EdgeClient(Config(data), make_installation(data))
    yield client
    client.close()


@pytest.fixture(scope="module")
def address(client: EdgeClient) -> Iterator[str]:
    with client.serving() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def visit(browser: Browser, url: str, width: int, *, has_script: bool) -> Page:
    context = browser.new_context(
        java_script_enabled=has_script, viewport={"width": width, "height": 640}, bypass_csp=True
    )
    tab = context.new_page()
    tab.goto(url)
    return tab


def opened(client: EdgeClient, form: Form) -> str:
    client.publish(form)
    return client.site


def stored(client: EdgeClient, tab: Page) -> Any:
    expect(tab.locator(".card, article, main").first).to_be_visible()
    token = next(each["value"] for each in tab.context.cookies() if each["name"] == "r")
    return client.stored(token.split(".")[0])


def go_on(tab: Page) -> None:
    """Presses the button, looks at the page as everybody else sees it, and where it begins."""
    tab.locator(SUBMIT).click()
    if "/R" in tab.url:
        return
    mark = tab.locator("#_on").bounding_box()
    assert mark and -1 <= mark["y"] < 640
    look_at(tab)


def look_at(tab: Page) -> None:
    """Nobody is kept from using the page or has to scroll sideways. It is looked at where a script can run."""
    assert tab.context.browser
    glass = tab.context.browser.new_context(viewport=tab.viewport_size, bypass_csp=True)
    copy = glass.new_page()
    copy.set_content(tab.content())
    found = Axe().run(copy, options=RULES)
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]] == []
    assert copy.evaluate("document.documentElement.scrollWidth <= innerWidth")
    glass.close()


def test_a_kit_with_conditions_and_counted_rows(browser: Browser, client: EdgeClient, address: str) -> None:
    tab = visit(browser, f"{address}{opened(client, kit('shelter'))}?lang=zh-Hans", 360, has_script=False)
    expect(tab.locator("#consent")).to_be_hidden()
    tab.fill("#name", "王小明")
    tab.fill("#age", "34")
    tab.locator("#age").press("Enter")
    expect(tab.locator("#home_address, [name=home_address]").first).to_be_visible()
    for field in tab.locator("input:visible:not([name=phone]):not([type=radio]):not([type=checkbox])").all():
        if not field.input_value():
            field.fill("1" if field.get_attribute("inputmode") == "numeric" else "河北保定顺平")
    for _ in range(8):
        for name in {each.get_attribute("name") for each in tab.locator("[type=radio]:visible").all()}:
            if not tab.locator(f"[name='{name}']:checked").count():
                tab.locator(f"[name='{name}']").first.check(force=True)
        for box in tab.locator("[type=checkbox][value=none]:visible, [type=checkbox][value=OK]:visible").all():
            box.check(force=True)
        for field in tab.locator("input:visible:not([name=phone]):not([type=radio]):not([type=checkbox])").all():
            if not field.input_value():
                field.fill("1" if field.get_attribute("inputmode") == "numeric" else "张三")
        go_on(tab)
        if "/R" in tab.url:
            break
    answers = stored(client, tab)
    assert answers["name"] == "王小明" and answers["consent"] is True


@pytest.mark.parametrize("width", [320, 1440])
def test_rows_within_rows(browser: Browser, client: EdgeClient, address: str, width: int) -> None:
    tab = visit(browser, address + opened(client, FLOORS), width, has_script=False)
    tab.fill("#house", "Red house")
    tab.fill("#floors", "2")
    go_on(tab)
    tab.fill("[name='floor.1.use']", "flats")
    tab.fill("[name='floor.1.people.0.name']", "Li")
    tab.fill("[name='floor.1.people.0.age']", "40")
    tab.click("[value='add:floor.1.people']")
    assert (tab.locator("#_on").bounding_box() or {})["y"] < 640
    tab.fill("[name='floor.1.people.1.name']", "Xiao")
    tab.fill("[name='floor.1.people.1.age']", "9")
    go_on(tab)
    expect(tab.locator("[name='floor.1.people.1.school']")).to_be_visible()
    expect(tab.locator("[name='floor.1.people.0.school']")).to_have_count(0)
    go_on(tab)
    expect(tab.locator(".error")).to_have_text("Please fill in “school”.")
    tab.fill("[name='floor.1.people.1.school']", "First")
    expect(tab.locator("#sum")).to_contain_text("Red house has 2 floors.")
    go_on(tab)
    people = [{"name": "Li", "age": 40}, {"name": "Xiao", "age": 9, "school": "First"}]
    assert stored(client, tab) == {
        "house": "Red house",
        "floors": 2,
        "floor": [{}, {"use": "flats", "people": people}],
    }


def test_back_and_forth_harms_nothing(browser: Browser, client: EdgeClient, address: str) -> None:
    tab = visit(browser, address + opened(client, FLOORS), 360, has_script=False)
    tab.fill("#house", "Red house")
    tab.fill("#floors", "1")
    go_on(tab)
    tab.go_back()
    expect(tab.locator("#house")).to_have_value("Red house")
    tab.fill("#floors", "0")
    go_on(tab)
    go_on(tab)
    assert stored(client, tab) == {"house": "Red house", "floors": 0}


@pytest.mark.parametrize("width", [320, 1440])
def test_a_village_of_five_thousand_is_chosen_while_typing(
    browser: Browser, client: EdgeClient, address: str, width: int
) -> None:
    tab = visit(browser, address + opened(client, VILLAGE_FORM), width, has_script=True)
    tab.check("[name=town][value=t1]", force=True)
    village, options = tab.locator("#village"), tab.locator("[role=option]")
    village.press_sequentially("village 7", delay=10)
    expect(options.first).to_have_text("Village 7")
    assert all(int(text.split()[1]) % 2 for text in options.all_inner_texts())
    expect(village).to_have_attribute("role", "combobox")
    expect(village).to_have_attribute("aria-expanded", "true")
    village.press("ArrowDown")
    expect(village).to_have_attribute("aria-activedescendant", options.first.get_attribute("id") or "?")
    found = Axe().run(tab, options=RULES)
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]] == []
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = [each.bounding_box() for each in options.all()]
    assert all(box and box["height"] >= 44 for box in boxes)
    village.press("Enter")
    expect(village).to_have_value("Village 7")
    expect(options).to_have_count(0)
    expect(tab.locator("#why")).to_be_visible()  # asks for the choice's name, not for what stands in the field
    tab.fill("#why", "x")
    tab.click("form > button:not(.sr)")
    tab.wait_for_url("**/R")
    assert stored(client, tab) == {"town": "t1", "village": "v7", "why": "x"}


def test_another_town_takes_the_village_back(browser: Browser, client: EdgeClient, address: str) -> None:
    tab = visit(browser, address + opened(client, VILLAGE_FORM), 360, has_script=True)
    tab.check("[name=town][value=t1]", force=True)
    tab.locator("#village").press_sequentially("village 9")
    tab.locator("[role=option]").first.click()
    expect(tab.locator("[name='village.code']")).to_have_value("v9")
    tab.check("[name=town][value=t0]", force=True)
    expect(tab.locator("#village")).to_have_value("")


def test_what_is_written_out_is_picked(browser: Browser, client: EdgeClient, address: str) -> None:
    tab = visit(browser, address + opened(client, VILLAGE_FORM), 360, has_script=True)
    tab.check("[name=town][value=t1]", force=True)
    tab.locator("#village").press_sequentially("Village 4999")
    expect(tab.locator("[name='village.code']")).to_have_value("v4999")


def test_without_a_network_the_text_stays_and_the_server_resolves_it(
    browser: Browser, client: EdgeClient, address: str
) -> None:
    tab = visit(browser, address + opened(client, VILLAGE_FORM), 360, has_script=True)
    tab.check("[name=town][value=t1]", force=True)
    tab.context.set_offline(True)
    tab.locator("#village").press_sequentially("village 11")
    tab.wait_for_timeout(300)
    expect(tab.locator("[role=option]")).to_have_count(0)
    tab.context.set_offline(False)
    tab.click("form > button:not(.sr)")
    tab.wait_for_url("**/R")
    assert stored(client, tab) == {"town": "t1", "village": "v11"}
