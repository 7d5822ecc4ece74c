"""An end to every record: on its date a day's keys are destroyed, then its rows; what stays are counts.

Called by the jobs process once a minute. A day's name says when it is deleted (`store.key_file`). First it is
written down that a day goes, then its keys go, then its rows, a slice at a time: whenever the process dies, the
next one goes on. The edge empties its own submissions (`edge.forgetting`). Must not know: HTTP, what records hold.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count

from tianbao.domain.clock import Reading, is_doubtful
from tianbao.domain.problems import Code, Problem, Refused
from tianbao.domain.sites import DELETION_DAYS_MAX
from tianbao.services.audit import record_act
from tianbao.services.organisation import bump_generation
from tianbao.store import key_file
from tianbao.store.models import (
    ClockReading,
    DataKey,
    DeletedDay,
    Fact,
    FormVersion,
    Leg,
    Organisation,
    Record,
    Retention,
    Revision,
    Staff,
)

SLICE: Final = 500

_earlier: Reading | None = None


def tick_deletion(*, now_ms: int, keys: Path, counter_ms: int | None = None) -> int:
    """Deletes what is due, unless the clock is doubtful; how many days. Nothing before set-up."""
    organisation = Organisation.objects.first()
    if organisation is None:
        return 0
    reading = Reading(now_ms, time.monotonic_ns() // 1_000_000 if counter_ms is None else counter_ms)
    if not _believe_clock(reading):
        return 0
    if settings.CONFIG.keys_copy is not None:
        key_file.copy_keys(keys, settings.CONFIG.keys_copy)
    today = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(organisation.time_zone)).date().isoformat()
    return delete_due(today=today, keys=keys, now_ms=now_ms)


def delete_due(*, today: str, keys: Path, now_ms: int) -> int:
    """Deletes every day whose date (ISO 8601) has come, and goes on with those that were begun; how many.

    A day without keys counts too: its rows may have come back with a restored backup.
    """
    known = {*key_file.list_days(keys), *DataKey.objects.values_list("day", flat=True).distinct()}
    due = [name for name in known if name.partition("_")[2] <= today]
    begun = DeletedDay.objects.filter(finished_ms__isnull=True).values_list("name", flat=True)
    names = sorted({*due, *begun})
    for name in names:
        delete_day(name=name, keys=keys, now_ms=now_ms)
    return len(names)


def delete_day(*, name: str, keys: Path, now_ms: int) -> int:
    """Destroys one day: its keys wherever they are kept, then its rows and files. How many registrations it had.

    Counters by hour and place stay; they name nobody.
    """
    row, _ = DeletedDay.objects.get_or_create(name=name, defaults={"decided_ms": now_ms})
    if row.finished_ms is not None:
        row.finished_ms = None
        row.save(update_fields=["finished_ms"])
    if row.destroyed_ms is None:
        for folder in filter(None, (settings.CONFIG.keys_copy, keys)):
            key_file.destroy_day(folder, name)
        row.destroyed_ms = now_ms
        row.save(update_fields=["destroyed_ms"])
    while ids := list(Record.objects.filter(day=name).values_list("id", flat=True)[:SLICE]):
        with transaction.atomic():
            for model in (Leg, Fact, Revision):
                model.objects.filter(record__in=ids)._raw_delete(using="default")
            Record.objects.filter(id__in=ids)._raw_delete(using="default")
            row.records += len(ids)
            row.save(update_fields=["records"])
    shutil.rmtree(settings.CONFIG.files / name, ignore_errors=True)
    with transaction.atomic():
        DataKey.objects.filter(day=name).delete()
        row.finished_ms = now_ms
        row.save(update_fields=["finished_ms"])
        record_act(at_ms=now_ms, staff=None, verb="delete_day", subject=name, detail={"records": row.records})
    _clear_log()
    return row.records


def count_deletions() -> int:
    """How many days are deleted; grows when names have to leave memory too."""
    return DeletedDay.objects.filter(finished_ms__isnull=False).count()


@dataclass(frozen=True, slots=True)
class DayToCome:
    """A day that is kept: registered on, deleted on (ISO 8601), how many registrations."""

    day: str
    delete_on: str
    records: int


def list_days_to_come() -> list[DayToCome]:
    """What will be deleted when, soonest first."""
    counts = Record.objects.values_list("day").annotate(Count("id")).order_by("day")
    days = [DayToCome(*name.split("_", 1), records) for name, records in counts]
    return sorted(days, key=lambda day: (day.delete_on, day.day))


def list_deleted(limit: int = 60) -> list[DeletedDay]:
    """What was deleted, newest first."""
    return list(DeletedDay.objects.order_by("-decided_ms", "-name")[:limit])


# --- the clock


def _believe_clock(reading: Reading) -> bool:
    """Keeps the newest reading; False while the clock is doubted, which only a person ends."""
    global _earlier
    with transaction.atomic():
        row, _ = ClockReading.objects.select_for_update().get_or_create(defaults={"at_ms": reading.wall_ms})
        if row.doubted_ms is None and is_doubtful(now=reading, earlier=_earlier, last_ms=row.at_ms):
            row.doubted_ms, row.seen_ms = row.at_ms, reading.wall_ms
            row.save(update_fields=["doubted_ms", "seen_ms"])
            detail = {"before_ms": row.at_ms, "now_ms": reading.wall_ms}
            record_act(at_ms=reading.wall_ms, staff=None, verb="doubt_clock", detail=detail)
        elif row.doubted_ms is None:
            row.at_ms = max(row.at_ms, reading.wall_ms)
            row.save(update_fields=["at_ms"])
        elif not is_doubtful(now=reading, earlier=None, last_ms=row.at_ms):  # it was set right again
            row.doubted_ms = row.seen_ms = None
            row.save(update_fields=["doubted_ms", "seen_ms"])
            record_act(at_ms=reading.wall_ms, staff=None, verb="believe_clock")
    _earlier = reading
    return row.doubted_ms is None


def find_doubted_clock() -> ClockReading | None:
    """The reading since which nothing is deleted; None in ordinary times."""
    return ClockReading.objects.filter(doubted_ms__isnull=False).first()


def believe_clock(*, staff: Staff, now_ms: int) -> None:
    """Somebody looked at the clock and says that it is right; deletion goes on from there."""
    with transaction.atomic():
        ClockReading.objects.update_or_create(id=1, defaults={"at_ms": now_ms, "doubted_ms": None, "seen_ms": None})
        record_act(at_ms=now_ms, staff=staff, verb="believe_clock")


# --- how long


def retention_of(form: str) -> int | None:
    """The days after which a form's registrations are deleted, where it has a period of its own."""
    return Retention.objects.filter(name=form).values_list("days", flat=True).first()


def change_retention(*, form: str, days: int | None, staff: Staff, now_ms: int) -> None:
    """From now on; what was registered before keeps the date it was promised. None: as the organisation.

    Refused: no such form, out of range.
    """
    if not FormVersion.objects.filter(name=form).exists():
        raise Refused(Problem(Code.NOT_FOUND))
    if days is not None and not 1 <= days <= DELETION_DAYS_MAX:
        code = Code.TOO_SMALL if days < 1 else Code.TOO_LARGE
        limit = {"minimum": 1} if days < 1 else {"maximum": DELETION_DAYS_MAX}
        raise Refused(Problem(code, "deletion_days", limit))
    with transaction.atomic():
        if days is None:
            Retention.objects.filter(name=form).delete()
        else:
            Retention.objects.update_or_create(name=form, defaults={"days": days})
        bump_generation()
        record_act(at_ms=now_ms, staff=staff, verb="change_retention", subject=form, detail={"days": days})


def _clear_log() -> None:
    """What was deleted leaves SQLite's log too."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
