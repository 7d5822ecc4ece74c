"""What every handler of the edge works with, and what it reads from a request about its reader.

Must not know: routes.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from typing import Final

from tianbao.domain import receipts
from tianbao.domain.ids import uuid7
from tianbao.domain.places import Gazetteer
from tianbao.domain.problems import Code, refuse
from tianbao.domain.receipts import Receipt, read_receipt
from tianbao.domain.sites import Hours
from tianbao.edge.archive import Archive
from tianbao.edge.catalogue import Catalogue
from tianbao.edge.drafts import Target
from tianbao.edge.http import Request, Response
from tianbao.edge.intake import Intake
from tianbao.edge.throttle import Throttle
from tianbao.edge.uploads import Uploads
from tianbao.texts import LANGUAGES, Translator, choose_language, translator

LANGUAGE_COOKIE: Final = "lang"
LANGUAGE_ACTION: Final = "lang:"
"""How the buttons begin that show a form again in another language, with what was typed."""
NONCE_COOKIE: Final = "n"
RECEIPTS_COOKIE: Final = "r"
RECEIPTS_MAX: Final = 8
"""Registrations that one phone remembers: a family."""
NONCE_AGE_S: Final = 12 * 3600
LANGUAGE_AGE_S: Final = 365 * 86_400


@dataclass(slots=True)
class Context:
    """The running edge. `catalogue` is replaced as a whole whenever something was published."""

    catalogue: Catalogue
    places: Gazetteer
    intake: Intake
    archive: Archive
    uploads: Uploads
    throttle: Throttle
    staff_token: str = field(repr=False)
    _targets: tuple[Catalogue, dict[str, list[Target]]] = field(
        default_factory=lambda: (Catalogue(), {}), repr=False
    )

    def target(self, code: str, form: str = "") -> Target:
        """A form of a site, its first if none is named. Refused: NOT_READY, UNKNOWN_SITE, NOT_FOUND."""
        targets = self.targets(code)
        found = next((one for one in targets if not form or one.published.form.name == form), None)
        if found is None:
            raise refuse(Code.NOT_FOUND)
        return found

    def standing_target(self, code: str, form: str, version: int = 0) -> Target:
        """A form at a site that need not carry it any more, for corrections: a version of it, else the newest."""
        site = self.targets(code)[0]
        versions = [number for name, number in self.catalogue.forms if name == form]
        published = self.catalogue.forms.get((form, version or max(versions, default=0)))
        if published is None:
            raise refuse(Code.NOT_FOUND)
        return replace(site, published=published, hours=Hours())

    def targets(self, code: str) -> list[Target]:
        """The forms of a site in their order; its code as typed or scanned, in either case."""
        catalogue = self.catalogue
        if catalogue is not self._targets[0]:
            self._targets = catalogue, {}
        code = code.upper()
        found = self._targets[1].get(code)
        if found is None:
            found = self._targets[1][code] = _find_targets(catalogue, code)
        return found


def _find_targets(catalogue: Catalogue, code: str) -> list[Target]:
    if catalogue.installation is None:
        raise refuse(Code.NOT_READY)
    if code not in catalogue.sites:
        raise refuse(Code.UNKNOWN_SITE)
    site, offers = catalogue.sites[code]
    return [
        Target(
            catalogue.installation_of(offer.published.form.name) or catalogue.installation,
            catalogue.time_zone,
            site,
            offer.published,
            offer.hours,
        )
        for offer in offers
    ]


@dataclass(frozen=True, slots=True)
class Reader:
    """The language somebody reads, and the translator of the program's own texts."""

    language: str
    _: Translator


def read_reader(request: Request, offered: tuple[str, ...] = tuple(LANGUAGES), *, action: str = "") -> Reader:
    """From the button that was pressed (`lang:en`), then `?lang=`, then the cookie, then Accept-Language."""
    query = request.scope["query_string"]
    chosen = action.removeprefix(LANGUAGE_ACTION) if action.startswith(LANGUAGE_ACTION) else ""
    if not chosen and b"lang=" in query:
        chosen = request.query.get("lang", "")
    if not chosen and request.header(b"cookie"):
        chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    language = choose_language(chosen, request.header(b"accept-language"), offered)
    return Reader(language, translator(language))


def remember_language(request: Request, response: Response, reader: Reader) -> None:
    """Keeps a language that was chosen by a link."""
    if request.query.get("lang") == reader.language:
        keep_language(request, response, reader)


def keep_language(request: Request, response: Response, reader: Reader) -> None:
    """What is opened from now on is in this language."""
    response.set_cookie(LANGUAGE_COOKIE, reader.language, age_s=LANGUAGE_AGE_S, is_https=request.is_https)


def read_receipts(request: Request) -> list[Receipt]:
    """The receipts this phone remembers, newest first."""
    tokens = request.cookies.get(RECEIPTS_COOKIE, "").split(".")[:RECEIPTS_MAX]
    return [receipt for token in tokens if (receipt := read_receipt(token))]


def remember_receipts(request: Request, response: Response, known: list[Receipt], *, deletion_days: int) -> None:
    """Writes the cookie anew; an empty list removes it."""
    value = ".".join(receipt.token for receipt in known[:RECEIPTS_MAX])
    age_s = (deletion_days + 1) * 86_400 if known else 0
    response.set_cookie(RECEIPTS_COOKIE, value, age_s=age_s, is_https=request.is_https)


def read_nonce(request: Request) -> bytes | None:
    """The nonce of a page without script."""
    raw = receipts.decode_base64url(request.cookies.get(NONCE_COOKIE, ""))
    return raw if raw is not None and len(raw) == receipts.NONCE_BYTES else None


def give_nonce(request: Request, response: Response, now_ms: int) -> None:
    """A new nonce: what is filled in from now on is a new submission."""
    nonce = (now_ms & (1 << 48) - 1).to_bytes(6, "big") + os.urandom(receipts.NONCE_BYTES - 6)
    response.set_cookie(
        NONCE_COOKIE, receipts.encode_base64url(nonce), age_s=NONCE_AGE_S, is_https=request.is_https
    )


def new_receipt(now_ms: int) -> Receipt:
    """A receipt for a phone that keeps no cookies: it cannot be recognised when it sends again."""
    entropy = os.urandom(26)
    return Receipt(uuid7(now_ms, entropy[:10]).hex, entropy[10:])


def now_ms() -> int:
    """The clock, in one place."""
    return time.time_ns() // 1_000_000
