"""The form page with script, in Chromium at the size of a phone: draft, queue, conditions, rows, places.

The server is a stand-in, so that it can be busy, refuse, or be the log-in page of a hotel network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.e2e.browser import chromium
from tests.e2e.stand_in import RECEIPT, StandIn, accept, busy, captive_portal, refuse, standing_in
from tests.page_samples import OTHER_SITE, SITE, page

pytestmark = pytest.mark.browser

SUBMIT = "form > button:not(.sr)"
PLAIN_HOST = "plain.test"
"""A name that is no secure context: no cryptography in the browser."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1") as browser:
        yield browser


@pytest.fixture
def server() -> Iterator[StandIn]:
    with standing_in() as server:
        yield server


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 360, "height": 640})
    context.set_default_timeout(4_000)
    yield context
    context.close()


@pytest.fixture
def tab(phone: BrowserContext, server: StandIn) -> Page:
    return visit(phone, server)


def visit(phone: BrowserContext, server: StandIn, path: str = SITE.path()) -> Page:
    """A new tab, in which a script that fails is a failure of the test."""
    tab = phone.new_page()
    tab.on("pageerror", lambda error: pytest.fail(f"script failed: {error}"))
    tab.goto(server.address + path)
    return tab


def fill_in(tab: Page, name: str = "王小明") -> None:
    """All that is required."""
    tab.fill("#name", name)
    tab.select_option("#id_type", "passport")
    tab.fill("#id_number", "E12345678")
    tab.fill("#address", "北关村")
    tab.select_option("#reason", "work")
    tab.check("[value=none]")
    tab.check("#consent")


def kept(tab: Page) -> list[dict[str, object]]:
    """What lies in the phone's store: names, and whether it can be read."""
    return tab.evaluate(
        """() => new Promise(done => {
          const opening = indexedDB.open('tianbao', 1);
          opening.onsuccess = () => {
            const asking = opening.result.transaction('kept').objectStore('kept').getAll();
            asking.onsuccess = () => done(asking.result.filter(one => one.name != 'key')
              .map(one => ({name: one.name.split(' ')[0], isText: typeof one.data == 'string'})));
          };
        })"""
    )


def wait_for_draft(tab: Page) -> None:
    expect(tab.locator("#_draft")).to_be_visible()


def submit_and_stay(tab: Page) -> None:
    tab.click(SUBMIT)
    expect(tab.locator("#_state")).to_contain_text("Not sent yet")


def test_nothing_is_asked_for_but_the_page_until_a_place_or_a_submission(tab: Page, server: StandIn) -> None:
    fill_in(tab)
    wait_for_draft(tab)
    assert server.paths == [SITE.path()]
    assert server.posts == []


def test_a_submission_as_the_contract_has_it(tab: Page, server: StandIn) -> None:
    fill_in(tab, "𠮷田·㐱")
    tab.fill("#temperature", "36.5")
    tab.fill("[name='itinerary.0.place']", "武汉")
    tab.click("[value='add:itinerary']")
    tab.fill("[name='itinerary.1.arrived_on']", "2026-01-03")
    tab.fill("[name='itinerary.1.place']", "保定")
    tab.click(SUBMIT)
    tab.wait_for_url("**/R")
    (post,) = server.posts
    sent = post.json
    assert post.path == f"{SITE.path()}?lang=en"
    assert post.headers["content-type"] == "application/json"
    assert post.headers["idempotency-key"] == sent["id"]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", sent["id"])
    assert re.fullmatch(r"[\w-]{21}[AQgw]", sent["secret"])
    assert sent["version"] == 1
    assert sent["answers"] == {
        "name": "𠮷田·㐱",
        "id_type": "passport",
        "id_number": "E12345678",
        "address": "北关村",
        "reason": "work",
        "itinerary": [{"place": "武汉"}, {"place": "保定", "arrived_on": "2026-01-03"}],
        "symptoms": "none",
        "temperature": "36.5",
        "consent": "OK",
    }
    assert f"/R/{RECEIPT}" in server.paths
    assert [cookie["value"] for cookie in tab.context.cookies()] == [RECEIPT]


def test_nothing_is_left_on_the_phone_after_the_receipt(tab: Page, server: StandIn) -> None:
    fill_in(tab)
    wait_for_draft(tab)
    tab.click(SUBMIT)
    tab.wait_for_url("**/R")
    tab.goto(server.address + SITE.path())
    expect(tab.locator("#name")).to_have_value("")
    assert kept(tab) == []


def test_a_draft_survives_a_reload_and_cannot_be_read_from_the_disk(tab: Page) -> None:
    fill_in(tab)
    tab.click("[value='add:companions']")
    tab.fill("[name='companions.1.name']", "李四")
    wait_for_draft(tab)
    tab.wait_for_timeout(400)
    tab.reload()
    expect(tab.locator("[name='companions.1.name']")).to_have_value("李四")
    expect(tab.locator("#name")).to_have_value("王小明")
    expect(tab.locator("#reason")).to_have_value("work")
    expect(tab.locator("[value=none]")).to_be_checked()
    expect(tab.locator("#id_number")).to_have_value("E12345678")
    assert kept(tab) == [{"name": "draft", "isText": False}]


def test_a_draft_is_forgotten_on_request(tab: Page) -> None:
    fill_in(tab)
    wait_for_draft(tab)
    tab.click("#_draft button")
    expect(tab.locator("#name")).to_have_value("")
    expect(tab.locator("#_draft")).to_be_hidden()
    assert kept(tab) == []


def test_a_draft_is_forgotten_after_72_hours(tab: Page) -> None:
    fill_in(tab)
    wait_for_draft(tab)
    tab.wait_for_timeout(400)
    tab.add_init_script("const now = Date.now; Date.now = () => now() + 73 * 36e5")
    tab.reload()
    tab.wait_for_timeout(200)
    expect(tab.locator("#name")).to_have_value("")
    assert kept(tab) == []


def test_without_cryptography_the_draft_is_kept_and_the_page_says_so(
    phone: BrowserContext, server: StandIn
) -> None:
    server.address = f"http://{PLAIN_HOST}:{server.port}"
    tab = visit(phone, server)
    assert tab.evaluate("!crypto.subtle")
    fill_in(tab)
    expect(tab.locator("#_draft")).to_contain_text("72 hours")
    tab.wait_for_timeout(400)
    assert kept(tab) == [{"name": "draft", "isText": True}]
    tab.reload()
    expect(tab.locator("#name")).to_have_value("王小明")
    tab.click(SUBMIT)
    tab.wait_for_url("**/R")


def test_the_queue_survives_closing_the_page_and_sends_at_the_next_visit(
    phone: BrowserContext, tab: Page, server: StandIn
) -> None:
    server.answer = busy
    fill_in(tab)
    submit_and_stay(tab)
    expect(tab.locator("#_state")).to_contain_text("Kept on this phone")
    assert kept(tab) == [{"name": "entry", "isText": False}]
    tab.close()
    server.answer = accept
    tab = visit(phone, server, OTHER_SITE.path())
    expect(tab.locator("#_state a")).to_have_attribute("href", f"/R/{RECEIPT}")
    expect(tab.locator("#_state [role]")).to_be_in_viewport()
    first, again = server.posts
    assert (again.path, again.body) == (first.path, first.body)
    assert kept(tab) == []
    assert [cookie["value"] for cookie in phone.cookies()] == [RECEIPT]


def test_retry_after_is_honoured_and_try_now_does_not_wait(tab: Page, server: StandIn) -> None:
    server.answer = busy
    fill_in(tab)
    submit_and_stay(tab)
    expect(tab.locator("#_state")).to_contain_text(re.compile(r"Trying again in (2\d|30) s"))
    server.answer = accept
    tab.click("#_state button:has-text('Try now')")
    tab.wait_for_url("**/R")
    assert len(server.posts) == 2


def test_it_goes_when_the_network_comes_back(phone: BrowserContext, tab: Page, server: StandIn) -> None:
    fill_in(tab)
    phone.set_offline(True)
    submit_and_stay(tab)
    assert server.posts == []
    phone.set_offline(False)
    tab.wait_for_url("**/R")
    assert len({post.json["id"] for post in server.posts}) == 1


def test_a_captive_portal_is_no_receipt(tab: Page, server: StandIn) -> None:
    server.answer = captive_portal
    fill_in(tab)
    submit_and_stay(tab)
    expect(tab.locator("#_state a")).to_have_count(0)
    assert tab.url.endswith(SITE.path())
    assert kept(tab) == [{"name": "entry", "isText": False}]


def test_a_receipt_for_another_id_is_no_receipt(tab: Page, server: StandIn) -> None:
    def answer_another(post):
        answered = accept(post)
        answered.body = answered.body.replace(post.json["id"], "0" * 36)
        return answered

    server.answer = answer_another
    fill_in(tab)
    submit_and_stay(tab)


def test_a_family_is_queued_and_all_of_it_goes(tab: Page, server: StandIn) -> None:
    server.answer = busy
    fill_in(tab, "王小明")
    submit_and_stay(tab)
    tab.click("text=Register somebody else")
    expect(tab.locator("#name")).to_have_value("")
    expect(tab.locator("#name")).to_be_focused()
    fill_in(tab, "王小红")
    submit_and_stay(tab)
    expect(tab.locator("#_state")).to_contain_text("(2)")
    server.answer = accept
    server.posts.clear()
    tab.click("#_state button:has-text('Try now')")
    tab.wait_for_url("**/R")
    assert {post.json["answers"]["name"] for post in server.posts} == {"王小明", "王小红"}


def test_what_the_server_refuses_stands_beside_its_question(tab: Page, server: StandIn) -> None:
    server.answer = refuse("itinerary.0.place", "“Place” is too long.")
    fill_in(tab)
    tab.fill("[name='itinerary.0.place']", "x")
    tab.click(SUBMIT)
    place = tab.locator("[id='itinerary.0.place']")
    expect(tab.locator("#_problems")).to_be_focused()
    expect(place).to_have_attribute("aria-invalid", "true")
    expect(tab.locator(".place .error")).to_have_text("“Place” is too long.")
    tab.click("#_problems a")
    expect(place).to_be_focused()
    expect(tab.locator("#name")).to_have_value("王小明")
    tab.reload()
    expect(tab.locator("#name")).to_have_value("王小明")
    assert kept(tab) == [{"name": "draft", "isText": False}]
    server.answer = accept
    tab.click(SUBMIT)
    tab.wait_for_url("**/R")


def test_what_is_refused_later_becomes_the_draft_of_its_page(
    phone: BrowserContext, tab: Page, server: StandIn
) -> None:
    server.answer = busy
    fill_in(tab)
    submit_and_stay(tab)
    tab.close()
    server.answer = refuse("address", "“Where you stay here” is too long.")
    tab = visit(phone, server, OTHER_SITE.path())
    expect(tab.locator("#_state a")).to_have_attribute("href", SITE.path())
    tab.click("#_state a")
    expect(tab.locator("#name")).to_have_value("王小明")
    expect(tab.locator(".error")).to_have_text("“Where you stay here” is too long.")


@pytest.mark.parametrize("status", [404, 409, 413, 415])
def test_an_answer_that_will_not_change_is_said_and_nothing_typed_is_lost(
    tab: Page, server: StandIn, status: int
) -> None:
    refused = refuse("", "This site takes no registrations at the moment.")

    def answer(post):
        answered = refused(post)
        answered.status = status
        return answered

    server.answer = answer
    fill_in(tab)
    tab.click(SUBMIT)
    expect(tab.locator("#_problems")).to_contain_text("takes no registrations")
    expect(tab.locator("#name")).to_have_value("王小明")


def test_what_is_missing_is_said_at_once(tab: Page, server: StandIn) -> None:
    fill_in(tab)
    tab.fill("#address", "  ")
    tab.uncheck("#consent")
    tab.select_option("[name='itinerary.0.transport']", "train")
    tab.click(SUBMIT)
    assert tab.locator("#_problems a").all_inner_texts() == [
        "Please fill in “Where you stay here”.",
        "Please fill in “Place”.",
        "Please read the notice and tick the box to agree.",
    ]
    assert server.posts == []


def test_conditions_show_and_hide_and_what_is_hidden_is_not_sent(tab: Page, server: StandIn) -> None:
    number = tab.locator("#id_number")
    own_plate = tab.locator("[name='itinerary.0.transport_no']")
    expect(number).to_be_hidden()
    fill_in(tab)
    tab.select_option("#id_type", "")
    expect(number).to_be_hidden()
    tab.fill("[name='itinerary.0.place']", "武汉")
    tab.click("[value='add:itinerary']")
    tab.select_option("[name='itinerary.1.transport']", "car")
    expect(tab.locator("[name='itinerary.1.transport_no']")).to_be_visible()
    expect(own_plate).to_be_hidden()
    tab.fill("[name='itinerary.1.transport_no']", "冀F12345")
    tab.fill("[name='itinerary.1.place']", "保定")
    tab.select_option("[name='itinerary.1.transport']", "other")
    tab.click(SUBMIT)
    tab.wait_for_url("**/R")
    answers = server.posts[0].json["answers"]
    assert "id_number" not in answers
    assert answers["itinerary"] == [{"place": "武汉"}, {"place": "保定", "transport": "other"}]


def test_rows_come_and_go_and_are_counted_anew(tab: Page, server: StandIn) -> None:
    rows = tab.locator("[id=itinerary] > .row")
    expect(rows.locator("button[value^=remove]")).to_be_hidden()
    for index in range(2):
        tab.fill(f"[name='itinerary.{index}.place']", f"place {index}")
        tab.click("[value='add:itinerary']")
        expect(tab.locator(f"[name='itinerary.{index + 1}.place']")).to_be_focused()
    tab.fill("[name='itinerary.2.place']", "place 2")
    tab.click("[value='remove:itinerary.1']")
    expect(rows).to_have_count(2)
    assert rows.locator("> legend").all_inner_texts() == ["1", "2"]
    values = [tab.input_value(f"[name='itinerary.{index}.place']") for index in (0, 2)]
    assert values == ["place 0", "place 2"]
    label = rows.nth(1).locator("label").first.get_attribute("for")
    assert label == "itinerary.2.place" == rows.nth(1).locator("input").first.get_attribute("id")
    # The page stays where it is: the focus is on what took the place of the row.
    expect(tab.locator("[value='remove:itinerary.2']")).to_be_focused()
    tab.click("[value='add:itinerary']")
    tab.click("[value='remove:itinerary.3']")
    expect(tab.locator("[value='add:itinerary']")).to_be_focused()
    for index in (0, 2):
        tab.click(f"[value='remove:itinerary.{index}']")
    expect(rows).to_have_count(1)
    expect(tab.locator("[name='itinerary.3.place']")).to_have_value("")
    for _ in range(19):
        tab.click("[value='add:itinerary']")
    expect(rows).to_have_count(20)
    expect(tab.locator("[value='add:itinerary']")).to_be_hidden()


def test_rows_keep_their_places_when_others_go(tab: Page, server: StandIn) -> None:
    fill_in(tab)
    for index in range(3):
        tab.fill(f"[name='itinerary.{index}.place']", f"place {index}")
        tab.click("[value='add:itinerary']")
    tab.click("[value='remove:itinerary.1']")
    wait_for_draft(tab)
    tab.wait_for_timeout(400)
    tab.reload()
    expect(tab.locator("[name='itinerary.2.place']")).to_have_value("place 2")
    server.answer = refuse("itinerary.2.place", "Too long.")
    tab.click(SUBMIT)
    expect(tab.locator("[id='itinerary.2.place:e']")).to_have_text("Too long.")
    assert server.posts[0].json["answers"]["itinerary"] == [{"place": "place 0"}, {}, {"place": "place 2"}]


def test_a_suggested_place_is_chosen_with_the_keyboard_and_sent_with_its_code(tab: Page, server: StandIn) -> None:
    fill_in(tab)
    place = tab.locator("[name='itinerary.0.place']")
    place.press_sequentially("bdsp", delay=20)
    options = tab.locator("[role=option]")
    expect(options).to_have_count(2)
    expect(place).to_have_attribute("aria-expanded", "true")
    place.press("ArrowDown")
    expect(place).to_have_attribute("aria-activedescendant", "_list0")
    place.press("Enter")
    expect(place).to_have_value("河北省保定市顺平县")
    expect(options).to_have_count(0)
    assert [path for path in server.paths if path.startswith("/places")] == ["/places?q=bdsp&lang=en"]
    tab.click(SUBMIT)
    tab.wait_for_url("**/R")
    assert server.posts[0].json["answers"]["itinerary"] == [
        {"place": {"text": "河北省保定市顺平县", "code": "130636"}}
    ]


def test_a_suggestion_can_be_touched_and_typing_on_takes_the_code_away(tab: Page) -> None:
    place = tab.locator("[name='itinerary.0.place']")
    code = tab.locator("[name='itinerary.0.place.code']")
    place.press_sequentially("bd")
    tab.click("[role=option] >> nth=1")
    expect(code).to_have_value("130600")
    place.press_sequentially("x")
    expect(code).to_have_value("")
    place.press("Escape")
    expect(place).to_have_value("河北省保定市x")


def test_a_place_is_chosen_step_by_step(tab: Page, server: StandIn) -> None:
    tab.click("text=Choose step by step")
    for level, name in enumerate(["河北省", "保定市", "顺平县", "蒲阳镇"]):
        select = tab.locator(".steps select").nth(level)
        expect(select).to_have_accessible_name(["Province", "City", "County", "Township"][level])
        select.select_option(name)
    expect(tab.locator("[name='itinerary.0.place']")).to_have_value("河北省保定市顺平县蒲阳镇")
    expect(tab.locator("[name='itinerary.0.place.code']")).to_have_value("130636100")
    assert server.paths[1:] == ["/places/provinces", "/places/13"]
    tab.locator(".steps select").nth(0).select_option("北京市")
    expect(tab.locator(".steps select")).to_have_count(1)


def test_without_a_network_a_place_is_a_text_field(phone: BrowserContext, tab: Page) -> None:
    phone.set_offline(True)
    tab.locator("[name='itinerary.0.place']").press_sequentially("bdsp")
    tab.click("text=Choose step by step")
    tab.wait_for_timeout(300)
    expect(tab.locator("[role=option], .steps")).to_have_count(0)
    expect(tab.locator("[name='itinerary.0.place']")).to_have_value("bdsp")


def test_none_of_these_stands_alone(tab: Page) -> None:
    for value in ("fever", "cough", "none"):
        tab.check(f"[name=symptoms][value={value}]")
    assert tab.eval_on_selector_all("[name=symptoms]:checked", "all => all.map(one => one.value)") == ["none"]
    tab.check("[name=symptoms][value=fever]")
    expect(tab.locator("[name=symptoms][value=none]")).not_to_be_checked()


def test_enter_goes_to_the_next_field(tab: Page, server: StandIn) -> None:
    tab.locator("#name").press("Enter")
    expect(tab.locator("#phone")).to_be_focused()
    assert server.posts == []


def test_large_type_is_remembered(tab: Page) -> None:
    before = tab.locator("h1").evaluate("e => getComputedStyle(e).fontSize")
    tab.click("text=Large type")
    tab.reload()
    assert tab.locator("h1").evaluate("e => getComputedStyle(e).fontSize") != before


def test_a_page_without_script_posts_itself(browser: Browser, server: StandIn) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(server.address + SITE.path())
    tab.fill("#name", "A")
    tab.locator("#name").press("Enter")
    tab.goto(server.address + SITE.path())
    tab.click("[value='add:companions']")
    assert [post.body.count("_action=submit") for post in server.posts] == [1, 0]
    assert "_action=add%3Acompanions" in server.posts[1].body
    context.close()


def test_a_correction_is_posted_as_a_form(phone: BrowserContext, server: StandIn) -> None:
    from tianbao.render.form_page import Filled, Purpose

    filled = Filled(values={"name": ["王小明"], "reason": ["work"], "address": ["x"], "symptoms": ["none"]})
    server.pages["/R/correct"] = page(
        action="/R", purpose=Purpose.CORRECT, filled=filled, hidden={"_revision": "1"}
    )
    tab = visit(phone, server, "/R/correct")
    tab.click("[value='add:itinerary']")
    tab.check("#consent")
    tab.click(SUBMIT)
    assert "_revision=1" in server.posts[0].body
    assert server.posts[0].headers["content-type"] == "application/x-www-form-urlencoded"
