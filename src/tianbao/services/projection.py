"""The work after the commit: from submissions to records, revisions, legs and counts.

Called by the jobs process. Reads the edge's tables by a cursor and writes staff's side in batches, each in
one transaction with the cursor: a batch is applied wholly and once, however often the process dies. Needs no
key: identities pass through sealed. Must not know: HTTP, who looks at records.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from tianbao.domain.forms import load_form
from tianbao.domain.ids import short_number
from tianbao.domain.records import Project, RecordFacts, compile_projection
from tianbao.domain.sealing import RevisionKind
from tianbao.store.models import (
    Cursor,
    DataKey,
    DeletedDay,
    Fact,
    FormVersion,
    HourCount,
    IntakeKey,
    Leg,
    Record,
    RecordState,
    Revision,
    Site,
    Submission,
)

CURSOR: Final = "records"
BATCH_MAX: Final = 500
HOUR_MS: Final = 3_600_000

STATES: Final = {
    RevisionKind.REGISTERED: RecordState.REGISTERED,
    RevisionKind.CORRECTED: RecordState.CORRECTED,
    RevisionKind.STAFF_CORRECTED: RecordState.CORRECTED,
    RevisionKind.WITHDRAWN: RecordState.WITHDRAWN,
}


class Projector:
    """Holds what is asked for at every batch; one for a jobs process."""

    def __init__(self) -> None:
        self._sites: dict[str, Site] = {}
        self._forms: dict[tuple[str, int], tuple[FormVersion, Project]] = {}
        self._days: dict[UUID, str] = {}

    def project_batch(self) -> int:
        """Applies the next submissions; how many there were."""
        with transaction.atomic():
            cursor, _ = Cursor.objects.select_for_update().get_or_create(name=CURSOR)
            batch = list(Submission.objects.filter(seq__gt=cursor.seq).order_by("seq")[:BATCH_MAX])
            if not batch:
                return 0
            self._bring_keys(batch)
            self._apply(batch)
            cursor.seq = batch[-1].seq
            cursor.save(update_fields=["seq"])
        return len(batch)

    def _apply(self, batch: list[Submission]) -> None:
        known = Record.objects.in_bulk({row.record for row in batch})
        records: dict[UUID, Record] = {}
        revisions: list[Revision] = []
        legs: dict[UUID, list[Leg]] = {}
        answers: dict[UUID, list[Fact]] = {}
        arrivals: Counter[tuple[UUID, int, str]] = Counter()
        deleted = set(DeletedDay.objects.values_list("name", flat=True))
        for row in batch:
            if not row.facts or self._days[row.data_key] in deleted:  # deleted before it was projected
                continue
            form_version, project = self._form(row.form, row.version)
            facts = project(json.loads(row.facts))
            record = records.get(row.record) or known.get(row.record)
            if record is None:
                record = self._new_record(row, form_version)
                arrivals[record.site_id, row.received_ms // HOUR_MS * HOUR_MS, facts.origin[:4]] += 1
            change_record(
                record,
                facts,
                kind=RevisionKind(row.kind),
                revision=row.id,
                at_ms=row.received_ms,
                form=form_version,
            )
            records[record.id] = record
            legs[record.id] = make_legs(record, facts)
            answers[record.id] = make_facts(record, facts, row.form)
            revisions.append(self._revision(row))
        new = [record for record in records.values() if record.id not in known]
        changed = [record for record in records.values() if record.id in known]
        Record.objects.bulk_create(new)
        Record.objects.bulk_update(changed, CHANGING_COLUMNS)
        Revision.objects.bulk_create(revisions, ignore_conflicts=True)
        if changed:
            Leg.objects.filter(record__in=changed).delete()
            Fact.objects.filter(record__in=changed).delete()
        Leg.objects.bulk_create([leg for rows in legs.values() for leg in rows])
        Fact.objects.bulk_create([fact for rows in answers.values() for fact in rows])
        _count_arrivals(arrivals)

    def _new_record(self, row: Submission, form_version: FormVersion) -> Record:
        return Record(
            id=row.record,
            site=self._site(row.site),
            county=row.county,
            number=short_number(row.record.hex),
            form=form_version,
            source=row.source,
            registered_ms=row.received_ms,
            day=self._days[row.data_key],
        )

    def _revision(self, row: Submission) -> Revision:
        return Revision(
            id=row.id,
            record_id=row.record,
            county=row.county,
            revision=row.revision,
            kind=row.kind,
            at_ms=row.received_ms,
            data_key_id=row.data_key,
            sealed_key=row.sealed_key,
            sealed=row.sealed,
            facts=row.facts,
        )

    def _bring_keys(self, batch: list[Submission]) -> None:
        missing = {row.data_key for row in batch} - self._days.keys()
        if not missing:
            return
        keys = IntakeKey.objects.filter(id__in=missing)
        rows = [DataKey(id=key.id, day=key.day, sealed=bytes(key.sealed)) for key in keys]
        DataKey.objects.bulk_create(rows, ignore_conflicts=True)
        self._days.update({row.id: row.day for row in rows})

    def _site(self, code: str) -> Site:
        if code not in self._sites:
            self._sites[code] = Site.objects.get(code=code)
        return self._sites[code]

    def _form(self, name: str, version: int) -> tuple[FormVersion, Project]:
        if (name, version) not in self._forms:
            row = FormVersion.objects.get(name=name, version=version)
            self._forms[name, version] = row, compile_projection(load_form(row.definition))
        return self._forms[name, version]


CHANGING_COLUMNS: Final = [
    "form",
    "state",
    "changed_ms",
    "origin",
    "origin_province",
    "origin_city",
    "temperature",
    "has_symptoms",
    "is_marked",
    "companions",
    "latest",
]


def change_record(
    record: Record,
    facts: RecordFacts,
    *,
    kind: RevisionKind,
    revision: UUID,
    at_ms: int,
    form: FormVersion,
) -> None:
    """Sets a record's columns to what its newest revision says; the caller saves CHANGING_COLUMNS."""
    record.form = form
    record.state = STATES[kind]
    record.changed_ms = at_ms
    record.origin = facts.origin
    record.origin_province = facts.origin[:2]
    record.origin_city = facts.origin[:4]
    record.temperature = facts.temperature
    record.has_symptoms = facts.has_symptoms
    record.is_marked = facts.is_marked
    record.companions = facts.companions
    record.latest = revision


def make_legs(record: Record, facts: RecordFacts) -> list[Leg]:
    """The rows of an itinerary's open facts."""
    return [
        Leg(
            record=record,
            county=record.county,
            position=position,
            place=leg.place,
            arrived_on=leg.arrived_on,
            left_on=leg.left_on,
            transport=leg.transport,
            transport_number=leg.transport_number,
        )
        for position, leg in enumerate(facts.legs)
    ]


def make_facts(record: Record, facts: RecordFacts, form: str) -> list[Fact]:
    """The rows of the open answers that the line list filters by."""
    return [
        Fact(
            record=record,
            county=record.county,
            question=f"{form}:{answer.question}",
            value=answer.value,
            number=answer.number,
        )
        for answer in facts.answers
    ]


def _count_arrivals(arrivals: Counter[tuple[Any, int, str]]) -> None:
    for (site_id, hour_ms, origin), count in arrivals.items():
        row, is_new = HourCount.objects.get_or_create(
            site_id=site_id, hour_ms=hour_ms, origin=origin, defaults={"count": count}
        )
        if not is_new:
            HourCount.objects.filter(pk=row.pk).update(count=F("count") + count)
