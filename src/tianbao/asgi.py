"""The one door: the edge first, and behind it, for every other path, the console in its own process.

The console's work (an export, a search) never holds the interpreter that takes registrations. Must not know:
what either of them answers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote

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
    """A streaming reverse proxy to the console's own server on the loopback interface.

    It speaks to httpx's transport, never to a client: a client would keep the cookies of one person and send
    them with the requests of the next.
    """

    def __init__(self, url: str) -> None:
        self._base = httpx.URL(url)
        self._transport = httpx.AsyncHTTPTransport(
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=16)
        )

    async def close(self) -> None:
        await self._transport.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw_path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
        target = raw_path + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        request = httpx.Request(
            scope["method"],
            self._base.copy_with(raw_path=target),
            headers=_forwarded(scope),
            content=_body_of(receive) if _has_body(scope) else None,
            extensions={"timeout": httpx.Timeout(CONSOLE_WAIT_S, connect=5.0).as_dict()},
        )
        try:
            response = await self._transport.handle_async_request(request)
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


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


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
