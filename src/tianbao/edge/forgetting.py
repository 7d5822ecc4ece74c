"""Emptying the submissions of days that were deleted: id and digests stay, so that nothing is taken twice.

Beside the intake, by the commit queue's one writer, a small range at a time between its batches. It follows what
staff's side wrote down (`deleted_day`), never the absence of a key file: a folder that is not mounted deletes
nothing. Must not know: when a day is deleted, or why.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from tianbao.edge.catalogue import CatalogueReader
from tianbao.edge.commit_queue import CommitQueue

LOOK_EVERY_S: Final = 30.0
RANGE: Final = 2_000
"""Sequence numbers of one statement: a few milliseconds, which a batch may have to wait."""
PAUSE_S: Final = 0.02

log = logging.getLogger(__name__)


async def forget_always(queue: CommitQueue, reader: CatalogueReader) -> None:
    """Looks again and again, until cancelled."""
    try:
        while True:
            try:
                await forget_deleted(queue, reader)
            except Exception:
                log.exception("deleted days could not be emptied; it will be tried again")
                reader.close()
            await asyncio.sleep(LOOK_EVERY_S)
    finally:
        reader.close()


async def forget_deleted(queue: CommitQueue, reader: CatalogueReader) -> int:
    """Empties what belongs to deleted days; how many days. Begun again after a crash, it does what is left."""
    deleted = await asyncio.to_thread(reader.deleted_days)
    if not deleted:
        return 0
    days = await queue.do(lambda ledger: ledger.find_dead_days(deleted))
    if not days:
        return 0
    last: int = await queue.do(lambda ledger: ledger.count())
    for after in range(0, last, RANGE):
        await queue.do(lambda ledger, after=after: ledger.forget(days, after=after, to=after + RANGE))  # type: ignore[misc]
        await asyncio.sleep(PAUSE_S)
    await queue.do(lambda ledger: ledger.forget_keys(days))
    return len(days)
