"""One record: its answers, its history, its card.

Opening one is written down. Must not know: how identities are opened.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tianbao.console.context import reader_language
from tianbao.console.door import needs
from tianbao.console.keyring import KEYRING
from tianbao.console.line_list import state_label
from tianbao.console.middleware import StaffRequest
from tianbao.domain.access import Permission
from tianbao.domain.files import token_of
from tianbao.domain.forms import FILES, Form, Kind, Path, answer_at, label_at
from tianbao.domain.ids import write_number
from tianbao.domain.names import mask_name
from tianbao.domain.sealing import RevisionKind
from tianbao.render.answer_list import AnswerLine, Shown, answer_lines, flat_answer_text
from tianbao.render.card import Card, CardLayout, card_page
from tianbao.render.doubts import doubt_sentence
from tianbao.render.pages import page_csp
from tianbao.services.access import find_record
from tianbao.services.audit import record_act
from tianbao.services.divisions import area_name
from tianbao.services.records import HistoryEntry, Line, RecordHistory, open_lines, open_record
from tianbao.services.sites import load_installation
from tianbao.store.models import RecordState, Source
from tianbao.texts import translator


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """An answer with what is doubtful about it, and the name of the place it stands for."""

    line: AnswerLine
    marks: tuple[str, ...]
    place: str
    rows: tuple[tuple[ShownAnswer, ...], ...]


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One answer before and after. `file` is the id of the file that stood there before."""

    label: str
    before: str
    after: str
    file: str


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """One revision as the history shows it."""

    title: str
    who: str
    at: datetime
    reason: str
    changes: tuple[ShownChange, ...]


@needs(Permission.UNMASK)
@require_GET
def show_record(request: StaffRequest, record_id: UUID) -> HttpResponse:
    """Everything about one registration."""
    record = find_record(access=request.access, permission=Permission.UNMASK, record_id=record_id)
    history = open_record(record=record, keyring=KEYRING)
    record_act(at_ms=_now_ms(), staff=request.user, verb="record.open", subject=record.id.hex)
    zone = ZoneInfo(request.organisation.time_zone)
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
        "entries": [shown_entry(entry, line.form, zone) for entry in history.entries],
        "is_withdrawn": record.state == RecordState.WITHDRAWN,
    }
    return render(request, "console/record.html", context)


@needs(Permission.REGISTER)
@require_GET
def show_card(request: StaffRequest, record_id: UUID) -> HttpResponse:
    """The small card with the code that staff scan, for somebody without a phone."""
    record = find_record(access=request.access, permission=Permission.REGISTER, record_id=record_id)
    line = open_lines([record], KEYRING)[0]
    name = line.text(Kind.PERSON_NAME)
    zone = ZoneInfo(request.organisation.time_zone)
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


def _shown_answers(line: Line) -> list[ShownAnswer]:
    answers = line.answers or {}
    listed = answer_lines(line.form.questions, answers, reader_language(), shown=Shown.ALL)
    return [_shown(one, line.marks, answers) for one in listed]


def _shown(one: AnswerLine, marks: Mapping[str, list[str]], answers: Mapping[str, Any]) -> ShownAnswer:
    value = answer_at(answers, one.path)
    code = value.get("code", "") if isinstance(value, Mapping) else ""
    place = area_name(code) if code else ""
    return ShownAnswer(
        line=one,
        marks=tuple(doubt_sentence(mark, _) for mark in marks.get(one.path, ())),
        place=place if place != one.text else "",
        rows=tuple(tuple(_shown(inner, marks, answers) for inner in row) for row in one.rows),
    )


def shown_entry(entry: HistoryEntry, form: Form, zone: ZoneInfo) -> ShownEntry:
    """A revision in the reader's words."""
    titles = {
        RevisionKind.REGISTERED: _("Registered"),
        RevisionKind.CORRECTED: _("Corrected by the registrant"),
        RevisionKind.WITHDRAWN: _("Withdrawn by the registrant"),
        RevisionKind.STAFF_CORRECTED: _("Corrected by staff"),
    }
    changes = tuple(
        ShownChange(
            label_at(form, path.removesuffix(".code"), reader_language()),
            _text_at(form, path, change.before),
            _text_at(form, path, change.after),
            _file_at(form, path, change.before),
        )
        for change in entry.changes
        for path in [change.path]
    )
    staff = entry.revision.staff
    return ShownEntry(
        title=titles[RevisionKind(entry.revision.kind)],
        who=staff.get_username() if staff else "",
        at=datetime.fromtimestamp(entry.revision.at_ms / 1000, zone),
        reason=entry.reason,
        changes=changes,
    )


def _text_at(form: Form, path: Path, values: tuple[str, ...]) -> str:
    """An answer as people read it, from its flat values."""
    if path.endswith(".code"):
        return ", ".join(area_name(code) for code in values)
    question = form.question_at(path)
    return flat_answer_text(question, values, reader_language()) if question else ", ".join(values)


def _file_at(form: Form, path: Path, values: tuple[str, ...]) -> str:
    question = form.question_at(path)
    token = token_of(values[0]) if values and question and question.type in FILES else None
    return token.id if token else ""


def _name(history: RecordHistory) -> str:
    return history.line.text(Kind.PERSON_NAME)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
