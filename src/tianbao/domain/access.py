"""Who may do what, and where: roles, their permissions, and the part of the tree of areas that each reaches.

Asked by `services.access`, the one door that every read and write of staff passes. A person holds grants; a grant
is a role in an area, whose subtree it covers, or at a single site. Must not know: people, tables, screens.

An area is called by its code: a division's without the zeros that only fill it up ("44", "4419", "441900101"; GB/T
2260 and 10114), or one made by hand below another ("441900101.2", ".1.3" outside the divisions). "" is the whole
tree. One code lies below another if the other is its beginning, part by part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

DAY_MS: Final = 86_400_000
GRANTS_MAX: Final = 20
"""Grants one person may hold."""


class Role(StrEnum):
    """What somebody is at their place in the tree; what each may do is PERMISSIONS."""

    GUARD = "guard"
    WORKER = "worker"
    CLERK = "clerk"
    SUPERVISOR = "supervisor"
    DATA_OFFICER = "data_officer"
    UPPER_LEVEL = "upper_level"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """One kind of read or write; every screen and every service names the one it needs."""

    READ_NUMBERS = "read_numbers"
    READ_AGGREGATES = "read_aggregates"
    READ_RECORDS = "read_records"
    REGISTER = "register"
    CORRECT = "correct"
    UNMASK = "unmask"
    EXPORT = "export"
    SCAN = "scan"
    TRACE = "trace"
    READ_SITES = "read_sites"
    CHANGE_SITES = "change_sites"
    CHANGE_FORMS = "change_forms"
    CHANGE_RISK_AREAS = "change_risk_areas"
    CHANGE_RULES = "change_rules"
    MANAGE_STAFF = "manage_staff"
    MANAGE_KEYS = "manage_keys"
    CHANGE_SETTINGS = "change_settings"
    READ_LOG = "read_log"
    REQUEST_TWO_PERSON_ACTS = "request_two_person_acts"
    APPROVE = "approve"
    END_EMERGENCY = "end_emergency"


class Clearance(IntEnum):
    """How much of an identity somebody sees; each includes the ones before it."""

    NONE = 0
    LAST_FOUR = 1
    """A masked name and the document's last four."""
    NAMES = 2
    """Names and the ends of numbers; whole numbers and addresses one by one, with a reason that is logged."""


_P = Permission
_SITE_WORK: Final = frozenset({_P.READ_NUMBERS, _P.READ_SITES, _P.READ_RECORDS, _P.REGISTER, _P.SCAN})
_OFFICE_WORK: Final = _SITE_WORK | {_P.CORRECT, _P.UNMASK}

PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.GUARD: _SITE_WORK - {_P.READ_NUMBERS},
    Role.WORKER: _OFFICE_WORK,
    Role.CLERK: _OFFICE_WORK
    | {_P.EXPORT, _P.CHANGE_SITES, _P.CHANGE_FORMS, _P.CHANGE_RISK_AREAS, _P.REQUEST_TWO_PERSON_ACTS},
    Role.SUPERVISOR: _OFFICE_WORK
    | {
        _P.CHANGE_RISK_AREAS,
        _P.CHANGE_RULES,
        _P.TRACE,
        _P.READ_LOG,
        _P.MANAGE_STAFF,
        _P.REQUEST_TWO_PERSON_ACTS,
        _P.APPROVE,
    },
    Role.DATA_OFFICER: frozenset(
        {
            _P.READ_NUMBERS,
            _P.READ_AGGREGATES,
            _P.READ_SITES,
            _P.READ_RECORDS,
            _P.UNMASK,
            _P.EXPORT,
            _P.TRACE,
            _P.READ_LOG,
            _P.MANAGE_KEYS,
            _P.REQUEST_TWO_PERSON_ACTS,
            _P.APPROVE,
            _P.END_EMERGENCY,
        }
    ),
    Role.UPPER_LEVEL: frozenset({_P.READ_AGGREGATES, _P.APPROVE}),
    Role.ADMINISTRATOR: frozenset(
        {
            _P.READ_AGGREGATES,
            _P.READ_SITES,
            _P.CHANGE_SITES,
            _P.CHANGE_FORMS,
            _P.CHANGE_SETTINGS,
            _P.MANAGE_STAFF,
            _P.READ_LOG,
            _P.REQUEST_TWO_PERSON_ACTS,
        }
    ),
}
"""The table of roles. A role that is not here may do nothing."""

CLEARANCES: Final[dict[Role, Clearance]] = {
    Role.GUARD: Clearance.LAST_FOUR,
    Role.WORKER: Clearance.NAMES,
    Role.CLERK: Clearance.NAMES,
    Role.SUPERVISOR: Clearance.NAMES,
    Role.DATA_OFFICER: Clearance.NAMES,
    Role.UPPER_LEVEL: Clearance.NONE,
    Role.ADMINISTRATOR: Clearance.NONE,
}

WHOLE_INSTALLATION: Final = frozenset(
    {_P.CHANGE_SETTINGS, _P.CHANGE_FORMS, _P.CHANGE_RULES, _P.CHANGE_RISK_AREAS, _P.MANAGE_KEYS, _P.END_EMERGENCY}
)
"""What has no place in the tree: whoever may do it at all may do it for all."""

FOUNDER_ROLES: Final = (Role.ADMINISTRATOR, Role.SUPERVISOR, Role.CLERK, Role.DATA_OFFICER)
"""What the first person of an installation holds, until there are others to hand it to."""

HANDED_OUT_BY: Final[dict[Role, frozenset[Role]]] = {
    Role.ADMINISTRATOR: frozenset(Role),
    Role.SUPERVISOR: frozenset({Role.GUARD, Role.WORKER, Role.CLERK}),
}
"""Which roles a holder of a role may give to others, within what it covers; nobody gives what is above them."""


def stem_of(code: str) -> str:
    """A division's code without the zeros that fill it up: "440000" is "44", "441900" is "4419"."""
    digits, dot, rest = code.partition(".")
    if len(digits) == 6:
        digits = digits.removesuffix("00").removesuffix("00") if digits.endswith("00") else digits
    return digits + dot + rest


def lies_within(area: str, outer: str) -> bool:
    """Whether an area is another or lies below it."""
    area, outer = stem_of(area), stem_of(outer)
    if outer == "" or area == outer:
        return True
    if "." in outer:
        return area.startswith(outer + ".")
    return area.partition(".")[0].startswith(outer)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role at a place: in the area `area` and below it or, where `site` is a site's code, at that site alone.

    Valid until `until_ms` (Unix time in milliseconds), None for no end.
    """

    role: Role
    area: str = ""
    site: str = ""
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """The places that somebody reaches for one permission: subtrees of areas, and single sites.

    `guarded_sites` are reached for what came since `today_ms` alone.
    """

    areas: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    guarded_sites: frozenset[str] = frozenset()
    today_ms: int = 0

    @property
    def is_everywhere(self) -> bool:
        return "" in self.areas

    @property
    def is_nowhere(self) -> bool:
        return not (self.areas or self.sites or self.guarded_sites)

    def covers_site(self, *, code: str, area: str) -> bool:
        """Whether a site is reached, for today's arrivals at least."""
        return code in self.guarded_sites or self.covers_site_always(code=code, area=area)

    def covers_site_always(self, *, code: str, area: str) -> bool:
        """Whether all of a site is reached."""
        return code in self.sites or self.covers_area(area)

    def covers_area(self, area: str) -> bool:
        """Whether an area and all below it is reached."""
        return any(lies_within(area, outer) for outer in self.areas)

    def covers_arrival(self, *, code: str, area: str, at_ms: int) -> bool:
        """Whether what came to a site at a time is reached."""
        if code in self.guarded_sites and at_ms >= self.today_ms:
            return True
        return self.covers_site_always(code=code, area=area)


EVERYWHERE: Final = Reach(areas=frozenset({""}))
"""For the program's own work: jobs, the command line's owner of the folder."""
NOWHERE: Final = Reach()


@dataclass(frozen=True, slots=True)
class Access:
    """What one person may do now. `today_ms` is the beginning of this day at the organisation."""

    grants: tuple[Grant, ...]
    now_ms: int
    today_ms: int

    def may(self, permission: Permission) -> bool:
        """Whether anywhere at all."""
        return not self.reach(permission).is_nowhere

    def reach(self, permission: Permission) -> Reach:
        """Where."""
        giving = [grant for grant in self._valid() if permission in PERMISSIONS.get(grant.role, frozenset())]
        if giving and permission in WHOLE_INSTALLATION:
            return EVERYWHERE
        return Reach(
            areas=frozenset(stem_of(one.area) for one in giving if not one.site and one.role is not Role.GUARD),
            sites=frozenset(grant.site for grant in giving if grant.site and grant.role is not Role.GUARD),
            guarded_sites=frozenset(grant.site for grant in giving if grant.site and grant.role is Role.GUARD),
            today_ms=self.today_ms,
        )

    def clearance(self, *, site: str, area: str) -> Clearance:
        """How much of the identity of those who came to a site."""
        seen = [CLEARANCES[grant.role] for grant in self._valid() if _covers(grant, site=site, area=area)]
        return max(seen, default=Clearance.NONE)

    @property
    def clearance_max(self) -> Clearance:
        """The most of an identity they see anywhere."""
        return max((CLEARANCES[grant.role] for grant in self._valid()), default=Clearance.NONE)

    def may_hand_out(self, grant: Grant, *, site_area: str = "") -> bool:
        """Whether they may give this grant to somebody; `site_area` is where its site lies."""
        place = site_area if grant.site else grant.area
        return any(
            grant.role in HANDED_OUT_BY.get(own.role, frozenset()) and not own.site and lies_within(place, own.area)
            for own in self._valid()
        )

    def roles_to_hand_out(self) -> tuple[Role, ...]:
        """The roles they may give to somebody somewhere."""
        given: set[Role] = set()
        for own in self._valid():
            given |= HANDED_OUT_BY.get(own.role, frozenset())
        return tuple(role for role in Role if role in given)

    def _valid(self) -> Iterable[Grant]:
        return (grant for grant in self.grants if grant.until_ms is None or self.now_ms < grant.until_ms)


def unit_of(grants: Iterable[Grant]) -> str:
    """The unit somebody belongs to, for acts that need two people: their widest place, a site with its code."""
    places = sorted({f"@{grant.site}" if grant.site else stem_of(grant.area) for grant in grants}, key=len)
    return places[0] if places else ""


def _covers(grant: Grant, *, site: str, area: str) -> bool:
    return grant.site == site if grant.site else lies_within(area, grant.area)
