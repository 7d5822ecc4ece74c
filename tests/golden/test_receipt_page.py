"""The pages of somebody who is registered, and the small ones: what they say, where they lead, what they hide."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tests.golden.golden_files import assert_golden
from tests.page_samples import INSTALLATION, SITE, form_of
from tests.receipt_samples import ANSWERS, PAGES, RECEIPT, TRANSLATORS, confirm, given, problem, receipt

from tianbao.domain.forms import Form
from tianbao.domain.problems import Code
from tianbao.render import receipt_page as pages
from tianbao.render.doubts import doubt_sentence
from tianbao.render.pages import page_csp
from tianbao.render.receipt_page import ReceiptState


@pytest.fixture(autouse=True)
def other_languages(monkeypatch):
    monkeypatch.setattr(pages, "translator", TRANSLATORS.__getitem__)


@pytest.mark.parametrize("language", TRANSLATORS)
@pytest.mark.parametrize("name", PAGES)
def test_the_page(name, language, pytestconfig):
    html = PAGES[name](language)
    assert_golden(f"{name}.{language}", html, rewrite=pytestconfig.getoption("rewrite_golden"))


@pytest.mark.parametrize("name", PAGES)
def test_its_policy_allows_its_own_style_and_script_only(name):
    html = PAGES[name]("en")
    assert " style=" not in html
    assert not re.search(r"\son[a-z]+=", html)
    assert "'unsafe-inline'" not in page_csp(html)
    assert page_csp(html).count("'sha256-") == 2


@pytest.mark.parametrize("name", ["receipt", "confirm"])
def test_whole_numbers_stand_on_no_page(name):
    html = PAGES[name]("en")
    for number in ("13812345678", "110101199003074514", "653101201203074514"):
        assert number not in html
        assert number[-4:] in html


FORM_PATH = SITE.path("migrant")


def test_the_receipt_says_its_state_in_every_language_of_the_form():
    html = receipt("zh-Hans")
    assert '<span lang="zh-Hans">「Registered」</span>' in html
    assert '<span lang="en">Registered</span>' in html
    assert "Withdrawn" not in html


def test_what_is_held_up_at_the_gate_shows_the_name_masked_and_what_lies_below_shows_it_whole():
    at_the_gate, _, below = receipt().partition("</dl>")
    assert "欧阳**" in at_the_gate
    assert ANSWERS["name"] not in at_the_gate
    assert ANSWERS["name"] in below


def test_doubts_are_told_by_the_question_and_in_a_repeat_by_the_row():
    html = receipt()
    assert f"<strong>Document number</strong> {doubt_sentence('check_digit', TRANSLATORS['en'])}" in html
    assert (
        f"<strong>Where you have been in the last 14 days 2: Place</strong> {doubt_sentence('unresolved', TRANSLATORS['en'])}"
        in html
    )
    assert "Please check once more" not in receipt(marks={})


def test_a_corrected_receipt_counts_like_any_and_names_its_version():
    html = receipt(state=ReceiptState.CORRECTED, revision=3)
    assert "Registered, corrected" in html
    assert "<dd>3</dd>" in html
    assert "/R/pass.png" in html


def test_a_withdrawn_receipt_offers_no_code_and_no_change():
    html = receipt(state=ReceiptState.WITHDRAWN, revision=2)
    assert "Withdrawn" in html
    for gone in ("/R/pass.png", "/R/correct", "/R/withdraw", "Show this at the gate."):
        assert gone not in html
    assert f'href="{FORM_PATH}?new=1"' in html


def test_every_way_on_is_a_link_or_a_form_post():
    html = receipt()
    for link in ("/R/correct", "/R/withdraw", f"{FORM_PATH}?new=1", "/R?i=1"):
        assert f'href="{link}"' in html
    assert '<form method="post" action="/R/forget">' in html


def test_the_addresses_of_another_registration_carry_its_place_among_them():
    html = receipt(index=2, others=((0, "张*", "7XK2-99QP"),))
    assert 'href="/R/correct?i=2"' in html
    assert 'href="/R/withdraw?i=2"' in html
    assert 'href="/R"' in html
    withdraw = pages.withdraw_page(**given(), receipt=replace(RECEIPT, index=2))
    assert '<form method="post" action="/R?i=2">' in withdraw
    assert '<input type="hidden" name="_action" value="withdraw">' in withdraw


def test_the_confirmation_shows_named_symptoms_alarmingly_and_none_plainly():
    html = confirm()
    assert 'class="condition alarming"' in html
    assert "You said: Fever, Cough" in html
    assert html.count("Fever") == 1
    plain = confirm(symptoms=["none"])
    assert "You said: None" in plain
    assert "alarming" not in plain.partition("</style>")[2]
    assert 'class="condition' not in confirm(symptoms=[])


def test_one_tap_confirms_and_says_what_it_confirms():
    html = confirm()
    assert html.count("<button>") == 1
    before, tap = html.split('<div class="tap">')
    assert (
        f'<form method="post" action="{FORM_PATH}"><input type="hidden" name="_action" value="confirm">' in before
    )
    assert "I have read the notice above" in tap.partition("<button>")[0]
    assert INSTALLATION.purpose["en"] in before
    for link in (f"{FORM_PATH}?edit=1", f"{FORM_PATH}?new=1"):
        assert f'href="{link}"' in html


def test_a_question_of_the_moment_is_asked_again_only_where_it_is_required():
    def with_temperature(required: bool) -> Form:
        name = {"name": "name", "type": "text", "kind": "person_name"}
        temperature = {"name": "temperature", "type": "decimal", "carried": False, "required": required}
        return form_of(name, temperature)

    assert 'name="temperature"' in confirm(form=with_temperature(True))
    assert 'name="temperature"' not in confirm(form=with_temperature(False))


def test_a_form_without_name_and_symptoms_is_confirmed_all_the_same():
    html = confirm(form=form_of({"name": "plate", "type": "text"}), plate="冀F12345")
    assert "Welcome back<" in html
    assert "冀F12345" in html


def test_a_withdrawal_names_the_person_and_the_day_of_deletion():
    html = PAGES["withdraw"]("en")
    assert "欧阳娜娜" in html
    assert "2026-12-07" in html


@pytest.mark.parametrize(
    ("code", "present", "absent"),
    [
        (Code.UNKNOWN_SITE, ["This code is not known", 'action="/S"'], ["go back"]),
        (Code.NOT_FOUND, ["Page not found", 'action="/S"'], ["go back"]),
        (Code.BUSY, ["One moment, please", "go back: what you wrote is still there"], ['action="/S"']),
        (Code.CHANGED_MEANWHILE, ['href="/R"'], ['action="/S"']),
        (Code.SITE_CLOSED, ["Closed at the moment", INSTALLATION.contact], ['action="/S"', "go back"]),
        (Code.BODY_TOO_LARGE, ["That did not work"], ['action="/S"']),
    ],
)
def test_a_problem_comes_with_what_can_be_done_about_it(code, present, absent):
    html = problem(code)
    assert [text for text in ["What is wrong.", *present] if text not in html] == []
    assert [text for text in absent if text in html] == []


@pytest.mark.parametrize("code", Code)
def test_every_problem_has_a_page_even_before_set_up(code):
    assert "What is wrong." in problem(code, installation=None)


def test_the_front_page_takes_a_code_without_script():
    html = PAGES["front"]("en")
    assert '<form class="code-box" method="get" action="/S">' in html
    assert 'name="code"' in html
    assert 'href="/console/"' in html
