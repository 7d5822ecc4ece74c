"""The people who work here: who they are, what they hold, inviting and letting go.

Must not know: who may hand out what.
"""

from __future__ import annotations

import time
from uuid import UUID

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tianbao.console.door import needs
from tianbao.console.labels import LABELS
from tianbao.console.login import sign_in
from tianbao.console.middleware import StaffRequest
from tianbao.console.notices import sentences_of, tell
from tianbao.console.posts import post_fields, role_label
from tianbao.console.posts import read_post as _read_post
from tianbao.domain.access import Permission
from tianbao.domain.problems import Code, Refused, refuse
from tianbao.render.qr import qr_svg
from tianbao.services import colleagues as services
from tianbao.services.areas import full_name
from tianbao.services.refusals import StaffCode, refuse_staff
from tianbao.services.staff import PASSWORD_LENGTH_MIN
from tianbao.store.models import Invitation, Staff


@needs(Permission.MANAGE_STAFF)
@require_GET
def show_colleagues(request: StaffRequest) -> HttpResponse:
    """Everybody within one's areas, and the invitations that wait."""
    now_ms = _now_ms()
    waiting = services.list_invitations(access=request.access, now_ms=now_ms)
    context = {
        "people": [
            (one, services.name_of(one.staff), [(post, role_label(post.role)) for post in one.posts])
            for one in services.list_colleagues(access=request.access, now_ms=now_ms)
        ],
        "invitations": [(row, role_label(row.role), _place(row), row.expires_ms <= now_ms) for row in waiting],
    }
    return render(request, "console/colleagues.html", context)


@needs(Permission.MANAGE_STAFF)
@require_http_methods(["GET", "POST"])
def show_invite(request: StaffRequest) -> HttpResponse:
    """Name, role, place; then the link and its code, which are shown this once."""
    values, problems = dict(request.POST.items()), {}
    if request.method == "POST":
        try:
            post = _read_post(request)
            sent = services.invite(
                name=values.get("person", ""),
                post=post,
                access=request.access,
                staff=request.user,
                now_ms=_now_ms(),
            )
            return render(request, "console/invited.html", {"sent": [describe_link(request, sent)]})
        except Refused as refused:
            problems = sentences_of(refused)
    context = {
        "fields": post_fields(request, values, problems),
        "values": values,
        "labels": LABELS,
        "problems": problems,
    }
    return render(request, "console/invite.html", context, status=422 if problems else 200)


@needs(Permission.MANAGE_STAFF)
@require_POST
def withdraw(request: StaffRequest, invitation_id: UUID) -> HttpResponse:
    """Makes an invitation useless."""
    services.withdraw_invitation(
        invitation_id=invitation_id, access=request.access, staff=request.user, now_ms=_now_ms()
    )
    tell(request, _("The invitation is withdrawn. Its link does nothing any more."))
    return redirect("console:colleagues")


@needs(Permission.MANAGE_STAFF)
@require_http_methods(["GET", "POST"])
def show_colleague(request: StaffRequest, staff_id: int) -> HttpResponse:
    """What somebody holds; one more role for them."""
    one = _find(request, staff_id)
    values, problems = dict(request.POST.items()), {}
    if request.method == "POST":
        try:
            post = _read_post(request)
            services.give_post(to=one.staff, post=post, access=request.access, staff=request.user, now_ms=_now_ms())
            tell(request, _("{name} has one more role.").format(name=services.name_of(one.staff)))
            return redirect("console:colleague", staff_id)
        except Refused as refused:
            problems = sentences_of(refused)
    context = {
        "one": one,
        "name": services.name_of(one.staff),
        "posts": [(post, role_label(post.role)) for post in one.posts],
        "is_oneself": one.staff.pk == request.user.pk,
        "fields": post_fields(request, values, problems),
        "labels": LABELS,
        "problems": problems,
    }
    return render(request, "console/colleague.html", context, status=422 if problems else 200)


@needs(Permission.MANAGE_STAFF)
@require_POST
def take_post(request: StaffRequest, staff_id: int, grant_id: UUID) -> HttpResponse:
    """Takes one role away."""
    services.take_post(grant_id=grant_id, access=request.access, staff=request.user, now_ms=_now_ms())
    tell(request, _("The role is taken away. It counts from the next click on."))
    return redirect("console:colleague", staff_id)


@needs(Permission.MANAGE_STAFF)
@require_POST
def let_go(request: StaffRequest, staff_id: int) -> HttpResponse:
    """Somebody leaves."""
    one = _find(request, staff_id)
    services.let_go(
        who=one.staff,
        access=request.access,
        staff=request.user,
        keys=settings.CONFIG.keys,
        now_ms=_now_ms(),
    )
    tell(request, _("{name} can no longer sign in.").format(name=services.name_of(one.staff)))
    return redirect("console:colleagues")


@login_not_required
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "POST"])
def show_join(request: HttpRequest, token: str) -> HttpResponseBase:
    """Where an invitation leads: a user name and a password, and one is in."""
    invitation = services.find_invitation(token=token, now_ms=_now_ms())
    values, problems = request.POST, {}
    if request.method == "POST":
        try:
            staff = _join(request, token)
        except Refused as refused:
            problems = sentences_of(refused)
        else:
            if request.user.is_authenticated:
                logout(request)
            answer = sign_in(request, staff.get_username(), request.POST.get("password", ""))
            tell(request, _("Welcome, {name}. Your account is made.").format(name=services.name_of(staff)))
            return answer
    context = {
        "invitation": invitation,
        "role": role_label(invitation.role),
        "place": _place(invitation),
        "inviter": services.name_of(invitation.made_by),
        "values": values,
        "labels": LABELS,
        "problems": problems,
        "length_min": PASSWORD_LENGTH_MIN,
    }
    return render(request, "console/join.html", context, status=422 if problems else 200)


def _join(request: HttpRequest, token: str) -> Staff:
    password = request.POST.get("password", "")
    if password != request.POST.get("again", ""):
        raise refuse_staff(StaffCode.PASSWORDS_DIFFER, "again")
    return services.join(
        token=token,
        username=request.POST.get("username", ""),
        password=password,
        organisation=request.organisation.name,  # type: ignore[attr-defined]
        keys=settings.CONFIG.keys,
        now_ms=_now_ms(),
    )


def _find(request: StaffRequest, staff_id: int) -> services.Colleague:
    """One of those whom the reader sees; 404 for anybody else."""
    people = services.list_colleagues(access=request.access, now_ms=_now_ms())
    found = next((one for one in people if one.staff.pk == staff_id), None)
    if found is None:
        raise refuse(Code.NOT_FOUND)
    return found


def describe_link(request: StaffRequest, sent: services.Sent) -> dict[str, object]:
    """An invitation as it is handed over: at the address by which the inviter came, which works for the invited."""
    path = reverse("console:join", args=[sent.token])
    url = request.build_absolute_uri(path)
    row = sent.invitation
    return {
        "invitation": row,
        "role": role_label(row.role),
        "place": _place(row),
        "url": url,
        "qr": qr_svg(url),
    }


def _place(row: Invitation) -> str:
    return row.site.name if row.site else full_name(row.area)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
