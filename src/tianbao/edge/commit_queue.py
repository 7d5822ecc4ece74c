"""The bounded queue and its one writer: many submissions, one commit, one answer each (DESIGN 2).

Between `edge.intake` and `edge.ledger`. A submission is answered only after its batch is on disk; a batch is
whatever arrived while the last one was being written. Must not know: what is in a row.

After a failed write nothing is acknowledged until the ledger was closed, reopened, settled and found to hold the
last row that was acknowledged.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, TypeAlias, TypeVar

from tianbao.domain.problems import Code, refuse
from tianbao.edge.histogram import Histogram
from tianbao.edge.ledger import Ledger
from tianbao.store.hot_sql import IntakeKeyRow, SubmissionRow

DEPTH_MAX: Final = 4_096
"""Submissions that may wait; at 5,000 a second that is under a second of waiting."""
BATCH_MAX: Final = 1_024
COMMIT_BOUNDS_S: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
BATCH_BOUNDS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, BATCH_MAX)
"""Bounds of the histograms in `/metrics`."""

Standing: TypeAlias = SubmissionRow | None
"""What stood already in a row's place; None where nothing did."""
Done: TypeAlias = Callable[[Standing, bool], None]
"""(what stood already, whether it is on disk)"""
Task: TypeAlias = Callable[[Ledger], Any]
"""Work of another kind for the one writer, between two batches."""
_Waiting: TypeAlias = tuple[SubmissionRow, IntakeKeyRow | None, Done]

_T = TypeVar("_T")

log = logging.getLogger(__name__)


class CommitQueue:
    """Made, used and stopped inside the running loop; the ledger is used by the writer's thread alone.

    The loop gathers; the thread gets a whole batch and gives back its outcomes, one handing over each: threads that
    wake each other for every submission spend more time on waiting for the interpreter than on their work.
    """

    def __init__(self, open_ledger: Callable[[], Ledger], *, depth_max: int = DEPTH_MAX) -> None:
        self._open_ledger = open_ledger
        self._depth_max = depth_max
        self._gathered: list[_Waiting] = []
        self._is_busy = False
        self._drained: asyncio.Future[None] | None = None
        self._batches: SimpleQueue[list[_Waiting] | tuple[Task, asyncio.Future[Any]] | None] = SimpleQueue()
        self._last_committed: tuple[str, int] | None = None
        self.commits = 0
        self.commit_s = Histogram(COMMIT_BOUNDS_S)
        self.batch_sizes = Histogram(BATCH_BOUNDS)
        self._loop = asyncio.get_running_loop()
        self._ledger: Ledger | None = None
        self._thread = Thread(target=self._run, name="commit", daemon=True)
        self._thread.start()

    @property
    def depth(self) -> int:
        """Submissions that wait for a batch."""
        return len(self._gathered)

    @property
    def is_full(self) -> bool:
        return len(self._gathered) >= self._depth_max

    async def submit(self, row: SubmissionRow, key: IntakeKeyRow | None) -> Standing:
        """None once the row is on disk, or what already stood in its place. Refused: BUSY, STORAGE."""
        future: asyncio.Future[Standing] = self._loop.create_future()

        def done(standing: Standing, is_stored: bool) -> None:
            if future.done():  # the phone went away; what is on disk stays
                return
            if is_stored:
                future.set_result(standing)
            else:
                future.set_exception(refuse(Code.STORAGE))

        self.put(row, key, done)
        return await future

    def put(self, row: SubmissionRow, key: IntakeKeyRow | None, done: Done) -> None:
        """Calls `done` in the loop once the row is on disk, or once it is known that it is not.

        `key` is the data key that seals the row, unless it is known to be on disk already. Refused: BUSY.
        """
        if self.is_full or self._drained is not None:
            raise refuse(Code.BUSY)
        self._gathered.append((row, key, done))
        if not self._is_busy:
            self._is_busy = True
            self._loop.call_soon(self._hand_over)

    async def do(self, task: Task) -> Any:
        """What a task gives back that used the ledger in the writer's thread; raises what it raised."""
        future: asyncio.Future[Any] = self._loop.create_future()
        self._batches.put((task, future))
        return await future

    async def stop(self) -> None:
        """Writes what waits, then ends the thread and closes the ledger."""
        self._drained = self._loop.create_future()
        if self._is_busy:
            await self._drained
        self._batches.put(None)
        await asyncio.to_thread(self._thread.join)

    def _hand_over(self) -> None:
        batch = self._gathered[:BATCH_MAX]
        del self._gathered[:BATCH_MAX]
        self._batches.put(batch)

    def _resolve(self, batch: list[_Waiting], outcomes: list[Standing] | None) -> None:
        if self._gathered:
            self._hand_over()
        else:
            self._is_busy = False
            if self._drained is not None:
                self._drained.set_result(None)
        for index, (_, _, done) in enumerate(batch):
            try:
                done(outcomes[index] if outcomes else None, outcomes is not None)
            except Exception:
                log.exception("an answer could not be given")

    def _run(self) -> None:
        while (batch := self._batches.get()) is not None:
            if isinstance(batch, tuple):
                self._do(*batch)
                continue
            begun_s = time.perf_counter()
            try:
                outcomes: list[Standing] | None = self._write(batch)
            except Exception:
                log.exception("a batch of %d submissions could not be written", len(batch))
                outcomes = None
            self.commit_s.observe(time.perf_counter() - begun_s)
            self.batch_sizes.observe(len(batch))
            self._loop.call_soon_threadsafe(self._resolve, batch, outcomes)
        if self._ledger is not None:
            self._ledger.close()

    def _do(self, task: Task, future: asyncio.Future[Any]) -> None:
        try:
            result, error = self._use(task), None
        except Exception as raised:
            result, error = None, raised

        def tell() -> None:
            if not future.done():
                future.set_exception(error) if error else future.set_result(result)

        self._loop.call_soon_threadsafe(tell)

    def _use(self, task: Callable[[Ledger], _T]) -> _T:
        """Runs with the open ledger; after a failure it is closed, and the next user opens it anew."""
        ledger = self._ledger or self._open()
        try:
            return task(ledger)
        except Exception:
            self._ledger = None
            try:
                ledger.close()
            except Exception:
                log.exception("the ledger could not be closed after a failed write")
            raise

    def _write(self, batch: list[_Waiting]) -> list[Standing]:
        keys = {key.id: key for _, key, _ in batch if key}
        outcomes = self._use(lambda ledger: ledger.append(list(keys.values()), [row for row, _, _ in batch]))
        last = batch[-1][0]
        self._last_committed = last.record, last.revision
        self.commits += 1
        return outcomes

    def _open(self) -> Ledger:
        ledger = self._open_ledger()
        try:
            ledger.settle()
            if self._last_committed and ledger.find(*self._last_committed) is None:
                raise RuntimeError("an acknowledged submission is missing after reopening the database")
        except Exception:
            ledger.close()
            raise
        self._ledger = ledger
        return ledger
