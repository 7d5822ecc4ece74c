"""Taking the table home: what, as which file, and how far it is while it streams.

The file goes straight to the browser; a page beside it asks for the progress. Must not know: how rows are
opened or written.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from tianbao.console.context import reader_language
from tianbao.console.door import needs
from tianbao.console.keyring import KEYRING
from tianbao.console.line_list import asked_of, merged_form_title
from tianbao.console.middleware import StaffRequest
from tianbao.console.notices import sentences_of, tell
from tianbao.console.step_up import asks_again
from tianbao.domain.access import Permission
from tianbao.domain.files import has_files
from tianbao.domain.forms import Repeats
from tianbao.domain.ids import uuid7
from tianbao.domain.problems import Refused
from tianbao.services.access import reachable_sites
from tianbao.services.exporting import (
    Asked,
    Shape,
    begin_export,
    check_shape,
    forms_of,
    note_progress,
    stream_table,
)
from tianbao.services.keys import Locked
from tianbao.services.organisation import find_organisation
from tianbao.services.records import count_records, forms_with_records
from tianbao.services.selection import COUNT_MAX
from tianbao.store.models import Export

_WORKBOOK: Final = ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")
_KINDS: Final = {
    Shape.WORKBOOK: _WORKBOOK,
    Shape.JOINED_WORKBOOK: _WORKBOOK,
    Shape.CSV: ("text/csv; charset=utf-8", "csv"),
    Shape.CSV_GB18030: ("text/csv; charset=gb18030", "csv"),
    Shape.FILES: ("application/zip", "zip"),
}
"""(content type, ending) of what is downloaded."""
HISTORY_MAX = 20
PROGRESS_EVERY_S = 1.0


@needs(Permission.EXPORT)
@require_GET
@asks_again("export")
def show_export(request: StaffRequest) -> HttpResponse:
    """The choice of a file for the records that the filters in the address keep."""
    if not KEYRING.is_unlocked:
        raise Locked
    asked = asked_of(request, Permission.EXPORT)
    count = count_records(asked.filters)
    reached = reachable_sites(asked.filters.reach)
    site = reached.filter(code=asked.filters.site).first() if asked.filters.site else None
    context = {
        "asked": asked,
        "count": min(count, COUNT_MAX),
        "is_more": count > COUNT_MAX,
        "site": site,
        "forms": [] if asked.form else [(name, merged_form_title(name)) for name in forms_with_records()],
        "has_files": any(has_files(form) for form in forms_of(asked.filters)),
        "joins": asked.form is not None and asked.form.repeats is Repeats.JOINED,
        "new_id": uuid7(_now_ms(), os.urandom(10)),
        "exports": _exports_of(request).order_by("-asked_ms")[:HISTORY_MAX],
    }
    return render(request, "console/export.html", context)


@needs(Permission.EXPORT)
@require_POST
@asks_again("export")
def download(request: StaffRequest) -> HttpResponseBase:
    """The file itself, streamed."""
    if not KEYRING.is_unlocked:
        raise Locked
    request.GET = request.POST  # the filters come with the form
    asked = Asked(
        filters=asked_of(request, Permission.EXPORT).filters,
        shape=_shape(request.POST.get("shape", "")),
        language=reader_language(),
        guards_numbers=request.POST.get("guard") == "1",
    )
    try:
        check_shape(asked)
    except Refused as refused:
        tell(request, sentences_of(refused)["form"])
        return redirect(f"{reverse('console:export')}?{asked_of(request, Permission.EXPORT).query}")
    export = begin_export(
        asked=asked, staff=request.user, export_id=_export_id(request.POST.get("id", "")), now_ms=_now_ms()
    )
    content_type, ending = _KINDS[asked.shape]
    response = StreamingHttpResponse(_stream(asked, export), content_type=content_type)
    now = datetime.now(ZoneInfo(find_organisation().time_zone))
    name = f"tianbao-{now:%Y%m%d-%H%M%S}.{ending}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@needs(Permission.EXPORT)
@require_GET
def show_progress(request: StaffRequest, export_id: UUID) -> JsonResponse:
    """How far an export is."""
    export = _exports_of(request).filter(id=export_id).first()
    if export is None:
        raise Http404
    return JsonResponse(
        {"done": export.rows_done, "total": export.rows_total, "finished": export.finished_ms is not None}
    )


def _stream(asked: Asked, export: Export) -> Iterator[bytes]:
    done, told = 0, time.monotonic()

    def count(rows: int) -> None:
        nonlocal done, told
        done += rows
        if time.monotonic() - told > PROGRESS_EVERY_S:
            note_progress(export=export, rows_done=done, now_ms=_now_ms())
            told = time.monotonic()

    yield from stream_table(asked, keyring=KEYRING, now=datetime.now(UTC), on_rows=count)
    note_progress(export=export, rows_done=done, now_ms=_now_ms(), is_finished=True)


def _exports_of(request: StaffRequest) -> QuerySet[Export]:
    """One's own; everybody's for who may read the log."""
    exports = Export.objects.select_related("staff")
    return exports if request.access.may(Permission.READ_LOG) else exports.filter(staff=request.user)


def _shape(text: str) -> Shape:
    return Shape(text) if text in {shape.value for shape in Shape} else Shape.WORKBOOK


def _export_id(text: str) -> UUID:
    """The page's own id, so that it can ask for progress at once; a new one if it was used before."""
    try:
        asked = UUID(text)
    except ValueError:
        return uuid7(_now_ms(), os.urandom(10))
    return uuid7(_now_ms(), os.urandom(10)) if Export.objects.filter(id=asked).exists() else asked


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
