"""HMAC-SHA256 over short messages, without giving the interpreter up.

Used at intake, three times for each submission. `hmac.digest` releases the interpreter's lock for every message,
however short; beside a commit thread each release costs a turn of waiting. Must not know: what is authenticated.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

BLOCK_BYTES: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """RFC 2104 with SHA-256: 32 bytes. The key has at most 64 bytes."""
    if len(key) > BLOCK_BYTES:
        raise ValueError("a longer key would have to be hashed first; none is")
    key = key.ljust(BLOCK_BYTES, b"\0")
    return sha256(key.translate(_OUTER) + sha256(key.translate(_INNER) + message).digest()).digest()
