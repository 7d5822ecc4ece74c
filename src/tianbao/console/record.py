"""One record: its answers, its history, and the correction of it.

Opening one is written down. Must not know: how identities are opened, how a revision is stored.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tianbao.console.answer_fields import make_fields
from tianbao.console.keyring import KEYRING
from tianbao.console.line_list import state_label
from tianbao.console.notices import tell
from tianbao.domain.answers import flatten_answers, flatten_typed, nest_answers
from tianbao.domain.forms import Form, Kind, Path, text_in
from tianbao.domain.ids import write_number
from tianbao.domain.names import mask_name
from tianbao.domain.problems import Code, Refused
from tianbao.domain.sealing import RevisionKind
from tianbao.render.answer_list import AnswerLine, answer_lines
from tianbao.render.card import Card, CardLayout, card_page
from tianbao.render.doubts import doubt_sentence
from tianbao.render.pages import page_csp
from tianbao.services.audit import record_act
from tianbao.services.correcting import correct_record
from tianbao.services.divisions import area_name
from tianbao.services.records import HistoryEntry, Line, RecordHistory, load_form_once, open_lines, open_record
from tianbao.services.refusals import message
from tianbao.services.sites import load_installation
from tianbao.store.models import Organisation, Record, RecordState, Source
from tianbao.texts import translator


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """An answer with what is doubtful about it, and the name of the place it stands for."""

    line: AnswerLine
    marks: tuple[str, ...]
    place: str
    rows: tuple[tuple[ShownAnswer, ...], ...]


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """One revision as the history shows it."""

    title: str
    who: str
    at: datetime
    reason: str
    changes: tuple[tuple[str, str, str], ...]


@require_GET
def show_record(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Everything about one registration."""
    record = _find(record_id)
    history = open_record(record=record, keyring=KEYRING)
    record_act(at_ms=_now_ms(), staff=request.user, verb="record.open", subject=record.id.hex)
    zone = ZoneInfo(_organisation(request).time_zone)
    line = history.line
    context = {
        "record": record,
        "number": write_number(record.number),
        "name": _name(history),
        "state": RecordState(record.state).name.lower(),
        "state_label": state_label(RecordState(record.state)),
        "by_staff": record.source == Source.STAFF,
        "registered_at": datetime.fromtimestamp(record.registered_ms / 1000, zone),
        "delete_on": record.day.partition("_")[2],
        "answers": _shown_answers(line) if line.answers is not None else None,
        "entries": [_shown_entry(entry, line.form, zone) for entry in history.entries],
        "is_withdrawn": record.state == RecordState.WITHDRAWN,
    }
    return render(request, "console/record.html", context)


@require_GET
def show_card(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """The small card with the code that staff scan, for somebody without a phone."""
    record = _find(record_id)
    line = open_lines([record], KEYRING)[0]
    name = line.text(Kind.PERSON_NAME)
    zone = ZoneInfo(_organisation(request).time_zone)
    installation = load_installation()
    layout = request.GET.get("layout", "")
    html = card_page(
        installation=installation,
        cards=[
            Card(
                site_name=record.site.name,
                number=write_number(record.number),
                masked_name=mask_name(name) if name else "",
                registered_at=datetime.fromtimestamp(record.registered_ms / 1000, zone),
                delete_on=date.fromisoformat(record.day.partition("_")[2]),
                pass_text=f"{installation.address}/P/{record.number}",
            )
        ],
        layout=CardLayout(layout) if layout in {one.value for one in CardLayout} else CardLayout.CARD,
        translators={language: translator(language) for language in ("zh-Hans", "en")},
    )
    return HttpResponse(html, headers={"Content-Security-Policy": page_csp(html)})


@require_http_methods(["GET", "POST"])
def show_correction(request: HttpRequest, record_id: UUID) -> HttpResponseBase:
    """The form with the present answers, and the reason that goes with every correction."""
    record = _find(record_id)
    form = load_form_once(record.form)
    if request.method == "GET":
        line = open_lines([record], KEYRING)[0]
        if line.answers is None:
            open_record(record=record, keyring=KEYRING)  # Locked, if that is why
            raise Http404
        values = flatten_answers(form, line.answers)
        return _show_form(request, record, form, values, revision=line.revision)
    pairs = [(name, value) for name, values in request.POST.lists() for value in values]
    given = nest_answers(form, [pair for pair in pairs if pair[0] != "csrfmiddlewaretoken"])
    action = request.POST.get("_action", "save")
    shown = request.POST.get("_revision", "")
    revision = int(shown) if shown.isdecimal() and len(shown) < 9 else 0
    reason = request.POST.get("_reason", "")
    if action.startswith(("add:", "remove:")):
        given, rows = change_rows(given, action)
        return _show_form(request, record, form, flatten_typed(form, given), revision, reason=reason, rows=rows)
    try:
        correct_record(
            record=record,
            answers=given,
            revision=revision,
            reason=reason,
            keyring=KEYRING,
            staff=request.user,
            now_ms=_now_ms(),
        )
    except Refused as refused:
        problems = _sentences(refused, form)
        values = flatten_typed(form, given)
        return _show_form(request, record, form, values, revision, reason=reason, problems=problems)
    tell(request, _("The correction is saved. The registrant sees it too."))
    return redirect("console:record", record.id)


def change_rows(given: dict[str, object], action: str) -> tuple[dict[str, object], dict[Path, int]]:
    """One row more or less by a button: the answers that stay, and how many rows to show."""
    verb, _colon, path = action.partition(":")
    name, _dot, index = path.partition(".")
    rows = given.get(name)
    rows = rows if isinstance(rows, list) else []
    if verb == "add":
        return given, {name: len(rows) + 1}
    kept = [row for position, row in enumerate(rows) if str(position) != index]
    return {**given, name: kept}, {name: len(kept)}


def _show_form(
    request: HttpRequest,
    record: Record,
    form: Form,
    values: Mapping[str, list[str]],
    revision: int,
    *,
    reason: str = "",
    problems: Mapping[Path, str] | None = None,
    rows: Mapping[Path, int] | None = None,
) -> HttpResponse:
    problems = dict(problems or {})
    fields = make_fields(form.questions, values=values, problems=problems, rows=rows or {}, language=_language())
    context = {
        "record": record,
        "number": write_number(record.number),
        "fields": fields,
        "revision": revision,
        "reason": reason,
        "problems": problems,
        "has_changed": Code.CHANGED_MEANWHILE.value in problems,
    }
    return render(request, "console/record_correct.html", context, status=422 if problems else 200)


def _sentences(refused: Refused, form: Form) -> dict[Path, str]:
    said: dict[Path, str] = {}
    for problem in refused.problems:
        question = form.question_at(problem.question) if problem.question else None
        label = text_in(question.label, _language()) if question else _("Reason")
        said.setdefault(problem.question or "general", message(problem, _, label))
        if problem.code is Code.CHANGED_MEANWHILE:
            said[Code.CHANGED_MEANWHILE.value] = ""
    return said


def _shown_answers(line: Line) -> list[ShownAnswer]:
    answers = line.answers or {}
    return [_shown(one, line.marks, answers) for one in answer_lines(line.form.questions, answers, _language())]


def _shown(one: AnswerLine, marks: Mapping[str, list[str]], answers: Mapping[str, object]) -> ShownAnswer:
    value: object = answers
    for part in one.path.split("."):
        if isinstance(value, list) and part.isdecimal():
            value = value[int(part)]
        elif isinstance(value, Mapping):
            value = value.get(part)
    code = value.get("code", "") if isinstance(value, Mapping) else ""
    place = area_name(code) if code else ""
    return ShownAnswer(
        line=one,
        marks=tuple(doubt_sentence(mark, _) for mark in marks.get(one.path, ())),
        place=place if place != one.text else "",
        rows=tuple(tuple(_shown(inner, marks, answers) for inner in row) for row in one.rows),
    )


def _shown_entry(entry: HistoryEntry, form: Form, zone: ZoneInfo) -> ShownEntry:
    kind = RevisionKind(entry.revision.kind)
    titles = {
        RevisionKind.REGISTERED: _("Registered"),
        RevisionKind.CORRECTED: _("Corrected by the registrant"),
        RevisionKind.WITHDRAWN: _("Withdrawn by the registrant"),
        RevisionKind.STAFF_CORRECTED: _("Corrected by staff"),
    }
    changes = tuple((_label_at(form, change.path), change.before, change.after) for change in entry.changes)
    staff = entry.revision.staff
    return ShownEntry(
        title=titles[kind],
        who=staff.get_username() if staff else "",
        at=datetime.fromtimestamp(entry.revision.at_ms / 1000, zone),
        reason=entry.reason,
        changes=changes,
    )


def _label_at(form: Form, path: Path) -> str:
    question = form.question_at(path)
    label = text_in(question.label, _language()) if question else path
    row = next((part for part in path.split(".") if part.isdecimal()), "")
    return f"{label} {int(row) + 1}" if row else label


def _name(history: RecordHistory) -> str:
    return history.line.text(Kind.PERSON_NAME)


def _find(record_id: UUID) -> Record:
    record = Record.objects.select_related("site", "form").filter(id=record_id).first()
    if record is None:
        raise Http404
    return record


def _language() -> str:
    return "en" if (get_language() or "").startswith("en") else "zh-Hans"


def _organisation(request: HttpRequest) -> Organisation:
    return request.organisation  # type: ignore[attr-defined, no-any-return]


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
