"""Posters from Chromium's print dialogue: exact pages, nothing cut off, and QR codes that read under bad light."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser
from tests.e2e.browser import chromium
from tests.e2e.printing import printed, rasterised, read, size_mm
from tests.page_samples import INSTALLATION, SITE

from tianbao.domain.sites import Installation, Site, poster_url
from tianbao.render.poster import Paper, poster_page
from tianbao.texts import translator

pytestmark = pytest.mark.browser

BOTH = ("zh-Hans", "en")
SIZES_MM = {Paper.A4: [210, 297], Paper.A3: [297, 420], Paper.CARD: [210, 297]}
LONGEST = replace(
    INSTALLATION,
    organisation="顺平县" * 33,
    address=f"https://{'a-very-long-label.county.' * 4}gov.cn:8443",
    contact="值班" * 50,
    purpose={"zh-Hans": "了解来往人员。" * 140, "en": "To know where people have been. " * 30},
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def page_of(
    sites: list[Site], paper: Paper, installation: Installation = INSTALLATION, languages: tuple[str, ...] = BOTH
) -> str:
    return poster_page(
        installation=installation,
        sites=sites,
        paper=paper,
        languages=languages,
        translators={language: translator(language) for language in languages},
    )


def rotated(image: np.ndarray, degrees: float) -> np.ndarray:
    height, width = image.shape
    side = int(np.hypot(height, width))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    turn[:, 2] += (side - width) / 2, (side - height) / 2
    return cv2.warpAffine(image, turn, (side, side), borderValue=255)


def from_the_side(image: np.ndarray, shrink: float) -> np.ndarray:
    """The sheet as a camera sees it from the right: its left edge shorter by `shrink`."""
    height, width = image.shape
    cut = height * shrink / 2
    seen = np.float32([(0, cut), (width, 0), (width, height), (0, height - cut)])
    whole = np.float32([(0, 0), (width, 0), (width, height), (0, height)])
    warp = cv2.getPerspectiveTransform(whole, seen)
    return cv2.warpPerspective(image, warp, (width, height), borderValue=255)


@pytest.mark.parametrize("paper", Paper)
def test_a_poster_is_one_exact_page_that_reads_in_every_condition(browser, paper):
    document = printed(browser, page_of([SITE], paper))
    assert len(document) == 1
    assert size_mm(document[0]) == SIZES_MM[paper]

    image = rasterised(document[0])
    expected = [poster_url(INSTALLATION, SITE)] * (2 if paper is Paper.CARD else 1)
    assert read(image) == expected
    assert read(rotated(image, 20)) == expected
    assert read(cv2.GaussianBlur(image, (0, 0), 1.5)) == expected
    assert read(from_the_side(image, 0.4)) == expected


def test_the_longest_address_still_reads(browser):
    document = printed(browser, page_of([SITE], Paper.CARD, LONGEST))
    assert read(rasterised(document[0])) == [poster_url(LONGEST, SITE)] * 2


def test_two_hundred_posters_are_two_hundred_pages(browser):
    sites = [replace(SITE, code=f"K{number:04}", name=f"{SITE.name}{number}") for number in range(200)]
    document = printed(browser, page_of(sites, Paper.A4))
    assert len(document) == 200
    for index in (0, 99, 199):
        assert read(rasterised(document[index])) == [poster_url(INSTALLATION, sites[index])]


@pytest.mark.parametrize("paper", Paper)
def test_a_telephone_number_is_not_cut_at_the_end_of_a_line(browser, paper):
    page = browser.new_page()
    contact = "蒲阳镇疫情防控办公室 0312-7690000、0312-7690001"
    page.set_content(page_of([SITE], paper, replace(INSTALLATION, contact=contact), BOTH))
    page.emulate_media(media="print")
    lines = page.get_by_text("蒲阳镇疫情防控办公室").first.evaluate(
        """box => {
            const text = box.firstChild, range = document.createRange(), lines = [];
            const hyphens = [...text.data].map((c, at) => c === '-' ? at : -1).filter(at => at >= 0);
            for (const at of hyphens) {
                const tops = [at - 2, at, at + 2].map(one => (range.setStart(text, one), range.setEnd(text, one + 1),
                    range.getBoundingClientRect().top));
                lines.push(new Set(tops).size);
            }
            return lines;
        }"""
    )
    page.close()
    assert lines == [1, 1]


@pytest.mark.parametrize("paper", Paper)
@pytest.mark.parametrize("languages", [("zh-Hans",), ("en",), BOTH])
def test_the_longest_texts_are_not_cut_off(browser, paper, languages):
    page = browser.new_page()
    page.set_content(page_of([replace(SITE, name="北关村东口" * 12)], paper, LONGEST, languages))
    page.emulate_media(media="print")
    too_much = page.evaluate(
        "[...document.querySelectorAll('.sheet, .face')].map("
        "box => [box.scrollWidth - box.clientWidth, box.scrollHeight - box.clientHeight])"
    )
    page.close()
    assert too_much
    assert all(size <= 0 for sizes in too_much for size in sizes)
