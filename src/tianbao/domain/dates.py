"""Dates and times in expressions: ISO 8601 as forms hold it, read, counted and written.

Below `domain.values` and `domain.functions`. Pure, so what depends on where the clock hangs takes its time zone.
Must not know: expressions, how people write dates (`domain.readings` has made them ISO 8601 by now).

A date is `2020-02-01`, a date with a time `2020-02-01T08:30[:00[.000]][Z|±hh:mm]`, years 1000 to 9999. As a number
it is the days since 1970-01-01 that calendar and clock show, whatever zone is written with it: so a date and the
midnight it begins with are the same number, `now() - today()` is the part of today that has passed, and no hour
goes missing when the clocks change. Where moments in different zones, or hours across such a change, are to be
compared, decimal-date-time() counts from 1970-01-01T00:00Z; a time without a zone is one of the installation's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final

DAY_MS: Final = 86_400_000
DAYS_HELD_MAX: Final = 4_096
"""Dates whose number is remembered: what people answer today lies within few days."""

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - what a calendar shows has no zone
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_CLOCK: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?"
_ZONE: Final = r"Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9]"
_DATE_TIME = re.compile(rf"([1-9][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}})(?:T({_CLOCK})({_ZONE})?)?")
_TIME = re.compile(rf"({_CLOCK})(?:{_ZONE})?")

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DIRECTIVE = re.compile("%[YymnbdeaHhMS3]")


@dataclass(frozen=True, slots=True)
class Moment:
    """When an expression is worked out, and where its random numbers come from.

    `now` has the time zone of the installation; `random` gives numbers from 0 to below 1. `today` is the date
    there, `today_text` as it is stored.
    """

    now: datetime
    random: Callable[[], float]
    today: date = field(init=False)
    today_text: str = field(init=False)

    def __post_init__(self) -> None:
        today = self.now.date()
        object.__setattr__(self, "today", today)
        object.__setattr__(self, "today_text", today.isoformat())

    @property
    def zone(self) -> tzinfo:
        return self.now.tzinfo or UTC


def _read(text: str) -> tuple[datetime, str] | None:
    """What calendar and clock show, and the zone as it is written, if it is."""
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    day, clock, zone = match.groups()
    try:
        return datetime.fromisoformat(f"{day}T{_whole(clock or '00:00')}"), zone or ""
    except ValueError:
        return None


def _whole(clock: str) -> str:
    """With three places after the point, or none."""
    whole, point, fraction = clock.partition(".")
    return f"{whole}.{fraction[:3]:0<3}" if point else whole


def _count(time: timedelta) -> float:
    """In days. Milliseconds are divided once, as the page does it: the same rounding."""
    return time // timedelta(milliseconds=1) / DAY_MS


def read_days(text: str) -> float:
    """The number of a date or a date with a time; NaN for all else."""
    if len(text) < 10 or text[4] != "-" or text[7] != "-":
        return math.nan
    if len(text) == 10:
        return count_day(text)
    read = _read(text)
    return math.nan if read is None else _count(read[0] - _EPOCH)


@lru_cache(DAYS_HELD_MAX)
def count_day(text: str) -> float:
    """The number of a date of ten characters; NaN for what is none."""
    try:
        return float(date.fromisoformat(text).toordinal() - _EPOCH_DAY) if text[0] != "0" else math.nan
    except ValueError:
        return math.nan


def write_date(days: float) -> str:
    """The date of the day that a number of days falls in; empty outside the years 1000 to 9999."""
    if not -354_285 <= days < 2_932_897:
        return ""
    return date.fromordinal(_EPOCH_DAY + math.floor(days)).isoformat()


def write_moment(moment: datetime) -> str:
    """An aware moment as now() writes it: `2020-02-01T08:30:00.000+08:00`."""
    return moment.isoformat(timespec="milliseconds")


def write_date_time(value: str | float, zone: tzinfo) -> str:
    """A number (decimal-date-time's) or a text as date and time with the installation's zone; else empty."""
    days = count_days(value, zone)
    if not -354_284 <= days < 2_932_896:
        return ""
    moment = _EPOCH.replace(tzinfo=UTC) + timedelta(milliseconds=math.floor(days * DAY_MS + 0.5))
    return write_moment(moment.astimezone(zone))


def count_days(value: str | float, zone: tzinfo) -> float:
    """decimal-date-time(): days since 1970-01-01T00:00Z, a number being such already; NaN for all else."""
    if not isinstance(value, str):
        return float(value)
    read = _read(value)
    if read is None:
        return math.nan
    shown, written = read
    offset = datetime.fromisoformat(f"1970-01-01T00:00{written}").tzinfo if written else zone
    return _count(shown - _EPOCH - (shown.replace(tzinfo=offset).utcoffset() or timedelta()))


def count_day_part(value: str | float) -> float:
    """decimal-time(): the part of the day that the clock shows, noon being 0.5."""
    if not isinstance(value, str):
        return value - math.floor(value) if math.isfinite(value) else math.nan
    match = _TIME.fullmatch(value)
    days = read_days(f"1970-01-01T{match[1]}") if match else read_days(value)
    return days - math.floor(days) if days == days else math.nan


def format_date_time(days: float, pattern: str) -> str:
    """ODK's `%Y %y %m %n %b %d %e %a %H %h %M %S %3`; names are English everywhere. Empty for what is no date."""
    if not -354_285 <= days < 2_932_897:
        return ""
    shown = _EPOCH + timedelta(milliseconds=math.floor(days * DAY_MS + 0.5))
    return _DIRECTIVE.sub(lambda match: _part(shown, match[0][1]), pattern)


def _part(shown: datetime, directive: str) -> str:
    match directive:
        case "Y":
            return f"{shown.year:04}"
        case "y":
            return f"{shown.year % 100:02}"
        case "m":
            return f"{shown.month:02}"
        case "n":
            return str(shown.month)
        case "b":
            return _MONTHS[shown.month - 1]
        case "d":
            return f"{shown.day:02}"
        case "e":
            return str(shown.day)
        case "a":
            return _WEEKDAYS[shown.weekday()]
        case "H":
            return f"{shown.hour:02}"
        case "h":
            return str(shown.hour)
        case "M":
            return f"{shown.minute:02}"
        case "S":
            return f"{shown.second:02}"
        case _:
            return f"{shown.microsecond // 1000:03}"
