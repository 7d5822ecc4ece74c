"""Where allauth meets the console: nobody signs up, a finished sign-in opens the names, its pages speak our words.

Must not know: how second factors work.
"""

from __future__ import annotations

import time
from threading import Lock
from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest
from django.utils.translation import gettext as _

from tianbao.console.keyring import KEYRING
from tianbao.console.network import network_address_of
from tianbao.services.audit import record_act
from tianbao.services.keys import OpenOfficer
from tianbao.store.models import Organisation, Staff

PENDING_MS_MAX: Final = 5 * 60_000
PENDING_MAX: Final = 100


class PendingOfficers:
    """Officers whose password was right and whose second factor is still to come; in memory, for five minutes."""

    def __init__(self) -> None:
        self._officers: dict[str, tuple[OpenOfficer, int]] = {}
        self._lock = Lock()

    def keep(self, officer: OpenOfficer | None, *, now_ms: int) -> None:
        """Until `take`; None, somebody without a key of their own, is nothing to keep."""
        with self._lock:
            self._officers = {key: one for key, one in self._officers.items() if one[1] > now_ms}
            if officer is not None and len(self._officers) < PENDING_MAX:
                self._officers[officer.id] = officer, now_ms + PENDING_MS_MAX

    def take(self, officer_id: str, *, now_ms: int) -> OpenOfficer | None:
        """The officer, once; None if there is none or it took too long."""
        with self._lock:
            officer, until_ms = self._officers.pop(officer_id, (None, 0))
        return officer if until_ms > now_ms else None


PENDING: Final = PendingOfficers()


class Accounts(DefaultAccountAdapter):
    """allauth's hooks for accounts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        """The last step: a session, the names open, a line in the log."""
        super().login(request, user)
        now_ms = time.time_ns() // 1_000_000
        if (officer := PENDING.take(str(user.pk), now_ms=now_ms)) is not None:
            KEYRING.hold(officer)
        record_act(at_ms=now_ms, staff=user, verb="sign_in", detail={"from": self.get_client_ip(request)})

    def get_client_ip(self, request: HttpRequest) -> str:
        return network_address_of(request)

    def add_message(self, *arguments: Any, **parameters: Any) -> None:
        """The console says its own sentences."""


class Factors(DefaultMFAAdapter):
    """allauth's hooks for second factors."""

    def get_totp_issuer(self) -> str:
        return self._get_site_name()

    def _get_site_name(self) -> str:
        organisation = Organisation.objects.first()
        return organisation.name if organisation else _("Tianbao")

    def _get_user_identifier(self, user: Staff) -> str:
        return user.get_username()

    def send_notification_mail(self, *arguments: Any, **parameters: Any) -> None:
        """There is no mail here; the log has it."""
