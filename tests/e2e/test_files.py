"""Files on a phone: chosen, made smaller, sent, kept until the network is back, and the same without script."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, Request, Route, expect
from tests import file_samples as samples
from tests.e2e.browser import chromium
from tests.e2e.test_page_axe import RULES
from tests.edge_client import add_site, make_installation
from tests.installation import serve

pytestmark = pytest.mark.browser

TIMEOUT_MS = 8_000
WHEN = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%dT08:30}"
PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True, "locale": "en-GB"}
UPLOADS = re.compile(r"/files\?")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    make_installation(folder)
    return folder


@pytest.fixture(scope="module")
def site(data: Path) -> Iterator[str]:
    """The address of the incident form."""
    path = add_site(data, "incident")
    with serve(data) as (_process, said):
        yield f"{re.match('https?://[^/]+', said['console'])[0]}{path}"  # type: ignore[index]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def tab(browser: Browser, site: str) -> Iterator[Page]:
    context = browser.new_context(**PHONE)
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    broken: list[Exception] = []
    page.on("pageerror", lambda error: broken.append(error))
    page.goto(site)
    yield page
    context.close()
    assert not broken


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As large as a phone's, standing on its side."""
    path = tmp_path_factory.mktemp("photos") / "IMG_2041.jpg"
    path.write_bytes(samples.jpeg(4_000, 3_000, orientation=6) + b"\0" * 1_000_000)
    return path


def fill(page: Page) -> None:
    page.select_option("[name=incident]", index=1)
    page.fill("[name=happened_at]", WHEN)
    page.fill("[name=where]", "北关村东口")
    page.fill("[name=what]", "水管破裂，路面结冰，已放警示牌。")
    page.locator("[name=state][value=help]").check(force=True)
    page.locator("[name='help.helpers']").first.check(force=True)
    page.fill("[name=name]", "王秀英")
    page.fill("[name=phone]", "13812345678")


def submit(page: Page) -> None:
    page.click("form > button:not(.sr):visible >> nth=0")


def own_file(page: Page) -> bytes:
    """What the receipt gives back."""
    page.locator("details:has(a[download]) > summary").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="IMG_2041.jpg").click()
    assert download.value.suggested_filename == "IMG_2041.jpg"
    return download.value.path().read_bytes()


def test_a_photo_is_made_smaller_and_sent_at_once(tab: Page, photo: Path) -> None:
    sent: list[Request] = []
    tab.on("request", lambda request: sent.append(request) if UPLOADS.search(request.url) else None)
    tab.set_input_files("[id=photo]", photo)
    expect(tab.locator(".kept")).to_contain_text("Sent.")
    assert len(sent) == 1
    small = Image.open(io.BytesIO(sent[0].post_data_buffer or b""))
    assert (max(small.size), small.size[0] < small.size[1]) == (1_600, True)
    fill(tab)
    submit(tab)
    expect(tab).to_have_url(re.compile(r"/R(#_on)?$"))
    image = Image.open(io.BytesIO(own_file(tab)))
    assert image.size == (1_200, 1_600)
    assert image.getpixel((600, 20))[0] > 200  # type: ignore[index]  # red is up


def test_without_network_it_waits_and_goes_when_the_network_is_back(tab: Page, photo: Path) -> None:
    tab.context.set_offline(True)
    tab.set_input_files("[id=photo]", photo)
    expect(tab.locator(".kept")).to_contain_text("Not sent yet.")
    tab.context.set_offline(False)
    expect(tab.locator(".kept")).to_contain_text("Sent.")


def test_a_draft_keeps_a_file_that_was_not_sent(tab: Page, photo: Path) -> None:
    tab.route(UPLOADS, lambda route: route.abort())
    tab.set_input_files("[id=photo]", photo)
    expect(tab.locator(".kept")).to_contain_text("Not sent yet.")
    tab.click(".kept >> text=Try again")
    expect(tab.locator(".kept")).to_contain_text("Not sent yet.")
    expect(tab.locator("#_draft")).to_be_visible()
    tab.unroute(UPLOADS)
    tab.reload()
    expect(tab.locator(".kept")).to_contain_text("Sent.")


def test_a_registration_takes_its_file_along_from_the_queue(tab: Page, photo: Path, site: str) -> None:
    tab.context.set_offline(True)
    tab.set_input_files("[id=photo]", photo)
    fill(tab)
    submit(tab)
    expect(tab.locator("#_state")).to_contain_text("Kept on this phone")
    tab.context.set_offline(False)
    expect(tab).to_have_url(re.compile(r"/R(#_on)?$"))
    assert Image.open(io.BytesIO(own_file(tab))).size == (1_200, 1_600)


def test_an_entry_written_while_its_file_was_under_way_takes_it_along(tab: Page, photo: Path, site: str) -> None:
    held: list[Route] = []
    tab.route(UPLOADS, lambda route: held.append(route))
    tab.set_input_files("[id=photo]", photo)
    expect(tab.locator(".kept progress")).to_be_visible()
    under_way = tab.input_value("[name=photo]")
    held[0].continue_()
    expect(tab.locator(".kept")).to_contain_text("Sent.")
    fill(tab)
    tab.locator("[name=photo]").evaluate("(field, value) => { field.value = value }", under_way)
    submit(tab)
    expect(tab).to_have_url(re.compile(r"/R(#_on)?$"))
    assert Image.open(io.BytesIO(own_file(tab))).size == (1_200, 1_600)


def test_the_queue_sends_the_file_after_a_new_start(tab: Page, photo: Path, site: str) -> None:
    tab.route(re.compile(re.escape(site) + r"(/[^/?]+)?(/files)?\?"), lambda route: route.abort())
    tab.set_input_files("[id=photo]", photo)
    fill(tab)
    submit(tab)
    expect(tab.locator("#_state")).to_contain_text("Kept on this phone")
    tab.unroute_all()
    tab.goto(site)
    expect(tab.locator("#_state")).to_contain_text("Sent. Open the receipt")
    tab.click("#_state a")
    assert Image.open(io.BytesIO(own_file(tab))).size == (1_200, 1_600)


def test_what_the_phone_cannot_keep_is_said(tab: Page, tmp_path: Path) -> None:
    """A picture that stays large, since the browser cannot make it smaller."""
    tab.evaluate("CSS.supports = () => false")
    large = tmp_path / "large.jpg"
    large.write_bytes(samples.jpeg(400, 300) + b"\0" * 5_000_000)
    tab.context.set_offline(True)
    tab.set_input_files("[id=photo]", large)
    fill(tab)
    submit(tab)
    expect(tab.locator("#_state")).to_contain_text("Please keep this page open")
    tab.context.set_offline(False)
    expect(tab).to_have_url(re.compile(r"/R(#_on)?$"))


def test_a_file_is_refused_beside_its_question_and_another_takes_its_place(
    tab: Page, photo: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "x.jpg"
    wrong.write_bytes(samples.HTML)
    tab.set_input_files("[id=photo]", wrong)
    expect(tab.locator("[id='photo:e']")).to_contain_text("JPEG")
    expect(tab.locator(".kept")).to_have_count(0)
    tab.set_input_files("[id=photo]", photo)
    expect(tab.locator(".kept")).to_contain_text("Sent.")
    expect(tab.locator("[id='photo:e']")).to_have_count(0)
    tab.click(".kept >> text=Remove")
    expect(tab.locator(".kept")).to_have_count(0)
    assert tab.input_value("[name=photo]") == ""


def test_a_file_that_is_too_large_is_refused_by_what_its_question_asks(tab: Page) -> None:
    large = {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": bytes(10_485_761)}
    tab.set_input_files("[id=photo]", large)
    asked = tab.evaluate("document.querySelector('[for=photo]').firstChild.textContent").strip()
    expect(tab.locator("[id='photo:e']")).to_contain_text(f"“{asked}”")


def test_where_the_script_of_files_does_not_come_the_form_is_posted_whole(
    browser: Browser, site: str, photo: Path
) -> None:
    page = browser.new_context(**PHONE).new_page()
    page.route(re.compile(r"/files\.js"), lambda route: route.abort())
    page.goto(site)
    page.set_input_files("[id=photo]", photo)
    fill(page)
    submit(page)
    expect(page).to_have_url(re.compile(r"/R(#_on)?$"))
    assert Image.open(io.BytesIO(own_file(page))).size == (1_200, 1_600)
    page.context.close()


def test_without_script_a_photo_goes_with_the_form_and_is_removed_again(
    browser: Browser, site: str, photo: Path
) -> None:
    page = browser.new_context(**PHONE, java_script_enabled=False).new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(site)
    page.set_input_files("[id=photo]", photo)
    answers = {"happened_at": WHEN, "where": "北关村东口", "what": "水管破裂", "name": "王秀英", "phone": "1"}
    for _ in range(4):  # section by section
        for name, text in answers.items():
            if page.locator(f"[name={name}]:visible").count():
                page.locator(f"[name={name}]:visible").first.fill(text)
        if page.locator("select[name=incident]").count():
            page.select_option("[name=incident]", index=1)
        for name in ("state][value=help", "help.helpers"):
            for box in page.locator(f"[name='{name}']:visible" if "." in name else f"[name={name}]:visible").all()[
                :1
            ]:
                box.check(force=True)
        page.locator("button[name=_action]:not(.sr):visible").last.click()
        if re.search(r"/R(#_on)?$", page.url):
            break
        expect(page.locator("[name=photo]").first).to_have_value(re.compile(" IMG_2041.jpg$"))
    assert Image.open(io.BytesIO(own_file(page))).size == (1_200, 1_600)
    page.goto(page.url.partition("#")[0] + "/correct")
    expect(page.locator(".kept").first).to_contain_text("IMG_2041.jpg")
    page.locator("[name=_remove]").check(force=True)
    page.click("form > button:not(.sr)")
    expect(page).to_have_url(re.compile(r"/R(#_on)?$"))
    expect(page.get_by_role("link", name="IMG_2041.jpg")).to_have_count(0)
    page.context.close()


def test_axe_finds_nothing_with_a_file_in_any_state(tab: Page, photo: Path) -> None:
    def clean() -> bool:
        found = Axe().run(tab, options=RULES).response["violations"]
        assert not found, found
        return bool(tab.evaluate("document.documentElement.scrollWidth <= innerWidth"))

    tab.route(UPLOADS, lambda route: route.abort())
    tab.set_input_files("[id=photo]", photo)
    expect(tab.locator(".kept")).to_contain_text("Not sent yet.")
    assert clean()
    tab.unroute(UPLOADS)
    tab.route(UPLOADS, lambda route: None)  # under way for ever
    tab.click(".kept >> text=Try again")
    expect(tab.locator(".kept progress")).to_be_visible()
    assert clean()
