"""Our HMAC is the library's, for every key and message."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianbao.domain.mac import BLOCK_BYTES, hmac_sha256


@given(st.binary(max_size=BLOCK_BYTES), st.binary(max_size=3_000))
def test_it_is_the_library_s(key: bytes, message: bytes) -> None:
    assert hmac_sha256(key, message) == hmac.digest(key, message, "sha256")


def test_a_longer_key_is_refused() -> None:
    with pytest.raises(ValueError, match="longer"):
        hmac_sha256(b"k" * 65, b"")
