"""People who sign in: making one, their password, and the patience with wrong ones.

A password does two things: it lets somebody in, and it opens the sealed names (`services.keys`). Both change
together or not at all. Must not know: HTTP, sessions.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from threading import Lock
from typing import Final

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.db import transaction

from tianbao.domain.access import FOUNDER_ROLES
from tianbao.domain.ids import uuid7
from tianbao.domain.problems import Code, Problem, Refused
from tianbao.domain.sealing import CannotOpen, PasswordCost
from tianbao.services import keys as officer_keys
from tianbao.services.audit import record_act
from tianbao.services.refusals import StaffCode, refuse_staff, staff_problem
from tianbao.store.models import Grant, Staff

PASSWORD_LENGTH_MIN: Final = 10
PASSWORD_LENGTH_MAX: Final = 256
USERNAME_LENGTH_MAX: Final = 64
LIKENESS_MAX: Final = 0.7
"""Share of a password that may be the user name or the organisation."""


def create_administrator(
    *, username: str, password: str, keys: Path, now_ms: int, password_cost: PasswordCost | None = None
) -> Staff:
    """The first person: holds every role, and their password opens the names. Inside a transaction."""
    staff = Staff.objects.create_user(username=username.strip(), password=password)
    Grant.objects.bulk_create(
        Grant(id=uuid7(now_ms, os.urandom(10)), staff=staff, role=role.value, made_ms=now_ms)
        for role in FOUNDER_ROLES
    )
    officer_keys.make_officer(folder=keys, officer_id=str(staff.pk), password=password, cost=password_cost)
    record_act(at_ms=now_ms, staff=staff, verb="create_staff", subject=staff.username)
    return staff


def check_username(username: str) -> list[Problem]:
    """What is wrong with a new user name; empty if nothing."""
    username = username.strip()
    if not username:
        return [Problem(Code.REQUIRED, "username")]
    if len(username) > USERNAME_LENGTH_MAX:
        return [Problem(Code.TOO_LONG, "username", {"length_max": USERNAME_LENGTH_MAX})]
    if not all(letter.isalnum() or letter in "@.+-_" for letter in username):
        return [Problem(Code.FORBIDDEN_CHARACTER, "username")]
    if Staff.objects.filter(username=username).exists():
        return [staff_problem(StaffCode.NAME_TAKEN, "username")]
    return []


def check_password(password: str, *, question: str = "password", unlike: tuple[str, ...] = ()) -> list[Problem]:
    """The policy (NIST SP 800-63B: long, not among the common ones, no rules of composition)."""
    if not password:
        return [Problem(Code.REQUIRED, question)]
    if len(password) > PASSWORD_LENGTH_MAX:
        return [Problem(Code.TOO_LONG, question, {"length_max": PASSWORD_LENGTH_MAX})]
    if len(password) < PASSWORD_LENGTH_MIN:
        return [staff_problem(StaffCode.PASSWORD_SHORT, question, minimum=PASSWORD_LENGTH_MIN)]
    if _is_common(password):
        return [staff_problem(StaffCode.PASSWORD_COMMON, question)]
    if any(_is_like(password, text) for text in unlike):
        return [staff_problem(StaffCode.PASSWORD_SIMILAR, question)]
    return []


def change_password(*, staff: Staff, old: str, new: str, keys: Path, now_ms: int) -> None:
    """Changes what lets in and what opens the names, both or neither. Refused: `old` wrong, `new` too weak."""
    if not staff.check_password(old):
        raise refuse_staff(StaffCode.PASSWORD_WRONG, "old")
    if problems := check_password(new, question="new", unlike=(staff.username,)):
        raise Refused(*problems)
    is_rewrapped = False
    try:
        with transaction.atomic():
            staff.set_password(new)
            staff.save(update_fields=["password"])
            record_act(at_ms=now_ms, staff=staff, verb="change_password", subject=staff.username)
            officer_keys.change_password(folder=keys, officer_id=str(staff.pk), old=old, new=new)
            is_rewrapped = True
    except CannotOpen as error:
        raise refuse_staff(StaffCode.PASSWORD_WRONG, "old") from error
    except BaseException:
        if is_rewrapped:  # the commit failed after the key file was written
            officer_keys.change_password(folder=keys, officer_id=str(staff.pk), old=new, new=old)
        raise


def choose_language(*, staff: Staff, language: str) -> None:
    """Remembers which language somebody reads."""
    Staff.objects.filter(pk=staff.pk).update(language=language)


def _is_common(password: str) -> bool:
    stem = password.rstrip("0123456789!.@#")
    candidates = {password, password.lower(), stem.lower()} - {""}
    if password.isdigit() or len(set(password)) <= 3:
        return True
    for candidate in candidates:
        try:
            CommonPasswordValidator().validate(candidate)
        except ValidationError:
            return True
    return False


def _is_like(password: str, text: str) -> bool:
    lower, text = password.lower(), text.strip().lower()
    if len(text) < 3:
        return False
    covered = len(text) if text in lower else 0
    ratio = SequenceMatcher(a=lower, b=text).ratio()
    return covered / len(lower) > LIKENESS_MAX / 2 or ratio >= LIKENESS_MAX


# --- patience with wrong passwords


@dataclass(slots=True)
class _Failures:
    count: int
    wait_until_ms: int


class SignInPatience:
    """After some wrong passwords for one user from one network address, a wait that doubles up to a minute.

    Another user behind the same office's address, and the same user from elsewhere, are not held up.
    """

    FREE: Final = 5
    WAIT_MS_MAX: Final = 60_000
    PAIRS_MAX: Final = 10_000

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()
        self._lock = Lock()

    def check(self, *, username: str, network_address: str, now_ms: int) -> None:
        """Refused with the seconds to wait."""
        failures = self._failures.get((username.lower(), network_address))
        if failures is not None and now_ms < failures.wait_until_ms:
            raise refuse_staff(StaffCode.WAIT, seconds=-(-(failures.wait_until_ms - now_ms) // 1000))

    def count_failure(self, *, username: str, network_address: str, now_ms: int) -> None:
        """One more wrong password."""
        pair = (username.lower(), network_address)
        with self._lock:
            failures = self._failures.setdefault(pair, _Failures(0, 0))
            self._failures.move_to_end(pair)
            failures.count += 1
            over = failures.count - self.FREE
            if over >= 0:
                failures.wait_until_ms = now_ms + min(self.WAIT_MS_MAX, 2_000 << min(over, 8))
            if len(self._failures) > self.PAIRS_MAX:
                self._failures.popitem(last=False)

    def forgive(self, *, username: str, network_address: str) -> None:
        """The right password came."""
        with self._lock:
            self._failures.pop((username.lower(), network_address), None)

    def reset(self) -> None:
        """Forgets every failure."""
        with self._lock:
            self._failures.clear()
