"""From submissions to records on both databases: nothing skipped, nothing twice, the newest revision counts.

The projection runs in a process of its own, since Django knows one database a process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from tests.contract.test_ledger import make_key, make_row

from tianbao.config import Config
from tianbao.edge.ledger import Ledger, PostgresLedger, open_ledger
from tianbao.store.hot_sql import POSTGRESQL, SubmissionRow

PROJECT = """
import django, json, sys
django.setup()
from tianbao.services import projection
from tianbao.store.models import HourCount, Leg, Record, Revision
projector = projection.Projector()
if sys.argv[1:] == ["dies"]:
    def die(*_): raise SystemExit(9)
    projection._count_arrivals = die
done = projector.project_batch()
print(json.dumps({
    "done": done,
    "records": {r.id.hex: [r.state, r.origin, r.latest.hex] for r in Record.objects.all()},
    "legs": sorted([l.record_id.hex, l.position, l.place] for l in Leg.objects.all()),
    "revisions": sorted(r.id.hex for r in Revision.objects.all()),
    "arrivals": sum(h.count for h in HourCount.objects.all()),
}))
"""
REGISTERED, CORRECTED, WITHDRAWN = 1, 2, 3


@pytest.fixture(scope="module")
def installation(config: Config, tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, str]:
    """An installation in a database of its own, and the code of its site."""
    own = Config(tmp_path_factory.mktemp("projection"))
    if not config.is_sqlite:
        with psycopg.connect(config.database_url, autocommit=True) as server:
            server.execute("CREATE DATABASE projection")
        own = Config(own.data, urlsplit(config.database_url)._replace(path="/projection").geturl())
    said = run(
        own, "-m", "tianbao", "init", "--data", str(own.data), "--organisation", "蒲阳镇", "--area", "130636",
        "--site", "北关村", "--user", "clerk", "--password", "a calm night at the gate", "--json",
    )  # fmt: skip
    return own, json.loads(said)["site"].rpartition("/")[2]


@pytest.fixture
def ledger(installation: tuple[Config, str]) -> Iterator[Ledger]:
    opened = open_ledger(installation[0])
    yield opened
    opened.close()


def run(config: Config, *arguments: str, code: int = 0) -> str:
    environment = {**os.environ, **config.environment(), "DJANGO_SETTINGS_MODULE": "tianbao.settings"}
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, cwd=Path.cwd(), check=False
    )
    assert done.returncode == code, done.stderr
    return done.stdout


def project(installation: tuple[Config, str]) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(run(installation[0], "-c", PROJECT))
    return said


def submission(
    site: str, *places: str, record: str = "", revision: int = 1, kind: int = REGISTERED, **changes: object
) -> SubmissionRow:
    legs = [{"place": {"code": place}} for place in places]
    facts = json.dumps({"answers": {"itinerary": legs}})
    row = make_row(make_key(), site=site, revision=revision, kind=kind, facts=facts)
    return row._replace(record=record or row.id)._replace(**changes)


def sealed_by(key: Any, *rows: SubmissionRow) -> list[SubmissionRow]:
    return [row._replace(data_key=key.id) for row in rows]


def test_a_batch_holds_whole_histories(installation: tuple[Config, str], ledger: Ledger) -> None:
    _, site = installation
    before = project(installation)
    key = make_key()
    corrected = submission(site, "130636")
    withdrawn = submission(site, "130636", "110101")
    rows = sealed_by(
        key,
        corrected,
        withdrawn,
        submission(site, "310101", record=corrected.id, revision=2, kind=CORRECTED),
        submission(site, "130636", "110101", record=withdrawn.id, revision=2, kind=WITHDRAWN),
        submission(site, "440103", "310101", record=corrected.id, revision=3, kind=CORRECTED),
    )
    ledger.append([key], rows)
    after = project(installation)
    assert after["done"] == 5
    assert after["records"][corrected.id] == [2, "440103", rows[4].id]
    assert after["records"][withdrawn.id] == [3, "130636", rows[3].id]
    legs = [leg for leg in after["legs"] if leg[0] == corrected.id]
    assert legs == [[corrected.id, 0, "440103"], [corrected.id, 1, "310101"]]
    assert set(after["revisions"]) - set(before["revisions"]) == {row.id for row in rows}
    assert after["arrivals"] == before["arrivals"] + 2

    # and two more corrections of it, in one batch that comes later
    later = sealed_by(
        key,
        submission(site, "130636", record=corrected.id, revision=4, kind=CORRECTED),
        submission(site, record=corrected.id, revision=5, kind=CORRECTED),
    )
    ledger.append([], later)
    last = project(installation)
    assert last["records"][corrected.id] == [2, "", later[1].id]
    assert not [leg for leg in last["legs"] if leg[0] == corrected.id]
    assert last["arrivals"] == after["arrivals"]


def test_a_death_in_the_middle_leaves_nothing_and_loses_nothing(
    installation: tuple[Config, str], ledger: Ledger
) -> None:
    config, site = installation
    before = project(installation)
    key = make_key()
    ledger.append([key], sealed_by(key, *(submission(site, "130636") for _ in range(3))))
    run(config, "-c", PROJECT, "dies", code=9)
    after = project(installation)
    assert after["done"] == 3
    assert len(after["records"]) == len(before["records"]) + 3
    assert len(after["legs"]) == len(before["legs"]) + 3
    assert after["arrivals"] == before["arrivals"] + 3
    assert project(installation)["done"] == 0


def test_of_two_edges_the_slower_one_is_not_skipped(installation: tuple[Config, str], ledger: Ledger) -> None:
    """Its row has the lower number and becomes visible later, unless batches wait for one another."""
    config, site = installation
    if config.is_sqlite:
        pytest.skip("SQLite has one edge")
    assert isinstance(ledger, PostgresLedger)
    project(installation)
    key = make_key()
    slow, fast = sealed_by(key, submission(site, "130636"), submission(site, "130636"))
    other = open_ledger(config)
    appending = threading.Thread(target=lambda: other.append([key], [fast]))
    with ledger._connection.transaction():
        ledger._connection.execute(POSTGRESQL.keep_order)
        ledger._connection.execute(POSTGRESQL.add_key, key)
        ledger._connection.execute(POSTGRESQL.append, [[value] for value in slow])
        appending.start()
        appending.join(0.5)
        meanwhile = project(installation)
    appending.join()
    other.close()
    after = project(installation)
    assert meanwhile["done"] + after["done"] == 2
    assert {slow.id, fast.id} <= after["records"].keys()
