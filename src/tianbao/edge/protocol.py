"""One connection: uvicorn's protocol, with the short way of a registration before it.

Only where httptools is installed; elsewhere uvicorn's own protocol does it all. It knows of uvicorn's class what
`tests/integration/test_protocol.py` holds it to. Must not know: what a request means.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tianbao.edge.app import Edge
from tianbao.edge.http import BODY_BYTES_MAX
from tianbao.edge.intake import Taking

HELD_BYTES_MAX: Final = 2 * BODY_BYTES_MAX
"""What one connection may send on before it has its answer."""


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol for one connection, with the short way before it.

    Between two requests uvicorn has its keep-alive timer running; that, or a connection's first bytes, is when a
    request can begin.
    """

    def __init__(self, edge: Edge, **given: Any) -> None:
        super().__init__(**given)
        self._edge = edge
        self._is_new = True
        self._is_leaving = False
        self._taking: Taking | None = None
        self._request = b""
        self._held = b""

    def data_received(self, data: bytes) -> None:
        if self._taking is not None:
            self._hold(data)
            return
        if self._is_new or self.timeout_keep_alive_task is not None:
            self._taking = self._edge.fast_path.take(data)
        self._is_new = False
        if self._taking is None:
            super().data_received(data)
            return
        self._unset_keepalive_if_required()
        self._request = data
        self._taking.standing.add_done_callback(self._finish)

    def shutdown(self) -> None:
        if self._taking is None:
            super().shutdown()
        self._is_leaving = True

    def _hold(self, data: bytes) -> None:
        """Requests that come before the last one was answered take their turn."""
        self._held += data
        if len(self._held) > HELD_BYTES_MAX:
            self.transport.close()

    def _finish(self, _standing: asyncio.Future[Any]) -> None:
        taking, self._taking = self._taking, None
        request, self._request = self._request, b""
        held, self._held = self._held, b""
        answer = self._edge.fast_path.finish(taking) if taking is not None else None
        if self.transport.is_closing():
            return
        if answer is None:
            super().data_received(request)
        else:
            own = b"".join([b"%s: %s\r\n" % header for header in self.server_state.default_headers])
            self.transport.write(b"HTTP/1.1 201 Created\r\n" + own + answer)
            self.server_state.total_requests += 1
            if self._is_leaving:
                self.transport.close()
                return
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        if held:
            self.data_received(held)
