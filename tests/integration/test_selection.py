"""Every combination of filters: the right records, in order, page by page, and never by a scan of the table."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.cast import NOW_MS, Cast

from tianbao.domain.access import EVERYWHERE
from tianbao.domain.ids import short_number, uuid7
from tianbao.services import selection
from tianbao.services.forms import newest_form
from tianbao.services.selection import Filters, Position, Selection, select_changed, walk_changed
from tianbao.store.models import DataKey, Record, Revision

HOUR_MS = 3_600_000
RECORDS = 400
PLACES = ("", "110105001", "110105", "130636100", "130636101", "130636102", "130602001", "130100", "441900")
TIMES = (None, (NOW_MS - 60 * HOUR_MS, NOW_MS - 50 * HOUR_MS))


@pytest.fixture
def records(installed: Cast, monkeypatch: pytest.MonkeyPatch) -> list[Record]:
    """Most from one county and one site, and few enough count as many that every way is taken."""
    monkeypatch.setattr(selection, "COUNT_MAX", 20)
    chance, form = random.Random(1), newest_form()
    data_key = DataKey.objects.create(id=uuid7(NOW_MS, os.urandom(10)), day="2026-11-23_2026-12-07", sealed=b"")
    made = []
    for number in range(RECORDS):
        at_ms = NOW_MS - number // 3 * HOUR_MS  # three at the same moment
        record_id = uuid7(at_ms, chance.randbytes(10))
        origin = chance.choices(PLACES, weights=(5, 1, 1, 20, 20, 1, 1, 2, 2))[0]
        made.append(
            Record(
                id=record_id,
                site=chance.choices(installed.sites, weights=(30, 3, 1))[0],
                county="130636",
                number=short_number(record_id.hex),
                form=form,
                state=chance.choices((1, 2, 3), weights=(30, 3, 1))[0],
                source=1,
                registered_ms=at_ms,
                changed_ms=at_ms + chance.choice((0, 0, 0, 5 * HOUR_MS)),
                day="2026-11-23_2026-12-07",
                origin=origin,
                origin_province=origin[:2],
                origin_city=origin[:4],
                has_symptoms=chance.random() < 0.05,
                is_marked=chance.random() < 0.2,
                latest=record_id,
            )
        )
    Record.objects.bulk_create(made)
    Revision.objects.bulk_create(
        Revision(id=row.id, record=row, county="130636", revision=1, kind=1, at_ms=0, data_key=data_key, facts="{}")
        for row in made
    )
    return sorted(made, key=lambda row: (row.registered_ms, row.id), reverse=True)


def combinations(cast: Cast, records: list[Record]) -> Iterator[Filters]:
    sites = ("", cast.sites[0].code, cast.sites[2].code, "NONE")
    origins = ("", "130000", "130600", "130636", "130602001", "990000", "441900")
    for site, origin, state, look, time in product(sites, origins, (None, 1, 2, 3), "-sm", TIMES):
        filters = Filters(
            reach=EVERYWHERE,
            site=site,
            origin=origin,
            state=state,
            has_symptoms=look == "s",
            is_marked=look == "m",
            form="migrant",
        )
        yield replace(filters, since_ms=time[0], until_ms=time[1]) if time else filters
    yield Filters(
        reach=EVERYWHERE, ids=(records[3].id, records[9].id, uuid7(0, bytes(10))), site=records[3].site.code
    )
    yield Filters(reach=EVERYWHERE, ids=())


def keeps(filters: Filters, row: Record) -> bool:
    origin = filters.origin.removesuffix("00").removesuffix("00") if len(filters.origin) == 6 else filters.origin
    return (
        filters.site in ("", row.site.code)
        and row.origin.startswith(origin)
        and filters.state in (None, row.state)
        and (not filters.has_symptoms or row.has_symptoms)
        and (not filters.is_marked or row.is_marked)
        and (filters.since_ms is None or filters.since_ms <= row.registered_ms < (filters.until_ms or 0))
        and (filters.ids is None or row.latest in filters.ids)
    )


def pages(turn: Any) -> list[Record]:
    found: list[Record] = []
    after = None
    while page := turn(after=after, limit=90):
        found += page
        after = Position(page[-1].registered_ms, page[-1].id)
    return found


def test_every_combination_finds_what_it_should(installed: Cast, records: list[Record]) -> None:
    combined = list(combinations(installed, records))
    assert len(combined) == 4 * 7 * 4 * 3 * 2 + 2
    for filters in combined:
        wanted = [row for row in records if keeps(filters, row)]
        chosen = Selection(filters)
        assert pages(chosen.newest) == wanted, filters
        assert pages(chosen.oldest) == wanted[::-1], filters
        assert chosen.count() == min(len(wanted), 21), filters
        assert chosen.count_all() == len(wanted), filters


def test_what_changed_is_found_by_the_change(installed: Cast, records: list[Record]) -> None:
    since_ms = NOW_MS - 10 * HOUR_MS
    for filters in combinations(installed, records):
        wanted = [row for row in records if keeps(filters, row) and row.changed_ms >= since_ms]
        found = select_changed(filters, since_ms=since_ms, limit=1000)
        assert sorted(found, key=lambda row: row.id) == sorted(wanted, key=lambda row: row.id), filters


def test_changes_are_walked_through_once_whatever_the_page(records: list[Record]) -> None:
    since_ms = NOW_MS - 10 * HOUR_MS
    walked = [row for page in walk_changed(since_ms=since_ms, size=7) for row in page]
    assert walked == sorted(walked, key=lambda row: (row.changed_ms, row.id))
    assert {row.id for row in walked} == {row.id for row in records if row.changed_ms >= since_ms}
    assert len(walked) == len(set(walked))


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (Filters(reach=EVERYWHERE), "record_by_time"),
        (Filters(reach=EVERYWHERE, state=1), "record_by_time"),
        (Filters(reach=EVERYWHERE, state=3), "record_by_state"),
        (Filters(reach=EVERYWHERE, has_symptoms=True, state=1), "record_with_symptoms"),
        (Filters(reach=EVERYWHERE, is_marked=True, origin="130000"), "record_marked"),
        (Filters(reach=EVERYWHERE, origin="130000", state=1), "record_by_province"),
        (Filters(reach=EVERYWHERE, origin="130600"), "record_by_city"),
        (Filters(reach=EVERYWHERE, origin="130602001"), "record_by_origin"),
        (Filters(reach=EVERYWHERE, origin="130636"), "record_by_time"),
        (Filters(reach=EVERYWHERE, origin="130602001", state=1, since_ms=0), "record_by_origin"),
        (Filters(reach=EVERYWHERE, origin="130636", state=3), "record_by_state"),
    ],
    ids=str,
)
def test_the_index_that_leads_to_few_is_taken(records: list[Record], filters: Filters, index: str) -> None:
    last = Position(records[200].registered_ms, records[200].id)
    for after in (None, last):
        for turn in (Selection(filters).newest, Selection(filters).oldest):
            assert f"USING INDEX {index}" in way_of(turn, after)


def way_of(turn: Any, after: Position | None) -> str:
    """How the database says it goes about a page."""
    with CaptureQueriesContext(connection) as asked:
        turn(after=after, limit=50)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + asked.captured_queries[-1]["sql"].replace("%", "%%"), [])
        return "; ".join(row[3] for row in cursor.fetchall())


def test_a_site_does_not_lead_where_a_place_leads_to_few(records: list[Record]) -> None:
    filters = Filters(reach=EVERYWHERE, site=records[0].site.code, origin="130602001", since_ms=0)
    assert "record_by_origin" in way_of(Selection(filters).newest, None)
