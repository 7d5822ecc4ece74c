"""Registering somebody without a phone: what goes to the edge, what comes back, the screen about it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import pytest
from tests.cast import NOW_MS, Cast

from tianbao.domain.ids import short_number, write_number
from tianbao.domain.problems import Code, Refused
from tianbao.services.registering import make_nonce, register_person
from tianbao.store.models import Act

TOKEN = "the-edge-knows-it"


@dataclass
class StubEdge:
    """Answers every post with what stands in `status` and `body`; keeps what came."""

    status: int = 201
    body: dict[str, Any] | None = None
    came: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def answer(self, posted: dict[str, Any]) -> dict[str, Any]:
        if self.body is not None:
            return self.body
        number = write_number(short_number(UUID(posted["id"]).hex))
        return {"id": posted["id"], "number": number, "receipt": "x" * 43, "pass": f"https://x/P/{number}"}


@pytest.fixture
def edge(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubEdge]:
    """A server in the edge's place."""
    stub = StubEdge()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted = json.loads(self.rfile.read(int(self.headers["content-length"])))
            stub.came.append((self.path, self.headers.get("x-tianbao-staff", ""), posted))
            body = json.dumps(stub.answer(posted)).encode()
            self.send_response(stub.status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("TIANBAO_EDGE_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("TIANBAO_EDGE_TOKEN", TOKEN)
    yield stub
    server.shutdown()
    server.server_close()
    thread.join()


def register(cast: Cast, nonce: bytes, name: str = "䶮小雨") -> Any:
    return register_person(
        site=cast.sites[0], answers={"name": name}, nonce=nonce, staff=cast.administrator, now_ms=NOW_MS
    )


# --- the service


def test_the_edge_gets_what_a_phone_would_send_and_staffs_token(installed: Cast, edge: StubEdge) -> None:
    person = register(installed, make_nonce(now_ms=NOW_MS))
    [(path, token, posted)] = edge.came
    assert (path, token) == (f"/S/{installed.sites[0].code}", TOKEN)
    assert posted["answers"] == {"name": "䶮小雨"}
    assert posted["version"] == installed.sites[0].form.version
    assert len(posted["secret"]) == 22
    assert UUID(posted["id"]).version == 7
    assert person.record == UUID(posted["id"])
    act = Act.objects.get(verb="record.register")
    assert (act.subject, act.staff) == (person.record.hex, installed.administrator)
    assert "䶮" not in json.dumps(act.detail)


def test_the_same_form_sent_twice_is_one_registration(installed: Cast, edge: StubEdge) -> None:
    nonce = make_nonce(now_ms=NOW_MS)
    assert register(installed, nonce) == register(installed, nonce)
    assert register(installed, nonce, "阿依古丽").record != register(installed, nonce).record
    assert register(installed, make_nonce(now_ms=NOW_MS)).record != register(installed, nonce).record


@pytest.mark.parametrize(
    ("status", "body", "codes"),
    [
        (
            422,
            {"code": "required", "errors": [{"question": "name", "code": "required", "message": "…"}]},
            [(Code.REQUIRED, "name")],
        ),
        (503, {"code": "busy", "errors": []}, [(Code.BUSY, "")]),
        (409, {"code": "site_closed"}, [(Code.SITE_CLOSED, "")]),
        (500, {"detail": "of another program"}, [(Code.STORAGE, "")]),
    ],
)
def test_what_the_edge_refuses_is_refused_here(
    installed: Cast, edge: StubEdge, status: int, body: dict[str, Any], codes: list[tuple[Code, str]]
) -> None:
    edge.status, edge.body = status, body
    with pytest.raises(Refused) as refused:
        register(installed, make_nonce(now_ms=NOW_MS))
    assert [(problem.code, problem.question) for problem in refused.value.problems] == codes
    assert not Act.objects.filter(verb="record.register").exists()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "", "not a url"])
def test_an_edge_that_does_not_answer_is_a_problem_not_an_error(
    installed: Cast, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("TIANBAO_EDGE_URL", url)
    with pytest.raises(Refused) as refused:
        register(installed, make_nonce(now_ms=NOW_MS))
    assert refused.value.problems[0].code is Code.STORAGE
