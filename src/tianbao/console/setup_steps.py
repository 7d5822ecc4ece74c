"""The steps of the first-run guide: what each asks, how it is checked, what its page shows.

Driven by `setup_guide`, which keeps what was typed. Must not know: the one-time link, sessions, what follows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tianbao.console.address_test import address_context, chosen_address, start_test
from tianbao.console.area_field import area_field, read_area, read_site_area
from tianbao.console.labels import label_of
from tianbao.console.text_fields import FIELDS as TEXT_FIELDS
from tianbao.console.text_fields import read_days, read_texts, text_fields, write_texts
from tianbao.domain.problems import Code, Problem, Refused
from tianbao.domain.sites import DELETION_DAYS_DEFAULT, DELETION_DAYS_MAX
from tianbao.services.addresses import Proof
from tianbao.services.divisions import area_name, time_zone_of
from tianbao.services.organisation import check_line, check_organisation, check_texts, time_zones
from tianbao.services.refusals import StaffCode, refuse_staff, staff_problem
from tianbao.services.sites import NAME_LENGTH_MAX
from tianbao.services.staff import PASSWORD_LENGTH_MIN, check_password, check_username
from tianbao.services.wording import Occasion, wording_of


@dataclass(slots=True)
class Guide:
    """How far somebody is: what they typed by step and field, and the password."""

    request: HttpRequest
    typed: dict[str, dict[str, str]]
    password: str

    def values(self, step: str) -> dict[str, str]:
        """What was typed in a step."""
        return self.typed.get(step, {})

    def posted(self, name: str) -> str:
        """A field of this very request."""
        return str(self.request.POST.get(name, ""))


class Step(ABC):
    """One page of the guide."""

    name: str
    title: Any
    fields: tuple[str, ...]

    def take(self, guide: Guide) -> None:  # noqa: B027 - most steps have no buttons of their own
        """Does what a button other than back and next asks."""

    @abstractmethod
    def check(self, guide: Guide) -> None:
        """Refused with what is wrong in this step."""

    @abstractmethod
    def context(self, guide: Guide, problems: Mapping[str, str]) -> dict[str, Any]:
        """What its template shows besides what was typed."""


class OrganisationStep(Step):
    """Who asks, and where."""

    name = "organisation"
    title = gettext_lazy("Organisation")
    fields = ("organisation", "area", "area_code", "is_elsewhere", "contact", "time_zone")

    def check(self, guide: Guide) -> None:
        values = guide.values(self.name)
        problems = []
        area = ""
        try:
            area = self.area_of(guide)
            if not area and not values.get("is_elsewhere"):
                problems.append(Problem(Code.REQUIRED, "area"))
        except Refused as refused:
            problems += refused.problems
        problems += check_organisation(
            name=values.get("organisation", ""),
            contact=values.get("contact", ""),
            time_zone=values.get("time_zone") or time_zone_of(area),
        )
        if values.get("is_elsewhere") and not values.get("time_zone"):
            problems.append(Problem(Code.REQUIRED, "time_zone"))
        if problems:
            raise Refused(*problems)

    def context(self, guide: Guide, problems: Mapping[str, str]) -> dict[str, Any]:
        hint = _("Type a name such as 顺平县蒲阳镇 or its pinyin initials, or pick it from the list.")
        field = area_field("area", label_of("area"), hint, guide.values(self.name), problems)
        return {"area": field, "time_zones": time_zones()}

    @classmethod
    def area_of(cls, guide: Guide) -> str:
        """The organisation's area; empty outside the bundled divisions."""
        values = guide.values(cls.name)
        return "" if values.get("is_elsewhere") else read_area(values, "area")


class AdministratorStep(Step):
    """Who runs it."""

    name = "administrator"
    title = gettext_lazy("Administrator")
    fields = ("username",)

    def take(self, guide: Guide) -> None:
        """A password typed twice alike is kept; two empty fields leave the one that was kept before."""
        password, again = guide.posted("password"), guide.posted("again")
        if password or again:
            guide.password = password if password == again else ""

    def check(self, guide: Guide) -> None:
        username = guide.values(self.name).get("username", "")
        problems = check_username(username)
        if guide.posted("password") != guide.posted("again"):
            problems.append(staff_problem(StaffCode.PASSWORDS_DIFFER, "again"))
        else:
            problems += self._password_problems(guide)
        if problems:
            raise Refused(*problems)

    def context(self, guide: Guide, problems: Mapping[str, str]) -> dict[str, Any]:
        return {"is_password_kept": not self._password_problems(guide), "length_min": PASSWORD_LENGTH_MIN}

    def _password_problems(self, guide: Guide) -> list[Problem]:
        username = guide.values(self.name).get("username", "")
        unlike = (username, guide.values("organisation").get("organisation", ""))
        return check_password(guide.password, unlike=unlike)


class TextsStep(Step):
    """What is promised to those who register."""

    name = "texts"
    title = gettext_lazy("Purpose and notice")
    fields = ("occasion", *TEXT_FIELDS)

    def take(self, guide: Guide) -> None:
        """Another occasion's wording replaces the texts."""
        if guide.posted("go") == "wording":
            values = guide.values(self.name)
            guide.typed[self.name] = {**values, **self._proposed(guide, _occasion(values))}

    def check(self, guide: Guide) -> None:
        values = guide.values(self.name)
        if problems := check_texts(**read_texts(values), deletion_days=read_days(values)):
            raise Refused(*problems)

    def context(self, guide: Guide, problems: Mapping[str, str]) -> dict[str, Any]:
        values = guide.values(self.name) or {
            **self._proposed(guide, Occasion.EPIDEMIC),
            "deletion_days": str(DELETION_DAYS_DEFAULT),
        }
        return {
            "values": values,
            "texts": text_fields(values, problems),
            "occasions": [(occasion.value, OCCASIONS[occasion]) for occasion in Occasion],
            "occasion": _occasion(values).value,
            "days_max": DELETION_DAYS_MAX,
        }

    def _proposed(self, guide: Guide, occasion: Occasion) -> dict[str, str]:
        wording = wording_of(occasion, area=OrganisationStep.area_of(guide))
        return write_texts(
            {"purpose": wording.purpose, "legal_basis": wording.legal_basis, "notice": wording.notice}
        )


OCCASIONS: Final = {
    Occasion.EPIDEMIC: gettext_lazy("Epidemic checkpoint"),
    Occasion.SHELTER: gettext_lazy("Flood, fire or earthquake: shelter and evacuation"),
    Occasion.GENERAL: gettext_lazy("General: estate, station, visitors"),
}


def _occasion(values: Mapping[str, str]) -> Occasion:
    typed = values.get("occasion", "")
    return Occasion(typed) if typed in list(Occasion) else Occasion.EPIDEMIC


class AddressStep(Step):
    """Which address phones open, tried with a phone."""

    name = "address"
    title = gettext_lazy("Address for phones")
    fields = ("choice", "other", "is_untested")

    def check(self, guide: Guide) -> None:
        test = start_test(guide.request, self.address_of(guide))
        if test.proof is not Proof.ARRIVED and not guide.values(self.name).get("is_untested"):
            raise refuse_staff(StaffCode.NOT_PROVED, "is_untested")

    def context(self, guide: Guide, problems: Mapping[str, str]) -> dict[str, Any]:
        return address_context(guide.request, guide.values(self.name))

    @classmethod
    def address_of(cls, guide: Guide) -> str:
        """The address that was chosen or typed; Refused if it is none."""
        return chosen_address(guide.values(cls.name))


class SiteStep(Step):
    """The first site."""

    name = "site"
    title = gettext_lazy("First site")
    fields = ("site_name", "site_area", "site_area_code")

    def check(self, guide: Guide) -> None:
        values = guide.values(self.name)
        problems = check_line(values.get("site_name", ""), "site_name", NAME_LENGTH_MAX)
        try:
            if not read_site_area(values, "site_area") and OrganisationStep.area_of(guide):
                problems.append(Problem(Code.REQUIRED, "site_area"))
        except Refused as refused:
            problems += refused.problems
        if problems:
            raise Refused(*problems)

    def context(self, guide: Guide, problems: Mapping[str, str]) -> dict[str, Any]:
        area = OrganisationStep.area_of(guide)
        values = guide.values(self.name) or {"site_area": area_name(area), "site_area_code": area}
        hint = _("Where the poster hangs. A site keeps its county for good.")
        return {
            "values": values,
            "area": area_field("site_area", label_of("site_area"), hint, values, problems),
            "is_area_needed": bool(area),
        }


STEPS: Final[tuple[Step, ...]] = (
    OrganisationStep(),
    AdministratorStep(),
    TextsStep(),
    AddressStep(),
    SiteStep(),
)
