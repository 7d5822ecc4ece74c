"""Those who send or read slowly, too much or nothing: each is let go after its time, and nobody else notices.

IDLE=10000 opens as many idle connections and measures, beside them and without them, how long others wait:
`IDLE=10000 pytest --log-cli-level=INFO tests/faults/test_slow_clients.py`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from tests.edge_client import GOOD, EdgeClient, make_installation, new_submission
from tests.faults.raw_post import post

from tianbao.config import Config, Limits
from tianbao.edge import patience

IDLE = int(os.environ.get("IDLE", "0"))
SMALL = Limits(connections=64)

log = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeClient]:
    data = tmp_path_factory.mktemp("slow")
    client = EdgeClient(Config(data, limits=SMALL), make_installation(data))
    yield client
    client.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """All times of waiting are short."""
    for name in ("HEAD_WAIT_S", "BODY_WAIT_S", "READING_WAIT_S"):
        monkeypatch.setattr(patience, name, 0.6)
    monkeypatch.setattr(patience, "LOOK_S", 0.2)
    monkeypatch.setattr(patience, "SPARED_S", 0.0)


@pytest.fixture
def address(edge: EdgeClient, hasty: None) -> Iterator[tuple[str, int]]:
    with edge.serving(timeout_keep_alive=5) as origin:
        host, _, port = origin.removeprefix("http://").partition(":")
        yield host, int(port)


def drip(address: tuple[str, int], start: bytes, drop: bytes, drops: int = 400) -> tuple[float, bytes]:
    """Sends a byte at a time: after how many seconds it was let go, and what it was told."""
    begun_s, told = time.monotonic(), b""
    with closing(socket.create_connection(address, timeout=10)) as line:
        try:
            line.sendall(start)
            for _ in range(drops):
                line.sendall(drop)
                line.settimeout(0.02)
                try:
                    got = line.recv(65_536)
                except TimeoutError:
                    continue
                if not got:
                    break
                told += got
        except ConnectionError:
            pass
    return time.monotonic() - begun_s, told


HEAD = b"POST /S/%s HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"


def registers(edge: EdgeClient, address: tuple[str, int]) -> bool:
    posted = {**new_submission(), "answers": GOOD}
    url = f"http://{address[0]}:{address[1]}"
    return asyncio.run(post(url, edge.site, posted, short=True)).status == 201


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b"G"),
        (b"GET /healthz HTTP/1.1\r\nhost: x\r\n", b"x"),
        (HEAD % b"7K3PM" + b"content-length: 9000\r\nexpect: x\r\n\r\n", b" "),
        (HEAD % b"7K3PM" + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"POST /R HTTP/1.1\r\nhost: x\r\ncontent-length: 9000\r\n\r\n", b"a"),
    ],
    ids=["first line", "head", "body", "chunks", "form"],
)
def test_whoever_drips_is_let_go(edge: EdgeClient, address: tuple[str, int], start: bytes, drop: bytes) -> None:
    start = start.replace(b"7K3PM", edge.site[3:].encode())
    took_s, _ = drip(address, start, drop)
    assert took_s < 6
    assert registers(edge, address)


def test_whoever_says_nothing_is_let_go(edge: EdgeClient, address: tuple[str, int]) -> None:
    with closing(socket.create_connection(address, timeout=10)) as line:
        assert line.recv(10) == b""


def test_whoever_reads_nothing_is_let_go(edge: EdgeClient, address: tuple[str, int]) -> None:
    asked = b"GET %s HTTP/1.1\r\nhost: x\r\n\r\n" % edge.site.encode()
    with closing(socket.socket()) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        line.settimeout(10)
        line.connect(address)
        with pytest.raises((ConnectionError, TimeoutError)):
            for _ in range(4_000):
                line.sendall(asked)
                time.sleep(0.001)
    assert registers(edge, address)


@pytest.mark.parametrize("body", ["content-length: 1073741824", "transfer-encoding: chunked"])
def test_of_a_gigabyte_little_is_read(edge: EdgeClient, address: tuple[str, int], body: str) -> None:
    piece = b"10000\r\n" + b"x" * 65_536 + b"\r\n" if "chunked" in body else b"x" * 65_536
    sent = 0
    with closing(socket.create_connection(address, timeout=10)) as line:
        line.sendall(HEAD % edge.site[3:].encode() + body.encode() + b"\r\n\r\n")
        with pytest.raises(ConnectionError):
            while sent < 1 << 30:
                line.sendall(piece)
                sent += len(piece)
    assert sent < 16 << 20  # the most of it in the buffers of the system
    assert registers(edge, address)


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip"])
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_nothing_packed_is_unpacked(edge: EdgeClient, address: tuple[str, int], encoding: str, kind: str) -> None:
    with closing(socket.create_connection(address, timeout=10)) as line:
        head = HEAD.replace(b"application/json", kind.encode()) % edge.site[3:].encode()
        line.sendall(head + f"content-encoding: {encoding}\r\ncontent-length: 100000\r\n\r\n".encode())
        assert line.recv(65_536).split()[1] == b"415"


def test_beyond_the_most_connections_an_idle_one_makes_room(edge: EdgeClient, address: tuple[str, int]) -> None:
    with ExitStack() as opened:
        lines = [opened.enter_context(closing(socket.create_connection(address, timeout=10))) for _ in range(80)]
        assert registers(edge, address)
        first = lines[0]
        assert first.recv(10) == b""


@pytest.mark.skipif(not IDLE, reason="IDLE=10000 opens as many connections")
def test_idle_connections_cost_others_little(tmp_path: Path) -> None:
    """Measured against an edge in a process of its own; the time to register, one after the other."""
    from tests.installation import serve

    site = make_installation(tmp_path)
    with serve(tmp_path) as (_, said), ExitStack() as opened:
        host, port = said["url"].removeprefix("http://").split(":")
        edge_pid = said["pids"]["edge"]
        measure(said["url"], site)
        quiet_ms = measure(said["url"], site)
        before_mb = memory_mb(edge_pid)
        for number in range(IDLE):
            line = opened.enter_context(closing(socket.create_connection((host, int(port)), timeout=10)))
            if number % 2:
                line.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")  # kept, not new
        beside_ms = measure(said["url"], site)
        log.info(
            "%d idle: p99 %.1f ms, without %.1f ms; %.0f MB more, %.0f MB in all",
            IDLE, beside_ms, quiet_ms, memory_mb(edge_pid) - before_mb, memory_mb(edge_pid),
        )  # fmt: skip
        assert beside_ms < 2 * quiet_ms + 1


def measure(url: str, site: str) -> float:
    """The 99th of a hundred times to register on a connection of one's own, milliseconds."""

    async def once() -> float:
        posted: dict[str, Any] = {**new_submission(), "answers": GOOD}
        begun_s = time.perf_counter()
        assert (await post(url, site, posted, short=True)).status == 201
        return (time.perf_counter() - begun_s) * 1000

    async def all_of_them() -> list[float]:
        return sorted([await once() for _ in range(500)])

    return asyncio.run(all_of_them())[494]


def memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def test_the_file_limit_is_raised() -> None:
    resource = pytest.importorskip("resource")
    script = (
        "import resource; from tianbao.server import raise_file_limit; import json;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, 700));"
        "raise_file_limit(); print(json.dumps(resource.getrlimit(resource.RLIMIT_NOFILE)))"
    )
    import subprocess
    import sys

    assert resource
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == [700, 700]
