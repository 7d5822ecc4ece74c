"""The pages of allauth that the console uses: second factors and proving again who one is. No sign-up, no mail.

Their names are allauth's, without a namespace, because it looks for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from allauth.account.views import reauthenticate
from allauth.mfa import urls as mfa
from django.urls import URLPattern, URLResolver, path, reverse_lazy
from django.urls import include as include_patterns
from django.views.generic import RedirectView

from tianbao.console import login, sessions
from tianbao.console.door import for_all_staff


def _mark(patterns: Iterable[URLPattern | URLResolver]) -> None:
    """allauth guards its own pages: each is about oneself alone, or stands inside a sign-in that has begun."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            _mark(pattern.url_patterns)
        else:
            for_all_staff(pattern.callback)


_to_login: Any = RedirectView.as_view(url=reverse_lazy("console:login"), query_string=True)
_to_login.login_required = False

urlpatterns: list[URLPattern | URLResolver] = [
    path("login", _to_login, name="account_login"),
    path("logout", login.sign_out_of_stage, name="account_logout"),
    path("reauthenticate/", for_all_staff(reauthenticate), name="account_reauthenticate"),
    path("sessions", sessions.show_sessions, name="usersessions_list"),
    path("factors/", include_patterns(mfa.urlpatterns)),
]
_mark(mfa.urlpatterns)
