"""Opening sealed identity: officers' passwords in, readable answers out (DESIGN 5).

The console and the command line unlock a `Keyring` of their own process at sign-in; a key agent, mounted
secrets and more officers come behind the same four methods. Keys are held in memory only. Must not know:
who is allowed to read what, tables other than through the rows it is given.
"""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final, Protocol
from uuid import UUID

from tianbao.domain import sealing
from tianbao.domain.answers import Answers, join_answers
from tianbao.domain.sealing import CannotOpen, PasswordCost, RevisionKind
from tianbao.store import key_file
from tianbao.store.key_file import DayKey, Officer

DATA_KEYS_HELD_MAX: Final = 4_096
"""Opened data keys kept in memory: one lasts ten minutes of intake, so this is four weeks of one edge."""


class Locked(Exception):
    """Nobody has unlocked the keys of this process yet."""


class SealedRevision(Protocol):
    """The columns of a revision that opening it needs (a Revision row with its data key, or alike)."""

    record_id: UUID
    revision: int
    kind: int
    sealed: bytes
    sealed_key: bytes
    facts: str


def make_officer(*, folder: Path, officer_id: str, password: str, cost: PasswordCost | None = None) -> None:
    """Makes an officer's pair and writes it, the private half under the password. Replaces the same officer's."""
    cost = cost or PasswordCost()
    private_key = os.urandom(sealing.KEY_BYTES)
    _write_officer(folder, officer_id, private_key, password, cost)


def change_password(*, folder: Path, officer_id: str, old: str, new: str) -> None:
    """Wraps the same private key under a new password; CannotOpen if the old one is wrong."""
    officer = _find_officer(folder, officer_id)
    if officer is not None:
        private_key = _unwrap(officer, old)
        _write_officer(folder, officer_id, private_key, new, officer.cost)


def remove_officer(*, folder: Path, officer_id: str) -> None:
    """Nothing opens with this officer's password from now on, and no new day is sealed to them."""
    others = [officer for officer in key_file.read_officers(folder) if officer.id != officer_id]
    key_file.write_officers(folder, others)


def _write_officer(folder: Path, officer_id: str, private_key: bytes, password: str, cost: PasswordCost) -> None:
    salt = os.urandom(16)
    wrapped = sealing.wrap_private_key(
        private_key, password=password, salt=salt, nonce=os.urandom(sealing.NONCE_BYTES), cost=cost
    )
    others = [officer for officer in key_file.read_officers(folder) if officer.id != officer_id]
    own = Officer(officer_id, sealing.public_half(private_key), salt, wrapped, cost)
    key_file.write_officers(folder, [*others, own])


def _find_officer(folder: Path, officer_id: str) -> Officer | None:
    return next((officer for officer in key_file.read_officers(folder) if officer.id == officer_id), None)


def _unwrap(officer: Officer, password: str) -> bytes:
    return sealing.unwrap_private_key(officer.wrapped, password=password, salt=officer.salt, cost=officer.cost)


@dataclass(frozen=True, slots=True)
class OpenOfficer:
    """An officer whose password was right."""

    id: str
    private_key: bytes = field(repr=False)


class Keyring:
    """The unlocked keys of one process. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._officer_id = ""
        self._private_key: bytes | None = None
        self._days: dict[str, tuple[DayKey, bytes]] = {}
        self._data_keys: OrderedDict[UUID, bytes] = OrderedDict()

    @property
    def is_unlocked(self) -> bool:
        return self._private_key is not None

    def unlock(self, *, officer_id: str, password: str) -> bool:
        """True once the officer's private key is open; False for no such officer or a wrong password."""
        opened = self.open_officer(officer_id=officer_id, password=password)
        if opened is not None:
            self.hold(opened)
        return opened is not None

    def open_officer(self, *, officer_id: str, password: str) -> OpenOfficer | None:
        """An officer's private key, not held yet: somebody may still have to prove more than a password."""
        officer = _find_officer(self._folder, officer_id)
        if officer is None:
            return None
        try:
            return OpenOfficer(officer_id, _unwrap(officer, password))
        except CannotOpen:
            return None

    def hold(self, officer: OpenOfficer) -> None:
        """Unlocks with what `open_officer` opened."""
        with self._lock:
            self._officer_id, self._private_key = officer.id, officer.private_key

    def lock(self) -> None:
        """Forgets every key."""
        with self._lock:
            self._private_key = None
            self._days.clear()
            self._data_keys.clear()

    def forget_days(self) -> None:
        """Lets go of what was opened, so that keys destroyed meanwhile are gone from memory too."""
        with self._lock:
            self._days.clear()
            self._data_keys.clear()

    def open_content_key(self, *, record: UUID, sealed_key: bytes, data_key: DataKeyRow) -> bytes:
        """A record's content key. Locked, or CannotOpen if its day was destroyed or bytes were changed."""
        opened = self._open_data_key(data_key)
        return sealing.open_content_key(opened, bytes(sealed_key), record=record.hex)

    def open_revision(self, row: SealedRevision, data_key: DataKeyRow) -> OpenRevision:
        """What a revision holds, for whoever may read it."""
        content_key = self.open_content_key(record=row.record_id, sealed_key=row.sealed_key, data_key=data_key)
        plaintext = sealing.open_content(
            content_key,
            bytes(row.sealed),
            record=row.record_id.hex,
            revision=row.revision,
            kind=RevisionKind(row.kind),
        )
        return OpenRevision(json.loads(row.facts), json.loads(plaintext), content_key)

    def _open_data_key(self, row: DataKeyRow) -> bytes:
        with self._lock:
            if (known := self._data_keys.get(row.id)) is not None:
                return known
            private_key = self._day_private_key(row.day)
            opened = sealing.open_with(
                private_key, bytes(row.sealed), purpose=sealing.data_key_purpose(row.id.hex, row.day)
            )
            self._data_keys[row.id] = opened
            if len(self._data_keys) > DATA_KEYS_HELD_MAX:
                self._data_keys.popitem(last=False)
            return opened

    def _day_private_key(self, name: str) -> bytes:
        if self._private_key is None:
            raise Locked
        if name not in self._days:
            day = key_file.read_day(self._folder, name)
            wrap = day.wraps.get(self._officer_id) if day else None
            if day is None or wrap is None:
                raise CannotOpen
            purpose = sealing.day_purpose(name, self._officer_id)
            self._days[name] = day, sealing.open_with(self._private_key, wrap, purpose=purpose)
        return self._days[name][1]


class DataKeyRow(Protocol):
    """The columns of a data key."""

    id: UUID
    day: str
    sealed: bytes


class OpenRevision:
    """A revision that was opened: `answers` joined from facts and identity, `marks` by path, `reason`."""

    __slots__ = ("answers", "content_key", "marks", "reason")

    def __init__(self, facts: dict[str, Any], identity: dict[str, Any], content_key: bytes) -> None:
        self.answers: Answers = join_answers(facts["answers"], identity["answers"])
        self.marks: dict[str, list[str]] = facts.get("marks", {})
        self.reason: str = identity.get("reason", "")
        self.content_key = content_key
