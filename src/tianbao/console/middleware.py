"""The frame around every console answer: set-up first, sign-in, language, headers, refusals.

Must not know: any screen. Views that need no sign-in carry Django's `login_not_required`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from tianbao.console.door import needed_permissions
from tianbao.console.notices import sentences_of, tell
from tianbao.console.step_up import missing_factor
from tianbao.domain.access import Access
from tianbao.domain.problems import Code, Refused
from tianbao.services.access import load_access, note_refusal, require
from tianbao.services.keys import Locked
from tianbao.services.refusals import StaffCode, refuse_staff
from tianbao.store.models import Organisation, Staff

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""A view may set a stricter or hashed policy of its own (posters do)."""

ACCOUNT: Final = "/console/account/"
"""Pages about one's own account, which somebody without a second factor still reaches."""
_STATUS: Final[dict[str, int]] = {
    StaffCode.NOT_ALLOWED: 403,
    Code.NOT_FOUND: 404,
    Code.UNKNOWN_SITE: 404,
    Code.BUSY: 503,
    Code.STORAGE: 503,
}


class StaffRequest(HttpRequest):
    """A request as most screens get it: somebody is signed in, the installation is set up, the door was passed."""

    user: Staff
    organisation: Organisation
    access: Access


def works_before_set_up(view: Callable[..., Any]) -> Callable[..., Any]:
    """Marks the few views that answer while there is no organisation."""
    view.works_before_set_up = True  # type: ignore[attr-defined]
    return view


class ConsoleMiddleware:
    """Django's middleware protocol."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.organisation = Organisation.objects.first()  # type: ignore[attr-defined]
        self._speak_own_language(request)
        self._keep_local_time(request)
        response = self._get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Answers in the view's place where it may not be asked yet."""
        is_set_up = request.organisation is not None  # type: ignore[attr-defined]
        if not is_set_up and not getattr(view, "works_before_set_up", False):
            return render(request, "console/not_set_up.html", status=403)
        if getattr(view, "login_required", True) and not request.user.is_authenticated:
            return HttpResponseRedirect(_with_next("console:login", request))
        if getattr(view, "login_required", True):
            return self._ask_at_door(request, view)
        return None

    def _ask_at_door(self, request: HttpRequest, view: Callable[..., Any]) -> HttpResponse | None:
        """Gives the request its access, and refuses where the view's permission is missing or was never said."""
        now_ms = time.time_ns() // 1_000_000
        organisation = request.organisation  # type: ignore[attr-defined]
        zone = organisation.time_zone if organisation else "UTC"
        access = load_access(staff=request.user, now_ms=now_ms, time_zone=zone)  # type: ignore[arg-type]
        request.access = access  # type: ignore[attr-defined]
        needed = needed_permissions(view)
        try:
            if needed is None:
                raise refuse_staff(StaffCode.NOT_ALLOWED)
            if needed:
                require(access, *needed)
        except Refused as refused:
            return self.process_exception(request, refused)
        if not request.path.startswith(ACCOUNT) and missing_factor(request):  # type: ignore[arg-type]
            tell(request, gettext("Here a password alone is not enough. Please set up a second step first."))
            return HttpResponseRedirect(reverse("mfa_index"))
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A refusal no screen showed beside a field, and names asked for while they are sealed."""
        if isinstance(error, Refused):
            code = error.problems[0].code
            status = _STATUS.get(code, 422)
            if code == StaffCode.NOT_ALLOWED:
                note_refusal(staff=request.user, path=request.path, now_ms=time.time_ns() // 1_000_000)
            context = {"sentences": list(sentences_of(error).values())}
            return render(request, "console/refused.html", context, status=status)
        if isinstance(error, Locked):
            return HttpResponseRedirect(_with_next("console:unlock", request))
        return None

    def _keep_local_time(self, request: HttpRequest) -> None:
        """Templates show the organisation's time, wherever the server stands."""
        organisation = request.organisation  # type: ignore[attr-defined]
        if organisation is None:
            timezone.deactivate()
        else:
            timezone.activate(organisation.time_zone)

    def _speak_own_language(self, request: HttpRequest) -> None:
        """This browser's choice (the cookie) comes first, then the person's, then what the browser asks for."""
        language = getattr(request.user, "language", "")
        if language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(language)


def _with_next(name: str, request: HttpRequest) -> str:
    back = request.get_full_path() if request.method == "GET" else reverse(settings.LOGIN_REDIRECT_URL)
    return f"{reverse(name)}?next={quote(back)}"
