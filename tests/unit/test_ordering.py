"""The order of working out: after what is asked for, else as the form has it, one run a level where possible."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.page_samples import MIGRANT, form_of

from tianbao.domain.levels import level_of, make_levels
from tianbao.domain.ordering import Ring, Run, order_runs

TEXT = {"type": "text"}
FORM = form_of(
    {"name": "a", **TEXT},
    {"name": "g", "type": "group", "questions": [{"name": "b", **TEXT}, {"name": "c", **TEXT}]},
    {"name": "r", "type": "repeat", "questions": [{"name": "d", **TEXT}, {"name": "e", **TEXT}]},
    {"name": "f", **TEXT},
)
LEVELS = make_levels(FORM)


def test_levels_hold_their_questions_by_path() -> None:
    assert list(LEVELS) == ["", "r"]
    assert list(LEVELS[""].questions) == ["a", "g", "g.b", "g.c", "r", "f"]
    assert list(LEVELS["r"].questions) == ["d", "e"]
    assert LEVELS[""].inner["r"] is LEVELS["r"]
    assert level_of(LEVELS, "r.d") == (LEVELS["r"], "d")
    assert level_of(LEVELS, "g.b") == (LEVELS[""], "g.b")
    assert LEVELS[""].groups("g.b") == ["g"]


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        ({}, [("", "a g g.b g.c r f"), ("r", "d e")]),
        ({"a": ["f"]}, [("", "g g.b g.c r f a"), ("r", "d e")]),
        ({"g.b": ["g.c"]}, [("", "a g g.c g.b r f"), ("r", "d e")]),
        ({"g": ["f"]}, [("", "a r f g g.b g.c"), ("r", "d e")]),
        ({"f": ["r.d"]}, [("", "a g g.b g.c r"), ("r", "d e"), ("", "f")]),
        ({"f": ["r.d"], "r.e": ["f"]}, [("", "a g g.b g.c r"), ("r", "d"), ("", "f"), ("r", "e")]),
    ],
)
def test_each_comes_after_what_it_asks_for(
    references: dict[str, list[str]], expected: list[tuple[str, str]]
) -> None:
    assert order_runs(LEVELS, references) == tuple(Run(level, tuple(paths.split())) for level, paths in expected)


def test_a_form_that_looks_upwards_is_one_run_a_level() -> None:
    assert [run.level for run in order_runs(make_levels(MIGRANT), {})] == ["", "itinerary", "companions"]


@pytest.mark.parametrize("references", [{"a": ["f"], "f": ["a"]}, {"r": ["r.d"]}, {"a": ["a"]}, {"a": ["nowhere"]}])
def test_a_ring_is_refused(references: dict[str, list[str]]) -> None:
    with pytest.raises(Ring):
        order_runs(LEVELS, references)


TEMPLATES = [level.template(path) for level in LEVELS.values() for path in level.questions]


@given(st.dictionaries(st.sampled_from(TEMPLATES), st.lists(st.sampled_from(TEMPLATES), max_size=3)))
def test_every_order_keeps_the_rule_or_is_refused(references: dict[str, list[str]]) -> None:
    try:
        runs = order_runs(LEVELS, references)
    except Ring:
        return
    order = [LEVELS[run.level].template(path) for run in runs for path in run.paths]
    assert sorted(order) == sorted(TEMPLATES)
    for template, others in references.items():
        assert all(order.index(other) < order.index(template) for other in others)
    assert all(order.index(t.rpartition(".")[0]) < order.index(t) for t in TEMPLATES if "." in t)
