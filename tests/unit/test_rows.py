"""Rows of repeats that come and go by a button."""

from __future__ import annotations

from typing import Any

import pytest
from tests.page_samples import form_of

from tianbao.domain.rows import change_rows

NAME = {"name": "n", "type": "text"}
INNER = {"name": "in", "type": "repeat", "rows_max": 2, "questions": [NAME]}
GROUP = {"name": "g", "type": "group", "questions": [INNER]}
COUNTED = {"name": "counted", "type": "repeat", "repeat_count": "2", "questions": [NAME]}
FORM = form_of({"name": "out", "type": "repeat", "rows_max": 3, "questions": [NAME, GROUP]}, NAME, COUNTED)
ANSWERS: dict[str, Any] = {"n": "x", "out": [{"n": "a", "g": {"in": [{"n": "1"}, {"n": "2"}]}}, {"n": "b"}]}


@pytest.mark.parametrize(
    ("action", "changed", "rows"),
    [
        ("add:out", {"out": [*ANSWERS["out"], {}]}, {"out": 3}),
        ("remove:out.0", {"out": [{"n": "b"}]}, {"out": 1}),
        ("remove:out.7", {}, {"out": 2}),
        ("add:out.1.g.in", {"out": [ANSWERS["out"][0], {"n": "b", "g": {"in": [{}, {}]}}]}, {"out.1.g.in": 2}),
        ("add:out.0.g.in", {}, {"out.0.g.in": 2}),
        ("remove:out.0.g.in.0", {"out": [{"n": "a", "g": {"in": [{"n": "2"}]}}, {"n": "b"}]}, {"out.0.g.in": 1}),
        ("add:n", {}, {}),
        ("add:counted", {}, {}),
        ("add:nothing.at.all", {}, {}),
        ("remove:", {}, {}),
    ],
)
def test_one_row_more_or_less(action: str, changed: dict[str, Any], rows: dict[str, int]) -> None:
    assert change_rows(FORM, ANSWERS, action) == ({**ANSWERS, **changed}, rows)


def test_the_first_row_is_one_though_nobody_wrote_in_it() -> None:
    assert change_rows(FORM, {}, "add:out") == ({"out": [{}, {}]}, {"out": 2})
    assert change_rows(FORM, {"out": [{"n": "a"}]}, "remove:out.0") == ({"out": [{}]}, {"out": 1})
