"""The power goes at any moment under load: what was acknowledged is there afterwards, whole, with its keys and files.

The same load at `synchronous=NORMAL` must lose some, else this test would see nothing. POWER_CUTS and POWER_LOAD_S
make it longer: `POWER_CUTS=2000 POWER_LOAD_S=60 pytest --log-cli-level=INFO
tests/faults/test_power_loss.py`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from tests import file_samples as samples
from tests.edge_client import add_site, changed, make_installation, new_submission
from tests.faults.disk import Disk
from tests.faults.test_kill import wait_until_ready
from tests.installation import serve
from tests.integration.test_files import NOMINATION

from tianbao.domain.files import read_token
from tianbao.domain.ids import read_uuid7
from tianbao.store import key_file
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

CUTS = int(os.environ.get("POWER_CUTS", "60"))
LOAD_S = float(os.environ.get("POWER_LOAD_S", "3"))
PHONES = 12

log = logging.getLogger(__name__)


class Site(NamedTuple):
    """The paths of a site's plain form, and of one with files."""

    plain: str
    files: str


async def register(client: httpx.AsyncClient, site: Site, disk: Disk, end_s: float) -> None:
    while time.monotonic() < end_s:
        submission = {**new_submission(), "answers": changed()}
        answer = await client.post(site.plain, json=submission)
        assert answer.status_code == 201, answer.text
        disk.answered({"id": read_uuid7(submission["id"])})


async def register_with_file(client: httpx.AsyncClient, site: Site, disk: Disk, end_s: float) -> None:
    while time.monotonic() < end_s:
        sent = await client.post(
            f"{site.files}/commendation/files?for=evidence.document", content=samples.pdf(70_000)
        )
        token = sent.json()["file"]
        disk.answered({"file": token})
        evidence = [{"evidence_type": "document", "document": token}]
        submission = {**new_submission(), "answers": {**NOMINATION, "evidence": evidence}}
        answer = await client.post(site.files, json=submission)
        assert answer.status_code == 201, answer.text
        disk.answered({"id": read_uuid7(submission["id"]), "file": token})


async def load(url: str, site: Site, disk: Disk) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        await wait_until_ready(client)
        end_s = time.monotonic() + LOAD_S
        await asyncio.gather(
            *(register(client, site, disk, end_s) for _ in range(PHONES)),
            register_with_file(client, site, disk, end_s),
        )


class Loss(NamedTuple):
    """What is missing after one power loss."""

    acknowledged: int
    submissions: int
    files: int


def check(left: Path, answers: list[dict[str, str]]) -> Loss:
    """Compares what is left with what was answered; whatever is left must be sound."""
    with closing(sqlite3.connect(left / "intake.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = [row[0] for row in database.execute("SELECT id FROM submission")]
        days = {row[0] for row in database.execute("SELECT DISTINCT day FROM intake_key")}
        orphans = database.execute(
            "SELECT count(*) FROM submission WHERE data_key NOT IN (SELECT id FROM intake_key)"
        ).fetchone()
    assert orphans == (0,)  # every submission has its key
    assert all(key_file.read_day(left / "keys", day) for day in days)
    assert len(stored) == len(set(stored))
    acknowledged = {answer["id"] for answer in answers if "id" in answer}
    files = {path.name.rpartition("-")[2] for path in (left / "files").rglob("*") if path.stat().st_size > 70_000}
    promised = {token.id for answer in answers if (token := read_token(answer.get("file")))}
    return Loss(len(acknowledged), len(acknowledged - set(stored)), len(promised - files))


def cut_again_and_again(disk: Disk, beside: Path) -> list[Loss]:
    """One loss for each of so many random places; what is left of the last stays in `beside`/left."""
    chance = random.Random(4)
    changes = disk.changes()
    places = [*sorted(chance.sample(range(1, len(changes)), min(CUTS, len(changes)) - 1)), len(changes)]
    replay, at = disk.replay(), 0
    answers: list[dict[str, str]] = []
    losses: list[Loss] = []
    left = beside / "left"
    for place in places:
        for change in changes[at:place]:
            if change.op == "a":
                answers.append(disk.read_answer(change))
            else:
                replay.go_on(change)
        at = place
        shutil.rmtree(left, ignore_errors=True)
        left.mkdir()
        replay.cut(left, chance)
        losses.append(check(left, answers))
    return losses


def lose_power(tmp_path: Path, synchronous: str) -> tuple[list[Loss], Site, Path]:
    data = tmp_path / "data"
    site = Site(make_installation(data), add_site(data, "commendation"))
    disk = Disk(data, tmp_path)
    with disk.edge(synchronous=synchronous) as url:
        asyncio.run(load(url, site, disk))
    losses = cut_again_and_again(disk, tmp_path)
    lost = sum(loss.submissions > 0 for loss in losses)
    log.info(
        "%s: %d acknowledged, %d power losses, %d of them lost some, %d at most; files lost: %d",
        synchronous,
        losses[-1].acknowledged,
        len(losses),
        lost,
        max(loss.submissions for loss in losses),
        max(loss.files for loss in losses),
    )
    return losses, site, tmp_path / "left"


@pytest.mark.slow
def test_what_was_acknowledged_survives_any_power_loss(tmp_path: Path) -> None:
    losses, site, left = lose_power(tmp_path, "FULL")
    assert losses[-1].acknowledged > 10 * PHONES  # there was load
    assert [loss for loss in losses if loss.submissions or loss.files] == []
    with serve(left) as (_, said):  # and what is left goes on
        answer = httpx.post(f"{said['url']}{site.plain}", json={**new_submission(), "answers": changed()})
        assert answer.status_code == 201


@pytest.mark.slow
def test_a_ledger_that_does_not_sync_each_commit_is_seen_to_lose(tmp_path: Path) -> None:
    losses, _, _ = lose_power(tmp_path, "NORMAL")
    assert sum(loss.submissions > 0 for loss in losses) > len(losses) / 4


_FIRST_FILE = """
import sys
from pathlib import Path
from tianbao.store.file_folder import FileFolder
folder = FileFolder(Path(sys.argv[1]) / "files")
writer = folder.begin()
writer.write(b"a letter")
token = writer.finish(site="7K3PM", form="commendation", name="letter.txt", media_type="text/plain")
assert sys.argv[2] == "waiting" or folder.claim([token.id], day="2026-11-23_2026-12-07", record="0" * 32)
"""

_FIRST_DAY = """
import sys
from pathlib import Path
from tianbao.store.key_file import DayKey, create_day
create_day(Path(sys.argv[1]) / "keys", DayKey("2026-11-23_2026-12-07", b"public", b"pepper", {"officer": b"wrap"}))
"""


@pytest.mark.parametrize(
    ("program", "place", "names"),
    [
        (_FIRST_FILE, "waiting", "files/waiting/*"),
        (_FIRST_FILE, "claimed", "files/2026-11-23_2026-12-07/*"),
        (_FIRST_DAY, "", "keys/2026-11-23_2026-12-07.json"),
    ],
)
def test_the_first_of_its_folder_survives_with_its_folder(
    tmp_path: Path, program: str, place: str, names: str
) -> None:
    (data := tmp_path / "data").mkdir()
    disk = Disk(data, tmp_path)
    subprocess.run([sys.executable, "-c", program, data, place], env=disk.environment, check=True)
    replay = disk.replay()
    for change in disk.changes():
        replay.go_on(change)
    for seed in range(8):
        (left := tmp_path / f"left{seed}").mkdir()
        replay.cut(left, random.Random(seed))
        (found,) = left.glob(names)
        (whole,) = data.glob(names)
        assert found.read_bytes() == whole.read_bytes()
