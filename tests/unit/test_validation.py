"""What answers mean to each other: relevance, calculations, repeats, constraints, in whatever order they depend."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from tests.page_samples import form_of

from tianbao.domain.places import Candidates, Place, Resolved, Unresolved
from tianbao.domain.validation import Moment, Validation, compile_form

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=timezone(timedelta(hours=8)))
MOMENT = Moment(NOW, lambda: 0.25)
CHOICES = [{"name": name, "label": {"en": name.title()}} for name in ("a", "b", "c")]
TOWNS = [
    {"name": "dongkou", "label": {"en": "Dongkou"}, "columns": {"county": "shunping"}},
    {"name": "xikou", "label": {"en": "Xikou"}, "columns": {"county": "tangxian"}},
]


class Nowhere:
    def resolve(self, text: str) -> Resolved | Candidates | Unresolved:
        return Unresolved()

    def place(self, code: str) -> Place | None:
        return None

    def full_name(self, code: str) -> str:
        return ""

    def contains(self, outer: str, inner: str) -> bool:
        return False


def fill(*questions: dict[str, Any], username: str = "", **given: Any) -> Validation:
    return compile_form(form_of(*questions), Nowhere())(given, MOMENT, username=username)


def codes(validation: Validation) -> dict[str, str]:
    return {problem.question: problem.code.value for problem in validation.problems}


def text(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "text", **more}


def calculate(name: str, calculation: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "calculate", "calculation": calculation, **more}


# --- relevance


def test_what_does_not_apply_is_not_stored_and_is_empty_to_others() -> None:
    form = [
        text("a"),
        text("b", relevant="${a} = 'yes'"),
        calculate("c", "concat('[', ${b}, ']')"),
    ]
    assert fill(*form, a="yes", b="kept").answers == {"a": "yes", "b": "kept", "c": "[kept]"}
    assert fill(*form, a="no", b="dropped").answers == {"a": "no", "c": "[]"}


def test_a_group_that_does_not_apply_takes_everything_in_it_along() -> None:
    inner = {"name": "inner", "type": "group", "questions": [text("b", required=True)]}
    form = [
        text("a"),
        {"name": "outer", "type": "group", "relevant": "${a} = 'yes'", "questions": [text("x"), inner]},
    ]
    assert codes(fill(*form, a="yes")) == {"outer.inner.b": "required"}
    assert fill(*form, a="no", outer={"x": "1", "inner": {"b": "2"}}).answers == {"a": "no"}
    found = fill(*form, a="yes", outer={"x": "1", "inner": {"b": "2"}})
    assert found.answers == {"a": "yes", "outer": {"x": "1", "inner": {"b": "2"}}}


def test_an_irrelevant_repeat_has_no_rows() -> None:
    form = [
        text("a"),
        {"name": "r", "type": "repeat", "relevant": "${a} != ''", "questions": [text("x")]},
        calculate("n", "count(${r})"),
    ]
    assert fill(*form, r=[{"x": "1"}]).answers == {"n": 0}
    assert fill(*form, a="y", r=[{"x": "1"}, {"x": "2"}]).answers == {
        "a": "y", "n": 2, "r": [{"x": "1"}, {"x": "2"}],
    }  # fmt: skip


def test_relevance_may_look_further_down() -> None:
    form = [text("a", relevant="${b} = '1'"), text("b", relevant="${c} = '1'"), text("c")]
    assert fill(*form, a="x", b="1", c="1").answers == {"a": "x", "b": "1", "c": "1"}
    assert fill(*form, a="x", b="1", c="0").answers == {"c": "0"}


# --- calculations


def test_a_total_and_a_share_of_it() -> None:
    form = [
        calculate("total", "sum(${amount})"),
        {
            "name": "items",
            "type": "repeat",
            "questions": [
                {"name": "amount", "type": "integer"},
                calculate("share", "round(${amount} div ${total}, 2)"),
                calculate("place", "position(..)"),
            ],
        },
    ]
    found = fill(*form, items=[{"amount": 1}, {"amount": "3"}])
    assert found.problems == []
    assert found.answers == {
        "total": 4,
        "items": [{"amount": 1, "share": 0.25, "place": 1}, {"amount": 3, "share": 0.75, "place": 2}],
    }


def test_nobody_tells_the_server_what_it_works_out() -> None:
    form = [{"name": "n", "type": "integer"}, calculate("double", "${n} * 2")]
    assert fill(*form, n=4, double="1000").answers == {"n": 4, "double": 8}


def test_only_what_was_fixed_once_is_taken_as_sent() -> None:
    once = calculate("lot", "once(random())")
    assert fill(once, lot="0.75").answers == {"lot": "0.75"}
    assert fill(once).answers == {"lot": 0.25}
    assert fill(calculate("lot", "random()"), lot="0.75").answers == {"lot": 0.25}


def test_a_trigger_keeps_what_the_page_worked_out() -> None:
    form = [text("a"), calculate("at", "now()", trigger=["a"])]
    assert fill(*form, a="x", at="2026-11-23T08:00:00").answers["at"] == "2026-11-23T08:00:00"


def test_a_number_that_is_none_is_no_answer() -> None:
    assert fill(text("a"), calculate("n", "number(${a})"), a="x").answers == {"a": "x"}


def test_a_question_that_nobody_may_change_is_worked_out() -> None:
    form = [{"name": "n", "type": "integer"}, {"name": "m", "type": "integer", "calculation": "${n} + 1"}]
    locked = [form[0], {**form[1], "read_only": True}]
    assert fill(*form, n=1, m=9).answers == {"n": 1, "m": 9}
    assert fill(*form, n=1).answers == {"n": 1, "m": 2}
    assert fill(*locked, n=1, m=9).answers == {"n": 1, "m": 2}


def test_a_note_is_worked_out_for_others_but_not_stored() -> None:
    form = [{"name": "say", "type": "note", "calculation": "'hello'"}, calculate("c", "${say}")]
    assert fill(*form).answers == {"c": "hello"}


def test_hidden_and_metadata() -> None:
    form = [
        {"name": "h", "type": "hidden", "default": "v2"},
        *({"name": name, "type": name} for name in ("start", "end", "today", "deviceid", "username")),
    ]
    found = fill(*form, username="wang", h="forged", start="2026-11-23T08:00:00+08:00", deviceid="x")
    assert found.answers == {
        "h": "v2",
        "start": "2026-11-23T08:00:00+08:00",
        "end": "2026-11-23T08:30:00+08:00",
        "today": "2026-11-23",
        "username": "wang",
    }


@pytest.mark.parametrize(
    "start", [None, "", "yesterday", "2036-01-01T00:00:00Z", "2020-01-01T00:00:00", 5, "9" * 90]
)
def test_a_beginning_that_cannot_be_is_now(start: object) -> None:
    form = {"name": "s", "type": "start"}
    assert compile_form(form_of(form), Nowhere())({"s": start}, MOMENT).answers == {
        "s": "2026-11-23T08:30:00+08:00"
    }


# --- what is required, constraints, choices


def test_constraints_see_everything() -> None:
    form = [
        {"name": "low", "type": "integer", "constraint": ". <= ${high}"},
        {"name": "high", "type": "integer"},
    ]
    assert codes(fill(*form, low=5, high=3)) == {"low": "constraint"}
    assert codes(fill(*form, low=2, high=3)) == {}
    assert codes(fill(*form, high=3)) == {}, "an answer that is not there breaks no constraint"


def test_required_under_a_condition() -> None:
    form = [text("a", required_if="${b} = 'yes'"), text("b")]
    assert codes(fill(*form, b="yes")) == {"a": "required"}
    assert codes(fill(*form, b="no")) == {}
    assert codes(fill(*form, a="x", b="yes")) == {}


@pytest.mark.parametrize("kind", ["select_one", "select_multiple"])
def test_only_choices_that_were_offered_count(kind: str) -> None:
    form = [
        text("county"),
        {"name": "town", "type": kind, "choices": TOWNS, "choice_filter": "county = ${county}"},
    ]
    assert codes(fill(*form, county="shunping", town="dongkou")) == {}
    assert codes(fill(*form, county="tangxian", town="dongkou")) == {"town": "not_a_choice"}
    assert codes(fill(*form, county="", town="dongkou")) == {"town": "not_a_choice"}


def test_problems_stand_in_the_form_s_order() -> None:
    rows = {"name": "r", "type": "repeat", "questions": [text("x", required=True), text("y")]}
    form = [text("a", constraint="${z} != ''"), rows, text("z", required=True)]
    given = {"a": "1", "r": [{"y": "1"}] * 11, "surplus": "?"}
    assert list(codes(fill(*form, **given))) == ["a", *(f"r.{i}.x" for i in range(11)), "z", "surplus"]


# --- repeats


def test_rows_within_rows() -> None:
    inner = {"name": "dogs", "type": "repeat", "questions": [text("name", required=True)]}
    form = [
        {"name": "people", "type": "repeat", "questions": [text("who"), inner, calculate("n", "count(${dogs})")]}
    ]
    people = [{"who": "a", "dogs": [{"name": "x"}, {"name": "y"}]}, {"who": "b"}]
    assert fill(*form, people=people).answers == {
        "people": [{"who": "a", "n": 2, "dogs": [{"name": "x"}, {"name": "y"}]}, {"who": "b", "n": 0}]
    }
    wrong = [{"who": "a", "dogs": [{"name": "x"}, {"name": " ", "hound": "1"}]}]
    assert codes(fill(*form, people=wrong)) == {
        "people.0.dogs.1.name": "required", "people.0.dogs.1.hound": "unknown_question",
    }  # fmt: skip


def test_as_many_rows_as_counted() -> None:
    rows = {"name": "r", "type": "repeat", "repeat_count": "${n}", "questions": [text("x", required=True)]}
    form = [{"name": "n", "type": "integer"}, rows]
    assert codes(fill(*form, n=2, r=[{"x": "1"}])) == {"r.1.x": "required"}
    assert codes(fill(*form, n=1, r=[{"x": "1"}, {"x": "2"}])) == {"r": "too_many"}
    assert fill(*form, n=2, r=[{"x": "1"}, {"x": "2"}]).answers == {"n": 2, "r": [{"x": "1"}, {"x": "2"}]}
    assert fill(*form).answers == {}
    assert codes(fill(*form, n=10**9, r=[])) == {f"r.{index}.x": "required" for index in range(30)}


def test_empty_rows_fall_out() -> None:
    rows = {"name": "r", "type": "repeat", "required": True, "rows_max": 2, "questions": [text("x")]}
    assert fill(rows, r=[{"x": ""}, {"x": "1"}, {}, {"x": "2"}]).answers == {"r": [{"x": "1"}, {"x": "2"}]}
    assert codes(fill(rows, r=[{"x": ""}])) == {"r": "required"}
    assert codes(fill(rows, r=[{"x": "1"}] * 3)) == {"r": "too_many"}


@pytest.mark.parametrize("name", ["text", "code", "file", "name", "type", "bytes"])
def test_a_row_is_empty_by_its_questions_not_by_their_names(name: str) -> None:
    rows = {"name": "r", "type": "repeat", "questions": [text(name)]}
    assert fill(rows, r=[{name: "1"}]).answers == {"r": [{name: "1"}]}
    group = {"name": "g", "type": "group", "questions": [text(name)]}
    nested = {"name": "r", "type": "repeat", "questions": [group]}
    assert fill(nested, r=[{"g": {name: ""}}, {"g": {name: "1"}}]).answers == {"r": [{"g": {name: "1"}}]}
    assert codes(fill(text("q"), q={name: "1"})) == {"q": "not_text"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"r": "text"}, {"r": "not_a_list"}),
        ({"r": ["text"]}, {"r.0": "not_an_object"}),
        ({"g": "text"}, {"g": "not_an_object"}),
        ({"g": {"z": "1"}}, {"g.z": "unknown_question"}),
        ({"r": [{"z": "1"}]}, {"r.0.z": "unknown_question"}),
        ({"n": "1"}, {"n": "unknown_question"}),
    ],
)
def test_shapes_that_do_not_fit(given: Mapping[str, Any], expected: dict[str, str]) -> None:
    form = [
        {"name": "r", "type": "repeat", "questions": [text("x")]},
        {"name": "g", "type": "group", "questions": [text("x")]},
        {"name": "n", "type": "note"},
    ]
    assert codes(fill(*form, **given)) == expected


# --- types


@pytest.mark.parametrize(
    ("question", "given", "expected"),
    [
        ({"type": "range", "minimum": 0, "maximum": 10, "step": 2}, "4", 4),
        ({"type": "range", "minimum": 0, "maximum": 1, "step": 0.1}, 0.3, 0.3),
        ({"type": "range", "minimum": 0, "maximum": 10, "step": 2}, 5, "off_step"),
        ({"type": "range", "minimum": 0, "maximum": 10, "step": 2}, -2, "too_small"),
        ({"type": "range", "minimum": 10, "maximum": 0, "step": 2}, 12, "too_large"),
        ({"type": "range", "minimum": 0, "maximum": 10, "step": 2}, "x", "not_a_number"),
        ({"type": "time"}, "8:05", "08:05:00"),
        ({"type": "time"}, "8时05分", "08:05:00"),
        ({"type": "time"}, "23:59:59.5+08:00", "23:59:59+08:00"),
        ({"type": "time"}, "24:00", "not_a_time"),
        ({"type": "dateTime"}, "2026-11-23T08:05", "2026-11-23T08:05:00"),
        ({"type": "dateTime"}, "2026/11/23 8:05", "2026-11-23T08:05:00"),
        ({"type": "dateTime"}, "2026-11-23T08:05:00.000Z", "2026-11-23T08:05:00Z"),
        ({"type": "dateTime"}, "2026-11-31T08:05", "not_a_time"),
        ({"type": "dateTime"}, "2026-11-23", "not_a_time"),
        ({"type": "date", "appearance": ["month-year"]}, "2026-11", "2026-11-01"),
        ({"type": "date", "appearance": ["year"]}, "2026", "2026-01-01"),
        ({"type": "date"}, "2026-11", "not_a_date"),
        ({"type": "rank", "choices": CHOICES}, ["c", "a", "b"], ["c", "a", "b"]),
        ({"type": "rank", "choices": CHOICES}, "b c a", ["b", "c", "a"]),
        ({"type": "rank", "choices": CHOICES}, ["a", "b"], "not_a_ranking"),
        ({"type": "rank", "choices": CHOICES}, ["a", "b", "b"], "not_a_ranking"),
        ({"type": "rank", "choices": CHOICES}, ["a", "b", "x"], "not_a_choice"),
        ({"type": "rank", "choices": CHOICES}, 5, "not_a_list"),
        ({"type": "geopoint"}, "38.84 115.13", "38.84 115.13"),
        ({"type": "geopoint"}, "38.84, 115.13", "38.84 115.13"),
        ({"type": "geopoint"}, "38.84 115.13 20 5.5", "38.84 115.13 20 5.5"),
        ({"type": "geopoint"}, "98 115", "not_a_position"),
        ({"type": "geopoint"}, "here", "not_a_position"),
        ({"type": "barcode"}, "6901234567892", "6901234567892"),
        ({"type": "barcode"}, "a\nb", "forbidden_character"),
        ({"type": "text", "appearance": ["multiline"]}, "a\r\nb", "a\nb"),
        ({"type": "text"}, "a\nb", "forbidden_character"),
        ({"type": "text", "appearance": ["multiline"]}, "a\x00b", "forbidden_character"),
        ({"type": "image"}, {"file": "A" * 86, "name": "p"}, {"file": "A" * 86, "name": "p"}),
        ({"type": "image"}, {"file": "t", "name": "p.jpg"}, "not_a_file"),
        ({"type": "image"}, "p.jpg", "not_a_file"),
        ({"type": "file"}, {"file": 5}, "not_a_file"),
    ],
)
def test_answers_by_type(question: dict[str, Any], given: object, expected: object) -> None:
    found = fill({"name": "q", **question}, q=given)
    assert (found.problems[0].code.value if found.problems else found.answers["q"]) == expected


def test_a_moment_is_an_argument() -> None:
    validate = compile_form(form_of(calculate("d", "string(today())")), Nowhere())
    assert validate({}, Moment(datetime(2024, 2, 29, tzinfo=UTC), lambda: 0.0)).answers == {"d": "2024-02-29"}


@pytest.mark.parametrize(
    "given", ["2026-W10-1", "2026-1-05", "2026/01/05", "20260105", "２０２６-01-05", "1899-12-31"]
)
def test_only_days_are_days(given: str) -> None:
    found = fill({"name": "d", "type": "date"}, d=given)
    expected = "2026-01-05" if "05" in given and given != "20260105" else None
    assert found.answers.get("d") == expected
