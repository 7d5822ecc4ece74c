"""Proving an address: the QR that a phone scans, the page it lands on, and what the screen says meanwhile.

Shared by the first-run guide and the settings. Must not know: what is done with a proved address.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from tianbao.console.middleware import works_before_set_up
from tianbao.console.network import network_address_of
from tianbao.domain.problems import Refused
from tianbao.render.qr import qr_svg
from tianbao.services.addresses import (
    Proof,
    Proposal,
    Reach,
    find_addresses,
    find_offer,
    offer_address,
    proof_of,
    reach_of,
    read_address,
    record_arrival,
)
from tianbao.store.models import Address

OTHER: Final = "other"
"""The choice of an address that was typed instead of proposed."""


@dataclass(frozen=True, slots=True)
class AddressTest:
    """For `console/address_test.html`: one address being tried. `id` is what the page asks about."""

    id: UUID
    address: str
    reach: Reach
    proof: Proof
    arrived_from: str
    path: str

    @property
    def url(self) -> str:
        """What the phone opens."""
        return f"{self.address}{self.path}"

    @property
    def qr(self) -> str:
        """The same as an inline SVG."""
        return qr_svg(self.url)


def address_context(request: HttpRequest, values: Mapping[str, str], in_use: str = "") -> dict[str, Any]:
    """What `console/address_choice.html` shows: proposals, what is chosen, the test of it."""
    proposals = _propose(request, in_use)
    known = [proposal.address for proposal in proposals]
    choice, other = values.get("choice") or (known[0] if known else OTHER), values.get("other", "")
    if choice != OTHER and choice not in known:
        choice, other = OTHER, choice
    shown = {**values, "choice": choice, "other": other}
    try:
        test = start_test(request, chosen_address(shown))
    except Refused:
        test = None
    return {"proposals": proposals, "values": shown, "test": test}


def chosen_address(values: Mapping[str, str]) -> str:
    """The address that was chosen or typed; Refused if it is none."""
    choice = values.get("choice", "")
    return read_address(values.get("other", ""), "other") if choice == OTHER else read_address(choice)


def start_test(request: HttpRequest, address: str) -> AddressTest:
    """The test of an address as it stands now."""
    return _test_of(request, offer_address(address=address, now_ms=_now_ms()))


def show_state(request: HttpRequest, address_id: UUID) -> HttpResponse:
    """How a test stands: the part of the page that says so, asked for again and again."""
    row = find_offer(address_id)
    return render(request, "console/address_state.html", {"test": _test_of(request, row)})


@login_not_required
@works_before_set_up
@require_GET
def show_arrival(request: HttpRequest, token: str) -> HttpResponse:
    """Where the phone lands. Its one purpose is to be asked for, so this GET writes that down."""
    is_known = record_arrival(token=token, network_address=network_address_of(request), now_ms=_now_ms())
    return render(request, "console/arrived.html", {"is_known": is_known}, status=200 if is_known else 404)


def _test_of(request: HttpRequest, row: Address) -> AddressTest:
    return AddressTest(
        id=row.pk,
        address=row.address,
        reach=reach_of(row.address),
        proof=proof_of(row, seen_from=network_address_of(request)),
        arrived_from=row.arrived_from,
        path=reverse("console:arrive", args=[row.token]),
    )


def _propose(request: HttpRequest, in_use: str) -> list[Proposal]:
    try:
        own = read_address(f"{request.scheme}://{request.get_host()}")
    except Refused:
        own = ""
    port = int(os.environ.get("TIANBAO_PORT") or request.get_port())
    return find_addresses(known=[in_use, own], port=port)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
