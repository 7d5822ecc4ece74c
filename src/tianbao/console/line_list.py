"""The line list: who came, newest first, live, with filters that stand in the address.

Must not know: how records are found or opened.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tianbao.console.context import reader_language
from tianbao.console.door import needs
from tianbao.console.filters import AskedFilters, origin_name, read_filters, read_position, write_position
from tianbao.console.finding import SEARCH
from tianbao.console.keyring import KEYRING
from tianbao.console.middleware import StaffRequest
from tianbao.domain.access import Clearance, Permission
from tianbao.domain.documents import last_four as document_end
from tianbao.domain.forms import Kind, answer_at, text_in
from tianbao.domain.ids import write_number
from tianbao.domain.line_columns import LineColumns, choose_columns
from tianbao.domain.names import mask_name
from tianbao.domain.phones import last_four as phone_end
from tianbao.render.answer_list import answer_text
from tianbao.services import records as services
from tianbao.services.access import reachable_sites
from tianbao.services.records import Line
from tianbao.services.selection import COUNT_MAX
from tianbao.store.models import RecordState


@dataclass(frozen=True, slots=True)
class Row:
    """One record as the list shows it: no more of a number than its end."""

    id: str
    url: str
    number: str
    time: datetime
    changed_ms: int
    name: str
    is_open: bool
    phone: str
    document: str
    origin: str
    origin_code: str
    site: str
    site_code: str
    state: str
    state_label: str
    temperature: float | None
    has_symptoms: bool
    is_marked: bool
    companions: int
    form: str
    own: tuple[tuple[str, str], ...]


@needs(Permission.READ_RECORDS)
@require_GET
def show_line_list(request: StaffRequest) -> HttpResponse:
    """A page of fifty."""
    if KEYRING.is_unlocked:
        SEARCH.start()
    asked = asked_of(request)
    columns = line_columns(asked)
    after = read_position(request.GET.get("after", ""))
    lines, following = services.list_records(filters=asked.filters, keyring=KEYRING, after=after)
    count = services.count_records(asked.filters)
    context = {
        "asked": asked,
        "columns": columns,
        "rows": make_rows(lines, request, columns),
        "forms": [(name, merged_form_title(name)) for name in services.forms_with_records()],
        "is_first": after is None,
        "following": write_position(following) if following else "",
        "count": min(count, COUNT_MAX),
        "is_more": count > COUNT_MAX,
        "sites": reachable_sites(request.access.reach(Permission.READ_RECORDS)).order_by("name"),
        "now_ms": _now_ms(),
        "search": SEARCH if asked.is_searching and KEYRING.is_unlocked and not SEARCH.is_ready else None,
        "export_url": f"{reverse('console:export')}?{asked.query}",
    }
    return render(request, "console/line_list.html", context)


@needs(Permission.READ_RECORDS)
@require_GET
def show_changes(request: StaffRequest) -> JsonResponse:
    """What came since `since`, as rows of the table, for a page that stays open."""
    asked = asked_of(request)
    columns = line_columns(asked)
    since = request.GET.get("since", "")
    since_ms = int(since) if since.isdecimal() and len(since) < 16 else _now_ms()
    now_ms = _now_ms()
    lines = services.list_changes(filters=asked.filters, keyring=KEYRING, since_ms=since_ms)
    rows = make_rows(lines, request, columns)
    html = (
        render_to_string("console/line_list_rows.html", {"rows": rows, "columns": columns}, request) if rows else ""
    )
    count = _count_text(services.count_records(asked.filters)) if rows else ""  # counting costs more than asking
    return JsonResponse({"html": html, "now_ms": now_ms, "count": count})


@needs(Permission.READ_RECORDS)
@require_GET
def find_by_number(request: StaffRequest, number: str) -> HttpResponse:
    """What a scanned code leads to: the record, or the list of those that share its number."""
    found = services.find_records(number, reach=request.access.reach(Permission.READ_RECORDS))
    if len(found) == 1:
        return redirect("console:record", found[0].id)
    return redirect(f"{reverse('console:line_list')}?q={write_number(number) if len(number) == 8 else number}")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns the table has; `own` are the headings of a form's own answers, `has_form` where forms mix."""

    shown: LineColumns
    own: tuple[str, ...]
    has_form: bool


def line_columns(asked: AskedFilters) -> Columns:
    """The columns for the form that was asked for, or for all of them together."""
    forms = [asked.form] if asked.form else [services.merged_form(name) for name in services.forms_with_records()]
    shown = choose_columns(forms)
    own = tuple(text_in(question.label, reader_language()) for _path, question in shown.own)
    return Columns(shown, own, len(forms) > 1)


def merged_form_title(name: str) -> str:
    """What the reader calls a form."""
    return text_in(services.merged_form(name).title, reader_language())


def make_rows(lines: list[Line], request: StaffRequest, columns: Columns) -> list[Row]:
    """Lines as the template shows them, no more of an identity than the reader is cleared for."""
    zone = ZoneInfo(request.organisation.time_zone)
    return [_make_row(line, zone, columns, _clearance(line, request)) for line in lines]


def _clearance(line: Line, request: StaffRequest) -> Clearance:
    site = line.record.site
    return request.access.clearance(site=site.code, area=site.area)


def _own_cells(line: Line, columns: Columns, clearance: Clearance) -> tuple[tuple[str, str], ...]:
    answers = line.facts if line.answers is None or clearance < Clearance.NAMES else line.answers
    cells = []
    for (path, question), heading in zip(columns.shown.own, columns.own, strict=True):
        value = answer_at(answers, path)
        cells.append((heading, "" if value is None else answer_text(question, value, reader_language())))
    return tuple(cells)


def _make_row(line: Line, zone: ZoneInfo, columns: Columns, clearance: Clearance) -> Row:
    record = line.record
    name = line.text(Kind.PERSON_NAME)
    phone, document = line.text(Kind.PHONE), line.text(Kind.DOCUMENT)
    state = RecordState(record.state)
    return Row(
        id=record.id.hex,
        url=reverse("console:record", args=[record.id]) if clearance >= Clearance.NAMES else "",
        number=write_number(record.number),
        time=datetime.fromtimestamp(record.registered_ms / 1000, zone),
        changed_ms=record.changed_ms,
        name=name if clearance >= Clearance.NAMES else mask_name(name),
        is_open=line.answers is not None,
        phone=phone_end(phone) if phone else "",
        document=document_end(document) if document else "",
        origin=origin_name(record.origin),
        origin_code=record.origin,
        site=record.site.name,
        site_code=record.site.code,
        state=state.name.lower(),
        state_label=state_label(state),
        temperature=record.temperature,
        has_symptoms=record.has_symptoms,
        is_marked=record.is_marked,
        companions=record.companions,
        form=text_in(line.form.title, reader_language()) if columns.has_form else "",
        own=_own_cells(line, columns, clearance),
    )


def state_label(state: RecordState) -> str:
    """The word for a record's state."""
    return {
        RecordState.REGISTERED: _("registered"),
        RecordState.CORRECTED: _("corrected"),
        RecordState.WITHDRAWN: _("withdrawn"),
    }[state]


def _count_text(count: int) -> str:
    return _("more than {count}").format(count=COUNT_MAX) if count > COUNT_MAX else str(count)


def asked_of(request: StaffRequest, permission: Permission = Permission.READ_RECORDS) -> AskedFilters:
    """The filters in the address of a request, within what the permission reaches."""
    reach = request.access.reach(permission)
    return read_filters(request.GET, reach, request.organisation.time_zone, reader_language())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
