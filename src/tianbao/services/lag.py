"""How far records are behind what came in: staff read it in words, where the numbers stand.

`edge.lag` says the same to machines. Must not know: why there is a lag.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import Max

from tianbao.services.projection import CURSOR
from tianbao.store.models import Cursor, Submission

SECONDS_SEEN: Final = 5
"""A lag shorter than this is the ordinary course of things."""


@dataclass(frozen=True, slots=True)
class Lag:
    """`submissions` are stored and not yet in records; the oldest of them came `seconds` ago."""

    submissions: int
    seconds: int

    @property
    def is_seen(self) -> bool:
        return self.seconds >= SECONDS_SEEN

    @property
    def minutes(self) -> int:
        return self.seconds // 60


def find_lag(*, now_ms: int) -> Lag:
    """The lag now; on PostgreSQL the number may be a little too high, since sequence numbers leave some out."""
    done = Cursor.objects.filter(name=CURSOR).values_list("seq", flat=True).first() or 0
    waiting = Submission.objects.filter(seq__gt=done)
    oldest_ms = waiting.order_by("seq").values_list("received_ms", flat=True).first()
    if oldest_ms is None:
        return Lag(0, 0)
    newest = waiting.aggregate(seq=Max("seq"))["seq"]
    return Lag(newest - done, max(0, now_ms - oldest_ms) // 1000)
