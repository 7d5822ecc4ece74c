"""The search: what a line holds, what a query finds, how it keeps up with what changes."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import pytest
from tests.page_samples import MIGRANT as FORM

from tianbao.services import search
from tianbao.services.search import NameBuffer, Search, make_line, read_query
from tianbao.store.models import Record

PERSON = {
    "name": "单雄信",
    "phone": "+86 139-0000-2222",
    "id_number": "11010519491231002x",
    "address": "外婆家 139 号",
    "companions": [{"name": "阿依古丽·吐尔逊", "id_number": "E12345678"}, {"name": "𠮷野家"}],
}


def found(query: str, *people: dict[str, Any]) -> list[int]:
    buffer = NameBuffer()
    for number, answers in enumerate(people):
        buffer.add(UUID(int=number), make_line(FORM, answers))
    return [revision.int for revision in buffer.find_first(read_query(query), 200)] if read_query(query) else []


@pytest.mark.parametrize(
    "query",
    [
        "单雄信",
        "雄信",
        "shanxiongxin",
        "Dan Xiong Xin",
        "sxx",
        "dxx",
        "阿依古丽",
        "ayiguli",
        "吐尔逊",
        "𠮷野",
        "2222",
        "0000-2222",
        "00002222",
        "002X",
        "002x",
        "45678",
        "e12345678"[-8:],
    ],
)
def test_what_finds_a_registration(query: str) -> None:
    assert found(query, PERSON) == [0]


@pytest.mark.parametrize("query", ["", "  ", "外婆", "0000", "3900", "单信", "信 阿", "xinsxx", "\x02", "单雄信信"])
def test_what_does_not(query: str) -> None:
    assert found(query, PERSON) == []


def test_each_line_counts_once_and_in_order() -> None:
    people = [{"name": "王王王"}, {"name": "李四"}, {"name": "王五", "companions": [{"name": "王六"}]}]
    assert found("王", *people) == [0, 2]
    assert found("李", *people) == [1]
    assert found("六", *people) == [2]


def test_it_finds_no_more_than_it_is_asked_for() -> None:
    buffer = NameBuffer()
    for number in range(300):
        buffer.add(UUID(int=number), make_line(FORM, {"name": "张伟"}))
    assert [revision.int for revision in buffer.find_first("张伟", 200)] == list(range(200))
    assert [revision.int for revision in buffer.find_last("张伟", 200)] == list(range(299, 99, -1))
    assert len(buffer) == 300
    assert buffer.bytes_used < 300 * 100


class Opened:
    """A keyring's place in these tests: unlocked until it is not."""

    is_unlocked = True

    def forget_days(self) -> None: ...


@pytest.fixture
def building(monkeypatch: pytest.MonkeyPatch, migrated: None) -> dict[str, Any]:
    """A search over records that live in memory: pages of everybody, then rounds of changes."""
    world: dict[str, Any] = {"everybody": [], "changes": [], "opened": []}

    class Everybody:
        def __init__(self, _: object) -> None: ...

        def newest(self, *, after: object, limit: int) -> list[Record]:
            return [] if after else world["everybody"]

    def open_lines(records: list[Record], _: object) -> list[Any]:
        world["opened"] += [record.latest for record in records]
        return [Line(record) for record in records]

    class Line:
        form = FORM

        def __init__(self, record: Record) -> None:
            self.record, self.answers = record, {"name": record.origin}

    monkeypatch.setattr(search, "Selection", Everybody)
    monkeypatch.setattr(search, "open_lines", open_lines)
    monkeypatch.setattr(search, "walk_changed", lambda **_: [world["changes"]] if world["changes"] else [])
    monkeypatch.setattr(search, "REFRESH_S", 0.01)
    return world


def person(number: int, name: str, revision: int = 0) -> Record:
    return Record(
        id=UUID(int=number), latest=UUID(int=number + revision), origin=name, registered_ms=1, changed_ms=1
    )


def until(condition: Any) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_it_builds_once_and_takes_in_what_changes(building: dict[str, Any]) -> None:
    building["everybody"] = [person(100, "单雄信"), person(200, "秦叔宝")]
    searching = Search(Opened())  # type: ignore[arg-type]
    assert not searching.is_ready
    searching.start()
    until(lambda: searching.is_ready)
    assert searching.percent == 100
    assert searching.find("秦叔宝") == [UUID(int=200)]
    building["changes"] = [person(200, "秦琼", revision=1), person(300, "程咬金")]
    until(lambda: searching.find("程咬金"))
    assert searching.find("qinqiong") == [UUID(int=201)]
    opened = len(building["opened"])
    time.sleep(0.05)
    assert len(building["opened"]) == opened, "what was seen is not opened again"
    searching.start()
    assert len(building["opened"]) == opened, "it is built once"
    searching.stop()


def test_locking_forgets_every_name(building: dict[str, Any]) -> None:
    building["everybody"] = [person(100, "单雄信")]
    keyring = Opened()
    searching = Search(keyring)  # type: ignore[arg-type]
    searching.start()
    until(lambda: searching.is_ready)
    keyring.is_unlocked = False
    until(lambda: not searching.is_ready)
    assert searching.find("单雄信") == []
    searching.start()
    assert not searching.is_ready, "nothing starts while names are sealed"
