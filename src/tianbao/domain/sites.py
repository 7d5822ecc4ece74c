"""Who asks, and where: the installation (one organisation, its notice) and its sites, as everyone reads them.

Made by `services.sites`, kept in memory by `edge.catalogue`, shown on posters and pages. Must not know: how
they are stored, which form a site carries.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tianbao.domain.forms import Text

CODE_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""What a person types from a poster: no 0/O, 1/I/L."""
CODE_LENGTH: Final = 5
DELETION_DAYS_DEFAULT: Final = 14
DELETION_DAYS_MAX: Final = 366


class SiteState(StrEnum):
    """Whether a site takes registrations now."""

    OPEN = "open"
    CLOSED = "closed"


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

    def path(self) -> str:
        """The path of its form; upper case, so that a QR of the address stays in alphanumeric mode."""
        return f"/S/{self.code}"


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
