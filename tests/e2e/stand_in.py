"""A server that stands in for Tianbao's: serves a form page and answers posts the way a test wants.

What it was asked is in `paths` and `posts`, so that a test can say what a phone did, and what it did not.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.page_samples import OTHER_SITE, SITE, page

from tianbao.render.form_page import page_csp

SUGGESTIONS = [
    {"code": "130636", "name": "顺平县", "full": "河北省保定市顺平县"},
    {"code": "130600", "name": "保定市", "full": "河北省保定市"},
]
PROVINCES = [{"code": "130000", "name": "河北省"}, {"code": "110000", "name": "北京市"}]
HEBEI = [["06", "保定市", "bds", [["36", "顺平县", "spx", [["100", "蒲阳镇", "pyz"]]]]]]
RECEIPT = "r" * 43
PAGES = {
    SITE.path(): page("en"),
    OTHER_SITE.path(): page("en", site=OTHER_SITE),
    "/R": "<title>Receipt</title>",
}


@dataclass
class Answer:
    """What a post gets."""

    status: int
    body: str
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Post:
    """What a phone posted."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)


Answering = Callable[[Post], Answer]


def accept(post: Post) -> Answer:
    if "json" not in post.headers["content-type"]:
        return Answer(303, "", "text/html", {"location": "/R"})
    return Answer(201, json.dumps({"id": post.json["id"], "number": "4F7K-2M9Q", "receipt": RECEIPT}))


def busy(post: Post) -> Answer:
    return Answer(503, "{}", "application/problem+json", {"retry-after": "30"})


def captive_portal(post: Post) -> Answer:
    return Answer(200, "<h1>Welcome to the hotel</h1>", "text/html")


def refuse(question: str, sentence: str) -> Answering:
    errors = [{"question": question, "code": "too_long", "message": sentence}]
    body = json.dumps({"title": "Some answers need another look.", "status": 422, "errors": errors})
    return lambda post: Answer(422, body, "application/problem+json")


class StandIn:
    """`answer` may be changed at any time; `address` is its base URL."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self.answer: Answering = accept
        self.paths: list[str] = []
        self.posts: list[Post] = []
        self.pages = dict(PAGES)

    def get(self, path: str) -> Answer:
        if path in self.pages:
            html = self.pages[path]
            policy = {"content-security-policy": page_csp(html)} if "<script>" in html else {}
            return Answer(200, html, "text/html; charset=utf-8", policy)
        if path.startswith("/R/"):
            return Answer(303, "", "text/html", {"location": "/R", "set-cookie": f"r={path[3:]}; Path=/; HttpOnly"})
        found: object = {"/places/provinces": PROVINCES, "/places/13": HEBEI}.get(path)
        if path.startswith("/places?"):
            found = SUGGESTIONS
        return Answer(200, json.dumps(found)) if found else Answer(404, "")


@contextmanager
def standing_in() -> Iterator[StandIn]:
    """Runs one on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            stand_in.paths.append(self.path)
            self.reply(stand_in.get(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            post = Post(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            stand_in.posts.append(post)
            self.reply(stand_in.answer(post))

        def reply(self, answer: Answer) -> None:
            body = answer.body.encode()
            self.send_response(answer.status)
            for name, value in {"content-type": answer.content_type, **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in = StandIn(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
