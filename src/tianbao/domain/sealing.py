"""Sealed identity: who can open what, as pure functions over keys (DESIGN 5, 6; docs/adr/0004).

    password ─Argon2id─▶ officer's private key ─HPKE─▶ day's private key ─HPKE─▶ data key ─▶ content key
    receipt's secret ─HKDF with the day's pepper────────────────────────────────────────────▶ content key

Each registration's identity is sealed once, under a content key of its own, and two ways lead to that key:
the officers' and the registrant's. Whoever destroys a day's file (private key wraps and pepper) closes both.
Called by the edge (public halves only) and by `services.keys`. Must not know: files, tables, clocks.

Sources: RFC 9180 (HPKE, DHKEM X25519, HKDF-SHA256, AES-256-GCM), RFC 9106 (Argon2id), NIST SP 800-38D (GCM).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from tianbao.domain.mac import hmac_sha256

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class CannotOpen(Exception):
    """The key is not the one, or the bytes were changed. It says no more on purpose."""


class RevisionKind(IntEnum):
    """What one row of a registration's history is."""

    REGISTERED = 1
    CORRECTED = 2
    WITHDRAWN = 3
    STAFF_CORRECTED = 4


@dataclass(frozen=True, slots=True)
class PasswordCost:
    """Argon2id's parameters; RFC 9106 §4 recommends 64 MiB, 3 passes, 4 lanes where memory is short."""

    memory_kib: int = 65_536
    passes: int = 3
    lanes: int = 4


# --- an officer's pair


def wrap_private_key(private_key: bytes, *, password: str, salt: bytes, nonce: bytes, cost: PasswordCost) -> bytes:
    """An officer's private key under the password; salt of 16 bytes, nonce of 12, both random."""
    return nonce + AESGCM(_password_key(password, salt, cost)).encrypt(nonce, private_key, b"officer")


def unwrap_private_key(wrapped: bytes, *, password: str, salt: bytes, cost: PasswordCost) -> bytes:
    """The inverse; CannotOpen for a wrong password."""
    return _open(AESGCM(_password_key(password, salt, cost)), wrapped, b"officer")


def public_half(private_key: bytes) -> bytes:
    """The 32 bytes of the public half of an X25519 private key of 32 bytes."""
    return X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


# --- a day's pair, a data key: sealed to a public half


def seal_to(public_key: bytes, plaintext: bytes, *, purpose: str) -> bytes:
    """HPKE in base mode; `purpose` binds what it is and for which day or officer."""
    return _SUITE.encrypt(plaintext, X25519PublicKey.from_public_bytes(public_key), info=purpose.encode())


def open_with(private_key: bytes, ciphertext: bytes, *, purpose: str) -> bytes:
    """The inverse of `seal_to`; CannotOpen for another key, another purpose or changed bytes."""
    try:
        return _SUITE.decrypt(ciphertext, X25519PrivateKey.from_private_bytes(private_key), info=purpose.encode())
    except Exception as error:  # the library tells wrong keys apart from wrong lengths; nobody may
        raise CannotOpen from error


def day_purpose(day: str, officer: str) -> str:
    """What a wrap of a day's private key for one officer is bound to; `day` names the file."""
    return f"tianbao day {day} officer {officer}"


def data_key_purpose(data_key_id: str, day: str) -> str:
    """What a sealed data key is bound to."""
    return f"tianbao data key {data_key_id} day {day}"


# --- one registration


def content_key_from(secret: bytes, pepper: bytes, record: str) -> bytes:
    """The content key as the holder of the receipt derives it: HKDF-SHA256 (RFC 5869), salt = pepper."""
    extracted = hmac_sha256(pepper, secret)
    return hmac_sha256(extracted, b"tianbao content " + record.encode() + b"\x01")


def seal_content_key(data_key: AESGCM, content_key: bytes, *, record: str, nonce: bytes) -> bytes:
    """A content key under the data key of the moment, bound to its record."""
    return nonce + data_key.encrypt(nonce, content_key, b"key " + record.encode())


def open_content_key(data_key: bytes, sealed_key: bytes, *, record: str) -> bytes:
    """The inverse of `seal_content_key`."""
    return _open(AESGCM(data_key), sealed_key, b"key " + record.encode())


def seal_content(
    content_key: bytes, plaintext: bytes, *, record: str, revision: int, kind: RevisionKind, nonce: bytes
) -> bytes:
    """One revision's identity under its content key; swapped between rows it does not open."""
    return nonce + AESGCM(content_key).encrypt(nonce, plaintext, _bound_to(record, revision, kind))


def open_content(content_key: bytes, sealed: bytes, *, record: str, revision: int, kind: RevisionKind) -> bytes:
    """The inverse of `seal_content`; CannotOpen if anything it is bound to differs."""
    return _open(AESGCM(content_key), sealed, _bound_to(record, revision, kind))


def _bound_to(record: str, revision: int, kind: RevisionKind) -> bytes:
    return b"%s %d %d" % (record.encode(), revision, kind)


def _open(cipher: AESGCM, sealed: bytes, bound_to: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError) as error:
        raise CannotOpen from error


def _password_key(password: str, salt: bytes, cost: PasswordCost) -> bytes:
    return Argon2id(
        salt=salt,
        length=KEY_BYTES,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    ).derive(password.encode("utf-8", "surrogatepass"))
