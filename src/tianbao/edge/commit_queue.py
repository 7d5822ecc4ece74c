"""The bounded queue and its one writer: many submissions, one commit, one answer each (DESIGN 2).

Between `edge.intake` and `edge.ledger`. A submission is answered only after its batch is on disk; a batch is
whatever arrived while the last one was being written. Must not know: what is in a row.

After a failed write nothing is acknowledged until the ledger was closed, reopened and found to hold the last
row that was acknowledged.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Final

from tianbao.domain.problems import Code, refuse
from tianbao.edge.ledger import Ledger
from tianbao.store.hot_sql import IntakeKeyRow, SubmissionRow

DEPTH_MAX: Final = 4_096
"""Submissions that may wait; at 5,000 a second that is under a second of waiting."""
BATCH_MAX: Final = 1_024

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Waiting:
    row: SubmissionRow
    key: IntakeKeyRow | None
    future: asyncio.Future[SubmissionRow | None]


class CommitQueue:
    """Start it inside the running loop; `submit` from that loop only."""

    def __init__(self, open_ledger: Callable[[], Ledger], *, depth_max: int = DEPTH_MAX) -> None:
        self._open_ledger = open_ledger
        self._depth_max = depth_max
        self._waiting: deque[_Waiting] = deque()
        self._wake = Condition()
        self._stopping = False
        self._last_committed = ""
        self.commits = 0
        self._loop = asyncio.get_running_loop()
        self._ledger: Ledger | None = open_ledger()
        self._thread = Thread(target=self._run, name="commit", daemon=True)
        self._thread.start()

    @property
    def depth(self) -> int:
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= self._depth_max

    async def submit(self, row: SubmissionRow, key: IntakeKeyRow | None) -> SubmissionRow | None:
        """None once the row is on disk, or what already stood under its id.

        `key` is the data key that seals the row, unless it is known to be on disk already. Refused: BUSY, STORAGE.
        """
        waiting = _Waiting(row, key, self._loop.create_future())
        with self._wake:
            if self.is_full or self._stopping:
                raise refuse(Code.BUSY)
            self._waiting.append(waiting)
            self._wake.notify()
        return await waiting.future

    def stop(self) -> None:
        """Writes what waits, then ends the thread and closes the ledger."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._waiting and not self._stopping:
                    self._wake.wait()
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_MAX))]
            if not batch:
                break
            try:
                outcomes: list[SubmissionRow | None] | None = self._write(batch)
            except Exception:
                log.exception("a batch of %d submissions could not be written", len(batch))
                outcomes = None
            self._loop.call_soon_threadsafe(_resolve, batch, outcomes)
        if self._ledger is not None:
            self._ledger.close()

    def _write(self, batch: list[_Waiting]) -> list[SubmissionRow | None]:
        ledger = self._ledger or self._reopen()
        try:
            keys = {waiting.key.id: waiting.key for waiting in batch if waiting.key}
            outcomes = ledger.append(list(keys.values()), [waiting.row for waiting in batch])
        except Exception:
            self._ledger = None
            try:
                ledger.close()
            except Exception:
                log.exception("the ledger could not be closed after a failed write")
            raise
        self._last_committed = batch[-1].row.id
        self.commits += 1
        return outcomes

    def _reopen(self) -> Ledger:
        ledger = self._open_ledger()
        if self._last_committed and ledger.find(self._last_committed) is None:
            ledger.close()
            raise RuntimeError("an acknowledged submission is missing after reopening the database")
        self._ledger = ledger
        return ledger


def _resolve(batch: list[_Waiting], outcomes: list[SubmissionRow | None] | None) -> None:
    for index, waiting in enumerate(batch):
        if waiting.future.done():  # the phone went away; what is on disk stays
            continue
        if outcomes is None:
            waiting.future.set_exception(refuse(Code.STORAGE))
        else:
            waiting.future.set_result(outcomes[index])
