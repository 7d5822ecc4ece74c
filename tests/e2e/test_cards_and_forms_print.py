"""Cards and empty forms from Chromium's print dialogue: exact pages, and QR codes that read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser
from tests.e2e.browser import chromium
from tests.e2e.printing import printed, rasterised, read, size_mm
from tests.page_samples import INSTALLATION, MIGRANT, SITE
from tests.receipt_samples import CARD, TRANSLATORS

from tianbao.render.card import CardLayout, card_page
from tianbao.render.paper_form import paper_form_page
from tianbao.texts import translator

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.parametrize(
    ("layout", "pages", "size"),
    [(CardLayout.CARD, 9, [86, 54]), (CardLayout.SHEET, 2, [210, 297]), (CardLayout.ROLL, 9, [80, 105])],
)
def test_nine_cards_are_exact_pages_and_read(browser, layout, pages, size):
    cards = [replace(CARD, pass_text=f"{CARD.pass_text}{number}") for number in range(9)]
    html = card_page(installation=INSTALLATION, cards=cards, layout=layout, translators=TRANSLATORS)
    document = printed(browser, html)
    assert len(document) == pages
    assert size_mm(document[0]) == size
    assert [text for page in document for text in read(rasterised(page, 150))] == [card.pass_text for card in cards]


@pytest.mark.parametrize("layout", CardLayout)
def test_the_longest_names_leave_room_for_the_rest_of_a_card(browser, layout):
    card = replace(CARD, site_name="北关村东口" * 12, masked_name="A*** " * 10)
    longest = replace(INSTALLATION, organisation="顺平县" * 33)
    page = browser.new_page()
    page.set_content(card_page(installation=longest, cards=[card], layout=layout, translators=TRANSLATORS))
    too_much = page.evaluate(
        "[...document.querySelectorAll('article')].map("
        "box => [box.scrollWidth - box.clientWidth, box.scrollHeight - box.clientHeight])"
    )
    page.close()
    assert too_much == [[0, 0]]


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_the_built_in_form_is_one_sheet(browser, language):
    html = paper_form_page(
        installation=INSTALLATION, site=SITE, form=MIGRANT, language=language, _=translator(language)
    )
    document = printed(browser, html)
    assert len(document) == 1
    assert size_mm(document[0]) == [210, 297]


def test_a_long_form_bears_the_site_code_on_every_page(browser):
    long = replace(MIGRANT, questions=MIGRANT.questions * 3)
    html = paper_form_page(installation=INSTALLATION, site=SITE, form=long, language="en", _=translator("en"))
    texts = [page.get_textpage().get_text_bounded() for page in printed(browser, html)]
    assert len(texts) >= 3
    assert [SITE.code in text for text in texts] == [True] * len(texts)
