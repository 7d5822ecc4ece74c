"""The table that goes home: records in slices, opened one by one, streamed as a workbook or as CSV.

Called by the console's export screen and by the command line. No name is written to the server's disk, and
memory does not grow with the table. Must not know: HTTP; which file formats are made how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

from django.db import transaction

from tianbao.domain.files import files_in
from tianbao.domain.forms import Form, Kind, answer_at, label_at
from tianbao.domain.ids import write_number
from tianbao.domain.reports import (
    Holds,
    Part,
    Registration,
    Report,
    ReportColumn,
    apart_row,
    joined_columns,
    joined_rows,
    make_report,
    repeat_rows,
)
from tianbao.render.archive import Member, stream_archive
from tianbao.render.csv_table import CsvEncoding, LongNumbers, stream_csv
from tianbao.render.doubts import doubt_sentence
from tianbao.render.workbook import Column, ColumnKind, Sheet, stream_workbook
from tianbao.services.audit import record_act
from tianbao.services.divisions import gazetteer
from tianbao.services.files import find_file
from tianbao.services.keys import Keyring, Locked
from tianbao.services.organisation import find_organisation
from tianbao.services.records import Line, forms_with_records, merged_form, open_lines
from tianbao.services.refusals import StaffCode, refuse_staff
from tianbao.services.selection import Filters, Position, Selection
from tianbao.store.models import Export, RecordState, Source, Staff
from tianbao.texts import Translator, translator

SLICE: Final = 500

_KINDS: Final = {
    Holds.TEXT: ColumnKind.TEXT,
    Holds.NUMBER: ColumnKind.NUMBER,
    Holds.DATE: ColumnKind.DATE,
    Holds.TIME: ColumnKind.TIME,
}


class Shape(StrEnum):
    """What file a table becomes."""

    WORKBOOK = "xlsx"
    JOINED_WORKBOOK = "xlsx-joined"
    CSV = "csv"
    CSV_GB18030 = "csv-gb18030"
    FILES = "zip"
    """No table: the photos and papers among the answers, one folder for each registration that has any."""


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
    """The bytes of the file. `on_rows` is told how many registrations went by.

    A workbook holds the tables of all forms that were registered with, a CSV file that of one. Raises Locked, and
    Refused FORM_NEEDED, once asked for.
    """
    if not keyring.is_unlocked:
        raise Locked
    if asked.shape is Shape.FILES:
        return stream_archive(_Walk(asked, keyring, on_rows).files())
    _ = translator(asked.language)
    tables = [
        _Table(
            form=form,
            report=make_report(form, language=asked.language, places=gazetteer(), headings=_headings(_)),
            walk=_Walk(replace(asked, filters=replace(asked.filters, form=form.name)), keyring, on_rows),
        )
        for form in forms_of(asked.filters)
    ]
    if asked.shape is Shape.WORKBOOK:
        return stream_workbook([sheet for table in tables for sheet in table.sheets(_)], now=now)
    if asked.shape is Shape.JOINED_WORKBOOK:
        return stream_workbook([table.joined() for table in tables], now=now)
    check_shape(asked)
    joined = tables[0].joined()
    encoding = CsvEncoding.GB18030 if asked.shape is Shape.CSV_GB18030 else CsvEncoding.UTF8_BOM
    numbers = LongNumbers.GUARDED if asked.guards_numbers else LongNumbers.PLAIN
    return stream_csv(joined.columns, joined.rows, encoding=encoding, numbers=numbers)


def check_shape(asked: Asked) -> None:
    """Raises Refused FORM_NEEDED where one CSV file would have to hold the tables of several forms."""
    if asked.shape in (Shape.CSV, Shape.CSV_GB18030) and len(forms_of(asked.filters)) > 1:
        raise refuse_staff(StaffCode.FORM_NEEDED, "form")


def forms_of(filters: Filters) -> list[Form]:
    """Each form that the filtered records can be of, all its versions as one; at least one."""
    return [merged_form(name) for name in ([filters.form] if filters.form else forms_with_records())]


@dataclass(frozen=True, slots=True)
class _Table:
    """One form's part of an export."""

    form: Form
    report: Report
    walk: _Walk

    def joined(self) -> Sheet:
        rows = (row for each in self.walk.registrations() for row in joined_rows(self.report, each))
        return Sheet(self.report.main.title, _columns(joined_columns(self.report)), rows)

    def sheets(self, _: Translator) -> Iterator[Sheet]:
        yield Sheet(
            self.report.main.title,
            _columns([*self.report.own, *self.report.main.columns]),
            (apart_row(self.report, registration) for registration in self.walk.registrations()),
        )
        for chain in self.report.repeats:
            yield self._repeat_sheet(chain, _)

    def _repeat_sheet(self, chain: tuple[Part, ...], _: Translator) -> Sheet:
        name = self.form.path_of(Kind.PERSON_NAME)
        begin = [
            ReportColumn(_("Number"), Holds.TEXT, 12),
            ReportColumn(_("Full name"), Holds.TEXT, 14),
            ReportColumn(_("Row"), Holds.NUMBER, 6),
        ]
        rows = (
            row
            for registration in self.walk.registrations(counts=False)
            for row in repeat_rows(chain, registration, answer_at(registration.answers or {}, name))
        )
        return Sheet(chain[-1].title, _columns([*begin, *chain[-1].columns]), rows)


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
        for line in self.lines(counts=counts):
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

    def files(self) -> Iterator[Member]:
        """The files of the newest answers, as NUMBER/01 name; one that is gone says so."""
        zone = ZoneInfo(find_organisation().time_zone)
        for line in self.lines(counts=True):
            record, folder = line.record, write_number(line.record.number)
            for index, (_path, answer) in enumerate(files_in(line.form, line.answers or {}), start=1):
                reader = find_file(record, answer)
                name = f"{folder}/{index:02} {answer.get('name', '')}{'' if reader else ' (missing)'}"
                yield Member(name, _local(record.changed_ms, zone), reader.pieces() if reader else ())

    def lines(self, *, counts: bool) -> Iterator[Line]:
        selection = Selection(self.asked.filters)
        after: Position | None = None
        while True:
            chunk = selection.oldest(after=after, limit=SLICE)
            if not chunk:
                return
            yield from open_lines(chunk, self.keyring)
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


def _headings(_: Translator) -> dict[str, str]:
    return {
        "number": _("Number"),
        "site_code": _("Site code"),
        "site": _("Site"),
        "state": _("State"),
        "source": _("Came in"),
        "registered_at": _("Time"),
        "changed_at": _("Last change"),
        "revision": _("Revision"),
        "marks": _("Doubtful"),
        "code": _("code"),
        "typed": _("as typed"),
    }


def _columns(columns: Iterable[ReportColumn]) -> list[Column]:
    return [Column(column.heading, column.width_characters, _KINDS[column.holds]) for column in columns]


def _local(unix_ms: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(unix_ms // 1000, zone)
