"""The forms: all of them with their versions and sites; one with its history; what differs between two versions.

Must not know: how a draft is edited (`forms_designer`), where a new one begins (`forms_start`).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from tianbao.console.context import reader_language
from tianbao.console.door import needs
from tianbao.console.forms_words import sentences
from tianbao.console.middleware import StaffRequest
from tianbao.domain.access import Permission
from tianbao.domain.form_difference import find_differences
from tianbao.domain.forms import Form, load_form, text_in, walk_questions
from tianbao.domain.problems import Code, refuse
from tianbao.services import form_drafts as services
from tianbao.services.form_files import write_workbook, write_zip
from tianbao.services.form_pictures import find_pictures

SITES_SHOWN_MAX = 5
"""Sites named in the list; the rest are counted."""


@needs(Permission.CHANGE_FORMS)
@require_GET
def show_forms(request: HttpRequest) -> HttpResponse:
    """Every form, published or begun."""
    language = reader_language()
    lines = [
        {
            "line": line,
            "title": text_in(line.title, language),
            "sites": line.sites[:SITES_SHOWN_MAX],
            "more": max(0, len(line.sites) - SITES_SHOWN_MAX),
        }
        for line in services.list_forms()
    ]
    return render(request, "console/forms.html", {"lines": lines})


@needs(Permission.CHANGE_FORMS)
@require_GET
def show_form(request: HttpRequest, name: str) -> HttpResponse:
    """One form: its versions and the sites that carry it."""
    rows = services.versions_of(name)
    language = reader_language()
    form = load_form(rows[0].definition)
    context = {
        "form": form,
        "title": text_in(form.title, language),
        "versions": [
            {
                "row": row,
                "published": datetime.fromtimestamp(row.published_ms / 1000, UTC),
                "older": older.version if older else None,
                "questions": _count_questions(row.definition),
            }
            for row, older in zip(rows, [*rows[1:], None], strict=True)
        ],
        "sites": services.carrying_sites(name),
        "draft": services.find_draft_of(name),
    }
    return render(request, "console/forms_form.html", context)


@needs(Permission.CHANGE_FORMS)
@require_GET
def show_difference(request: HttpRequest, name: str, version: int, other: int) -> HttpResponse:
    """What changed from a version to a later one."""
    rows = {row.version: row for row in services.versions_of(name)}
    if version not in rows or other not in rows:
        raise refuse(Code.NOT_FOUND)
    before, after = load_form(rows[version].definition), load_form(rows[other].definition)
    language = reader_language()
    context = {
        "name": name,
        "title": text_in(after.title, language),
        "before": version,
        "after": other,
        "sentences": sentences(find_differences(before, after), before, after, language),
        "versions": sorted(rows),
    }
    return render(request, "console/forms_difference.html", context)


@needs(Permission.CHANGE_FORMS)
@require_GET
def download(request: HttpRequest, name: str, version: int) -> HttpResponse:
    """A version as an XLSForm."""
    row = next((row for row in services.versions_of(name) if row.version == version), None)
    if row is None:
        raise refuse(Code.NOT_FOUND)
    return workbook(load_form(row.definition))


@needs(Permission.CHANGE_FORMS)
@require_GET
def download_draft(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """A draft as an XLSForm."""
    return workbook(load_form(services.find_draft(draft_id).definition))


def workbook(form: Form) -> HttpResponse:
    """The file for Excel or WPS; with the form's pictures, where it has any, a ZIP of both."""
    if pictures := find_pictures(form):
        data, suffix, kind = write_zip(form, pictures), "zip", "application/zip"
    else:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        data, suffix = write_workbook(form), "xlsx"
    name = content_disposition_header(as_attachment=True, filename=f"{form.name}-v{form.version}.{suffix}")
    return HttpResponse(data, content_type=kind, headers={"Content-Disposition": name})


@needs(Permission.CHANGE_FORMS)
@require_POST
def change_form(request: StaffRequest, name: str) -> HttpResponse:
    """Opens the draft of a form's next version."""
    draft = services.start_version(name=name, staff=request.user, now_ms=_now_ms())
    return redirect("console:forms_draft", draft.id)


def _count_questions(definition: dict[str, object]) -> int:
    return sum(1 for _ in walk_questions(load_form(definition).questions))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
