"""Correcting a record: the form with its present answers, and the reason that goes with every correction.

Must not know: how a revision is sealed and stored.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tianbao.console.answer_fields import (
    Filled,
    changes_by_answers,
    describe_unasked,
    make_fields,
    read_posted,
    sentences_by_path,
)
from tianbao.console.context import reader_language
from tianbao.console.door import needs
from tianbao.console.keyring import KEYRING
from tianbao.console.middleware import StaffRequest
from tianbao.console.notices import tell
from tianbao.console.record import shown_entry
from tianbao.domain.access import Permission
from tianbao.domain.answers import flatten_answers, flatten_typed
from tianbao.domain.forms import Path
from tianbao.domain.ids import write_number
from tianbao.domain.places import Place
from tianbao.domain.problems import Code, Problem, Refused
from tianbao.domain.rows import change_rows
from tianbao.services.access import find_record
from tianbao.services.answering import find_unasked, show_answers, validate_answers
from tianbao.services.correcting import correct_record
from tianbao.services.keys import Locked
from tianbao.services.organisation import find_organisation
from tianbao.services.records import HistoryEntry, load_form_once, open_lines, open_record
from tianbao.services.sites import to_domain_site
from tianbao.store.models import Record


@needs(Permission.CORRECT)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def show_correction(request: StaffRequest, record_id: UUID) -> HttpResponseBase:
    """The form; back to the record once the correction stands."""
    if not KEYRING.is_unlocked:
        raise Locked
    record = find_record(access=request.access, permission=Permission.CORRECT, record_id=record_id)
    form = load_form_once(record.form)
    if request.method == "GET":
        line = open_lines([record], KEYRING)[0]
        if line.answers is None:  # its day's key is gone
            raise Http404
        return _show_form(request, record, line.revision, line.answers, flatten_answers(form, line.answers))
    given = read_posted(form, request.POST)
    values = flatten_typed(form, given)
    revision = _read_revision(request.POST.get("_revision", ""))
    action = request.POST.get("_action", "save")
    if action.startswith(("add:", "remove:")):
        given, rows = change_rows(form, given, action, rows_min=0)
        return _show_form(request, record, revision, given, flatten_typed(form, given), rows=rows)
    if action == "again":
        return _show_form(request, record, revision, given, values)
    unclear = validate_answers(form=record.form, answers=given, now_ms=_now_ms()).unclear
    unasked = find_unasked(form=record.form, answers=given, now_ms=_now_ms())
    if (unclear and not request.POST.get("_asked")) or set(unasked) - set(request.POST.getlist("_told")):
        return _show_form(request, record, revision, given, values, unclear=unclear, unasked=unasked)
    try:
        corrected = correct_record(
            record=record,
            answers=given,
            revision=revision,
            reason=request.POST.get("_reason", ""),
            keyring=KEYRING,
            staff=request.user,
            now_ms=_now_ms(),
        )
    except Refused as refused:
        if refused.problems[0].code is Code.CHANGED_MEANWHILE:
            return _show_both(request, record, revision, given, values)
        problems = refused.problems
        return _show_form(
            request, record, revision, given, values, problems=problems, unclear=unclear, unasked=unasked
        )
    if corrected.revision == revision:
        tell(request, _("Nothing was different, so nothing was saved."))
    else:
        tell(request, _("The correction is saved. The registrant sees it too."))
    return redirect("console:record", record.id)


def _show_both(
    request: StaffRequest,
    record: Record,
    seen_revision: int,
    given: Mapping[str, Any],
    values: Mapping[str, Sequence[str]],
) -> HttpResponse:
    """What somebody else changed since, above what was typed: saving again then stands on the newest revision."""
    entries = open_record(record=record, keyring=KEYRING).entries
    newest = max(entry.revision.revision for entry in entries)
    theirs = [entry for entry in entries if entry.revision.revision > seen_revision]
    problems = (Problem(Code.CHANGED_MEANWHILE),)
    return _show_form(request, record, newest, given, values, problems=problems, theirs=theirs)


def _show_form(
    request: StaffRequest,
    record: Record,
    revision: int,
    given: Mapping[str, Any],
    values: Mapping[str, Sequence[str]],
    *,
    problems: Sequence[Problem] = (),
    rows: Mapping[Path, int] | None = None,
    unclear: Mapping[Path, Sequence[Place]] | None = None,
    unasked: Sequence[Path] = (),
    theirs: Sequence[HistoryEntry] = (),
) -> HttpResponse:
    form, language = load_form_once(record.form), reader_language()
    said = sentences_by_path(problems, form, language, {"_reason": _("Why it is corrected")})
    showing = show_answers(form=record.form, answers=given, now_ms=_now_ms())
    filled = Filled(values=values, showing=showing, problems=said, rows=rows or {}, unclear=unclear or {})
    zone = ZoneInfo(find_organisation().time_zone)
    context: dict[str, Any] = {
        "record": record,
        "number": write_number(record.number),
        "fields": make_fields(form.questions, filled, language),
        "form_id": record.form_id if changes_by_answers(form) else "",
        "upload_url": f"{to_domain_site(record.site).path(record.form.name)}/files",
        "focus": request.POST.get("_focus", ""),
        "revision": revision,
        "reason": request.POST.get("_reason", ""),
        "reason_problem": said.get("_reason", ""),
        "problems": said,
        "is_unclear": bool(unclear),
        "unasked": describe_unasked(form, unasked, values, language),
        "theirs": [shown_entry(entry, form, zone) for entry in theirs],
    }
    return render(
        request, "console/record_correct.html", context, status=422 if problems or unclear or unasked else 200
    )


def _read_revision(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
