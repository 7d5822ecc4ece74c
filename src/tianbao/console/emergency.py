"""The end of things: the emergency's name and last day, what is deleted when, what was, and a clock in doubt.

Must not know: how days are deleted.
"""

from __future__ import annotations

import time
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from tianbao.console.context import reader_language
from tianbao.console.door import needs
from tianbao.console.labels import LABELS
from tianbao.console.middleware import StaffRequest
from tianbao.console.notices import sentences_of, tell
from tianbao.console.step_up import asks_again
from tianbao.domain.access import Permission
from tianbao.domain.problems import Code, Problem, Refused
from tianbao.domain.sites import DELETION_DAYS_MAX
from tianbao.services import deletion
from tianbao.services.emergency import WARN_DAYS, change_emergency, days_left
from tianbao.services.site_forms import form_titles
from tianbao.store.models import Organisation


@needs(Permission.CHANGE_SETTINGS, Permission.MANAGE_KEYS)
@require_http_methods(["GET", "POST"])
def show_emergency(request: StaffRequest) -> HttpResponse:
    """Everything about the end; a form for the emergency, one for each form's own period."""
    row, zone = request.organisation, ZoneInfo(request.organisation.time_zone)
    values = {"emergency": row.emergency, "ends_on": row.ends_on}
    problems: dict[str, str] = {}
    if request.method == "POST":
        try:
            if form := request.POST.get("form", ""):
                deletion.change_retention(form=form, days=_read_days(request), staff=request.user, now_ms=_now_ms())
            else:
                values = {name: request.POST.get(name, "") for name in values}
                change_emergency(**values, today=datetime.now(zone).date(), staff=request.user, now_ms=_now_ms())
            tell(request, _("Saved."))
            return redirect("console:settings_emergency")
        except Refused as refused:
            problems = sentences_of(refused)
    doubted = deletion.find_doubted_clock()
    context = {
        "values": values,
        "labels": LABELS,
        "problems": problems,
        "notices": end_notices(row, now_ms=_now_ms()),
        "to_come": deletion.list_days_to_come(),
        "deleted": [
            (one.name.partition("_")[0], one, _moment(one.finished_ms or one.decided_ms, zone))
            for one in deletion.list_deleted()
        ],
        "forms": [
            (name, title, deletion.retention_of(name)) for name, title in form_titles(reader_language()).items()
        ],
        "days_default": row.deletion_days,
        "days_max": DELETION_DAYS_MAX,
        "doubted": doubted is not None,
        "last_seen": _moment(doubted.at_ms, zone) if doubted else None,
        "now": datetime.now(zone),
    }
    return render(request, "console/settings_emergency.html", context, status=422 if problems else 200)


@needs(Permission.MANAGE_KEYS)
@asks_again("settings_emergency")
@require_POST
def confirm_clock(request: StaffRequest) -> HttpResponse:
    """Somebody looked at the clock and it is right."""
    deletion.believe_clock(staff=request.user, now_ms=_now_ms())
    tell(request, _("Deletion goes on by this clock."))
    return redirect("console:settings_emergency")


def end_notices(organisation: Organisation, *, now_ms: int) -> list[str]:
    """What staff should know about the end: it is near or past, or nothing is deleted because of the clock."""
    said = []
    if deletion.find_doubted_clock() is not None:
        said.append(_("Nothing is deleted now: this computer’s clock has jumped. Somebody has to look at it."))
    today = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(organisation.time_zone)).date()
    left = days_left(organisation, today=today)
    if left is None:
        said.append(_("Please say which emergency this is for and when it ends."))
    elif left < 0:
        text = _("The emergency was to end on {day}. Please end it, or give it a new last day.")
        said.append(text.format(day=organisation.ends_on))
    elif left <= WARN_DAYS:
        text = ngettext("The emergency ends in {days} day.", "The emergency ends in {days} days.", left)
        said.append(text.format(days=left))
    return said


def _read_days(request: StaffRequest) -> int | None:
    typed = request.POST.get("deletion_days", "").strip()
    if not typed:
        return None
    if not typed.isdecimal() or len(typed) > 6:
        raise Refused(Problem(Code.NOT_AN_INTEGER, "deletion_days"))
    return int(typed)


def _moment(unix_ms: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(unix_ms / 1000, zone)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
