"""The short way of a registration and the whole way: whoever sends cannot tell which one was taken."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from tests.edge_client import GOOD, EdgeClient, changed, make_installation, new_submission

from tianbao.config import Config
from tianbao.edge import intake
from tianbao.edge.commit_queue import CommitQueue
from tianbao.edge.fast_path import bytes_of
from tianbao.edge.intake import Outcome

Answer = tuple[int, dict[str, str], Any]


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeClient]:
    data = tmp_path_factory.mktemp("protocol")
    client = EdgeClient(Config(data), make_installation(data))
    yield client
    client.close()


@pytest.fixture(scope="module")
def address(edge: EdgeClient) -> Iterator[tuple[str, int]]:
    with edge.serving() as origin:
        yield where(origin)


def where(origin: str) -> tuple[str, int]:
    host, _, port = origin.removeprefix("http://").partition(":")
    return host, int(port)


@pytest.fixture
def line(address: tuple[str, int]) -> Iterator[Line]:
    with closing(Line(address)) as line:
        yield line


class Line:
    """One connection, byte by byte."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address, timeout=20)
        self._got = b""

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def answer(self) -> Answer:
        """(status, headers, body) of the next answer; ConnectionError where none comes."""
        while b"\r\n\r\n" not in self._got:
            self._more()
        head, _, self._got = self._got.partition(b"\r\n\r\n")
        first, *rest = head.decode().split("\r\n")
        headers = dict(one.lower().split(": ", 1) for one in rest)
        while len(self._got) < int(headers["content-length"]):
            self._more()
        size = int(headers["content-length"])
        body, self._got = self._got[:size], self._got[size:]
        is_json = "json" in headers["content-type"]
        return int(first.split()[1]), headers, json.loads(body) if is_json else body

    def ask(self, data: bytes) -> Answer:
        self.send(data)
        return self.answer()

    def close(self) -> None:
        self._socket.close()

    def _more(self) -> None:
        got = self._socket.recv(65_536)
        if not got:
            raise ConnectionError
        self._got += got


def post(site: str, posted: Any = None, *, more: bytes = b"", length: int | None = None) -> bytes:
    """A post as a browser sends it."""
    body = json.dumps({**new_submission(), "answers": GOOD} if posted is None else posted).encode()
    return (
        b"POST %s?lang=en HTTP/1.1\r\nHost: edge.test\r\nContent-Type: application/json\r\nAccept: */*\r\n%s"
        b"Content-Length: %d\r\n\r\n%s" % (site.encode(), more, len(body) if length is None else length, body)
    )


def accepted(edge: EdgeClient) -> int:
    return edge.edge.context.intake.outcomes[Outcome.ACCEPTED]


def take(edge: EdgeClient, request: bytes) -> Any:
    """What the short way says: False at a glance, None where the whole way has to go on, or an answer."""

    async def wait() -> Any:
        answered = asyncio.get_running_loop().create_future()
        is_whole = bytes_of(request) == len(request)
        return await answered if is_whole and edge.edge.fast_path.take(request, answered.set_result) else False

    return edge.run(wait())


def test_a_plain_registration_takes_the_short_way(edge: EdgeClient) -> None:
    assert b'"status":"registered"' in take(edge, post(edge.site))


@pytest.mark.parametrize(
    "changes",
    [
        {"more": b"Transfer-Encoding: chunked\r\n"},
        {"more": b"Content-Encoding: gzip\r\n"},
        {"more": b"Expect: 100-continue\r\n"},
        {"more": b"Connection: close\r\n"},
        {"more": b"Connection: keep-alive, close\r\n"},
        {"more": b"X-Tianbao-Staff: staff-token\r\n"},
        {"more": b"Content-Length: 3\r\n"},
        {"length": 3},
        {"length": 9_999},
    ],
)
def test_an_unusual_request_is_seen_at_a_glance(edge: EdgeClient, changes: dict[str, Any]) -> None:
    before = accepted(edge)
    assert take(edge, post(edge.site, **changes)) is False
    assert take(edge, post(edge.site)[:-1]) is False
    assert take(edge, b"GET " + post(edge.site)[5:]) is False
    assert accepted(edge) == before


@pytest.mark.parametrize(
    "posted",
    [
        [],
        {},
        {**new_submission(), "answers": []},
        {**new_submission(), "answers": changed(name="")},
        {**new_submission(), "answers": GOOD, "version": 7},
        {**new_submission(), "answers": GOOD, "version": True},
        {**new_submission(), "answers": GOOD, "id": "x"},
        {**new_submission(), "answers": GOOD, "secret": "x"},
    ],
)
def test_what_is_not_plain_is_handed_on(edge: EdgeClient, posted: Any) -> None:
    before = accepted(edge)
    assert take(edge, post(edge.site, posted)) is None
    assert take(edge, post("/S/ZZZZZ")) is None
    assert (accepted(edge), edge.edge.context.intake.queue.depth) == (before, 0)


def test_one_that_is_not_plain_does_not_hold_up_those_beside_it(edge: EdgeClient, address: tuple[str, int]) -> None:
    lines = [Line(address) for _ in range(12)]
    posted = [{**new_submission(), "answers": GOOD if n % 3 else changed(name="")} for n in range(12)]
    for line, one in zip(lines, posted, strict=True):
        line.send(post(edge.site, one))
    assert [line.answer()[0] for line in lines] == [201 if n % 3 else 422 for n in range(12)]
    for line in lines:
        line.close()


def test_what_fails_on_the_short_way_is_answered_by_the_whole(
    edge: EdgeClient, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_judged: Any) -> Any:
        raise RuntimeError("no key")

    monkeypatch.setattr(intake, "seal_rows", fail)
    assert line.ask(post(edge.site))[0] == 503
    monkeypatch.undo()
    assert line.ask(post(edge.site))[0] == 201


def test_both_ways_answer_alike(edge: EdgeClient, line: Line) -> None:
    short, whole = new_submission(), new_submission()
    answers = [line.ask(post(edge.site, {**short, "answers": GOOD}))]
    answers.append(line.ask(post(edge.site, {**whole, "answers": GOOD}, more=b"Upgrade: none\r\n")))
    (first_status, first_headers, first), (second_status, second_headers, second) = answers
    assert (first_status, second_status) == (201, 201)
    assert first_headers.keys() == second_headers.keys()
    assert {**first_headers, "date": ""} == {**second_headers, "date": ""}
    assert first.keys() == second.keys()
    assert (first["id"], second["id"]) == (short["id"], whole["id"])
    assert edge.stored(first["receipt"]) == edge.stored(second["receipt"])


@pytest.mark.parametrize("at", [1, 9, 40, 200, -300, -1])
def test_a_request_may_come_in_pieces(edge: EdgeClient, line: Line, at: int) -> None:
    for _ in range(2):
        request = post(edge.site)
        cut = at % len(request)
        for piece in (request[:cut], request[cut : cut + 1], request[cut + 1 :]):
            line.send(piece)
            time.sleep(0.02)
        assert line.answer()[0] == 201


def test_half_a_request_is_not_waited_for_longer_than_an_idle_connection(edge: EdgeClient) -> None:
    before = accepted(edge)
    with edge.serving(timeout_keep_alive=1) as origin, closing(Line(where(origin))) as line:
        line.send(post(edge.site)[:-10])
        with pytest.raises(ConnectionError):
            line.answer()
    assert accepted(edge) == before


def test_a_connection_goes_both_ways_in_turn(edge: EdgeClient, line: Line) -> None:
    once = post(edge.site, {**new_submission(), "answers": GOOD})
    sent = [
        once,
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        post(edge.site),
        post(edge.site, []),
        once,
        post(edge.site),
    ]
    assert [line.ask(one)[0] for one in sent] == [201, 200, 201, 400, 200, 201]


def test_requests_that_come_together_are_answered_in_turn(edge: EdgeClient, line: Line) -> None:
    posted = [{**new_submission(), "answers": GOOD} for _ in range(5)]
    line.send(post(edge.site, posted[0]))
    line.send(b"".join(post(edge.site, one) for one in posted[1:]))
    assert [line.answer()[2]["id"] for _ in posted] == [one["id"] for one in posted]


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        ("", "127.0.0.1"),
        ("X-Forwarded-For: 203.0.113.7\r\n", "203.0.113.7"),
        ("x-forwarded-for:198.51.100.4 ,203.0.113.7\r\n", "203.0.113.7"),
        ("x-forwarded-for: 198.51.100.4\r\nx-forwarded-for: 203.0.113.7\r\n", "203.0.113.7"),
        ("x-forwarded-for: 203.0.113.7, 127.0.0.1\r\n", "203.0.113.7"),
        ("x-forwarded-for: 2001:db8::7\r\n", "2001:db8::7"),
        ("x-forwarded-for: [2001:db8::7]:4711\r\n", "2001:db8::7"),
        ("x-forwarded-for: 203.0.113.7:4711\r\n", "203.0.113.7"),
        ("x-forwarded-for: somebody\r\n", "somebody"),
        ("x-forwarded-for: \r\n", "127.0.0.1"),
    ],
)
@pytest.mark.parametrize("trusted", ["127.0.0.1", "192.0.2.1"])
def test_a_sender_is_the_same_on_both_ways(
    edge: EdgeClient, monkeypatch: pytest.MonkeyPatch, headers: str, sender: str, trusted: str
) -> None:
    """With the address in the body, too, where nobody may look for it."""
    senders: list[str] = []
    monkeypatch.setattr(edge.edge.throttle, "_flows", lambda code, address, now_s: not senders.append(address))
    forged = b'{"a":1,\r\nx-forwarded-for: 192.0.2.99\r\n"b":2}'
    with edge.serving(proxy_headers=True, forwarded_allow_ips=trusted) as origin:
        for unusual in ("", "Expect: nothing\r\n"):
            with closing(Line(where(origin))) as line:
                head = (
                    f"POST {edge.site} HTTP/1.1\r\nHost: t\r\n{headers}{unusual}Content-Type: application/json\r\n"
                )
                line.ask(f"{head}Content-Length: {len(forged)}\r\n\r\n".encode() + forged)
    assert set(senders) == {sender if trusted == "127.0.0.1" else "127.0.0.1"}
    assert len(senders) == 2


def test_what_stands_is_told_and_other_content_refused(edge: EdgeClient, line: Line) -> None:
    submission = new_submission()
    first = line.ask(post(edge.site, {**submission, "answers": GOOD}))
    again = line.ask(post(edge.site, {**submission, "answers": GOOD}))
    other = line.ask(post(edge.site, {**submission, "answers": changed(name="王五")}))
    assert (first[0], again[0], other[0]) == (201, 200, 422)
    assert first[2] == again[2]


def test_a_request_without_end_is_cut_off_and_nobody_else(
    edge: EdgeClient, address: tuple[str, int], line: Line
) -> None:
    queue = edge.edge.context.intake.queue
    gate = _hold(queue)
    try:
        with closing(Line(address)) as flooding:
            flooding.send(post(edge.site))
            with pytest.raises(ConnectionError):
                for _ in range(400):
                    flooding.send(b"x" * 65_536)
                flooding.answer()
    finally:
        gate.set()
    assert line.ask(post(edge.site))[0] == 201


def test_whoever_goes_before_the_answer_is_registered_all_the_same(
    edge: EdgeClient, address: tuple[str, int]
) -> None:
    before, gate = accepted(edge), _hold(edge.edge.context.intake.queue)
    with closing(Line(address)) as line:
        line.send(post(edge.site))
        time.sleep(0.1)
    gate.set()
    until = time.monotonic() + 10
    while accepted(edge) == before and time.monotonic() < until:
        time.sleep(0.01)
    assert accepted(edge) == before + 1


def test_an_idle_connection_is_closed_and_a_busy_one_is_not(edge: EdgeClient) -> None:
    with edge.serving(timeout_keep_alive=1) as origin, closing(Line(where(origin))) as line:
        for _ in range(4):
            time.sleep(0.4)
            assert line.ask(post(edge.site))[0] == 201
        gate = _hold(edge.edge.context.intake.queue)
        line.send(post(edge.site))
        time.sleep(1.5)
        gate.set()
        assert line.answer()[0] == 201
        with pytest.raises(ConnectionError):
            line.answer()


def test_a_server_that_stops_answers_first(edge: EdgeClient) -> None:
    with edge.serving() as origin:
        line = Line(where(origin))
        gate = _hold(edge.edge.context.intake.queue)
        line.send(post(edge.site))
        time.sleep(0.1)
        threading.Timer(0.3, gate.set).start()
    assert line.answer()[0] == 201
    with pytest.raises(ConnectionError):
        line.ask(post(edge.site))
    line.close()


def _hold(queue: CommitQueue) -> threading.Event:
    """Nothing is written until the event is set."""
    gate = threading.Event()
    ledger = queue._ledger
    assert ledger is not None
    append = ledger.append

    def wait(*arguments: Any) -> Any:
        gate.wait(20)
        ledger.append = append  # type: ignore[method-assign]
        return append(*arguments)

    ledger.append = wait  # type: ignore[method-assign]
    return gate
