"""What stands in a survey row's `type`: XLSForm's words and their older spellings.

Beside `columns`. Must not know: the other columns of the row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pyxform import aliases
from pyxform import constants as words

from tianbao.domain.forms import QuestionType


class Support(Enum):
    """What is done with a row whose type is not one of ours."""

    FULL = "full"
    AS_FILE = "as_file"
    ALWAYS_EMPTY = "always_empty"
    """Kept, so that expressions may ask for it, and never filled in."""
    IGNORED = "ignored"
    """Does nothing for a form that is answered in a browser."""
    NONE = "none"
    """Would mean something else here."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TypeCell:
    """A type understood; where it is not supported `type` stands in for it.

    `choice_list` is a list's name, `file` that of a file of choices. `is_end`: of a group or
    repeat. `loop` is the list of a `begin loop over LIST`.
    """

    type: QuestionType
    support: Support = Support.FULL
    choice_list: str = ""
    file: str = ""
    has_other: bool = False
    is_end: bool = False
    loop: str = ""
    ends_loop: bool = False


CSV_EXTERNAL: Final = "csv-external"
"""Not a question: a file that instance() looks into."""

_PLAIN: Final = {
    QuestionType.TEXT: ("text", "string"),
    QuestionType.INTEGER: ("integer", "int"),
    QuestionType.DECIMAL: ("decimal",),
    QuestionType.RANGE: ("range",),
    QuestionType.DATE: ("date",),
    QuestionType.TIME: ("time",),
    QuestionType.DATE_TIME: ("datetime", "date time"),
    QuestionType.ACKNOWLEDGE: ("acknowledge", "trigger"),
    QuestionType.BARCODE: ("barcode",),
    QuestionType.GEOPOINT: ("geopoint", "location", "gps"),
    QuestionType.IMAGE: ("image", "photo", "picture"),
    QuestionType.FILE: ("file",),
    QuestionType.NOTE: ("note",),
    QuestionType.CALCULATE: ("calculate", "calculation"),
    QuestionType.HIDDEN: ("hidden",),
    QuestionType.START: ("start", "start time"),
    QuestionType.END: ("end", "end time"),
    QuestionType.TODAY: ("today",),
    QuestionType.DEVICE_ID: ("deviceid", "device id", "imei"),
    QuestionType.USERNAME: ("username",),
    QuestionType.PHONE_NUMBER: ("phonenumber", "phone number"),
}
_OTHERS: Final = {
    Support.AS_FILE: ("audio", "video"),
    Support.ALWAYS_EMPTY: (
        *("simserial", "sim id", "sim serial", "subscriberid", "subscriber id", "email", "start-geopoint"),
    ),
    Support.IGNORED: ("audit", "background-audio"),
    Support.NONE: ("geotrace", "geoshape", "osm", "xml-external", "cascading_select", "cascading select"),
}
_TYPES: Final = {spelling: TypeCell(type_) for type_, spellings in _PLAIN.items() for spelling in spellings} | {
    spelling: TypeCell(QuestionType.FILE if support is Support.AS_FILE else QuestionType.HIDDEN, support)
    for support, spellings in _OTHERS.items()
    for spelling in spellings
}
_ALWAYS_EMPTY: Final = frozenset({QuestionType.DEVICE_ID, QuestionType.PHONE_NUMBER})
_BLANKS = re.compile(r"[\s_]+")
_AROUND = re.compile(r"^(?:q|add|get) | prompt$")
_CHOSEN: Final = {
    words.SELECT_ONE: QuestionType.SELECT_ONE,
    words.SELECT_ONE_EXTERNAL: QuestionType.SELECT_ONE,
    words.SELECT_ALL_THAT_APPLY: QuestionType.SELECT_MULTIPLE,
    words.RANK: QuestionType.RANK,
}
_COMMANDS: Final = {_BLANKS.sub(" ", command): _CHOSEN[meaning] for command, meaning in aliases.select.items()}
_OTHER = re.compile(r"\s+(?:or specify other|or_other|or other)$", re.IGNORECASE)
_BEGIN_END = re.compile(r"(?P<word>begin|end) (?P<what>.*)")
_LOOP = re.compile(r"begin[ _]loop over (?P<list>\S+)", re.IGNORECASE)
_FILE = re.compile(r".*\.(?:csv|geojson|xml)", re.IGNORECASE)


def read_type(written: str) -> TypeCell:
    """The type of a row; `Support.UNKNOWN` for what is no XLSForm type."""
    select = _read_select(written)
    if select:
        return select
    plain = _BLANKS.sub(" ", written.strip().lower().removeprefix("uri:"))
    if match := _BEGIN_END.fullmatch(plain):
        control = aliases.control.get(match["what"])
        if control in (words.GROUP, words.REPEAT):
            type_ = QuestionType.GROUP if control == words.GROUP else QuestionType.REPEAT
            return TypeCell(type_, is_end=match["word"] == "end")
        if match["what"] == "loop":
            return TypeCell(QuestionType.GROUP, is_end=True, ends_loop=True)
    if match := _LOOP.fullmatch(written.strip()):
        return TypeCell(QuestionType.GROUP, loop=match["list"])
    if plain.startswith("osm "):
        return TypeCell(QuestionType.HIDDEN, Support.NONE)
    for spelling in (plain, _AROUND.sub("", plain), plain.replace(" ", "_")):
        found = _TYPES.get(spelling) or _TYPES.get(_AROUND.sub("", spelling))
        if found:
            is_empty = found.type in _ALWAYS_EMPTY and found.support is Support.FULL
            return TypeCell(found.type, Support.ALWAYS_EMPTY) if is_empty else found
    return TypeCell(QuestionType.HIDDEN, Support.UNKNOWN)


def _read_select(written: str) -> TypeCell | None:
    words_ = written.strip().split()
    for count in range(min(6, len(words_)), 0, -1):
        command = _BLANKS.sub(" ", " ".join(words_[:count]).lower())
        if command in _COMMANDS:
            break
    else:
        return None
    rest = " ".join(words_[count:])
    listed = _OTHER.sub("", f" {rest}").strip()
    is_file = "from file" in command or bool(_FILE.fullmatch(listed))
    return TypeCell(
        _COMMANDS[command],
        choice_list="" if is_file else listed,
        file=listed if is_file else "",
        has_other=listed != rest,
    )
