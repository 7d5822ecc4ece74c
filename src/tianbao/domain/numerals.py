"""Numbers as people type them: one spelling for matching, the end of it for showing.

Used by `documents` and `phones`. Must not know: what the number is a number of.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

SHOWN_MAX: Final = 4
"""Characters of a number that a mask may show: the last four, and never more than half."""

_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_SEPARATORS = re.compile(r"[\s()\[\]{}<>._/·:'\"\-\u2010-\u2015\u2212]+")


def half_width(text: str) -> str:
    """Full width as half width (NFKC), the digits of every script as 0–9, without invisible characters.

    Address books wrap a copied number in direction marks, which nobody sees and no search would match.
    """
    if text.isascii():
        return text
    normal = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in normal)


def compact(text: str) -> str:
    """Half width, upper case, without spaces, hyphens, brackets and dots."""
    return _SEPARATORS.sub("", half_width(text)).upper()


def end_of(number: str) -> str:
    """The last characters that may be shown of a compact number."""
    return number[len(number) - min(SHOWN_MAX, len(number) // 2) :]


def hide(number: str) -> str:
    """A compact number as long as it is, with only its end readable: `**************1234`."""
    end = end_of(number)
    return "*" * (len(number) - len(end)) + end
