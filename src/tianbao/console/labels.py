"""What the screens call a field, by the name it has in requests and problems."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

LABELS: Final = {
    "organisation": _("Name of the organisation"),
    "area": _("Area"),
    "contact": _("Contact phone or office"),
    "time_zone": _("Time zone"),
    "username": _("User name"),
    "password": _("Password"),
    "again": _("Password again"),
    "old": _("Present password"),
    "new": _("New password"),
    "purpose": _("Purpose"),
    "legal_basis": _("Legal basis"),
    "notice": _("Notice"),
    "deletion_days": _("Days until deletion"),
    "address": _("Address for phones"),
    "other": _("Address for phones"),
    "name": _("Name of the site"),
    "site_name": _("Name of the site"),
    "site_area": _("Area of the site"),
    "lines": _("Sites"),
    "title": _("Title of the form"),
    "file": _("File"),
    "person": _("Full name"),
    "role": _("Role"),
    "emergency": _("Emergency"),
    "ends_on": _("Ends on"),
    "second_factor": _("Second step at sign-in"),
    "site": _("Site"),
    "until": _("Until"),
    "parent": _("Lies in"),
    "area_name": _("Name"),
    "colleagues": _("Colleagues"),
}


def label_of(question: str) -> str:
    """The label; `purpose.en` has that of `purpose`."""
    return str(LABELS.get(question.partition(".")[0], question))
