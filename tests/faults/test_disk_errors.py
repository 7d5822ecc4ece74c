"""The disk fails, is full, or can only be read: nothing is acknowledged, reading goes on, and it recovers by itself.

Errors come from the shim below the data folder (tests/faults/disk.py). One test fills a real file system; it needs the
right to mount one. DISK_FAULTS=all tries each with and without a reader.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.edge_client import changed, make_installation, new_submission
from tests.faults.disk import Disk
from tests.faults.test_kill import free_port, start_edge, wait_until_ready
from tests.faults.test_power_loss import check

from tianbao.domain.ids import read_uuid7
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

ANSWER_S_MAX = 1.0
RECOVERY_S_MAX = 30.0

log = logging.getLogger(__name__)


@dataclass
class Phone:
    """Registers at one edge, one after the other, and keeps what was answered and what was refused."""

    client: httpx.AsyncClient
    path: str
    disk: Disk | None = None
    receipts: dict[str, str] = field(default_factory=dict)
    refused: list[dict[str, Any]] = field(default_factory=list)

    async def register(self, submission: dict[str, Any] | None = None) -> int:
        """The status of the answer, which comes within ANSWER_S_MAX."""
        submission = submission or {**new_submission(), "answers": changed()}
        begun_s = time.perf_counter()
        answer = await self.client.post(self.path, json=submission)
        if answer.status_code in (200, 201):
            self.receipts[read_uuid7(submission["id"]) or ""] = answer.json()["receipt"]
            if self.disk:
                self.disk.answered({"id": read_uuid7(submission["id"])})
        else:
            assert time.perf_counter() - begun_s < ANSWER_S_MAX
            self.refused.append(submission)
        return answer.status_code

    async def reads(self) -> bool:
        """Whether the first registration can be read with its receipt."""
        self.client.cookies.clear()
        receipt = next(iter(self.receipts.values()))
        page = await self.client.get(f"/R/{receipt}", follow_redirects=True)
        return page.status_code == 200 and "张" in page.text

    async def recover(self) -> float:
        """Seconds until a registration is taken again; then all that were refused are sent again."""
        begun_s = time.perf_counter()
        while await self.register() != 201:
            assert time.perf_counter() - begun_s < RECOVERY_S_MAX
            await asyncio.sleep(0.2)
        recovery_s = time.perf_counter() - begun_s
        again, self.refused = self.refused, []
        for submission in again:
            assert await self.register(submission) in (200, 201)
        return recovery_s


def stored(data: Path) -> list[str]:
    with closing(sqlite3.connect(data / "intake.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [row[0] for row in database.execute("SELECT id FROM submission")]


FAULTS: dict[str, tuple[dict[str, int], bool]] = {
    "write error": ({"write": errno.EIO}, False),
    "sync error": ({"sync": errno.EIO}, False),
    "disk full": ({"write": errno.ENOSPC}, True),
    "read-only": ({"write": errno.EROFS, "sync": errno.EROFS}, True),
}
"""What fails how, and whether somebody else has the database open meanwhile: what is left then differs."""

if os.environ.get("DISK_FAULTS") == "all":
    FAULTS["disk full, found at the sync"] = ({"write": errno.ENOSPC, "sync": errno.ENOSPC}, False)
    FAULTS |= {f"{name}, the other way": (fault, not was_read) for name, (fault, was_read) in FAULTS.items()}


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "was_read"), FAULTS.values(), ids=FAULTS)
def test_nothing_is_acknowledged_until_the_disk_works_again(
    tmp_path: Path, fault: dict[str, int], was_read: bool
) -> None:
    path = make_installation(tmp_path / "data")
    disk = Disk(tmp_path / "data", tmp_path)

    async def fail_and_recover(url: str) -> Phone:
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            await wait_until_ready(client)
            phone = Phone(client, path, disk)
            for _ in range(5):
                assert await phone.register() == 201
            assert not was_read or await phone.reads()
            for _ in range(2):
                disk.fail(**fault)
                statuses = await asyncio.gather(*(phone.register() for _ in range(12)))
                statuses += [await phone.register() for _ in range(8)]
                assert set(statuses) == {503}
                assert not was_read or await phone.reads()
                assert (await client.get(path)).status_code == 200
                disk.fail()
                log.info("%s: took registrations again after %.2f s", fault, await phone.recover())
                assert await phone.reads()
            for _ in range(20):
                assert await phone.register() == 201
        return phone

    with disk.edge() as url:
        phone = asyncio.run(fail_and_recover(url))
    found = stored(disk.data)
    assert sorted(found) == sorted(set(phone.receipts))  # each acknowledged one is there, once, and nothing else
    survive_power_loss(disk, tmp_path)


def survive_power_loss(disk: Disk, beside: Path) -> None:
    """What waited for a sync that failed is lost for ever: nothing acknowledged may rest on it."""
    replay, answers = disk.replay(), []
    for number, change in enumerate(disk.changes()):
        replay.go_on(change)
        if change.op == "a":
            answers.append(disk.read_answer(change))
            if len(answers) % 6:
                continue
            (left := beside / f"left{number}").mkdir()
            replay.cut(left, random.Random(number))
            assert check(left, answers).submissions == 0, f"lost after {len(answers)} answers"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no right to mount a file system")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_is_really_full_recovers_when_there_is_room(small_disk: Path) -> None:
    path = make_installation(small_disk / "data")
    port = free_port()
    edge = start_edge(small_disk / "data", port)

    async def fill_and_recover() -> Phone:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            await wait_until_ready(client)
            phone = Phone(client, path)
            assert await phone.register() == 201
            for _ in range(2):
                fill(small_disk / "ballast")
                while await phone.register() == 201:  # what is left of a page of the disk
                    pass
                assert {await phone.register() for _ in range(10)} == {503}
                assert await phone.reads()
                (small_disk / "ballast").unlink()
                log.info("full: took registrations again after %.2f s", await phone.recover())
            return phone

    try:
        phone = asyncio.run(fill_and_recover())
    finally:
        edge.kill()
        edge.wait()
    assert sorted(stored(small_disk / "data")) == sorted(phone.receipts)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(os.urandom(4096))
        except OSError as full:
            assert full.errno == errno.ENOSPC
