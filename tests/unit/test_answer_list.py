"""Answers as people read them, and what a mark beside one says."""

from __future__ import annotations

import pytest
from tests.page_samples import MIGRANT, form_of

from tianbao.domain import documents, names, phones
from tianbao.domain.answers import flatten_answers
from tianbao.domain.forms import label_at
from tianbao.render.answer_list import AnswerLine, Shown, answer_lines, flat_answer_text
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
    assert lines({"car": {"seats": 5}}, form=form) == [AnswerLine("car.seats", "seats", "5")]


ONE_OF_EACH = form_of(
    {"name": "order", "type": "rank", "choices": [{"name": n, "label": {"en": n.upper()}} for n in ("a", "b")]},
    {"name": "at", "type": "time"},
    {"name": "when", "type": "dateTime"},
    {"name": "born", "type": "date", "appearance": ["year"]},
    {"name": "month", "type": "date", "appearance": ["month-year"]},
    {"name": "where", "type": "geopoint"},
    {"name": "much", "type": "range", "minimum": 0, "maximum": 10},
    {"name": "thanks", "type": "text", "label": {"en": "Thanks, ${name}"}},
    {"name": "hidden_sum", "type": "calculate", "calculation": "1"},
    {"name": "phone_of", "type": "deviceid"},
)
ANSWERS = {
    "order": ["b", "a"],
    "at": "08:30:00",
    "when": "2026-02-03T08:30:00+08:00",
    "born": "1990-01-01",
    "month": "1990-05-01",
    "where": "38.84 115.13 0 12",
    "much": 3.0,
    "thanks": "x",
    "hidden_sum": "1",
    "phone_of": "d",
}
TEXTS = ["1 B, 2 A", "08:30", "2026-02-03 08:30", "1990", "1990-05", "38.84, 115.13", "3", "x"]


def test_every_type_reads_as_people_write_it():
    assert [line.text for line in lines(ANSWERS, form=ONE_OF_EACH)] == TEXTS
    assert lines(ANSWERS, form=ONE_OF_EACH)[-1].label == "Thanks, …"


def test_staff_see_what_was_worked_out_behind_the_page_too_but_not_the_phone():
    listed = answer_lines(ONE_OF_EACH.questions, ANSWERS, "en", shown=Shown.ALL)
    assert [line.path for line in listed][-2:] == ["thanks", "hidden_sum"]


def test_the_flat_shape_reads_the_same():
    flat = flatten_answers(ONE_OF_EACH, ANSWERS)
    questions = [question for question in ONE_OF_EACH.questions if question.is_seen]
    assert [flat_answer_text(question, flat[question.name], "en") for question in questions] == TEXTS
    assert flat_answer_text(questions[0], (), "en") == ""


def test_rows_within_rows():
    form = form_of(
        {
            "name": "room",
            "type": "repeat",
            "questions": [{"name": "bed", "type": "repeat", "questions": [{"name": "who", "type": "text"}]}],
        }
    )
    (room,) = lines({"room": [{"bed": [{"who": "A"}, {"who": "B"}]}]}, form=form)
    ((bed,),) = room.rows
    assert [row[0] for row in bed.rows] == [
        AnswerLine("room.0.bed.0.who", "who", "A"),
        AnswerLine("room.0.bed.1.who", "who", "B"),
    ]
    assert label_at(form, "room.0.bed.1.who", "en") == "room 1: bed 2: who"
    assert label_at(form, "room.0.chair", "en") == "room.0.chair"


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
