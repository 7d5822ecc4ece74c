"""`tianbao bench soak`: a whole load for minutes while the jobs run: memory of each process, and how records lag.

The edge and the jobs share one processor, the load has the other. Samples are taken from outside: resident memory
from the system, the lag from `/metrics`. Must not know: what the jobs do.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from tianbao.bench.figures import Figures
from tianbao.bench.load import HOST, measure_load
from tianbao.bench.rates import LOAD_PROCESSOR, SERVER_PROCESSOR, memory_mb, pin
from tianbao.bench.site import make_answers, registrations, set_up_bench
from tianbao.processes import Child
from tianbao.server import free_port

SAMPLE_EVERY_S: Final = 1.0
CATCH_UP_S_MAX: Final = 30.0
"""So long the jobs are watched working alone."""
_LAG: Final = re.compile(r"^tianbao_projection_lag_(submissions|seconds) (\S+)$", re.MULTILINE)


@dataclass(slots=True)
class Samples:
    """The highest of each, and what the jobs made of the time after the load: how long, and what was left."""

    edge_mb: float = 0.0
    jobs_mb: float = 0.0
    lag_submissions: float = 0.0
    lag_seconds: float = 0.0
    catch_up_s: float = 0.0
    left_submissions: float = 0.0


@dataclass(frozen=True, slots=True)
class SoakTable:
    """The load as a whole; `projected_per_s` counts what became records, until the jobs were last looked at."""

    seconds: float
    connections: int
    measured: Figures
    projected_per_s: float
    highest: Samples = field(default_factory=Samples)

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    def as_text(self) -> str:
        one, highest = self.measured, self.highest
        load = f"for {self.seconds:,.0f} s, {self.connections} connections"
        return "\n".join(
            [
                f"{one.rate_per_s:,.0f} registrations a second {load}",
                f"p50 {one.p50_ms:.1f} ms, p99 {one.p99_ms:.1f} ms, unexpected answers: {one.unexpected}",
                f"highest memory: edge {highest.edge_mb:.0f} MB, jobs {highest.jobs_mb:.0f} MB",
                f"highest lag of records: {highest.lag_submissions:,.0f} submissions, {highest.lag_seconds:,.1f} s",
                f"{highest.catch_up_s:,.0f} s after the load {highest.left_submissions:,.0f} were left; "
                f"{self.projected_per_s:,.0f} records a second over all that time",
            ]
        )


def run_soak_bench(*, seconds: float, connections: int) -> SoakTable:
    """Loads for `seconds`, then waits until records have caught up."""
    with tempfile.TemporaryDirectory(prefix="tianbao-bench-") as folder:
        os.environ["TIANBAO_DATA"] = folder
        site = set_up_bench(Path(folder))
        port = free_port()
        pin(SERVER_PROCESSOR)
        edge = Child("edge", ["edge", "--port", str(port)], dict(os.environ))
        jobs = Child("jobs", ["work"], dict(os.environ))
        pin(LOAD_PROCESSOR)
        try:
            edge.wait_until_ready()
            jobs.wait_until_ready()
            return asyncio.run(_soak(site, port, (edge.pid, jobs.pid), seconds, connections))
        finally:
            jobs.stop()
            edge.stop()


async def _soak(site: str, port: int, pids: tuple[int, int], seconds: float, connections: int) -> SoakTable:
    highest = Samples()
    begun_s = time.perf_counter()
    sampling = asyncio.create_task(_sample(port, pids, highest))
    make = registrations(site, port, make_answers())
    measured = await measure_load(port, make, seconds, connections, b"201")
    ended_s = time.perf_counter()
    while (left := (await _read_lag(port))["submissions"]) and time.perf_counter() - ended_s < CATCH_UP_S_MAX:
        await asyncio.sleep(SAMPLE_EVERY_S / 4)
    sampling.cancel()
    highest.catch_up_s = round(time.perf_counter() - ended_s, 1)
    highest.left_submissions = left
    projected = measured.rate_per_s * (ended_s - begun_s) - left
    projected_per_s = round(projected / (time.perf_counter() - begun_s), 1)
    return SoakTable(seconds, connections, measured, projected_per_s, highest)


async def _sample(port: int, pids: tuple[int, int], highest: Samples) -> None:
    while True:
        lag = await _read_lag(port)
        highest.edge_mb = max(highest.edge_mb, memory_mb(pids[0]))
        highest.jobs_mb = max(highest.jobs_mb, memory_mb(pids[1]))
        highest.lag_submissions = max(highest.lag_submissions, lag["submissions"])
        highest.lag_seconds = max(highest.lag_seconds, lag["seconds"])
        await asyncio.sleep(SAMPLE_EVERY_S)


async def _read_lag(port: int) -> dict[str, float]:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(b"GET /metrics HTTP/1.1\r\nhost: %s\r\nconnection: close\r\n\r\n" % HOST.encode())
    text = (await reader.read()).decode()
    writer.close()
    return {name: float(value) for name, value in _LAG.findall(text)}
