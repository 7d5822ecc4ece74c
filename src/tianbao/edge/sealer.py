"""The keys of the moment: the day's public half and pepper, and a data key that lives ten minutes (DESIGN 5).

Between `edge.intake` and `domain.sealing`. It can seal and cannot open: private halves of days are sealed to
the officers as soon as they are made, and a data key goes to disk only sealed to its day. Must not know: HTTP,
rows, what is sealed.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tianbao.domain import sealing
from tianbao.domain.ids import uuid7
from tianbao.domain.sealing import RevisionKind
from tianbao.store import key_file
from tianbao.store.hot_sql import IntakeKeyRow
from tianbao.store.key_file import DayKey

DATA_KEY_AGE_MS_MAX: Final = 600_000
DATA_KEYS_HELD_MAX: Final = 400
"""One for each day whose registrations are being corrected."""


PERIODS_MAX: Final = 40
"""Days' keys at hand: one for each period until deletion that forms of today have."""


class Nonces:
    """Random bytes drawn many at a time: each call of the system gives the interpreter up to the commit thread.

    For nonces, which are no secret; keys are drawn one by one. One for a thread.
    """

    DRAWN_BYTES: Final = 4_096

    def __init__(self) -> None:
        self._drawn = b""
        self._at = 0

    def take(self, size: int) -> bytes:
        """Bytes that were never given out before."""
        if self._at + size > len(self._drawn):
            self._drawn, self._at = os.urandom(self.DRAWN_BYTES), 0
        self._at += size
        return self._drawn[self._at - size : self._at]


_nonces = Nonces()


@dataclass(slots=True)
class DataKey:
    """A data key in use. `row` goes with every submission until one of them is known to be on disk."""

    id: str
    cipher: AESGCM = field(repr=False)
    made_ms: int
    row: IntakeKeyRow | None


class Sealer:
    """One for an edge process, used from its event loop; `find_day` from any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._today: dict[str, DayKey] = {}
        self._data_keys: OrderedDict[str, DataKey] = OrderedDict()

    def open_day(self, day: date, deletion_days: int) -> DayKey:
        """The keys of registrations of `day` that are deleted `deletion_days` later; made if need be."""
        name = f"{day.isoformat()}_{(day + timedelta(days=deletion_days)).isoformat()}"
        found = self._today.get(name)
        if found is None:
            if len(self._today) >= PERIODS_MAX:
                self._today.clear()
            found = self._today[name] = self.find_day(name) or self._make_day(name)
        return found

    def find_day(self, name: str) -> DayKey | None:
        """A day's keys, read anew each time: None from the moment in which they are destroyed."""
        return key_file.read_day(self._folder, name)

    def data_key(self, day: DayKey, now_ms: int) -> DataKey:
        """The data key of the moment for a day, a new one after ten minutes."""
        known = self._data_keys.get(day.name)
        if known is not None and 0 <= now_ms - known.made_ms < DATA_KEY_AGE_MS_MAX:
            return known
        secret = os.urandom(sealing.KEY_BYTES)
        key_id = uuid7(now_ms, os.urandom(10)).hex
        sealed = sealing.seal_to(day.public, secret, purpose=sealing.data_key_purpose(key_id, day.name))
        key = DataKey(key_id, AESGCM(secret), now_ms, IntakeKeyRow(key_id, day.name, sealed, now_ms))
        self._data_keys[day.name] = key
        if len(self._data_keys) > DATA_KEYS_HELD_MAX:
            self._data_keys.popitem(last=False)
        return key

    def _make_day(self, name: str) -> DayKey:
        private_key = os.urandom(sealing.KEY_BYTES)
        wraps = {
            officer.id: sealing.seal_to(officer.public, private_key, purpose=sealing.day_purpose(name, officer.id))
            for officer in key_file.read_officers(self._folder)
        }
        if not wraps:
            raise RuntimeError("no officer's key to seal the day to; set-up is not finished")
        day = DayKey(name, sealing.public_half(private_key), os.urandom(sealing.KEY_BYTES), wraps)
        return key_file.create_day(self._folder, day)


def seal_identity(
    plaintext: bytes,
    *,
    data_key: DataKey,
    content_key: bytes,
    record: str,
    revision: int,
    kind: RevisionKind,
) -> tuple[bytes, bytes]:
    """(sealed content key, sealed content) of one revision."""
    entropy = _nonces.take(2 * sealing.NONCE_BYTES)
    sealed_key = sealing.seal_content_key(
        data_key.cipher, content_key, record=record, nonce=entropy[: sealing.NONCE_BYTES]
    )
    sealed = sealing.seal_content(
        content_key,
        plaintext,
        record=record,
        revision=revision,
        kind=kind,
        nonce=entropy[sealing.NONCE_BYTES :],
    )
    return sealed_key, sealed
