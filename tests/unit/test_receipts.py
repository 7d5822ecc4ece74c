"""Receipts: tokens, digests, and the derivation for pages without script."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianbao.domain.ids import unix_ms_of
from tianbao.domain.receipts import (
    Receipt,
    content_mac,
    derive_receipt,
    derive_revision_id,
    read_receipt,
    read_secret,
    secret_digest,
)

receipts = st.builds(
    Receipt, st.binary(min_size=16, max_size=16).map(bytes.hex), st.binary(min_size=16, max_size=16)
)
NONCE = (1_600_000_000_000).to_bytes(6, "big") + bytes(range(16))


@given(receipts)
def test_a_token_is_read_as_it_is_written(receipt: Receipt) -> None:
    assert len(receipt.token) == 43
    assert read_receipt(receipt.token) == receipt


@pytest.mark.parametrize("token", ["", "A" * 42, "A" * 44, "*" * 43, "é" * 43, "A" * 42 + "B"])
def test_a_malformed_token_is_no_receipt(token: str) -> None:
    assert read_receipt(token) is None


@given(st.binary(min_size=16, max_size=16))
def test_a_secret_has_one_spelling(secret: bytes) -> None:
    text = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    assert read_secret(text) == secret
    last = text[-1]
    other = "B" if last == "A" else "A" if last == "B" else chr(ord(last) + 1)
    assert read_secret(text[:-1] + other) != secret


@pytest.mark.parametrize("value", [None, 5, "", "A" * 21, "A" * 23, "!" * 22, ["A" * 22]])
def test_what_is_no_secret_is_refused(value: object) -> None:
    assert read_secret(value) is None


def test_a_double_tap_gives_the_same_receipt_and_anything_else_another() -> None:
    first = derive_receipt(NONCE, b"content")
    assert derive_receipt(NONCE, b"content") == first
    assert derive_receipt(NONCE, b"content of the next family member") != first
    assert derive_receipt(NONCE[:-1] + b"\0", b"content") != first


def test_a_derived_receipt_carries_the_time_of_its_nonce_and_not_the_nonce() -> None:
    receipt = derive_receipt(NONCE, b"content")
    assert unix_ms_of(receipt.id) == 1_600_000_000_000
    assert NONCE[6:] not in bytes.fromhex(receipt.id) + receipt.secret


def test_a_correction_sent_twice_has_one_id_and_the_next_another() -> None:
    receipt = derive_receipt(NONCE, b"content")
    once = derive_revision_id(receipt, 1, b"corrected")
    assert derive_revision_id(receipt, 1, b"corrected") == once
    assert len({once, derive_revision_id(receipt, 2, b"corrected"), derive_revision_id(receipt, 1, b"other")}) == 3


def test_digests_tell_secrets_and_contents_apart() -> None:
    assert secret_digest(b"a" * 16) != secret_digest(b"b" * 16)
    assert content_mac(b"a" * 16, b"x") != content_mac(b"b" * 16, b"x")
    assert content_mac(b"a" * 16, b"x") != content_mac(b"a" * 16, b"y")
