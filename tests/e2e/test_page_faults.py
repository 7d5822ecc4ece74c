"""The page's side of reliability, in Chromium against a real edge: what fails between them, in the phone, in its browser.

Whatever happens, the page says "sent" only of what is stored, nothing is stored twice, and nothing is forgotten while
the phone keeps its storage. PAGE_FAULTS_S lets a random walk go on as long as that:
`PAGE_FAULTS_S=1200 pytest --log-cli-level=INFO tests/e2e/test_page_faults.py -k walk`.
"""

from __future__ import annotations

import logging
import os
import random
import re
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import Error as BrowserError
from tests.e2e.browser import QUIET, chromium
from tests.e2e.faulty_way import Fault, FaultyWay, faulty_way
from tests.e2e.test_page_script import SUBMIT, fill_in, kept
from tests.edge_client import EdgeClient, make_installation
from tests.page_samples import MIGRANT, texts

from tianbao.config import Config
from tianbao.domain.ids import read_uuid7
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

pytestmark = pytest.mark.browser

log = logging.getLogger(__name__)
WALK_S = float(os.environ.get("PAGE_FAULTS_S", "0"))
MINUTES_BUSY = 60
PLAIN_HOST = "plain.test"
YEAR_MS = 365 * 24 * 3_600_000
NEXT = count(1)


@dataclass
class Place:
    """A running edge, the way to it, a browser."""

    edge: EdgeClient
    way: FaultyWay
    browser: Browser
    intake_db: Path

    def stored(self, name: str) -> int:
        """How many registrations of this person are in the database."""
        with sqlite3.connect(self.intake_db) as database:
            ids = {row[0] for row in database.execute("SELECT id FROM submission")}
        return len(ids & {read_uuid7(one) for one in self.way.ids[name]})


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data = tmp_path_factory.mktemp("page-faults")
    edge = EdgeClient(Config(data), make_installation(data))
    rules = f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1"
    with edge.serving() as server, faulty_way(server) as way, chromium(rules) as browser:
        yield Place(edge, way, browser, Config(data).intake_db)
    edge.close()


@pytest.fixture
def place(everything: Place) -> Place:
    everything.way.fault = None
    everything.way.address = f"http://127.0.0.1:{everything.way.port}"
    return everything


@pytest.fixture
def phone(place: Place) -> Iterator[BrowserContext]:
    context = place.browser.new_context(viewport={"width": 360, "height": 640})
    context.set_default_timeout(5_000)
    yield context
    context.close()


@pytest.fixture
def name() -> str:
    """Somebody nobody registered yet."""
    return f"王小明{next(NEXT)}"


def visit(phone: BrowserContext, place: Place, language: str = "en") -> Page:
    tab = phone.new_page()
    tab.on("pageerror", lambda error: pytest.fail(f"script failed: {error}"))
    tab.goto(f"{place.way.address}{place.edge.site}?new=1&lang={language}")
    return tab


def submit(tab: Page, name: str) -> None:
    fill_in(tab, name)
    tab.click(SUBMIT)


def expect_unsent(tab: Page, language: str = "en", text: str = "Not sent yet. Kept on this phone.") -> None:
    expect(tab.locator("#_state [role]")).to_have_text(texts(language)(text))
    expect(tab.locator("#_state a")).to_have_count(0)
    assert "/R" not in tab.url


def try_now(tab: Page) -> None:
    tab.locator("#_state button").first.click()


def assert_done(place: Place, tab: Page, name: str) -> None:
    """The person sees a receipt, the database has it once, the phone keeps nothing."""
    tab.wait_for_url("**/R")
    assert tab.locator(".pass").count()
    assert place.stored(name) == 1
    assert kept(visit(tab.context, place)) == []


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_whatever_answers_in_the_servers_place_is_no_receipt(
    place: Place, phone: BrowserContext, name: str, language: str
) -> None:
    """One after the other, and the answer lost after the commit among them."""
    faults = [fault for fault in Fault if fault is not Fault.SILENCE]
    place.way.fault = faults[0]
    tab = visit(phone, place, language)
    submit(tab, name)
    for times, fault in enumerate(faults, 1):
        place.way.wait_for_post(name, times)
        expect_unsent(tab, language)
        expect(tab.locator("#_state button").first).to_be_visible()
        place.way.fault = (*faults, None)[times]
        log.info("%s: %s", fault.name, fault.value)
        try_now(tab)
    assert_done(place, tab, name)
    assert len(place.way.ids[name]) == 1


def test_airplane_mode(place: Place, phone: BrowserContext, name: str) -> None:
    tab = visit(phone, place)
    phone.set_offline(True)
    submit(tab, name)
    expect_unsent(tab)
    assert place.stored(name) == 0
    phone.set_offline(False)
    assert_done(place, tab, name)


def test_nobody_listens(place: Place, phone: BrowserContext, name: str) -> None:
    tab = visit(phone, place)
    phone.route("**", lambda route: route.abort("connectionrefused"))
    submit(tab, name)
    expect_unsent(tab)
    phone.unroute_all()
    try_now(tab)
    assert_done(place, tab, name)


@pytest.mark.parametrize("ending", ["closed", "crashed"])
def test_the_tab_ends_while_it_sends(place: Place, phone: BrowserContext, name: str, ending: str) -> None:
    place.way.fault = Fault.SILENCE
    tab = visit(phone, place)
    submit(tab, name)
    place.way.wait_for_post(name)
    if ending == "closed":
        tab.close()
    else:
        crash(tab)
    place.way.fault = None
    tab = visit(phone, place)
    expect(tab.locator("#_state")).to_contain_text("Sent.")
    tab.click("#_state a")
    assert_done(place, tab, name)


def crash(tab: Page) -> None:
    with tab.expect_event("crash"), suppress(BrowserError):
        tab.goto("chrome://crash", timeout=2_000)


def test_the_browser_is_killed_while_it_sends(place: Place, name: str, tmp_path: Path) -> None:
    place.way.fault = Fault.SILENCE
    # The browser of the other tests has the one driver of this thread.
    kind = place.browser.browser_type
    options: dict[str, Any] = {"executable_path": "/usr/bin/chromium", "args": [*QUIET]}
    phone = kind.launch_persistent_context(tmp_path, **options)
    tab = visit(phone, place)
    submit(tab, name)
    place.way.wait_for_post(name)
    # Chromium's own lock of a profile: a link to `host-pid`.
    pid = int(str((tmp_path / "SingletonLock").readlink()).rpartition("-")[2])
    os.kill(pid, signal.SIGKILL)
    place.way.fault = None
    for lock in tmp_path.glob("Singleton*"):
        lock.unlink()
    phone = kind.launch_persistent_context(tmp_path, **options)
    tab = visit(phone, place)
    tab.click("#_state a")
    assert_done(place, tab, name)
    phone.close()


def wipe(tab: Page, place: Place) -> None:
    session = tab.context.new_cdp_session(tab)
    session.send("Storage.clearDataForOrigin", {"origin": place.way.address, "storageTypes": "all"})


def test_storage_wiped_under_an_open_page_loses_nothing_that_waits_there(
    place: Place, phone: BrowserContext, name: str
) -> None:
    place.way.fault = Fault.BUSY
    tab = visit(phone, place)
    submit(tab, name)
    expect_unsent(tab)
    wipe(tab, place)
    place.way.fault = None
    try_now(tab)
    assert_done(place, tab, name)


def test_two_tabs_send_one_queue_once(place: Place, phone: BrowserContext, name: str) -> None:
    place.way.fault = Fault.BUSY
    one = visit(phone, place)
    submit(one, name)
    expect_unsent(one)
    other = visit(phone, place)
    expect_unsent(other)
    place.way.fault = None
    try_now(one)
    try_now(other)
    expect(other.locator("#_state a")).to_be_visible()
    assert_done(place, one, name)


def test_an_hour_of_503(place: Place, phone: BrowserContext, name: str) -> None:
    place.way.fault, place.way.retry_after = Fault.BUSY, "120"
    tab = phone.new_page()
    tab.clock.install()
    tab.goto(f"{place.way.address}{place.edge.site}?lang=en")
    fill_in(tab, name)
    tab.click(SUBMIT)
    tab.clock.run_for(100)
    for minutes in range(0, MINUTES_BUSY, 2):
        expect(tab.locator("#_state")).to_contain_text("Trying again in 120 s")
        expect(tab.locator("#_state button").first).to_be_enabled()
        expect_unsent(tab)
        tab.clock.run_for(119_000)
        assert len(place.way.posts_of(name)) == minutes // 2 + 1
        tab.clock.run_for(2_000)
        place.way.wait_for_post(name, minutes // 2 + 2)
    place.way.fault = None
    try_now(tab)
    assert_done(place, tab, name)


@pytest.mark.parametrize(("asked", "s_max"), [("", 60), ("31536000", 3600), ("Wed, 21 Oct 2026 07:28:00 GMT", 60)])
def test_no_pause_is_without_bound(place: Place, phone: BrowserContext, name: str, asked: str, s_max: int) -> None:
    place.way.fault, place.way.retry_after = Fault.BUSY, asked
    tab = visit(phone, place)
    submit(tab, name)
    expect_unsent(tab)
    for _ in range(10):
        try_now(tab)
        expect(tab.locator("#_state")).to_contain_text("Trying again")
        (wait_s,) = re.findall(r"again in (\d+) s", tab.locator("#_state").inner_text())
        assert int(wait_s) <= s_max


@pytest.mark.parametrize("fault", ["refused", "quota"])
def test_without_storage_the_page_asks_to_stay_open(
    place: Place, phone: BrowserContext, name: str, fault: str
) -> None:
    if fault == "refused":
        phone.add_init_script(
            "for (const name of ['indexedDB', 'localStorage'])"
            "Object.defineProperty(window, name, {get() { throw new DOMException('no', 'SecurityError') }})"
        )
    else:
        phone.add_init_script(
            "IDBObjectStore.prototype.put = () => { throw new DOMException('', 'QuotaExceededError') }"
        )
    place.way.fault = Fault.BUSY
    tab = visit(phone, place)
    submit(tab, name)
    expect_unsent(tab, text="Not sent yet. Please keep this page open.")
    place.way.fault = None
    try_now(tab)
    tab.wait_for_url("**/R")
    assert place.stored(name) == 1


def test_a_full_phone_keeps_the_draft_until_the_receipt(place: Place, phone: BrowserContext, name: str) -> None:
    place.way.fault = Fault.BUSY
    tab = visit(phone, place)
    fill_in(tab, name)
    expect(tab.locator("#_draft")).to_be_visible()
    tab.wait_for_timeout(150)
    tab.evaluate(
        "() => { IDBObjectStore.prototype.put = () => { throw new DOMException('', 'QuotaExceededError') } }"
    )
    tab.click(SUBMIT)
    expect_unsent(tab, text="Not sent yet. Please keep this page open.")
    assert [one["name"] for one in kept(tab)] == ["draft"]
    place.way.fault = None
    try_now(tab)
    assert_done(place, tab, name)


@pytest.mark.parametrize("off_ms", [YEAR_MS, -YEAR_MS])
def test_the_phones_clock_is_wrong(place: Place, phone: BrowserContext, name: str, off_ms: int) -> None:
    shift = "{const now = Date.now; Date.now = () => now() + %d}"
    phone.add_init_script(shift % off_ms)
    place.way.fault = Fault.BUSY
    tab = visit(phone, place)
    submit(tab, name)
    expect_unsent(tab)
    tab.close()
    # And then it is set.
    phone.add_init_script(shift % -off_ms)
    place.way.fault = None
    tab = visit(phone, place)
    tab.click("#_state a")
    assert_done(place, tab, name)


def test_plain_http(place: Place, phone: BrowserContext, name: str) -> None:
    place.way.address = f"http://{PLAIN_HOST}:{place.way.port}"
    place.way.fault = Fault.CUT_AFTER
    tab = visit(phone, place)
    assert not tab.evaluate("isSecureContext")
    submit(tab, name)
    expect_unsent(tab)
    assert place.stored(name) == 1
    tab.close()
    place.way.fault = None
    tab = visit(phone, place)
    tab.click("#_state a")
    assert_done(place, tab, name)


def test_what_was_typed_last_is_there_after_a_reload(place: Place, phone: BrowserContext, name: str) -> None:
    """On a network that takes a tenth of a second."""
    tab = visit(phone, place)
    phone.route("**", lambda route: (time.sleep(0.1), route.continue_()))
    for length in range(2, 5):
        tab.fill("#name", name * length)
        tab.reload()
        expect(tab.locator("#name")).to_have_value(name * length)


def test_a_new_version_of_the_form_meanwhile(place: Place, phone: BrowserContext, name: str) -> None:
    place.way.fault = Fault.BUSY
    tab = visit(phone, place)
    submit(tab, name)
    expect_unsent(tab)
    tab.locator("#_state button").last.click()
    tab.fill("#name", "李四")
    tab.wait_for_timeout(200)
    place.edge.publish(replace(MIGRANT, version=MIGRANT.version + 1))
    place.way.fault = None
    tab.goto(f"{place.way.address}{place.edge.site}?lang=en")
    assert tab.get_attribute("#_form", "data-version") == str(MIGRANT.version + 1)
    expect(tab.locator("#name")).to_have_value("李四")
    expect(tab.locator("#_state")).to_contain_text("Sent.")
    assert place.stored(name) == 1
    submit(tab, f"{name}二")
    assert_done(place, tab, f"{name}二")


@pytest.mark.skipif(not WALK_S, reason="PAGE_FAULTS_S is not set")
def test_random_walk(place: Place) -> None:
    """Phones at random: the ledger of what their pages said against what the database has."""
    seed = random.randrange(10**6)
    chance, until_s = random.Random(seed), time.monotonic() + WALK_S
    said: list[str] = []
    events = receipts = 0
    while time.monotonic() < until_s:
        phone = place.browser.new_context(viewport={"width": 360, "height": 640})
        phone.set_default_timeout(5_000)
        names = [f"走{next(NEXT)}" for _ in range(chance.randint(1, 3))]
        tab = visit(phone, place)
        for one in names:
            place.way.fault = chance.choice([None, *Fault])
            tab = register(place, phone, tab, one)
            wait_until_taken(place, tab, one)
            for _ in range(chance.randint(0, 4)):
                events += 1
                tab = upset(place, phone, tab, chance)
                receipts += count_receipts(place, tab)
        heal(place, phone)
        phone.close()
        for one in names:
            assert place.stored(one) == 1, f"{one} is there {place.stored(one)} times, seed {seed}"
        said += names
    assert said
    numbers = len(said), events, len(place.way.posts), receipts, seed
    log.info("%d registrations, %d events, %d posts, %d receipts looked at, seed %d", *numbers)


def register(place: Place, phone: BrowserContext, tab: Page, name: str) -> Page:
    """In the same tab if it shows a form or offers one; in a new one otherwise, and where it just left for a receipt."""
    try:
        if tab.locator("#_state button").last.is_visible():
            tab.locator("#_state button").last.click(timeout=500)
        tab.locator(SUBMIT).wait_for(timeout=200)
        submit(tab, name)
    except BrowserError:
        phone.set_offline(False)
        tab.close()
        tab = visit(phone, place)
        submit(tab, name)
    return tab


def wait_until_taken(place: Place, tab: Page, name: str) -> None:
    """Until it was posted or the page said what becomes of it: before that it says no more than "Sending…"."""
    begun_s = time.monotonic()
    while not place.way.ids[name] and tab.locator("#_state [role]").inner_text() == "Sending…":
        waited_s = time.monotonic() - begun_s
        assert waited_s < 10
        if waited_s > 1 and place.way.fault is Fault.SILENCE:
            # One that was sent before it is waiting for its answer.
            place.way.fault = None
        tab.wait_for_timeout(10)


def count_receipts(place: Place, tab: Page) -> int:
    """How many receipts a page offers as those of what was sent; each opens what is stored at this moment."""
    links = tab.locator("#_state a[href^='/R/']").evaluate_all("all => all.map(link => link.getAttribute('href'))")
    for link in links:
        assert place.edge.stored(link.removeprefix("/R/"))
    return len(links)


def upset(place: Place, phone: BrowserContext, tab: Page, chance: random.Random) -> Page:
    """Something happens; the tab that is there then. What says "sent" is stored."""
    event = chance.choice(["fault", "try", "wait", "offline", "online", "reload", "reopen", "crash", "second"])
    if event == "fault":
        place.way.fault = chance.choice([None, *Fault])
    elif event == "try" and tab.locator("#_state button").first.is_visible():
        try_now(tab)
    elif event == "wait":
        tab.wait_for_timeout(chance.choice([10, 100, 700]))
    elif event in ("offline", "online"):
        phone.set_offline(event == "offline")
    else:
        tab.wait_for_timeout(chance.choice([80, 200]))
        if event == "crash":
            crash(tab)
        if event in ("reopen", "crash"):
            tab.close()
        phone.set_offline(False)
        tab = visit(phone, place)
    return tab


def heal(place: Place, phone: BrowserContext) -> None:
    """All is well again, and somebody opens the page: it sends what waits."""
    place.way.fault = None
    phone.set_offline(False)
    tab = visit(phone, place)
    for _ in range(50):
        if not kept(tab):
            return
        if tab.locator("#_state button").first.is_visible():
            try_now(tab)
        tab.wait_for_timeout(50)
    raise AssertionError(f"still kept: {kept(tab)}")
