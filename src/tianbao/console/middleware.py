"""The frame around every console answer: set-up first, sign-in, language, headers, refusals.

Must not know: any screen. Views that need no sign-in carry Django's `login_not_required`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation

from tianbao.console.notices import sentences_of
from tianbao.domain.problems import Code, Refused
from tianbao.services.keys import Locked
from tianbao.store.models import Organisation, Staff

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""A view may set a stricter or hashed policy of its own (posters do)."""

_STATUS: Final = {Code.NOT_FOUND: 404, Code.UNKNOWN_SITE: 404, Code.BUSY: 503, Code.STORAGE: 503}


class StaffRequest(HttpRequest):
    """A request as most screens get it: somebody is signed in and the installation is set up."""

    user: Staff
    organisation: Organisation


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
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A refusal no screen showed beside a field, and names asked for while they are sealed."""
        if isinstance(error, Refused):
            status = _STATUS.get(error.problems[0].code, 422)
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
