"""The one guarded door: what somebody may do now, asked before every read and write of staff.

The decision is pure (`domain.access`); this module loads the grants it stands on and turns it into refusals, sites
and records. What lies outside somebody's places answers as if it were not there. Must not know: screens,
identities.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from tianbao.domain import access as domain
from tianbao.domain.access import Access, Permission, Reach
from tianbao.domain.problems import Code, refuse
from tianbao.services.audit import record_act
from tianbao.services.refusals import StaffCode, refuse_staff
from tianbao.store.models import Grant, Organisation, Record, Site, Staff

SUBJECT_LENGTH_MAX: Final = 64
"""Characters of an address that the log keeps."""


def load_access(*, staff: Staff, now_ms: int, time_zone: str = "") -> Access:
    """What somebody may do at this moment; nothing for somebody who has left.

    `time_zone` is the organisation's, where the caller has it at hand: it says when today began.
    """
    zone = ZoneInfo(time_zone or _time_zone())
    midnight = datetime.fromtimestamp(now_ms / 1000, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    grants = Grant.objects.filter(staff=staff).select_related("site") if staff.is_active else ()
    return Access(
        grants=tuple(to_domain_grant(row) for row in grants),
        now_ms=now_ms,
        today_ms=int(midnight.timestamp() * 1000),
    )


def to_domain_grant(row: Grant) -> domain.Grant:
    """A row as the decision takes it; a grant at a site lies in the site's area."""
    return domain.Grant(
        role=domain.Role(row.role),
        area=row.site.area if row.site else row.area,
        site=row.site.code if row.site else "",
        until_ms=row.until_ms,
    )


def require(access: Access, *permissions: Permission) -> None:
    """Refused NOT_ALLOWED unless they may do at least one of these somewhere."""
    if not any(access.may(permission) for permission in permissions):
        raise refuse_staff(StaffCode.NOT_ALLOWED)


def note_refusal(*, staff: Staff, path: str, now_ms: int) -> None:
    """Writes down that somebody asked for what their role does not allow."""
    record_act(at_ms=now_ms, staff=staff, verb="access_refused", subject=path[:SUBJECT_LENGTH_MAX])


def require_site(access: Access, permission: Permission, site: Site) -> None:
    """Refused NOT_ALLOWED without the permission, UNKNOWN_SITE for a site elsewhere."""
    require(access, permission)
    if not access.reach(permission).covers_site(code=site.code, area=site.area):
        raise refuse(Code.UNKNOWN_SITE)


def require_record(access: Access, permission: Permission, record: Record) -> None:
    """Refused NOT_ALLOWED without the permission, NOT_FOUND for a registration elsewhere.

    For a guard, what came before today is elsewhere too.
    """
    require(access, permission)
    if not access.reach(permission).covers_arrival(
        code=record.site.code, area=record.site.area, at_ms=record.registered_ms
    ):
        raise refuse(Code.NOT_FOUND)


def find_record(*, access: Access, permission: Permission, record_id: UUID) -> Record:
    """One registration with its site and form. Refused as `require_record`, NOT_FOUND for none."""
    record = Record.objects.select_related("site", "form").filter(id=record_id).first()
    if record is None:
        require(access, permission)
        raise refuse(Code.NOT_FOUND)
    require_record(access, permission, record)
    return record


def reachable_sites(reach: Reach) -> QuerySet[Site]:
    """The sites that a reach covers, today's alone among them."""
    if reach.is_everywhere:
        return Site.objects.all()
    return Site.objects.filter(_always(reach) | Q(code__in=reach.guarded_sites))


def record_condition(reach: Reach) -> Q:
    """The records that a reach covers; an empty condition where that is all of them."""
    if reach.is_everywhere:
        return Q()
    always = list(Site.objects.filter(_always(reach)).values_list("id", flat=True))
    if len(always) == Site.objects.count():
        return Q()
    condition = Q(site__in=always)
    if reach.guarded_sites:
        guarded = Site.objects.filter(code__in=reach.guarded_sites).values_list("id", flat=True)
        condition |= Q(site__in=list(guarded), registered_ms__gte=reach.today_ms)
    return condition


def _always(reach: Reach) -> Q:
    """The sites of which all is reached, as a condition on sites."""
    condition = Q(code__in=reach.sites)
    for area in reach.areas:
        if "." in area:
            condition |= Q(area=area) | Q(area__startswith=f"{area}.")
        else:
            condition |= Q(area__startswith=area)
    return condition


def _time_zone() -> str:
    return Organisation.objects.values_list("time_zone", flat=True).first() or "UTC"
