"""The expression language on the page: the same vectors, in the zone of each, and with only the functions they use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.expression_cases import SCRIPT, ZONE, is_right, make_case, page_evaluator, vectors

from tianbao.domain.functions import PLACES_MAX, TEXT_LENGTH_MAX, UUID_LENGTH_MAX
from tianbao.domain.patterns import SUBJECT_LENGTH_MAX

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


def test_page_has_the_same_limits() -> None:
    script = SCRIPT.read_text("utf-8")

    assert f"length <= {SUBJECT_LENGTH_MAX}" in script
    assert f"<= {PLACES_MAX}" in script
    assert f"Math.min({UUID_LENGTH_MAX}," in script
    assert "slice(0, 1e4)" in script and TEXT_LENGTH_MAX == 1e4
