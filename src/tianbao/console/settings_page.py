"""Settings: who asks, what is promised, which address phones open.

Must not know: sites beyond the posters that open an old address.
"""

from __future__ import annotations

import time
from typing import Final
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from tianbao.console.address_test import address_context, chosen_address, show_state, start_test
from tianbao.console.area_field import area_field, read_area
from tianbao.console.door import needs
from tianbao.console.labels import LABELS, label_of
from tianbao.console.middleware import StaffRequest
from tianbao.console.notices import sentences_of, tell
from tianbao.console.step_up import asks_again
from tianbao.console.text_fields import read_days, read_texts, text_fields, write_texts
from tianbao.domain.access import Permission
from tianbao.domain.problems import Refused
from tianbao.domain.sign_in import Demand
from tianbao.domain.sites import DELETION_DAYS_MAX
from tianbao.services.addresses import Proof, change_address, is_address_proved, list_addresses
from tianbao.services.divisions import area_name
from tianbao.services.organisation import change_organisation, change_second_factor, change_texts, time_zones
from tianbao.services.refusals import StaffCode, refuse_staff
from tianbao.services.sites import list_outdated_posters

DEMANDS: Final = {
    Demand.OFFERED: (
        gettext_lazy("Offered"),
        gettext_lazy("Whoever has a second step is asked for it. Others type their password again before exports."),
    ),
    Demand.COUNTS: (
        gettext_lazy("Where it counts"),
        gettext_lazy("Nobody exports, changes rules or touches keys without a second step."),
    ),
    Demand.ALWAYS: (gettext_lazy("Always"), gettext_lazy("Nobody works here without a second step.")),
}


@needs(Permission.CHANGE_SETTINGS)
@require_GET
def show_settings(request: StaffRequest) -> HttpResponse:
    """Everything at a glance, each with a way to change it."""
    row = request.organisation
    context = {
        "row": row,
        "area": area_name(row.area),
        "is_proved": is_address_proved(row.address),
        "outdated": list_outdated_posters(row.address),
        "second_factor": DEMANDS[Demand(row.second_factor)][0],
    }
    return render(request, "console/settings.html", context)


@needs(Permission.CHANGE_SETTINGS)
@asks_again("settings_sign_in")
@require_http_methods(["GET", "POST"])
def show_sign_in(request: StaffRequest) -> HttpResponseBase:
    """What is asked beside a password."""
    typed = request.POST.get("second_factor", "")
    if request.method == "POST" and typed in {demand.value for demand in Demand}:
        change_second_factor(demand=Demand(typed), staff=request.user, now_ms=_now_ms())
        return _saved(request)
    choices = [(demand.value, label, hint) for demand, (label, hint) in DEMANDS.items()]
    context = {"choices": choices, "chosen": request.organisation.second_factor}
    return render(request, "console/settings_sign_in.html", context)


@needs(Permission.CHANGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def show_organisation(request: StaffRequest) -> HttpResponseBase:
    """Name, area, contact, time zone."""
    row = request.organisation
    values = {
        "organisation": row.name,
        "area": area_name(row.area),
        "area_code": row.area,
        "is_elsewhere": "" if row.area else "1",
        "contact": row.contact,
        "time_zone": row.time_zone,
    }
    problems: dict[str, str] = {}
    if request.method == "POST":
        values = {name: request.POST.get(name, "") for name in values}
        try:
            change_organisation(
                name=values["organisation"],
                area="" if values["is_elsewhere"] else read_area(values, "area"),
                contact=values["contact"],
                time_zone=values["time_zone"],
                staff=request.user,
                now_ms=_now_ms(),
            )
            return _saved(request)
        except Refused as refused:
            problems = sentences_of(refused)
    context = {
        "values": values,
        "labels": LABELS,
        "area": area_field("area", label_of("area"), "", values, problems),
        "time_zones": time_zones(),
        "problems": problems,
    }
    return render(request, "console/settings_organisation.html", context, status=422 if problems else 200)


@needs(Permission.CHANGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def show_texts(request: StaffRequest) -> HttpResponseBase:
    """Purpose, legal basis, notice, deletion period."""
    row = request.organisation
    texts = {"purpose": row.purpose, "legal_basis": row.legal_basis, "notice": row.notice}
    values = {**write_texts(texts), "deletion_days": str(row.deletion_days)}
    problems: dict[str, str] = {}
    if request.method == "POST":
        values = {name: request.POST.get(name, "") for name in values}
        try:
            change_texts(
                **read_texts(values),
                deletion_days=read_days(values),
                staff=request.user,
                now_ms=_now_ms(),
            )
            return _saved(request)
        except Refused as refused:
            problems = sentences_of(refused)
    context = {
        "values": values,
        "labels": LABELS,
        "texts": text_fields(values, problems),
        "days_max": DELETION_DAYS_MAX,
        "problems": problems,
    }
    return render(request, "console/settings_texts.html", context, status=422 if problems else 200)


@needs(Permission.CHANGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def show_address(request: StaffRequest) -> HttpResponseBase:
    """Another address: tried first, and what it means for posters that hang already."""
    row = request.organisation
    values = {"choice": row.address, "other": "", "is_untested": ""}
    problems: dict[str, str] = {}
    if request.method == "POST":
        values = {name: request.POST.get(name, "") for name in values}
        try:
            address = chosen_address(values)
            if request.POST.get("go") == "save":
                if start_test(request, address).proof is not Proof.ARRIVED and not values["is_untested"]:
                    raise refuse_staff(StaffCode.NOT_PROVED, "is_untested")
                change_address(address=address, staff=request.user, now_ms=_now_ms())
                tell(request, _("Saved."))
                return redirect("console:settings_address")
        except Refused as refused:
            problems = sentences_of(refused)
    context = {
        "in_use": row.address,
        "history": list_addresses(),
        "outdated": list_outdated_posters(row.address),
        "problems": problems,
        **address_context(request, values, row.address),
    }
    return render(request, "console/settings_address.html", context, status=422 if problems else 200)


@needs(Permission.CHANGE_SETTINGS)
@require_GET
def show_test(request: StaffRequest, address_id: UUID) -> HttpResponse:
    """How the test of an address stands."""
    return show_state(request, address_id)


def _saved(request: StaffRequest) -> HttpResponse:
    tell(request, _("Saved. Phones see it at once."))
    return redirect("console:settings")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
