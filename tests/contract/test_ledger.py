"""Every hot statement of the edge's own tables, on both databases, through the classes that run them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tianbao.config import Config
from tianbao.domain.ids import uuid7
from tianbao.edge.ledger import Ledger, PostgresLedger, open_ledger
from tianbao.store.hot_sql import IntakeKeyRow, SubmissionRow


@pytest.fixture
def ledger(config: Config) -> Iterator[Ledger]:
    opened = open_ledger(config)
    yield opened
    opened.close()


def make_id() -> str:
    return uuid7(1_700_000_000_000, os.urandom(10)).hex


def make_key() -> IntakeKeyRow:
    return IntakeKeyRow(make_id(), "2026-11-23_2026-12-07", os.urandom(80), 1_700_000_000_000)


def make_row(key: IntakeKeyRow, **changes: object) -> SubmissionRow:
    submission = make_id()
    row = SubmissionRow(
        id=submission,
        record=submission,
        revision=1,
        kind=1,
        source=1,
        site="7K3PM",
        county="130636",
        form="migrant",
        version=1,
        received_ms=1_700_000_000_123,
        secret_digest=os.urandom(32),
        mac=os.urandom(16),
        data_key=key.id,
        sealed_key=os.urandom(60),
        sealed=os.urandom(200),
        facts='{"answers":{"reason":"visit"},"marks":{}}',
    )
    return row._replace(**changes)


def test_what_was_appended_is_found_column_by_column(ledger: Ledger) -> None:
    key = make_key()
    rows = [make_row(key) for _ in range(3)]
    assert ledger.append([key], rows) == [None, None, None]
    assert [ledger.find(row.record, row.revision) for row in rows] == rows


def test_a_second_row_under_an_id_changes_nothing_and_tells_what_stands(ledger: Ledger) -> None:
    key = make_key()
    first = make_row(key)
    other = make_row(key, id=first.id, record=first.id, mac=b"x" * 16)
    new = make_row(key)
    ledger.append([key], [first])
    assert ledger.append([], [other, new]) == [first, None]
    assert ledger.find(first.record, 1) == first


def test_the_same_id_twice_in_one_batch_is_one_row(ledger: Ledger) -> None:
    key = make_key()
    row = make_row(key)
    assert ledger.append([key], [row, row]) == [None, row]


def test_the_second_correction_of_a_revision_is_told_the_first(ledger: Ledger) -> None:
    key = make_key()
    first = make_row(key)
    earlier, later = (make_row(key, record=first.id, revision=2, kind=2) for _ in range(2))
    assert ledger.append([key], [first, earlier]) == [None, None]
    assert ledger.append([], [later, make_row(key)]) == [earlier, None]
    assert [row for row, _ in ledger.histories([first.id])[first.id]] == [first, earlier]


def test_two_corrections_of_a_revision_in_one_batch_are_one(ledger: Ledger) -> None:
    key = make_key()
    first = make_row(key)
    earlier, later = (make_row(key, record=first.id, revision=2, kind=kind) for kind in (3, 2))
    assert ledger.append([key], [first, earlier, later]) == [None, None, earlier]


def test_a_data_key_may_come_twice(ledger: Ledger) -> None:
    key = make_key()
    ledger.append([key], [make_row(key)])
    assert ledger.append([key], [make_row(key)]) == [None]


def test_a_history_comes_in_order_with_its_day(ledger: Ledger) -> None:
    key = make_key()
    first = make_row(key)
    second = make_row(key, record=first.id, revision=2, kind=2)
    ledger.append([key], [first, make_row(key), second])
    other = make_row(key)
    ledger.append([key], [other])
    assert ledger.histories([first.id, make_id(), other.id]) == {
        first.id: [(first, key.day), (second, key.day)],
        other.id: [(other, key.day)],
    }
    assert ledger.histories([make_id()]) == {}


def test_counting_grows_with_every_row(ledger: Ledger) -> None:
    key = make_key()
    before = ledger.count()
    ledger.append([key], [make_row(key), make_row(key)])
    assert ledger.count() >= before + 2


def test_a_batch_that_fails_leaves_nothing(ledger: Ledger) -> None:
    key = make_key()
    good = make_row(key)
    with pytest.raises(Exception, match=r"(?i)null|constraint"):
        ledger.append([key], [good, make_row(key, site=None)])
    assert ledger.find(good.record, 1) is None
    assert ledger.append([key], [good]) == [None]


def test_batches_of_two_edges_stand_one_behind_the_other(config: Config, ledger: Ledger) -> None:
    """Whoever follows the numbers and has seen one has seen every lower one: no batch is between another's rows."""
    if not isinstance(ledger, PostgresLedger):
        pytest.skip("SQLite has one edge")
    begun, key = ledger.count(), make_key()
    ledger.append([key], [])
    batches = [[make_row(key) for _ in range(4)] for _ in range(60)]
    batch_of = {row.id: number for number, batch in enumerate(batches) for row in batch}
    others = [open_ledger(config) for _ in range(2)]

    def append(edge: int) -> None:
        for batch in batches[edge::2]:
            others[edge].append([], batch)

    edges = [threading.Thread(target=append, args=(edge,)) for edge in range(2)]
    seen: list[int] = []
    for edge in edges:
        edge.start()
    query = "SELECT seq, id FROM submission WHERE seq > %s ORDER BY seq"
    while True:
        is_last = not any(edge.is_alive() for edge in edges)
        for seq, found in ledger._connection.execute(query, (begun,)).fetchall():
            begun = seq
            seen.append(batch_of[found.hex])
        if is_last:
            break
    for other in others:
        other.close()
    assert len(seen) == len(batch_of), "a reader that follows the numbers has missed none"
    assert len([1 for before, after in pairwise(seen) if before != after]) == len(batches) - 1
