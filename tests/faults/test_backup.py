"""A backup under load, put back on a clean machine: all that was acknowledged before it began, and it goes on there.

The ledger of what was acknowledged is kept by the client, outside the server.
"""

from __future__ import annotations

import asyncio
import json
import stat
from contextlib import closing
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from tests.edge_client import changed, make_installation, new_submission
from tests.installation import run_tianbao, serve

from tianbao.domain.ids import read_uuid7
from tianbao.processes import wait_for
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

PHONES = 16


class Load:
    """Phones that register until they are told to stop, and what they were told."""

    def __init__(self, url: str, path: str) -> None:
        self._url, self._path = url, path
        self.acknowledged: list[str] = []
        self._stopping = False

    async def _register(self, client: httpx.AsyncClient) -> None:
        while not self._stopping:
            submission = {**new_submission(), "answers": changed(name=f"张{len(self.acknowledged)}")}
            answer = await client.post(self._path, json=submission)
            assert answer.status_code == 201, answer.text
            self.acknowledged.append(read_uuid7(submission["id"]) or "")

    async def around(self, act: Any) -> Any:
        """What `act` returns, done in a thread in the middle of the load."""
        async with httpx.AsyncClient(base_url=self._url, timeout=30) as client:
            phones = [asyncio.create_task(self._register(client)) for _ in range(PHONES)]
            await asyncio.sleep(1.5)
            done = await asyncio.to_thread(act)
            await asyncio.sleep(0.3)
            self._stopping = True
            await asyncio.gather(*phones)
        return done


def rows(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def is_projected(data: Path) -> bool:
    (newest,) = rows(data / "intake.db", "SELECT max(seq) FROM submission")[0]
    return rows(data / "main.db", "SELECT seq FROM cursor") == [(newest,)]


@pytest.mark.slow
def test_a_backup_under_load_holds_what_was_acknowledged_before_and_goes_on(tmp_path: Path) -> None:
    data, other, file = tmp_path / "data", tmp_path / "other", tmp_path / "backup.zip"
    path = make_installation(data)
    with serve(data) as (_, said):
        load = Load(said["url"], path)
        before: list[str] = []

        def back_up() -> Any:
            before.extend(load.acknowledged)
            return run_tianbao("backup", str(file), "--data", str(data), "--json")

        made = asyncio.run(load.around(back_up))
    assert made.returncode == 0, made.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(before) > PHONES
    assert len(load.acknowledged) > len(before)  # the intake went on meanwhile
    assert "张1" not in file.read_bytes().decode("utf-8", "replace")  # identities stay sealed

    restored = run_tianbao("restore", str(file), "--data", str(other), "--json")
    assert restored.returncode == 0, restored.stderr
    counts = json.loads(restored.stdout)["counts"]
    assert counts == json.loads(made.stdout)["counts"]
    stored = [found[0] for found in rows(other / "intake.db", "SELECT id FROM submission")]
    assert set(before) <= set(stored)
    assert len(stored) == len(set(stored)) == counts["submission"]

    with serve(other) as (_, said):
        answer = httpx.post(f"{said['url']}{path}", json={**new_submission(), "answers": changed()})
        assert answer.status_code == 201
        assert wait_for(lambda: is_projected(other), wait_s=30)
    (records,) = rows(other / "main.db", "SELECT count(*) FROM record")[0]
    assert records == len(stored) + 1


@pytest.fixture
def backed_up(tmp_path: Path) -> tuple[Path, Path]:
    """(data folder, backup)"""
    data, file = tmp_path / "data", tmp_path / "backup.zip"
    make_installation(data)
    waiting = data / "files" / "waiting"
    waiting.mkdir(parents=True)
    (waiting / "0a").write_bytes(b"sealed")
    (waiting / "0b.part").write_bytes(b"half")
    made = run_tianbao("backup", str(file), "--data", str(data))
    assert made.returncode == 0, made.stderr
    return data, file


def test_files_and_keys_come_along_and_halves_do_not(backed_up: tuple[Path, Path], tmp_path: Path) -> None:
    data, file = backed_up
    other = tmp_path / "other"
    assert run_tianbao("restore", str(file), "--data", str(other)).returncode == 0
    assert sorted(found.name for found in other.iterdir()) == ["files", "intake.db", "keys", "main.db"]
    assert [found.name for found in (other / "files" / "waiting").iterdir()] == ["0a"]
    assert (other / "keys" / "officers.json").read_bytes() == (data / "keys" / "officers.json").read_bytes()
    assert not [found for found in tmp_path.iterdir() if found.name.startswith(".")]


def test_keys_apart_are_needed_and_enough(backed_up: tuple[Path, Path], tmp_path: Path) -> None:
    data, _ = backed_up
    file, keys, other = tmp_path / "data.zip", tmp_path / "safe.zip", tmp_path / "other"
    made = run_tianbao("backup", str(file), "--data", str(data), "--keys", str(keys))
    assert made.returncode == 0, made.stderr
    assert not file.with_suffix(".keys.zip").exists()
    assert not [name for name in ZipFile(file).namelist() if name.startswith("keys/")]
    refused = run_tianbao("restore", str(file), "--data", str(other))
    assert (refused.returncode, "--keys" in refused.stderr) == (1, True)
    assert list(other.iterdir()) == []
    assert run_tianbao("restore", str(file), "--data", str(other), "--keys", str(keys)).returncode == 0


def test_a_folder_with_something_in_it_is_left_alone(backed_up: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("mine")
    refused = run_tianbao("restore", str(backed_up[1]), "--data", str(other))
    assert (refused.returncode, "not empty" in refused.stderr) == (1, True)
    assert [found.name for found in other.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize("damage", ["one byte", "cut off", "no zip"])
def test_a_damaged_file_restores_nothing(backed_up: tuple[Path, Path], tmp_path: Path, damage: str) -> None:
    file, other = backed_up[1], tmp_path / "other"
    content = bytearray(file.read_bytes())
    if damage == "one byte":
        content[len(content) // 2] ^= 1
    file.write_bytes({"cut off": content[:-200], "no zip": b"x" * 400}.get(damage, content))
    refused = run_tianbao("restore", str(file), "--data", str(other))
    assert (refused.returncode, "damaged" in refused.stderr) == (1, True), refused.stderr
    assert list(other.iterdir()) == []


def test_where_nothing_is_nothing_is_backed_up(tmp_path: Path) -> None:
    refused = run_tianbao("backup", str(tmp_path / "backup.zip"), "--data", str(tmp_path))
    assert (refused.returncode, list(tmp_path.iterdir())) == (1, [])
