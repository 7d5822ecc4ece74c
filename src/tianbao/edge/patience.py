"""How long a connection may take, and how many there may be: below `edge.protocol`, which adds the short way.

Whoever sends or reads a byte at a time, or nothing, must not take the place of others. Each connection has one
timer that looks at it now and then; a request costs nothing more. Must not know: what a request means.
"""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_WAIT_S: Final = 20.0
"""For the first byte of a connection, and for a whole head: on the slowest network it takes three."""
BODY_WAIT_S: Final = 30.0
BODY_BYTES_PER_S: Final = 500
"""A body has this long, and longer as it comes: a file over a slow network may take its time."""
READING_WAIT_S: Final = 60.0
"""For somebody who reads nothing of an answer."""
LOOK_S: Final = 5.0
DROPPED_BYTES_MAX: Final = 1 << 20
"""Of a body that is not wanted: it is read on for a while, so that its sender gets to read why."""
SPARED_S: Final = 3.0
"""When there are too many connections, one that has sent no whole head for longer makes room."""
SEARCHED_MAX: Final = 64


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits of time, and of connections: `connections_max` in this process."""

    cycle: Any
    """None until the first request, which uvicorn's own declaration leaves out."""

    def __init__(self, *, connections_max: int, **given: Any) -> None:
        super().__init__(**given)
        self._connections_max = connections_max
        self._look_timer: asyncio.TimerHandle | None = None
        self._since_s = 0.0
        """When what is going on began: waiting for a request, its head, its body."""
        self._is_new = True
        self._is_in_head = False
        self._body_bytes = 0
        self._unread_bytes = 0
        self._unread_since_s = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._since_s = self.loop.time()
        if len(self.connections) > self._connections_max and not self._make_room():
            self.connections.discard(self)
            transport.abort()
            return
        self._look_timer = self.loop.call_later(LOOK_S, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._look_timer is not None:
            self._look_timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:  # the rest of its body
            self._body_bytes += len(data)
            if self._body_bytes > DROPPED_BYTES_MAX:
                self.transport.abort()
                return
        elif self._is_idle:
            self._since_s, self._is_new, self._is_in_head, self._body_bytes = self.loop.time(), False, True, 0
        else:
            self._body_bytes += len(data)
        super().data_received(data)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._since_s, self._is_in_head = self.loop.time(), False

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.cycle.more_body = False  # also of one that was answered before it was whole

    @property
    def _is_refused(self) -> bool:
        """The request was answered before it was whole."""
        return bool(self.cycle and self.cycle.response_complete and self.cycle.more_body)

    @property
    def _is_idle(self) -> bool:
        """Nobody waits for anything: no request was begun, or the last one is whole and answered."""
        is_whole = not self.cycle or (self.cycle.response_complete and not self.cycle.more_body)
        return is_whole and not self._is_in_head

    @property
    def _owes_head(self) -> bool:
        return self._is_in_head or self._is_idle

    def _make_room(self) -> bool:
        """Closes a connection that waits for its phone; looks at a few only."""
        spared_s = self.loop.time() - SPARED_S
        for other in islice(self.connections, SEARCHED_MAX):
            if isinstance(other, PatientProtocol) and other._owes_head and other._since_s < spared_s:
                self.connections.discard(other)
                other.transport.close()
                return True
        return False

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        if self._is_too_slow():
            self.transport.abort()
        else:
            self._look_timer = self.loop.call_later(LOOK_S, self._look)

    def _is_too_slow(self) -> bool:
        now_s = self.loop.time()
        if self._reads_nothing(now_s):
            return True
        took_s = now_s - self._since_s
        if self._is_in_head or self._is_new:
            return took_s > HEAD_WAIT_S
        if self.cycle is not None and self.cycle.more_body and not self.flow.read_paused:
            return took_s > BODY_WAIT_S + self._body_bytes / BODY_BYTES_PER_S
        return False

    def _reads_nothing(self, now_s: float) -> bool:
        unread_bytes = self.transport.get_write_buffer_size()
        if unread_bytes == 0 or unread_bytes != self._unread_bytes:
            self._unread_bytes, self._unread_since_s = unread_bytes, now_s
        return now_s - self._unread_since_s > READING_WAIT_S if unread_bytes else False
