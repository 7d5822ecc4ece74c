"""The address that phones open: reading what somebody typed, finding what this computer may be reached by,
proving it with a phone, changing it.

A poster cannot be changed once it hangs, so an address is proved before it is printed. Must not know: HTTP
requests, QR codes.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction

from tianbao.domain.ids import uuid7
from tianbao.domain.problems import Code, Refused, refuse
from tianbao.domain.receipts import encode_base64url
from tianbao.services.audit import record_act
from tianbao.services.organisation import bump_generation, find_organisation
from tianbao.services.refusals import StaffCode, refuse_staff
from tianbao.store.models import Address, Organisation, Staff

ADDRESS_LENGTH_MAX: Final = 120
"""Characters: a longer one makes the poster's QR too fine for a cheap camera."""
_PORTS: Final = {"http": 80, "https": 443}
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class Reach(StrEnum):
    """From where an address answers, as far as its spelling tells."""

    PUBLIC = "public"
    LOCAL_NETWORK = "local_network"
    THIS_COMPUTER = "this_computer"


class Proof(StrEnum):
    """Whether somebody arrived by an address."""

    NONE = "none"
    FROM_HERE = "from_here"
    """From this computer, or from where the person at the screen sits: it proves little."""
    ARRIVED = "arrived"


@dataclass(frozen=True, slots=True)
class Proposal:
    """An address worth trying."""

    address: str
    reach: Reach


def read_address(text: str, question: str = "address") -> str:
    """`https://host[:port]` in its one spelling: lower case, no path, no default port. Refused otherwise.

    Without a scheme a name means https, a number http.
    """
    text = text.strip().rstrip("/")
    if not text:
        raise refuse(Code.REQUIRED, question)
    if len(text) > ADDRESS_LENGTH_MAX:
        raise refuse(Code.TOO_LONG, question, length_max=ADDRESS_LENGTH_MAX)
    if not text.isprintable():  # urlsplit drops line breaks without a word
        raise refuse_staff(StaffCode.NOT_AN_ADDRESS, question)
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        host, port = _read_host(parts.hostname or ""), parts.port
    except ValueError as error:
        raise refuse_staff(StaffCode.NOT_AN_ADDRESS, question) from error
    scheme = parts.scheme or ("http" if _is_number(host) or host == "localhost" else "https")
    has_more = parts.path or parts.query or parts.fragment or parts.username is not None
    if scheme not in _PORTS or has_more or port == 0:
        raise refuse_staff(StaffCode.NOT_AN_ADDRESS, question)
    return f"{scheme}://{host}" + (f":{port}" if port and port != _PORTS[scheme] else "")


def reach_of(address: str) -> Reach:
    """From where this address answers."""
    host = urlsplit(address).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return Reach.THIS_COMPUTER
    try:
        number = ip_address(host)
    except ValueError:
        is_local = "." not in host or host.endswith((".local", ".lan", ".home.arpa", ".internal"))
        return Reach.LOCAL_NETWORK if is_local else Reach.PUBLIC
    if number.is_loopback:
        return Reach.THIS_COMPUTER
    return Reach.PUBLIC if number.is_global else Reach.LOCAL_NETWORK


def find_addresses(*, known: Iterable[str], port: int) -> list[Proposal]:
    """Addresses worth trying, the most useful first.

    `known` are addresses at hand, such as the one that the person's own browser used; `port` is where this
    server listens.
    """
    found = [address for address in known if address]
    for host in _own_hosts():
        with suppress(Refused):  # a computer's name need not be one that phones can open
            found.append(read_address(f"http://{host}:{port}"))
    proposals = {address: Proposal(address, reach_of(address)) for address in found}
    order = list(Reach)
    return sorted(proposals.values(), key=lambda proposal: order.index(proposal.reach))


def offer_address(*, address: str, now_ms: int) -> Address:
    """The row whose token a phone brings back to prove the address."""
    row = Address.objects.filter(address=address).first()
    return row or Address.objects.create(
        id=uuid7(now_ms, os.urandom(10)),
        address=address,
        token=encode_base64url(os.urandom(16)),
        since_ms=now_ms,
    )


def find_offer(address_id: UUID) -> Address:
    """The row of an offered address; Refused for none."""
    row = Address.objects.filter(pk=address_id).first()
    if row is None:
        raise refuse(Code.NOT_FOUND)
    return row


def record_arrival(*, token: str, network_address: str, now_ms: int) -> bool:
    """Somebody opened the proof's link; True if there is such a proof. One from here never hides a better one."""
    row = Address.objects.filter(token=token[:43]).first()
    if row is None:
        return False
    if row.arrived_ms is None or _is_own(row.arrived_from):
        row.arrived_ms, row.arrived_from = now_ms, network_address
        row.save(update_fields=["arrived_ms", "arrived_from"])
    return True


def proof_of(row: Address, *, seen_from: str = "") -> Proof:
    """How far an address is proved; `seen_from` is where the person at the screen sits."""
    if row.arrived_ms is None:
        return Proof.NONE
    is_here = _is_own(row.arrived_from) or row.arrived_from == seen_from
    return Proof.FROM_HERE if is_here else Proof.ARRIVED


def is_address_proved(address: str) -> bool:
    """Whether a phone ever arrived by this address."""
    row = Address.objects.filter(address=address).first()
    return row is not None and proof_of(row) is Proof.ARRIVED


def change_address(*, address: str, staff: Staff, now_ms: int) -> None:
    """New posters and links carry this address from now on; the old one stays in the history."""
    address = read_address(address)
    with transaction.atomic():
        organisation = find_organisation()
        if organisation.address == address:
            return
        adopt_address(address=address, now_ms=now_ms, since_ms=_since_ms(organisation.address))
        Organisation.objects.update(address=address)
        bump_generation()
        detail = {"old": organisation.address, "new": address}
        record_act(at_ms=now_ms, staff=staff, verb="change_address", detail=detail)


def adopt_address(*, address: str, now_ms: int, since_ms: int = 0) -> None:
    """Makes an offered address the one in use; what else was offered after `since_ms` and not taken goes."""
    row = offer_address(address=address, now_ms=now_ms)
    Address.objects.filter(since_ms__gt=since_ms).exclude(pk=row.pk).delete()
    row.since_ms = now_ms
    row.save(update_fields=["since_ms"])


def list_addresses() -> list[Address]:
    """The address in use and those before it, newest first; mere offers are left out."""
    in_use = _since_ms(find_organisation().address)
    return list(Address.objects.filter(since_ms__lte=in_use).order_by("-since_ms"))


def _since_ms(address: str) -> int:
    row = Address.objects.filter(address=address).first()
    return row.since_ms if row else 0


def _read_host(host: str) -> str:
    """A host name in ASCII or an address number; ValueError for anything else."""
    if not host or "%" in host:
        raise ValueError(host)
    with suppress(ValueError):
        number = ip_address(host)
        if number.is_unspecified or number.is_multicast:
            raise ValueError(host) from None
        return f"[{number}]" if isinstance(number, IPv6Address) else str(number)
    name = host.rstrip(".").encode("idna").decode("ascii").lower()
    labels = name.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise ValueError(host)
    return name


def _is_number(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _is_own(network_address: str) -> bool:
    """Whether a network address is one of this computer's: only those can be bound."""
    try:
        number = ip_address(network_address)
    except ValueError:
        return False
    family = socket.AF_INET6 if isinstance(number, IPv6Address) else socket.AF_INET
    try:
        with closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
            probe.bind((network_address, 0))
    except OSError:
        return number.is_loopback
    return True


def _own_hosts() -> list[str]:
    """This computer's full name, if it has one, and its own IPv4 numbers, the one of the default route first."""
    name = socket.gethostname()
    hosts = dict.fromkeys([name] if "." in name else [])  # phones do not find a bare name
    with suppress(OSError), closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        probe.connect(("192.0.2.1", 9))  # RFC 5737: nothing is sent, the system only picks a route
        hosts[probe.getsockname()[0]] = None
    with suppress(OSError):
        for *_, place in socket.getaddrinfo(name, None, socket.AF_INET):
            hosts[str(place[0])] = None
    return [host for host in hosts if not host.startswith("127.")]
