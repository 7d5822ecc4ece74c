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
from django.utils.translation import gettext as _

from tianbao.console.finding import SEARCH
from tianbao.console.keyring import KEYRING
from tianbao.domain.access import Reach
from tianbao.domain.evaluation import ACKNOWLEDGED
from tianbao.domain.forms import NUMBERS, Form, QuestionType, text_in
from tianbao.domain.places import Candidates, Resolved
from tianbao.domain.readings import read_date, read_number
from tianbao.domain.records import filter_questions
from tianbao.services.divisions import CANDIDATES_MAX, area_name, gazetteer
from tianbao.services.records import find_records, forms_with_records, merged_form
from tianbao.services.selection import AnswerFilter, Filters, Position
from tianbao.store.models import RecordState

STATES = {
    "registered": RecordState.REGISTERED,
    "corrected": RecordState.CORRECTED,
    "withdrawn": RecordState.WITHDRAWN,
}


ANSWER_FIELDS_MAX = 12


@dataclass(frozen=True, slots=True)
class AnswerField:
    """A filter by an open answer of a form: a choice, a day, or bounds of a number.

    `name` is the field's in the address; a number has `name` + ".min" and ".max".
    """

    name: str
    label: str
    widget: str
    value: str = ""
    options: tuple[tuple[str, str], ...] = ()
    low: str = ""
    high: str = ""


@dataclass(frozen=True, slots=True)
class AskedFilters:
    """What was asked for, as typed, and what it means.

    A place that was not understood does not filter; `origins` are the (code, whole name) it may mean. `form` is the
    form that was chosen, or the only one there is, and `fields` are its answers that can be filtered by.
    """

    typed: dict[str, str]
    filters: Filters
    form: Form | None = None
    fields: tuple[AnswerField, ...] = ()
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


def read_filters(given: QueryDict, reach: Reach, time_zone: str, language: str) -> AskedFilters:
    """From the query of an address; what cannot be understood is shown again and does not filter."""
    names = ("q", "site", "form", "from", "to", "origin", "state", "look")
    typed = {name: given.get(name, "").strip()[:100] for name in names}
    form = _read_form(typed)
    fields, answers = _read_answers(form, given, language)
    typed |= {name: value for field in fields for name, value in _field_values(field) if value}
    zone = ZoneInfo(time_zone)
    origin, origins = _read_origin(typed["origin"])
    ids: tuple[UUID, ...] | None = None
    needs_unlock = False
    if typed["q"]:  # “zhangwei” could be a short number as well
        ids = tuple(record.latest for record in find_records(typed["q"], reach=reach))
        needs_unlock = not KEYRING.is_unlocked and not ids
        if KEYRING.is_unlocked:
            SEARCH.start()
            ids += tuple(SEARCH.find(typed["q"]))
    filters = Filters(
        site=typed["site"],
        since_ms=_day_start_ms(typed["from"], zone),
        until_ms=_day_start_ms(typed["to"], zone, days=1),
        origin=origin,
        form=typed["form"],
        answers=answers,
        state=STATES.get(typed["state"]),
        has_symptoms=typed["look"] == "symptoms",
        is_marked=typed["look"] == "marked",
        ids=ids,
        reach=reach,
    )
    return AskedFilters(
        typed=typed,
        filters=filters,
        form=form,
        fields=fields,
        origin_unclear=bool(typed["origin"]) and not origin,
        origins=origins,
        is_searching=bool(typed["q"]),
        needs_unlock=needs_unlock,
    )


def _read_form(typed: dict[str, str]) -> Form | None:
    """The form that was chosen, else the only one; a name that no form has does not filter."""
    names = forms_with_records()
    if typed["form"] not in names:
        typed["form"] = ""
    only = names[0] if len(names) == 1 else typed["form"]
    return merged_form(only) if only else None


def _read_answers(
    form: Form | None, given: QueryDict, language: str
) -> tuple[tuple[AnswerField, ...], tuple[AnswerFilter, ...]]:
    fields: list[AnswerField] = []
    filters: list[AnswerFilter] = []
    for path, question in (filter_questions(form) if form else [])[:ANSWER_FIELDS_MAX]:
        name, label = f"a.{path}", text_in(question.label, language)
        value = given.get(name, "").strip()[:100]
        if question.type in NUMBERS:
            low, high = (given.get(f"{name}.{end}", "").strip()[:20] for end in ("min", "max"))
            fields.append(AnswerField(name, label, "number", low=low, high=high))
            bounds = read_number(low), read_number(high)
            if bounds != (None, None):
                filters.append(AnswerFilter(path, minimum=bounds[0], maximum=bounds[1]))
        elif question.type is QuestionType.DATE:
            fields.append(AnswerField(name, label, "day", value))
            if day := read_date(value):
                filters.append(AnswerFilter(path, day.isoformat()))
        else:
            options = tuple((choice.name, text_in(choice.label, language)) for choice in question.choices)
            options = options or ((ACKNOWLEDGED, _("yes")),)
            value = value if value in dict(options) else ""
            fields.append(AnswerField(name, label, "choice", value, options))
            if value:
                filters.append(AnswerFilter(path, value))
    return tuple(fields), tuple(filters)


def _field_values(field: AnswerField) -> list[tuple[str, str]]:
    return [(field.name, field.value), (f"{field.name}.min", field.low), (f"{field.name}.max", field.high)]


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
