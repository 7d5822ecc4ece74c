"""The edge is killed while files come in and are claimed: what a phone has a token for is there, whole, once.

A phone does what page/files.js does: it sends the file, then the registration with its token, and each of them again
until it is answered.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests import file_samples as samples
from tests.edge_client import add_site, make_installation, new_submission
from tests.faults.test_kill import free_port, start_edge, wait_until_ready
from tests.integration.test_files import NOMINATION

KILLS = int(os.environ.get("KILLS", "8"))
PHONES = 8


class Phone:
    """One registration after the other; `unfinished` is the one that a kill interrupted."""

    def __init__(self, path: str, number: int) -> None:
        self.path = path
        self.number = number
        self.unfinished: dict[str, Any] = {}
        self.receipts: dict[str, int] = {}
        self.repeated = 0

    async def work(self, client: httpx.AsyncClient, *, once: bool = False) -> None:
        while True:
            work = self.unfinished = self.unfinished or self._begin()
            try:
                if not work["token"]:
                    address = f"{self.path}/commendation/files?for=evidence.document"
                    sent = await client.post(address, content=samples.pdf(work["size"]))
                    work["token"] = sent.json()["file"] if sent.status_code == 201 else ""
                    continue
                evidence = [{"evidence_type": "document", "document": work["token"]}]
                body = {**work["submission"], "answers": {**NOMINATION, "evidence": evidence}}
                answer = await client.post(self.path, json=body)
            except httpx.HTTPError:
                return
            assert answer.status_code in (200, 201), answer.text
            self.repeated += answer.status_code == 200
            self.receipts[answer.json()["receipt"]] = work["size"]
            self.unfinished = {}
            if once:
                return

    def _begin(self) -> dict[str, Any]:
        size = 70_000 + 1_000 * self.number + len(self.receipts)
        return {"submission": new_submission(), "size": size, "token": ""}


async def own_bytes(client: httpx.AsyncClient, receipt: str) -> bytes:
    """A registrant's file, by the receipt alone."""
    client.cookies.clear()
    page = (await client.get(f"/R/{receipt}", follow_redirects=True)).text
    found = re.search(r'href="(/R/files/\w+)"', page)
    assert found, page
    return (await client.get(found[1])).content


async def run_kills(data: Path, path: str) -> list[Phone]:
    chance = random.Random(8)
    phones = [Phone(path, number) for number in range(PHONES)]
    for turn in range(KILLS + 1):
        port = free_port()
        edge = start_edge(data, port)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            await wait_until_ready(client)
            if turn == KILLS:
                await asyncio.gather(*(phone.work(client, once=True) for phone in phones))
                for phone in phones:
                    for receipt, size in phone.receipts.items():
                        assert await own_bytes(client, receipt) == samples.pdf(size)
                edge.terminate()
            else:
                working = [asyncio.create_task(phone.work(client)) for phone in phones]
                await asyncio.sleep(chance.uniform(0.2, 0.6))
                os.kill(edge.pid, signal.SIGKILL)
                await asyncio.gather(*working)
            edge.wait()
    return phones


@pytest.mark.slow
def test_no_file_that_was_answered_for_is_lost(tmp_path: Path) -> None:
    make_installation(tmp_path)
    path = add_site(tmp_path, "commendation")
    phones = asyncio.run(run_kills(tmp_path, path))
    registered = sum(len(phone.receipts) for phone in phones)
    assert registered > KILLS * 2  # there was load
    claimed = [file for file in (tmp_path / "files").rglob("*-*") if file.is_file()]
    assert len(claimed) == registered
