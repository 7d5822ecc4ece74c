"""A database server that restarts: everything of the edge finds it again by itself."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import psycopg
import pytest
from tests.contract.test_ledger import make_key, make_row

from tianbao.config import Config
from tianbao.domain.places import Gazetteer
from tianbao.domain.problems import Code, Refused
from tianbao.domain.receipts import Receipt, secret_digest
from tianbao.domain.sealing import RevisionKind, content_key_from
from tianbao.edge.archive import Archive
from tianbao.edge.catalogue import Catalogue, CatalogueReader
from tianbao.edge.commit_queue import CommitQueue
from tianbao.edge.ledger import open_ledger
from tianbao.edge.sealer import Sealer, seal_identity
from tianbao.store.hot_sql import SubmissionRow
from tianbao.store.key_file import DayKey, create_day

DAY = DayKey("2026-11-23_2026-12-07", bytes(31) + b"\x09", b"p" * 32, {})
PLACES: Gazetteer = None  # type: ignore[assignment]  # nothing here reads one


def end_all_connections(config: Config) -> None:
    """What a restart does to them."""
    if config.is_sqlite:
        pytest.skip("there is no server")
    with psycopg.connect(config.database_url, autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )


def sealed_row(receipt: Receipt, sealer: Sealer) -> tuple[SubmissionRow, object]:
    data_key = sealer.data_key(DAY, 1_790_000_000_000)
    sealed_key, sealed = seal_identity(
        b'{"answers":{"name":"x"}}',
        data_key=data_key,
        content_key=content_key_from(receipt.secret, DAY.pepper, receipt.id),
        record=receipt.id,
        revision=1,
        kind=RevisionKind.REGISTERED,
    )
    row = make_row(
        make_key(),
        id=receipt.id,
        record=receipt.id,
        secret_digest=secret_digest(receipt.secret),
        data_key=data_key.id,
        sealed_key=sealed_key,
        sealed=sealed,
    )
    return row, data_key.row


def test_a_receipt_opens_as_if_nothing_had_happened(config: Config, tmp_path: Path) -> None:
    create_day(tmp_path, DAY)
    sealer = Sealer(tmp_path)
    receipt = Receipt(make_key().id, os.urandom(16))
    row, key = sealed_row(receipt, sealer)
    ledger = open_ledger(config)
    ledger.append([key], [row])
    ledger.close()

    async def run() -> None:
        archive = Archive(lambda: open_ledger(config), CatalogueReader(config, PLACES), sealer)
        try:
            for _ in range(2):
                own = await archive.open(receipt)
                assert own is not None
                assert own.answers["name"] == "x"
                assert await archive.find(receipt.id, 1) == row
                end_all_connections(config)
        finally:
            archive.close()

    asyncio.run(run())


def test_the_queue_refuses_once_and_goes_on(config: Config) -> None:
    async def run() -> None:
        queue = CommitQueue(lambda: open_ledger(config))
        key = make_key()
        try:
            assert await queue.submit(make_row(key), key) is None
            end_all_connections(config)
            row = make_row(key)
            with pytest.raises(Refused) as refused:
                await queue.submit(row, key)
            assert refused.value.problems[0].code is Code.STORAGE
            assert await queue.submit(row, key) is None
        finally:
            await queue.stop()

    asyncio.run(run())


def test_the_catalogue_stays_and_is_read_again(config: Config) -> None:
    reader = CatalogueReader(config, PLACES)
    known = Catalogue(generation=7)
    assert reader.read(known) is known
    end_all_connections(config)
    assert reader.read(known) is known  # the connection broke
    assert reader.staff_revisions([make_key().id]) == {}
    reader.close()
