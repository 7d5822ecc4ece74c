"""What lies between a phone and the server, and fails: a proxy that a test sets, and a ledger of what went through it.

`fault` is what happens to a registration (and to pages too, where it says so); None lets everything through. The
ledger is kept outside the server and outside the page.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

PORTAL_PATH: Final = "/portal"
PORTAL_PAGE: Final = b"<!doctype html><title>Hotel</title><h1>Welcome. Please log in. Submitted!</h1>"
_TIMEOUT_S: Final = 30
_OF_ONE_HOP: Final = {"transfer-encoding", "connection", "content-length", "keep-alive", "host", "accept-encoding"}


class Fault(Enum):
    """What a registration meets on its way."""

    CUT_BEFORE = "the connection ends before the server hears of it"
    CUT_AFTER = "the server committed, the connection ends before the answer"
    HALF_ANSWER = "the server committed, half of the answer arrives"
    PORTAL_200 = "a log-in page answers everything, 200"
    PORTAL_JSON = "a log-in page answers 200 with JSON of its own"
    PORTAL_302 = "a log-in page is redirected to"
    PORTAL_511 = "network authentication required"
    BUSY = "503 with Retry-After"
    GATEWAY = "502 of a proxy, without Retry-After"
    FLOOD = "429, nothing asked"
    SILENCE = "the server committed, and nothing comes back while this lasts"


class FaultyWay:
    """`address` for the browser; `ids` are those each name was posted under, `posts` all attempts in order."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self.fault: Fault | None = None
        self.retry_after = "30"
        self.ids: dict[str, set[str]] = defaultdict(set)
        self.posts: list[tuple[str, str]] = []

    def posts_of(self, name: str) -> list[str]:
        """The ids under which somebody's registration was posted, one for each attempt."""
        return [id for id, whose in self.posts if whose == name]

    def wait_for_post(self, name: str, times: int = 1) -> None:
        """Until somebody's registration was posted that often."""
        until_s = time.monotonic() + _TIMEOUT_S
        while len(self.posts_of(name)) < times:
            assert time.monotonic() < until_s, "nothing was posted"
            time.sleep(0.01)


def _made_up(fault: Fault, retry_after: str) -> tuple[int, dict[str, str], bytes]:
    html = {"content-type": "text/html"}
    details = {"content-type": "application/problem+json", "retry-after": retry_after}
    return {
        Fault.PORTAL_200: (200, html, PORTAL_PAGE),
        Fault.PORTAL_JSON: (200, {"content-type": "application/json"}, b'{"receipt":"x","id":"y"}'),
        Fault.PORTAL_302: (302, {**html, "location": PORTAL_PATH}, b""),
        Fault.PORTAL_511: (511, html, PORTAL_PAGE),
        Fault.BUSY: (503, details, b'{"status":503,"errors":[{"question":"","message":"busy"}]}'),
        Fault.GATEWAY: (502, html, b"<h1>Bad Gateway</h1>"),
        Fault.FLOOD: (429, details, b'{"status":429,"errors":[{"question":"","message":"slower"}]}'),
    }[fault]


@contextmanager
def faulty_way(server: str) -> Iterator[FaultyWay]:
    """A proxy on a free port of 127.0.0.1 before the server at this address."""
    target = urlsplit(server).netloc

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == PORTAL_PATH:
                self.reply(200, {"content-type": "text/html"}, PORTAL_PAGE)
            else:
                self.reply(*self.forwarded(None))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            fault = way.fault
            if "json" in self.headers["content-type"]:
                posted = json.loads(body)
                name = posted["answers"].get("name", "")
                way.ids[name].add(posted["id"])
                way.posts.append((posted["id"], name))
            if fault is None:
                self.reply(*self.forwarded(body))
            elif fault is Fault.CUT_BEFORE:
                self.close_connection = True
            elif fault in (Fault.CUT_AFTER, Fault.HALF_ANSWER, Fault.SILENCE):
                answer = self.forwarded(body)
                while way.fault is Fault.SILENCE:
                    time.sleep(0.02)
                if fault is Fault.HALF_ANSWER:
                    self.reply(*answer, is_half=True)
                self.close_connection = True
            else:
                self.reply(*_made_up(fault, way.retry_after))

        def forwarded(self, body: bytes | None) -> tuple[int, dict[str, str], bytes]:
            asking = http.client.HTTPConnection(target, timeout=_TIMEOUT_S)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_ONE_HOP}
            asking.request(self.command, self.path, body, headers)
            answer = asking.getresponse()
            content = answer.read()
            asking.close()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _OF_ONE_HOP}
            return answer.status, kept, content

        def reply(self, status: int, headers: dict[str, str], body: bytes, *, is_half: bool = False) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if is_half else body)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

        def handle(self) -> None:
            # A browser that is gone is what these tests are about.
            try:
                super().handle()
            except OSError:
                self.close_connection = True

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.daemon_threads = True
    way = FaultyWay(proxy.server_port)
    running = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    running.start()
    try:
        yield way
    finally:
        proxy.shutdown()
        proxy.server_close()
        running.join()
