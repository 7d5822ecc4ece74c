"""`tianbao bench filled`: what the intake does with millions of submissions stored, beside what it does with none.

Two edges on two installations that are alike but for what is stored, in turn; the ratio is of the same round. The
rows are copies of real ones, each with an id of its own time, written by SQL in the order in which they came.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tianbao.bench.figures import ROUNDS, Figures, median_of
from tianbao.bench.load import measure_load
from tianbao.bench.rates import LOAD_PROCESSOR, SERVER_PROCESSOR, bytes_on_disk, pin
from tianbao.bench.site import make_answers, registrations, set_up_bench
from tianbao.processes import Child
from tianbao.server import free_port
from tianbao.store.hot_sql import SubmissionRow
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

PATTERNS_S: Final = 1.0
"""For so long real registrations come in, of which the copies are made."""
DAYS_FILLED: Final = 14
PART: Final = 200_000

_OWN: Final = {
    "id": "o.own",
    "record": "o.own",
    "received_ms": "o.at_ms",
    "secret_digest": "randomblob(length(p.secret_digest))",
    "mac": "randomblob(length(p.mac))",
}
_COLUMNS: Final = ", ".join(SubmissionRow._fields)
_FILL: Final = f"""
WITH RECURSIVE number(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM number WHERE i + 1 < :last),
own(i, at_ms, own) AS MATERIALIZED (
    SELECT i, :begin_ms + i * :step_ms, lower(
        printf('%012x7', CAST(:begin_ms + i * :step_ms AS INTEGER))
        || substr(hex(randomblob(2)), 1, 3) || '8' || substr(hex(randomblob(8)), 1, 15)
    ) FROM number
)
INSERT INTO submission ({_COLUMNS})
SELECT {", ".join(_OWN.get(name, f"p.{name}") for name in SubmissionRow._fields)}
FROM own o JOIN pattern p ON p.rowid = o.i % :patterns + 1
"""  # noqa: S608 - names of our own


@dataclass(frozen=True, slots=True)
class FilledTable:
    """Medians over the rounds; `ratio` is the filled one's rate to the empty one's in the same round."""

    stored: int
    empty: Figures
    filled: Figures
    ratio: float
    bytes_on_disk: float
    fill_s: float

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    def as_text(self) -> str:
        rows = [("", "per second", "p50 ms", "p99 ms", "unexpected")]
        rows += [
            (name, f"{one.rate_per_s:,.0f}", f"{one.p50_ms:.2f}", f"{one.p99_ms:.2f}", str(one.unexpected))
            for name, one in (("nothing stored", self.empty), (f"{self.stored:,} stored", self.filled))
        ]
        lines = [f"{name:<20}{a:>12}{b:>10}{c:>10}{d:>12}" for name, a, b, c, d in rows]
        lines.append(
            f"{self.ratio:.3f} of the rate with nothing stored; "
            f"{self.bytes_on_disk:,.0f} bytes on disk a submission; filled in {self.fill_s:,.0f} s"
        )
        return "\n".join(lines)


def run_filled_bench(*, rows: int, seconds: float, connections: int) -> FilledTable:
    """`seconds` are shared by both, three rounds each; `rows` are stored before."""
    with tempfile.TemporaryDirectory(prefix="tianbao-bench-") as folder:
        empty, filled = Path(folder, "empty"), Path(folder, "filled")
        empty.mkdir()
        os.environ["TIANBAO_DATA"] = str(empty)
        site = set_up_bench(empty)
        answers = make_answers()
        shutil.copytree(empty, filled)
        _with_edges([filled], lambda ports: _load(site, ports[0], answers, PATTERNS_S, connections))
        begun_s = time.perf_counter()
        fill(filled / "intake.db", rows)
        fill_s = time.perf_counter() - begun_s
        size = bytes_on_disk(filled)
        each_s = max(seconds / (2 * ROUNDS), 0.5)

        async def measure(ports: list[int]) -> list[list[Figures]]:
            return [
                [await _load(site, port, answers, each_s, connections) for port in ports] for _ in range(ROUNDS)
            ]

        rounds = _with_edges([empty, filled], measure)
        ratios = sorted(two.rate_per_s / one.rate_per_s for one, two in rounds)
        return FilledTable(
            rows,
            median_of([one for one, _ in rounds]),
            median_of([two for _, two in rounds]),
            round(ratios[ROUNDS // 2], 3),
            size,
            fill_s,
        )


async def _load(site: str, port: int, answers: list[bytes], seconds: float, connections: int) -> Figures:
    return await measure_load(port, registrations(site, port, answers), seconds, connections, b"201")


def _with_edges(folders: list[Path], measure):  # type: ignore[no-untyped-def]
    """What `measure` makes of the ports of edges on these folders."""
    ports = [free_port() for _ in folders]
    pin(SERVER_PROCESSOR)
    edges = [
        Child("edge", ["edge", "--port", str(port)], {**os.environ, "TIANBAO_DATA": str(folder)})
        for folder, port in zip(folders, ports, strict=True)
    ]
    pin(LOAD_PROCESSOR)
    try:
        for edge in edges:
            edge.wait_until_ready()
        return asyncio.run(measure(ports))
    finally:
        for edge in edges:
            edge.stop()


def fill(path: Path, rows: int) -> None:
    """So many copies of the submissions that are there, spread over two weeks. Nobody else uses the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for pragma in ("wal_checkpoint(TRUNCATE)", "journal_mode=OFF", "synchronous=OFF", "cache_size=-500000"):
            database.execute(f"PRAGMA {pragma}")
        database.execute(f"CREATE TEMP TABLE pattern AS SELECT {_COLUMNS} FROM submission")  # noqa: S608
        (patterns,) = database.execute("SELECT count(*) FROM pattern").fetchone()
        span_ms = DAYS_FILLED * 86_400_000
        begin_ms = time.time_ns() // 1_000_000 - span_ms
        step_ms = max(1, span_ms // max(rows, 1))
        for first in range(0, rows, PART):
            part = {"first": first, "last": min(first + PART, rows), "patterns": patterns}
            database.execute(_FILL, {**part, "begin_ms": begin_ms, "step_ms": step_ms})
        database.execute("PRAGMA journal_mode=WAL")
