"""The front door where it is hard: people who leave, bodies that break off, addresses and headers that are odd."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tianbao.asgi import Console, FrontDoor

Message = dict[str, Any]
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ndate: a\r\n\r\nok"


class Person:
    """Sends what is given, takes what comes, and may leave."""

    def __init__(self, *messages: Message) -> None:
        self.sent: list[Message] = []
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        for message in messages or ({"type": "http.request"},):
            self._messages.put_nowait(message)

    def leave(self) -> None:
        self._messages.put_nowait({"type": "http.disconnect"})

    async def receive(self) -> Message:
        return await self._messages.get()

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])


def scope(path: str, *, method: str = "GET", headers: tuple[tuple[bytes, bytes], ...] = ()) -> Message:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "http",
        "headers": [(b"host", b"door"), *headers],
        "client": ("192.0.2.7", 1),
    }


def with_console(handler: Handler, test: Callable[[Console], Awaitable[None]]) -> None:
    """Runs a test against a console that is the given handler of connections."""

    async def run() -> None:
        server = await asyncio.start_server(handler, "127.0.0.1", 0)
        console = Console(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        try:
            async with asyncio.timeout(10):
                await test(console)
        finally:
            await console.close()
            server.close()

    asyncio.run(run())


def remembering(heads: list[bytes]) -> Handler:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            heads.append(head.lower())
            writer.write(OK)

    return answer


def test_a_download_nobody_waits_for_ends_at_the_console() -> None:
    ended = asyncio.Event()

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while not reader.at_eof() and not writer.is_closing():
            writer.write(b"5\r\nrows.\r\n")
            await asyncio.sleep(0.001)
        ended.set()

    async def check(console: Console) -> None:
        person = Person()
        download = asyncio.create_task(console(scope("/console/export"), person.receive, person.send))
        while len(person.sent) < 5:
            await asyncio.sleep(0.001)
        person.leave()
        await download
        await ended.wait()
        assert person.sent[-1]["more_body"]  # it never looked complete

    with_console(stream, check)


UPLOAD = ((b"transfer-encoding", b"chunked"),)


async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    raise AssertionError("nothing is passed on")


def test_half_an_upload_is_not_taken_for_a_whole_one() -> None:
    async def check(console: Console) -> None:
        person = Person({"type": "http.request", "body": b"half", "more_body": True})
        person.leave()
        await console(scope("/console/import", method="POST", headers=UPLOAD), person.receive, person.send)
        assert person.sent == []

    with_console(never, check)


def test_uploads_that_come_slowly_hold_no_connection_to_the_console() -> None:
    async def check(console: Console) -> None:
        slow = [Person({"type": "http.request", "body": b"a", "more_body": True}) for _ in range(100)]
        upload = [scope("/console/import", method="POST", headers=UPLOAD) for _ in slow]
        waiting = [
            asyncio.ensure_future(console(one, person.receive, person.send))
            for one, person in zip(upload, slow, strict=True)
        ]
        quick = Person()
        await console(scope("/console/"), quick.receive, quick.send)
        assert quick.sent[0]["status"] == 200
        for person in slow:
            person.leave()
        await asyncio.gather(*waiting)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)

    with_console(answer, check)


def test_what_is_too_large_for_the_console_does_not_reach_it() -> None:
    async def check(console: Console) -> None:
        said = Person()
        headers = ((b"content-length", b"2097153"),)
        await console(scope("/console/import", method="POST", headers=headers), said.receive, said.send)
        counted = Person(*[{"type": "http.request", "body": b"x" * 65_536, "more_body": True}] * 33)
        await console(scope("/console/import", method="POST", headers=UPLOAD), counted.receive, counted.send)
        assert [person.sent[0]["status"] for person in (said, counted)] == [413, 413]

    with_console(never, check)


def test_headers_of_the_hop_and_of_the_door_are_not_passed_on() -> None:
    heads: list[bytes] = []

    async def check(console: Console) -> None:
        person = Person()
        headers = (
            (b"connection", b"close, X-Secret-Of-This-Hop"),
            (b"x-secret-of-this-hop", b"1"),
            (b"expect", b"100-continue"),
            (b"x-forwarded-for", b"203.0.113.9"),
            (b"x-kept", b"1"),
        )
        await console(scope("/console/", headers=headers), person.receive, person.send)
        assert b"x-kept" in heads[0]
        assert b"x-forwarded-for: 192.0.2.7\r\n" in heads[0]
        for absent in (b"x-secret-of-this-hop", b"expect", b"203.0.113.9", b"connection: close"):
            assert absent not in heads[0]
        assert person.status == 200
        assert [name for name, _ in person.sent[0]["headers"]] == [
            b"content-length"
        ]  # the server adds its own date

    with_console(remembering(heads), check)


@pytest.mark.parametrize("path", ["/console/" + "a" * 70_000, "/console/\x01"])
def test_an_address_that_cannot_be_passed_on_is_refused(path: str) -> None:
    async def check(console: Console) -> None:
        person = Person()
        await console(scope(path), person.receive, person.send)
        assert person.status == 400

    with_console(remembering([]), check)


def test_only_the_consoles_own_paths_reach_it() -> None:
    heads: list[bytes] = []

    async def check(console: Console) -> None:
        reached: list[str] = []

        async def edge(scope: Message, *_: Any) -> None:
            reached.append(scope["path"])

        door = FrontDoor(edge, "http://127.0.0.1:9")  # type: ignore[arg-type]
        door._console = console
        for path in ("/console", "/console/x", "/consolex", "/R/console/"):
            person = Person()
            await door(scope(path), person.receive, person.send)
        assert reached == ["/consolex", "/R/console/"]
        assert len(heads) == 2

    with_console(remembering(heads), check)


def test_a_websocket_is_closed_kindly() -> None:
    async def check(console: Console) -> None:
        person = Person({"type": "websocket.connect"})
        door = FrontDoor(None, "")  # type: ignore[arg-type]
        await door({"type": "websocket", "path": "/console/ws"}, person.receive, person.send)
        assert person.sent == [{"type": "websocket.close"}]

    with_console(remembering([]), check)
