"""Document numbers: what one says about its holder, what is doubtful about it, and its one spelling.

Asked by validation at intake and by whoever matches, searches or shows documents. Nothing is refused here: a
doubtful number is accepted and marked, because a person stands at the gate. Must not know: where a number is
stored (exactly as typed, sealed), languages.

Sources: GB 11643-1999 (resident numbers; check character by ISO 7064 MOD 11-2), GB/T 2260 (provinces), the
State Council's measures on residence permits for Hong Kong, Macau and Taiwan residents (2018), the Ministry of
Public Security's rules for travel permit numbers (2010), the National Immigration Administration's rules for
the foreign permanent resident ID card (2017 and 2023), ICAO Doc 9303 (passports, check digit 7-3-1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from operator import mul
from typing import Final

from tianbao.domain.numerals import compact, end_of, hide

AGE_MAX_YEARS: Final = 130
"""Nobody is older; a birth date further back is a mistake."""


class DocumentType(StrEnum):
    """The kinds of document a form offers; the value is the name of its choice."""

    RESIDENT_ID = "resident_id"
    RESIDENCE_PERMIT_HMT = "residence_permit_hmt"
    HK_MACAU_PERMIT = "hk_macau_permit"
    TAIWAN_PERMIT = "taiwan_permit"
    PASSPORT = "passport"
    FOREIGNER_PR = "foreigner_pr"
    HOUSEHOLD_REGISTER = "household_register"
    OTHER = "other"


class Doubt(StrEnum):
    """What may be wrong with a number. The value is a mark beside the answer and never changes its meaning."""

    CHECK_DIGIT = "check_digit"
    LENGTH = "length"
    BIRTH_DATE = "birth_date"
    """Impossible, in the future, or longer ago than anybody lives."""
    AREA_CODE = "area_code"
    """No province of GB/T 2260."""
    FORM = "form"
    """Characters that such a number does not have, or not there."""
    OLD_FORM = "old_form"
    """Right, but of a document that is no longer issued; `key` is in the present form."""
    OTHER_TYPE = "other_type"
    """The number of another kind of document than the one chosen."""


class Sex(StrEnum):
    """As a resident number codes it."""

    FEMALE = "female"
    MALE = "male"


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """What a number says. `key` is for matching and searching only, never shown or stored in place of the text.

    `born_on`, `sex` and `area_code` (six digits) are what the number states, wherever that is possible at all:
    with a doubt about the check digit any of them may be the mistake.
    """

    type: DocumentType
    key: str
    doubts: tuple[Doubt, ...] = ()
    born_on: date | None = None
    sex: Sex | None = None
    area_code: str | None = None


_PROVINCES: Final = frozenset(
    str(code)
    for codes in (range(11, 16), range(21, 24), range(31, 38), range(41, 47), range(50, 55), range(61, 66), [71])
    for code in codes
)
_HMT_AREA_CODES: Final = frozenset({"810000", "820000", "830000"})

_EIGHTEEN = re.compile(r"[0-9]{17}[0-9X]")
_FIFTEEN = re.compile(r"[0-9]{15}")
_FOREIGNER_2017 = re.compile(r"[A-Z]{3}[0-9]{12}")
_PASSPORT = re.compile(r"(?=.*[0-9])[A-Z0-9]{5,12}")
_OTHER_LENGTH_MIN: Final = 4

# What such a number looks like at any length: of the right alphabet it is only too short or too long.
_ALPHABETS: Final = {
    DocumentType.RESIDENT_ID: re.compile(r"[0-9]*X?"),
    DocumentType.RESIDENCE_PERMIT_HMT: re.compile(r"[0-9]*X?"),
    DocumentType.HK_MACAU_PERMIT: re.compile(r"[HM][0-9]*"),
    DocumentType.TAIWAN_PERMIT: re.compile(r"[0-9]*"),
    DocumentType.PASSPORT: re.compile(r"(?=.*[0-9])[A-Z0-9]*"),
    DocumentType.FOREIGNER_PR: re.compile(r"[A-Z]{0,3}[0-9]*X?"),
}

# The number for life, then what old booklets and cards add: how often it was renewed, and where.
_PERMITS: Final = {
    DocumentType.HK_MACAU_PERMIT: re.compile(r"([HM][0-9]{8})([0-9]{2})?"),
    DocumentType.TAIWAN_PERMIT: re.compile(r"([0-9]{8})([0-9]{2}[A-Z]?)?"),
}

_X_LOOKALIKES: Final = str.maketrans("×ХΧ", "XXX")
"""The multiplication sign of Chinese symbol keyboards, the Cyrillic and the Greek letter."""


def doubts_about(type: DocumentType, text: str, *, today: date) -> tuple[Doubt, ...]:
    """The doubts of `read_document`, without reading on where there are none in the usual number."""
    if type is DocumentType.RESIDENT_ID and len(text) == 18 and _EIGHTEEN.fullmatch(text):
        return tuple(_doubt_eighteen(type, text, _birth_date(text[6:14], today)))
    return read_document(type, text, today=today).doubts


def read_document(type: DocumentType, text: str, *, today: date) -> DocumentReading:
    """Reads a number as typed. Never fails; `today` decides which birth dates are in the future."""
    number = compact(text)
    match type:
        case DocumentType.RESIDENT_ID | DocumentType.RESIDENCE_PERMIT_HMT:
            return _read_resident(type, number.translate(_X_LOOKALIKES), today)
        case DocumentType.FOREIGNER_PR:
            return _read_foreigner(number.translate(_X_LOOKALIKES), today)
        case DocumentType.HK_MACAU_PERMIT | DocumentType.TAIWAN_PERMIT:
            return _read_permit(type, number)
        case DocumentType.PASSPORT:
            if _PASSPORT.fullmatch(number):
                return DocumentReading(type, number)
            return _misshapen(type, number)
        case DocumentType.HOUSEHOLD_REGISTER | DocumentType.OTHER:
            return _read_other(type, number)


_WEIGHTS: Final = tuple(pow(2, place, 11) for place in range(17, 0, -1))
_ZEROS: Final = sum(_WEIGHTS) * ord("0")


def check_character(digits: str) -> str:
    """The check character of seventeen digits by ISO 7064 MOD 11-2: a digit, or X for ten."""
    weighted = sum(map(mul, _WEIGHTS, digits.encode("ascii"))) - _ZEROS
    return "0123456789X"[(12 - weighted) % 11]


def last_four(text: str) -> str:
    """The end of a number for recognising it: four characters, fewer where they would be more than half."""
    return end_of(compact(text))


def mask_document(text: str) -> str:
    """A number that others may glance at: `**************1234`."""
    return hide(compact(text))


def _misshapen(type: DocumentType, number: str) -> DocumentReading:
    is_of_alphabet = _ALPHABETS[type].fullmatch(number)
    return DocumentReading(type, number, (Doubt.LENGTH if is_of_alphabet else Doubt.FORM,))


def _read_resident(type: DocumentType, number: str, today: date) -> DocumentReading:
    if _FIFTEEN.fullmatch(number):
        digits = number[:6] + "19" + number[6:]
        return _read_eighteen(type, digits + check_character(digits), today, [Doubt.OLD_FORM])
    if _EIGHTEEN.fullmatch(number):
        return _read_eighteen(type, number, today, [])
    return _misshapen(type, number)


def _read_eighteen(type: DocumentType, number: str, today: date, doubts: list[Doubt]) -> DocumentReading:
    """Six digits of area, eight of birth, three in sequence (the last one odd for men), one check character."""
    born_on = _birth_date(number[6:14], today)
    doubts += _doubt_eighteen(type, number, born_on)
    return DocumentReading(
        type,
        number,
        tuple(doubts),
        born_on=born_on,
        sex=Sex.MALE if int(number[16]) % 2 else Sex.FEMALE,
        area_code=None if number[0] == "9" or Doubt.AREA_CODE in doubts else number[:6],
    )


def _doubt_eighteen(type: DocumentType, number: str, born_on: date | None) -> list[Doubt]:
    doubts = []
    if check_character(number[:17]) != number[17]:
        doubts.append(Doubt.CHECK_DIGIT)
    if type is not _type_of_eighteen(number):
        doubts.append(Doubt.OTHER_TYPE)
    if not (number[1:3] in _PROVINCES if number[0] == "9" else _is_area(number[:6])):
        doubts.append(Doubt.AREA_CODE)
    if born_on is None:
        doubts.append(Doubt.BIRTH_DATE)
    return doubts


def _type_of_eighteen(number: str) -> DocumentType:
    if number[0] == "9":
        return DocumentType.FOREIGNER_PR
    if number[:2] in ("81", "82", "83"):
        return DocumentType.RESIDENCE_PERMIT_HMT
    return DocumentType.RESIDENT_ID


def _is_area(code: str) -> bool:
    return code[:2] in _PROVINCES or code in _HMT_AREA_CODES


def _birth_date(digits: str, today: date) -> date | None:
    """YYYYMMDD as a date on which somebody alive can have been born."""
    try:
        born_on = date.fromisoformat(digits)
    except ValueError:
        return None
    return born_on if born_on <= today and today.year - born_on.year <= AGE_MAX_YEARS else None


def _read_foreigner(number: str, today: date) -> DocumentReading:
    """The 2023 card (9, province, country, birth, sequence, check) or the 2017 one (country, city, birth, …)."""
    if _EIGHTEEN.fullmatch(number):
        return _read_eighteen(DocumentType.FOREIGNER_PR, number, today, [])
    if not _FOREIGNER_2017.fullmatch(number):
        return _misshapen(DocumentType.FOREIGNER_PR, number)
    doubts = []
    if sum((7, 3, 1)[index % 3] * int(char, 36) for index, char in enumerate(number[:14])) % 10 != int(number[14]):
        doubts.append(Doubt.CHECK_DIGIT)
    if number[3:5] not in _PROVINCES:
        doubts.append(Doubt.AREA_CODE)
    births = [born for century in ("19", "20") if (born := _birth_date(century + number[7:13], today))]
    if not births:
        doubts.append(Doubt.BIRTH_DATE)
    # The number leaves the century out: where both are possible it says nothing.
    born_on = births[0] if len(births) == 1 else None
    return DocumentReading(DocumentType.FOREIGNER_PR, number, tuple(doubts), born_on=born_on)


def _read_permit(type: DocumentType, number: str) -> DocumentReading:
    match = _PERMITS[type].fullmatch(number)
    if match is None:
        return _misshapen(type, number)
    return DocumentReading(type, match[1], (Doubt.OLD_FORM,) if match[2] else ())


def _read_other(type: DocumentType, number: str) -> DocumentReading:
    """Anything goes, but a star is what remains of a mask, and a number has letters or digits."""
    if "*" in number or not any(char.isalnum() for char in number):
        return DocumentReading(type, number, (Doubt.FORM,))
    return DocumentReading(type, number, (Doubt.LENGTH,) if len(number) < _OTHER_LENGTH_MIN else ())
