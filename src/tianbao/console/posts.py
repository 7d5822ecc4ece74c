"""A role at a place as fields of a form: which role, in which area or at which site, until when.

Shared by invitations and by what somebody holds. Must not know: who may give what (`services.colleagues`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from tianbao.console.area_field import AreaField, area_field
from tianbao.console.labels import label_of
from tianbao.console.middleware import StaffRequest
from tianbao.domain.access import Permission, Role
from tianbao.domain.problems import Code, Problem, Refused
from tianbao.services.access import reachable_sites
from tianbao.services.areas import find_place, list_areas
from tianbao.services.colleagues import Post
from tianbao.services.divisions import area_name
from tianbao.store.models import Site

ROLES: Final = {
    Role.GUARD: (_("Guard"), _("One site: lets people in, sees today's arrivals with masked names.")),
    Role.WORKER: (_("Worker"), _("Registers, looks after records and corrects them.")),
    Role.CLERK: (_("Clerk"), _("As a worker; also sites, posters, forms and exports.")),
    Role.SUPERVISOR: (_("Supervisor"), _("As a worker; also approves, reads the log, invites colleagues.")),
    Role.DATA_OFFICER: (_("Data officer"), _("Keys, exports, tracing, deletion. Changes no record.")),
    Role.UPPER_LEVEL: (_("Upper level"), _("Numbers only, small ones hidden. No records, no names.")),
    Role.ADMINISTRATOR: (_("Administrator"), _("Settings, sites, forms, people. Sees no names.")),
}
"""What a role is called and what it is for."""

_DATE: Final = "%Y-%m-%d"


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """One role to pick."""

    value: str
    label: str
    hint: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class PostFields:
    """For `console/post_fields.html`."""

    roles: tuple[RoleChoice, ...]
    sites: tuple[Site, ...]
    site: str
    area: AreaField
    parts: tuple[tuple[str, str], ...]
    part: str
    until: str


def role_label(role: Role | str) -> str:
    """The word for a role."""
    return str(ROLES[Role(role)][0])


def post_fields(request: StaffRequest, values: Mapping[str, str], problems: Mapping[str, str]) -> PostFields:
    """The fields with what was typed and what is wrong with it."""
    reach = request.access.reach(Permission.MANAGE_STAFF)
    given = request.access.roles_to_hand_out()
    values = {"area": area_name(request.organisation.area), "area_code": request.organisation.area, **values}
    hint = _("Everything in it, down to each site. Empty: the whole installation.")
    return PostFields(
        roles=tuple(
            RoleChoice(role.value, str(ROLES[role][0]), str(ROLES[role][1]), values.get("role") == role.value)
            for role in given
        ),
        sites=tuple(reachable_sites(reach).order_by("name")),
        site=values.get("site", ""),
        area=area_field("area", label_of("area"), str(hint), values, problems),
        parts=tuple((line.code, line.full_name) for line in list_areas(reach)),
        part=values.get("part", ""),
        until=values.get("until", ""),
    )


def read_post(request: StaffRequest) -> Post:
    """What was asked for. Refused: no such role, site or area, not a date. A site makes the area meaningless."""
    typed: Any = request.POST
    problems: list[Problem] = []
    role = typed.get("role", "")
    if role not in {one.value for one in Role}:
        problems.append(Problem(Code.REQUIRED, "role"))
    site, area = None, ""
    if code := typed.get("site", ""):
        reach = request.access.reach(Permission.MANAGE_STAFF)
        site = reachable_sites(reach).filter(code=code).first()
        if site is None:
            problems.append(Problem(Code.UNKNOWN_SITE, "site"))
    elif role != Role.GUARD.value:
        try:
            area = find_place(
                text=typed.get("area", ""), code=typed.get("area_code", ""), part=typed.get("part", "")
            )
        except Refused as refused:
            problems += refused.problems
    until_ms = None
    if typed.get("until", ""):
        try:
            until_ms = read_last_day(typed["until"], request.organisation.time_zone)
        except (ValueError, OverflowError):
            problems.append(Problem(Code.NOT_A_DATE, "until"))
    if problems:
        raise Refused(*problems)
    return Post(Role(role), area, site, until_ms)


def read_last_day(text: str, time_zone: str) -> int:
    """The end of a day (ISO 8601) there, in Unix milliseconds. Raises ValueError."""
    day = datetime.strptime(text[:10], _DATE).replace(tzinfo=ZoneInfo(time_zone))
    end = day.replace(hour=23, minute=59, second=59, microsecond=999_000)
    return int(end.timestamp() * 1000) + 1
