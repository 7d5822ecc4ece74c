"""The emergency that all of this is for: what it is called, and the day on which it ends. None without both.

Nothing closes by itself at midnight of that day, because people stand at the gate; staff are told before and after.
Must not know: screens, how records are deleted.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.db import transaction

from tianbao.domain.problems import Code, Problem, Refused
from tianbao.services.audit import record_act
from tianbao.services.organisation import bump_generation, check_line
from tianbao.store.models import Organisation, Staff

EMERGENCY_DAYS_DEFAULT: Final = 90
EMERGENCY_DAYS_MAX: Final = 366
REFERENCE_LENGTH_MAX: Final = 100
WARN_DAYS: Final = 7


def emergency_default(*, area: str, today: date) -> str:
    """What it is called until somebody says better; Chinese where the organisation lies in China's divisions."""
    return f"疫情防控 {today:%Y-%m}" if area else f"Epidemic {today:%Y-%m}"


def check_emergency(*, emergency: str, ends_on: str, today: date) -> list[Problem]:
    """What is wrong with a reference and an end (ISO 8601): a name, a day from today to a year from now."""
    problems = check_line(emergency, "emergency", REFERENCE_LENGTH_MAX)
    try:
        end = date.fromisoformat(ends_on)
    except ValueError:
        return [*problems, Problem(Code.NOT_A_DATE if ends_on else Code.REQUIRED, "ends_on")]
    last = today + timedelta(days=EMERGENCY_DAYS_MAX)
    if end < today:
        problems.append(Problem(Code.TOO_SMALL, "ends_on", {"minimum": today.isoformat()}))
    if end > last:
        problems.append(Problem(Code.TOO_LARGE, "ends_on", {"maximum": last.isoformat()}))
    return problems


def change_emergency(*, emergency: str, ends_on: str, today: date, staff: Staff, now_ms: int) -> None:
    """Another name or end; a longer emergency is in the log like everything."""
    if problems := check_emergency(emergency=emergency, ends_on=ends_on, today=today):
        raise Refused(*problems)
    with transaction.atomic():
        Organisation.objects.update(emergency=emergency.strip(), ends_on=ends_on)
        bump_generation()
        detail: dict[str, object] = {"emergency": emergency.strip(), "ends_on": ends_on}
        record_act(at_ms=now_ms, staff=staff, verb="change_emergency", detail=detail)


def days_left(organisation: Organisation, *, today: date) -> int | None:
    """Days until the emergency ends, below 0 once it is over; None for an installation older than this."""
    return (date.fromisoformat(organisation.ends_on) - today).days if organisation.ends_on else None
