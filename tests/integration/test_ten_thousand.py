"""Ten thousand people over real HTTP: every one is there, and every export equals what was sent."""

from __future__ import annotations

import asyncio
import csv
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from tests.edge_client import USER, make_installation, new_submission
from tests.installation import export, serve
from tests.page_samples import MIGRANT

from tianbao.data import read_divisions
from tianbao.domain.forms import text_in
from tianbao.domain.ids import read_uuid7, short_number, write_number
from tianbao.domain.places import Gazetteer
from tianbao.samples import People
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

PEOPLE = 10_000
CONNECTIONS = 32
NAME, PHONE, DOCUMENT, ADDRESS = 9, 10, 12, 13
"""Columns of the table, after the nine of every registration."""

SINGLE = ("name", "phone", "id_type", "id_number", "address", "reason", "symptoms", "temperature")

pytestmark = pytest.mark.slow


@dataclass
class Sent:
    """Where it runs, and the answers that were sent, by short number."""

    data: Path
    answers: dict[str, dict[str, Any]]
    places: Gazetteer


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    data = tmp_path_factory.mktemp("ten-thousand")
    site = make_installation(data)
    places = Gazetteer.from_bytes(read_divisions())
    people = People(places, seed=10_000, today=date(2026, 11, 20))
    with serve(data) as (_, said):
        answers = asyncio.run(post_all(said["url"] + site, [next(people) for _ in range(PEOPLE)]))
        wait_for_records(data)
        yield Sent(data, answers, places)


async def post_all(url: str, people: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Everybody, over a bounded number of connections; the answers by the number each was given."""
    waiting = iter(people)
    sent: dict[str, dict[str, Any]] = {}

    async def phone(client: httpx.AsyncClient) -> None:
        for answers in waiting:
            submission = {**new_submission(time.time_ns() // 1_000_000), "answers": answers}
            response = await client.post(url, json=submission)
            assert response.status_code == 201, response.text
            number = response.json()["number"]
            assert number == write_number(short_number(read_uuid7(submission["id"])))
            sent[number] = answers

    limits = httpx.Limits(max_connections=CONNECTIONS)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:
        await asyncio.gather(*(phone(client) for _ in range(CONNECTIONS)))
    return sent


def wait_for_records(data: Path) -> None:
    database = sqlite3.connect(f"file:{data / 'main.db'}?mode=ro", uri=True)
    for _ in range(600):
        if database.execute("SELECT count(*) FROM record").fetchone()[0] == PEOPLE:
            database.close()
            return
        time.sleep(0.1)
    raise AssertionError("the records did not all come")


def test_the_people_are_the_hard_ones(sent: Sent) -> None:
    names = {answers["name"] for answers in sent.answers.values()}
    for hard in ("㐱", "䶮", "𠮷", "𬱖", "·", "ئەلى", "Nguyễn", "=SUM"):
        assert any(hard in name for name in names), hard
    assert max(len(name) for name in names) >= 50
    assert len(sent.answers) == PEOPLE


def test_the_workbook_equals_what_was_sent(sent: Sent, tmp_path: Path) -> None:
    out = tmp_path / "table.xlsx"
    ended = export(sent.data, USER, out)
    assert ended.returncode == 0, ended.stderr
    main, legs, companions = openpyxl.load_workbook(out, read_only=True).worksheets
    found = {row[0]: row for row in main.iter_rows(min_row=2, values_only=True)}
    assert set(found) == set(sent.answers)
    for number, answers in sent.answers.items():
        row = found[number]
        assert row[NAME] == answers["name"]
        assert row[PHONE] == answers.get("phone")
        assert row[DOCUMENT] == answers.get("id_number")
        assert row[ADDRESS] == answers["address"]
    assert_legs(sent, [(row[0], *padded(row, 10)[3:]) for row in legs.iter_rows(min_row=2, values_only=True)])
    given = {number: [] for number in sent.answers}
    for row in companions.iter_rows(min_row=2, values_only=True):
        given[row[0]].append((row[3], padded(row, 7)[5]))
    for number, answers in sent.answers.items():
        expected = [(one["name"], one.get("id_number")) for one in answers.get("companions", [])]
        assert given[number] == expected


def assert_legs(sent: Sent, rows: list[tuple[Any, ...]]) -> None:
    """Rows of (number, full name, code, as typed, arrived, left, transport, transport number)."""
    given: dict[str, list[tuple[Any, ...]]] = {number: [] for number in sent.answers}
    for row in rows:
        given[row[0]].append(row)
    for number, answers in sent.answers.items():
        legs = answers.get("itinerary", [])
        assert len(given[number]) == len(legs)
        for row, leg in zip(given[number], legs, strict=True):
            typed = leg["place"]
            if sent.places.is_code(typed):
                assert row[2] == typed
            else:
                assert row[3] == typed
                assert row[1] in (typed, None)
            assert row[4].date().isoformat() == leg["arrived_on"]
            assert row[5].date().isoformat() == leg["left_on"]
            assert row[7] == leg.get("transport_no")


@pytest.mark.parametrize(("encoding", "codec"), [("utf-8", "utf-8"), ("gb18030", "gb18030")])
def test_the_csv_equals_what_was_sent(sent: Sent, tmp_path: Path, encoding: str, codec: str) -> None:
    out = tmp_path / "table.csv"
    ended = export(sent.data, USER, out, "--format", "csv", "--encoding", encoding)
    assert ended.returncode == 0, ended.stderr
    with out.open(encoding=codec, newline="") as file:
        assert encoding != "utf-8" or file.read(1) == "\ufeff"
        headings, *rows = csv.reader(file)
    assert_joined(sent, headings, [[plain(cell) for cell in row] for row in rows])


def test_the_joined_workbook_equals_what_was_sent(sent: Sent, tmp_path: Path) -> None:
    out = tmp_path / "table.xlsx"
    ended = export(sent.data, USER, out, "--rows", "joined")
    assert ended.returncode == 0, ended.stderr
    (sheet,) = openpyxl.load_workbook(out, read_only=True).worksheets
    headings, *rows = sheet.iter_rows(values_only=True)
    assert_joined(sent, headings, [[written(cell) for cell in padded(row, len(headings))] for row in rows])


def assert_joined(sent: Sent, headings: Sequence[str], rows: list[list[str]]) -> None:
    """Every answer of everybody, each repeat's rows beside the others' and the single answers in each of them."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(dict(zip(headings, row, strict=True)))
    assert set(found) == set(sent.answers)
    for number, answers in sent.answers.items():
        legs, companions = answers.get("itinerary", []), answers.get("companions", [])
        assert len(found[number]) == max(1, len(legs), len(companions))
        for row, leg, companion in zip_longest(found[number], legs, companions, fillvalue={}):
            for path, answer in [
                *((name, answers.get(name)) for name in SINGLE),
                *(
                    (f"itinerary.{name}", leg.get(name))
                    for name in ("arrived_on", "left_on", "transport", "transport_no")
                ),
                *(
                    (f"companions.{name}", companion.get(name))
                    for name in ("name", "id_type", "id_number", "relation")
                ),
            ]:
                assert row[heading_of(path)] == shown(path, answer)
            place = leg.get("place", "")
            is_code = sent.places.is_code(place)
            assert row[f"{heading_of('itinerary.place')} ({'代码' if is_code else '原文'})"] == place


def heading_of(path: str) -> str:
    """A column's, by the labels on the way to its question."""
    steps = path.split(".")
    paths = [".".join(steps[: depth + 1]) for depth in range(len(steps))]
    return ": ".join(text_in(MIGRANT.question_at(each).label, "zh-Hans") for each in paths)


def shown(path: str, answer: Any) -> str:
    """An answer as a table writes it."""
    labels = {choice.name: text_in(choice.label, "zh-Hans") for choice in MIGRANT.question_at(path).choices}
    if isinstance(answer, list):
        return "、".join(label for name, label in labels.items() if name in answer)
    return labels.get(answer, str(answer)) if answer is not None else ""


def written(cell: Any) -> str:
    """A workbook's cell as the CSV has it."""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return "" if cell is None else str(cell)


def padded(row: tuple[Any, ...], width: int) -> tuple[Any, ...]:
    """A row with the empty cells at its end, which the reader leaves out."""
    return row + (None,) * (width - len(row))


def plain(cell: str) -> str:
    """A cell without the one apostrophe that keeps spreadsheets from calculating it."""
    return cell[1:] if cell.startswith("'") else cell
