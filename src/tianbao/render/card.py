"""A small card for somebody without a phone, as a page that staff print: cut from a sheet, or off a till roll.

Called by `console.cards` after staff have registered somebody. It carries what a receipt shows at the gate and
nothing more. Must not know: who is registered, what its code opens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from markupsafe import Markup

from tianbao.domain.sites import Installation
from tianbao.render.pages import render_page, script
from tianbao.render.qr import qr_svg
from tianbao.texts import Translator


class CardLayout(StrEnum):
    """What the cards are printed on."""

    CARD = "card"
    """One card a page of 85.6 by 54 mm (ISO/IEC 7810 ID-1), for card and label printers."""
    SHEET = "sheet"
    """Eight such cards on A4, with marks to cut along."""
    ROLL = "roll"
    """One card a page of 80 mm thermal paper, of which printers reach 72."""


@dataclass(frozen=True, slots=True)
class Card:
    """One registration as its card shows it.

    `number` is written for people (4F7K-2M9Q); `registered_at` is in the site's time zone; staff scan `pass_text`.
    """

    site_name: str
    number: str
    masked_name: str
    registered_at: datetime
    delete_on: date
    pass_text: str


CARDS_PER_SHEET: Final = 8

_PAGE_SIZES: Final[Mapping[CardLayout, str]] = {
    CardLayout.CARD: "85.6mm 54mm",
    CardLayout.SHEET: "A4",
    CardLayout.ROLL: "80mm 105mm",
}


def card_page(
    *,
    installation: Installation,
    cards: Sequence[Card],
    layout: CardLayout,
    translators: Mapping[str, Translator],
) -> str:
    """The cards in order, in all the translators' languages; the first is the larger one."""
    words = list(translators.items())
    language, _ = words[0]
    per_page = CARDS_PER_SHEET if layout is CardLayout.SHEET else 1
    return render_page(
        "card.html.j2",
        installation=installation,
        language=language,
        _=_,
        styles=("card.css", "print.css"),
        scripts=script("print.js"),
        page_rule=Markup(f"@page{{size:{_PAGE_SIZES[layout]};margin:0}}"),  # noqa: S704 - no text of anybody's
        layout=layout,
        pages=[cards[start : start + per_page] for start in range(0, len(cards), per_page)],
        qr=qr_svg,
        words=words,
    )
