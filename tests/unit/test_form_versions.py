"""Versions as one, which answers a line shows, and which of them it can be filtered by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.page_samples import MIGRANT, form_of

from tianbao.domain.form_versions import merge_versions
from tianbao.domain.forms import ExportColumn, Form, QuestionType, walk_questions
from tianbao.domain.line_columns import choose_columns
from tianbao.domain.records import OpenAnswer, filter_questions, project_facts

ITEMS = [{"name": name, "label": {"en": name.title()}} for name in ("rice", "water", "tents")]
VISIT = form_of(
    {"name": "who", "type": "text", "kind": "person_name"},
    {"name": "why", "type": "select_one", "choices": ITEMS},
    {"name": "note", "type": "note"},
    {"name": "car", "type": "group", "questions": [{"name": "seats", "type": "integer"}]},
    {"name": "on", "type": "date"},
    {"name": "agrees", "type": "acknowledge"},
    {
        "name": "goods",
        "type": "repeat",
        "questions": [
            {"name": "what", "type": "select_multiple", "choices": ITEMS},
            {"name": "count", "type": "integer"},
        ],
    },
    {"name": "remark", "type": "text"},
    {"name": "score", "type": "calculate", "calculation": "1"},
)


def version(form: Form, number: int, *questions: dict[str, Any]) -> Form:
    return replace(form_of(*questions), version=number)


def test_the_newest_version_leads_and_what_only_older_ones_asked_stands_behind() -> None:
    old = version(
        VISIT, 1,
        {"name": "a", "type": "text", "label": {"en": "Old"}},
        {"name": "g", "type": "group", "questions": [{"name": "x", "type": "text"}, {"name": "y", "type": "text"}]},
        {"name": "b", "type": "integer"},
        {"name": "c", "type": "select_one", "choices": ITEMS},
    )  # fmt: skip
    new = version(
        VISIT, 2,
        {"name": "c", "type": "select_one", "choices": ITEMS[:1]},
        {"name": "b", "type": "text"},
        {"name": "a", "type": "text", "label": {"en": "New"}},
        {"name": "g", "type": "group", "questions": [{"name": "y", "type": "text"}]},
    )  # fmt: skip
    merged = merge_versions([old, new])
    assert [path for path, _ in walk_questions(merged.questions)] == ["c", "b", "a", "g", "g.y", "g.x"]
    assert merged == merge_versions([new, old])
    by_name = {question.name: question for question in merged.questions}
    assert by_name["a"].label == {"en": "New"}
    assert by_name["b"].type is QuestionType.TEXT, "answers of both types are in the column"
    assert [choice.name for choice in by_name["c"].choices] == ["rice", "water", "tents"]
    assert merge_versions([new]) == new


def test_a_line_shows_the_first_answers_of_its_form() -> None:
    columns = choose_columns([VISIT])
    assert (columns.has_name, columns.has_phone, columns.has_document, columns.has_origin) == (
        True,
        False,
        False,
        False,
    )
    assert [path for path, _ in columns.own] == ["why", "car.seats", "on", "remark"]
    ruled = replace(VISIT, columns=tuple(map(ExportColumn, ("score", "who", "on"))))
    assert [path for path, _ in choose_columns([ruled]).own] == ["score", "on"]


def test_lines_of_several_forms_show_what_they_have_in_common() -> None:
    columns = choose_columns([VISIT, MIGRANT])
    assert (columns.has_name, columns.has_phone, columns.has_document, columns.has_origin) == (True,) * 4
    assert columns.own == ()


def test_open_choices_days_and_numbers_can_be_filtered_by() -> None:
    assert [path for path, _ in filter_questions(VISIT)] == ["why", "car.seats", "on", "agrees", "goods.what"]
    assert [path for path, _ in filter_questions(MIGRANT)] == ["reason", "companions.relation"]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, ()),
        ({"why": "rice", "car": {"seats": 4}}, (OpenAnswer("why", "rice"), OpenAnswer("car.seats", "", 4.0))),
        ({"on": "2026-11-23", "agrees": True}, (OpenAnswer("on", "2026-11-23"), OpenAnswer("agrees", "OK"))),
        (
            {"goods": [{"what": ["rice", "water"], "count": 2}, {"what": ["rice"]}]},
            (OpenAnswer("goods.what", "rice"), OpenAnswer("goods.what", "water")),
        ),
        ({"why": ["not", 5, "x" * 65], "car": {"seats": "many"}}, (OpenAnswer("why", "not"),)),
    ],
)
def test_each_open_answer_is_a_fact_once(answers: dict[str, Any], expected: tuple[OpenAnswer, ...]) -> None:
    assert project_facts(VISIT, {"answers": answers}).answers == expected
