"""How often a figure was how large, in the few numbers that Prometheus wants. Must not know: figures of what."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate


class Histogram:
    """Counts by upper bounds. Written by one thread; a reader on another sees the last figure or the one before."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, figure: float) -> None:
        """Adds one."""
        self._counts[bisect_left(self._bounds, figure)] += 1
        self.sum += figure

    @property
    def count(self) -> int:
        return sum(self._counts)

    def cumulative(self) -> Iterator[tuple[float, int]]:
        """Each bound with how many figures were no larger."""
        return zip(self._bounds, accumulate(self._counts), strict=False)
