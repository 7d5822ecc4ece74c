"""What people and programs send that is wrong, each with the answer it must get: no 500, no silent change.

A row is (what is sent, status, {question: code}). A row with status 201 is odd and right: it must be stored
exactly as it was sent.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.edge_client import GOOD, EdgeClient, changed, make_installation, new_submission

from tianbao.config import Config
from tianbao.domain.receipts import read_receipt


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeClient]:
    data: Path = tmp_path_factory.mktemp("bad-inputs")
    client = EdgeClient(Config(data), make_installation(data))
    yield client
    client.close()


def leg(**answers: Any) -> dict[str, Any]:
    return {"itinerary": [{"place": "130636", **answers}]}


def companion(**answers: Any) -> dict[str, Any]:
    return {"companions": [{"name": "李四", **answers}]}


ANSWERS: list[tuple[dict[str, Any], int, dict[str, str]]] = [
    # names
    ({"name": ...}, 422, {"name": "required"}),
    ({"name": None}, 422, {"name": "required"}),
    ({"name": ""}, 422, {"name": "required"}),
    ({"name": "   "}, 422, {"name": "required"}),
    ({"name": "\u3000"}, 422, {"name": "required"}),
    ({"name": 7}, 422, {"name": "not_text"}),
    ({"name": True}, 422, {"name": "not_text"}),
    ({"name": ["张三"]}, 422, {"name": "not_text"}),
    ({"name": {"first": "三"}}, 422, {"name": "not_text"}),
    ({"name": "张\x00三"}, 422, {"name": "forbidden_character"}),
    ({"name": "张\n三"}, 422, {"name": "forbidden_character"}),
    ({"name": "张\t三"}, 422, {"name": "forbidden_character"}),
    ({"name": "张\x7f"}, 422, {"name": "forbidden_character"}),
    ({"name": "张\x85"}, 422, {"name": "forbidden_character"}),
    ({"name": "长" * 101}, 422, {"name": "too_long"}),
    ({"name": "长" * 100}, 201, {}),
    ({"name": "𠮷" * 100}, 201, {}),
    ({"name": "㐱䶮𠮷𬱖"}, 201, {}),
    ({"name": " 张三 "}, 201, {}),
    ({"name": "e\u0301"}, 201, {}),
    ({"name": "ﬁ"}, 201, {}),
    ({"name": "\u202e三张"}, 201, {}),
    ({"name": "=1+1"}, 201, {}),
    ({"name": "<script>alert(1)</script>"}, 201, {}),
    ({"name": "'; DROP TABLE submission; --"}, 201, {}),
    ({"name": "123"}, 201, {}),
    # phones
    ({"phone": ...}, 201, {}),
    ({"phone": ""}, 201, {}),
    ({"phone": 13812345678}, 422, {"phone": "not_text"}),
    ({"phone": "1" * 41}, 422, {"phone": "too_long"}),
    ({"phone": "138\n"}, 422, {"phone": "forbidden_character"}),
    ({"phone": "138"}, 201, {}),
    ({"phone": "不知道"}, 201, {}),
    ({"phone": "+1 (555) 010-9999"}, 201, {}),
    ({"phone": "0312-7690000转8"}, 201, {}),
    ({"phone": "１３８１２３４５６７８"}, 201, {}),
    # documents
    ({"id_type": "driving_licence"}, 422, {"id_type": "not_a_choice"}),
    ({"id_type": ["resident_id"]}, 422, {"id_type": "not_a_choice"}),
    ({"id_type": 1}, 422, {"id_type": "not_a_choice"}),
    ({"id_number": ...}, 422, {"id_number": "required"}),
    ({"id_number": " "}, 422, {"id_number": "required"}),
    ({"id_number": 110105194912310021}, 422, {"id_number": "not_text"}),
    ({"id_number": "1" * 41}, 422, {"id_number": "too_long"}),
    ({"id_number": "110105194912310021"}, 201, {}),
    ({"id_number": "110105194902310021"}, 201, {}),
    ({"id_number": "11010519491231002x"}, 201, {}),
    ({"id_number": "110105491231002"}, 201, {}),
    ({"id_number": "000000000000000000"}, 201, {}),
    ({"id_type": "passport", "id_number": "?"}, 201, {}),
    ({"id_type": "hk_macau_permit", "id_number": "H12345678"}, 201, {}),
    ({"id_type": ..., "id_number": ...}, 201, {}),
    ({"id_type": "", "id_number": ""}, 201, {}),
    # address, reason, consent, symptoms, temperature
    ({"address": ...}, 422, {"address": "required"}),
    ({"address": "路" * 201}, 422, {"address": "too_long"}),
    ({"reason": ...}, 422, {"reason": "required"}),
    ({"reason": "tourism"}, 422, {"reason": "not_a_choice"}),
    ({"reason": "返乡回家"}, 422, {"reason": "not_a_choice"}),
    ({"consent": ...}, 422, {"consent": "not_acknowledged"}),
    ({"consent": False}, 422, {"consent": "not_acknowledged"}),
    ({"consent": "no"}, 422, {"consent": "not_acknowledged"}),
    ({"consent": 1}, 422, {"consent": "not_acknowledged"}),
    ({"symptoms": ...}, 422, {"symptoms": "required"}),
    ({"symptoms": []}, 422, {"symptoms": "required"}),
    ({"symptoms": ["none", "fever"]}, 422, {"symptoms": "exclusive_choice"}),
    ({"symptoms": ["headache"]}, 422, {"symptoms": "not_a_choice"}),
    ({"symptoms": [1]}, 422, {"symptoms": "not_a_choice"}),
    ({"symptoms": {"fever": True}}, 422, {"symptoms": "not_a_list"}),
    ({"symptoms": 3}, 422, {"symptoms": "not_a_list"}),
    ({"temperature": "热"}, 422, {"temperature": "not_a_number"}),
    ({"temperature": "36,5"}, 422, {"temperature": "not_a_number"}),
    ({"temperature": "1e1"}, 422, {"temperature": "not_a_number"}),
    ({"temperature": True}, 422, {"temperature": "not_a_number"}),
    ({"temperature": [36.5]}, 422, {"temperature": "not_a_number"}),
    ({"temperature": 1e300}, 422, {"temperature": "not_a_number"}),
    ({"temperature": 29.9}, 422, {"temperature": "constraint"}),
    ({"temperature": 97.7}, 422, {"temperature": "constraint"}),
    ({"temperature": "45"}, 201, {}),
    # itinerary
    ({"itinerary": ...}, 201, {}),
    ({"itinerary": []}, 201, {}),
    ({"itinerary": "北京"}, 422, {"itinerary": "not_a_list"}),
    ({"itinerary": {"place": "北京"}}, 422, {"itinerary": "not_a_list"}),
    ({"itinerary": ["北京"]}, 422, {"itinerary.0": "not_an_object"}),
    ({"itinerary": [None]}, 422, {"itinerary.0": "not_an_object"}),
    ({"itinerary": [{}]}, 201, {}),
    ({"itinerary": [{"place": "", "arrived_on": "", "transport": ""}]}, 201, {}),
    ({"itinerary": [{"arrived_on": "2026-11-18"}]}, 422, {"itinerary.0.place": "required"}),
    ({"itinerary": [{"place": "130636"}, {"transport": "car"}]}, 422, {"itinerary.1.place": "required"}),
    ({"itinerary": [{"place": "130636"}] * 21}, 422, {"itinerary": "too_many"}),
    ({"itinerary": [{"place": "130636"}] * 20}, 201, {}),
    (leg(place=130636), 422, {"itinerary.0.place": "not_text"}),
    (leg(place={"code": "990000"}), 422, {"itinerary.0.place": "unknown_place_code"}),
    (leg(place={"code": 130636}), 422, {"itinerary.0.place": "unknown_place_code"}),
    (leg(place={"text": "顺平", "lat": 1}), 422, {"itinerary.0.place.lat": "unknown_question"}),
    (leg(place="城" * 101), 422, {"itinerary.0.place": "too_long"}),
    (leg(place="999999"), 201, {}),
    (leg(place="外婆家"), 201, {}),
    (leg(place="鼓楼区"), 201, {}),
    (leg(arrived_on="昨天"), 422, {"itinerary.0.arrived_on": "not_a_date"}),
    (leg(arrived_on="2026-02-30"), 422, {"itinerary.0.arrived_on": "not_a_date"}),
    (leg(arrived_on="26-11-18"), 422, {"itinerary.0.arrived_on": "not_a_date"}),
    (leg(arrived_on="1899-12-31"), 422, {"itinerary.0.arrived_on": "not_a_date"}),
    (leg(arrived_on="2026-11-18T10:00"), 422, {"itinerary.0.arrived_on": "not_a_date"}),
    (leg(arrived_on=20261118), 422, {"itinerary.0.arrived_on": "not_a_date"}),
    (leg(arrived_on="2026-11-20", left_on="2026-11-19"), 422, {"itinerary.0.left_on": "constraint"}),
    (leg(arrived_on="2026年11月5日"), 201, {}),
    (leg(arrived_on="2026/11/5"), 201, {}),
    (leg(arrived_on="2099-01-01"), 201, {}),
    (leg(transport="rocket"), 422, {"itinerary.0.transport": "not_a_choice"}),
    (leg(transport="train", transport_no="长" * 41), 422, {"itinerary.0.transport_no": "too_long"}),
    # companions
    ({"companions": [{"relation": "child"}]}, 422, {"companions.0.name": "required"}),
    (companion(relation="pet"), 422, {"companions.0.relation": "not_a_choice"}),
    (companion(id_type="passport", id_number="x" * 41), 422, {"companions.0.id_number": "too_long"}),
    (companion(age=5), 422, {"companions.0.age": "unknown_question"}),
    # questions nobody asked, several at once
    ({"admin": True}, 422, {"admin": "unknown_question"}),
    ({"__proto__": {"x": 1}}, 422, {"__proto__": "unknown_question"}),
    ({"name": ..., "temperature": 50}, 422, {"name": "required", "temperature": "constraint"}),
]


@pytest.mark.parametrize(("changes", "status", "errors"), ANSWERS, ids=lambda value: repr(value)[:60])
def test_answers(edge: EdgeClient, changes: dict[str, Any], status: int, errors: dict[str, str]) -> None:
    answers = changed(**changes)
    response = edge.submit(answers)
    assert response.status_code == status, response.text
    if status == 201:
        assert stored_text(edge, response.json()["receipt"], "name") == answers["name"]
        return
    assert response.headers["content-type"] == "application/problem+json"
    told = {error["question"]: error["code"] for error in response.json()["errors"]}
    assert told == errors
    assert all(error["message"] for error in response.json()["errors"])


def test_an_accepted_odd_registration_keeps_every_answer(edge: EdgeClient) -> None:
    odd = [changes for changes, status, _ in ANSWERS if status == 201]
    for changes in odd:
        answers = changed(**changes)
        token = edge.submit(answers).json()["receipt"]
        own = edge.run(edge.edge.context.archive.open(read_receipt(token)))
        for name in ("name", "phone", "id_number", "address"):
            assert own.answers.get(name, "") == (answers.get(name) or "")


def stored_text(edge: EdgeClient, token: str, name: str) -> str:
    own = edge.run(edge.edge.context.archive.open(read_receipt(token)))
    return str(own.answers[name])


BODIES: list[tuple[str, dict[str, Any], int, str]] = [
    ("no JSON", {"content": b"{", "type": "application/json"}, 400, "malformed_json"),
    ("an empty body", {"content": b"", "type": "application/json"}, 400, "malformed_json"),
    ("a JSON list", {"content": b"[]", "type": "application/json"}, 400, "malformed_json"),
    ("a JSON text", {"content": b'"x"', "type": "application/json"}, 400, "malformed_json"),
    ("not UTF-8", {"content": b'{"id":"\xff"}', "type": "application/json"}, 400, "malformed_json"),
    ("deep nesting", {"content": b'{"a":' * 5000 + b"1" + b"}" * 5000, "type": "application/json"}, 400, "malformed_json"),
    ("NaN", {"content": b'{"id":NaN}', "type": "application/json"}, 400, "malformed_json"),
    ("a lone surrogate", {"content": b'{"answers":{"name":"\\ud800"}}', "type": "application/json"}, 400, "malformed_json"),
    ("plain text", {"content": b"name=x", "type": "text/plain"}, 415, "media_type"),
    ("XML", {"content": b"<a/>", "type": "application/xml"}, 415, "media_type"),
    ("no type", {"content": b"{}", "type": ""}, 415, "media_type"),
    ("a compressed body", {"content": b"x", "type": "application/json", "encoding": "gzip"}, 415, "media_type"),
    ("too large a body", {"content": b"x" * 300_000, "type": "application/json"}, 413, "body_too_large"),
    ("a form that is not UTF-8", {"content": b"name=%ff%fe", "type": "application/x-www-form-urlencoded"}, 400, "not_utf8"),
    ("raw bytes in a form", {"content": b"name=\xe5", "type": "application/x-www-form-urlencoded"}, 400, "not_utf8"),
    ("a form of 3,000 fields", {"content": b"&".join([b"a=1"] * 3000), "type": "application/x-www-form-urlencoded"}, 400, "malformed_form"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "body", "status", "code"), BODIES, ids=[row[0] for row in BODIES])
def test_bodies(edge: EdgeClient, name: str, body: dict[str, Any], status: int, code: str) -> None:
    headers = {"accept": "application/json"}
    if body["type"]:
        headers["content-type"] = body["type"]
    if "encoding" in body:
        headers["content-encoding"] = body["encoding"]
    response = edge.post(edge.site, content=body["content"], headers=headers)
    assert (response.status_code, response.json()["code"]) == (status, code)


ENVELOPES: list[tuple[dict[str, Any], int, str]] = [
    ({"id": None}, 422, "invalid_id"),
    ({"id": 5}, 422, "invalid_id"),
    ({"id": "not-an-id"}, 422, "invalid_id"),
    ({"id": "6a5c2f2e-2b64-4d4e-9d3b-0a6a8c6d2f11"}, 422, "invalid_id"),
    ({"secret": None}, 422, "invalid_secret"),
    ({"secret": "short"}, 422, "invalid_secret"),
    ({"secret": "!" * 22}, 422, "invalid_secret"),
    ({"version": 99}, 422, "unknown_version"),
    ({"version": "1"}, 422, "unknown_version"),
    ({"version": True}, 422, "unknown_version"),
    ({"answers": None}, 422, "not_an_object"),
    ({"answers": []}, 422, "not_an_object"),
    ({"answers": "name"}, 422, "not_an_object"),
]


@pytest.mark.parametrize(("changes", "status", "code"), ENVELOPES, ids=lambda value: repr(value)[:50])
def test_envelopes(edge: EdgeClient, changes: dict[str, Any], status: int, code: str) -> None:
    response = edge.post(edge.site, json={**new_submission(), "answers": GOOD, **changes})
    assert (response.status_code, response.json()["code"]) == (status, code)


ROUTES: list[tuple[str, str, int]] = [
    ("GET", "/S/ZZZZZ", 404),
    ("GET", "/S/ZZZZZ.json", 404),
    ("POST", "/S/ZZZZZ", 404),
    ("GET", "/S/", 404),
    ("GET", "/S/%00", 404),
    ("GET", "/S/../../etc/passwd", 404),
    ("GET", "/nowhere", 404),
    ("DELETE", "/S/{code}", 405),
    ("PUT", "/S/{code}", 405),
    ("POST", "/S/{code}.json", 405),
    ("POST", "/healthz", 405),
    ("GET", "/R/forget", 405),
    ("GET", "/R", 404),
    ("GET", "/R/" + "A" * 43, 404),
    ("GET", "/R/x", 404),
    ("GET", "/R/pass.png", 404),
    ("GET", "/R/correct", 404),
    ("POST", "/R", 404),
    ("GET", "/places/99", 404),
    ("GET", "/places/xx", 404),
]


@pytest.mark.parametrize(("method", "path", "status"), ROUTES)
def test_routes(edge: EdgeClient, method: str, path: str, status: int) -> None:
    edge.new_phone()
    path = path.replace("/S/{code}", edge.site)
    options = {"data": {"a": "b"}} if method == "POST" else {}
    assert edge.request(method, path, **options).status_code == status


def test_nothing_refused_was_stored(edge: EdgeClient) -> None:
    before = edge.edge.context.intake.outcomes["accepted"]
    database = sqlite3.connect(f"file:{edge.edge._config.intake_db}?mode=ro", uri=True)
    assert database.execute("SELECT count(*) FROM submission").fetchone()[0] == before
    database.close()


def test_the_table_is_long_enough() -> None:
    assert len(ANSWERS) + len(BODIES) + len(ENVELOPES) + len(ROUTES) >= 150


def test_problem_details_follow_rfc_9457(edge: EdgeClient) -> None:
    body = json.loads(edge.submit(changed(name=...)).text)
    assert body["status"] == 422
    assert body["title"]
    assert body["type"] == "about:blank"
