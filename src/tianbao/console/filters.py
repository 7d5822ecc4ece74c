"""The line list's filters as they stand in an address: read, and written again for the links of a page.

Used by the line list and the export. Must not know: what they find.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import QueryDict

from tianbao.console.finding import SEARCH
from tianbao.console.keyring import KEYRING
from tianbao.domain.places import Candidates, Resolved
from tianbao.domain.readings import read_date
from tianbao.services.divisions import CANDIDATES_MAX, area_name, gazetteer
from tianbao.services.records import find_records
from tianbao.services.selection import Filters, Position
from tianbao.store.models import RecordState

STATES = {
    "registered": RecordState.REGISTERED,
    "corrected": RecordState.CORRECTED,
    "withdrawn": RecordState.WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class AskedFilters:
    """What was asked for, as typed, and what it means.

    A place that was not understood does not filter; `origins` are the (code, whole name) it may mean.
    """

    typed: dict[str, str]
    filters: Filters
    origin_unclear: bool = False
    origins: tuple[tuple[str, str], ...] = ()
    is_searching: bool = False
    needs_unlock: bool = False

    @property
    def query(self) -> str:
        """The same filters for a link, without leading `?`."""
        return _query(self.typed)

    @property
    def query_without_origin(self) -> str:
        return _query({**self.typed, "origin": ""})

    @property
    def origin_text(self) -> str:
        """The place by name where a link gave its code."""
        return origin_name(self.filters.origin) if self.typed["origin"].isdigit() else self.typed["origin"]

    @property
    def is_narrow(self) -> bool:
        return any(self.typed.values())


def read_filters(given: QueryDict, time_zone: str) -> AskedFilters:
    """From the query of an address; what cannot be understood is shown again and does not filter."""
    names = ("q", "site", "from", "to", "origin", "state", "look")
    typed = {name: given.get(name, "").strip()[:100] for name in names}
    zone = ZoneInfo(time_zone)
    origin, origins = _read_origin(typed["origin"])
    ids: tuple[UUID, ...] | None = None
    needs_unlock = False
    if typed["q"]:  # “zhangwei” could be a short number as well
        ids = tuple(record.latest for record in find_records(typed["q"]))
        needs_unlock = not KEYRING.is_unlocked and not ids
        if KEYRING.is_unlocked:
            SEARCH.start()
            ids += tuple(SEARCH.find(typed["q"]))
    filters = Filters(
        site=typed["site"],
        since_ms=_day_start_ms(typed["from"], zone),
        until_ms=_day_start_ms(typed["to"], zone, days=1),
        origin=origin,
        state=STATES.get(typed["state"]),
        has_symptoms=typed["look"] == "symptoms",
        is_marked=typed["look"] == "marked",
        ids=ids,
    )
    return AskedFilters(
        typed=typed,
        filters=filters,
        origin_unclear=bool(typed["origin"]) and not origin,
        origins=origins,
        is_searching=bool(typed["q"]),
        needs_unlock=needs_unlock,
    )


def read_position(text: str) -> Position | None:
    """Where a page begins, as `write_position` wrote it."""
    ms, _, record = text.partition("-")
    try:
        return Position(int(ms), UUID(record)) if ms.isdecimal() and len(ms) < 16 else None
    except ValueError:
        return None


def write_position(position: Position) -> str:
    """1790000000000-0192d1e0…"""
    return f"{position.registered_ms}-{position.id.hex}"


def _day_start_ms(text: str, zone: ZoneInfo, days: int = 0) -> int | None:
    day = read_date(text) if text else None
    if day is None:
        return None
    start = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=days)
    return int(start.timestamp() * 1000)


def _read_origin(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The code of a place; without one, what the text may mean."""
    found = gazetteer().resolve(text)
    if isinstance(found, Resolved):
        return found.code, ()
    if isinstance(found, Candidates) and len(found.places) == 1:
        return found.places[0].code, ()
    if isinstance(found, Candidates):
        return "", tuple((place.code, area_name(place.code)) for place in found.places[:CANDIDATES_MAX])
    return "", ()


def _query(typed: dict[str, str]) -> str:
    return urlencode({name: value for name, value in typed.items() if value})


def origin_name(code: str) -> str:
    """The name of a place code; empty for none."""
    return area_name(code) if code else ""
