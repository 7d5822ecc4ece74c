"""The one door: the edge first, and behind it, for every other path, the console in its own process.

The console's work (an export, a search) never holds the interpreter that takes registrations. Must not know:
what either of them answers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

from tianbao.edge.app import Edge
from tianbao.edge.http import Receive, Scope, Send

CONSOLE_WAIT_S = 120.0
"""How long the console may take to begin an answer."""

_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade".split()
)
_OWN_HEADERS = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded"})


class FrontDoor:
    """The ASGI application of `tianbao serve`."""

    def __init__(self, edge: Edge, console_url: str) -> None:
        self._edge = edge
        self._console = Console(console_url) if console_url else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._run_lifespan(receive, send)
        elif self._console is not None and scope["path"].startswith("/console"):
            await self._console(scope, receive, send)
        else:
            await self._edge(scope, receive, send)

    async def _run_lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._edge.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._edge.stop()
        if self._console is not None:
            await self._console.close()
        await send({"type": "lifespan.shutdown.complete"})


class Console:
    """A streaming reverse proxy to the console's own server on the loopback interface."""

    def __init__(self, url: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=url,
            timeout=httpx.Timeout(CONSOLE_WAIT_S, connect=5.0),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=16),
            trust_env=False,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        url = httpx.URL(path=scope["path"], query=scope["query_string"])
        request = self._client.build_request(
            scope["method"], url, headers=_forwarded(scope), content=_body_of(receive)
        )
        try:
            response = await self._client.send(request, stream=True)
        except httpx.HTTPError:
            await _say_unreachable(send)
            return
        try:
            headers = [(name, value) for name, value in response.headers.raw if name.lower() not in _HOP_BY_HOP]
            await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
            async for chunk in response.aiter_raw():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await response.aclose()


def _forwarded(scope: Scope) -> list[tuple[bytes, bytes]]:
    dropped = _HOP_BY_HOP | _OWN_HEADERS
    headers = [(name, value) for name, value in scope["headers"] if name not in dropped]
    client = scope.get("client")
    headers.append((b"x-forwarded-for", client[0].encode() if client else b""))
    headers.append((b"x-forwarded-proto", scope["scheme"].encode()))
    return headers


async def _body_of(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return


async def _say_unreachable(send: Send) -> None:
    body = "控制台正在启动，请稍后刷新。 The console is starting; please reload in a moment.".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"retry-after", b"3"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})
