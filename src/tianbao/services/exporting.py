"""The table that goes home: records in slices, opened one by one, streamed as a workbook or as CSV.

Called by the console's export screen and by the command line. No name is written to the server's disk, and
memory does not grow with the table. Must not know: HTTP; which file formats are made how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

from django.db import transaction

from tianbao.domain.forms import Form, Kind, QuestionType, answer_at, label_at, load_form
from tianbao.domain.ids import write_number
from tianbao.domain.reports import (
    Registration,
    Report,
    ReportColumn,
    apart_row,
    joined_columns,
    joined_rows,
    make_report,
    repeat_rows,
)
from tianbao.render.csv_table import CsvEncoding, LongNumbers, stream_csv
from tianbao.render.doubts import doubt_sentence
from tianbao.render.workbook import Column, ColumnKind, Sheet, stream_workbook
from tianbao.services.audit import record_act
from tianbao.services.divisions import gazetteer
from tianbao.services.keys import Keyring, Locked
from tianbao.services.organisation import find_organisation
from tianbao.services.records import open_lines
from tianbao.services.selection import Filters, Position, Selection
from tianbao.store.models import Export, FormVersion, RecordState, Site, Source, Staff
from tianbao.texts import Translator, translator

SLICE: Final = 500

_KINDS: Final = {
    QuestionType.INTEGER: ColumnKind.NUMBER,
    QuestionType.DECIMAL: ColumnKind.NUMBER,
    QuestionType.DATE: ColumnKind.DATE,
    QuestionType.NOTE: ColumnKind.TIME,
}


class Shape(StrEnum):
    """What file a table becomes."""

    WORKBOOK = "xlsx"
    JOINED_WORKBOOK = "xlsx-joined"
    CSV = "csv"
    CSV_GB18030 = "csv-gb18030"


@dataclass(frozen=True, slots=True)
class Asked:
    """One export: which records, as what, in which language."""

    filters: Filters
    shape: Shape
    language: str
    guards_numbers: bool = True


def stream_table(
    asked: Asked, *, keyring: Keyring, now: datetime, on_rows: Callable[[int], None] = lambda rows: None
) -> Iterator[bytes]:
    """The bytes of the file. `on_rows` is told how many registrations went by. Raises Locked, once asked for."""
    if not keyring.is_unlocked:
        raise Locked
    _ = translator(asked.language)
    form = _form_of(asked.filters)
    report = make_report(form, language=asked.language, places=gazetteer(), headings=_headings(_))
    walk = _Walk(asked, keyring, on_rows)
    if asked.shape is Shape.WORKBOOK:
        return stream_workbook(_sheets(report, form, walk, _), now=now)
    joined = _columns(joined_columns(report))
    rows = (row for registration in walk.registrations() for row in joined_rows(report, registration))
    if asked.shape is Shape.JOINED_WORKBOOK:
        return stream_workbook([Sheet(report.main.title, joined, rows)], now=now)
    encoding = CsvEncoding.GB18030 if asked.shape is Shape.CSV_GB18030 else CsvEncoding.UTF8_BOM
    numbers = LongNumbers.GUARDED if asked.guards_numbers else LongNumbers.PLAIN
    return stream_csv(joined, rows, encoding=encoding, numbers=numbers)


def _sheets(report: Report, form: Form, walk: _Walk, _: Translator) -> Iterable[Sheet]:
    yield Sheet(
        report.main.title,
        _columns([*report.own, *report.main.columns]),
        (apart_row(report, registration) for registration in walk.registrations()),
    )
    name = form.path_of(Kind.PERSON_NAME)
    begin = [
        ReportColumn(_("Number"), QuestionType.TEXT, 12),
        ReportColumn(_("Full name"), QuestionType.TEXT, 14),
        ReportColumn(_("Row"), QuestionType.INTEGER, 6),
    ]
    for part in report.repeats:
        rows = (
            row
            for registration in walk.registrations(counts=False)
            for row in repeat_rows(part, registration, answer_at(registration.answers or {}, name))
        )
        yield Sheet(part.title, _columns([*begin, *part.columns]), rows)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Goes through the records of an export in the order of their arrival, as often as there are sheets."""

    asked: Asked
    keyring: Keyring
    on_rows: Callable[[int], None]

    def registrations(self, *, counts: bool = True) -> Iterator[Registration]:
        _ = translator(self.asked.language)
        zone = ZoneInfo(find_organisation().time_zone)
        states = {RecordState.REGISTERED: _("registered"), RecordState.CORRECTED: _("corrected")}
        states[RecordState.WITHDRAWN] = _("withdrawn")
        sources = {Source.PHONE: _("by phone"), Source.STAFF: _("by staff")}
        selection = Selection(self.asked.filters)
        after: Position | None = None
        while True:
            chunk = selection.oldest(after=after, limit=SLICE)
            if not chunk:
                return
            for line in open_lines(chunk, self.keyring):
                record = line.record
                yield Registration(
                    number=write_number(record.number),
                    site_code=record.site.code,
                    site=record.site.name,
                    state=states[RecordState(record.state)],
                    source=sources[Source(record.source)],
                    registered_at=_local(record.registered_ms, zone),
                    changed_at=_local(record.changed_ms, zone),
                    revision=line.revision,
                    marks=" ".join(
                        f"{label_at(line.form, path, self.asked.language)}: {doubt_sentence(mark, _)}"
                        for path, found in line.marks.items()
                        for mark in found
                    ),
                    answers=line.answers,
                    facts=line.facts,
                )
            after = Position(chunk[-1].registered_ms, chunk[-1].id)
            if counts:
                self.on_rows(len(chunk))


def begin_export(*, asked: Asked, staff: Staff, export_id: object, now_ms: int) -> Export:
    """Writes down who takes what, before the first byte."""
    question = {
        "shape": asked.shape.value,
        "language": asked.language,
        "site": asked.filters.site,
        "origin": asked.filters.origin,
        "since_ms": asked.filters.since_ms,
        "until_ms": asked.filters.until_ms,
        "state": asked.filters.state,
        "form": asked.filters.form,
    }
    with transaction.atomic():
        total = Selection(asked.filters).count_all()
        export = Export.objects.create(
            id=export_id, staff=staff, asked_ms=now_ms, question=question, rows_total=total
        )
        record_act(at_ms=now_ms, staff=staff, verb="export", subject=str(export.id), detail=question)
    return export


def note_progress(*, export: Export, rows_done: int, now_ms: int, is_finished: bool = False) -> None:
    """How far an export is, for the page that watches it."""
    finished = {"finished_ms": now_ms} if is_finished else {}
    Export.objects.filter(id=export.id).update(rows_done=rows_done, **finished)


def export_form(
    file: BinaryIO,
    *,
    asked: Asked,
    keyring: Keyring,
    staff: Staff,
    export_id: object,
    now_ms: int,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """A whole table into an open file, for the command line; how many registrations it has."""
    export = begin_export(asked=asked, staff=staff, export_id=export_id, now_ms=now_ms)
    done = 0

    def count(rows: int) -> None:
        nonlocal done
        done += rows
        if on_progress is not None:
            on_progress(done, export.rows_total)

    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    for chunk in stream_table(asked, keyring=keyring, now=now, on_rows=count):
        file.write(chunk)
    note_progress(export=export, rows_done=done, now_ms=now_ms, is_finished=True)
    return done


def _form_of(filters: Filters) -> Form:
    """The newest version of the form asked for, or of the one the sites carry."""
    versions = FormVersion.objects.order_by("-version")
    if filters.form:
        versions = versions.filter(name=filters.form)
    elif filters.site:
        versions = versions.filter(site__code=filters.site)
    else:
        versions = versions.filter(id__in=Site.objects.values("form"))
    return load_form(versions[0].definition)


def _headings(_: Translator) -> dict[str, str]:
    return {
        "number": _("Number"),
        "site_code": _("Site code"),
        "site": _("Site"),
        "state": _("State"),
        "source": _("Registered"),
        "registered_at": _("Time"),
        "changed_at": _("Last change"),
        "revision": _("Revision"),
        "marks": _("Doubtful"),
        "code": _("code"),
        "typed": _("as typed"),
    }


def _columns(columns: Iterable[ReportColumn]) -> list[Column]:
    return [
        Column(column.heading, column.width_characters, _KINDS.get(column.holds, ColumnKind.TEXT))
        for column in columns
    ]


def _local(unix_ms: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(unix_ms // 1000, zone)
