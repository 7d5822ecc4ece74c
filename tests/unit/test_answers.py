"""The shapes of answers and the ways between them."""

from __future__ import annotations

import json

import pytest
from tests.page_samples import MIGRANT as FORM

from tianbao.domain.answers import flatten_answers, flatten_typed, join_answers, nest_answers, split_answers
from tianbao.domain.forms import dump_form, load_form

ANSWERS = {
    "name": "阿依古丽·吐尔逊",
    "phone": "13812345678",
    "id_type": "resident_id",
    "id_number": "130636199001011234",
    "address": "东街3号",
    "reason": "return_home",
    "itinerary": [
        {
            "place": {"text": "河北保定顺平", "code": "130636"},
            "arrived_on": "2026-11-20",
            "transport": "train",
            "transport_no": "G6701",
        },
        {"place": {"text": "外婆家"}, "transport": "car", "transport_no": "冀F12345"},
    ],
    "companions": [{"name": "𠮷野", "relation": "child"}],
    "symptoms": ["fever", "cough"],
    "temperature": 37.4,
    "consent": True,
}


def test_a_form_is_read_back_as_it_was_stored() -> None:
    assert load_form(json.loads(json.dumps(dump_form(FORM)))) == FORM


def test_split_answers_join_to_the_same() -> None:
    facts, identity = split_answers(FORM.questions, ANSWERS)
    assert join_answers(facts, identity) == ANSWERS


def test_no_identity_is_among_the_facts() -> None:
    facts, identity = split_answers(FORM.questions, ANSWERS)
    text = json.dumps(facts, ensure_ascii=False)
    for secret in (
        "阿依古丽",
        "13812345678",
        "130636199001011234",
        "东街",
        "外婆家",
        "冀F12345",
        "𠮷野",
        "河北保定",
    ):
        assert secret not in text
        assert secret in json.dumps(identity, ensure_ascii=False)


def test_facts_keep_what_screening_and_tracing_need() -> None:
    facts, _ = split_answers(FORM.questions, ANSWERS)
    assert facts["itinerary"][0] == {
        "place": {"code": "130636"},
        "arrived_on": "2026-11-20",
        "transport": "train",
        "transport_no": "G6701",
    }
    assert facts["symptoms"] == ["fever", "cough"]
    assert facts["temperature"] == 37.4
    assert len(facts["companions"]) == 1


def test_a_stored_registration_goes_through_a_page_and_back() -> None:
    flat = flatten_answers(FORM, ANSWERS)
    pairs = [(name, value) for name, values in flat.items() for value in values]
    nested = nest_answers(FORM, pairs)
    assert nested == {**ANSWERS, "consent": "OK", "temperature": "37.4"} | {
        "itinerary": [
            {**ANSWERS["itinerary"][0]},
            {**ANSWERS["itinerary"][1], "place": "外婆家"},
        ]
    }


def test_rows_close_up_where_one_was_removed() -> None:
    pairs = [("itinerary.0.place", "北京"), ("itinerary.7.place", "天津"), ("_action", "submit")]
    assert nest_answers(FORM, pairs) == {"itinerary": [{"place": "北京"}, {"place": "天津"}]}


@pytest.mark.parametrize(
    ("pairs", "nested"),
    [
        ([("symptoms", "fever"), ("symptoms", "cough")], {"symptoms": ["fever", "cough"]}),
        ([("itinerary.0.place", "鼓楼区"), ("itinerary.0.place.code", "")], {"text": "鼓楼区", "code": ""}),
        ([("nobody.asked", "x")], {"nobody": {"asked": ["x"]}}),
        ([("name", "a"), ("name", "b")], {"name": ["a", "b"]}),
        ([("name", "a"), ("name.x", "b")], None),
        ([("name.x", "b"), ("name", "a")], None),
        ([(".".join("abcdefghijklmnopqr"), "deep")], {".".join("abcdefghijklmnopqr"): ["deep"]}),
    ],
)
def test_strange_posts_are_kept_for_validation_to_name(pairs: list[tuple[str, str]], nested: object) -> None:
    result = nest_answers(FORM, pairs)
    if nested is not None:
        assert result == nested or result["itinerary"][0]["place"] == nested


def test_what_was_typed_is_shown_again_right_or_wrong() -> None:
    typed = {
        "name": "张三",
        "temperature": "很高",
        "itinerary": [{"place": {"text": "鼓楼区", "code": ""}}, "?"],
        "x": "y",
    }
    flat = flatten_typed(FORM, typed)
    assert flat["name"] == ["张三"]
    assert flat["temperature"] == ["很高"]
    assert flat["itinerary.0.place"] == ["鼓楼区"]
    assert "x" not in flat
