"""Which records a filter keeps: counted, page by page, what is new; at a million rows as at ten.

A database without statistics takes an index that fits, however many rows it leads to. So each condition is
counted first, no further than COUNT_MAX: one that keeps few leads, and the others stand aside, where no index
answers them. Where none keeps few, a walk along the time of registration soon fills a page. Must not know:
identities, who asks; a filter carries how far they reach.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from tianbao.domain.access import NOWHERE, Reach
from tianbao.domain.forms import Path
from tianbao.services.access import record_condition
from tianbao.store.models import Fact, FormVersion, Record, RecordState, Revision, Site

COUNT_MAX: Final = 10_000
"""Rows that are counted; beyond them a page says "more than"."""


@dataclass(frozen=True, slots=True)
class AnswerFilter:
    """Records of a form with an open answer: this choice or day, or a number within bounds."""

    question: Path
    value: str = ""
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """What the line list shows. Empty or None means everything within `reach`, which begins as nowhere.

    `origin` is the code of a place at any level; `answers` are of the questions of `form`; `ids` limits to newest
    revisions that a search found.
    """

    site: str = ""
    since_ms: int | None = None
    until_ms: int | None = None
    origin: str = ""
    state: int | None = None
    form: str = ""
    answers: tuple[AnswerFilter, ...] = ()
    has_symptoms: bool = False
    is_marked: bool = False
    ids: tuple[UUID, ...] | None = None
    reach: Reach = NOWHERE


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended, in the order of registration."""

    registered_ms: int
    id: UUID


class Selection:
    """The records that a filter keeps. The way to them is chosen once, when it is made."""

    def __init__(self, filters: Filters) -> None:
        conditions = _read_conditions(filters)
        few = next((one for one in (*conditions.lookups, *conditions.walks) if _keeps_few(one)), None)
        self._leads_to_few = few is not None
        leading = few or next(iter(conditions.walks), Q())
        rows = Record.objects.filter(leading)
        for condition in conditions.all:
            if condition is not leading:
                rows = _aside(rows, condition)
        self._rows = self._within(rows, conditions.time)

    def count(self) -> int:
        """How many, counted up to COUNT_MAX + 1."""
        return self._rows.values("id")[: COUNT_MAX + 1].count()

    def count_all(self) -> int:
        """How many, however many."""
        return self._rows.count()

    def newest(self, *, after: Position | None, limit: int) -> list[Record]:
        """A page, newest first, of what is older than `after`."""
        rows = self._rows
        if after is not None:
            older = Q(registered_ms__lt=after.registered_ms)
            older |= Q(registered_ms=after.registered_ms, id__lt=after.id)
            rows = self._within(rows, older & Q(registered_ms__lte=after.registered_ms))
        return list(rows.order_by("-registered_ms", "-id")[:limit])

    def oldest(self, *, after: Position | None, limit: int) -> list[Record]:
        """A page in the order of registration, of what is newer than `after`."""
        rows = self._rows
        if after is not None:
            newer = Q(registered_ms__gt=after.registered_ms)
            newer |= Q(registered_ms=after.registered_ms, id__gt=after.id)
            rows = self._within(rows, newer & Q(registered_ms__gte=after.registered_ms))
        return list(rows.order_by("registered_ms", "id")[:limit])

    def _within(self, rows: QuerySet[Record], time: Q) -> QuerySet[Record]:
        """Every index but that of a few goes along the time."""
        return _aside(rows, time) if self._leads_to_few else rows.filter(time)


def select_changed(filters: Filters, *, since_ms: int, limit: int) -> list[Record]:
    """Records that a filter keeps and that came or changed since a time, newest change first."""
    rows = Record.objects.filter(changed_ms__gte=since_ms)
    conditions = _read_conditions(filters)
    for condition in (*conditions.all, conditions.time):
        rows = _aside(rows, condition)
    return list(rows.order_by("-changed_ms", "-id")[:limit])


def walk_changed(*, since_ms: int, size: int) -> Iterator[list[Record]]:
    """All that came or changed since a time, in pages, oldest change first."""
    rows = Record.objects.filter(changed_ms__gte=since_ms).order_by("changed_ms", "id")
    page = list(rows[:size])
    while page:
        yield page
        last = page[-1]
        later = Q(changed_ms__gt=last.changed_ms) | Q(changed_ms=last.changed_ms, id__gt=last.id)
        page = list(rows.filter(later, changed_ms__gte=last.changed_ms)[:size])


def _aside(rows: QuerySet[Record], condition: Q) -> QuerySet[Record]:
    """Filters without leading anywhere: SQLite uses no index for a double negation."""
    return rows.exclude(~condition) if condition else rows


def _keeps_few(condition: Q) -> bool:
    return Record.objects.filter(condition).values("id")[: COUNT_MAX + 1].count() <= COUNT_MAX


@dataclass(frozen=True, slots=True)
class _Conditions:
    """A filter's parts by the index that answers them, likely fewest rows first.

    `lookups`: an index finds the rows and they are sorted; `walks`: an index goes along the time; `others`: none.
    """

    lookups: list[Q]
    walks: list[Q]
    others: list[Q]
    time: Q

    @property
    def all(self) -> list[Q]:
        return [*self.lookups, *self.walks, *self.others]


def _read_conditions(filters: Filters) -> _Conditions:
    lookups: list[Q] = []
    walks: list[Q] = []
    others: list[Q] = []
    if filters.ids is not None:
        found = Revision.objects.filter(id__in=filters.ids).values_list("record_id", flat=True)
        lookups.append(Q(id__in=list(found), latest__in=filters.ids))
    if filters.has_symptoms:
        walks.append(Q(has_symptoms=True))
    if filters.state is not None:
        nearly_all = filters.state == RecordState.REGISTERED
        (others if nearly_all else walks).append(Q(state=filters.state))
    if filters.is_marked:
        walks.append(Q(is_marked=True))
    if code := filters.origin:
        if code.endswith("0000"):
            walks.append(Q(origin_province=code[:2]))
        elif len(code) == 6 and code.endswith("00"):
            walks.append(Q(origin_city=code[:4]))
        else:
            lookups.append(Q(origin__gte=code, origin__lt=code + ":"))  # ':' follows '9'
    if reached := record_condition(filters.reach):
        (lookups if _keeps_few(reached) else others).append(reached)
    if filters.site:
        walks.append(Q(site__in=list(Site.objects.filter(code=filters.site).values_list("id", flat=True))))
    if filters.form:
        versions = list(FormVersion.objects.filter(name=filters.form).values_list("id", flat=True))
        if len(versions) == 1:
            walks.append(Q(form=versions[0]))
        else:  # an index goes along the time of one version alone
            others.append(Q(form__in=versions))
    for answer in filters.answers:
        facts = Fact.objects.filter(_fact_condition(filters.form, answer))
        few = list(facts.values_list("record_id", flat=True)[: COUNT_MAX + 1])
        if len(few) <= COUNT_MAX:
            lookups.append(Q(id__in=few))
        else:
            others.append(Q(Exists(facts.filter(record=OuterRef("id")))))
    time = Q()
    if filters.since_ms is not None:
        time &= Q(registered_ms__gte=filters.since_ms)
    if filters.until_ms is not None:
        time &= Q(registered_ms__lt=filters.until_ms)
    return _Conditions(lookups, walks, others, time)


def _fact_condition(form: str, answer: AnswerFilter) -> Q:
    condition = Q(question=f"{form}:{answer.question}")
    if answer.value:
        condition &= Q(value=answer.value)
    if answer.minimum is not None:
        condition &= Q(number__gte=answer.minimum)
    if answer.maximum is not None:
        condition &= Q(number__lte=answer.maximum)
    return condition
