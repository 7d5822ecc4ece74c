"""Phone numbers: what kind one is, what is doubtful about it, and its one spelling (E.164).

Asked by validation at intake and by whoever matches, searches, shows or dials. Nothing is refused here: a
doubtful number is accepted and marked, because a person stands at the gate. Must not know: where a number is
stored (exactly as typed, sealed), languages.

A number without a country is read as a Chinese one. Sources: ITU-T E.164 (at most 15 digits), the Ministry of
Industry and Information Technology's numbering plan (mobiles 1[3-9] and nine digits, landlines by area code,
400 and 800, short service numbers).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tianbao.domain.numerals import compact, end_of, half_width, hide


class PhoneKind(StrEnum):
    """What can be done with a number: a mobile takes a text message, a landline only a call."""

    MOBILE_CN = "mobile_cn"
    LANDLINE_CN = "landline_cn"
    FOREIGN = "foreign"
    """Every country code but 86, Hong Kong, Macau and Taiwan included."""
    SERVICE = "service"
    """400 and 800 numbers, 95588, 12345, 110."""
    NONE = "none"
    """The person says that there is none."""
    UNKNOWN = "unknown"


class Doubt(StrEnum):
    """What may be wrong with a number. The value is a mark beside the answer and never changes its meaning."""

    LENGTH = "length"
    FORM = "form"
    """Characters that a phone number does not have, or digits that no number begins with."""
    INCOMPLETE = "incomplete"
    """A local number without its area code."""
    SERVICE_NUMBER = "service_number"
    """A hotline, nobody's own number."""
    SEVERAL = "several"
    """More than one number in the field; the first was read."""


@dataclass(frozen=True, slots=True)
class PhoneReading:
    """What a number says. `key` is E.164 with `+`, or the bare characters where no country can be told."""

    key: str
    kind: PhoneKind
    doubts: tuple[Doubt, ...] = ()


MOBILE_DIGITS: Final = 11

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"(?:10|2[0-9])[2-9][0-9]{7}|[3-9][0-9]{2}[2-9][0-9]{6,7}")
"""Without the trunk prefix 0: two digits of area and eight of number, or three and seven or eight."""
_LOCAL = re.compile(r"[2-9][0-9]{6,7}")
_SERVICE = re.compile(r"[48]00[0-9]{7}")
_SHORT_SERVICE = re.compile(r"1[0-2][0-9]{1,4}|9[56][0-9]{3,6}")
_NEIGHBOUR = re.compile(r"(85[23])([2-9][0-9]{7})|(886)0?([2-9][0-9]{7,8})")
"""Hong Kong, Macau, Taiwan: known well enough to be read without `+`."""
_FOREIGN = re.compile(r"[1-9][0-9]{6,14}")

_BETWEEN_NUMBERS = re.compile(r"[/,;|、或]")
_EXTENSION = re.compile(r"(?:转|轉|分机|分機|EXT\.?|X|#|[-\u2010-\u2015])[\s:]*[0-9]{1,6}\s*$", re.IGNORECASE)
_TRUNK_IN_BRACKETS = re.compile(r"\(\s*0\s*\)")
_NO_PHONE = re.compile(
    r"[无無没沒]|[暂没沒][有无無]|(?:[无無]|[没沒]有?)(?:手机|手機|电话|電話)|NO|NONE|NOPHONE|NIL|NA"
)


def doubts_about(text: str) -> tuple[Doubt, ...]:
    """The doubts of `read_phone`, without reading on for a mobile number as nearly all are typed."""
    return () if len(text) == MOBILE_DIGITS and _MOBILE.fullmatch(text) else read_phone(text).doubts


def read_phone(text: str) -> PhoneReading:
    """Reads a number as typed, in any of the usual spellings. Never fails."""
    if len(text) == MOBILE_DIGITS and text.isascii() and _MOBILE.fullmatch(text):  # nearly all
        return PhoneReading("+86" + text, PhoneKind.MOBILE_CN)
    spelled = half_width(text).strip()
    characters = compact(spelled)
    if not any(char.isalnum() for char in characters) or _NO_PHONE.fullmatch(characters):
        return PhoneReading("", PhoneKind.NONE)
    numbers = [part for part in _BETWEEN_NUMBERS.split(spelled) if any(char.isdigit() for char in part)]
    if len(numbers) <= 1:
        return _read_one(numbers[0] if numbers else spelled)
    first = _read_one(numbers[0])
    return PhoneReading(first.key, first.kind, (*first.doubts, Doubt.SEVERAL))


def last_four(text: str) -> str:
    """The end of a number for recognising it: four digits, fewer where they would be more than half."""
    return end_of(read_phone(text).key.removeprefix("+"))


def mask_phone(text: str) -> str:
    """A number that others may glance at: `138****5678`, and of any other kind only its end."""
    reading = read_phone(text)
    if reading.kind is PhoneKind.NONE:
        return text
    if reading.kind is PhoneKind.MOBILE_CN:
        return f"{reading.key[3:6]}****{reading.key[-4:]}"
    return hide(reading.key.removeprefix("+"))


def _read_one(spelled: str) -> PhoneReading:
    reading = _read_digits(spelled)
    if reading.kind is PhoneKind.UNKNOWN and (extension := _EXTENSION.search(spelled)):
        without = _read_digits(spelled[: extension.start()])
        if without.kind is not PhoneKind.UNKNOWN:
            return without
    return reading


def _read_digits(spelled: str) -> PhoneReading:
    number = compact(spelled)
    digits = number.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return _doubtful(number, Doubt.FORM)
    if number.startswith(("+", "00")):
        return _read_international(compact(_TRUNK_IN_BRACKETS.sub("", spelled)))
    return _read_domestic(digits)


def _read_international(number: str) -> PhoneReading:
    digits = number.removeprefix("+").removeprefix("00")
    if digits.startswith("86"):
        return _read_chinese(digits[2:]) or _doubtful("+" + digits, Doubt.LENGTH)
    if neighbour := _read_neighbour(digits):
        return neighbour
    if _FOREIGN.fullmatch(digits):
        is_neighbour = digits.startswith(("852", "853", "886"))
        return PhoneReading("+" + digits, PhoneKind.FOREIGN, (Doubt.LENGTH,) if is_neighbour else ())
    if digits[:1] in ("", "0"):
        return _doubtful(number, Doubt.FORM)
    return _doubtful("+" + digits, Doubt.LENGTH)


def _read_domestic(digits: str) -> PhoneReading:
    """A number as it is dialled in China; some leave out the `+` before 86 or a neighbour's code."""
    if _SHORT_SERVICE.fullmatch(digits):
        return PhoneReading(digits, PhoneKind.SERVICE, (Doubt.SERVICE_NUMBER,))
    reading = _read_chinese(digits)
    if reading and (reading.kind is not PhoneKind.LANDLINE_CN or digits.startswith("0")):
        return reading
    if digits.startswith("86") and (reading := _read_chinese(digits[2:])):
        return reading
    if neighbour := _read_neighbour(digits):
        return neighbour
    if _LOCAL.fullmatch(digits):
        return _doubtful(digits, Doubt.INCOMPLETE)
    return _doubtful(digits, Doubt.FORM if len(digits) == MOBILE_DIGITS else Doubt.LENGTH)


def _read_chinese(digits: str) -> PhoneReading | None:
    """A number behind 86: its area code lost the trunk prefix 0, or kept it against the rule."""
    national = digits.removeprefix("0")
    if _MOBILE.fullmatch(national):
        return PhoneReading("+86" + national, PhoneKind.MOBILE_CN)
    if _SERVICE.fullmatch(national):
        return PhoneReading("+86" + national, PhoneKind.SERVICE, (Doubt.SERVICE_NUMBER,))
    if _LANDLINE.fullmatch(national):
        return PhoneReading("+86" + national, PhoneKind.LANDLINE_CN)
    return None


def _read_neighbour(digits: str) -> PhoneReading | None:
    match = _NEIGHBOUR.fullmatch(digits)
    if match is None:
        return None
    return PhoneReading("+" + "".join(part for part in match.groups() if part), PhoneKind.FOREIGN)


def _doubtful(key: str, doubt: Doubt) -> PhoneReading:
    return PhoneReading(key, PhoneKind.UNKNOWN, (doubt,))
