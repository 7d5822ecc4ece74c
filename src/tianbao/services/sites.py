"""Sites: made, changed, opened and closed, one or two hundred at a time; and how everyone else reads them.

Must not know: screens, what a poster looks like, who registers.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Sum

from tianbao.domain import sites as domain
from tianbao.domain.access import Access, Permission, Reach
from tianbao.domain.ids import uuid7
from tianbao.domain.problems import Code, Problem, Refused, refuse
from tianbao.domain.sites import SiteState, site_code
from tianbao.services.access import reachable_sites, require_site
from tianbao.services.areas import find_place, full_name
from tianbao.services.audit import record_act
from tianbao.services.divisions import area_candidates, area_name, is_site_area
from tianbao.services.forms import FORM_DEFAULT
from tianbao.services.organisation import bump_generation, check_line, find_organisation
from tianbao.services.refusals import StaffCode, refuse_staff, staff_problem
from tianbao.store.models import HourCount, Organisation, Site, SiteForm, Staff

NAME_LENGTH_MAX: Final = 60
PASTED_MAX: Final = 500
"""Lines in one paste."""
_CODE_TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class PastedSite:
    """A line of a paste, read: what would be made of it, or what is wrong."""

    line: int
    name: str
    area_text: str
    area: str = ""
    area_name: str = ""
    problems: tuple[Problem, ...] = ()
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteLine:
    """A site as the list shows it."""

    site: Site
    today: int
    poster_is_current: bool


# --- as everyone else reads them


def load_installation() -> domain.Installation:
    """The organisation as posters and pages show it; Refused before set-up."""
    return to_domain_installation(find_organisation())


def to_domain_installation(row: Organisation) -> domain.Installation:
    """The same of a row at hand."""
    return domain.Installation(
        organisation=row.name,
        area=row.area,
        address=row.address,
        purpose=row.purpose,
        legal_basis=row.legal_basis,
        notice=row.notice,
        contact=row.contact,
        deletion_days=row.deletion_days,
    )


def to_domain_site(row: Site) -> domain.Site:
    """A site without its form and its row."""
    return domain.Site(
        code=row.code, name=row.name, area=row.area, area_name=row.area_name, state=SiteState(row.state)
    )


def find_site(code: str, *, access: Access, permission: Permission = Permission.READ_SITES) -> Site:
    """The site of a code, however it was typed. Refused for none, and for one that `permission` does not reach."""
    site = Site.objects.filter(code=code.strip().upper()).prefetch_related("forms").first()
    if site is None:
        raise refuse(Code.UNKNOWN_SITE)
    require_site(access, permission, site)
    return site


def list_sites(*, reach: Reach, now_ms: int) -> list[SiteLine]:
    """Every site within `reach`, open ones first, with today's arrivals."""
    organisation = find_organisation()
    zone = ZoneInfo(organisation.time_zone)
    midnight = datetime.fromtimestamp(now_ms / 1000, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    counts = dict(
        HourCount.objects.filter(hour_ms__gte=int(midnight.timestamp() * 1000))
        .values_list("site")
        .annotate(Sum("count"))
    )
    rows = reachable_sites(reach).order_by("-state", "created_ms", "id")
    return [SiteLine(row, counts.get(row.pk, 0), row.poster_address == organisation.address) for row in rows]


def list_rows(reach: Reach) -> list[Site]:
    """Every site within `reach` with its forms, in the order in which they were made."""
    return list(reachable_sites(reach).prefetch_related("forms").order_by("created_ms", "id"))


def list_outdated_posters(address: str) -> list[Site]:
    """Sites whose printed poster opens another address."""
    printed = Site.objects.filter(poster_printed_ms__isnull=False).exclude(poster_address=address)
    return list(printed.order_by("created_ms", "id"))


# --- changes


def create_site(*, name: str, area: str, reach: Reach, staff: Staff | None, now_ms: int) -> Site:
    """A new, open site. `area` is a code, or a text that means one area; empty outside the divisions.

    Refused: an area that `reach`, of whoever makes it, does not cover.
    """
    problems = check_line(name, "name", NAME_LENGTH_MAX)
    try:
        area = find_site_area(text=area)
        problems += check_area(area, reach)
    except Refused as refused:
        problems += refused.problems
    if problems:
        raise Refused(*problems)
    with transaction.atomic():
        site = _insert_sites([(name, area)], now_ms)[0]
        bump_generation()
        record_act(at_ms=now_ms, staff=staff, verb="create_site", subject=site.code)
    return site


def create_sites(*, pasted: Sequence[PastedSite], staff: Staff, now_ms: int) -> list[Site]:
    """All of a checked paste, or none: Refused if a line still has a problem."""
    problems = [problem for line in pasted for problem in line.problems]
    if problems:
        raise Refused(*problems)
    with transaction.atomic():
        made = _insert_sites([(line.name, line.area) for line in pasted], now_ms)
        bump_generation()
        for site in made:
            record_act(at_ms=now_ms, staff=staff, verb="create_site", subject=site.code)
    return made


def find_site_area(*, text: str, code: str = "", question: str = "area") -> str:
    """`areas.find_place` for a site, whose county must be known; empty outside the divisions."""
    part = (code if "." in code else "") or (text if "." in text else "")
    area = find_place(text=text, code=code, part=part, question=question)
    if area and "." not in area and not is_site_area(area):
        raise refuse_staff(StaffCode.COUNTY_NEEDED, question)
    return area


def check_area(area: str, reach: Reach) -> list[Problem]:
    """What is wrong with an area for a site of somebody's; empty if they reach it."""
    return [] if reach.covers_area(area) else [staff_problem(StaffCode.AREA_ELSEWHERE, "area")]


def read_pasted_sites(text: str, *, area_default: str, reach: Reach) -> list[PastedSite]:
    """Lines of "name, area" (comma, tab or Chinese comma), as they come out of a spreadsheet.

    Without an area a line takes `area_default`. Refused for none at all or too many.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise refuse(Code.REQUIRED, "lines")
    if len(lines) > PASTED_MAX:
        raise refuse(Code.TOO_MANY, "lines", rows_max=PASTED_MAX)
    return [_read_pasted(number, line, area_default, reach) for number, line in lines]


def change_site(*, site: Site, name: str, area: str, reach: Reach, staff: Staff, now_ms: int) -> None:
    """Another name, or another area of the same county within `reach`."""
    problems = check_line(name, "name", NAME_LENGTH_MAX)
    try:
        area = find_site_area(text=area)
        problems += check_area(area, reach) if area != site.area else []
    except Refused as refused:
        problems += refused.problems
    if problems:
        raise Refused(*problems)
    if _county_of(area) != site.county:
        raise refuse_staff(StaffCode.OTHER_COUNTY, "area")
    with transaction.atomic():
        site.name, site.area, site.area_name = name.strip(), area, full_name(area)
        site.save(update_fields=["name", "area", "area_name"])
        bump_generation()
        record_act(at_ms=now_ms, staff=staff, verb="change_site", subject=site.code)


def set_site_state(*, site: Site, state: SiteState, staff: Staff, now_ms: int) -> None:
    """Opens or closes a site; a closed one says so to whoever scans its poster."""
    with transaction.atomic():
        site.state = state.value
        site.save(update_fields=["state"])
        bump_generation()
        verb = "open_site" if state is SiteState.OPEN else "close_site"
        record_act(at_ms=now_ms, staff=staff, verb=verb, subject=site.code)


def mark_posters_printed(*, sites: Iterable[Site], address: str, staff: Staff, now_ms: int) -> None:
    """Remembers which address the posters on the walls open."""
    ids = [site.pk for site in sites]
    with transaction.atomic():
        Site.objects.filter(pk__in=ids).update(poster_printed_ms=now_ms, poster_address=address)
        detail = {"sites": len(ids), "address": address}
        record_act(at_ms=now_ms, staff=staff, verb="print_posters", detail=detail)


def _insert_sites(names_and_areas: Sequence[tuple[str, str]], now_ms: int) -> list[Site]:
    codes = _new_codes(len(names_and_areas))
    rows = [
        Site(
            id=uuid7(now_ms, index.to_bytes(2) + os.urandom(8)),  # in the order they were given
            code=code,
            name=name.strip(),
            area=area,
            area_name=full_name(area),
            county=_county_of(area),
            created_ms=now_ms,
        )
        for index, (code, (name, area)) in enumerate(zip(codes, names_and_areas, strict=True))
    ]
    made = Site.objects.bulk_create(rows)
    SiteForm.objects.bulk_create(
        SiteForm(id=uuid7(now_ms, os.urandom(10)), site=site, name=FORM_DEFAULT, position=0) for site in made
    )
    return made


def _county_of(area: str) -> str:
    """The division of six digits that a site lies in; empty outside the divisions."""
    return area.partition(".")[0][:6]


def _new_codes(count: int) -> list[str]:
    """Codes that no site has; one in 28 million is drawn twice."""
    codes: set[str] = set()
    for _ in range(_CODE_TRIES):
        codes |= {site_code(os.urandom(8)) for _ in range(count - len(codes))}
        codes -= set(Site.objects.filter(code__in=codes).values_list("code", flat=True))
        if len(codes) == count:
            return list(codes)
    raise AssertionError("20 draws of site codes all collided")


def _read_pasted(number: int, line: str, area_default: str, reach: Reach) -> PastedSite:
    name, area_text = _split_pasted(line)
    problems = tuple(check_line(name, "name", NAME_LENGTH_MAX))
    try:
        area = find_site_area(text=area_text or area_default)
    except Refused as refused:
        candidates = tuple(area_name(place.code) for place in area_candidates(area_text))
        return PastedSite(number, name, area_text, problems=(*problems, *refused.problems), candidates=candidates)
    return PastedSite(number, name, area_text, area, full_name(area), (*problems, *check_area(area, reach)))


def _split_pasted(line: str) -> tuple[str, str]:
    for separator in ("\t", ",", "，"):
        if separator in line:
            name, area_text = line.split(separator, 1)
            return name.strip(), area_text.strip()
    return line.strip(), ""
