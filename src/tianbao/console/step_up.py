"""Asking again who somebody is, before what is hard to take back and where a password alone is not enough.

The decision is pure (`domain.sign_in`). Must not know: how factors are proved.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tianbao.console.network import network_address_of
from tianbao.console.notices import tell
from tianbao.domain.sign_in import (
    Demand,
    Method,
    Proof,
    Step,
    is_outside,
    step_before_what_counts,
    step_to_work,
)

if TYPE_CHECKING:
    from tianbao.console.middleware import StaffRequest

View = Callable[..., HttpResponseBase]
_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
_PAGES = {
    Step.PASSWORD: "account_reauthenticate",
    Step.FACTOR: "mfa_reauthenticate",
    Step.SET_UP_FACTOR: "mfa_index",
}


def asks_again(back: str) -> Callable[[View], View]:
    """Lets a view be called with a fresh proof only; else leads to the page that asks for it.

    `back` is the console's name of the page to return to, with the query of the address or of the posted form.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            step = _step(request)
            if step is Step.NONE:
                return view(request, *args, **kwargs)
            if step is Step.SET_UP_FACTOR:
                tell(request, _("This needs a second step at sign-in. Set one up here, it takes a minute."))
            query = (request.POST if request.method == "POST" else request.GET).copy()
            query.pop("csrfmiddlewaretoken", None)
            path = f"{reverse(f'console:{back}')}?{query.urlencode()}"
            return HttpResponseRedirect(f"{reverse(_PAGES[step])}?next={quote(path)}")

        return guarded

    return guard


def missing_factor(request: StaffRequest) -> bool:
    """Whether somebody may do nothing before they have set up a second factor."""
    step = step_to_work(
        demand=Demand(request.organisation.second_factor),
        has_factor=has_factor(request),
        is_from_outside=is_outside(network_address_of(request)),
    )
    return step is Step.SET_UP_FACTOR


def has_factor(request: StaffRequest) -> bool:
    """Whether somebody has an authenticator app or a key."""
    return bool(is_mfa_enabled(request.user, _FACTORS))


def _step(request: StaffRequest) -> Step:
    return step_before_what_counts(
        demand=Demand(request.organisation.second_factor),
        has_factor=has_factor(request),
        proofs=_proofs(request),
        now_ms=time.time_ns() // 1_000_000,
    )


def _proofs(request: StaffRequest) -> list[Proof]:
    kinds = {"password": Method.PASSWORD, "mfa": Method.FACTOR}
    return [
        Proof(kinds[record["method"]], int(record["at"] * 1000))
        for record in get_authentication_records(request, request.user)
        if record["method"] in kinds
    ]
