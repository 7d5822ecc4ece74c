"""Picked conditions and the expressions they stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianbao.domain.condition_picking import (
    Comparison,
    Joined,
    Picked,
    PickedRow,
    ValueType,
    pick_condition,
    write_condition,
)


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        ("${fever} = 'yes'", [("fever", "is", "yes", "text")]),
        ("${age} >= 18 and ${age} < 65", [("age", "at_least", "18", "number"), ("age", "less", "65", "number")]),
        ("selected(${signs}, 'cough')", [("signs", "includes", "cough", "text")]),
        ("not(selected(${signs}, 'none'))", [("signs", "includes_not", "none", "text")]),
        ("${phone} != ''", [("phone", "answered", "", "nothing")]),
        (". <= today()", [(".", "at_most", "", "today")]),
        ("${d} > date('2020-02-01')", [("d", "more", "2020-02-01", "date")]),
        ("${t} < -4.5", [("t", "less", "-4.5", "number")]),
        ('${x} = "it\'s"', [("x", "is", "it's", "text")]),
    ],
)
def test_what_can_be_picked(source: str, rows: list[tuple[str, str, str, str]]) -> None:
    picked = pick_condition(source)
    assert picked is not None
    assert [(row.question, row.comparison, row.value, row.value_type) for row in picked.rows] == rows
    assert write_condition(picked) == source


def test_any_of_several() -> None:
    picked = pick_condition("${a} = 'x' or ${b} = 'y'")
    assert picked is not None
    assert picked.joined is Joined.ANY


@pytest.mark.parametrize(
    "source",
    [
        "",
        "${a} = ${b}",
        "${a} + 1 = 2",
        "${a} = 'x' and (${b} = 'y' or ${c} = 'z')",
        "true()",
        "${a}",
        "((",
        "${a} = true()",
    ],
)
def test_the_rest_stays_text(source: str) -> None:
    assert pick_condition(source) is None


@pytest.mark.parametrize(
    "row",
    [
        PickedRow("a", Comparison.IS, "both ' and \""),
        PickedRow("a", Comparison.LESS, "many", ValueType.NUMBER),
        PickedRow("a", Comparison.LESS, "1.2.2020", ValueType.DATE),
        PickedRow("a", Comparison.LESS, "1) or (1", ValueType.NUMBER),
    ],
)
def test_a_value_that_no_expression_holds(row: PickedRow) -> None:
    with pytest.raises(ValueError, match=r".+"):
        write_condition(Picked((row,)))


names = st.sampled_from(["a", "发热", "q_1", "."])
texts = st.text(min_size=1, max_size=12).filter(lambda text: "'" not in text or '"' not in text)
rows = st.one_of(
    st.builds(PickedRow, names, st.sampled_from([Comparison.IS, Comparison.IS_NOT]), texts),
    st.builds(PickedRow, names, st.sampled_from([Comparison.INCLUDES, Comparison.INCLUDES_NOT]), texts),
    st.builds(
        PickedRow,
        names,
        st.sampled_from([Comparison.LESS, Comparison.AT_LEAST, Comparison.IS]),
        st.integers(-999, 999).map(str),
        st.just(ValueType.NUMBER),
    ),
    st.builds(PickedRow, names, st.just(Comparison.MORE), st.dates().map(str), st.just(ValueType.DATE)),
    st.builds(PickedRow, names, st.just(Comparison.ANSWERED), st.just(""), st.just(ValueType.NOTHING)),
)


@given(st.lists(rows, min_size=1, max_size=5), st.sampled_from(Joined))
def test_reading_what_was_written(picked_rows: list[PickedRow], joined: Joined) -> None:
    joined = Joined.ALL if len(picked_rows) == 1 else joined
    picked = Picked(tuple(picked_rows), joined)
    assert pick_condition(write_condition(picked)) == picked
