"""Tianbao is restarted under load behind a socket that stays open, as under systemd: nobody is refused or cut off.

The ledger of what was acknowledged is kept by the client, outside the server. RESTARTS sets the loops.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import IO

import httpx
import pytest
from tests.edge_client import changed, make_installation, new_submission

from tianbao.domain.ids import read_uuid7
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

RESTARTS = int(os.environ.get("RESTARTS", "2"))
PHONES = 16
AS_SYSTEMD = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


def start(data: Path, listener: socket.socket) -> subprocess.Popen[str]:
    """`tianbao serve` with the socket handed over."""
    serve = ["-m", "tianbao", "serve", "--data", str(data), "--json", "--no-browser"]
    return subprocess.Popen(
        [sys.executable, "-c", AS_SYSTEMD, str(listener.fileno()), *serve],
        pass_fds=[listener.fileno()],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_until_ready(server: subprocess.Popen[str]) -> None:
    out: IO[str] | None = server.stdout
    assert out is not None
    assert "url" in json.loads(out.readline())


class Phones:
    """They register and open the form until told to stop; any failure of a connection ends the test."""

    def __init__(self, port: int, path: str) -> None:
        self._url, self._path = f"http://127.0.0.1:{port}", path
        self.acknowledged: list[str] = []
        self.stopping = False

    async def work(self) -> None:
        async with httpx.AsyncClient(base_url=self._url, timeout=60) as client:
            while not self.stopping:
                submission = {**new_submission(), "answers": changed(name=f"张{len(self.acknowledged)}")}
                answer = await client.post(self._path, json=submission)
                assert answer.status_code == 201, answer.text
                self.acknowledged.append(read_uuid7(submission["id"]) or "")
                assert (await client.get(self._path)).status_code == 200


async def restart_under_load(data: Path, path: str, listener: socket.socket) -> Phones:
    server = start(data, listener)
    await asyncio.to_thread(wait_until_ready, server)
    phones = Phones(listener.getsockname()[1], path)
    working = [asyncio.create_task(phones.work()) for _ in range(PHONES)]
    try:
        for _ in range(RESTARTS):
            await asyncio.sleep(1.5)
            os.killpg(server.pid, signal.SIGTERM)  # to every process of it, as systemd does by default
            assert await asyncio.to_thread(server.wait, 30) == 0
            server = start(data, listener)
            await asyncio.to_thread(wait_until_ready, server)
        await asyncio.sleep(1.0)
        phones.stopping = True
        await asyncio.gather(*working)
    finally:
        server.terminate()
        await asyncio.to_thread(server.wait, 30)
    return phones


@pytest.mark.slow
def test_a_restart_refuses_nobody_and_loses_nothing(tmp_path: Path) -> None:
    path = make_installation(tmp_path)
    with closing(socket.create_server(("127.0.0.1", 0), backlog=512)) as listener:
        phones = asyncio.run(restart_under_load(tmp_path, path, listener))
    assert len(phones.acknowledged) > RESTARTS * PHONES  # there was load
    with closing(sqlite3.connect(tmp_path / "intake.db")) as database:
        stored = [row[0] for row in database.execute("SELECT id FROM submission")]
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert sorted(stored) == sorted(phones.acknowledged)  # nothing lost, nothing twice
