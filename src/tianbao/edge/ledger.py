"""Where submissions are written and read again: one class a database, the same five methods.

Used by the commit queue's thread (`append`) and by a reading thread (the others); one instance belongs to one
thread at a time. Must not know: HTTP, keys, why a row is written. `append` returns only after the commit is
on disk (SQLite: WAL with synchronous=FULL).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from tianbao.config import Config
from tianbao.store.hot_sql import (
    POSTGRESQL,
    SQLITE,
    SQLITE_ROWS,
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

    def append(self, keys: Sequence[IntakeKeyRow], rows: Sequence[SubmissionRow]) -> list[SubmissionRow | None]:
        """Commits new keys and rows in one transaction.

        For each row None, or what stands in its place: under its id, or as the same revision of its record.
        """

    def find(self, submission: str) -> SubmissionRow | None:
        """The submission of an id."""

    def history(self, record: str) -> list[tuple[SubmissionRow, str]]:
        """A record's submissions in order, each with the name of its day."""

    def count(self) -> int:
        """The highest sequence number given."""

    def close(self) -> None: ...


class _Standing(Exception):
    """A row of the batch stands already."""


_Insert: TypeAlias = Callable[[Sequence[SubmissionRow]], "list[SubmissionRow | None]"]


class SqliteLedger:
    """`intake.db`, written by one edge process alone."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={BUSY_WAIT_MS}",
            "secure_delete=ON",
            "wal_autocheckpoint=4000",
        ):
            self._connection.execute(f"PRAGMA {pragma}")

    def append(self, keys: Sequence[IntakeKeyRow], rows: Sequence[SubmissionRow]) -> list[SubmissionRow | None]:
        try:
            return self._commit(keys, rows, self._insert_all)
        except _Standing:
            return self._commit(keys, rows, self._insert_each)

    def _commit(
        self, keys: Sequence[IntakeKeyRow], rows: Sequence[SubmissionRow], insert: _Insert
    ) -> list[SubmissionRow | None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for key in keys:
                self._connection.execute(SQLITE.add_key, key)
            standing = insert(rows)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return standing

    def _insert_all(self, rows: Sequence[SubmissionRow]) -> list[SubmissionRow | None]:
        """Many rows a statement: each statement gives the interpreter up and waits for it only once."""
        start = 0
        for size in SQLITE_ROWS:
            while len(rows) - start >= size:
                values = [value for row in rows[start : start + size] for value in row]
                if self._connection.execute(sqlite_append(size), values).rowcount != size:
                    raise _Standing
                start += size
        return [None] * len(rows)

    def _insert_each(self, rows: Sequence[SubmissionRow]) -> list[SubmissionRow | None]:
        """One row a statement, for the rare batch in which something stands already."""
        return [
            None if self._connection.execute(SQLITE.append, row).rowcount == 1 else self._find_standing(row)
            for row in rows
        ]

    def _find_standing(self, row: SubmissionRow) -> SubmissionRow:
        revision = self._connection.execute(SQLITE.find_revision, (row.record, row.revision)).fetchone()
        return self.find(row.id) or SubmissionRow(*revision)

    def find(self, submission: str) -> SubmissionRow | None:
        found = self._connection.execute(SQLITE.find_submission, (submission,)).fetchone()
        return SubmissionRow(*found) if found else None

    def history(self, record: str) -> list[tuple[SubmissionRow, str]]:
        found = self._connection.execute(SQLITE.find_history, (record,)).fetchall()
        return [(SubmissionRow(*row[:-1]), row[-1]) for row in found]

    def count(self) -> int:
        return int(self._connection.execute(SQLITE.count_submissions).fetchone()[0])

    def close(self) -> None:
        self._connection.close()


class PostgresLedger:
    """The same tables in one PostgreSQL, shared by any number of edge processes."""

    def __init__(self, url: str) -> None:
        from tianbao.store.postgresql import connect

        self._connection = connect(url)

    def append(self, keys: Sequence[IntakeKeyRow], rows: Sequence[SubmissionRow]) -> list[SubmissionRow | None]:
        with self._connection.transaction():
            self._connection.execute(POSTGRESQL.keep_order)
            for key in keys:
                self._connection.execute(POSTGRESQL.add_key, key)
            columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
            new = {row[0].hex for row in self._connection.execute(POSTGRESQL.append, columns)} if rows else set()
            standing: list[SubmissionRow | None] = []
            for row in rows:
                standing.append(None if row.id in new else self._find_standing(row))
                new.discard(row.id)
        return standing

    def _find_standing(self, row: SubmissionRow) -> SubmissionRow:
        revision = self._connection.execute(POSTGRESQL.find_revision, (row.record, row.revision)).fetchone()
        return self.find(row.id) or _plain(revision or ())

    def find(self, submission: str) -> SubmissionRow | None:
        found = self._connection.execute(POSTGRESQL.find_submission, (submission,)).fetchone()
        return _plain(found) if found else None

    def history(self, record: str) -> list[tuple[SubmissionRow, str]]:
        found = self._connection.execute(POSTGRESQL.find_history, (record,)).fetchall()
        return [(_plain(row[:-1]), row[-1]) for row in found]

    def count(self) -> int:
        found = self._connection.execute(POSTGRESQL.count_submissions).fetchone()
        return int(found[0]) if found else 0

    def close(self) -> None:
        self._connection.close()


def _plain(row: Sequence[Any]) -> SubmissionRow:
    given = SubmissionRow(*row)
    return given._replace(id=given.id.hex, record=given.record.hex, data_key=given.data_key.hex)  # type: ignore[attr-defined]


def open_ledger(config: Config) -> Ledger:
    """The ledger of an installation; its tables exist (`tianbao migrate`)."""
    return SqliteLedger(config.intake_db) if config.is_sqlite else PostgresLedger(config.database_url)
