"""Who asks, and where: the installation (one organisation, its notice) and its sites, as everyone reads them.

Made by `services.sites`, kept in memory by `edge.catalogue`, shown on posters and pages. Must not know: how
they are stored, which form a site carries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from tianbao.domain.forms import Text

CODE_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""What a person types from a poster: no 0/O, 1/I/L."""
CODE_LENGTH: Final = 5
DELETION_DAYS_DEFAULT: Final = 14
DELETION_DAYS_MAX: Final = 366
LATE_MS_MAX: Final = 72 * 3_600_000
"""How long what was begun in time may still arrive: as long as a phone keeps what it could not send."""


class SiteState(StrEnum):
    """Whether a site takes registrations now."""

    OPEN = "open"
    CLOSED = "closed"


class Phase(StrEnum):
    """Whether a form takes registrations at a moment."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Hours:
    """When a site takes registrations with a form: from `opens_ms` until `closes_ms`, unless staff closed it.

    Unix time in milliseconds, None where there is no such time; `word` is what staff say to those who come when it
    is not open.
    """

    state: SiteState = SiteState.OPEN
    opens_ms: int | None = None
    closes_ms: int | None = None
    word: Mapping[str, str] = field(default_factory=dict)

    def phase(self, now_ms: int) -> Phase:
        if self.state is SiteState.CLOSED or (self.closes_ms is not None and now_ms >= self.closes_ms):
            return Phase.CLOSED
        return Phase.SCHEDULED if self.opens_ms is not None and now_ms < self.opens_ms else Phase.OPEN

    def takes(self, *, begun_ms: int, now_ms: int) -> bool:
        """Whether a registration that was begun then and arrives now counts: phones may be without network."""
        phase = self.phase(now_ms)
        if phase is not Phase.CLOSED or self.state is SiteState.CLOSED or self.closes_ms is None:
            return phase is Phase.OPEN
        return begun_ms < self.closes_ms and now_ms < self.closes_ms + LATE_MS_MAX


@dataclass(frozen=True, slots=True)
class Installation:
    """The organisation that asks, and what it promises.

    `address` is the base URL that phones open, without a trailing slash: `https://tianbao.example.gov.cn`.
    `area` is a GB/T 2260 or GB/T 10114 code, empty for an organisation outside the bundled divisions.
    `purpose`, `legal_basis`, `notice` are in the registrant's languages; `contact` is a phone or an office.
    """

    organisation: str
    area: str
    address: str
    purpose: Text
    legal_basis: Text
    notice: Text
    contact: str
    deletion_days: int = DELETION_DAYS_DEFAULT
    languages: tuple[str, ...] = ("zh-Hans", "en")


@dataclass(frozen=True, slots=True)
class Site:
    """A place with a poster. `county` is the first six digits of its area: every big table carries it."""

    code: str
    name: str
    area: str
    area_name: str
    state: SiteState = SiteState.OPEN

    @property
    def county(self) -> str:
        return self.area[:6]

    def path(self, form: str = "") -> str:
        """Its path, or that of one of its forms; upper case, so that a QR of it stays in alphanumeric mode."""
        return f"/S/{self.code}/{quote(form, safe='')}" if form else f"/S/{self.code}"


def poster_url(installation: Installation, site: Site) -> str:
    """What the poster's QR holds: scheme and host in upper case too (RFC 3986: both are case-insensitive)."""
    return f"{installation.address.upper()}{site.path()}"


def site_code(entropy: bytes) -> str:
    """A site code from at least 8 random bytes; even over the alphabet to within 2**-40."""
    number = int.from_bytes(entropy[:8], "big")
    letters = []
    for _ in range(CODE_LENGTH):
        number, index = divmod(number, len(CODE_ALPHABET))
        letters.append(CODE_ALPHABET[index])
    return "".join(letters)
