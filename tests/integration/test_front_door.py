"""The passage to the console: what one person is given is never another's, and bytes pass as they are."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from tianbao.asgi import Console


class Stub(BaseHTTPRequestHandler):
    """Gives everybody a cookie, and says which cookie and path came in."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("content-length") or 0)))

    def _answer(self, body: bytes) -> None:
        said = (
            f"{self.path}|{self.headers.get('cookie', '')}|{self.headers.get('x-forwarded-for')}|".encode() + body
        )
        self.send_response(200)
        self.send_header("set-cookie", "session=secret-of-the-first")
        self.send_header("set-cookie", "second=2")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def console_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ask(console_url: str, *requests: tuple[str, str, dict[str, Any]]) -> list[httpx.Response]:
    """Several requests of different people through one passage."""

    async def run() -> list[httpx.Response]:
        console = Console(console_url)
        answers = []
        for method, path, options in requests:
            transport = httpx.ASGITransport(app=console)  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url="http://door") as person:
                answers.append(await person.request(method, path, **options))
        await console.close()
        return answers

    return asyncio.run(run())


def test_nobody_is_given_anothers_cookie(console_url: str) -> None:
    first, second = ask(console_url, ("GET", "/console/", {}), ("GET", "/console/", {}))
    assert first.headers.get_list("set-cookie") == ["session=secret-of-the-first", "second=2"]
    assert second.text.split("|")[1] == ""


def test_ones_own_cookie_passes(console_url: str) -> None:
    (answer,) = ask(console_url, ("GET", "/console/", {"headers": {"cookie": "session=mine"}}))
    assert answer.text.split("|")[1] == "session=mine"


def test_path_query_and_body_pass_as_they_are(console_url: str) -> None:
    path = "/console/a%2Fb%20c?q=%E5%BC%A0&x=1+2"
    (answer,) = ask(console_url, ("POST", path, {"content": b"body \xff"}))
    assert answer.content.startswith(path.encode() + b"|")
    assert answer.content.endswith(b"|body \xff")


def test_nobody_can_say_to_come_from_elsewhere(console_url: str) -> None:
    (answer,) = ask(console_url, ("GET", "/console/", {"headers": {"x-forwarded-for": "10.0.0.1"}}))
    assert "10.0.0.1" not in answer.text


def test_a_console_that_is_not_there_is_said_kindly() -> None:
    (answer,) = ask("http://127.0.0.1:9", ("GET", "/console/", {}))
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
