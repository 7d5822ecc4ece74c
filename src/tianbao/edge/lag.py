"""How far the work after the commit is behind the intake, as `/metrics` tells it.

Reads the edge's own tables and, read-only, the projection's cursor. Must not know: what the projection does.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

from tianbao.config import Config
from tianbao.edge.catalogue import CatalogueReader
from tianbao.edge.context import now_ms
from tianbao.edge.ledger import Ledger, open_ledger


class Lag(NamedTuple):
    """`submissions` counts numbers, of which PostgreSQL leaves some out; `seconds` is the age of the oldest."""

    submissions: int
    seconds: float


class LagReader:
    """Asked by one scrape at a time, on any thread; it connects when first asked, and anew after a failure."""

    def __init__(self, config: Config, main: CatalogueReader) -> None:
        self._config = config
        self._main = main
        self._ledger: Ledger | None = None
        self._lock = threading.Lock()

    def read(self) -> Lag | None:
        """The lag now; None where a database does not answer."""
        with self._lock:
            try:
                done = self._main.projected_seq()  # first: what is projected was stored before
                if self._ledger is None:
                    self._ledger = open_ledger(self._config)
                newest = self._ledger.count()
                waiting_ms = self._ledger.received_after(done)
            except Exception:
                self._close()
                return None
        seconds = max(0, now_ms() - waiting_ms) / 1000 if waiting_ms is not None else 0.0
        return Lag(max(0, newest - done) if waiting_ms is not None else 0, seconds)

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        self._main.close()
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None
