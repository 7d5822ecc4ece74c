"""When a password is not enough: pure decisions."""

from __future__ import annotations

import pytest

from tianbao.domain.sign_in import (
    PROOF_MS_MAX,
    Demand,
    Method,
    Proof,
    Step,
    is_outside,
    step_before_what_counts,
    step_to_work,
)

NOW = 1_795_500_000_000
JUST_NOW = NOW - 1_000
LONG_AGO = NOW - PROOF_MS_MAX


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", False),
        ("192.168.1.20", False),
        ("10.3.4.5", False),
        ("::1", False),
        ("fd12::5", False),
        ("fe80::1%eth0", False),
        ("::ffff:192.168.1.20", False),
        ("::ffff:1.2.4.8", True),
        ("1.2.4.8", True),
        ("2400:3200::1", True),
        ("", False),
        ("unix", False),
    ],
)
def test_outside_is_the_internet(address: str, expected: bool) -> None:
    assert is_outside(address) is expected


@pytest.mark.parametrize(
    ("demand", "has_factor", "is_from_outside", "step"),
    [
        (Demand.OFFERED, False, False, Step.NONE),
        (Demand.COUNTS, False, False, Step.NONE),
        (Demand.ALWAYS, False, False, Step.SET_UP_FACTOR),
        (Demand.OFFERED, False, True, Step.SET_UP_FACTOR),
        (Demand.ALWAYS, True, True, Step.NONE),
    ],
)
def test_what_is_needed_to_work(demand: Demand, has_factor: bool, is_from_outside: bool, step: Step) -> None:
    assert step_to_work(demand=demand, has_factor=has_factor, is_from_outside=is_from_outside) is step


@pytest.mark.parametrize(
    ("demand", "has_factor", "proofs", "step"),
    [
        (Demand.OFFERED, False, [Proof(Method.PASSWORD, JUST_NOW)], Step.NONE),
        (Demand.OFFERED, False, [Proof(Method.PASSWORD, LONG_AGO)], Step.PASSWORD),
        (Demand.OFFERED, False, [Proof(Method.PASSWORD, NOW + 60_000)], Step.PASSWORD),
        (Demand.OFFERED, False, [], Step.PASSWORD),
        (Demand.OFFERED, True, [Proof(Method.PASSWORD, JUST_NOW)], Step.FACTOR),
        (Demand.OFFERED, True, [Proof(Method.FACTOR, JUST_NOW)], Step.NONE),
        (Demand.COUNTS, False, [Proof(Method.PASSWORD, JUST_NOW)], Step.SET_UP_FACTOR),
        (Demand.COUNTS, True, [Proof(Method.FACTOR, LONG_AGO)], Step.FACTOR),
    ],
)
def test_what_is_needed_before_what_counts(demand: Demand, has_factor: bool, proofs: list, step: Step) -> None:
    assert step_before_what_counts(demand=demand, has_factor=has_factor, proofs=proofs, now_ms=NOW) is step
