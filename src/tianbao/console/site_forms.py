"""The forms of a site, their order and hours; and the sites of a form, all of them at once.

Must not know: what a form asks, what a phone shows while one is closed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tianbao.console.context import reader_language
from tianbao.console.door import needs
from tianbao.console.middleware import StaffRequest
from tianbao.console.notices import tell
from tianbao.domain.access import Permission
from tianbao.domain.problems import Code, Problem, Refused, refuse
from tianbao.domain.sites import Hours, Phase, SiteState
from tianbao.services import site_forms as services
from tianbao.services.refusals import message
from tianbao.services.site_forms import WORD_LENGTH_MAX, CarriedForm
from tianbao.services.sites import find_site, list_rows
from tianbao.store.models import Site

WORD_LANGUAGES: Final = {"zh-Hans": "中文", "en": "English"}
_TIME: Final = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Line:
    """A form at a site as the screen shows it: times as its fields hold them, words by language."""

    name: str
    title: str
    state: str
    opens: str
    closes: str
    words: tuple[tuple[str, str, str], ...]
    phase: Phase


@needs(Permission.CHANGE_SITES)
@require_http_methods(["GET", "POST"])
def show_site_forms(request: StaffRequest, code: str) -> HttpResponseBase:
    """Which forms the site carries. Buttons move, remove and add on the screen; only saving changes anything."""
    site = find_site(code, access=request.access, permission=Permission.CHANGE_SITES)
    if request.method == "GET":
        return _show(request, site, services.list_site_forms(site))
    forms, problems = _read(request)
    action = request.POST.get("_action", "save")
    if action != "save":
        return _show(request, site, _rearranged(forms, action, request.POST.get("add", "")))
    try:
        if problems:
            raise Refused(*problems)
        services.set_site_forms(site=site, forms=forms, staff=request.user, now_ms=_now_ms())
    except Refused as refused:
        return _show(request, site, forms, refused.problems)
    tell(request, _("Saved. Phones see it at once; the posters stay as they are."))
    return redirect("console:site", site.code)


@needs(Permission.CHANGE_FORMS)
@require_http_methods(["GET", "POST"])
def show_form_sites(request: StaffRequest, name: str) -> HttpResponseBase:
    """Which sites carry a form: ticked ones get it, the others lose it unless they have no other."""
    titles = services.form_titles(reader_language())
    if name not in titles:
        raise refuse(Code.NOT_FOUND)
    sites = list_rows(request.access.reach(Permission.CHANGE_SITES))
    chosen, problem = None, ""
    if request.method == "POST":
        chosen = set(request.POST.getlist("site"))
        try:
            moved = services.set_form_sites(
                name=name, sites=sites, codes=chosen, staff=request.user, now_ms=_now_ms()
            )
        except Refused as refused:
            full = refused.problems[0]
            problem = message(full, _, next(site.name for site in sites if site.code == full.question))
        else:
            tell(request, _("{given} sites got the form, {taken} lost it.").format(**moved._asdict()))
            return redirect("console:forms_form", name)
    carried = {site: [one.name for one in services.list_site_forms(site)] for site in sites}
    rows = [
        {
            "site": site,
            "is_carried": name in names if chosen is None else site.code in chosen,
            "is_only": names == [name],
            "others": [titles[other] for other in names if other != name],
            "is_open": site.state == SiteState.OPEN.value,
        }
        for site, names in carried.items()
    ]
    context = {"name": name, "title": titles[name], "rows": rows, "problem": problem}
    return render(request, "console/form_sites.html", context, status=422 if problem else 200)


def describe_forms(site: Site, zone: ZoneInfo) -> list[Line]:
    """The forms of a site for a screen that only shows them."""
    titles = services.form_titles(reader_language())
    return [_line(form, titles, zone) for form in services.list_site_forms(site)]


def _show(
    request: StaffRequest, site: Site, forms: Sequence[CarriedForm], problems: Sequence[Problem] = ()
) -> HttpResponse:
    titles = services.form_titles(reader_language())
    labels = {"opens": _("Opens"), "closes": _("Closes"), "word": _("What to say while it is not open")}
    said = {
        one.question: message(one, _, labels.get(one.question.rpartition(".")[2], _("Forms"))) for one in problems
    }
    carried = {form.name for form in forms}
    lines = [_line(form, titles, _zone(request)) for form in forms]
    context = {
        "site": site,
        "lines": [
            {
                "line": line,
                "opens": request.POST.get(f"forms.{index}.opens", line.opens) if problems else line.opens,
                "closes": request.POST.get(f"forms.{index}.closes", line.closes) if problems else line.closes,
                "problems": {part: said.get(f"forms.{index}.{part}", "") for part in labels},
            }
            for index, line in enumerate(lines)
        ],
        "addable": [(name, title) for name, title in titles.items() if name not in carried],
        "problem": said.get("forms", ""),
        "word_length_max": WORD_LENGTH_MAX,
    }
    return render(request, "console/site_forms.html", context, status=422 if problems else 200)


def _line(form: CarriedForm, titles: Mapping[str, str], zone: ZoneInfo) -> Line:
    hours = form.hours
    return Line(
        name=form.name,
        title=titles.get(form.name, form.name),
        state=hours.state.value,
        opens=_write_time(hours.opens_ms, zone),
        closes=_write_time(hours.closes_ms, zone),
        words=tuple((tag, label, hours.word.get(tag, "")) for tag, label in WORD_LANGUAGES.items()),
        phase=hours.phase(_now_ms()),
    )


def _read(request: StaffRequest) -> tuple[list[CarriedForm], list[Problem]]:
    """The forms as posted, in their order, and times that are none."""
    forms, problems, zone = [], [], _zone(request)
    for index, name in enumerate(request.POST.getlist("name")[: services.FORMS_MAX + 1]):
        times: dict[str, int | None] = {}
        for part in ("opens", "closes"):
            path = f"forms.{index}.{part}"
            typed = request.POST.get(path, "").strip()
            times[part] = _read_time(typed, zone)
            if typed and times[part] is None:
                problems.append(Problem(Code.NOT_A_TIME, path))
        words = {tag: request.POST.get(f"forms.{index}.word.{tag}", "").strip() for tag in WORD_LANGUAGES}
        is_closed = request.POST.get(f"forms.{index}.state") == SiteState.CLOSED.value
        hours = Hours(
            SiteState.CLOSED if is_closed else SiteState.OPEN,
            times["opens"],
            times["closes"],
            {tag: word for tag, word in words.items() if word},
        )
        forms.append(CarriedForm(name, hours))
    return forms, problems


def _rearranged(forms: list[CarriedForm], action: str, added: str) -> list[CarriedForm]:
    """`add`, `up:NAME`, `remove:NAME`; anything else leaves them as they are."""
    verb, _colon, name = action.partition(":")
    names = [form.name for form in forms]
    if verb == "add" and added and added not in names:
        return [*forms, CarriedForm(added, Hours())]
    if name not in names:
        return forms
    at = names.index(name)
    rest = forms[:at] + forms[at + 1 :]
    if verb == "remove" and rest:
        return rest
    if verb == "up" and at:
        return [*rest[: at - 1], forms[at], *rest[at - 1 :]]
    return forms


def _write_time(at_ms: int | None, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime(_TIME) if at_ms is not None else ""


def _read_time(typed: str, zone: ZoneInfo) -> int | None:
    try:
        return int(datetime.strptime(typed[:16], _TIME).replace(tzinfo=zone).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def _zone(request: StaffRequest) -> ZoneInfo:
    return ZoneInfo(request.organisation.time_zone)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
