"""When a form is open at a site."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tianbao.domain.sites import LATE_MS_MAX, Hours, Phase, Site, SiteState

OPENS, CLOSES = 1_000_000_000, 2_000_000_000
TIMED = Hours(opens_ms=OPENS, closes_ms=CLOSES)


@pytest.mark.parametrize(
    ("hours", "now_ms", "phase"),
    [
        (Hours(), 0, Phase.OPEN),
        (Hours(SiteState.CLOSED), 0, Phase.CLOSED),
        (TIMED, OPENS - 1, Phase.SCHEDULED),
        (TIMED, OPENS, Phase.OPEN),
        (TIMED, CLOSES - 1, Phase.OPEN),
        (TIMED, CLOSES, Phase.CLOSED),
        (replace(TIMED, opens_ms=None), 0, Phase.OPEN),
        (replace(TIMED, closes_ms=None), CLOSES, Phase.OPEN),
        (replace(TIMED, state=SiteState.CLOSED), OPENS, Phase.CLOSED),
        (replace(TIMED, state=SiteState.CLOSED), OPENS - 1, Phase.CLOSED),
    ],
)
def test_the_phase(hours: Hours, now_ms: int, phase: Phase) -> None:
    assert hours.phase(now_ms) is phase


@pytest.mark.parametrize(
    ("begun_ms", "now_ms", "is_taken"),
    [
        (OPENS, OPENS, True),
        (OPENS - 1, OPENS - 1, False),
        (CLOSES - 1, CLOSES, True),
        (CLOSES - 1, CLOSES + LATE_MS_MAX - 1, True),
        (CLOSES - 1, CLOSES + LATE_MS_MAX, False),
        (CLOSES, CLOSES, False),
    ],
)
def test_what_was_begun_in_time_may_arrive_late(begun_ms: int, now_ms: int, is_taken: bool) -> None:
    assert TIMED.takes(begun_ms=begun_ms, now_ms=now_ms) is is_taken


def test_what_staff_closed_takes_nothing_however_early_it_was_begun() -> None:
    assert not replace(TIMED, state=SiteState.CLOSED).takes(begun_ms=OPENS, now_ms=CLOSES)


def test_a_form_has_an_address_of_its_own() -> None:
    site = Site("K7M2P", "site", "130636", "area")
    assert site.path() == "/S/K7M2P"
    assert site.path("a b/c") == "/S/K7M2P/a%20b%2Fc"
