"""One sealed content with two ways to its key, beside two sealed copies: bytes and microseconds (docs/adr/0004).

.venv/bin/python tests/bench/sealing.py
"""

from __future__ import annotations

import os
import timeit

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tianbao.domain import sealing
from tianbao.domain.sealing import RevisionKind

IDENTITY, FACTS = os.urandom(420), os.urandom(330)  # the lengths of a registration with two legs
DATA_KEY, RECORD, PEPPER, SECRET = AESGCM(os.urandom(32)), "0" * 32, os.urandom(32), os.urandom(16)
ROUNDS, CALLS = 5, 20_000


def seal_once() -> int:
    nonces = os.urandom(24)
    content_key = sealing.content_key_from(SECRET, PEPPER, RECORD)
    key = sealing.seal_content_key(DATA_KEY, content_key, record=RECORD, nonce=nonces[:12])
    content = sealing.seal_content(
        content_key, IDENTITY, record=RECORD, revision=1, kind=RevisionKind.REGISTERED, nonce=nonces[12:]
    )
    return len(key) + len(content)


def seal_twice() -> int:
    nonces = os.urandom(24)
    content_key = sealing.content_key_from(SECRET, PEPPER, RECORD)
    for_officers = nonces[:12] + DATA_KEY.encrypt(nonces[:12], IDENTITY + content_key, RECORD.encode())
    for_registrant = nonces[12:] + AESGCM(content_key).encrypt(nonces[12:], IDENTITY + FACTS, RECORD.encode())
    return len(for_officers) + len(for_registrant)


if __name__ == "__main__":
    for name, seal in (("one content, two ways", seal_once), ("two copies", seal_twice)):
        best = min(timeit.repeat(seal, number=CALLS, repeat=ROUNDS)) / CALLS * 1e6
        print(f"{name:<24}{seal():>6} bytes {best:>7.2f} µs")
