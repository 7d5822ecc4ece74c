"""One connection: uvicorn's protocol, with the short way of a registration before it.

Only where httptools is installed; elsewhere uvicorn's own protocol does it all. It knows of uvicorn's class what
`tests/integration/test_protocol.py` holds it to. Must not know: what a request means.
"""

from __future__ import annotations

import asyncio
import re
from functools import lru_cache
from typing import Any, Final

from uvicorn.middleware.proxy_headers import _TrustedHosts

from tianbao.edge.app import Edge
from tianbao.edge.fast_path import bytes_of
from tianbao.edge.http import BODY_BYTES_MAX, LET_IN
from tianbao.edge.patience import PatientProtocol

HELD_BYTES_MAX: Final = 2 * BODY_BYTES_MAX
"""What one connection may send on before it has its answer."""
DEAF_S: Final = 1.0
"""So long nothing is read on after a refusal, which asked to wait at least as long: what comes all the same waits
in the system, where it costs nothing."""
LEAVING_S: Final = 1.0
"""How long an idle connection stays when the server stops: a request may be on its way on it."""

_FORWARDED: Final = re.compile(rb"\r\nx-forwarded-for:([^\r]*)", re.IGNORECASE)
_trusted_proxies: Final = lru_cache(_TrustedHosts)


class Protocol(PatientProtocol):
    """uvicorn's protocol for one connection, with the short way before it.

    Between two requests uvicorn has its keep-alive timer running; that, or a connection's first bytes, is when a
    request can begin. The short way leaves the timer alone, which looks at the time when it ends.
    """

    def __init__(self, edge: Edge, **given: Any) -> None:
        super().__init__(connections_max=edge.connections_max, **given)
        self._edge = edge
        self._is_leaving = False
        self._begun = b""
        """What came of one for the short way."""
        self._whole_bytes = 0
        self._request = b""
        """The one on the short way."""
        self._held = b""
        self._is_let_in = False
        """The request that begins was judged already."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._edge.is_stopping:
            self.shutdown()

    def data_received(self, data: bytes) -> None:
        if self._request:
            self._hold(data)
            return
        begun, self._begun = self._begun, b""
        if begun:
            data = begun + data
        elif self._is_new or self.timeout_keep_alive_task is not None:
            self._whole_bytes = bytes_of(data)
        else:
            self._go_whole_way(data)
            return
        if len(data) < self._whole_bytes:
            if not begun:
                self._is_new, self._since_s = False, self.loop.time()
            self._begun = data
            if self.timeout_keep_alive_task is None:
                self._wait_for_more(self.timeout_keep_alive)
        elif len(data) == self._whole_bytes:
            self._go_short_way(data)
        else:
            self._go_whole_way(data)

    def _go_short_way(self, data: bytes) -> None:
        if refusal := self._edge.throttle.refusal(data, self._sender(data)):
            self._answer(refusal)
            self.flow.pause_reading()
            self.loop.call_later(DEAF_S, self._hear)
        elif self._edge.fast_path.take(data, self._finish):
            self._request, self._is_new = data, False
        else:
            self._go_whole_way(data)

    def _sender(self, request: bytes) -> str:
        """The address it comes from; what a proxy says of it, if one is trusted, is heard as uvicorn hears it."""
        address = self.client[0] if self.client else ""
        if not self.config.proxy_headers:
            return address
        trusted = _trusted_proxies(
            ",".join(hosts) if isinstance(hosts := self.config.forwarded_allow_ips, list) else hosts
        )
        if address not in trusted:
            return address
        said = b", ".join(_FORWARDED.findall(request, 0, request.find(b"\r\n\r\n") + 2)).decode("latin-1")
        return (trusted.get_trusted_client_address(said)[0] if said else "") or address

    def _hear(self) -> None:
        if not self.transport.is_closing():
            self.flow.resume_reading()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._is_let_in:
            self.scope["extensions"] = {LET_IN: {}}

    def shutdown(self) -> None:
        """Goes after the answer that is being made; without one, after a moment: closing at once would cut off a
        request that has reached this machine and was not read yet.
        """
        self._is_leaving = True
        if self.cycle is not None and not self.cycle.response_complete:
            super().shutdown()
        elif not self._request:
            self.loop.call_later(LEAVING_S, self._leave)

    def _leave(self) -> None:
        if not self._request:
            super().shutdown()

    def _go_whole_way(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_leaving and self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False

    def timeout_keep_alive_handler(self) -> None:
        rest_s = self._since_s + self.timeout_keep_alive - self.loop.time()
        if self._request or rest_s > 0:
            self._wait_for_more(max(rest_s, 1.0))
        else:
            super().timeout_keep_alive_handler()

    def _wait_for_more(self, wait_s: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(wait_s, self.timeout_keep_alive_handler)

    @property
    def _is_idle(self) -> bool:
        return not self._request and not self._begun and super()._is_idle

    def _hold(self, data: bytes) -> None:
        """Requests that come before the last one was answered take their turn."""
        self._held += data
        if len(self._held) > HELD_BYTES_MAX:
            self.transport.close()

    def _finish(self, answer: bytes | None) -> None:
        request, self._request = self._request, b""
        held, self._held = self._held, b""
        if self.transport.is_closing():
            return
        if answer is None:
            self._is_let_in = True
            self._go_whole_way(request)
            self._is_let_in = False
        else:
            self._answer(b"HTTP/1.1 201 Created\r\n" + answer)
        if held:
            self.data_received(held)

    def _answer(self, answer: bytes) -> None:
        own = b"".join([b"%s: %s\r\n" % header for header in self.server_state.default_headers])
        if self._is_leaving:
            own += b"connection: close\r\n"
        status, _, rest = answer.partition(b"\r\n")
        self.transport.write(b"%s\r\n%s%s" % (status, own, rest))
        self.server_state.total_requests += 1
        self._since_s, self._is_new = self.loop.time(), False
        if self._is_leaving:
            self.transport.close()
        elif self.timeout_keep_alive_task is None:
            self._wait_for_more(self.timeout_keep_alive)
