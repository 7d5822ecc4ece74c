"""The designer in a real browser: a ten-question form with a condition as somebody new makes it, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect
from tests.e2e.browser import chromium
from tests.e2e.test_console import Demo
from tests.file_samples import jpeg, png
from tests.installation import free_port, started

pytestmark = pytest.mark.browser

WIDTHS = (360, 1440)
ACTIONS_MAX = 60
"""Clicks, choices and typed texts for the whole form: five minutes leave five seconds for each."""


class Clerk:
    """A person at the designer; counts what she does."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.actions = 0

    def click(self, selector: str) -> None:
        self.actions += 1
        self.page.locator(selector).click()

    def choose(self, selector: str, label: str) -> None:
        self.actions += 1
        self.page.locator(selector).select_option(label=label)

    def type(self, text: str) -> None:
        self.actions += 1
        self.page.keyboard.type(text)

    def add(self, kind: str, label: str = "") -> None:
        items = self.page.locator("#outline .item")
        count = items.count()
        if not self.page.locator("#adding[open]").count():
            self.click("#add")
        self.click(f"#kinds .kind:has(strong:text-is('{kind}'))")
        expect(items).not_to_have_count(count)
        expect(self.page.locator(".label-field textarea").first).to_be_focused()
        if label:
            self.type(label)

    def begin(self, title: str) -> None:
        self.page.fill("#title", title)
        self.actions += 1
        self.click("form:has(#title) button")
        expect(self.page.locator("#adding")).to_be_visible()


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with started("demo", "--json", "--port", str(free_port())) as (_, said), chromium() as browser:
        yield Demo(browser, said["console"], said["user"], said["password"])


@pytest.fixture
def clerk(demo: Demo) -> Iterator[Clerk]:
    context = demo.sign_in()
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error.stack)))
    page.goto(f"{demo.console}forms/new")
    yield Clerk(page)
    context.close()
    assert complaints == []


def saved(page: Page) -> None:
    expect(page.locator("#status[data-state=saved]")).to_be_attached()


def hold_saving(page: Page) -> list[Route]:
    """What the page sends to be saved, held back until it is told to continue."""
    held: list[Route] = []
    page.route("**/save", lambda route: held.append(route))
    return held


def test_somebody_new_makes_ten_questions_with_a_condition(clerk: Clerk, demo: Demo) -> None:
    page = clerk.page
    clerk.begin("安置点每日健康登记")
    clerk.add("人员：姓名、电话、证件")
    clerk.add("短文字", "您住在几号帐篷")
    clerk.add("是或否", "今天有没有发烧或咳嗽")
    clerk.add("日期", "什么时候开始的")
    clerk.click("[data-field=relevant] label:has-text('满足条件才问')")
    rows = "[data-field=relevant] .condition-row select >> nth={}"
    question = page.locator("[data-field=relevant] option", has_text="今天有没有发烧或咳嗽").inner_text()
    clerk.choose(rows.format(0), question)
    clerk.choose(rows.format(2), "是")
    clerk.add("多选", "还缺什么")
    clerk.click(".choice-row input[type=text] >> nth=0")
    for text in ("棉被", "药品"):
        clerk.type(text)
        page.keyboard.press("Enter")
    clerk.type("奶粉")
    clerk.add("整数", "家里几个人")
    clerk.add("长文字", "还有什么要说的")
    saved(page)
    expect(page.locator("#problems-box summary")).to_have_text("没有问题")
    labels = page.locator("#outline .item-label").all_inner_texts()
    assert len(labels) == 10
    assert labels[4:] == [
        "您住在几号帐篷",
        "今天有没有发烧或咳嗽",
        "什么时候开始的",
        "还缺什么",
        "家里几个人",
        "还有什么要说的",
    ]

    phone = page.frame_locator("#phone iframe:not(.coming)")
    expect(phone.get_by_text("还有什么要说的")).to_be_visible()
    expect(phone.get_by_text("什么时候开始的")).to_be_hidden()
    phone.get_by_label("是", exact=True).check()
    expect(phone.get_by_text("什么时候开始的")).to_be_visible()

    clerk.click(".designer-tools > a")
    clerk.click("form.actions button")
    clerk.click("label:has(input[name=site]) >> nth=0")
    clerk.click("form.panel button")
    assert clerk.actions <= ACTIONS_MAX
    expect(page.locator("section[aria-labelledby=sites] li")).to_have_count(1)


def test_nothing_is_lost_while_the_server_is_away(clerk: Clerk) -> None:
    page = clerk.page
    clerk.begin("断网时")
    clerk.add("短文字", "几号房")
    saved(page)

    def fail(route: Route) -> None:
        route.abort()

    page.route("**/save", fail)
    clerk.type("间")
    expect(page.locator("#status[data-state=offline]")).to_be_attached()
    clerk.type("，几号床")
    page.unroute("**/save", fail)
    saved(page)
    page.reload()
    expect(page.locator("#outline .item-label")).to_have_text("几号房间，几号床")


def test_a_question_that_could_not_be_added_is_not_passed_over_in_silence(clerk: Clerk) -> None:
    page = clerk.page
    clerk.begin("断网时添加")
    page.route("**/save", lambda route: route.abort())
    clerk.click("#kinds .kind:has(strong:text-is('短文字'))")
    page.keyboard.type("a b")
    expect(page.locator("#toast")).to_be_visible()
    expect(page.locator("#adding")).to_be_hidden()
    page.unroute("**/save")
    clerk.add("短文字", "几号房")
    saved(page)
    expect(page.locator("#outline .item-label")).to_have_text("几号房")


def test_what_is_typed_before_a_question_is_there_becomes_its_text(clerk: Clerk) -> None:
    page = clerk.page
    clerk.begin("慢的网络")
    held = hold_saving(page)
    clerk.click("#kinds .kind:has(strong:text-is('短文字'))")
    clerk.type("几号")
    expect(page.locator("#coming")).to_be_visible()
    held[0].continue_()
    page.unroute("**/save")
    label = page.locator(".label-field textarea")
    expect(label).to_be_focused()
    expect(label).to_have_value("几号")
    clerk.type("房")
    page.locator("[data-field=required] input").check()
    saved(page)
    page.reload()
    expect(page.locator("#outline .item-label")).to_have_text("几号房 *")
    page.locator(".more summary").click()
    expect(page.locator("#question-name")).to_have_value("ji_hao_fang")


def test_syllables_on_their_way_to_characters_are_waited_for(clerk: Clerk) -> None:
    page = clerk.page
    clerk.begin("输入法")
    keyboard = page.context.new_cdp_session(page)
    held = hold_saving(page)
    clerk.click("#kinds .kind:has(strong:text-is('短文字'))")
    keyboard.send("Input.imeSetComposition", {"text": "fang", "selectionStart": 4, "selectionEnd": 4})
    held[0].continue_()
    page.unroute("**/save")
    expect(page.locator("#outline .item")).to_have_count(1)
    expect(page.locator("#coming")).to_be_visible()
    keyboard.send("Input.insertText", {"text": "房"})
    expect(page.locator(".label-field textarea")).to_have_value("房")


def test_a_section_is_filled_as_soon_as_its_heading_is_typed(clerk: Clerk) -> None:
    page = clerk.page
    clerk.begin("分组")
    clerk.add("分组", "家庭情况")
    clerk.click(".add-inside")
    clerk.add("整数", "几口人")
    saved(page)
    expect(page.locator(".item-inner .item-label")).to_have_text("几口人")


def test_what_is_moved_or_removed_comes_back_with_undo(clerk: Clerk) -> None:
    page = clerk.page
    clerk.begin("移动和删除")
    clerk.add("短文字", "甲")
    clerk.add("整数", "乙")
    saved(page)
    labels = page.locator("#outline .item-label")
    page.locator("#outline .item-main").nth(1).press("Alt+ArrowUp")
    expect(labels).to_have_text(["乙", "甲"])
    page.locator("#outline .item-main").nth(0).press("Delete")
    expect(labels).to_have_text(["甲"])
    page.click("#toast button")
    expect(labels).to_have_text(["乙", "甲"])
    page.click("#undo")
    expect(labels).to_have_text(["甲", "乙"])
    saved(page)


def test_undo_and_redo_outlive_a_reload(clerk: Clerk) -> None:
    page = clerk.page
    clerk.begin("重新打开")
    clerk.add("短文字", "几号房")
    clerk.add("短文字", "几个人")
    saved(page)
    labels = page.locator("#outline .item-label")
    page.click("#undo")
    page.click("#undo")
    expect(labels).to_have_text(["几号房"])
    saved(page)
    page.reload()
    expect(labels).to_have_text(["几号房"])
    page.click("#redo")
    page.click("#redo")
    expect(labels).to_have_text(["几号房", "几个人"])


def test_what_was_typed_last_is_published_and_can_be_undone_after_coming_back(clerk: Clerk) -> None:
    page = clerk.page
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    clerk.begin("最后一问")
    clerk.add("短文字")
    saved(page)
    clerk.type("几号房")
    page.click(".designer-tools > a")
    expect(page.locator("form.actions button")).to_be_visible()
    assert asked == []
    page.go_back()
    labels = page.locator("#outline .item-label")
    expect(labels).to_have_text(["几号房"])
    page.click("#undo")
    expect(labels).not_to_have_text(["几号房"])


def test_a_finger_drags_a_question_beyond_the_screen_of_a_phone(clerk: Clerk) -> None:
    page = clerk.page
    page.set_viewport_size({"width": 360, "height": 640})
    clerk.begin("手机上排序")
    for _ in range(3):
        clerk.add("人员：姓名、电话、证件")
        page.click("[data-show=outline]")
    saved(page)
    first = page.locator("#outline .item-label").first.inner_text()
    page.evaluate("scrollTo(0, 0)")
    box = page.locator("#outline .handle").first.bounding_box()
    assert box
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *y: float) -> None:
        points = [{"x": box["x"] + 14, "y": each} for each in y]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", box["y"] + 20)
    touch("touchMove", 400)
    touch("touchMove", 600)
    expect(page.locator("#outline .drop-line:last-child")).to_be_attached()
    touch("touchEnd")
    expect(page.locator("#outline .item-label").last).to_have_text(first)


def test_a_condition_that_lost_its_question_says_so_where_it_is(clerk: Clerk) -> None:
    page = clerk.page
    clerk.begin("条件")
    clerk.add("是或否", "发烧")
    clerk.add("整数", "几天")
    clerk.add("日期", "何时")
    clerk.click("[data-field=relevant] label:has-text('满足条件才问')")
    page.locator("[data-field=relevant] select").nth(0).select_option(index=1)
    page.locator("[data-field=relevant] select").nth(2).select_option(index=1)
    saved(page)
    page.locator("#outline .item-main").nth(0).press("Delete")
    expect(page.locator("#outline .item")).to_have_count(2)
    page.locator("#outline .item-main").nth(1).click()
    expect(page.locator("[data-field=relevant] .field-problem")).to_be_visible()
    page.click("[data-field=relevant] .condition-rows > button")
    expect(page.locator("[data-field=relevant] .condition-row")).to_have_count(2)
    expect(page.locator("[data-field=relevant] .field-problem")).to_be_visible()
    page.reload()
    expect(page.locator("#outline .item")).to_have_count(2)
    expect(page.locator("#adding")).to_be_hidden()


def test_a_question_and_a_choice_have_pictures(clerk: Clerk, demo: Demo) -> None:
    page = clerk.page
    clerk.begin("配图")
    clerk.add("单选", "哪个标志")
    with page.expect_file_chooser() as chosen:
        page.click("[data-field=image] button")
    chosen.value.set_files({"name": "sign.jpg", "mimeType": "image/jpeg", "buffer": jpeg()})
    shown = page.locator("[data-field=image] img")
    expect(shown).to_have_js_property("naturalWidth", 80)
    page.click(".choices .actions button:has-text('给选项配图')")
    with page.expect_file_chooser() as chosen:
        page.click(".choice-row >> nth=1 >> .pictures button")
    chosen.value.set_files({"name": "stop.png", "mimeType": "image/png", "buffer": png(30, 30)})
    expect(page.locator(".choice-row img")).to_have_js_property("naturalWidth", 30)
    saved(page)
    phone = page.frame_locator("#phone iframe:not(.coming)")
    expect(phone.locator("img")).to_have_count(2)
    expect(phone.locator("img").first).to_have_js_property("naturalWidth", 80)
    page.click("[data-field=image] button")
    expect(shown).to_have_count(0)
    page.click("#toast button")
    expect(shown).to_have_count(1)
    with page.expect_file_chooser() as chosen:
        page.click(".choice-row >> nth=0 >> .pictures button")
    chosen.value.set_files({"name": "text.png", "mimeType": "image/png", "buffer": b"no picture"})
    expect(page.locator("#toast")).to_contain_text("JPEG")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.reload()
    expect(page.locator(".edit img")).to_have_count(2)


def test_two_people_put_their_changes_together(clerk: Clerk) -> None:
    page = clerk.page
    clerk.begin("两个人")
    clerk.add("短文字", "甲")
    clerk.add("整数", "乙")
    saved(page)
    other = page.context.new_page()
    other.goto(page.url.partition("#")[0])
    other.locator(".label-field textarea").fill("甲，改过")
    saved(other)
    page.locator(".label-field textarea").fill("乙，改过")
    page.locator("#conflict-actions button").first.click()
    saved(page)
    expect(page.locator("#outline .item-label")).to_have_text(["甲，改过", "乙，改过"])


@pytest.mark.parametrize(("button", "kept", "dropped"), [(0, "别人改过", "我改过"), (1, "我改过", "别人改过")])
def test_what_was_dropped_for_the_others_change_comes_back_with_undo(
    clerk: Clerk, button: int, kept: str, dropped: str
) -> None:
    page = clerk.page
    clerk.begin("两个人，同一题")
    clerk.add("短文字", "甲")
    clerk.add("整数", "乙")
    saved(page)
    other = page.context.new_page()
    other.goto(page.url.partition("#")[0])
    other.locator("#outline .item-main").nth(1).click()
    other.locator(".label-field textarea").fill("别人改过")
    saved(other)
    page.locator(".label-field textarea").fill("我改过")
    expect(page.locator("#conflict-actions button")).to_have_count(2)
    page.locator("#conflict-actions button").nth(button).click()
    labels = page.locator("#outline .item-label")
    expect(labels).to_have_text(["甲", kept])
    saved(page)
    page.click("#undo")
    expect(labels).to_have_text(["甲", dropped])
    saved(page)
    page.reload()
    expect(labels).to_have_text(["甲", dropped])
    page.click("#redo")
    expect(labels).to_have_text(["甲", kept])


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_the_designer_is_accessible_on_a_phone_and_on_a_desk(demo: Demo, language: str) -> None:
    context = demo.sign_in(language)
    page = context.new_page()
    page.goto(f"{demo.console}forms/new")
    page.fill("#title", "A title that is rather long, as titles of forms in an emergency tend to be")
    page.click("form:has(#title) button")
    page.locator("#kinds .kind").first.click()
    expect(page.locator("#outline .item")).to_have_count(4)
    draft = page.url.partition("#")[0].removeprefix(demo.console)
    for screen in ("forms", "forms/new", draft, f"{draft}/publish"):
        page.goto(demo.console + screen)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 640 if width == 360 else 900})
            found = Axe().run(page).response["violations"]
            assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == [], screen
            assert page.evaluate("document.documentElement.scrollWidth") <= width, screen
    context.close()
