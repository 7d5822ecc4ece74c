"""Reading back what stands: a submission by its id, a registration by its receipt, on a thread of its own.

Used by intake (a retry at a closed site) and by the receipt pages. Must not know: HTTP, HTML.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from hmac import compare_digest
from typing import Final, TypeVar

import msgspec

from tianbao.domain import sealing
from tianbao.domain.answers import Answers, join_answers
from tianbao.domain.receipts import Receipt, secret_digest
from tianbao.domain.sealing import CannotOpen, RevisionKind
from tianbao.edge.catalogue import CatalogueReader
from tianbao.edge.ledger import Ledger
from tianbao.edge.sealer import Sealer
from tianbao.store.hot_sql import SubmissionRow
from tianbao.store.key_file import DayKey

T = TypeVar("T")

TOGETHER_MAX: Final = 32
"""Phones whose registrations are read together, each up to `RECEIPTS_MAX`."""


@dataclass(frozen=True, slots=True)
class OwnRegistration:
    """A registration as its registrant may see it: the first submission, and the newest state of its answers."""

    receipt: Receipt
    first: SubmissionRow
    day: DayKey
    revision: int
    kind: RevisionKind
    changed_ms: int
    answers: Answers
    marks: dict[str, list[str]]

    @property
    def delete_on(self) -> str:
        """ISO 8601 date."""
        return self.day.name.partition("_")[2]


class Archive:
    """One reading thread with connections of its own, opened when first needed."""

    def __init__(
        self, open_ledger: Callable[[], Ledger], catalogue_reader: CatalogueReader, sealer: Sealer
    ) -> None:
        self._open_ledger = open_ledger
        self._reader = catalogue_reader
        self._sealer = sealer
        self._ledger: Ledger | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive")
        self._waiting: list[tuple[Sequence[Receipt], asyncio.Future[list[OwnRegistration | None]]]] = []
        self._reading: asyncio.Task[None] | None = None

    async def find(self, record: str, revision: int) -> SubmissionRow | None:
        """A revision of a record."""
        return await self._read(lambda ledger: ledger.find(record, revision))

    async def open(self, receipt: Receipt) -> OwnRegistration | None:
        """The registration of a receipt; None if there is none, the secret is wrong, or it was deleted."""
        (own,) = await self.open_all([receipt])
        return own

    async def open_all(self, receipts: Sequence[Receipt]) -> list[OwnRegistration | None]:
        """`open` of each. Whoever asks at the same time is read together: at a rush, one way to the thread and back
        costs more than what is read.
        """
        opened: asyncio.Future[list[OwnRegistration | None]] = asyncio.get_running_loop().create_future()
        self._waiting.append((receipts, opened))
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._open_waiting())
        return await opened

    def close(self) -> None:
        self._thread.shutdown(wait=True)
        self._disconnect()

    async def _open_waiting(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:TOGETHER_MAX], self._waiting[TOGETHER_MAX:]
            asked = [receipt for receipts, _ in together for receipt in receipts]
            try:
                found = iter(await self._read(partial(self._open_all, receipts=asked)))
            except Exception as failure:  # whoever waits is told
                for _, opened in together:
                    if not opened.done():
                        opened.set_exception(failure)
                continue
            for receipts, opened in together:
                own = [next(found) for _ in receipts]
                if not opened.done():  # done: the phone went away
                    opened.set_result(own)

    async def _read(self, read: Callable[[Ledger], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read_again, read)

    def _read_again(self, read: Callable[[Ledger], T]) -> T:
        """A connection that broke is noticed when it is used: what fails is read once more on new ones."""
        try:
            return read(self._connect())
        except Exception:
            self._disconnect()
            return read(self._connect())

    def _connect(self) -> Ledger:
        if self._ledger is None:
            self._ledger = self._open_ledger()
        return self._ledger

    def _disconnect(self) -> None:
        self._reader.close()
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

    def _open_all(self, ledger: Ledger, receipts: Sequence[Receipt]) -> list[OwnRegistration | None]:
        ids = [receipt.id for receipt in receipts]
        histories, by_staff = ledger.histories(ids), self._reader.staff_revisions(ids)
        return [
            self._open(receipt, histories.get(receipt.id, []), by_staff.get(receipt.id)) for receipt in receipts
        ]

    def _open(
        self,
        receipt: Receipt,
        history: list[tuple[SubmissionRow, str]],
        by_staff: tuple[int, int, int, bytes, str] | None,
    ) -> OwnRegistration | None:
        digest = secret_digest(receipt.secret)
        if not history or not compare_digest(history[0][0].secret_digest, digest):
            return None
        first, day_name = history[0]
        day = self._sealer.find_day(day_name)
        if day is None:
            return None
        newest = history[-1][0]
        revision, kind, changed_ms, sealed, facts = (
            newest.revision,
            newest.kind,
            newest.received_ms,
            newest.sealed,
            newest.facts,
        )
        if by_staff is not None and by_staff[0] > revision:
            revision, kind, changed_ms, sealed, facts = by_staff
        content_key = sealing.content_key_from(receipt.secret, day.pepper, receipt.id)
        try:
            plaintext = sealing.open_content(
                content_key, sealed, record=receipt.id, revision=revision, kind=RevisionKind(kind)
            )
        except CannotOpen:
            return None
        open_part = msgspec.json.decode(facts)
        return OwnRegistration(
            receipt=receipt,
            first=first,
            day=day,
            revision=revision,
            kind=RevisionKind(kind),
            changed_ms=changed_ms,
            answers=join_answers(open_part["answers"], msgspec.json.decode(plaintext)["answers"]),
            marks=open_part.get("marks", {}),
        )
