"""Reading back what stands: a submission by its id, a registration by its receipt, on a thread of its own.

Used by intake (a retry at a closed site) and by the receipt pages. Must not know: HTTP, HTML.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hmac import compare_digest
from typing import TypeVar

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

    async def find(self, record: str, revision: int) -> SubmissionRow | None:
        """A revision of a record."""
        return await self._read(lambda ledger: ledger.find(record, revision))

    async def open(self, receipt: Receipt) -> OwnRegistration | None:
        """The registration of a receipt; None if there is none, the secret is wrong, or it was deleted."""
        return await self._read(lambda ledger: self._open(ledger, receipt))

    def close(self) -> None:
        self._thread.shutdown(wait=True)
        self._disconnect()

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

    def _open(self, ledger: Ledger, receipt: Receipt) -> OwnRegistration | None:
        history = ledger.history(receipt.id)
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
        by_staff = self._reader.staff_revision(receipt.id)
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
