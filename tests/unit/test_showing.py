"""What is shown of a form by what was typed so far, for a phone without script."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.page_samples import MIGRANT, form_of

from tianbao.data import read_divisions
from tianbao.domain.evaluation import Moment
from tianbao.domain.forms import Form
from tianbao.domain.places import Gazetteer
from tianbao.domain.showing import Shower, Showing
from tianbao.domain.stages import find_stages

PLACES = Gazetteer.from_bytes(read_divisions())
MOMENT = Moment(datetime(2026, 11, 23, 12, tzinfo=UTC), lambda: 0.5)
TEXT = {"type": "text"}
NUMBER = {"type": "integer"}


def show(form: Form, **given: Any) -> Showing:
    return Shower(form, PLACES).show(given, MOMENT)


def choices(*names: str, **columns: str) -> list[dict[str, Any]]:
    return [{"name": name, "label": {"en": name}, "columns": columns} for name in names]


def test_what_does_not_apply_is_hidden_and_counts_as_empty() -> None:
    form = form_of(
        {"name": "a", **TEXT},
        {"name": "g", "type": "group", "relevant": "${a} = 'x'", "questions": [{"name": "b", **TEXT}]},
        {"name": "c", **TEXT, "relevant": "${b} != ''"},
    )
    assert list(show(form, a="y", g={"b": "1"}).asked) == ["a"]
    assert list(show(form, a="x", g={"b": "1"}).asked) == ["a", "g", "g.b", "c"]


def test_rows_are_worked_out_one_by_one_and_empty_ones_do_not_count() -> None:
    form = form_of(
        {"name": "r", "type": "repeat", "questions": [
            {"name": "n", **NUMBER}, {"name": "why", **TEXT, "relevant": "${n} > 2"}]},
        {"name": "sum", "type": "calculate", "calculation": "sum(${n})"},
        {"name": "say", "type": "note", "label": {"en": "Together ${sum}"}},
        {"name": "rows", "type": "note", "label": {"en": "x"}, "relevant": "count(${r}) > 1"},
    )  # fmt: skip
    shown = show(form, r=[{"n": "１"}, {"n": " "}, {"n": "5"}])
    assert {"r.2.why", "rows"} <= shown.asked.keys() and not {"r.0.why", "r.1.why"} & shown.asked.keys()
    assert shown.texts["say"] == {"sum": "6"}
    assert show(form).asked.keys() == {"r", "r.0.n", "sum", "say"}


def test_counts_choices_demands_and_beginnings() -> None:
    form = form_of(
        {"name": "n", **NUMBER},
        {"name": "kid", "type": "repeat", "repeat_count": "${n}", "rows_max": 4, "questions": [
            {"name": "name", **TEXT}, {"name": "age", **NUMBER, "initial": "${n} + 1"}]},
        {"name": "where", "type": "select_one", "choices": [*choices("a", p="1"), *choices("b", p="2")],
         "choice_filter": "p = ${n}"},
        {"name": "why", **TEXT, "required_if": "${n} > 1"},
    )  # fmt: skip
    given = {"n": "2", "kid": [{"age": "7"}, {}, {"name": "gone"}]}
    shown = Shower(form, PLACES).show(given, MOMENT, lambda path, template: template == "n")
    assert shown.rows == {"kid": 2}
    assert shown.begun == {"kid.1.age": "3"}
    assert shown.offered == {"where": {"b"}}
    assert shown.required == {"why"}
    assert show(form, n="99").rows == {"kid": 4}
    assert show(form, n="?").rows == {"kid": 0}


@pytest.mark.parametrize(
    ("questions", "stages"),
    [
        ([{"name": "a", **TEXT}, {"name": "b", **TEXT, "relevant": "${a} = 1"}], [0, 0]),
        ([{"name": "a", **TEXT}, {"name": "b", "type": "note", "label": {"en": "${a}!"}}, {"name": "c", **TEXT}],
         [0, 1, 1]),
        ([{"name": "a", **TEXT}, {"name": "x", "type": "calculate", "calculation": "${a}"},
          {"name": "b", "type": "note", "label": {"en": "${x}"}}], [0, 0, 1]),
        ([{"name": "a", **TEXT}, *({"name": f"b{i}", **TEXT, "relevant": "${a} = 1"} for i in range(5)),
          {"name": "c", **TEXT, "relevant": "${b1} = 1"}, {"name": "d", **TEXT}], [0, 1, 1, 1, 1, 1, 2, 2]),
        ([{"name": "a", **TEXT}, {"name": "g", "type": "group", "relevant": "${a} = 1",
                                  "questions": [{"name": "b", **TEXT}]}], [0, 1, 1]),
        ([{"name": "n", **NUMBER, "constraint": ". > ${m}"}, {"name": "m", **NUMBER, "required_if": "${n} = 1"}],
         [0, 0]),
    ],
)  # fmt: skip
def test_a_stage_comes_after_what_it_depends_on(questions: list[dict[str, Any]], stages: list[int]) -> None:
    assert list(find_stages(form_of(*questions)).values()) == stages


def test_the_built_in_form_explains_itself_on_one_page() -> None:
    assert set(find_stages(MIGRANT).values()) == {0}
