"""Registering somebody without a phone: one screen, by the keyboard alone, one person after the other.

The document number comes first, because the card is in the hand. Must not know: how a registration is stored.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tianbao.console.answer_fields import (
    Field,
    Filled,
    changes_by_answers,
    describe_unasked,
    make_fields,
    read_posted,
    sentences_by_path,
)
from tianbao.console.context import reader_language
from tianbao.console.door import needs
from tianbao.console.middleware import StaffRequest
from tianbao.domain.access import Permission
from tianbao.domain.answers import flatten_typed, nest_answers
from tianbao.domain.documents import DocumentReading, DocumentType, Sex, read_document
from tianbao.domain.forms import Form, Kind, Path, Question, QuestionType, text_in, walk_questions
from tianbao.domain.ids import short_number, write_number
from tianbao.domain.places import Place
from tianbao.domain.problems import Code, Refused, refuse
from tianbao.domain.receipts import NONCE_BYTES, decode_base64url, encode_base64url
from tianbao.domain.rows import change_rows
from tianbao.domain.sites import Phase, SiteState
from tianbao.render.doubts import doubt_sentence
from tianbao.services.access import reachable_sites
from tianbao.services.answering import find_unasked, show_answers, validate_answers
from tianbao.services.divisions import area_name
from tianbao.services.forms import newest_forms
from tianbao.services.organisation import find_organisation
from tianbao.services.records import load_form_once
from tianbao.services.registering import make_nonce, register_person
from tianbao.services.site_forms import list_site_forms
from tianbao.services.sites import to_domain_site
from tianbao.store.models import FormVersion, Record, Site

DOCUMENT_LENGTH_MAX: Final = 60
PROJECTION_WAIT_S: Final = 5.0
_FIRST: Final = (Kind.DOCUMENT_TYPE, Kind.DOCUMENT)
_SITE: Final = "register_site"


@dataclass(frozen=True, slots=True)
class Desk:
    """A form at a site, as staff choose it; `title` of the form is said where the site has several."""

    site: Site
    form: FormVersion
    title: str
    is_one_of_several: bool

    @property
    def key(self) -> str:
        return f"{self.site.code}/{self.form.name}"


@needs(Permission.REGISTER)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def show_register(request: StaffRequest) -> HttpResponseBase:
    """The empty form, and after each person the number to tell them."""
    desks = _list_desks(request)
    if not desks:
        return render(request, "console/register_closed.html")
    if request.method == "GET":
        desk = _choose_desk(request, desks, request.GET.get("site", ""))
        form = load_form_once(desk.form)
        given = _prefilled(form)
        return _show_form(request, desk, desks, given=given, values=flatten_typed(form, given))
    desk = _choose_desk(request, desks, request.POST.get("_site", ""))
    form = load_form_once(desk.form)
    given = read_posted(form, request.POST)
    action = request.POST.get("_action", "")
    if action.startswith(("add:", "remove:")):
        given, rows = change_rows(form, given, action, rows_min=0)
        focus = _first_of_last_row(form, action, rows)
        values = flatten_typed(form, given)
        return _show_form(request, desk, desks, given=given, values=values, rows=rows, focus=focus)
    if action == "again":
        values, focus = flatten_typed(form, given), request.POST.get("_focus", "")
        return _show_form(request, desk, desks, given=given, values=values, focus=focus)
    validation = validate_answers(form=desk.form, answers=given, now_ms=_now_ms())
    unclear = {} if request.POST.get("_asked") else validation.unclear
    problems = list(validation.problems)
    unasked = find_unasked(form=desk.form, answers=given, now_ms=_now_ms())
    is_told = not set(unasked) - set(request.POST.getlist("_told"))
    if not problems and not unclear and is_told:
        try:
            person = register_person(
                site=desk.site,
                form=desk.form,
                answers=given,
                nonce=_nonce(request),
                staff=request.user,
                now_ms=_now_ms(),
            )
            return redirect(f"{reverse('console:register')}?done={person.record.hex}")
        except Refused as refused:
            problems = list(refused.problems)
    return _show_form(
        request,
        desk,
        desks,
        given=given,
        values=flatten_typed(form, given),
        problems=sentences_by_path(problems, form, reader_language()),
        unclear=validation.unclear,
        unasked=unasked,
    )


@needs(Permission.REGISTER)
@sensitive_post_parameters()
@require_POST
def read_number(request: StaffRequest) -> JsonResponse:
    """What a document number says about its holder, while it is being typed: `{"text", "is_doubtful"}`."""
    typed = request.POST.get("type", "")
    kind = DocumentType(typed) if typed in set(DocumentType) else DocumentType.OTHER
    today = datetime.fromtimestamp(_now_ms() / 1000, ZoneInfo(find_organisation().time_zone)).date()
    reading = read_document(kind, request.POST.get("number", "")[:DOCUMENT_LENGTH_MAX], today=today)
    said = [*_holder(reading), *(doubt_sentence(doubt.value, _) for doubt in reading.doubts)]
    return JsonResponse({"text": " · ".join(said), "is_doubtful": bool(reading.doubts)})


@needs(Permission.REGISTER)
@require_GET
def show_new_card(request: StaffRequest, record_id: UUID) -> HttpResponse:
    """The card of somebody registered this moment: waits for the record, which follows its registration."""
    end = time.monotonic() + PROJECTION_WAIT_S
    while not Record.objects.filter(id=record_id).exists():
        if time.monotonic() > end:
            raise refuse(Code.BUSY)
        time.sleep(0.1)
    return redirect("console:record_card", record_id)


def _show_form(
    request: StaffRequest,
    desk: Desk,
    desks: list[Desk],
    *,
    given: Mapping[str, Any],
    values: Mapping[str, Sequence[str]],
    rows: Mapping[Path, int] | None = None,
    problems: Mapping[Path, str] | None = None,
    unclear: Mapping[Path, Sequence[Place]] | None = None,
    unasked: Sequence[Path] = (),
    focus: Path = "",
) -> HttpResponse:
    form = load_form_once(desk.form)
    questions = tuple(sorted(form.questions, key=_position))
    itineraries = {question.name: 1 for question in questions if _is_itinerary(question)}
    is_refused = bool(problems or unclear or unasked)
    organisation = find_organisation()
    done = _done(request) if request.method == "GET" else None
    context: dict[str, Any] = {
        "desk": desk,
        "desks": desks,
        "title": text_in(form.title, reader_language()),
        "fields": _read_aloud(
            make_fields(
                questions,
                Filled(
                    values=values,
                    showing=show_answers(form=desk.form, answers=given, now_ms=_now_ms()),
                    problems=problems or {},
                    rows=itineraries | dict(rows or {}),
                    unclear=unclear or {},
                ),
                reader_language(),
            )
        ),
        "upload_url": f"{to_domain_site(desk.site).path(desk.form.name)}/files",
        "form_id": desk.form.id if changes_by_answers(form) else "",
        "focus": "" if is_refused or done else focus or _first_field(questions),
        "first": _first_field(questions),
        "document_type": next((q.name for q in questions if q.kind is Kind.DOCUMENT_TYPE), ""),
        "document": next((q.name for q in questions if q.kind is Kind.DOCUMENT), ""),
        "purpose": text_in(organisation.purpose, reader_language()),
        "notice": text_in(organisation.notice, reader_language()),
        "nonce": encode_base64url(_nonce(request)),
        "problems": problems or {},
        "is_unclear": bool(unclear),
        "unasked": describe_unasked(form, unasked, values, reader_language()),
        "done": done,
        "done_number": write_number(short_number(done.hex)) if done else "",
    }
    return render(request, "console/register.html", context, status=422 if is_refused else 200)


def _list_desks(request: StaffRequest) -> list[Desk]:
    """Every form that is open at an open site of theirs, by site."""
    now_ms = _now_ms()
    reached = reachable_sites(request.access.reach(Permission.REGISTER))
    sites = reached.filter(state=SiteState.OPEN.value).prefetch_related("forms").order_by("name")
    carried = [(site, list_site_forms(site)) for site in sites]
    newest = newest_forms({one.name for _, forms in carried for one in forms})
    titles = {name: text_in(row.definition["title"], reader_language()) for name, row in newest.items()}
    return [
        Desk(site, newest[one.name], titles[one.name], len(forms) > 1)
        for site, forms in carried
        for one in forms
        if one.hours.phase(now_ms) is Phase.OPEN
    ]


def _choose_desk(request: StaffRequest, desks: list[Desk], key: str) -> Desk:
    """The one asked for, else the one of last time, else the first; remembered for the next person.

    A site's code alone means its first form.
    """
    wanted = key or request.session.get(_SITE, "")
    desk = next((desk for desk in desks if wanted in (desk.key, desk.site.code)), desks[0])
    if request.session.get(_SITE) != desk.key:
        request.session[_SITE] = desk.key
    return desk


def _nonce(request: StaffRequest) -> bytes:
    raw = decode_base64url(request.POST.get("_nonce", "")[: NONCE_BYTES * 2])
    return raw if raw is not None and len(raw) == NONCE_BYTES else make_nonce(now_ms=_now_ms())


def _done(request: StaffRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("done", ""))
    except ValueError:
        return None


def _prefilled(form: Form) -> dict[str, Any]:
    """Most people carry the first kind of document of the list. Symptoms are asked for, never assumed."""
    kind = form.question_of(Kind.DOCUMENT_TYPE)
    if kind is None or not kind.choices:
        return {}
    pair = form.path_of(Kind.DOCUMENT_TYPE), kind.choices[0].name
    return nest_answers(form, [pair])


def _read_aloud(fields: list[Field]) -> list[Field]:
    """Staff tick for the person what the form has the person say."""
    said = _("Read aloud and agreed: “{text}”")
    return [
        replace(field, label=said.format(text=field.label)) if field.widget == "tick" else field for field in fields
    ]


def _position(question: Question) -> int:
    return _FIRST.index(question.kind) if question.kind in _FIRST else len(_FIRST)


def _is_itinerary(question: Question) -> bool:
    return question.type is QuestionType.REPEAT and any(inner.kind is Kind.PLACE for inner in question.questions)


def _first_field(questions: tuple[Question, ...]) -> Path:
    asked = [(path, question) for path, question in walk_questions(questions) if _is_field(question)]
    return next((path for path, question in asked if question.kind is Kind.DOCUMENT), asked[0][0])


def _is_field(question: Question) -> bool:
    return question.is_answered and question.is_seen and not question.questions


def _first_of_last_row(form: Form, action: str, rows: Mapping[Path, int]) -> Path:
    path = action.partition(":")[2]
    repeat = form.question_at(path)
    if not action.startswith("add:") or repeat is None or path not in rows:
        return ""
    first = next((name for name, inner in walk_questions(repeat.questions) if _is_field(inner)), "")
    return f"{path}.{rows[path] - 1}.{first}"


def _holder(reading: DocumentReading) -> list[str]:
    said = []
    if reading.born_on:
        said.append(_("born {date}").format(date=reading.born_on.isoformat()))
    if reading.sex:
        said.append({Sex.FEMALE: _("female"), Sex.MALE: _("male")}[reading.sex])
    if reading.area_code and (name := area_name(reading.area_code)):
        said.append(name)
    return said


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
