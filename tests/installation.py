"""A real Tianbao in processes of its own, for tests that go through the door like everybody."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.edge_client import PASSWORD

STOP_WAIT_S = 30


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run_tianbao(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """One command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "tianbao", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@contextmanager
def started(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A server and the one line it says; stopped at the end."""
    command = [sys.executable, "-m", "tianbao", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}) as process:
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.terminate()
            try:
                process.wait(STOP_WAIT_S)
            except subprocess.TimeoutExpired:
                process.kill()


def serve(data: Path, *more: str) -> Any:
    """`tianbao serve` on a folder, on this machine only."""
    options = ("--data", str(data), "--host", "127.0.0.1", "--port", str(free_port()), "--json", "--no-browser")
    return started("serve", *options, *more)


def export(data: Path, user: str, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """`tianbao export` of the built-in form."""
    options = ("--data", str(data), "--user", user, "--form", "migrant", "--out", str(out))
    return run_tianbao("export", *options, *more, TIANBAO_PASSWORD=PASSWORD)
