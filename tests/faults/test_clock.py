"""The clock jumps by a year, forwards and backwards, also within a batch: order, ids, keys and receipts stay sane."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
from tests.edge_client import EdgeClient, changed, make_installation, new_submission
from tests.faults.raw_post import post

from tianbao.config import Config
from tianbao.domain.ids import read_uuid7
from tianbao.store.file_folder import WAITING_S_MAX, FileFolder
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

YEAR_S: Final = 365 * 86_400
ANSWERS: Final = changed(itinerary=..., companions=...)

SetClock = Callable[[Callable[[], float]], None]


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[EdgeClient]:
    client = EdgeClient(Config(tmp_path), make_installation(tmp_path))
    yield client
    client.close()


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """From now on the edge's clock shows this many seconds more than it should."""

    def set_clock(ahead_s: Callable[[], float]) -> None:
        clock = SimpleNamespace(time_ns=lambda: time.time_ns() + int(ahead_s() * 1e9))
        monkeypatch.setattr("tianbao.edge.context.time", clock)

    return set_clock


def rows(data: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(data / "intake.db")) as database:
        return database.execute(query).fetchall()


def test_jumps_of_a_year_lose_and_double_nothing(edge: EdgeClient, tmp_path: Path, set_clock: SetClock) -> None:
    jumps = (0, YEAR_S, 0, -YEAR_S, 0)
    sent, receipts = [], []
    with edge.serving() as url:
        for ahead_s in jumps:
            set_clock(lambda ahead_s=ahead_s: ahead_s)
            submission = {**new_submission(), "answers": ANSWERS}
            answer = asyncio.run(post(url, edge.site, submission, short=True))
            assert answer.status == 201, answer.content
            sent.append(submission)
            receipts.append(answer.content["receipt"])
            again = [asyncio.run(post(url, edge.site, earlier, short=True)) for earlier in sent]
            assert {found.status for found in again} == {200}
            assert [found.content["receipt"] for found in again] == receipts
            assert all(edge.stored(receipt)["name"] == "张三" for receipt in receipts)
    stored = [row[0] for row in rows(tmp_path, "SELECT id FROM submission ORDER BY seq")]
    assert stored == [read_uuid7(submission["id"]) for submission in sent]  # the order is that of the answers
    years = [row[0] for row in rows(tmp_path, "SELECT DISTINCT substr(day, 1, 4) FROM intake_key ORDER BY 1")]
    assert len(years) == 3


def test_a_clock_that_goes_backwards_within_a_batch(edge: EdgeClient, tmp_path: Path, set_clock: SetClock) -> None:
    turn = count()
    set_clock(lambda: -YEAR_S if next(turn) % 2 else 0)

    async def send(url: str) -> list[int]:
        submissions = [{**new_submission(), "answers": ANSWERS} for _ in range(40)]
        answers = await asyncio.gather(
            *(post(url, edge.site, one, short=bool(n % 2)) for n, one in enumerate(submissions))
        )
        return [answer.status for answer in answers]

    with edge.serving() as url:
        assert set(asyncio.run(send(url))) == {201}
    orphans = "SELECT count(*) FROM submission WHERE data_key NOT IN (SELECT id FROM intake_key)"
    assert rows(tmp_path, orphans) == [(0,)]
    assert rows(tmp_path, "SELECT count(*), count(DISTINCT id), max(seq) FROM submission") == [(40, 40, 40)]


def test_what_waits_when_the_clock_jumps_begins_to_wait_anew(tmp_path: Path) -> None:
    folder = FileFolder(tmp_path / "files")
    writer = folder.begin()
    writer.write(b"a letter")
    token = writer.finish(site="7K3PM", form="commendation", name="letter.txt", media_type="text/plain")
    waiting = tmp_path / "files" / "waiting" / token.id
    os.utime(waiting, (0, 0))  # it came while the clock showed 1970, and then the clock was set
    folder.wait_anew()
    assert folder.sweep(days=[]) == 0
    assert folder.sweep(days=[], now_s=time.time() + WAITING_S_MAX + 60) == 1
