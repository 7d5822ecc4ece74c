"""A new form: from nothing, from a kit, from a copy of another form, or from an XLSForm file.

Must not know: how the draft is edited then.
"""

from __future__ import annotations

import time

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tianbao.console.context import reader_language
from tianbao.console.door import needs
from tianbao.console.labels import LABELS
from tianbao.console.middleware import StaffRequest
from tianbao.console.notices import SAID_MAX, sentences_of, tell
from tianbao.domain.access import Permission
from tianbao.domain.form_problems import FormProblem
from tianbao.domain.forms import load_form, text_in
from tianbao.domain.problems import Code, Refused, refuse
from tianbao.render.form_messages import problem_line
from tianbao.services import form_drafts as services
from tianbao.services.form_files import find_kit, list_kits, read_upload
from tianbao.services.form_pictures import keep_pictures
from tianbao.store.models import FormDraft

LANGUAGES = {"zh-Hans": "中文", "en": "English", "zh-Hans,en": "中文 + English", "en,zh-Hans": "English + 中文"}


class Unreadable(Exception):
    """Carries what is wrong with an uploaded file to the screen."""

    def __init__(self, problems: tuple[FormProblem, ...]) -> None:
        super().__init__()
        self.problems = problems


@needs(Permission.CHANGE_FORMS)
@require_http_methods(["GET", "POST"])
def show_start(request: StaffRequest) -> HttpResponseBase:
    """The ways to begin; each is a form of its own with `way` in it."""
    problems: dict[str, str] = {}
    found: list[str] = []
    if request.method == "POST":
        try:
            draft = _start(request)
        except Refused as refused:
            problems = sentences_of(refused)
        except Unreadable as unreadable:
            problems = {"file": _("This file cannot be used as it is. What is wrong stands below.")}
            found = [problem_line(problem, _) for problem in unreadable.problems]
        else:
            is_empty = not draft.definition["questions"]
            return redirect(f"{_path_of(draft)}{'#add' if is_empty else ''}")
    language = reader_language()
    context = {
        "languages": LANGUAGES.items(),
        "language": language,
        "labels": LABELS,
        "title": request.POST.get("title", ""),
        "chosen": request.POST.get("languages", language),
        "copies": [(row.name, text_in(row.definition["title"], language)) for row in services.newest_versions()],
        "kits": [
            (kit.form.name, text_in(kit.form.title, language), text_in(kit.about, language)) for kit in list_kits()
        ],
        "problems": problems,
        "found": found,
    }
    return render(request, "console/forms_start.html", context, status=422 if problems else 200)


def _start(request: StaffRequest) -> FormDraft:
    typed, staff, now_ms = request.POST, request.user, time.time_ns() // 1_000_000
    match typed.get("way"):
        case "empty":
            chosen = typed.get("languages", "")
            languages = tuple((chosen if chosen in LANGUAGES else reader_language()).split(","))
            return services.start_empty(
                title=typed.get("title", ""), languages=languages, staff=staff, now_ms=now_ms
            )
        case "copy":
            form = load_form(services.versions_of(typed.get("form", ""))[0].definition)
            title = _("Copy of {title}").format(title=text_in(form.title, form.languages[0]))
            return services.start_copy(form=form, title=title, staff=staff, now_ms=now_ms)
        case "kit":
            form = find_kit(typed.get("kit", "")).form
            title = text_in(form.title, form.languages[0])
            return services.start_copy(form=form, title=title, staff=staff, now_ms=now_ms)
        case "file":
            return _start_with_file(request, now_ms)
        case _:
            raise refuse(Code.NOT_FOUND)


def _start_with_file(request: StaffRequest, now_ms: int) -> FormDraft:
    file = request.FILES.get("file")
    if file is None:
        raise refuse(Code.REQUIRED, "file")
    understood = read_upload(data=file.read(), filename=file.name or "")
    if understood.form is None:
        raise Unreadable(understood.problems)
    form = keep_pictures(understood.form, understood.pictures, now_ms=now_ms)
    draft = services.start_upload(form=form, staff=request.user, now_ms=now_ms)
    _tell_notices(request, understood.notices)
    return draft


def _tell_notices(request: StaffRequest, notices: tuple[FormProblem, ...]) -> None:
    """What was left aside or understood otherwise, on the page that follows."""
    shown = notices[: SAID_MAX - 1]
    for notice in shown:
        tell(request, problem_line(notice, _))
    if more := len(notices) - len(shown):
        tell(request, _("{count} more like these.").format(count=more))


def _path_of(draft: FormDraft) -> str:
    return f"/console/forms/drafts/{draft.id}"
