"""Registering somebody without a phone: what goes to the edge, what comes back, the screen about it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import httpx
import pytest
from django.test import Client
from tests.cast import NOW_MS, Cast

from tianbao.domain.ids import short_number, write_number
from tianbao.domain.problems import Code, Refused
from tianbao.services.forms import newest_form
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
        site=cast.sites[0],
        form=newest_form(),
        answers={"name": name},
        nonce=nonce,
        staff=cast.administrator,
        now_ms=NOW_MS,
    )


# --- the service


def test_the_edge_gets_what_a_phone_would_send_and_staffs_token(installed: Cast, edge: StubEdge) -> None:
    person = register(installed, make_nonce(now_ms=NOW_MS))
    [(path, token, posted)] = edge.came
    assert (path, token) == (f"/S/{installed.sites[0].code}/migrant", TOKEN)
    assert posted["answers"] == {"name": "䶮小雨"}
    assert posted["version"] == newest_form().version
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


@pytest.mark.parametrize(
    ("url", "is_verified"),
    [
        ("https://127.0.0.1:8443", False),
        ("https://[::1]:8443", False),
        ("https://tianbao.example.gov.cn", True),
        ("https://127.0.0.1.example.org", True),
    ],
)
def test_only_over_loopback_no_certificate_is_asked_for(
    installed: Cast, monkeypatch: pytest.MonkeyPatch, url: str, is_verified: bool
) -> None:
    asked: list[bool] = []

    def connect(*, verify: bool, **_: object) -> Any:
        asked.append(verify)
        raise httpx.ConnectError("nobody there")

    monkeypatch.setattr(httpx, "Client", connect)
    monkeypatch.setenv("TIANBAO_EDGE_URL", url)
    with pytest.raises(Refused):
        register(installed, make_nonce(now_ms=NOW_MS))
    assert asked == [is_verified]


# --- the screen

PERSON = {
    "id_type": "resident_id",
    "id_number": "11010519491231002X",
    "name": "䶮小雨",
    "address": "北街 1 号",
    "reason": "visit",
    "itinerary.0.place": "保定顺平",
    "itinerary.0.place.code": "",
    "symptoms": "none",
    "consent": "OK",
}


def post(client: Client, cast: Cast, **changed: str) -> Any:
    fields = {**PERSON, "_site": cast.sites[0].code, **changed}
    return client.post("/console/register", {name: value for name, value in fields.items() if value is not None})


def test_somebody_is_registered_and_the_next_form_stands_ready(
    signed_in: Client, installed: Cast, edge: StubEdge
) -> None:
    answer = post(signed_in, installed)
    answers = edge.came[0][2]["answers"]
    assert answers["name"] == "䶮小雨"
    assert answers["itinerary"] == [{"place": {"text": "保定顺平", "code": ""}}]
    assert answers["symptoms"] == ["none"]
    assert not {"csrfmiddlewaretoken", "_site"} & answers.keys()
    page = signed_in.get(answer["location"])
    record = UUID(edge.came[0][2]["id"])
    assert write_number(short_number(record.hex)) in page.content.decode()
    assert page.context["done"] == record
    assert "䶮小雨" not in page.content.decode(), "nobody's name stands on the next person's form"


def test_the_number_comes_first_and_has_the_cursor(signed_in: Client, installed: Cast) -> None:
    page = signed_in.get("/console/register")
    assert [field.path for field in page.context["fields"]][:3] == ["id_type", "id_number", "name"]
    assert page.context["focus"] == "id_number"
    assert page.context["fields"][0].value == "resident_id"
    assert page.content.decode().count(" autofocus") == 1
    assert len(page.context["fields"][6].rows) == 1, "one row of the itinerary stands open"


def test_neither_symptoms_nor_consent_are_answered_beforehand(signed_in: Client, installed: Cast) -> None:
    page = signed_in.get("/console/register")
    fields = {field.path: field for field in page.context["fields"]}
    assert not any(option.is_chosen for option in fields["symptoms"].options)
    assert [option.name for option in fields["symptoms"].options if option.is_alone] == ["none"]
    assert not fields["consent"].value
    assert fields["consent"].label.startswith(("Read aloud", "已念给")), "said by staff, for the person"
    kept = post(signed_in, installed, _action="add:companions", symptoms="fever").context["fields"]
    symptoms = next(field for field in kept if field.path == "symptoms")
    assert [option.name for option in symptoms.options if option.is_chosen] == ["fever"]


def test_the_site_of_last_time_is_remembered(signed_in: Client, installed: Cast, edge: StubEdge) -> None:
    wanted = installed.sites[2]
    assert signed_in.get(f"/console/register?site={wanted.code}").context["desk"].site == wanted
    assert signed_in.get("/console/register").context["desk"].site == wanted
    post(signed_in, installed, _site=wanted.code)
    assert edge.came[0][0] == f"/S/{wanted.code}/migrant"


def test_what_is_missing_is_said_beside_its_field_and_the_rest_is_kept(
    signed_in: Client, installed: Cast, edge: StubEdge
) -> None:
    answer = post(signed_in, installed, address="", consent="")
    assert answer.status_code == 422
    assert set(answer.context["problems"]) == {"address", "consent"}
    assert 'value="䶮小雨"' in answer.content.decode()
    assert not edge.came


def test_an_unclear_place_is_asked_about_once(signed_in: Client, installed: Cast, edge: StubEdge) -> None:
    unclear = {"itinerary.0.place": "朝阳区"}
    asked = post(signed_in, installed, **unclear)
    assert asked.status_code == 422
    assert "北京市朝阳区" in asked.content.decode()
    assert not edge.came
    chosen = post(signed_in, installed, **unclear, **{"itinerary.0.place.code": "110105", "_asked": "1"})
    assert chosen.status_code == 302
    assert edge.came[0][2]["answers"]["itinerary"][0]["place"] == {"text": "朝阳区", "code": "110105"}


def test_what_was_typed_and_does_not_apply_is_said_once_before_it_is_left_out(
    signed_in: Client, installed: Cast, edge: StubEdge
) -> None:
    asked = post(signed_in, installed, id_type="")
    assert asked.status_code == 422
    assert [answer["text"] for answer in asked.context["unasked"]] == [PERSON["id_number"]]
    assert "_told" in asked.content.decode()
    assert 'value="11010519491231002X"' in asked.content.decode(), "choosing another kind brings it back"
    assert not edge.came
    assert post(signed_in, installed, id_type="", _told="name").status_code == 422, "that was another answer"
    assert post(signed_in, installed, id_type="", _told="id_number").status_code == 302
    assert post(signed_in, installed).status_code == 302, "nothing is asked where all applies"


def test_rows_come_and_go_by_buttons_and_the_cursor_follows(
    signed_in: Client, installed: Cast, edge: StubEdge
) -> None:
    grown = post(signed_in, installed, _action="add:companions")
    assert grown.context["focus"] == "companions.0.name"
    assert 'value="保定顺平"' in grown.content.decode()
    shrunk = post(signed_in, installed, _action="remove:itinerary.0")
    assert 'value="保定顺平"' not in shrunk.content.decode()
    assert not edge.came


def test_a_silent_edge_keeps_what_was_typed(
    signed_in: Client, installed: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIANBAO_EDGE_URL", "http://127.0.0.1:9")
    answer = post(signed_in, installed)
    assert answer.status_code == 422
    assert "general" in answer.context["problems"]
    assert 'value="11010519491231002X"' in answer.content.decode()


def test_a_page_sent_twice_is_one_person(signed_in: Client, installed: Cast, edge: StubEdge) -> None:
    nonce = signed_in.get("/console/register").context["nonce"]
    for _ in range(2):
        post(signed_in, installed, _nonce=nonce)
    assert edge.came[0][2]["id"] == edge.came[1][2]["id"]
    assert signed_in.get("/console/register").context["nonce"] != nonce


@pytest.mark.parametrize(
    ("typed", "is_doubtful", "part"),
    [("11010519491231002X", False, "1949-12-31"), ("110105194912310021", True, "")],
)
def test_what_a_number_says(signed_in: Client, installed: Cast, typed: str, is_doubtful: bool, part: str) -> None:
    said = signed_in.post("/console/register/number", {"type": "resident_id", "number": typed}).json()
    assert said["is_doubtful"] is is_doubtful
    assert part in said["text"]


def test_without_an_open_site_the_screen_says_so(signed_in: Client, installed: Cast) -> None:
    for site in installed.sites:
        signed_in.post(f"/console/sites/{site.code}/state", {"state": "closed"})
    page = signed_in.get("/console/register")
    assert page.status_code == 200
    assert "<form" not in page.content.decode().partition("<main")[2]
