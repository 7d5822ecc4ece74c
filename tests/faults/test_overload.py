"""Ten times as many registrations as can be taken: each is answered 201 or 503, and what was answered 201 is there.

The load is an open loop: its rate does not depend on the answers. A few seconds by default, without figures asserted.
`OVERLOAD_S=300 pytest --log-cli-level=INFO tests/faults/test_overload.py` measures the peak first, offers ten times
that, and asserts what docs/reliability.md promises.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from tests.edge_client import make_installation
from tests.installation import serve

from tianbao.bench.load import measure_load
from tianbao.bench.rates import memory_mb
from tianbao.bench.site import make_answers, registrations
from tianbao.domain.ids import read_uuid7
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

OVERLOAD_S: Final = float(os.environ.get("OVERLOAD_S", "0"))
CONNECTIONS: Final = int(os.environ.get("OVERLOAD_CONNECTIONS", "4000" if OVERLOAD_S else "2500"))
TIMES: Final = 10
PAUSE_S: Final = 1.05
"""A phone that was refused is silent for at least this long, as it was told."""
TICK_S: Final = 0.002
SETTLE_S: Final = 3.0 if OVERLOAD_S else 0.5
SHORT_S: Final = 2.0
SHORT_RATE: Final = 20_000
_STATUS = re.compile(rb"HTTP/1\.1 (\d+)")
_KEY = re.compile(rb"idempotency-key: ([0-9a-f-]{36})")

log = logging.getLogger(__name__)


class Outcomes:
    """What phones were told, and after how long (seconds since they wanted to send)."""

    def __init__(self) -> None:
        self.accepted_s: list[float] = []
        self.refused_s: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.retries: Counter[int] = Counter()
        self.ids: set[bytes] = set()
        self.unsent = 0
        """There was no connection free: all of them waited for their answers."""


class Phone(asyncio.Protocol):
    """A connection on which one request after the other is sent, each by another person."""

    def __init__(self, outcomes: Outcomes, free: deque[Phone], again: deque[bytes]) -> None:
        self._outcomes, self._free, self._again = outcomes, free, again
        self._buffer = b""
        self._request = b""
        self._sent_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._free.append(self)

    def send(self, request: bytes, now_s: float) -> None:
        self._request, self._sent_s = request, now_s
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        head = head.lower()
        if len(body) < int(head.partition(b"content-length: ")[2].split(b"\r\n", 1)[0]):
            return
        self._buffer = b""
        took_s, status = time.perf_counter() - self._sent_s, int(head[9:12])
        outcomes = self._outcomes
        outcomes.statuses[status] += 1
        if status in (200, 201):
            outcomes.accepted_s.append(took_s)
            outcomes.ids.add(self._request)
        else:
            outcomes.refused_s.append(took_s)
            retry = head.partition(b"retry-after: ")[2].split(b"\r\n", 1)[0]
            outcomes.retries[int(retry or -1)] += 1
            self._again.append(self._request)
            asyncio.get_running_loop().call_later(PAUSE_S, self._free.append, self)
            return
        self._free.append(self)


async def overload(port: int, make: Callable[[], bytes], rate: float, seconds: float) -> Outcomes:
    """Offers `rate` registrations a second; the people who were refused come again among the others."""
    loop = asyncio.get_running_loop()
    outcomes, free, again = Outcomes(), deque[Phone](), deque[bytes](maxlen=200_000)
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: Phone(outcomes, free, again), "127.0.0.1", port)
    await asyncio.sleep(SETTLE_S)
    begun_s, offered = time.perf_counter(), 0
    while (now_s := time.perf_counter()) < begun_s + seconds:
        due = int((now_s - begun_s) * rate)
        while offered < due:
            offered += 1
            if not free:
                outcomes.unsent += due - offered + 1
                offered = due
                break
            request = again.popleft() if len(again) > 20_000 else make()
            free.popleft().send(request, now_s)
        await asyncio.sleep(TICK_S)
    end_s = time.perf_counter() + 15
    while len(free) < CONNECTIONS and time.perf_counter() < end_s:
        await asyncio.sleep(0.05)
    assert len(free) == CONNECTIONS, "somebody got no answer"
    return outcomes


def run(work: Any) -> Any:
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)


def percentile_ms(times_s: list[float], share: float) -> float:
    return sorted(times_s)[int(len(times_s) * share)] * 1000 if times_s else 0.0


class Watch(threading.Thread):
    """The most memory that a process takes meanwhile."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid, self.most_mb, self.is_over = pid, 0.0, threading.Event()

    def run(self) -> None:
        while not self.is_over.wait(0.5):
            self.most_mb = max(self.most_mb, memory_mb(self._pid))


def missing(data: Path, requests: set[bytes]) -> int:
    keys = {found[1].decode() for request in requests if (found := _KEY.search(request))}
    with closing(sqlite3.connect(data / "intake.db")) as database:
        there = {row[0] for row in database.execute("SELECT record FROM submission")}
    return sum(read_uuid7(key) not in there for key in keys)


def test_ten_times_as_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = make_installation(tmp_path)
    with serve(tmp_path) as (_, said):
        port, pid = int(said["url"].rpartition(":")[2]), said["pids"]["edge"]
        if OVERLOAD_S and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(pid, {0})
            for thread in Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {0})
            os.sched_setaffinity(0, {1})
        make = registrations(site, port, make_answers())
        peak = run(measure_load(port, make, 10, 64, b"201")).rate_per_s if OVERLOAD_S else 0.0
        rate, seconds = (TIMES * peak, OVERLOAD_S) if OVERLOAD_S else (SHORT_RATE, SHORT_S)
        watch = Watch(pid)
        watch.start()
        told: Outcomes = run(overload(port, make, rate, seconds))
        watch.is_over.set()
        after = run(measure_load(port, make, 4 if OVERLOAD_S else 0.5, 16, b"201"))
        assert set(told.statuses) <= {200, 201, 503}
        assert told.statuses[201] > 0
        assert missing(tmp_path, told.ids) == 0
        assert not told.retries or (min(told.retries) >= 1 and max(told.retries) <= 30)
        assert after.unexpected == 0
        if not OVERLOAD_S:
            return
        goodput = len(told.accepted_s) / seconds
        refused = len(told.refused_s)
        log.info(
            "peak %.0f/s, offered %.0f/s for %.0f s: accepted %.0f/s (%.2f of the peak), p99 %.0f ms; refused %.0f/s, "
            "p50 %.1f ms, p99 %.1f ms; no connection free for %.0f/s; at most %.0f MB; "
            "at once afterwards %.0f/s, p99 %.0f ms",
            peak, rate, seconds, goodput, goodput / peak, percentile_ms(told.accepted_s, 0.99), refused / seconds,
            percentile_ms(told.refused_s, 0.5), percentile_ms(told.refused_s, 0.99), told.unsent / seconds,
            watch.most_mb, after.rate_per_s, after.p99_ms,
        )  # fmt: skip
        assert len(told.retries) == 30
        assert percentile_ms(told.accepted_s, 0.99) < 2_000
        assert watch.most_mb < 250
