"""The poster's page: what stands on it, in which language, and that every text finds room."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tests.golden.golden_files import assert_golden, marked
from tests.page_samples import INSTALLATION, OTHER_SITE, SITE

from tianbao.render.pages import page_csp
from tianbao.render.poster import TYPE_SIZE_MIN, Paper, poster_page, typed_address

TRANSLATORS = {"en": lambda text: text, "zh-Hans": marked}
BOTH = ("zh-Hans", "en")


def poster(*sites, paper=Paper.A4, languages=BOTH, installation=INSTALLATION):
    return poster_page(
        installation=installation,
        sites=sites or (SITE,),
        paper=paper,
        languages=languages,
        translators=TRANSLATORS,
    )


@pytest.mark.parametrize("paper", Paper)
def test_the_page(paper, pytestconfig):
    assert_golden(f"poster-{paper}", poster(paper=paper), rewrite=pytestconfig.getoption("rewrite_golden"))


@pytest.mark.parametrize(
    ("languages", "present", "absent"),
    [
        (("en",), ["Scan to register", INSTALLATION.purpose["en"]], ["「", INSTALLATION.purpose["zh-Hans"]]),
        (("zh-Hans",), ["「Scan to register」", INSTALLATION.purpose["zh-Hans"]], [INSTALLATION.purpose["en"]]),
        (BOTH, ["「Scan to register」", ">Scan to register<", *INSTALLATION.purpose.values()], []),
    ],
)
def test_it_speaks_the_languages_asked_for_and_no_other(languages, present, absent):
    html = poster(languages=languages)
    assert [text for text in present if text not in html] == []
    assert [text for text in absent if text in html] == []
    assert f'<html lang="{languages[0]}"' in html


def test_every_site_has_its_own_sheet_code_and_symbol():
    html = poster(SITE, OTHER_SITE)
    sheets = html.split('<section class="sheet">')[1:]
    assert len(sheets) == 2
    for site, sheet in zip((SITE, OTHER_SITE), sheets, strict=True):
        assert site.name in sheet
        assert "".join(f"<b>{letter}</b>" for letter in site.code) in sheet
        assert sheet.count("<path stroke") == 1


def test_two_hundred_posters_stay_a_small_page():
    codes = [f"K{number:04}" for number in range(200)]
    html = poster(*(replace(SITE, code=code) for code in codes))
    assert html.count('<section class="sheet">') == 200
    assert len(html) < 200 * 5_000


@pytest.mark.parametrize(
    ("address", "typed"),
    [
        ("http://192.168.1.5:8000", "192.168.1.5:8000/S/K7M2P"),
        ("http://tianbao.example.org", "tianbao.example.org/S/K7M2P"),
        ("https://tianbao.example.gov.cn", "tianbao.example.gov.cn/S/K7M2P"),
        ("https://tianbao.example.gov.cn:443", "tianbao.example.gov.cn:443/S/K7M2P"),
        ("https://tianbao.example.gov.cn:8443", "https://tianbao.example.gov.cn:8443/S/K7M2P"),
    ],
)
def test_the_address_to_type_is_as_short_as_a_browser_takes_it(address, typed):
    assert typed_address(replace(INSTALLATION, address=address), SITE) == typed


def test_long_names_are_set_smaller_but_stay_readable():
    def size_of(name, paper):
        html = poster(replace(SITE, name=name), paper=paper)
        return int(re.search(r'class="name z(\d+)"', html)[1])

    for paper in (Paper.A4, Paper.CARD):
        sizes = [size_of("检查点" * times, paper) for times in (2, 6, 14, 20, 100)]
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[0] > sizes[-1] >= TYPE_SIZE_MIN
        assert size_of("n" * 20, paper) > size_of("检" * 20, paper), "Latin letters are narrower"


def test_what_a_clerk_typed_is_text_and_never_markup():
    name = '<script>alert("1")</script>'
    html = poster(replace(SITE, name=name), installation=replace(INSTALLATION, organisation=name))
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;") >= 2


def test_without_a_contact_there_is_no_empty_label():
    assert "Questions:" in poster()
    assert "Questions:" not in poster(installation=replace(INSTALLATION, contact=""))


def test_its_policy_allows_its_own_style_and_script_only():
    html = poster()
    assert " style=" not in html
    assert "'unsafe-inline'" not in page_csp(html)
    assert page_csp(html).count("'sha256-") == 2
