"""When a password is not enough: the organisation's demand, where somebody comes from, what they proved and when.

Asked by the console after each sign-in and before what is hard to take back. Must not know: sessions, requests.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PROOF_MS_MAX: Final = 15 * 60_000
"""How long a proof counts before what is hard to take back."""


class Demand(StrEnum):
    """What an organisation asks of its people beside a password."""

    OFFERED = "offered"
    """Whoever has a second factor is asked for it; nobody has to."""
    COUNTS = "counts"
    """Everybody needs one before what is hard to take back: exports, rules, keys."""
    ALWAYS = "always"
    """Everybody needs one to work at all."""


class Method(StrEnum):
    """How somebody proved who they are."""

    PASSWORD = "password"  # noqa: S105 - a kind, not a secret
    FACTOR = "factor"


@dataclass(frozen=True, slots=True)
class Proof:
    """One proof of this session, at a time in Unix milliseconds."""

    method: Method
    at_ms: int


class Step(StrEnum):
    """What somebody has to do before they go on."""

    NONE = "none"
    PASSWORD = "password"  # noqa: S105 - a kind, not a secret
    FACTOR = "factor"
    SET_UP_FACTOR = "set_up_factor"


def is_outside(network_address: str) -> bool:
    """Whether somebody comes over the internet: not from this machine or a private network (RFC 1918, 4193)."""
    try:
        address = ipaddress.ip_address(network_address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global


def step_to_work(*, demand: Demand, has_factor: bool, is_from_outside: bool) -> Step:
    """What is needed to work at all. From the internet a password alone never is enough."""
    if has_factor:
        return Step.NONE  # it was asked for at sign-in
    return Step.SET_UP_FACTOR if demand is Demand.ALWAYS or is_from_outside else Step.NONE


def step_before_what_counts(*, demand: Demand, has_factor: bool, proofs: Iterable[Proof], now_ms: int) -> Step:
    """What is needed before something that is hard to take back: a fresh proof, of the best kind somebody has."""
    fresh = {proof.method for proof in proofs if 0 <= now_ms - proof.at_ms < PROOF_MS_MAX}
    if has_factor:
        return Step.NONE if Method.FACTOR in fresh else Step.FACTOR
    if demand is not Demand.OFFERED:
        return Step.SET_UP_FACTOR
    return Step.NONE if fresh else Step.PASSWORD
