"""The area picker as a screen needs it: what was typed, what was chosen, what the text may mean.

With JavaScript (`area.js`) one picks while typing or from the tree; without, an unclear text comes back with
its candidates to choose from. Must not know: which screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tianbao.services.divisions import area_candidates, area_name, find_area
from tianbao.services.sites import find_site_area


@dataclass(frozen=True, slots=True)
class AreaField:
    """For `console/area_field.html`. `candidates` are (code, whole name)."""

    name: str
    label: str
    hint: str
    text: str
    code: str = ""
    problem: str = ""
    candidates: tuple[tuple[str, str], ...] = ()


def area_field(
    name: str, label: str, hint: str, values: Mapping[str, str], problems: Mapping[str, str]
) -> AreaField:
    """The field with what was typed (`values`) and what is wrong with it, if anything."""
    text, code = values.get(name, ""), values.get(f"{name}_code", "")
    problem = problems.get(name, "")
    found = area_candidates(text) if problem else ()
    candidates = tuple((place.code, area_name(place.code)) for place in found)
    return AreaField(name, str(label), str(hint), text, code, problem, candidates)


def read_area(values: Mapping[str, str], name: str) -> str:
    """The code of the area that was typed and chosen; Refused if it is not one."""
    return find_area(text=values.get(name, ""), code=values.get(f"{name}_code", ""), question=name)


def read_site_area(values: Mapping[str, str], name: str) -> str:
    """The same for a site, which needs at least a county."""
    part = values.get("part", "")
    return find_site_area(text=values.get(name, ""), code=part or values.get(f"{name}_code", ""), question=name)
