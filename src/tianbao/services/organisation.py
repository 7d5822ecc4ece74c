"""The one organisation: what it promises, checked and changed. Every change reaches the public pages at once,
because the edge watches `generation`.

Must not know: sites, addresses, screens.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Final
from zoneinfo import available_timezones

from django.db import transaction
from django.db.models import F

from tianbao.domain.forms import Text
from tianbao.domain.problems import Code, Problem, Refused, refuse
from tianbao.domain.sign_in import Demand
from tianbao.domain.sites import DELETION_DAYS_MAX
from tianbao.services.audit import record_act
from tianbao.services.refusals import StaffCode, staff_problem
from tianbao.store.models import Organisation, Staff

LANGUAGES: Final = ("zh-Hans", "en")
NAME_LENGTH_MAX: Final = 100
CONTACT_LENGTH_MAX: Final = 100
TEXT_LENGTH_MAX: Final = 1_000
"""Characters of a purpose, legal basis or notice."""
TEXTS_BYTES_MAX: Final = 1_400
"""All three in one language, compressed: the form page that shows them is one response of 14,000 bytes (DESIGN 7).

That is about 700 Chinese characters or 2,500 English ones, almost three times what we suggest (services.wording).
"""


def find_organisation() -> Organisation:
    """The organisation; Refused before set-up."""
    organisation = Organisation.objects.first()
    if organisation is None:
        raise refuse(Code.NOT_READY)
    return organisation


def time_zones() -> list[str]:
    """The names of time zones (IANA) to choose from."""
    names = (name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [*sorted(names), "UTC"]


def check_organisation(*, name: str, contact: str, time_zone: str) -> list[Problem]:
    """What is wrong with who asks."""
    problems = check_line(name, "organisation", NAME_LENGTH_MAX)
    problems += check_line(contact, "contact", CONTACT_LENGTH_MAX, is_required=False)
    if time_zone not in available_timezones():
        problems.append(staff_problem(StaffCode.UNKNOWN_TIME_ZONE, "time_zone"))
    return problems


def check_texts(*, purpose: Text, legal_basis: Text, notice: Text, deletion_days: int | None) -> list[Problem]:
    """What is wrong with the promises: every text in every language, the period a number of days."""
    problems = []
    for question, text in (("purpose", purpose), ("legal_basis", legal_basis), ("notice", notice)):
        for language in LANGUAGES:
            problems += _check_text(text.get(language, ""), f"{question}.{language}")
    if not problems:
        texts = {"purpose": purpose, "legal_basis": legal_basis, "notice": notice}
        for language in LANGUAGES:
            problems += _check_sum({f"{name}.{language}": text[language] for name, text in texts.items()})
    if deletion_days is None:
        problems.append(Problem(Code.NOT_AN_INTEGER, "deletion_days"))
    elif deletion_days < 1:
        problems.append(Problem(Code.TOO_SMALL, "deletion_days", {"minimum": 1}))
    elif deletion_days > DELETION_DAYS_MAX:
        problems.append(Problem(Code.TOO_LARGE, "deletion_days", {"maximum": DELETION_DAYS_MAX}))
    return problems


def check_line(text: str, question: str, length_max: int, *, is_required: bool = True) -> list[Problem]:
    """What is wrong with one line of text."""
    text = text.strip()
    if not text:
        return [Problem(Code.REQUIRED, question)] if is_required else []
    if len(text) > length_max:
        return [Problem(Code.TOO_LONG, question, {"length_max": length_max})]
    if not text.isprintable():
        return [Problem(Code.FORBIDDEN_CHARACTER, question)]
    return []


def change_organisation(*, name: str, area: str, contact: str, time_zone: str, staff: Staff, now_ms: int) -> None:
    """Who asks, where, how to reach them."""
    if problems := check_organisation(name=name, contact=contact, time_zone=time_zone):
        raise Refused(*problems)
    _change(
        {"name": name.strip(), "area": area, "contact": contact.strip(), "time_zone": time_zone},
        verb="change_organisation",
        staff=staff,
        now_ms=now_ms,
    )


def change_texts(
    *,
    purpose: Text,
    legal_basis: Text,
    notice: Text,
    deletion_days: int | None,
    staff: Staff,
    now_ms: int,
) -> None:
    """What it promises. The deletion period holds for registrations from now on."""
    problems = check_texts(purpose=purpose, legal_basis=legal_basis, notice=notice, deletion_days=deletion_days)
    if problems:
        raise Refused(*problems)
    _change(
        {
            "purpose": stripped(purpose),
            "legal_basis": stripped(legal_basis),
            "notice": stripped(notice),
            "deletion_days": deletion_days,
        },
        verb="change_texts",
        staff=staff,
        now_ms=now_ms,
    )


def change_second_factor(*, demand: Demand, staff: Staff, now_ms: int) -> None:
    """What is asked of everybody beside a password, from their next click on."""
    _change({"second_factor": demand.value}, verb="change_second_factor", staff=staff, now_ms=now_ms)


def bump_generation() -> None:
    """Tells the edge to read the catalogue again. Call it inside the transaction of what changed."""
    Organisation.objects.update(generation=F("generation") + 1)


def stripped(text: Text) -> dict[str, str]:
    """The text in every language the program speaks, without blanks around it."""
    return {language: text.get(language, "").strip() for language in LANGUAGES}


def _change(columns: Mapping[str, object], *, verb: str, staff: Staff, now_ms: int) -> None:
    with transaction.atomic():
        organisation = find_organisation()
        changed = [name for name, value in columns.items() if getattr(organisation, name) != value]
        if not changed:
            return
        Organisation.objects.update(**columns)
        bump_generation()
        record_act(at_ms=now_ms, staff=staff, verb=verb, detail={"changed": changed})


def _check_sum(texts: Mapping[str, str]) -> list[Problem]:
    """Whether the texts of a language are together too long for the page."""
    size = len(zlib.compress("\n".join(texts.values()).encode(), 9))
    if size <= TEXTS_BYTES_MAX:
        return []
    longest = max(texts, key=lambda name: len(texts[name]))
    characters = sum(map(len, texts.values())) * (size - TEXTS_BYTES_MAX) // size
    return [staff_problem(StaffCode.TEXTS_TOO_LONG, longest, characters=max(10, round(characters, -1)))]


def _check_text(text: str, question: str) -> list[Problem]:
    text = text.strip()
    if not text:
        return [Problem(Code.REQUIRED, question)]
    if len(text) > TEXT_LENGTH_MAX:
        return [Problem(Code.TOO_LONG, question, {"length_max": TEXT_LENGTH_MAX})]
    if not text.replace("\n", "").replace("\r", "").isprintable():
        return [Problem(Code.FORBIDDEN_CHARACTER, question)]
    return []
