"""The bounded queue and its writer: batches, refusals, and nothing acknowledged after a failed write."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from tianbao.domain.problems import Code, Refused
from tianbao.edge.commit_queue import CommitQueue
from tianbao.store.hot_sql import IntakeKeyRow, SubmissionRow

KEY = IntakeKeyRow("k" * 32, "2026-11-23_2026-12-07", b"sealed", 1)


def make_row(number: int) -> SubmissionRow:
    submission = f"{number:032x}"
    return SubmissionRow(
        submission, submission, 1, 1, 1, "7K3PM", "130636", "migrant", 1, 1, b"d", b"m", KEY.id, b"k", b"s", "{}"
    )


class MemoryLedger:
    """Stands in for a database: rows survive `close`, writing can be held up or made to fail."""

    def __init__(self, rows: dict[str, SubmissionRow]) -> None:
        self.rows = rows
        self.batches: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.failures = 0
        self.keys: list[IntakeKeyRow] = []

    def settle(self) -> None: ...

    def append(self, keys: list[IntakeKeyRow], rows: list[SubmissionRow]) -> list[SubmissionRow | None]:
        self.gate.wait(5)
        if self.failures:
            self.failures -= 1
            raise OSError("no space left on device")
        self.keys += keys
        self.batches.append(len(rows))
        standing = []
        for row in rows:
            standing.append(self.rows.get(row.id))
            self.rows.setdefault(row.id, row)
        return standing

    def find(self, record: str, revision: int) -> SubmissionRow | None:
        return self.rows.get(record)

    def close(self) -> None: ...


def with_queue(test: Callable[[CommitQueue, MemoryLedger], object], depth_max: int = 100) -> None:
    async def run() -> None:
        ledger = MemoryLedger({})
        queue = CommitQueue(lambda: ledger, depth_max=depth_max)  # type: ignore[arg-type,return-value]
        try:
            await test(queue, ledger)  # type: ignore[misc]
        finally:
            ledger.gate.set()
            await queue.stop()

    asyncio.run(run())


def test_what_arrives_during_a_commit_shares_the_next_one() -> None:
    async def check(queue: CommitQueue, ledger: MemoryLedger) -> None:
        ledger.gate.clear()
        waiting = [asyncio.create_task(queue.submit(make_row(n), KEY)) for n in range(20)]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in waiting)  # nothing is answered before it is on disk
        ledger.gate.set()
        assert await asyncio.gather(*waiting) == [None] * 20
        assert sum(ledger.batches) == 20
        assert len(ledger.batches) <= 2
        assert ledger.keys.count(KEY) == len(ledger.batches)

    with_queue(check)


def test_the_second_of_the_same_id_is_told_what_stands() -> None:
    async def check(queue: CommitQueue, ledger: MemoryLedger) -> None:
        row = make_row(1)
        assert await queue.submit(row, KEY) is None
        assert await queue.submit(row._replace(mac=b"other"), None) == row

    with_queue(check)


def test_a_full_queue_refuses_at_once() -> None:
    async def check(queue: CommitQueue, ledger: MemoryLedger) -> None:
        ledger.gate.clear()
        waiting = [asyncio.create_task(queue.submit(make_row(0), KEY))]
        await asyncio.sleep(0.05)  # the writer holds this one; the queue is empty again
        waiting += [asyncio.create_task(queue.submit(make_row(n), KEY)) for n in range(1, 4)]
        await asyncio.sleep(0)
        assert queue.is_full
        with pytest.raises(Refused) as refused:
            await queue.submit(make_row(9), KEY)
        assert refused.value.problems[0].code is Code.BUSY
        ledger.gate.set()
        assert await asyncio.gather(*waiting) == [None] * 4

    with_queue(check, depth_max=3)


def test_after_a_failed_write_the_ledger_is_reopened_and_goes_on() -> None:
    async def check(queue: CommitQueue, ledger: MemoryLedger) -> None:
        await queue.submit(make_row(1), KEY)
        ledger.failures = 1
        with pytest.raises(Refused) as refused:
            await queue.submit(make_row(2), KEY)
        assert refused.value.problems[0].code is Code.STORAGE
        assert await queue.submit(make_row(2), KEY) is None
        assert set(ledger.rows) == {make_row(1).id, make_row(2).id}

    with_queue(check)


def test_nothing_is_acknowledged_while_an_acknowledged_row_is_missing() -> None:
    async def check(queue: CommitQueue, ledger: MemoryLedger) -> None:
        await queue.submit(make_row(1), KEY)
        ledger.failures = 1
        with pytest.raises(Refused):
            await queue.submit(make_row(2), KEY)
        lost = ledger.rows.pop(make_row(1).id)  # what a failed sync can do
        with pytest.raises(Refused):
            await queue.submit(make_row(3), KEY)
        ledger.rows[lost.id] = lost
        assert await queue.submit(make_row(3), KEY) is None

    with_queue(check)


def test_stopping_writes_what_waits_and_takes_nothing_more() -> None:
    async def run() -> None:
        ledger = MemoryLedger({})
        queue = CommitQueue(lambda: ledger)  # type: ignore[arg-type,return-value]
        waiting = [asyncio.create_task(queue.submit(make_row(n), KEY)) for n in range(50)]
        await asyncio.sleep(0)
        await queue.stop()
        assert await asyncio.gather(*waiting) == [None] * 50
        with pytest.raises(Refused):
            await queue.submit(make_row(99), KEY)

    asyncio.run(run())
