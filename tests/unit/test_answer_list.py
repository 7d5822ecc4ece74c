"""Answers as people read them, and what a mark beside one says."""

from __future__ import annotations

import pytest
from tests.page_samples import MIGRANT, form_of

from tianbao.domain import documents, names, phones
from tianbao.render.answer_list import AnswerLine, answer_lines
from tianbao.render.doubts import doubt_sentence

ENGLISH = str


def lines(answers, language="en", form=MIGRANT):
    return list(answer_lines(form.questions, answers, language))


def test_they_stand_in_the_order_of_the_form_with_labels_in_the_language():
    answers = {"temperature": 36.5, "symptoms": ["fever", "cough"], "name": "张三", "reason": "work"}
    assert [(line.label, line.text) for line in lines(answers)] == [
        ("Full name", "张三"),
        ("Why you come", "Work"),
        ("Do you have any of these now", "Fever, Cough"),
        ("Temperature (°C)", "36.5"),
    ]
    assert lines(answers, "zh-Hans")[2].text == "发热、咳嗽"


def test_a_repeat_has_rows_and_every_cell_its_path():
    answers = {"itinerary": [{"place": {"text": "保定", "code": "130600"}}, {"place": {"text": "老家"}}]}
    (line,) = lines(answers)
    assert line.text == ""
    assert line.rows == (
        (AnswerLine("itinerary.0.place", "Place", "保定"),),
        (AnswerLine("itinerary.1.place", "Place", "老家"),),
    )


def test_a_group_is_opened_up():
    form = form_of(
        {"name": "car", "type": "group", "questions": [{"name": "seats", "type": "integer", "label": {}}]}
    )
    assert lines({"car": {"seats": 5}}, form=form) == [AnswerLine("car.seats", "", "5")]


def test_what_was_not_answered_and_what_was_only_agreed_to_is_left_out():
    assert lines({"companions": [], "consent": True}) == []


def test_a_choice_that_is_gone_is_shown_by_its_name():
    assert lines({"reason": "pilgrimage"})[0].text == "pilgrimage"


@pytest.mark.parametrize(
    "mark",
    sorted({*documents.Doubt, *names.Doubt, *phones.Doubt, "unclear", "unresolved", "future"}),
)
def test_every_mark_has_a_sentence_of_its_own(mark):
    assert doubt_sentence(mark, ENGLISH) != doubt_sentence("a mark of a later version", ENGLISH)
