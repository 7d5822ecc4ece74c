"""The short way of a registration: from the bytes of a request to the bytes of its answer, without a task.

Between `edge.protocol`, which asks it first, and the intake. At the hour of the rush nearly all requests are one
thing: a JSON post of a registration, whole in one piece, with nothing wrong with it. Such a one is seen at a glance
and answered with 201. Everything else, and what goes wrong after the glance, goes the whole way from the start
(`edge.app`): a registration that is sent twice is one. docs/adr/0011 has the figures. Must not know: sockets, what
is wrong with a request.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from tianbao.domain.ids import read_uuid7
from tianbao.domain.problems import Refused
from tianbao.domain.receipts import Receipt, read_secret
from tianbao.edge.context import Context, now_ms
from tianbao.edge.form_pages import describe_accepted
from tianbao.edge.http import BODY_BYTES_MAX
from tianbao.edge.intake import Accepted, Plain

_START = re.compile(rb"POST /S/([0-9A-Za-z]{1,16})(?:/([a-z0-9_-]{1,64}))?(?:\?[!-~]{0,200})? HTTP/1\.1\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: ([0-9]{1,6})(?:\r\n|$)")
_UNUSUAL = re.compile(
    rb"\n(?:transfer-encoding|content-encoding|expect|upgrade|connection:[^\r]*close|x-tianbao-staff)"
)
TOGETHER_MAX: Final = 64
"""Registrations that go through the stages together."""
WORK_SHARE: Final = 4
"""In each turn of the loop as many times as long as everything else took, in overload mostly refusing, goes to
registrations; at most `TURN_S_MAX`, so that others are heard."""
TURN_S_MAX: Final = 0.25
Done: TypeAlias = Callable[[bytes | None], None]
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


class _Request(NamedTuple):
    """A post as it was seen at a glance."""

    code: str
    form: str
    body: bytes
    done: Done


class FastPath:
    """One for an edge process, used from its event loop. What arrives together is worked on together."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._arrived: list[_Request] = []
        self._ended_s = time.monotonic()

    def take(self, request: bytes, done: Done) -> bool:
        """Takes what looks like a registration; of any other request it says False and does nothing.

        `request` has the bytes that `bytes_of` asked for. Once it is on disk `done` gets the answer as
        edge.form_pages gives it, without the status line and the server's own headers; None where the whole way has
        to tell what happened. Never before this returns.
        """
        start = _START.match(request)
        if start is None:
            return False
        code, form = start.groups(b"")
        if not self._arrived:
            self._loop.call_soon(self._go_on)
        self._arrived.append(_Request(code.decode(), form.decode(), request.partition(b"\r\n\r\n")[2], done))
        return True

    @property
    def waiting(self) -> int:
        """Registrations that were taken and not looked at."""
        return len(self._arrived)

    def _go_on(self) -> None:
        begun_s = time.monotonic()
        end_s = begun_s + min(TURN_S_MAX, WORK_SHARE * (begun_s - self._ended_s))
        while True:
            arrived = self._arrived[:TOGETHER_MAX]
            del self._arrived[:TOGETHER_MAX]
            plain = [one for request in arrived if (one := self._read(request))]
            self._context.intake.take_plain(plain, now_ms=now_ms())
            if not self._arrived:
                break
            if time.monotonic() > end_s:
                self._loop.call_soon(self._go_on)
                break
        self._ended_s = time.monotonic()

    def _read(self, request: _Request) -> Plain | None:
        done = request.done
        try:
            target = self._context.target(request.code, request.form)
            posted = _decode(request.body)
        except (Refused, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            done(None)
            return None
        answers, version = posted.get("answers"), posted.get("version")
        submission, secret = read_uuid7(posted.get("id")), read_secret(posted.get("secret"))
        is_current = type(version) is int and version == target.published.form.version
        if submission is None or secret is None or type(answers) is not dict or not is_current:
            done(None)
            return None

        def answer(accepted: Accepted | None) -> None:
            if accepted is None:
                done(None)
                return
            written = _encode(describe_accepted(target, accepted))
            done(b"%s%d\r\n\r\n%s" % (_HEADERS, len(written), written))

        return Plain(target, Receipt(submission, secret), answers, answer)


_HEADERS: Final = (
    b"content-type: application/json\r\nx-content-type-options: nosniff\r\n"
    b"cache-control: no-store\r\ncontent-length: "
)


def bytes_of(request: bytes) -> int:
    """How many bytes a request has, from its first ones; 0 for one that does not look like a registration.

    Its head is there, its body is JSON, and nothing about it changes what it means. Browsers send head and body in
    one piece or in two.
    """
    end = request.find(b"\r\n\r\n")
    if end < 0 or not request.startswith(b"POST /S/"):
        return 0
    head = request[:end].lower()
    length = _LENGTH.search(head)
    is_plain = (
        length is not None
        and head.count(b"\ncontent-length") == 1
        and b"\r\ncontent-type: application/json" in head
        and not _UNUSUAL.search(head)
    )
    body_bytes = int(length[1]) if length and is_plain else BODY_BYTES_MAX + 1
    return 0 if body_bytes > BODY_BYTES_MAX else end + 4 + body_bytes
