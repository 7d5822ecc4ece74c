"""Which forms a site carries, in which order, and when each is open there; one site or hundreds at a time.

Beside `services.sites`, which makes the sites. Must not know: screens, what a form asks.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from django.db import transaction

from tianbao.domain.forms import text_in
from tianbao.domain.ids import uuid7
from tianbao.domain.problems import Code, Problem, Refused, refuse
from tianbao.domain.sites import Hours, SiteState
from tianbao.services.audit import record_act
from tianbao.services.forms import newest_form, newest_forms
from tianbao.services.organisation import bump_generation
from tianbao.services.refusals import StaffCode, staff_problem
from tianbao.store.models import FormVersion, Site, SiteForm, Staff

FORMS_MAX: Final = 12
"""Forms of one site: what a phone shows as buttons."""
WORD_LENGTH_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class CarriedForm:
    """A form at a site, in its place, and when it is open there."""

    name: str
    hours: Hours


class Moved(NamedTuple):
    """How many sites got a form, and how many lost it."""

    given: int
    taken: int


def list_site_forms(site: Site) -> list[CarriedForm]:
    """What a site carries, in its order."""
    return [
        CarriedForm(row.name, Hours(SiteState(row.state), row.opens_ms, row.closes_ms, row.word))
        for row in site.forms.all()
    ]


def find_site_form(site: Site, name: str = "") -> FormVersion:
    """The newest version of a form that the site carries, of its first if none is named. Raises Refused."""
    carried = [row.name for row in site.forms.all()]
    if name and name not in carried:
        raise refuse(Code.NOT_FOUND)
    return newest_form(name or carried[0])


def form_titles(language: str) -> dict[str, str]:
    """What each published form is called, by name, in the order of the titles."""
    newest = newest_forms(FormVersion.objects.values_list("name", flat=True))
    titles = {name: text_in(row.definition["title"], language) for name, row in newest.items()}
    return dict(sorted(titles.items(), key=lambda item: item[1]))


def set_site_forms(*, site: Site, forms: Sequence[CarriedForm], staff: Staff, now_ms: int) -> None:
    """All forms of a site in their order. Refused: none, too many, one that there is not, wrong times or words.

    A problem's question is `forms.INDEX.opens`, `.closes` or `.word`, else `forms`.
    """
    problems = check_site_forms(forms)
    if problems:
        raise Refused(*problems)
    with transaction.atomic():
        standing = {row.name: row for row in site.forms.all()}
        site.forms.exclude(name__in=[form.name for form in forms]).delete()
        for position, form in enumerate(forms):
            row = standing.get(form.name) or SiteForm(id=uuid7(now_ms, os.urandom(10)), site=site, name=form.name)
            row.position, row.state, row.word = position, form.hours.state.value, dict(form.hours.word)
            row.opens_ms, row.closes_ms = form.hours.opens_ms, form.hours.closes_ms
            row.save()
        bump_generation()
        names = [form.name for form in forms]
        record_act(at_ms=now_ms, staff=staff, verb="set_site_forms", subject=site.code, detail={"forms": names})


def set_form_sites(*, name: str, sites: Iterable[Site], codes: Collection[str], staff: Staff, now_ms: int) -> Moved:
    """Of some sites those of `codes` carry a form from now on, the others do not; all at once or not at all.

    Refused: a site is full.
    """
    sites = list(sites)
    with transaction.atomic():
        given = give_form(name=name, sites=[one for one in sites if one.code in codes], staff=staff, now_ms=now_ms)
        others = [one for one in sites if one.code not in codes]
        return Moved(given, take_form(name=name, sites=others, staff=staff, now_ms=now_ms))


def give_form(*, name: str, sites: Iterable[Site], staff: Staff, now_ms: int) -> int:
    """Puts a form last at sites that do not carry it yet; how many that were. Refused: a site is full.

    The problem's question is the code of the first such site.
    """
    newest_form(name)
    with transaction.atomic():
        lacking = [site for site in sites if name not in {row.name for row in site.forms.all()}]
        full = next((site for site in lacking if len(site.forms.all()) >= FORMS_MAX), None)
        if full is not None:
            raise refuse(Code.TOO_MANY, full.code, rows_max=FORMS_MAX)
        SiteForm.objects.bulk_create(
            SiteForm(
                id=uuid7(now_ms, os.urandom(10)),
                site=site,
                name=name,
                position=max((row.position for row in site.forms.all()), default=-1) + 1,
            )
            for site in lacking
        )
        bump_generation()
        detail = {"form": name, "sites": [site.code for site in lacking]}
        record_act(at_ms=now_ms, staff=staff, verb="give_form", subject=name, detail=detail)
    return len(lacking)


def take_form(*, name: str, sites: Iterable[Site], staff: Staff, now_ms: int) -> int:
    """Takes a form from sites; how many that were. A site keeps its last form: it is left out."""
    with transaction.atomic():
        taken = [
            row for site in sites for row in site.forms.all() if row.name == name and len(site.forms.all()) > 1
        ]
        SiteForm.objects.filter(id__in=[row.id for row in taken]).delete()
        bump_generation()
        detail = {"form": name, "sites": [row.site.code for row in taken]}
        record_act(at_ms=now_ms, staff=staff, verb="take_form", subject=name, detail=detail)
    return len(taken)


def check_site_forms(forms: Sequence[CarriedForm]) -> list[Problem]:
    """What is wrong with them."""
    if not forms:
        return [Problem(Code.REQUIRED, "forms")]
    if len(forms) > FORMS_MAX:
        return [Problem(Code.TOO_MANY, "forms", {"rows_max": FORMS_MAX})]
    names = [form.name for form in forms]
    known = set(FormVersion.objects.filter(name__in=names).values_list("name", flat=True))
    if len(set(names)) < len(names) or not known.issuperset(names):
        return [Problem(Code.NOT_A_CHOICE, "forms")]
    problems = []
    for index, form in enumerate(forms):
        hours = form.hours
        if hours.opens_ms is not None and hours.closes_ms is not None and hours.closes_ms <= hours.opens_ms:
            problems.append(staff_problem(StaffCode.CLOSES_BEFORE_IT_OPENS, f"forms.{index}.closes"))
        if any(len(text) > WORD_LENGTH_MAX for text in hours.word.values()):
            problems.append(Problem(Code.TOO_LONG, f"forms.{index}.word", {"length_max": WORD_LENGTH_MAX}))
    return problems
