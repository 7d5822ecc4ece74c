"""The table of a form: its columns, and the rows of a registration, apart and joined."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.page_samples import MIGRANT as FORM

from tianbao.domain.forms import Form, Question, QuestionType, label_at
from tianbao.domain.reports import (
    HEADINGS,
    Registration,
    Report,
    apart_row,
    joined_columns,
    joined_rows,
    make_report,
    repeat_rows,
)

OWN = {name: name for name, _, _ in HEADINGS}
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PERSON = {
    "name": "𠮷野家",
    "id_type": "passport",
    "id_number": "E12345678",
    "reason": "visit",
    "itinerary": [
        {"place": {"text": "保定顺平", "code": "130636"}, "arrived_on": "2026-11-17", "transport": "train"},
        {"place": {"text": "外婆家"}},
    ],
    "companions": [{"name": "㐱小明"}],
    "symptoms": ["fever", "cough"],
    "temperature": 38.5,
    "consent": True,
}


class Places:
    def full_name(self, code: str) -> str:
        return {"130636": "河北省保定市顺平县"}[code]


def report(form: Form = FORM, language: str = "zh-Hans") -> Report:
    return make_report(form, language=language, places=Places(), headings={**OWN, "code": "代码", "typed": "原文"})


def registration(answers: dict[str, Any] | None, facts: dict[str, Any] | None = None) -> Registration:
    return Registration("4F7K-2M9Q", "ABCDE", "东口", "已登记", "手机", NOW, NOW, 1, "", answers, facts or {})


def by_heading(of: Report, row: list[Any]) -> dict[str, Any]:
    headings = [column.heading for column in (*of.own, *of.main.columns)]
    return dict(zip(headings, row, strict=True))


def test_choices_are_labels_numbers_are_numbers_and_what_is_not_answered_is_empty() -> None:
    row = by_heading(report(), apart_row(report(), registration(PERSON)))
    assert row["number"] == "4F7K-2M9Q"
    assert row["registered_at"] == NOW
    assert (row["姓名"], row["证件种类"], row["证件号码"]) == ("𠮷野家", "护照", "E12345678")
    assert row["现在有没有这些不舒服"] == "发热、咳嗽"
    assert row["体温（℃）"] == 38.5
    assert row["手机或电话"] is None
    english = by_heading(report(language="en"), apart_row(report(language="en"), registration(PERSON)))
    assert english["Do you have any of these now"] == "Fever; Cough"


def test_a_repeat_is_a_table_of_its_own_with_name_code_and_text_of_its_places() -> None:
    itinerary = report().repeats[0]
    assert [column.heading for column in itinerary[-1].columns][:3] == ["地方", "地方 (代码)", "地方 (原文)"]
    rows = list(repeat_rows(itinerary, registration(PERSON), "𠮷野家"))
    assert rows[0][:7] == ["4F7K-2M9Q", "𠮷野家", 1, "河北省保定市顺平县", "130636", "保定顺平", date(2026, 11, 17)]
    assert rows[1][:6] == ["4F7K-2M9Q", "𠮷野家", 2, None, None, "外婆家"]
    assert all(len(row) == 3 + len(itinerary[-1].columns) for row in rows)
    assert list(repeat_rows(itinerary, registration({"name": "无行程"}), "无行程")) == []


@pytest.mark.parametrize(
    ("answers", "rows"), [(PERSON, 2), ({"name": "一个人"}, 1), ({**PERSON, "companions": [{"name": "a"}] * 5}, 5)]
)
def test_joined_a_registration_takes_as_many_rows_as_its_longest_repeat(answers: dict[str, Any], rows: int) -> None:
    made = list(joined_rows(report(), registration(answers)))
    assert len(made) == rows
    assert {len(row) for row in made} == {len(joined_columns(report()))}
    assert {tuple(map(str, row[: len(HEADINGS) + 2])) for row in made} == {
        tuple(map(str, apart_row(report(), registration(answers))[: len(HEADINGS) + 2]))
    }
    companions = [column.heading for column in joined_columns(report())].index("同行的人: 姓名")
    assert [row[companions] for row in made] == [
        companion["name"] for companion in answers.get("companions", [])
    ] + [None] * (rows - len(answers.get("companions", [])))


def test_where_names_cannot_be_opened_the_facts_still_stand() -> None:
    row = by_heading(report(), apart_row(report(), registration(None, {"reason": "work"})))
    assert (row["姓名"], row["来这里做什么"]) == (None, "务工上班")


def test_groups_are_opened_up_notes_left_out_and_a_choice_that_is_gone_keeps_its_name() -> None:
    choices = FORM.question_at("reason").choices  # type: ignore[union-attr]
    form = Form(
        "f",
        1,
        {"en": "F"},
        (
            Question("hint", QuestionType.NOTE, {"en": "Hint"}),
            Question(
                "home",
                QuestionType.GROUP,
                {"en": "Home"},
                questions=(
                    Question("people", QuestionType.INTEGER, {"en": "People"}),
                    Question("why", QuestionType.SELECT_ONE, {"en": "Why"}, choices=choices),
                ),
            ),
        ),
    )
    made = report(form, "en")
    assert [column.heading for column in made.main.columns] == ["People", "Why"]
    assert made.main.cells({"home": {"people": 3, "why": "long gone"}}) == [3, "long gone"]
    assert made.main.cells({}) == [None, None]


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("name", "姓名"),
        ("companions.1.id_number", "同行的人 2: 证件号码"),
        ("itinerary", "近14天到过的地方"),
        ("gone", "gone"),
    ],
)
def test_the_label_of_an_answer_names_its_row(path: str, label: str) -> None:
    assert label_at(FORM, path, "zh-Hans") == label
