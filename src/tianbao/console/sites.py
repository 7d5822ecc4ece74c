"""The sites: all of them, one to make or change, many from a paste.

Must not know: posters beyond whether one hangs, registrations beyond today's count.
"""

from __future__ import annotations

import time
from zoneinfo import ZoneInfo

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tianbao.console.area_field import area_field, read_site_area
from tianbao.console.door import needs
from tianbao.console.labels import LABELS, label_of
from tianbao.console.middleware import StaffRequest
from tianbao.console.notices import sentences_of, tell
from tianbao.console.site_forms import describe_forms
from tianbao.domain.access import Permission
from tianbao.domain.problems import Problem, Refused
from tianbao.domain.sites import SiteState
from tianbao.services import sites as services
from tianbao.services.areas import list_areas
from tianbao.services.divisions import area_name
from tianbao.services.refusals import message
from tianbao.services.sites import PASTED_MAX, PastedSite
from tianbao.store.models import Site


@needs(Permission.READ_SITES)
@require_GET
def show_sites(request: StaffRequest) -> HttpResponse:
    """Every site with its code, state, today's count and poster."""
    lines = services.list_sites(reach=request.access.reach(Permission.READ_SITES), now_ms=_now_ms())
    return render(request, "console/sites.html", {"lines": lines})


@needs(Permission.CHANGE_SITES)
@require_http_methods(["GET", "POST"])
def show_new_site(request: StaffRequest) -> HttpResponseBase:
    """A new site; its area begins as the organisation's."""
    if request.method == "GET":
        area = request.organisation.area
        return _show_form(request, None, {"name": "", "area": area_name(area), "area_code": area}, {})
    try:
        site = services.create_site(
            name=request.POST.get("name", ""),
            area=read_site_area(request.POST, "area"),
            reach=request.access.reach(Permission.CHANGE_SITES),
            staff=request.user,
            now_ms=_now_ms(),
        )
    except Refused as refused:
        return _show_form(request, None, request.POST.dict(), sentences_of(refused))
    tell(request, _("The site is made. Here is its poster."))
    return redirect("console:site_poster", site.code)


@needs(Permission.CHANGE_SITES)
@require_http_methods(["GET", "POST"])
def show_site(request: StaffRequest, code: str) -> HttpResponseBase:
    """Name and area of a site, open or closed."""
    site = services.find_site(code, access=request.access, permission=Permission.CHANGE_SITES)
    if request.method == "GET":
        return _show_form(request, site, _values_of(site), {})
    try:
        services.change_site(
            site=site,
            name=request.POST.get("name", ""),
            area=read_site_area(request.POST, "area"),
            reach=request.access.reach(Permission.CHANGE_SITES),
            staff=request.user,
            now_ms=_now_ms(),
        )
    except Refused as refused:
        return _show_form(request, site, request.POST.dict(), sentences_of(refused))
    tell(request, _("Saved."))
    return redirect("console:sites")


@needs(Permission.CHANGE_SITES)
@require_POST
def set_state(request: StaffRequest, code: str) -> HttpResponse:
    """Opens or closes a site."""
    site = services.find_site(code, access=request.access, permission=Permission.CHANGE_SITES)
    state = SiteState.CLOSED if request.POST.get("state") == SiteState.CLOSED else SiteState.OPEN
    services.set_site_state(site=site, state=state, staff=request.user, now_ms=_now_ms())
    said = _("“{site}” takes registrations.") if state is SiteState.OPEN else _("“{site}” is closed.")
    tell(request, said.format(site=site.name))
    return redirect("console:sites")


@needs(Permission.CHANGE_SITES)
@require_http_methods(["GET", "POST"])
def show_many(request: StaffRequest) -> HttpResponseBase:
    """Many sites from a paste: first how each line was read, then all of them at once."""
    text = request.POST.get("lines", "")
    problems: dict[str, str] = {}
    pasted: list[PastedSite] = []
    if request.method == "POST":
        try:
            reach = request.access.reach(Permission.CHANGE_SITES)
            pasted = services.read_pasted_sites(text, area_default=request.organisation.area, reach=reach)
            if request.POST.get("go") == "create":
                made = services.create_sites(pasted=pasted, staff=request.user, now_ms=_now_ms())
                tell(request, _("{count} sites are made.").format(count=len(made)))
                return redirect("console:sites")
        except Refused as refused:
            if not pasted:
                problems = sentences_of(refused)
    context = {
        "text": text,
        "labels": LABELS,
        "rows": [(line, [_say(problem) for problem in line.problems]) for line in pasted],
        "is_ready": bool(pasted) and not any(line.problems for line in pasted),
        "problems": problems,
        "lines_max": PASTED_MAX,
        "area_default": area_name(request.organisation.area),
    }
    return render(request, "console/sites_many.html", context, status=422 if problems else 200)


def _show_form(
    request: StaffRequest, site: Site | None, values: dict[str, str], problems: dict[str, str]
) -> HttpResponse:
    hint = _("The area stays within its county. Empty outside the bundled divisions.") if site else ""
    own = list_areas(request.access.reach(Permission.CHANGE_SITES))
    context = {
        "site": site,
        "values": values,
        "labels": LABELS,
        "area": area_field("area", label_of("site_area"), hint, values, problems),
        "parts": [(line.code, line.full_name) for line in own],
        "part": values.get("part", ""),
        "problems": problems,
        "forms": describe_forms(site, ZoneInfo(request.organisation.time_zone)) if site else (),
    }
    return render(request, "console/site.html", context, status=422 if problems else 200)


def _values_of(site: Site) -> dict[str, str]:
    """A site's area is a division, or one made by hand below it."""
    division, dot, _rest = site.area.partition(".")
    part = site.area if dot else ""
    return {"name": site.name, "area": area_name(division), "area_code": division, "part": part}


def _say(problem: Problem) -> str:
    return message(problem, _, label_of(problem.question))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
