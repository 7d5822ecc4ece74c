"""Set-up: from an empty data folder to a first site with a poster, in one transaction.

Called by the first-run guide, `tianbao init` and the demo; the guide checks its steps with the same checks.
Must not know: screens, sessions, the one-time link.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import transaction

from tianbao.domain.access import EVERYWHERE
from tianbao.domain.forms import Text
from tianbao.domain.problems import Problem, Refused
from tianbao.domain.sealing import PasswordCost
from tianbao.domain.sites import DELETION_DAYS_DEFAULT
from tianbao.services.addresses import adopt_address, read_address
from tianbao.services.audit import record_act
from tianbao.services.divisions import find_area, time_zone_of
from tianbao.services.emergency import EMERGENCY_DAYS_DEFAULT, check_emergency, emergency_default
from tianbao.services.forms import built_in_form, publish_form
from tianbao.services.organisation import check_line, check_organisation, check_texts, stripped
from tianbao.services.refusals import StaffCode, refuse_staff
from tianbao.services.sites import NAME_LENGTH_MAX, create_site, find_site_area
from tianbao.services.staff import check_password, check_username, create_administrator
from tianbao.services.wording import Occasion, wording_of
from tianbao.store.models import Organisation, Site


def set_up_installation(
    *,
    organisation: str,
    area: str,
    address: str,
    username: str,
    password: str,
    site_name: str,
    site_area: str,
    keys: Path,
    now_ms: int,
    contact: str = "",
    purpose: Text | None = None,
    legal_basis: Text | None = None,
    notice: Text | None = None,
    deletion_days: int | None = DELETION_DAYS_DEFAULT,
    time_zone: str = "",
    emergency: str = "",
    ends_on: str = "",
    password_cost: PasswordCost | None = None,
) -> Site:
    """The first site of a new installation. Areas are codes or texts that mean one, empty for none; `keys` the
    key folder. Texts left out come from the epidemic wording, the time zone from the area; an emergency left out is
    called after the month, and ends in 90 days unless somebody says otherwise (`services.emergency`).

    Refused: set up already, or with every problem of the input.
    """
    problems: list[Problem] = []
    area = _found(area, "area", problems)
    site_area = _found(site_area, "site_area", problems, find=find_site_area)
    wording = wording_of(Occasion.EPIDEMIC, area=area)
    purpose, legal_basis = purpose or wording.purpose, legal_basis or wording.legal_basis
    notice, time_zone = notice or wording.notice, time_zone or time_zone_of(area)
    try:
        address = read_address(address)
    except Refused as refused:
        problems += refused.problems
    problems += check_organisation(name=organisation, contact=contact, time_zone=time_zone)
    today = datetime.fromtimestamp(now_ms / 1000, ZoneInfo("UTC")).date()
    emergency = emergency or emergency_default(area=area, today=today)
    ends_on = ends_on or (today + timedelta(days=EMERGENCY_DAYS_DEFAULT)).isoformat()
    problems += check_emergency(emergency=emergency, ends_on=ends_on, today=today)
    problems += check_username(username)
    problems += check_password(password, unlike=(username, organisation))
    problems += check_texts(purpose=purpose, legal_basis=legal_basis, notice=notice, deletion_days=deletion_days)
    problems += check_line(site_name, "site_name", NAME_LENGTH_MAX)
    with transaction.atomic():
        if Organisation.objects.exists():
            raise refuse_staff(StaffCode.ALREADY_SET_UP)
        if problems:
            raise Refused(*problems)
        Organisation.objects.create(
            name=organisation.strip(),
            area=area,
            address=address,
            purpose=stripped(purpose),
            legal_basis=stripped(legal_basis),
            notice=stripped(notice),
            contact=contact.strip(),
            deletion_days=deletion_days,
            time_zone=time_zone,
            emergency=emergency.strip(),
            ends_on=ends_on,
            created_ms=now_ms,
        )
        adopt_address(address=address, now_ms=now_ms)
        staff = create_administrator(
            username=username, password=password, keys=keys, now_ms=now_ms, password_cost=password_cost
        )
        publish_form(form=built_in_form(), staff=staff, now_ms=now_ms)
        record_act(at_ms=now_ms, staff=staff, verb="set_up")
        return create_site(name=site_name, area=site_area, reach=EVERYWHERE, staff=staff, now_ms=now_ms)


def _found(area: str, question: str, problems: list[Problem], *, find: Callable[..., str] = find_area) -> str:
    try:
        return find(text=area, question=question)
    except Refused as refused:
        problems += refused.problems
        return ""
