"""PostgreSQL fails under load: restarted at once, cut off in the middle of a commit, replaced by its standby.

The ledger of what was acknowledged is kept by the client. PG_RESTARTS, PG_CUTS and PG_FAILOVERS set the loops, PG_EVERY_S the
time between restarts: `PG_RESTARTS=10 PG_EVERY_S=30 PG_CUTS=500 PG_FAILOVERS=10 pytest tests/faults/test_postgresql.py`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from tests.edge_client import changed, make_installation, new_submission
from tests.faults.postgresql import Server, servers
from tests.faults.test_kill import free_port, start_edge, wait_until_ready

from tianbao.domain.ids import read_uuid7

RESTARTS = int(os.environ.get("PG_RESTARTS", "2"))
EVERY_S = float(os.environ.get("PG_EVERY_S", "0.5"))
CUTS = int(os.environ.get("PG_CUTS", "12"))
FAILOVERS = int(os.environ.get("PG_FAILOVERS", "1"))
PHONES = 8
PAUSE_S = 0.05
GOES_ON_WITHIN_S = 60

log = logging.getLogger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)


class Installation(NamedTuple):
    """A server, the data folder beside it, and the path of a site."""

    server: Server
    data: Path
    path: str


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    data = tmp_path_factory.mktemp("postgresql")
    with servers(1) as (server,), pytest.MonkeyPatch.context() as patch:
        server.make()
        server.start()
        patch.setenv("TIANBAO_DATABASE_URL", server.url)
        yield Installation(server, data, make_installation(data))


class Phones:
    """People who register one after the other, and send again what was not acknowledged until it is."""

    def __init__(self, url: str, installation: Installation) -> None:
        self._stood = set(installation.server.submissions())
        self.acknowledged: set[str] = set()
        self.resolved = 0
        """Sent again and found to stand already."""
        self.refused = 0
        self.is_database_down = False
        self._is_over = False
        self._url = url
        self._path = installation.path

    @asynccontextmanager
    async def registering(self) -> AsyncIterator[None]:
        """At the end everybody sends what is still open until it is acknowledged."""
        async with httpx.AsyncClient(base_url=self._url, timeout=60) as client:
            await wait_until_ready(client)
            tasks = [asyncio.create_task(self._register(client)) for _ in range(PHONES)]
            try:
                yield
                self._is_over = True
                await asyncio.wait_for(asyncio.gather(*tasks), GOES_ON_WITHIN_S)
            finally:
                for task in tasks:
                    task.cancel()

    async def go_on(self) -> float:
        """Waits until registrations are acknowledged again; how long that took, in seconds."""
        begun_s, before = time.monotonic(), len(self.acknowledged)
        while len(self.acknowledged) == before:
            assert time.monotonic() - begun_s < GOES_ON_WITHIN_S
            await asyncio.sleep(0.01)
        return time.monotonic() - begun_s

    async def _register(self, client: httpx.AsyncClient) -> None:
        while not self._is_over:
            submission = {**new_submission(), "answers": changed(name=f"张{len(self.acknowledged)}")}
            while True:
                was_down = self.is_database_down
                answer = await client.post(self._path, json=submission)
                if was_down and self.is_database_down:
                    assert answer.status_code == 503, answer.text
                if answer.status_code != 503:
                    break
                assert 0 < int(answer.headers["retry-after"]) <= 30
                self.refused += 1
                await asyncio.sleep(PAUSE_S)
            assert answer.status_code in (200, 201), answer.text
            self.resolved += answer.status_code == 200
            self.acknowledged.add(submission["id"])

    def check(self, server: Server) -> None:
        """All that was acknowledged is there, once, and nothing else is new."""
        stored = server.submissions()
        assert len(stored) == len(set(stored))
        assert {read_uuid7(submission) for submission in self.acknowledged} == set(stored) - self._stood


@contextmanager
def edge_on(data: Path, database_url: str) -> Iterator[str]:
    """An edge whose database has this address; its own."""
    port = free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIANBAO_DATABASE_URL", database_url)
        process = start_edge(data, port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


# --- restarted at once


async def restart_under_load(server: Server, phones: Phones) -> None:
    down_s: list[float] = []
    async with phones.registering():
        for _ in range(RESTARTS):
            await phones.go_on()
            await asyncio.sleep(EVERY_S)
            refused = phones.refused
            await asyncio.to_thread(server.stop)
            phones.is_database_down = True
            await asyncio.sleep(0.5)
            assert phones.refused > refused
            phones.is_database_down = False
            await asyncio.to_thread(server.start)
            down_s.append(await phones.go_on())
    log.info(
        "%d restarts: %d acknowledged, %d of them found to stand when sent again, %d times 503; taken again within %.2f s",
        RESTARTS, len(phones.acknowledged), phones.resolved, phones.refused, max(down_s),
    )  # fmt: skip


@pytest.mark.slow
def test_an_immediate_restart_loses_nothing(installation: Installation) -> None:
    with edge_on(installation.data, installation.server.url) as url:
        phones = Phones(url, installation)
        asyncio.run(restart_under_load(installation.server, phones))
    phones.check(installation.server)


# --- cut off in the middle of a commit


class Cut(Enum):
    """Where the connection ends."""

    BEFORE = auto()
    """COMMIT never arrives: nothing is stored."""
    AT_ONCE = auto()
    """COMMIT is on its way."""
    AFTER = auto()
    """It was carried out, and nobody hears of it."""


class Proxy:
    """Stands between edge and server, and cuts off some of the connections that write, at their COMMIT."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._chance = random.Random(20)
        self.cuts = dict.fromkeys(Cut, 0)

    async def serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._server.port)
        cut: list[Cut] = []
        answers = asyncio.create_task(self._pass_answers(reader, answer, cut))
        is_writing = False
        try:
            while not cut and (sent := await client.read(1 << 20)):
                is_writing = is_writing or b"INSERT INTO submission" in sent
                if is_writing and b"COMMIT" in sent and self._chance.random() < 0.3:
                    cut.append(self._chance.choice(list(Cut)))
                    self.cuts[cut[0]] += 1
                if cut[:1] != [Cut.BEFORE]:
                    writer.write(sent)
                    await writer.drain()
            if cut[:1] == [Cut.AFTER]:
                await answers
        except (ConnectionError, asyncio.CancelledError):  # cut off from outside, or the test is over
            pass
        finally:
            answers.cancel()
            writer.close()
            answer.close()

    async def _pass_answers(
        self, reader: asyncio.StreamReader, answer: asyncio.StreamWriter, cut: list[Cut]
    ) -> None:
        while answered := await reader.read(1 << 20):
            if cut:
                return
            answer.write(answered)
            await answer.drain()
        answer.close()


async def cut_under_load(installation: Installation) -> Phones:
    proxy = Proxy(installation.server)
    listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    address = f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    with edge_on(installation.data, installation.server.url.replace(installation.server.host, address)) as url:
        phones = Phones(url, installation)
        async with phones.registering():
            while min(proxy.cuts.values()) < CUTS // len(Cut):
                await asyncio.sleep(0.02)
    listening.close()
    log.info(
        "%s: %d acknowledged, %d of them found to stand when sent again, %d times 503",
        ", ".join(f"{count} cut {cut.name.lower()}" for cut, count in proxy.cuts.items()),
        len(phones.acknowledged), phones.resolved, phones.refused,
    )  # fmt: skip
    return phones


@pytest.mark.slow
def test_a_commit_without_an_answer_is_resolved_by_the_id(installation: Installation) -> None:
    phones = asyncio.run(cut_under_load(installation))
    assert phones.resolved
    phones.check(installation.server)


# --- replaced by its standby


async def fail_over_under_load(primary: Server, standby: Server, phones: Phones) -> None:
    async with phones.registering():
        await phones.go_on()
        await asyncio.sleep(EVERY_S)
        lost_s = time.monotonic()
        await asyncio.to_thread(primary.lose)
        await asyncio.to_thread(standby.promote)
        # The one that is left waits for nobody.
        standby.execute("ALTER SYSTEM SET synchronous_standby_names = ''", "SELECT pg_reload_conf()")
        await phones.go_on()
    log.info(
        "failed over: %d acknowledged, %d of them found to stand when sent again, %d times 503; taken again after %.2f s",
        len(phones.acknowledged), phones.resolved, phones.refused, time.monotonic() - lost_s,
    )  # fmt: skip


@pytest.mark.slow
def test_a_synchronous_standby_has_all_that_was_acknowledged(installation: Installation) -> None:
    """Each round has the primary that was left by the one before."""
    with servers(FAILOVERS) as standbys:
        primary = installation.server
        for standby in standbys:
            standby.copy(primary, "standby")
            standby.start()
            primary.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'", "SELECT pg_reload_conf()")
            both = f"postgresql://postgres@{primary.host},{standby.host}/postgres?target_session_attrs=read-write"
            with edge_on(installation.data, both) as url:
                phones = Phones(url, installation._replace(server=primary))
                asyncio.run(fail_over_under_load(primary, standby, phones))
            phones.check(standby)
            primary = standby
