"""The SQLite that is brought, the one that is refused, and that it has one edge."""

from __future__ import annotations

import sqlite3 as pythons_own
import sys
from pathlib import Path

import pysqlite3
import pytest

from tianbao.config import Config
from tianbao.processes import CannotStart
from tianbao.server import Listening, run_server
from tianbao.store.sqlite import VERSION_MIN, AffectedSqlite, bring_recent_sqlite


def test_a_recent_sqlite_takes_the_place_of_pythons_own() -> None:
    bring_recent_sqlite()
    import sqlite3

    assert sqlite3 is pysqlite3 or pythons_own is pysqlite3
    assert sys.modules["sqlite3"].sqlite_version_info >= VERSION_MIN


def test_an_affected_sqlite_is_refused_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pysqlite3, "sqlite_version_info", (3, 45, 1))
    monkeypatch.setattr(pysqlite3, "sqlite_version", "3.45.1")
    with pytest.raises(AffectedSqlite, match=r"3\.45\.1 can corrupt data"):
        bring_recent_sqlite()


def test_sqlite_has_one_edge_and_nothing_is_begun_with_two(tmp_path: Path) -> None:
    data, listening = tmp_path / "new", Listening("127.0.0.1", 0, workers=2)
    with pytest.raises(CannotStart, match="one edge process"):
        run_server(Config(data), listening, opens_browser=False, is_json=False)
    assert not data.exists()
