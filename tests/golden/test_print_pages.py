"""Cards and empty forms: what stands on them, from any form."""

from __future__ import annotations

import pytest
from tests.golden.golden_files import assert_golden
from tests.page_samples import INSTALLATION, MIGRANT, SITE, form_of
from tests.receipt_samples import CARD, TRANSLATORS

from tianbao.render.card import CARDS_PER_SHEET, CardLayout, card_page
from tianbao.render.pages import page_csp
from tianbao.render.paper_form import BLOCKS, DOCUMENT_CELLS, ROWS, paper_form_page


def cards(layout, count=1):
    return card_page(installation=INSTALLATION, cards=[CARD] * count, layout=layout, translators=TRANSLATORS)


def paper(language="en", form=MIGRANT):
    return paper_form_page(
        installation=INSTALLATION, site=SITE, form=form, language=language, _=TRANSLATORS[language]
    )


@pytest.mark.parametrize("layout", CardLayout)
def test_the_card(layout, pytestconfig):
    assert_golden(f"card-{layout}", cards(layout), rewrite=pytestconfig.getoption("rewrite_golden"))


@pytest.mark.parametrize("language", TRANSLATORS)
def test_the_empty_form(language, pytestconfig):
    assert_golden(f"paper_form.{language}", paper(language), rewrite=pytestconfig.getoption("rewrite_golden"))


@pytest.mark.parametrize("html", [cards(CardLayout.SHEET), paper()])
def test_their_policy_allows_their_own_style_and_script_only(html):
    assert " style=" not in html
    assert page_csp(html).count("'sha256-") == 2


def test_a_sheet_holds_eight_cards_and_the_rest_goes_on_the_next():
    html = cards(CardLayout.SHEET, CARDS_PER_SHEET + 1)
    sheets = [sheet.count("<article>") for sheet in html.split('<section class="sheet">')[1:]]
    assert sheets == [CARDS_PER_SHEET, 1]


def test_every_question_of_any_form_has_room_to_write():
    form = form_of(
        {"name": "head", "type": "note"},
        {"name": "id", "type": "text", "kind": "document"},
        {"name": "seats", "type": "integer", "required": True},
        {"name": "day", "type": "date", "relevant": "${seats} > 2"},
        {"name": "meals", "type": "select_multiple", "choices": [{"name": "a", "label": {"en": "Halal"}}]},
        {"name": "agreed", "type": "acknowledge"},
        {
            "name": "car",
            "type": "group",
            "questions": [{"name": "plate", "type": "text", "label": {"en": "Plate"}}],
        },
        {
            "name": "pets",
            "type": "repeat",
            "questions": [
                {
                    "name": "kind",
                    "type": "select_one",
                    "label": {"en": "Kind"},
                    "choices": [{"name": "cat", "label": {"en": "Cat"}}, {"name": "dog", "label": {"en": "Dog"}}],
                }
            ],
        },
    )
    html = paper(form=form)
    for label in ("head", "id", "seats<sup>*</sup>", "day", "meals", "agreed", "car", "Plate", "pets", "Kind"):
        assert label in html
    assert html.count("<b></b>") == DOCUMENT_CELLS + 8, "a document's cells and those of a date"
    assert html.count('<b class="box"></b>') == 2, "a choice and an acknowledgement"
    assert html.count("<tr><td>") == ROWS
    assert "<span>1 Cat</span> <span>2 Dog</span>" in html
    assert "Only if it fits your answer to: seats" in html or "seats" in html.partition("day")[2]


def test_the_pen_gets_what_it_can_write_and_nothing_else():
    many = [{"name": f"v{i}", "label": {"en": f"Village {i}"}} for i in range(50)]
    columns = [{"name": f"c{i}", "type": "text", "label": {"en": f"Column {i}"}} for i in range(7)]
    form = form_of(
        {"name": "behind", "type": "calculate", "calculation": "${people} * 2"},
        {"name": "people", "type": "integer", "label": {"en": "People"}},
        {"name": "worked_out", "type": "text", "read_only": True, "calculation": "${people}"},
        {"name": "thanks", "type": "note", "label": {"en": "${people} of you"}},
        {"name": "village", "type": "select_one", "choices": many, "label": {"en": "Village"}},
        {"name": "photo", "type": "image", "relevant": "${behind} > 4", "label": {"en": "Photo"}},
        {"name": "at", "type": "time", "label": {"en": "At"}},
        {"name": "wide", "type": "repeat", "questions": columns},
        {
            "name": "outer",
            "type": "repeat",
            "rows_max": 3,
            "questions": [{"name": "inner", "type": "repeat", "rows_max": 2, "questions": columns[:2]}],
        },
    )
    html = paper(form=form)
    assert "behind" not in html
    assert "worked_out" not in html
    assert "＿＿ of you" in html
    assert "Village 7" not in html, "a long list is written out"
    assert "Only if it fits your answer to: People" in html, "through what is worked out"
    assert "Enclosed" in html
    assert html.count("<b></b>") == 4, "the digits of a time"
    assert html.count("Column 6") == BLOCKS, "too wide for a table"
    assert html.count("<table>") == BLOCKS, "rows within rows stand in the block of theirs"
