"""The cast of the tests: one organisation, its administrator, three sites. Made through the services."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tianbao.domain.access import EVERYWHERE, Role
from tianbao.domain.sealing import PasswordCost

NOW_MS: Final = 1_795_420_800_000
"""2026-11-23 16:00 in Shanghai."""
CHEAP: Final = PasswordCost(memory_kib=64, passes=1, lanes=1)

ORGANISATION: Final = "顺平县蒲阳镇人民政府"
AREA: Final = "130636100"
ADDRESS: Final = "https://tianbao.example.gov.cn"
CONTACT: Final = "0312-7690000"
USERNAME: Final = "zhang.min"
PASSWORD: Final = "a calm night at the gate"
SITE_NAMES: Final = ("北关村东口检查点", "蒲阳镇客运站", "福泽园小区南门")


@dataclass(frozen=True, slots=True)
class Cast:
    """Rows of `store.models`: the organisation, the administrator (password PASSWORD), the sites in order."""

    organisation: object
    administrator: object
    sites: list


def make_cast(*, keys: Path, now_ms: int = NOW_MS) -> Cast:
    """Sets up the installation and its further sites."""
    from tianbao.services.setup import set_up_installation
    from tianbao.services.sites import create_site
    from tianbao.store.models import Organisation, Staff

    first = set_up_installation(
        organisation=ORGANISATION,
        area=AREA,
        address=ADDRESS,
        contact=CONTACT,
        username=USERNAME,
        password=PASSWORD,
        site_name=SITE_NAMES[0],
        site_area=AREA,
        keys=keys,
        now_ms=now_ms,
        password_cost=CHEAP,
    )
    administrator = Staff.objects.get()
    others = [
        create_site(name=name, area=AREA, reach=EVERYWHERE, staff=administrator, now_ms=now_ms + later_ms)
        for later_ms, name in enumerate(SITE_NAMES[1:], start=1)
    ]
    return Cast(Organisation.objects.get(), administrator, [first, *others])


def hire(username: str, role: Role, *, area: str = AREA, site: object = None) -> object:
    """Somebody more, with one role at a place (password PASSWORD); a row of `store.models.Staff`."""
    from tianbao.domain.ids import uuid7
    from tianbao.store.models import Grant, Staff

    person = Staff.objects.create_user(username=username, password=PASSWORD)
    Grant.objects.create(
        id=uuid7(NOW_MS, os.urandom(10)),
        staff=person,
        role=role.value,
        area="" if site else area,
        site=site,
        made_ms=NOW_MS,
    )
    return person
