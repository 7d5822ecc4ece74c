"""axe-core finds nothing on the form page, in any state it can be in; and nobody has to scroll sideways."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from tests.e2e.browser import chromium
from tests.e2e.stand_in import StandIn, busy, standing_in
from tests.page_samples import INSTALLATION, form_of, page

from tianbao.domain.problems import Code, Problem
from tianbao.render.form_page import EMPTY, Filled, Purpose

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
WITH_PROBLEMS = Filled(
    values={"itinerary.1.place": ["朝阳"], "temperature": ["x"], "symptoms": ["none", "fever"]},
    rows={"companions": 3},
    problems=(
        Problem(Code.REQUIRED, "name"),
        Problem(Code.REQUIRED, "reason"),
        Problem(Code.NOT_A_NUMBER, "temperature"),
        Problem(Code.EXCLUSIVE_CHOICE, "symptoms"),
        Problem(Code.NOT_ACKNOWLEDGED, "consent"),
    ),
    candidates={"itinerary.1.place": (("110105", "北京市朝阳区"), ("211300", "辽宁省朝阳市"))},
)


OFTEN = [{"name": name, "label": {"en": name.title()}} for name in ("never", "sometimes", "always")]
AGREED = ("strongly disagree", "disagree", "neither", "agree", "strongly agree")
WIDGETS = form_of(
    {"name": "slider", "type": "range", "minimum": 0, "maximum": 10, "step": 1},
    {
        "name": "rank",
        "type": "rank",
        "choices": [{"name": name, "label": {"en": name.title()}} for name in ("medicine", "water", "food")],
    },
    {
        "name": "likert",
        "type": "select_one",
        "appearance": ["likert"],
        "choices": [{"name": f"a{index}", "label": {"en": label}} for index, label in enumerate(AGREED)],
    },
    {"name": "columns", "type": "select_multiple", "appearance": ["columns-3"], "choices": OFTEN},
    {"name": "quick", "type": "select_one", "appearance": ["quick"], "choices": OFTEN},
    {
        "name": "table",
        "type": "group",
        "questions": [
            {"name": "head", "type": "select_one", "appearance": ["label"], "choices": OFTEN},
            {"name": "asleep", "type": "select_one", "appearance": ["list-nolabel"], "choices": OFTEN},
            {"name": "alone", "type": "select_one", "appearance": ["list-nolabel"], "choices": OFTEN},
        ],
    },
)


def stay(tab: Page) -> None:
    """Leaves the page as it came."""


def show_missing(tab: Page) -> None:
    tab.click("form > button:not(.sr)")
    expect(tab.locator("#_problems")).to_be_visible()


def suggest(tab: Page) -> None:
    tab.locator("[name='itinerary.0.place']").press_sequentially("bd")
    expect(tab.locator("[role=option]")).to_have_count(2)
    tab.locator("[name='itinerary.0.place']").press("ArrowDown")
    expect(tab.locator("[aria-selected]")).to_be_visible()


def open_steps(tab: Page) -> None:
    tab.click(".place > button")
    expect(tab.locator(".steps select")).to_be_visible()


def add_rows(tab: Page) -> None:
    for _ in range(2):
        tab.click("[value='add:itinerary']")
    tab.click("summary")


def queue(tab: Page) -> None:
    tab.fill("#name", "A")
    tab.fill("#address", "A")
    tab.select_option("#reason", "work")
    tab.check("[value=none]")
    tab.check("#consent")
    tab.click("form > button:not(.sr)")
    expect(tab.locator("#_state button").first).to_be_visible()


def enlarge(tab: Page) -> None:
    tab.click("label[for=_large]")


def put_in_order(tab: Page) -> None:
    """By the keyboard alone: what was moved keeps the focus, and the slider follows the number."""
    tab.locator("#slider").press_sequentially("7")
    expect(tab.locator("[type=range]")).to_have_js_property("value", "7")
    tab.get_by_role("button", name="Move down: Medicine").press("Enter")
    expect(tab.locator(".order li").nth(1)).to_contain_text("Medicine")
    expect(tab.get_by_role("button", name="Move down: Medicine")).to_be_focused()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with standing_in() as server:
        server.answer = busy
        for language in ("zh-Hans", "en"):
            server.pages[f"/{language}"] = page(language)
            server.pages[f"/{language}/problems"] = page(language, filled=WITH_PROBLEMS)
            server.pages[f"/{language}/widgets"] = page(language, form=WIDGETS)
            server.pages[f"/{language}/correct"] = page(language, purpose=Purpose.CORRECT, filled=EMPTY)
        yield server


@pytest.mark.parametrize(
    ("path", "act", "width", "scheme"),
    [
        ("/zh-Hans", stay, 320, "light"),
        ("/en", stay, 320, "dark"),
        ("/en", stay, 1440, "light"),
        ("/zh-Hans", enlarge, 320, "light"),
        ("/en", enlarge, 320, "light"),
        ("/zh-Hans", show_missing, 320, "dark"),
        ("/en", suggest, 320, "light"),
        ("/zh-Hans", open_steps, 320, "dark"),
        ("/en", add_rows, 320, "light"),
        ("/en", queue, 320, "light"),
        ("/zh-Hans", queue, 320, "dark"),
        ("/en/problems", stay, 320, "light"),
        ("/zh-Hans/problems", stay, 320, "dark"),
        ("/en/correct", stay, 320, "light"),
        ("/en/widgets", stay, 320, "light"),
        ("/en/widgets", stay, 1440, "dark"),
        ("/en/widgets", put_in_order, 360, "light"),
    ],
)
def test_axe_finds_nothing(
    browser: Browser, server: StandIn, path: str, act: Callable[[Page], None], width: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 568}, color_scheme=scheme, bypass_csp=True)
    tab = context.new_page()
    tab.goto(server.address + path)
    act(tab)
    found = Axe().run(tab, options=RULES)
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]] == []
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    context.close()


@pytest.mark.parametrize("path", ["/zh-Hans", "/en/problems"])
def test_whatever_is_touched_is_large_enough(browser: Browser, server: StandIn, path: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 568})
    tab = context.new_page()
    tab.goto(server.address + path)
    small = tab.evaluate(
        """() => [...document.querySelectorAll('header a, label[for=_large], label.choice, button, select, summary,'
            + 'input:not([type=hidden]):not([type=checkbox]):not([type=radio])')]
          .filter(one => one.offsetParent && !one.matches('.sr') && one.getBoundingClientRect().height < 44)
          .map(one => one.outerHTML)"""
    )
    assert small == []
    context.close()


def test_the_longest_organisation_leaves_a_gap_before_the_links(browser: Browser) -> None:
    organisation = "顺平县蒲阳镇人民政府疫情防控工作领导小组办公室综合协调组第一工作专班"
    markup = page("zh-Hans").replace(INSTALLATION.organisation, organisation)
    context = browser.new_context(viewport={"width": 320, "height": 568})
    tab = context.new_page()
    tab.set_content(markup)
    assert organisation in tab.inner_text("header p")
    gap = tab.evaluate(
        """() => {
            const text = document.createRange();
            text.selectNodeContents(document.querySelector('header p'));
            const link = document.createRange();
            link.selectNodeContents(document.querySelector('label[for=_large]'));
            return link.getBoundingClientRect().left - text.getBoundingClientRect().right;
        }"""
    )
    assert gap >= 8
    context.close()
