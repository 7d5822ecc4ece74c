"""The tree of areas: the bundled divisions, and what is made by hand below them or outside all of them.

A village, an estate, a building, a department: an `Area` row whose code is its parent's with a number of its own.
Must not know: screens, who registers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from tianbao.domain.access import Reach, lies_within, stem_of
from tianbao.domain.problems import Code, refuse
from tianbao.services import divisions
from tianbao.services.audit import record_act
from tianbao.services.organisation import bump_generation, check_line
from tianbao.services.refusals import StaffCode, refuse_staff
from tianbao.store.models import Area, Grant, Invitation, Site, Staff

NAME_LENGTH_MAX: Final = 40
DEPTH_MAX: Final = 4
"""Levels made by hand below one division: village, estate, building, entrance."""
AREAS_MAX: Final = 2_000


@dataclass(frozen=True, slots=True)
class AreaLine:
    """An area made by hand as the list shows it; `depth` counts from 0 below the division that holds it."""

    code: str
    name: str
    full_name: str
    parent: str
    depth: int
    sites: int
    people: int


def full_name(code: str) -> str:
    """The whole name of an area, from the province or the organisation down; empty for the whole tree."""
    return _name_in(code, {row.code: row.name for row in _ancestors(code)})


def find_place(*, text: str, code: str = "", part: str = "", question: str = "area") -> str:
    """The division that was typed or picked, or `part`, an area made by hand. Refused: unknown, unclear."""
    if part:
        if not Area.objects.filter(code=part).exists():
            raise refuse(Code.UNKNOWN_PLACE_CODE, question)
        return part
    return divisions.find_area(text=text, code=code, question=question)


def list_areas(reach: Reach) -> list[AreaLine]:
    """Every area made by hand within `reach`, each below its parent, in the order of names."""
    rows = [row for row in Area.objects.order_by("name") if reach.covers_area(row.code)]
    names = {row.code: row.name for row in Area.objects.all()}
    sites = list(Site.objects.values_list("area", flat=True))
    people = list(Grant.objects.filter(site__isnull=True).values_list("area", flat=True))
    lines = {
        row.code: AreaLine(
            code=row.code,
            name=row.name,
            full_name=_name_in(row.code, names),
            parent=row.parent,
            depth=row.code.count(".") - 1,
            sites=sum(lies_within(area, row.code) for area in sites),
            people=people.count(row.code),
        )
        for row in rows
    }
    return list(_walk(lines))


def create_area(*, parent: str, name: str, reach: Reach, staff: Staff, now_ms: int) -> Area:
    """A new area below another. Refused: a parent that is not theirs, a name taken there, too deep, too many."""
    problems = check_line(name, "name", NAME_LENGTH_MAX)
    name, parent = name.strip(), stem_of(parent)
    if not reach.covers_area(parent):
        raise refuse_staff(StaffCode.AREA_ELSEWHERE, "parent")
    if problems:
        raise refuse(Code(problems[0].code), "name", **problems[0].parameters)
    if parent.count(".") >= DEPTH_MAX or Area.objects.count() >= AREAS_MAX:
        raise refuse(Code.TOO_MANY, "parent", rows_max=AREAS_MAX if parent.count(".") < DEPTH_MAX else DEPTH_MAX)
    with transaction.atomic():
        siblings = list(Area.objects.select_for_update().filter(parent=parent))
        if any(row.name == name for row in siblings):
            raise refuse_staff(StaffCode.NAME_TAKEN, "name")
        used = [int(row.code.rpartition(".")[2]) for row in siblings]
        row = Area.objects.create(
            code=f"{parent}.{max(used, default=0) + 1}", parent=parent, name=name, created_ms=now_ms
        )
        record_act(at_ms=now_ms, staff=staff, verb="create_area", subject=row.code)
    return row


def rename_area(*, code: str, name: str, reach: Reach, staff: Staff, now_ms: int) -> None:
    """Another name; the sites below show it at once."""
    problems = check_line(name, "name", NAME_LENGTH_MAX)
    if problems:
        raise refuse(Code(problems[0].code), "name", **problems[0].parameters)
    row = _find(code, reach)
    name = name.strip()
    with transaction.atomic():
        if Area.objects.filter(parent=row.parent, name=name).exclude(pk=row.pk).exists():
            raise refuse_staff(StaffCode.NAME_TAKEN, "name")
        row.name = name
        row.save(update_fields=["name"])
        for site in Site.objects.filter(area__startswith=code):
            if lies_within(site.area, code):
                Site.objects.filter(pk=site.pk).update(area_name=full_name(site.area))
        bump_generation()
        record_act(at_ms=now_ms, staff=staff, verb="rename_area", subject=code)


def remove_area(*, code: str, reach: Reach, staff: Staff, now_ms: int) -> None:
    """Takes an area away that nothing stands in. Refused AREA_IN_USE: sites, people, invitations or areas below."""
    row = _find(code, reach)
    with transaction.atomic():
        is_used = (
            Area.objects.filter(parent=code).exists()
            or Site.objects.filter(area=code).exists()
            or Grant.objects.filter(area=code).exists()
            or Invitation.objects.filter(area=code, used_ms__isnull=True).exists()
        )
        if is_used:
            raise refuse_staff(StaffCode.AREA_IN_USE)
        row.delete()
        record_act(at_ms=now_ms, staff=staff, verb="remove_area", subject=code)


def _find(code: str, reach: Reach) -> Area:
    row = Area.objects.filter(code=code).first()
    if row is None or not reach.covers_area(code):
        raise refuse(Code.NOT_FOUND)
    return row


def _ancestors(code: str) -> Iterable[Area]:
    parts = code.split(".")
    return Area.objects.filter(code__in=[".".join(parts[:count]) for count in range(2, len(parts) + 1)])


def _name_in(code: str, names: dict[str, str]) -> str:
    division, *parts = code.split(".")
    found = [divisions.area_name(_padded(division))] if division else []
    for count in range(1, len(parts) + 1):
        found.append(names.get(".".join([division, *parts[:count]]), ""))
    return " ".join(filter(None, found))


def _padded(stem: str) -> str:
    """A division's code as the bundled table has it: "4419" is "441900"."""
    return stem.ljust(6, "0") if len(stem) < 6 else stem


def _walk(lines: dict[str, AreaLine], parent: str | None = None) -> Iterable[AreaLine]:
    """Depth first; what has its parent outside of `lines` begins a branch."""
    for line in lines.values():
        begins = line.parent not in lines if parent is None else line.parent == parent
        if begins:
            yield line
            yield from _walk(lines, line.code)
