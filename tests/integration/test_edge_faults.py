"""What is sent to break the edge, and what breaks around it: every request ends, with an answer that is meant."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.edge_client import GOOD, HOST, EdgeClient, changed, make_installation, new_submission

from tianbao.config import Config
from tianbao.domain.problems import Code, Refused
from tianbao.domain.receipts import Receipt, read_receipt
from tianbao.domain.sealing import RevisionKind
from tianbao.edge import form_pages
from tianbao.edge.catalogue import CatalogueReader
from tianbao.edge.context import Reader
from tianbao.edge.drafts import Target
from tianbao.edge.form_pages import ReadyPage, render_ready
from tianbao.edge.intake import Accepted
from tianbao.store.key_file import DayKey, list_days

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="module")
def shared(data: Path) -> Iterator[EdgeClient]:
    client = EdgeClient(Config(data), make_installation(data))
    yield client
    client.close()


@pytest.fixture
def edge(shared: EdgeClient) -> EdgeClient:
    """The same edge, opened by another phone."""
    shared.new_phone()
    return shared


# --- what no form and no page of ours ever sends


def test_whatever_hangs_on_a_link_the_page_opens(edge: EdgeClient) -> None:
    answer = edge.get(f"{edge.site}?lang=en{'&utm=x' * 40}")
    assert (answer.status_code, 'lang="en"' in answer.text) == (200, True)


@pytest.mark.parametrize(
    ("typed", "location"),
    [("７ｋ３ＰＭ", "/S/7K3PM"), ("7k3-pm", "/S/7K3PM"), ("北关村", None), ("\r\nx: y", "/S/XY")],
)
def test_a_code_is_taken_as_it_was_typed(edge: EdgeClient, typed: str, location: str | None) -> None:
    answer = edge.get("/", params={"code": typed})
    assert answer.headers.get("location") == location
    assert answer.status_code == (303 if location else 404)


@pytest.mark.parametrize(
    "body",
    [
        f"itinerary.{'9' * 5000}.place=130636",
        "name..b=1&name=2",
        "itinerary.0.place..b=1&itinerary.0.place=2",
        "a.b.c.d.e.f.g.h.i.j.k=1",
        ".=1",
    ],
)
def test_no_name_of_a_field_breaks_a_form_post(edge: EdgeClient, body: str) -> None:
    token = edge.submit(GOOD).json()["receipt"]
    assert edge.post(edge.site, content=f"_action=submit&{body}", headers=FORM).status_code == 422
    edge.get(f"/R/{token}")
    assert edge.post("/R", content=f"_action=correct&{body}", headers=FORM).status_code == 422


@pytest.mark.parametrize(
    "action", [f"remove:itinerary.{'9' * 5000}", "remove:name.0", "add:name", "remove:symptoms.0"]
)
def test_a_button_that_is_not_on_the_page_changes_no_answer(edge: EdgeClient, action: str) -> None:
    data = {"_action": action, "name": "张三丰", "symptoms": "none", "itinerary.0.place": "河北保定"}
    answer = edge.post(edge.site, data=data)
    assert answer.status_code == 200
    assert all(value in answer.text for value in ("张三丰", "河北保定"))
    assert re.search(r'value="none"[^>]* checked', answer.text)


@pytest.mark.parametrize("depth", [100, 400, 900, *range(940, 1000, 6)])
def test_however_deep_answers_are_nested_they_are_refused(edge: EdgeClient, depth: int) -> None:
    answers = json.dumps(changed(name="?")).replace('"?"', "[" * depth + "]" * depth)
    submission = json.dumps(new_submission())[:-1]
    answer = edge.post(
        edge.site, content=f'{submission}, "answers": {answers}}}', headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) in [(422, "not_text"), (400, "malformed_json")]


@pytest.mark.parametrize("text", [0, False, [], {}])
def test_the_text_of_a_place_is_text(edge: EdgeClient, text: object) -> None:
    answer = edge.submit(changed(itinerary=[{"place": {"text": text}}]))
    assert (answer.status_code, answer.json()["code"]) == (422, "not_text")


def test_an_answer_without_content_has_no_length(edge: EdgeClient) -> None:
    assert "content-length" not in edge.get("/favicon.ico").headers


# --- what happens around it


def test_a_destroyed_day_closes_its_receipts_at_once(edge: EdgeClient, data: Path) -> None:
    token = edge.submit(GOOD).json()["receipt"]
    assert edge.get(f"/R/{token}").status_code == 303
    keys = data / "keys"
    (day,) = list_days(keys)
    kept = (keys / f"{day}.json").rename(keys / "kept")
    assert edge.get(f"/R/{token}").status_code == 404
    kept.rename(keys / f"{day}.json")
    assert edge.get(f"/R/{token}").status_code == 303


def test_a_connection_is_not_closed_while_it_reads(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edge that stops while a thread of its own still asks: SQLite ends the process if the two meet."""
    asked, answered, order = threading.Event(), threading.Event(), []

    class Slow:
        def execute(self, sql: str, arguments: object) -> Slow:
            asked.set()
            answered.wait(5)
            return self

        def fetchall(self) -> list[object]:
            order.append("read")
            return []

        def close(self) -> None:
            order.append("closed")

    reader = CatalogueReader(Config(data), None)  # type: ignore[arg-type]
    monkeypatch.setattr(reader, "_connect", Slow)
    reading = threading.Thread(target=reader.deleted_days)
    closing = threading.Thread(target=reader.close)
    reading.start()
    assert asked.wait(5)
    closing.start()
    closing.join(0.05)
    answered.set()
    reading.join(5)
    closing.join(5)
    assert order == ["read", "closed"]


def test_a_post_that_fails_on_the_way_is_counted_and_answered(
    edge: EdgeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = edge.edge.context.intake
    before = intake.outcomes["failed"]

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(intake._sealer, "open_day", full)
    answer = edge.submit(GOOD)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage")
    assert "retry-after" in answer.headers
    assert intake.outcomes["failed"] == before + 1
    monkeypatch.undo()
    assert edge.submit(GOOD).status_code == 201


def test_no_secret_is_in_what_a_log_may_show() -> None:
    day = DayKey("2026-11-23_2026-12-07", b"public", b"pepper", {})
    config = Config(Path("data"), "postgresql://tianbao:password@db/tianbao")
    receipt = Receipt("0" * 32, b"secret")
    assert not re.search(r"b'pepper|b'secret|password", repr((day, config, receipt)))


def test_of_a_withdrawal_and_a_correction_in_one_moment_one_counts(edge: EdgeClient) -> None:
    receipt = read_receipt(edge.submit(GOOD).json()["receipt"])
    assert receipt is not None
    context = edge.edge.context
    target = context.target(edge.site[3:])

    async def revise_twice() -> list[object]:
        own = await context.archive.open(receipt)
        assert own is not None
        kinds = (RevisionKind.WITHDRAWN, RevisionKind.CORRECTED)
        return await asyncio.gather(
            *(
                context.intake.revise(
                    target, receipt, own.answers, kind=kind, revision=1, day=own.day, now_ms=1_790_000_000_000
                )
                for kind in kinds
            ),
            return_exceptions=True,
        )

    withdrawn, corrected = edge.run(revise_twice())
    assert isinstance(withdrawn, Accepted)
    assert isinstance(corrected, Refused)
    assert corrected.problems[0].code is Code.CHANGED_MEANWHILE
    own = edge.run(context.archive.open(receipt))
    assert own is not None
    assert (own.revision, own.kind) == (2, RevisionKind.WITHDRAWN)


# --- other people's pages


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({}, True),
        ({"origin": HOST}, True),
        ({"origin": "null"}, True),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"origin": "https://elsewhere.test"}, False),
        ({"origin": HOST, "sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
    ],
)
def test_only_our_own_pages_act_for_a_phone(edge: EdgeClient, headers: dict[str, str], is_taken: bool) -> None:
    token = edge.submit(GOOD).json()["receipt"]
    edge.get(f"/R/{token}")
    posts = [
        ("/R", {"_action": "withdraw"}),
        (edge.site, {"_action": "confirm", "symptoms": "none"}),
        ("/R/forget", {"_action": "all"}),
    ]
    for path, data in posts:
        answer = edge.post(path, data=data, headers=headers)
        assert answer.status_code in ((200, 303, 422) if is_taken else (405,)), path
        assert is_taken or "set-cookie" not in answer.headers
    own = edge.run(edge.edge.context.archive.open(read_receipt(token)))  # type: ignore[arg-type]
    assert own is not None
    assert (own.kind is RevisionKind.WITHDRAWN) == is_taken


# --- many at once


def test_however_many_ask_for_a_new_page_it_is_made_once(edge: EdgeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def render(target: Target, reader: Reader) -> ReadyPage:
        made.append(reader.language)
        return render_ready(target, reader)

    monkeypatch.setattr(form_pages, "render_ready", render)
    edge.edge._forms._ready.clear()

    async def open_at_once() -> list[int]:
        return [
            answer.status_code for answer in await asyncio.gather(*(edge._client.get(edge.site) for _ in range(20)))
        ]

    assert edge.run(open_at_once()) == [200] * 20
    assert len(made) == 1


def test_a_page_that_could_not_be_made_is_made_the_next_time(
    edge: EdgeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    edge.edge._forms._ready.clear()
    monkeypatch.setattr(form_pages, "render_ready", fail)
    assert edge.get(edge.site).status_code == 503
    monkeypatch.undo()
    assert edge.get(edge.site).status_code == 200
