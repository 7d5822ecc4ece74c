"""One id sent many times at once: one row and one answer; with other content 422, and the first stands.

Both by the short way of a registration (head and body in one piece) and by the whole way, and mixed.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from tests.edge_client import EdgeClient, changed, make_installation, new_submission
from tests.faults.raw_post import Answer, post

from tianbao.config import Config
from tianbao.domain.ids import read_uuid7
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

AT_ONCE: Final = 20
WAYS: Final = {"short": (True,), "whole": (False,), "mixed": (True, False)}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("same-id")


@pytest.fixture(scope="module")
def edge(installation: Path) -> Iterator[EdgeClient]:
    client = EdgeClient(Config(installation), make_installation(installation))
    yield client
    client.close()


def rows(data: Path, submission: dict[str, Any]) -> list[Any]:
    with closing(sqlite3.connect(data / "intake.db")) as database:
        query = "SELECT id, mac FROM submission WHERE record = ?"
        return database.execute(query, (read_uuid7(submission["id"]),)).fetchall()


@pytest.mark.parametrize("ways", WAYS.values(), ids=WAYS)
def test_the_same_sent_twenty_times_at_once_is_one_registration(
    edge: EdgeClient, installation: Path, ways: tuple[bool, ...]
) -> None:
    submission = {**new_submission(), "answers": changed()}

    async def send(url: str) -> list[Answer]:
        return await asyncio.gather(
            *(post(url, edge.site, submission, short=ways[n % len(ways)]) for n in range(AT_ONCE))
        )

    with edge.serving() as url:
        answers = asyncio.run(send(url))
    assert Counter(answer.status for answer in answers) == {201: 1, 200: AT_ONCE - 1}
    assert len({json.dumps(answer.content, sort_keys=True) for answer in answers}) == 1
    assert len(rows(installation, submission)) == 1


@pytest.mark.parametrize("ways", WAYS.values(), ids=WAYS)
def test_of_two_contents_under_one_id_the_first_stands(
    edge: EdgeClient, installation: Path, ways: tuple[bool, ...]
) -> None:
    first = {**new_submission(), "answers": changed()}
    others = [{**first, "answers": changed(name=f"李{n}")} for n in range(AT_ONCE)]

    async def send(url: str) -> tuple[Answer, list[Answer], Answer]:
        taken = await post(url, edge.site, first, short=ways[0])
        refused = await asyncio.gather(
            *(post(url, edge.site, other, short=ways[n % len(ways)]) for n, other in enumerate(others))
        )
        return taken, refused, await post(url, edge.site, first, short=ways[-1])

    with edge.serving() as url:
        taken, refused, again = asyncio.run(send(url))
    assert (taken.status, again.status) == (201, 200)
    assert {answer.status for answer in refused} == {422}
    assert {answer.content["errors"][0]["code"] for answer in refused} == {"content_differs"}
    assert again.content == taken.content
    assert len(rows(installation, first)) == 1


@pytest.mark.parametrize("ways", WAYS.values(), ids=WAYS)
def test_of_twenty_contents_at_once_one_stands(
    edge: EdgeClient, installation: Path, ways: tuple[bool, ...]
) -> None:
    same = new_submission()
    submissions = [{**same, "answers": changed(name=f"李{n}")} for n in range(AT_ONCE)]

    async def send(url: str) -> list[Answer]:
        return await asyncio.gather(
            *(post(url, edge.site, one, short=ways[n % len(ways)]) for n, one in enumerate(submissions))
        )

    with edge.serving() as url:
        answers = asyncio.run(send(url))
    assert Counter(answer.status for answer in answers) == {201: 1, 422: AT_ONCE - 1}
    assert len(rows(installation, same)) == 1
    winner = next(n for n, answer in enumerate(answers) if answer.status == 201)
    assert edge.stored(answers[winner].content["receipt"])["name"] == f"李{winner}"
