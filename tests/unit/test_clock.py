"""Whether a clock can be believed: pure decisions."""

from __future__ import annotations

import pytest

from tianbao.domain.clock import AHEAD_MS_MAX, BACK_MS_MAX, FORWARD_MS_MAX, Reading, is_doubtful

NOW = 1_795_500_000_000
DAY = 86_400_000


@pytest.mark.parametrize(
    ("last_ms", "expected"),
    [
        (None, False),
        (NOW - 60_000, False),
        (NOW - FORWARD_MS_MAX, False),
        (NOW - FORWARD_MS_MAX - 1, True),
        (NOW + BACK_MS_MAX, False),
        (NOW + BACK_MS_MAX + 1, True),
        (NOW - 365 * DAY, True),
    ],
)
def test_against_the_newest_time_ever_kept(last_ms: int | None, expected: bool) -> None:
    assert is_doubtful(now=Reading(NOW, 5), earlier=None, last_ms=last_ms) is expected


@pytest.mark.parametrize(
    ("wall_ms", "counter_ms", "expected"),
    [
        (60_000, 60_000, False),
        (AHEAD_MS_MAX + 60_000, 60_000, False),
        (AHEAD_MS_MAX + 60_001, 60_000, True),
        (2 * DAY, 2 * DAY, False),
    ],
)
def test_against_the_time_that_really_went_by(wall_ms: int, counter_ms: int, expected: bool) -> None:
    now, earlier = Reading(NOW + wall_ms, counter_ms), Reading(NOW, 0)
    assert is_doubtful(now=now, earlier=earlier, last_ms=NOW) is expected
