"""Signing in and out, unlocking the names again, one's own password, the language.

Must not know: what anybody may see once they are in.
"""

from __future__ import annotations

import time
from typing import Final

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.conf import settings
from django.contrib.auth import authenticate, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tianbao.console.accounts import PENDING
from tianbao.console.door import for_all_staff
from tianbao.console.keyring import KEYRING
from tianbao.console.middleware import StaffRequest, works_before_set_up
from tianbao.console.network import network_address_of
from tianbao.console.notices import sentences_of, tell
from tianbao.domain.problems import Refused
from tianbao.services.audit import record_act
from tianbao.services.refusals import StaffCode, refuse_staff
from tianbao.services.staff import SignInPatience, change_password, choose_language
from tianbao.store.models import Staff
from tianbao.texts import LANGUAGES

PATIENCE: Final = SignInPatience()
LANGUAGE_AGE_S: Final = 365 * 24 * 3600


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def show_login(request: HttpRequest) -> HttpResponseBase:
    """User name and password; signing in also unlocks the names."""
    if request.user.is_authenticated and request.method == "GET":
        return HttpResponseRedirect(_next(request))
    username, problems = "", {}
    if request.method == "POST":
        username = request.POST.get("username", "").strip()[:150]
        try:
            return sign_in(request, username, request.POST.get("password", ""))
        except Refused as refused:
            problems = sentences_of(refused)
    context = {"username": username, "next": _next(request), "problems": problems}
    return render(request, "console/login.html", context, status=422 if problems else 200)


def sign_in(request: HttpRequest, username: str, password: str) -> HttpResponseBase:
    """A session for whoever knows the password, or the page that asks for their second factor.

    Refused: wrong, or too many tries. The session and the keys come with the last step (console.accounts).
    """
    now_ms, network_address = _now_ms(), network_address_of(request)
    PATIENCE.check(username=username, network_address=network_address, now_ms=now_ms)
    staff = authenticate(request, username=username, password=password)
    if not isinstance(staff, Staff):
        PATIENCE.count_failure(username=username, network_address=network_address, now_ms=now_ms)
        known = Staff.objects.filter(username=username).first()
        record_act(at_ms=now_ms, staff=known, verb="sign_in_refused", detail={"from": network_address})
        raise refuse_staff(StaffCode.PASSWORD_WRONG)
    PATIENCE.forgive(username=username, network_address=network_address)
    PENDING.keep(KEYRING.open_officer(officer_id=str(staff.pk), password=password), now_ms=now_ms)
    record_authentication(request, staff, method="password", reauthenticated=True)
    return perform_login(request, Login(user=staff, redirect_url=_next(request)))


@for_all_staff
@require_POST
def sign_out(request: StaffRequest) -> HttpResponse:
    """Ends this session; the names stay open for colleagues who are signed in."""
    record_act(at_ms=_now_ms(), staff=request.user, verb="sign_out")
    logout(request)
    return redirect("console:login")


@login_not_required
@require_POST
def sign_out_of_stage(request: HttpRequest) -> HttpResponse:
    """Gives up a sign-in that waits for its second factor, or ends a session."""
    logout(request)
    return redirect("console:login")


@for_all_staff
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def show_unlock(request: StaffRequest) -> HttpResponseBase:
    """After a restart of the server: the password once more, for the names."""
    if KEYRING.is_unlocked:
        return HttpResponseRedirect(_next(request))
    problems = {}
    if request.method == "POST":
        try:
            _unlock(request)
            return HttpResponseRedirect(_next(request))
        except Refused as refused:
            problems = sentences_of(refused)
    context = {"next": _next(request), "problems": problems}
    return render(request, "console/unlock.html", context, status=422 if problems else 200)


def _unlock(request: StaffRequest) -> None:
    who = {"username": request.user.get_username(), "network_address": network_address_of(request)}
    PATIENCE.check(**who, now_ms=_now_ms())
    if not KEYRING.unlock(officer_id=str(request.user.pk), password=request.POST.get("password", "")):
        PATIENCE.count_failure(**who, now_ms=_now_ms())
        raise refuse_staff(StaffCode.CANNOT_UNLOCK, "password")
    PATIENCE.forgive(**who)
    record_act(at_ms=_now_ms(), staff=request.user, verb="unlock")


@for_all_staff
@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "POST"])
def show_password(request: StaffRequest) -> HttpResponseBase:
    """One's own password, which is also the one that opens the names."""
    problems = {}
    if request.method == "POST":
        try:
            _change_password(request)
            tell(request, _("Your password is changed. Use the new one from now on."))
            return redirect(settings.LOGIN_REDIRECT_URL)
        except Refused as refused:
            problems = sentences_of(refused)
    return render(request, "console/password.html", {"problems": problems}, status=422 if problems else 200)


def _change_password(request: StaffRequest) -> None:
    old, new = request.POST.get("old", ""), request.POST.get("new", "")
    if new != request.POST.get("again", ""):
        raise refuse_staff(StaffCode.PASSWORDS_DIFFER, "again")
    staff = Staff.objects.get(pk=request.user.pk)
    change_password(staff=staff, old=old, new=new, keys=settings.CONFIG.keys, now_ms=_now_ms())
    update_session_auth_hash(request, staff)
    KEYRING.unlock(officer_id=str(staff.pk), password=new)


@login_not_required
@works_before_set_up
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keeps the language in this browser and, for somebody signed in, with the person."""
    language = request.POST.get("language", "")
    answer = HttpResponseRedirect(_next(request))
    if language in LANGUAGES:
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=LANGUAGE_AGE_S,
            samesite="Lax",
            secure=request.is_secure(),
        )
        if isinstance(request.user, Staff):
            choose_language(staff=request.user, language=language.lower())
    return answer


def _next(request: HttpRequest) -> str:
    """Where to go on: a path of this console, else its first page."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_own = wanted.startswith("/console/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_own else reverse(settings.LOGIN_REDIRECT_URL)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
