"""Sealed identity: both ways in work, and nothing else does."""

from __future__ import annotations

import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tianbao.domain import sealing
from tianbao.domain.sealing import CannotOpen, PasswordCost, RevisionKind
from tianbao.edge.sealer import Nonces

CHEAP = PasswordCost(memory_kib=64, passes=1, lanes=1)
RECORD = "0192d1e0" * 4
PLAINTEXT = "买买提·艾力 𠮷 13812345678".encode()


def _seal(content_key: bytes, revision: int = 1, kind: RevisionKind = RevisionKind.REGISTERED) -> bytes:
    return sealing.seal_content(
        content_key, PLAINTEXT, record=RECORD, revision=revision, kind=kind, nonce=os.urandom(12)
    )


def test_an_officer_opens_what_was_sealed_for_her_day() -> None:
    officer_key, day_key, data_key, content_key = (os.urandom(32) for _ in range(4))
    salt = os.urandom(16)
    wrapped = sealing.wrap_private_key(
        officer_key, password="口令 pass", salt=salt, nonce=os.urandom(12), cost=CHEAP
    )
    day_wrap = sealing.seal_to(sealing.public_half(officer_key), day_key, purpose="day")
    data_wrap = sealing.seal_to(sealing.public_half(day_key), data_key, purpose="data")
    sealed_key = sealing.seal_content_key(AESGCM(data_key), content_key, record=RECORD, nonce=os.urandom(12))
    sealed = _seal(content_key)

    private = sealing.unwrap_private_key(wrapped, password="口令 pass", salt=salt, cost=CHEAP)
    day = sealing.open_with(private, day_wrap, purpose="day")
    data = sealing.open_with(day, data_wrap, purpose="data")
    key = sealing.open_content_key(data, sealed_key, record=RECORD)
    assert sealing.open_content(key, sealed, record=RECORD, revision=1, kind=RevisionKind.REGISTERED) == PLAINTEXT


def test_the_receipt_opens_the_same_content() -> None:
    secret, pepper = os.urandom(16), os.urandom(32)
    sealed = _seal(sealing.content_key_from(secret, pepper, RECORD))
    again = sealing.content_key_from(secret, pepper, RECORD)
    assert sealing.open_content(again, sealed, record=RECORD, revision=1, kind=RevisionKind.REGISTERED) == PLAINTEXT


@pytest.mark.parametrize(
    ("secret", "pepper", "record"),
    [(b"b" * 16, b"p" * 32, RECORD), (b"a" * 16, b"q" * 32, RECORD), (b"a" * 16, b"p" * 32, "f" * 32)],
)
def test_another_secret_pepper_or_record_opens_nothing(secret: bytes, pepper: bytes, record: str) -> None:
    sealed = _seal(sealing.content_key_from(b"a" * 16, b"p" * 32, RECORD))
    with pytest.raises(CannotOpen):
        sealing.open_content(
            sealing.content_key_from(secret, pepper, record),
            sealed,
            record=RECORD,
            revision=1,
            kind=RevisionKind.REGISTERED,
        )


@pytest.mark.parametrize(
    ("record", "revision", "kind"),
    [
        ("f" * 32, 1, RevisionKind.REGISTERED),
        (RECORD, 2, RevisionKind.REGISTERED),
        (RECORD, 1, RevisionKind.WITHDRAWN),
    ],
)
def test_a_row_put_in_another_rows_place_does_not_open(record: str, revision: int, kind: RevisionKind) -> None:
    key = os.urandom(32)
    with pytest.raises(CannotOpen):
        sealing.open_content(key, _seal(key), record=record, revision=revision, kind=kind)


def test_no_byte_of_a_sealed_content_can_be_changed() -> None:
    key = os.urandom(32)
    sealed = _seal(key)
    for index in range(len(sealed)):
        changed = bytearray(sealed)
        changed[index] ^= 1
        with pytest.raises(CannotOpen):
            sealing.open_content(key, bytes(changed), record=RECORD, revision=1, kind=RevisionKind.REGISTERED)
    with pytest.raises(CannotOpen):
        sealing.open_content(key, sealed[:10], record=RECORD, revision=1, kind=RevisionKind.REGISTERED)


def test_a_wrong_password_opens_nothing() -> None:
    salt = os.urandom(16)
    wrapped = sealing.wrap_private_key(
        os.urandom(32), password="right", salt=salt, nonce=os.urandom(12), cost=CHEAP
    )
    with pytest.raises(CannotOpen):
        sealing.unwrap_private_key(wrapped, password="wrong", salt=salt, cost=CHEAP)


def test_a_wrap_opens_only_for_its_purpose_and_its_key() -> None:
    private = os.urandom(32)
    wrap = sealing.seal_to(sealing.public_half(private), b"key", purpose="day one")
    with pytest.raises(CannotOpen):
        sealing.open_with(private, wrap, purpose="day two")
    with pytest.raises(CannotOpen):
        sealing.open_with(os.urandom(32), wrap, purpose="day one")
    with pytest.raises(CannotOpen):
        sealing.open_with(private, wrap[:-1], purpose="day one")


def test_no_nonce_is_given_out_twice() -> None:
    nonces = Nonces()
    taken = [nonces.take(24) for _ in range(1_000)]
    assert len(set(taken)) == len(taken)
    assert {len(nonce) for nonce in taken} == {24}
