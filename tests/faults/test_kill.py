"""The server is killed under load, again and again: every acknowledged submission is there, once.

The ledger of what was acknowledged is kept by the client, outside the server. Half of the phones keep a connection, half
send each registration in one piece. KILLS sets the loops:
`KILLS=200 pytest --log-cli-level=INFO tests/faults/test_kill.py`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import pytest
from tests.edge_client import changed, make_installation, new_submission
from tests.faults.raw_post import post

from tianbao.domain.ids import read_uuid7
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

KILLS = int(os.environ.get("KILLS", "20"))
PHONES = 16

log = logging.getLogger(__name__)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_edge(data: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tianbao", "edge", "--data", str(data), "--port", str(port)]
    return subprocess.Popen(command)


async def wait_until_ready(client: httpx.AsyncClient) -> None:
    for _ in range(400):
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        await asyncio.sleep(0.025)
    raise AssertionError("the edge did not come back")


async def send_until_killed(
    client: httpx.AsyncClient, path: str, acknowledged: set[str], unanswered: list[dict[str, Any]]
) -> None:
    while True:
        submission = {**new_submission(), "answers": changed(name=f"张{len(acknowledged)}")}
        try:
            response = await client.post(path, json=submission)
        except httpx.HTTPError:
            unanswered.append(submission)
            return
        if response.status_code == 201:
            acknowledged.add(submission["id"])


async def send_in_one_piece(url: str, path: str, acknowledged: set[str], unanswered: list[dict[str, Any]]) -> None:
    while True:
        submission = {**new_submission(), "answers": changed(name=f"张{len(acknowledged)}")}
        try:
            answer = await post(url, path, submission, short=True)
        except (OSError, EOFError):
            unanswered.append(submission)
            return
        if answer.status == 201:
            acknowledged.add(submission["id"])


async def run_kills(data: Path, path: str) -> tuple[set[str], set[str]]:
    chance = random.Random(20)
    acknowledged: set[str] = set()
    retried: set[str] = set()
    unanswered: list[dict[str, Any]] = []
    ready_s: list[float] = []
    for _ in range(KILLS):
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        begun_s = time.monotonic()
        edge = start_edge(data, port)
        async with httpx.AsyncClient(base_url=url, timeout=10) as client:
            await wait_until_ready(client)
            ready_s.append(time.monotonic() - begun_s)
            for submission in unanswered:  # what was not answered is sent again, as a phone would
                answer = await client.post(path, json=submission)
                assert answer.status_code in (200, 201), answer.text
                acknowledged.add(submission["id"])
                retried.add(submission["id"])
            unanswered.clear()
            phones = [
                asyncio.create_task(send_until_killed(client, path, acknowledged, unanswered))
                for _ in range(PHONES // 2)
            ]
            phones += [
                asyncio.create_task(send_in_one_piece(url, path, acknowledged, unanswered))
                for _ in range(PHONES // 2)
            ]
            await asyncio.sleep(chance.uniform(0.1, 0.5))
            os.kill(edge.pid, signal.SIGKILL)
            edge.wait()
            await asyncio.gather(*phones)
    log.info(
        "%d kills: %d acknowledged, %d of them when sent again; ready after %.1f s, at most %.1f s",
        KILLS,
        len(acknowledged),
        len(retried),
        median(ready_s),
        max(ready_s),
    )
    return acknowledged, retried


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_or_doubled(tmp_path: Path) -> None:
    path = make_installation(tmp_path)
    acknowledged, retried = asyncio.run(run_kills(tmp_path, path))
    assert len(acknowledged) > KILLS * PHONES  # there was load
    assert retried  # and there were kills in the middle of it
    database = sqlite3.connect(tmp_path / "intake.db")
    stored = [row[0] for row in database.execute("SELECT id FROM submission")]
    assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    database.close()
    assert len(stored) == len(set(stored))
    assert {read_uuid7(submission) for submission in acknowledged} <= set(stored)
