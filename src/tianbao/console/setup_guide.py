"""The first-run guide: five short steps behind a one-time link, then the first poster.

What was typed is kept in the session, step by step, so that neither an error nor going back loses any of it;
the password waits in this process's memory only. Must not know: what set-up writes (`services.setup`).
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from tianbao.console.address_test import show_state
from tianbao.console.area_field import read_site_area
from tianbao.console.labels import LABELS
from tianbao.console.login import sign_in
from tianbao.console.middleware import works_before_set_up
from tianbao.console.notices import sentences_of, tell
from tianbao.console.setup_steps import STEPS, AddressStep, Guide, OrganisationStep, Step
from tianbao.console.text_fields import read_days, read_texts
from tianbao.domain.problems import Refused
from tianbao.services.setup import set_up_installation

TYPED_MAX: Final = 4_000
"""Characters kept of one field."""

_passwords: Final[dict[str, str]] = {}
"""By session; a guide has one administrator, so it never holds more than one."""


@login_not_required
@works_before_set_up
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "POST"])
def show_guide(request: HttpRequest, token: str, step: str = "") -> HttpResponseBase:
    """One step: what was typed is kept whatever the button, and checked on the way forward."""
    if not _is_link_alive(request, token):
        return render(request, "console/setup_over.html", status=410)
    number = next((index for index, known in enumerate(STEPS) if known.name == step), None)
    if number is None:
        return redirect("console:setup_step", token, STEPS[0].name)
    guide, current = _guide(request), STEPS[number]
    if request.method == "GET":
        open_step = _first_open(guide, number)
        if open_step is not None:
            return redirect("console:setup_step", token, open_step.name)
        return _show(request, token, current, guide)
    guide.typed[current.name] = {name: request.POST.get(name, "")[:TYPED_MAX] for name in current.fields}
    current.take(guide)
    _keep(request, guide)
    try:
        match request.POST.get("go", ""):
            case "back":
                return redirect("console:setup_step", token, STEPS[max(0, number - 1)].name)
            case "next":
                current.check(guide)
                if number + 1 == len(STEPS):
                    return _finish(request, token, guide)
                return redirect("console:setup_step", token, STEPS[number + 1].name)
        return redirect("console:setup_step", token, current.name)
    except Refused as refused:
        return _show(request, token, current, guide, sentences_of(refused))


@login_not_required
@works_before_set_up
@require_GET
def show_test(request: HttpRequest, token: str, address_id: UUID) -> HttpResponse:
    """How the test of an address stands."""
    return show_state(request, address_id) if _is_link_alive(request, token) else HttpResponse(status=410)


def _is_link_alive(request: HttpRequest, token: str) -> bool:
    """The token is the one `serve` printed, and nothing is set up yet."""
    expected = os.environ.get("TIANBAO_SETUP_TOKEN", "")
    is_right = bool(expected) and hmac.compare_digest(token.encode(), expected.encode())
    return is_right and request.organisation is None  # type: ignore[attr-defined]


def _guide(request: HttpRequest) -> Guide:
    password = _passwords.get(str(request.session.session_key), "")
    return Guide(request, request.session.get("setup", {}), password)


def _keep(request: HttpRequest, guide: Guide) -> None:
    request.session["setup"] = guide.typed
    if not request.session.session_key:
        request.session.save()
    _passwords.clear()
    _passwords[str(request.session.session_key)] = guide.password


def _first_open(guide: Guide, before: int) -> Step | None:
    """The first of the steps before this one that is not answered: never typed, or lost with a restart."""
    for step in STEPS[:before]:
        try:
            step.check(guide)
        except Refused:
            return step
    return None


def _show(
    request: HttpRequest,
    token: str,
    step: Step,
    guide: Guide,
    problems: Mapping[str, str] | None = None,
) -> HttpResponse:
    number = STEPS.index(step)
    context: dict[str, Any] = {
        "token": token,
        "steps": STEPS,
        "step": step,
        "number": number + 1,
        "labels": LABELS,
        "values": guide.typed.get(step.name, {}),
        "problems": problems or {},
    }
    context |= step.context(guide, problems or {})
    return render(request, f"console/setup_{step.name}.html", context, status=422 if problems else 200)


def _finish(request: HttpRequest, token: str, guide: Guide) -> HttpResponseBase:
    """Every step once more, then the one transaction; signed in, on to the poster."""
    open_step = _first_open(guide, len(STEPS))
    if open_step is not None:
        return redirect("console:setup_step", token, open_step.name)
    typed, texts = guide.typed, read_texts(guide.typed["texts"])
    username, password = typed["administrator"]["username"], guide.password
    site = set_up_installation(
        organisation=typed["organisation"]["organisation"],
        area=OrganisationStep.area_of(guide),
        address=AddressStep.address_of(guide),
        contact=typed["organisation"]["contact"],
        purpose=texts["purpose"],
        legal_basis=texts["legal_basis"],
        notice=texts["notice"],
        deletion_days=read_days(typed["texts"]),
        time_zone=typed["organisation"]["time_zone"],
        username=username,
        password=password,
        site_name=typed["site"]["site_name"],
        site_area=read_site_area(typed["site"], "site_area"),
        keys=settings.CONFIG.keys,
        now_ms=time.time_ns() // 1_000_000,
    )
    _passwords.clear()
    request.session.flush()
    sign_in(request, username, password)
    tell(request, _("Set-up is done. Here is your first poster."))
    return redirect("console:site_poster", site.code)
