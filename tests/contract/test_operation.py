"""Lag, doctor and backup on both databases: what each can tell and take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from tests.contract.test_ledger import make_key, make_row

from tianbao.config import Config
from tianbao.domain.places import Gazetteer
from tianbao.edge.catalogue import CatalogueReader
from tianbao.edge.context import now_ms
from tianbao.edge.lag import LagReader
from tianbao.edge.ledger import open_ledger
from tianbao.store.key_file import DayKey, create_day, write_officers

PLACES: Gazetteer = None  # type: ignore[assignment]  # nothing here reads one


def run(config: Config, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tianbao", *arguments],
        env={**os.environ, **config.environment(), "LANG": "en_GB.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_lag_counts_what_is_stored_and_not_projected(config: Config) -> None:
    reader = LagReader(config, CatalogueReader(config, PLACES))
    ledger = open_ledger(config)
    key = make_key()
    try:
        ledger.append([key], [make_row(key, received_ms=now_ms() - 5_000)])
        before = reader.read()
        ledger.append([], [make_row(key), make_row(key)])
        after = reader.read()
        seq = ledger.count()
        assert ledger.received_after(seq) is None
        assert ledger.received_after(seq - 1) is not None
    finally:
        reader.close()
        ledger.close()
    assert before
    assert after
    assert after.submissions == before.submissions + 2
    assert after.seconds >= before.seconds >= 5


def test_where_no_database_answers_there_is_no_lag(tmp_path: Path) -> None:
    elsewhere = Config(tmp_path / "none")
    assert LagReader(elsewhere, CatalogueReader(elsewhere, PLACES)).read() is None


def test_the_doctor_reads_both(config: Config) -> None:
    done = run(config, "doctor", "--json", "--port", "1")
    assert done.stdout, done.stderr
    found: dict[str, Any] = {one["found"]: one for one in json.loads(done.stdout)["findings"]}
    kind = "SQLite" if config.is_sqlite else "PostgreSQL"
    assert found["database_sound"]["parameters"]["kind"] == kind
    assert "migrations_good" in found
    assert "database_unreadable" not in found


def test_a_backup_takes_what_is_in_the_data_folder_and_says_what_is_not(config: Config, tmp_path: Path) -> None:
    write_officers(config.keys, [])
    create_day(config.keys, DayKey("2026-11-23_2026-12-07", b"p", b"p", {}))
    file = tmp_path / "backup.zip"
    made = run(config, "backup", str(file), "--json")
    assert made.returncode == 0, made.stderr
    names, keys = set(ZipFile(file).namelist()), set(ZipFile(tmp_path / "backup.keys.zip").namelist())
    assert keys == {"keys/officers.json", "keys/2026-11-23_2026-12-07.json", "manifest.json"}
    assert not any(name.startswith("keys/") for name in names)
    assert ("intake.db" in names) == config.is_sqlite
    assert ("pg_dump" in made.stderr) == (not config.is_sqlite)
    other = Config(tmp_path / "other", config.database_url)
    restored = run(other, "restore", str(file), "--data", str(other.data), "--json")
    assert restored.returncode == 0, restored.stderr
    assert json.loads(restored.stdout)["counts"] == json.loads(made.stdout)["counts"]
    assert (other.keys / "officers.json").exists()
    wrong = Config(tmp_path / "wrong", "" if config.database_url else "postgresql://127.0.0.1:1/none")
    assert run(wrong, "restore", str(file), "--data", str(wrong.data)).returncode == 1
