"""The areas made by hand: villages, estates, departments below the divisions. Must not know: who stands in them."""

from __future__ import annotations

import time

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from tianbao.console.area_field import area_field
from tianbao.console.door import needs
from tianbao.console.labels import LABELS, label_of
from tianbao.console.middleware import StaffRequest
from tianbao.console.notices import sentences_of, tell
from tianbao.domain.access import Permission
from tianbao.domain.problems import Refused
from tianbao.services import areas as services
from tianbao.services.divisions import area_name


@needs(Permission.CHANGE_SITES)
@require_http_methods(["GET", "POST"])
def show_areas(request: StaffRequest) -> HttpResponse:
    """All of them as a tree, and a new one."""
    reach = request.access.reach(Permission.CHANGE_SITES)
    values, problems = dict(request.POST.items()), {}
    if request.method == "POST":
        try:
            parent = services.find_place(
                text=values.get("parent", ""),
                code=values.get("parent_code", ""),
                part=values.get("part", ""),
                question="parent",
            )
            row = services.create_area(
                parent=parent,
                name=values.get("area_name", ""),
                reach=reach,
                staff=request.user,
                now_ms=_now_ms(),
            )
            tell(request, _("“{area}” is made.").format(area=row.name))
            return redirect("console:areas")
        except Refused as refused:
            problems = sentences_of(refused)
    code = request.organisation.area
    typed = {"parent": area_name(code), "parent_code": code, **values}
    lines = services.list_areas(reach)
    context = {
        "lines": lines,
        "part": values.get("part", ""),
        "values": values,
        "labels": LABELS,
        "parent": area_field("parent", label_of("parent"), "", typed, problems),
        "problems": problems,
        "length_max": services.NAME_LENGTH_MAX,
    }
    return render(request, "console/areas.html", context, status=422 if problems else 200)


@needs(Permission.CHANGE_SITES)
@require_POST
def change_area(request: StaffRequest, code: str) -> HttpResponse:
    """Another name, or gone."""
    who = {
        "code": code,
        "reach": request.access.reach(Permission.CHANGE_SITES),
        "staff": request.user,
        "now_ms": _now_ms(),
    }
    if request.POST.get("go") == "remove":
        services.remove_area(**who)
        tell(request, _("The area is removed."))
    else:
        services.rename_area(name=request.POST.get("area_name", ""), **who)
        tell(request, _("Saved."))
    return redirect("console:areas")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
