"""The expression language on the page: the same vectors, in the zone of each, and with only the functions they use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.expression_cases import SCRIPT, ZONE, is_right, make_case, page_evaluator, vectors

from tianbao.domain.binding import walk_tree
from tianbao.domain.functions import FUNCTIONS, PLACES_MAX, TEXT_LENGTH_MAX, UUID_LENGTH_MAX
from tianbao.domain.patterns import SUBJECT_LENGTH_MAX
from tianbao.render.shorten import keep_used

VECTORS = [vector for vector in vectors() if "error" not in vector and vector.get("page", True)]
ZONES = sorted({vector.get("zone", ZONE) for vector in VECTORS})


def wrong_in(zone: str) -> Iterator[tuple[Any, ...]]:
    with page_evaluator(zone) as page:
        for vector in VECTORS:
            if vector.get("zone", ZONE) == zone:
                value = page(make_case(vector).for_page())
                if not is_right(vector, value):
                    yield vector["expression"], vector.get("value", vector.get("about")), value


@pytest.mark.parametrize("zone", ZONES)
def test_page_gives_every_vector_the_same_value(zone: str) -> None:
    assert list(wrong_in(zone)) == []


def test_page_needs_no_more_than_the_functions_of_its_trees() -> None:
    script = SCRIPT.read_text("utf-8")
    with page_evaluator() as page:
        for vector in VECTORS:
            if vector.get("zone", ZONE) == ZONE:
                case = make_case(vector)
                source = keep_used(script, {node[0] for node in walk_tree(case.bound.tree)})
                assert is_right(vector, page({**case.for_page(), "source": source})), vector["expression"]


def test_page_without_an_expression_carries_no_function() -> None:
    kept = keep_used(SCRIPT.read_text("utf-8"), frozenset())

    assert not any(re.search(rf"^    '?{name}'?[:(,]", kept, re.MULTILINE) for name in FUNCTIONS)


def test_page_has_the_same_limits() -> None:
    script = SCRIPT.read_text("utf-8")

    assert f"length <= {SUBJECT_LENGTH_MAX}" in script
    assert f"<= {PLACES_MAX}" in script
    assert f"Math.min({UUID_LENGTH_MAX}," in script
    assert "slice(0, 1e4)" in script and TEXT_LENGTH_MAX == 1e4
