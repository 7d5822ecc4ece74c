"""A load of keep-alive connections, each sending one request after another, bounded in number and time.

Speaks to the loopback interface only. Must not know: what is asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from tianbao.bench.figures import Figures

HOST: Final = "127.0.0.1"
WARM_UP_S: Final = 1.0


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


async def measure_load(
    port: int, make: Callable[[], bytes], seconds: float, connections: int, expected: bytes
) -> Figures:
    """What the server at a port makes of requests; an answer is `expected` by its status."""
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


async def wait_until_open(port: int) -> None:
    """Until somebody listens there. RuntimeError after ten seconds."""
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise RuntimeError("nobody listens")
