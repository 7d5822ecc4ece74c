"""`tianbao bench intake`: how many registrations this machine takes, beside the least a server could do.

Drives its own edge from this process, in turn with bare ASGI echoes (on the same server software, and on granian
where it is installed), and prints the ratios: absolute figures differ between machines and hours, ratios much
less. Where the system can, servers have the first processor to themselves and the load comes from the second. The
load is bounded in connections and time, and goes to the loopback interface only.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tianbao.data import read_divisions
from tianbao.domain.forms import Form
from tianbao.domain.ids import uuid7, write_uuid
from tianbao.domain.places import Gazetteer
from tianbao.domain.receipts import encode_base64url
from tianbao.processes import Child
from tianbao.samples import People
from tianbao.server import free_port, migrate
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

WARM_UP_S: Final = 1.0
ROUNDS: Final = 3
BODIES: Final = 2_000
HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Figures:
    """One load: answers a second, latencies in milliseconds, answers that were not the expected one."""

    rate_per_s: float
    p50_ms: float
    p99_ms: float
    unexpected: int


@dataclass(frozen=True, slots=True)
class IntakeTable:
    """Medians over the rounds; `ratios` are the intake's rate to each echo's, in the same round.

    `memory_mb` is the edge's resident memory at the end, `bytes_on_disk` what a submission takes there.
    """

    intake: Figures
    echoes: dict[str, Figures]
    ratios: dict[str, float]
    connections: int
    seconds: float
    is_pinned: bool
    memory_mb: float
    bytes_on_disk: float

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    def as_text(self) -> str:
        rows = [("", "per second", "p50 ms", "p99 ms", "unexpected")]
        for name, figures in (
            ("intake", self.intake),
            *((f"echo, {name}", one) for name, one in self.echoes.items()),
        ):
            rows.append(
                (
                    name,
                    f"{figures.rate_per_s:,.0f}",
                    f"{figures.p50_ms:.2f}",
                    f"{figures.p99_ms:.2f}",
                    str(figures.unexpected),
                )
            )
        lines = [f"{name:<16}{a:>12}{b:>10}{c:>10}{d:>12}" for name, a, b, c, d in rows]
        said = ", ".join(f"{ratio:.3f} of {name}'s" for name, ratio in self.ratios.items())
        pinned = "server and load each on a processor of its own" if self.is_pinned else "processors not pinned"
        lines.append(f"intake to bare echo: {said}   ({self.connections} connections, {ROUNDS} rounds, {pinned})")
        lines.append(f"{self.memory_mb:.0f} MB in memory, {self.bytes_on_disk:,.0f} bytes on disk a submission")
        return "\n".join(lines)


def run_intake_bench(*, seconds: float, connections: int) -> IntakeTable:
    """Echo and intake in turn, each for a share of `seconds`."""
    with tempfile.TemporaryDirectory(prefix="tianbao-bench-") as folder:
        os.environ["TIANBAO_DATA"] = folder
        site = set_up_bench(Path(folder))
        is_pinned = _pin(SERVER_PROCESSOR)  # the children inherit it
        edge_port = free_port()
        edge = Child("edge", ["edge", "--port", str(edge_port)], dict(os.environ))
        echoes = {name: _start_echo(name) for name in _echo_servers()}
        is_pinned = is_pinned and _pin(LOAD_PROCESSOR)
        try:
            edge.wait_until_ready()
            ports = {name: port for name, (port, _) in echoes.items()}
            intake, measured, ratios = asyncio.run(_measure(site, edge_port, ports, seconds, connections))
            memory_mb = _memory_mb(edge.pid)
        finally:
            edge.stop()
            for _port, process in echoes.values():
                process.terminate()
                process.wait()
        return IntakeTable(
            intake, measured, ratios, connections, seconds, is_pinned, memory_mb, _bytes_on_disk(Path(folder))
        )


SERVER_PROCESSOR: Final = 0
LOAD_PROCESSOR: Final = 1


def _pin(processor: int) -> bool:
    """Keeps this process, and those it starts from now on, on one processor; False where that cannot be."""
    if not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) < 2:
        return False
    os.sched_setaffinity(0, {processor})
    return True


def _echo_servers() -> list[str]:
    return ["uvicorn", "granian"] if find_spec("granian") else ["uvicorn"]


def _start_echo(name: str) -> tuple[int, subprocess.Popen[bytes]]:
    port = free_port()
    command = [sys.executable, "-m", "tianbao.bench", name, str(port)]
    return port, subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603


def _memory_mb(pid: int) -> float:
    """Resident memory where the system tells; 0 where it does not."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def _bytes_on_disk(folder: Path) -> float:
    """What one submission takes in `intake.db`; 0 on another database."""
    file = folder / "intake.db"
    if not file.exists():
        return 0.0
    with closing(sqlite3.connect(file)) as connection:
        count: int = connection.execute("SELECT COUNT(*) FROM submission").fetchone()[0]
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file.stat().st_size / max(count, 1)


def set_up_bench(folder: Path, form: Form | None = None) -> str:
    """An installation in an empty folder whose site asks a form, the built-in one where none is given; its path."""
    from tianbao.config import read_config

    config = read_config()
    migrate(config)
    from django.db import connections

    from tianbao.services.forms import publish_form
    from tianbao.services.organisation import bump_generation
    from tianbao.services.setup import set_up_installation

    site = set_up_installation(
        organisation="bench",
        area="130636",
        address=f"http://{HOST}",
        contact="",
        username="bench",
        password="bench-password-2020",  # noqa: S106 - of a folder that goes away
        site_name="bench",
        site_area="130636",
        keys=config.keys,
        now_ms=time.time_ns() // 1_000_000,
    )
    if form is not None:
        publish_form(form=form, staff=None, now_ms=time.time_ns() // 1_000_000)
        site.forms.update(name=form.name)
        bump_generation()
    connections.close_all()
    return f"/S/{site.code}"


async def _measure(
    site: str, edge_port: int, echo_ports: dict[str, int], seconds: float, connections: int
) -> tuple[Figures, dict[str, Figures], dict[str, float]]:
    places = Gazetteer.from_bytes(read_divisions())
    people = People(places, seed=1, today=date.today())  # noqa: DTZ011 - any day will do
    answers = []
    for _ in range(BODIES):
        one = next(people)
        one["itinerary"] = [people.make_leg(1), people.make_leg(2)]
        answers.append(json.dumps(one, ensure_ascii=False).encode())
    posts = _requests(site, edge_port, answers)
    for port in echo_ports.values():
        await _wait_until_open(port)
    each_s = max(seconds / ((1 + len(echo_ports)) * ROUNDS), 0.5)
    intake: list[Figures] = []
    echoes: dict[str, list[Figures]] = {name: [] for name in echo_ports}
    for _ in range(ROUNDS):
        for name, port in echo_ports.items():
            requests = _requests(site, port, answers)
            echoes[name].append(await _load(port, requests, each_s, connections, b"200"))
        intake.append(await _load(edge_port, posts, each_s, connections, b"201"))
    ratios = {
        name: sorted(a.rate_per_s / b.rate_per_s for a, b in zip(intake, runs, strict=True))[ROUNDS // 2]
        for name, runs in echoes.items()
    }
    return (
        _median(intake),
        {name: _median(runs) for name, runs in echoes.items()},
        {name: round(ratio, 3) for name, ratio in ratios.items()},
    )


def _median(runs: list[Figures]) -> Figures:
    middle = sorted(runs, key=lambda figures: figures.rate_per_s)[len(runs) // 2]
    return Figures(middle.rate_per_s, middle.p50_ms, middle.p99_ms, sum(run.unexpected for run in runs))


def _requests(path: str, port: int, answers: list[bytes]) -> Callable[[], bytes]:
    """A maker of requests as a phone sends them: every one a new registration."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {HOST}:{port}\r\ncontent-type: application/json\r\n"
        "accept: application/json\r\nidempotency-key: "
    ).encode()

    def bodies() -> Iterator[bytes]:
        while True:
            yield from answers

    supply = bodies()

    def make() -> bytes:
        entropy = os.urandom(26)
        submission = write_uuid(uuid7(time.time_ns() // 1_000_000, entropy[:10]).hex).encode()
        secret = encode_base64url(entropy[10:]).encode()
        body = b'{"id":"%s","secret":"%s","version":1,"answers":%s}' % (submission, secret, next(supply))
        return b"%s%s\r\ncontent-length: %d\r\n\r\n%s" % (head, submission, len(body), body)

    return make


class _Connection(asyncio.Protocol):
    """One keep-alive connection: sends, waits for the answer, sends again, until told to stop."""

    def __init__(self, make: Callable[[], bytes], expected: bytes, latencies: list[float]) -> None:
        self._make = make
        self._expected = expected
        self._latencies = latencies
        self._buffer = b""
        self.unexpected = 0
        self.stopping = False
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._make())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n", 1)[0])
        if len(rest) < length:
            return
        self._latencies.append(time.perf_counter() - self._sent)
        self.unexpected += head[9:12] != self._expected
        self._buffer = rest[length:]
        if self.stopping:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def _load(port: int, make: Callable[[], bytes], seconds: float, connections: int, expected: bytes) -> Figures:
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    opened = [
        (await loop.create_connection(lambda: _Connection(make, expected, latencies), HOST, port))[1]
        for _ in range(connections)
    ]
    await asyncio.sleep(min(WARM_UP_S, seconds / 4))
    latencies.clear()
    start = time.perf_counter()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - start
    counted = sorted(latencies)
    for connection in opened:
        connection.stopping = True
    await asyncio.wait([connection.done for connection in opened], timeout=10)
    return Figures(
        rate_per_s=round(len(counted) / took, 1),
        p50_ms=round(counted[len(counted) // 2] * 1000, 3) if counted else 0.0,
        p99_ms=round(counted[len(counted) * 99 // 100] * 1000, 3) if counted else 0.0,
        unexpected=sum(connection.unexpected for connection in opened),
    )


async def _wait_until_open(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise RuntimeError("the echo did not start")


async def echo_app(scope: dict[str, object], receive: Callable, send: Callable) -> None:  # type: ignore[type-arg]
    """The least an ASGI application can do with a post: read it, send it back."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _serve_echo(server: str, port: int) -> None:
    if server == "granian":
        from granian import Granian
        from granian.constants import Interfaces, Loops

        Granian(
            "tianbao.bench:echo_app",
            address=HOST,
            port=port,
            interface=Interfaces.ASGINL,
            loop=Loops.uvloop,
            log_enabled=False,
        ).serve()
        return
    import uvicorn

    uvicorn.run(
        echo_app,
        host=HOST,
        port=port,
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
    )


if __name__ == "__main__":
    _serve_echo(sys.argv[1], int(sys.argv[2]))
