"""The one door: the edge first, and behind it, for every other path, the console in its own process.

The console's work (an export, a search) never holds the interpreter that takes registrations. Must not know:
what either of them answers.
"""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import httpx

from tianbao.edge.app import Edge
from tianbao.edge.http import Disconnected, Receive, Scope, Send

CONSOLE_WAIT_S = 120.0
"""How long the console may take to begin an answer."""

CONSOLE_BODY_BYTES_MAX = 1 << 21
HELD_BYTES_MAX = 1 << 26
"""Of all bodies that are on their way to the console at a time."""

_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade".split()
)
_OWN_REQUEST_HEADERS = frozenset(b"x-forwarded-for x-forwarded-proto x-forwarded-host forwarded expect".split())
_OWN_RESPONSE_HEADERS = frozenset({b"date"})
"""Said or answered by the door itself, never passed on."""


class FrontDoor:
    """The ASGI application of `tianbao serve`."""

    def __init__(self, edge: Edge, console_url: str) -> None:
        self._edge = edge
        self._console = Console(console_url) if console_url else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._run_lifespan(receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close"})  # nothing here speaks it
        elif self._console is not None and f"{scope['path']}/".startswith("/console/"):
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
    """A reverse proxy, streaming its answers, to the console's own server on the loopback interface.

    It speaks to httpx's transport, never to a client: a client would keep the cookies of one person and send
    them with the requests of the next. A body is passed on once it is whole: one that comes slowly holds none of
    the few connections to the console.
    """

    def __init__(self, url: str) -> None:
        self._base = httpx.URL(url)
        self._transport = httpx.AsyncHTTPTransport(
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=16)
        )
        self._held_bytes = 0

    async def close(self) -> None:
        await self._transport.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        held = bytearray()
        try:
            too_large = _has_body(scope) and await self._read(scope, receive, held)
            if too_large:
                await _say(send, 413, "内容太大。 This is too large.")
            elif self._held_bytes > HELD_BYTES_MAX:
                await _say(send, 503, "现在太忙，请稍后再试。 Very busy; please try again in a moment.")
            else:
                await self._pass_on(scope, receive, send, bytes(held))
        except Disconnected:
            return
        finally:
            self._held_bytes -= len(held)

    async def _read(self, scope: Scope, receive: Receive, held: bytearray) -> bool:
        """Reads the body into `held`; whether it is too large, which ends the reading."""
        given = dict(scope["headers"]).get(b"content-length", b"0")
        if len(given) > 12 or int(given or 0) > CONSOLE_BODY_BYTES_MAX:
            return True
        is_whole = False
        while not is_whole and self._held_bytes <= HELD_BYTES_MAX:
            message = await receive()
            if message["type"] != "http.request":
                raise Disconnected  # half a body must not pass for a whole one
            piece = message.get("body", b"")
            held += piece
            self._held_bytes += len(piece)
            if len(held) > CONSOLE_BODY_BYTES_MAX:
                return True
            is_whole = not message.get("more_body")
        return False

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, body: bytes) -> None:
        raw_path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
        target = raw_path + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        try:
            request = httpx.Request(
                scope["method"],
                self._base.copy_with(raw_path=target),
                headers=_forwarded(scope),
                content=body or None,
                extensions={"timeout": httpx.Timeout(CONSOLE_WAIT_S, connect=5.0).as_dict()},
            )
            response = await self._transport.handle_async_request(request)
        except httpx.InvalidURL:
            await _say(send, 400, "网址无效。 This address is malformed.")
            return
        except httpx.HTTPError:
            await _say(
                send, 503, "控制台正在启动，请稍后刷新。 The console is starting; please reload in a moment."
            )
            return
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            dropped = _HOP_BY_HOP | _OWN_RESPONSE_HEADERS
            headers = [(name, value) for name, value in response.headers.raw if name.lower() not in dropped]
            await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
            async for chunk in response.aiter_raw():
                if gone.done():  # a server takes bytes for nobody in silence, and an export would run to its end
                    return
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            await response.aclose()


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


def _forwarded(scope: Scope) -> list[tuple[bytes, bytes]]:
    named = [value for name, value in scope["headers"] if name == b"connection"]  # RFC 9110 §7.6.1
    of_this_hop = {token.strip().lower() for value in named for token in value.split(b",")}
    dropped = _HOP_BY_HOP | _OWN_REQUEST_HEADERS | of_this_hop
    headers = [(name, value) for name, value in scope["headers"] if name not in dropped]
    client = scope.get("client")
    headers.append((b"x-forwarded-for", client[0].encode() if client else b""))
    headers.append((b"x-forwarded-proto", scope["scheme"].encode()))
    return headers


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _say(send: Send, status: int, text: str) -> None:
    body = text.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    if status == 503:
        headers.append((b"retry-after", b"3"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
