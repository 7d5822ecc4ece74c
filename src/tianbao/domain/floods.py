"""Against floods: how much may come from one place in a time, and work that a phone does before it may come faster.

Asked by the edge before anything of a registration is read. A bucket is one number, the moment at which it will be
full again; a challenge is one text that the server need not remember. Must not know: sites, addresses, HTTP.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

CHALLENGE_S: Final = 120
"""Asked again within this time, a challenge is the same; it can be answered for as long again."""
BITS_MAX: Final = 24
MAC_DIGITS: Final = 24
NONCE_LENGTH_MAX: Final = 16


@dataclass(frozen=True, slots=True)
class Limit:
    """A bucket's measures: `rate_per_s` flows in, `burst` is what it holds. Both above 0."""

    rate_per_s: float
    burst: float

    def take(self, full_at_s: float, now_s: float) -> float | None:
        """Takes one out of a bucket that is full at `full_at_s` (0 for a new one): when it is full after that, in
        seconds; None where it holds none.
        """
        full_s = (full_at_s if full_at_s > now_s else now_s) + 1 / self.rate_per_s
        return None if full_s - now_s > self.burst / self.rate_per_s + 1e-9 else full_s

    def wait_s(self, full_at_s: float, now_s: float) -> float:
        """How long until the bucket holds one."""
        return max(0.0, full_at_s - now_s - (self.burst - 1) / self.rate_per_s)


def make_challenge(key: bytes, *, subject: str, bits: int, now_s: int) -> str:
    """What a phone has to work on before `subject` is let in. Letters, digits, dots."""
    until_s = (now_s // CHALLENGE_S + 2) * CHALLENGE_S
    return _sign(key, subject, bits, until_s)


def is_solved(key: bytes, answer: str, *, subject: str, now_s: int) -> bool:
    """Whether `answer`, a challenge and after a dot what was found, is work done in time for `subject`.

    Found is a text for which the SHA-256 of the whole begins with as many zero bits as were asked for.
    """
    challenge, _, found = answer.rpartition(".")
    until, _, rest = challenge.partition(".")
    bits = rest.partition(".")[0]
    if not (until.isascii() and until.isdecimal() and bits.isascii() and bits.isdecimal()):
        return False
    if not found or len(answer) > len(challenge) + 1 + NONCE_LENGTH_MAX or len(until) > 12 or len(bits) > 2:
        return False
    if not now_s <= int(until) <= now_s + 2 * CHALLENGE_S:
        return False
    expected = _sign(key, subject, int(bits), int(until))
    return hmac.compare_digest(challenge.encode(), expected.encode()) and count_zero_bits(answer) >= int(bits)


def count_zero_bits(text: str) -> int:
    """With how many zero bits the SHA-256 of a text begins."""
    return 256 - int.from_bytes(hashlib.sha256(text.encode()).digest(), "big").bit_length()


def _sign(key: bytes, subject: str, bits: int, until_s: int) -> str:
    mac = hmac.digest(key, f"{until_s}.{bits}.{subject}".encode(), "sha256").hex()[:MAC_DIGITS]
    return f"{until_s}.{bits}.{mac}"
