"""Whether a clock can be believed before something is destroyed because of it.

Deletion destroys keys on a date; a clock that was set to next year would destroy everything at once. Called by
`services.deletion`. Must not know: what is deleted, where readings are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BACK_MS_MAX: Final = 3_600_000
"""A clock may be set back by so much without a question."""
FORWARD_MS_MAX: Final = 10 * 86_400_000
"""So long may nobody have looked: a machine that was off over a long holiday."""
AHEAD_MS_MAX: Final = 3_600_000
"""While the program runs, the clock may gain so much on the time that really went by."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a clock said (Unix ms), and what a counter said that nobody can set, since this process began (ms)."""

    wall_ms: int
    counter_ms: int


def is_doubtful(*, now: Reading, earlier: Reading | None, last_ms: int | None) -> bool:
    """Whether a clock jumped: against this process's earlier reading, or against the newest time ever kept."""
    if last_ms is not None and not -BACK_MS_MAX <= now.wall_ms - last_ms <= FORWARD_MS_MAX:
        return True
    if earlier is None:
        return False
    gained_ms = (now.wall_ms - earlier.wall_ms) - (now.counter_ms - earlier.counter_ms)
    return gained_ms > AHEAD_MS_MAX
