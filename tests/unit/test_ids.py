"""Ids and short numbers."""

from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianbao.domain.ids import (
    NUMBER_ALPHABET,
    read_number,
    read_uuid7,
    short_number,
    unix_ms_of,
    uuid7,
    write_number,
    write_uuid,
)

entropies = st.binary(min_size=10, max_size=16)
times = st.integers(min_value=0, max_value=2**48 - 1)


@given(times, entropies)
def test_an_id_is_a_version_7_uuid_and_keeps_its_time(unix_ms: int, entropy: bytes) -> None:
    made = uuid7(unix_ms, entropy)
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert unix_ms_of(made.hex) == unix_ms


@given(times, times, entropies, entropies)
def test_ids_sort_by_time(one: int, other: int, a: bytes, b: bytes) -> None:
    if one < other:
        assert uuid7(one, a).hex < uuid7(other, b).hex


@given(times, entropies)
def test_an_id_is_read_as_it_is_written(unix_ms: int, entropy: bytes) -> None:
    made = uuid7(unix_ms, entropy)
    assert read_uuid7(str(made)) == read_uuid7(str(made).upper()) == made.hex
    assert write_uuid(made.hex) == str(made)


@pytest.mark.parametrize(
    "text",
    [None, 7, "", "x" * 36, str(uuid.UUID(int=0)), "0192d1e0-0000-4000-8000-000000000000", "0192d1e0" * 4],
)
def test_what_is_no_version_7_uuid_is_refused(text: object) -> None:
    assert read_uuid7(text) is None


@given(times, entropies)
def test_a_short_number_survives_being_read_out_and_typed(unix_ms: int, entropy: bytes) -> None:
    number = short_number(uuid7(unix_ms, entropy).hex)
    assert re.fullmatch(f"[{NUMBER_ALPHABET}]{{8}}", number)
    typed = write_number(number).lower().replace("0", "o").replace("1", "l")
    assert read_number(f" {typed} ") == number


@pytest.mark.parametrize("text", ["", "4F7K", "4F7K-2M9Q-1", "4F7K2M9U", "４F7K2M9Q"])
def test_what_is_no_short_number_is_not_one(text: str) -> None:
    assert read_number(text) is None
