"""Where somebody is signed in, and ending it from here.

Must not know: other people's sessions; those end when somebody is let go.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tianbao.console.door import for_all_staff
from tianbao.console.middleware import StaffRequest
from tianbao.console.notices import tell
from tianbao.console.step_up import has_factor
from tianbao.services.audit import record_act


@dataclass(frozen=True, slots=True)
class ShownSession:
    """One browser: `device` is what it says of itself, shortened to what people recognise."""

    id: int
    device: str
    network_address: str
    since: datetime
    is_this_one: bool


@for_all_staff
@require_http_methods(["GET", "POST"])
def show_sessions(request: StaffRequest) -> HttpResponse:
    """Every browser one is signed in with; one or all others can be ended."""
    rows = list(UserSession.objects.purge_and_list(request.user))
    if request.method == "POST":
        wanted = request.POST.get("end", "")
        ended = [row for row in rows if not row.is_current() and wanted in ("all", str(row.pk))]
        for row in ended:
            row.end()
        if ended:
            now_ms = time.time_ns() // 1_000_000
            record_act(at_ms=now_ms, staff=request.user, verb="end_sessions", detail={"count": len(ended)})
        tell(request, _("Signed out there."))
        return redirect("usersessions_list")
    shown = [
        ShownSession(row.pk, read_device(row.user_agent), row.ip, row.created_at, row.is_current())
        for row in sorted(rows, key=lambda row: row.created_at, reverse=True)
    ]
    return render(request, "console/sessions.html", {"sessions": shown, "has_factor": has_factor(request)})


def read_device(user_agent: str) -> str:
    """A browser and a system out of a User-Agent header: "Firefox, Windows"; empty if it says nothing known."""
    browsers = (
        ("MicroMessenger", "WeChat"),
        ("Edg", "Edge"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    )
    systems = (
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    )
    found = [next((name for mark, name in names if mark in user_agent), "") for names in (browsers, systems)]
    return ", ".join(filter(None, found))
