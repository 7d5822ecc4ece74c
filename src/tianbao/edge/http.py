"""As much HTTP as the edge needs over ASGI: a request with limits, a response with its headers.

Below every other module of the edge. Must not know: sites, forms, receipts.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

from tianbao.domain.files import download_headers
from tianbao.domain.problems import Code, refuse

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

BODY_BYTES_MAX: Final = 262_144
FIELDS_MAX: Final = 2_000
QUERY_BYTES_MAX: Final = 2_000
QUERY_FIELDS_MAX: Final = 20
COOKIE_BYTES_MAX: Final = 4_096
SHRUNK_BYTES_MIN: Final = 2_000
SHRUNK_LEVEL: Final = 5
"""Of gzip: 60 kB of a page become 12 kB in a millisecond."""


LET_IN: Final = "tianbao.let_in"
"""Among the extensions of a request that the throttle has let in already."""
PIECE_WAIT_S: Final = 60.0
"""How long a phone may fall silent while it sends a file."""


class Disconnected(Exception):
    """The phone went away, or fell silent, before its request was whole."""


class Request:
    """One HTTP request. Headers are looked up when asked for; the body is read once, within its limit."""

    __slots__ = ("_headers", "_receive", "method", "path", "scope")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self._receive = receive
        self._headers: dict[bytes, bytes] | None = None

    def header(self, name: bytes) -> str:
        """A header's value, empty if absent; `name` in lower case."""
        if self._headers is None:
            self._headers = dict(self.scope["headers"])
        return self._headers.get(name, b"").decode("latin-1")

    @property
    def is_https(self) -> bool:
        return bool(self.scope["scheme"] == "https")

    @property
    def address(self) -> str:
        """Where it comes from; behind a proxy that is what the proxy says."""
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    @property
    def is_let_in(self) -> bool:
        return LET_IN in self.scope.get("extensions", ())

    @property
    def is_from_elsewhere(self) -> bool:
        """Whether a page of another site posts this, as far as its browser says.

        `Sec-Fetch-Site` comes over HTTPS alone, and our pages' own forms carry `Origin: null` since they send no
        referrer; what nobody says is left to the cookies' SameSite.
        """
        if said := self.header(b"sec-fetch-site"):
            return said not in ("same-origin", "none")
        origin = self.header(b"origin")
        return origin not in ("", "null") and origin.partition("://")[2].lower() != self.header(b"host").lower()

    def refuse_from_elsewhere(self) -> None:
        """Refuses what a page of another site posts."""
        if self.is_from_elsewhere:
            raise refuse(Code.METHOD)

    @property
    def query(self) -> dict[str, str]:
        """The first fields of the query; whatever more somebody hangs on a link means nothing."""
        raw: bytes = self.scope["query_string"]
        fields = raw[:QUERY_BYTES_MAX].decode("latin-1").split("&", QUERY_FIELDS_MAX)[:QUERY_FIELDS_MAX]
        return dict(parse_qsl("&".join(fields))) if raw else {}

    @property
    def cookies(self) -> dict[str, str]:
        """Cookies by name; the first of a name counts."""
        found: dict[str, str] = {}
        for part in self.header(b"cookie")[:COOKIE_BYTES_MAX].split(";"):
            name, _, value = part.strip().partition("=")
            found.setdefault(name, value)
        return found

    async def read_body(self) -> bytes:
        """The whole body; refuses a longer one before it is read, or as soon as it is too long."""
        length = self.header(b"content-length")
        if length.isdecimal() and int(length[:12]) > BODY_BYTES_MAX:
            raise refuse(Code.BODY_TOO_LARGE, bytes_max=BODY_BYTES_MAX)
        if self.header(b"content-encoding"):
            raise refuse(Code.MEDIA_TYPE)
        message = await self._receive()
        if message["type"] != "http.request":
            raise Disconnected
        body: bytes = message.get("body", b"")
        if message.get("more_body"):
            parts = [body]
            size = len(body)
            while message.get("more_body"):
                message = await self._receive()
                if message["type"] != "http.request":
                    raise Disconnected
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > BODY_BYTES_MAX:
                    raise refuse(Code.BODY_TOO_LARGE, bytes_max=BODY_BYTES_MAX)
            body = b"".join(parts)
        if len(body) > BODY_BYTES_MAX:
            raise refuse(Code.BODY_TOO_LARGE, bytes_max=BODY_BYTES_MAX)
        return body

    async def pieces(self, bytes_max: int) -> AsyncIterator[bytes]:
        """The body as it comes, for what is too large to be held; refuses a longer one as `read_body` does."""
        length = self.header(b"content-length")
        if length.isdecimal() and int(length[:12]) > bytes_max:
            raise refuse(Code.BODY_TOO_LARGE, bytes_max=bytes_max)
        if self.header(b"content-encoding"):
            raise refuse(Code.MEDIA_TYPE)
        size, is_whole = 0, False
        while not is_whole:
            try:
                message = await asyncio.wait_for(self._receive(), PIECE_WAIT_S)
            except TimeoutError:
                raise Disconnected from None
            if message["type"] != "http.request":
                raise Disconnected
            piece: bytes = message.get("body", b"")
            size += len(piece)
            if size > bytes_max:
                raise refuse(Code.BODY_TOO_LARGE, bytes_max=bytes_max)
            is_whole = not message.get("more_body")
            if piece:
                yield piece

    async def read_form(self) -> list[tuple[str, str]]:
        """The pairs of an `application/x-www-form-urlencoded` body; refuses what a page of another site posts."""
        self.refuse_from_elsewhere()
        body = await self.read_body()
        try:
            return parse_qsl(
                body.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=FIELDS_MAX,
            )
        except UnicodeDecodeError:
            raise refuse(Code.NOT_UTF8) from None
        except ValueError:
            raise refuse(Code.MALFORMED_FORM) from None


@dataclass(slots=True)
class Response:
    """What goes back. `headers` are pairs of lower-case names and values."""

    status: int
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    headers: list[tuple[str, str]] = field(default_factory=list)

    def set_cookie(self, name: str, value: str, *, age_s: int, is_https: bool) -> None:
        """A cookie that no script reads; `age_s` 0 removes it."""
        secure = "; Secure" if is_https else ""
        self.headers.append(
            ("set-cookie", f"{name}={value}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Lax{secure}")
        )

    def shrink(self, request: Request) -> None:
        """Compresses a page that was made for one reader, where the reader's browser takes it so."""
        if len(self.body) <= SHRUNK_BYTES_MIN or not self.content_type.startswith("text/html"):
            return
        is_packed = any(name == "content-encoding" for name, _ in self.headers)
        if not is_packed and "gzip" in request.header(b"accept-encoding"):
            self.body = gzip.compress(self.body, SHRUNK_LEVEL, mtime=0)
            self.headers.append(("content-encoding", "gzip"))

    async def send(self, send: Send, *, is_head: bool = False) -> None:
        headers = [(b"content-type", self.content_type.encode()), (b"x-content-type-options", b"nosniff")]
        if self.status not in (204, 304):  # RFC 9110 §8.6
            headers.append((b"content-length", b"%d" % len(self.body)))
        headers.extend((name.encode(), value.encode("latin-1")) for name, value in self.headers)
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if is_head else self.body})


@dataclass(slots=True)
class Download:
    """A file for somebody to keep: never shown by the browser, whatever it is, under the rules of an empty page.

    `pieces` are read on a thread, by `work`.
    """

    name: str
    size: int
    pieces: Iterator[bytes]
    work: Callable[..., Awaitable[Any]]

    async def send(self, send: Send, *, is_head: bool = False) -> None:
        headers = [*download_headers(self.name), ("content-length", str(self.size))]
        raw = [(name.encode(), value.encode()) for name, value in headers]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        while not is_head and (piece := await self.work(next, self.pieces, b"")):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def redirect(location: str) -> Response:
    """303 See Other: after a post, and wherever a link leads on."""
    return Response(303, headers=[("location", location), ("cache-control", "no-store")])
