"""The receipt: an id and a 128-bit secret that the phone made, the key to one's own data (DESIGN 3, 6).

Checked by the edge at intake and at /R. Must not know: cookies, keys of the installation, what is stored
beside the two digests made here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from tianbao.domain.ids import uuid7
from tianbao.domain.mac import hmac_sha256

SECRET_BYTES: Final = 16
NONCE_BYTES: Final = 22
"""The cookie of a page without script: 6 bytes of milliseconds, 16 random ones."""
TOKEN_LENGTH: Final = 43


@dataclass(frozen=True, slots=True)
class Receipt:
    """`id` is 32 hex digits, `secret` 16 bytes; the token is both, base64url, 43 characters."""

    id: str
    secret: bytes = field(repr=False)

    @property
    def token(self) -> str:
        return encode_base64url(bytes.fromhex(self.id) + self.secret)


def read_receipt(token: str) -> Receipt | None:
    """The receipt in a token; None if it is malformed. Says nothing about whether it exists."""
    if len(token) != TOKEN_LENGTH:
        return None
    raw = decode_base64url(token)
    if raw is None or len(raw) != 32:
        return None
    return Receipt(raw[:16].hex(), raw[16:])


def read_secret(text: object) -> bytes | None:
    """22 characters of base64url as 16 bytes; None if malformed."""
    if not isinstance(text, str) or len(text) != 22:
        return None
    raw = decode_base64url(text)
    return raw if raw is not None and len(raw) == SECRET_BYTES else None


def secret_digest(secret: bytes) -> bytes:
    """What the server keeps to recognise the secret: SHA-256 suffices for 128 random bits."""
    return hashlib.sha256(secret).digest()


def content_mac(secret: bytes, content: bytes) -> bytes:
    """What the server keeps to recognise the same content again, without keeping the content readable.

    Cut to 128 bits: only the owner of the secret could look for a collision, with her own content.
    """
    return hmac_sha256(secret, content)[:16]


def derive_receipt(nonce: bytes, content: bytes) -> Receipt:
    """Id and secret for a page without script, from the cookie's nonce and what was filled in.

    The same content twice (a double tap) gives the same receipt; Back with another answer, a second tab or
    the next family member gives a new one.
    """
    digest = hmac.digest(nonce, b"tianbao receipt\0" + content, "sha512")
    return Receipt(uuid7(int.from_bytes(nonce[:6], "big"), digest[:10]).hex, digest[32:48])


def derive_revision_id(receipt: Receipt, revision: int, content: bytes) -> str:
    """The id of a correction of a revision: a double tap on the same page gives the same one."""
    digest = hmac_sha256(receipt.secret, b"tianbao revision\0%d\0" % revision + content)
    return uuid7(int(receipt.id[:12], 16), digest[:10]).hex


def encode_base64url(raw: bytes) -> str:
    """RFC 4648 §5 without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_base64url(text: str) -> bytes | None:
    """The bytes of base64url without padding; None for any other text, a second spelling included."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return None
    return raw if encode_base64url(raw) == text else None
