"""`tianbao bench intake`, `page`, `receipts` and `qr`: requests a second, beside the least a server could do.

Drives its own edge from this process, in turn with bare ASGI echoes (on the same server software, and on granian
where it is installed), and gives the ratios: absolute figures differ between machines and hours, ratios much
less. Where the system can, servers have the first processor to themselves and the load comes from the second.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import Final

from tianbao.bench.echo import echo_servers, start_echo
from tianbao.bench.figures import ROUNDS, Figures, RateTable, median_of
from tianbao.bench.load import measure_load, wait_until_open
from tianbao.bench.site import make_answers, openings, receipt_readings, registrations, set_up_bench
from tianbao.processes import Child
from tianbao.server import free_port
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

SERVER_PROCESSOR: Final = 0
LOAD_PROCESSOR: Final = 1
STORED_S: Final = 2.0
"""For so long registrations come in whose receipts are read."""


def pin(processor: int) -> bool:
    """Keeps this process, and those it starts from now on, on one processor; False where that cannot be."""
    if not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) < 2:
        return False
    os.sched_setaffinity(0, {processor})
    return True


class Subject(StrEnum):
    """What is measured."""

    INTAKE = "intake"
    PAGE = "page"
    RECEIPTS = "receipts"
    QR = "qr"


def run_rate_bench(subject: Subject, *, seconds: float, connections: int) -> RateTable:
    """Echo and edge in turn, each for a share of `seconds`."""
    with tempfile.TemporaryDirectory(prefix="tianbao-bench-") as folder:
        os.environ["TIANBAO_DATA"] = folder
        site = set_up_bench(Path(folder))
        is_pinned = pin(SERVER_PROCESSOR)  # the children inherit it
        edge_port = free_port()
        edge = Child("edge", ["edge", "--port", str(edge_port)], dict(os.environ))
        ports = {name: free_port() for name in echo_servers()}
        echoes = [start_echo(name, port) for name, port in ports.items()]
        is_pinned = is_pinned and pin(LOAD_PROCESSOR)
        try:
            edge.wait_until_ready()
            measured, by_echo, ratios = asyncio.run(_measure(subject, site, edge_port, ports, seconds, connections))
            memory = memory_mb(edge.pid)
        finally:
            edge.stop()
            for process in echoes:
                process.terminate()
                process.wait()
        size = bytes_on_disk(Path(folder)) if subject is Subject.INTAKE else 0.0
        return RateTable(subject, measured, by_echo, ratios, connections, seconds, is_pinned, memory, size)


def memory_mb(pid: int) -> float:
    """Resident memory where the system tells; 0 where it does not."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def bytes_on_disk(folder: Path) -> float:
    """What one submission takes in `intake.db`; 0 on another database."""
    file = folder / "intake.db"
    if not file.exists():
        return 0.0
    with closing(sqlite3.connect(file)) as connection:
        count: int = connection.execute("SELECT COUNT(*) FROM submission").fetchone()[0]
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file.stat().st_size / max(count, 1)


async def _measure(
    subject: Subject, site: str, edge_port: int, echo_ports: dict[str, int], seconds: float, connections: int
) -> tuple[Figures, dict[str, Figures], dict[str, float]]:
    answers = make_answers()
    make, expected = _requests(subject, site, edge_port, answers)
    if subject in (Subject.RECEIPTS, Subject.QR):
        tokens: list[str] = []
        stored = registrations(site, edge_port, answers, tokens)
        await measure_load(edge_port, stored, STORED_S, connections, b"201")
        make, expected = (
            receipt_readings(edge_port, tokens, "/R" if subject is Subject.RECEIPTS else "/R/pass.png"),
            b"200",
        )
    for port in echo_ports.values():
        await wait_until_open(port)
    each_s = max(seconds / ((1 + len(echo_ports)) * ROUNDS), 0.5)
    measured: list[Figures] = []
    echoes: dict[str, list[Figures]] = {name: [] for name in echo_ports}
    for _ in range(ROUNDS):
        for name, port in echo_ports.items():
            echo = registrations(site, port, answers)
            echoes[name].append(await measure_load(port, echo, each_s, connections, b"200"))
        measured.append(await measure_load(edge_port, make, each_s, connections, expected))
    ratios = {
        name: sorted(a.rate_per_s / b.rate_per_s for a, b in zip(measured, runs, strict=True))[ROUNDS // 2]
        for name, runs in echoes.items()
    }
    return (
        median_of(measured),
        {name: median_of(runs) for name, runs in echoes.items()},
        {name: round(ratio, 3) for name, ratio in ratios.items()},
    )


def _requests(subject: Subject, site: str, port: int, answers: list[bytes]) -> tuple[Callable[[], bytes], bytes]:
    """A maker of requests, and the status of their answers."""
    if subject is Subject.PAGE:
        return openings(site, port), b"200"
    return registrations(site, port, answers), b"201"
