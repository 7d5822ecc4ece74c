"""Where submissions are written and read again: one class a database, the same five methods.

Used by the commit queue's thread (`append`) and by a reading thread (the others); one instance belongs to one
thread at a time. Must not know: HTTP, keys, why a row is written. `append` returns only after the commit is
on disk (SQLite: WAL with synchronous=FULL).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final, Protocol

from tianbao.config import Config
from tianbao.store.hot_sql import (
    POSTGRESQL,
    SQLITE,
    SQLITE_ROWS_MAX,
    IntakeKeyRow,
    SubmissionRow,
    sqlite_append,
)
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

BUSY_WAIT_MS: Final = 5_000


class Ledger(Protocol):
    """The edge's own tables."""

    def settle(self) -> None:
        """Brings to disk what an earlier writer left behind; before the first `append`. Raises where it cannot."""

    def append(self, keys: Sequence[IntakeKeyRow], rows: Sequence[SubmissionRow]) -> list[SubmissionRow | None]:
        """Commits new keys and rows in one transaction.

        For each row None, or what stands in its place: the same revision of its record.
        """

    def find(self, record: str, revision: int) -> SubmissionRow | None:
        """A revision of a record."""

    def histories(self, records: Sequence[str]) -> dict[str, list[tuple[SubmissionRow, str]]]:
        """Each record's submissions in order, with the names of their days; unknown records are left out."""

    def count(self) -> int:
        """The highest sequence number given."""

    def received_after(self, seq: int) -> int | None:
        """When the first submission after a sequence number came (Unix ms); None where there is none."""

    def find_dead_days(self, days: Sequence[str]) -> list[str]:
        """Which of some days still have keys here."""

    def forget(self, days: Sequence[str], *, after: int, to: int) -> None:
        """Empties the submissions of days within a range of sequence numbers; id and digests stay (a tombstone)."""

    def forget_keys(self, days: Sequence[str]) -> None:
        """Removes the keys of days whose submissions are empty, and what an earlier state left in the log."""

    def close(self) -> None: ...


class SqliteLedger:
    """`intake.db`, written by one edge process alone.

    Less than `synchronous="FULL"` loses what was acknowledged when the power goes: tests/faults shows it.
    """

    def __init__(self, path: Path, *, synchronous: str = "FULL") -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            f"busy_timeout={BUSY_WAIT_MS}",
            "secure_delete=ON",
            "wal_autocheckpoint=4000",
        ):
            self._connection.execute(f"PRAGMA {pragma}")

    def settle(self) -> None:
        """After a sync that failed, the log that is read here need not be the one on disk.

        Linux reports such an error once and keeps in memory what never arrived; what is written behind such a gap
        is lost when the power goes. So all of the log goes into the database anew, and begins from its start.
        """
        (is_busy, *_) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if is_busy:
            raise RuntimeError("somebody reads the database for too long; it cannot be settled yet")

    def append(self, keys: Sequence[IntakeKeyRow], rows: Sequence[SubmissionRow]) -> list[SubmissionRow | None]:
        is_one = not keys and len(rows) <= SQLITE_ROWS_MAX  # one statement is a transaction of its own
        inserted = self._insert(rows) if is_one else self._insert_all(keys, rows)
        return [None] * len(rows) if inserted == len(rows) else self._find_standing(rows)

    def _insert(self, rows: Sequence[SubmissionRow]) -> int:
        """How many were new. Each statement gives the interpreter up, and waits for it, once."""
        return self._connection.execute(sqlite_append(len(rows)), list(chain.from_iterable(rows))).rowcount

    def _insert_all(self, keys: Sequence[IntakeKeyRow], rows: Sequence[SubmissionRow]) -> int:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for key in keys:
                self._connection.execute(SQLITE.add_key, key)
            parts = (rows[at : at + SQLITE_ROWS_MAX] for at in range(0, len(rows), SQLITE_ROWS_MAX))
            inserted = sum(self._insert(part) for part in parts)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return inserted

    def _find_standing(self, rows: Sequence[SubmissionRow]) -> list[SubmissionRow | None]:
        """For the rare batch in which something stood already. No two are sealed alike: each row knows itself."""
        found: list[SubmissionRow | None] = []
        known: set[bytes] = set()
        for row in rows:
            standing = self.find(row.record, row.revision)
            is_new = standing is not None and standing.sealed == row.sealed and row.sealed not in known
            found.append(None if is_new else standing)
            known.add(row.sealed)
        return found

    def find(self, record: str, revision: int) -> SubmissionRow | None:
        found = self._connection.execute(SQLITE.find_submission, (record, revision)).fetchone()
        return SubmissionRow(*found) if found else None

    def histories(self, records: Sequence[str]) -> dict[str, list[tuple[SubmissionRow, str]]]:
        found = self._connection.execute(SQLITE.find_histories, (json.dumps(records),)).fetchall()
        return _by_record((SubmissionRow(*row[:-1]), row[-1]) for row in found)

    def count(self) -> int:
        return int(self._connection.execute(SQLITE.count_submissions).fetchone()[0])

    def received_after(self, seq: int) -> int | None:
        found = self._connection.execute(SQLITE.received_after, (seq,)).fetchone()
        return int(found[0]) if found else None

    def find_dead_days(self, days: Sequence[str]) -> list[str]:
        found = self._connection.execute(SQLITE.find_dead_days, (json.dumps(days),)).fetchall()
        return [row[0] for row in found]

    def forget(self, days: Sequence[str], *, after: int, to: int) -> None:
        self._connection.execute(SQLITE.forget_submissions, (after, to, json.dumps(days)))

    def forget_keys(self, days: Sequence[str]) -> None:
        self._connection.execute(SQLITE.forget_keys, (json.dumps(days),))
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def close(self) -> None:
        self._connection.close()


class PostgresLedger:
    """The same tables in one PostgreSQL, shared by any number of edge processes."""

    def __init__(self, url: str) -> None:
        from tianbao.store.postgresql import connect

        self._connection = connect(url)

    def settle(self) -> None:
        """Nothing to do: a server whose sync failed stops and recovers by itself."""

    def append(self, keys: Sequence[IntakeKeyRow], rows: Sequence[SubmissionRow]) -> list[SubmissionRow | None]:
        with self._connection.transaction():
            self._connection.execute(POSTGRESQL.keep_order)
            for key in keys:
                self._connection.execute(POSTGRESQL.add_key, key)
            columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
            new = {row[0].hex for row in self._connection.execute(POSTGRESQL.append, columns)} if rows else set()
            standing: list[SubmissionRow | None] = []
            for row in rows:
                standing.append(None if row.id in new else self.find(row.record, row.revision))
                new.discard(row.id)
        return standing

    def find(self, record: str, revision: int) -> SubmissionRow | None:
        found = self._connection.execute(POSTGRESQL.find_submission, (record, revision)).fetchone()
        return _plain(found) if found else None

    def histories(self, records: Sequence[str]) -> dict[str, list[tuple[SubmissionRow, str]]]:
        found = self._connection.execute(POSTGRESQL.find_histories, (list(records),)).fetchall()
        return _by_record((_plain(row[:-1]), row[-1]) for row in found)

    def count(self) -> int:
        found = self._connection.execute(POSTGRESQL.count_submissions).fetchone()
        return int(found[0]) if found else 0

    def received_after(self, seq: int) -> int | None:
        found = self._connection.execute(POSTGRESQL.received_after, (seq,)).fetchone()
        return int(found[0]) if found else None

    def find_dead_days(self, days: Sequence[str]) -> list[str]:
        return [row[0] for row in self._connection.execute(POSTGRESQL.find_dead_days, (list(days),))]

    def forget(self, days: Sequence[str], *, after: int, to: int) -> None:
        self._connection.execute(POSTGRESQL.forget_submissions, (after, to, list(days)))

    def forget_keys(self, days: Sequence[str]) -> None:
        self._connection.execute(POSTGRESQL.forget_keys, (list(days),))

    def close(self) -> None:
        self._connection.close()


def _by_record(found: Iterable[tuple[SubmissionRow, str]]) -> dict[str, list[tuple[SubmissionRow, str]]]:
    histories: dict[str, list[tuple[SubmissionRow, str]]] = {}
    for row, day in found:
        histories.setdefault(row.record, []).append((row, day))
    return histories


def _plain(row: Sequence[Any]) -> SubmissionRow:
    given = SubmissionRow(*row)
    return given._replace(id=given.id.hex, record=given.record.hex, data_key=given.data_key.hex)  # type: ignore[attr-defined]


def open_ledger(config: Config) -> Ledger:
    """The ledger of an installation; its tables exist (`tianbao migrate`)."""
    return SqliteLedger(config.intake_db) if config.is_sqlite else PostgresLedger(config.database_url)
