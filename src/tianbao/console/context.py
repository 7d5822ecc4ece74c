"""What every console template knows without its view saying so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, gettext, gettext_lazy

from tianbao.console.keyring import KEYRING
from tianbao.console.notices import take_told
from tianbao.domain.access import Access, Permission

NAVIGATION: Final = (
    ("home", gettext_lazy("Today"), Permission.READ_NUMBERS, ()),
    ("aggregates", gettext_lazy("Numbers"), Permission.READ_AGGREGATES, ()),
    ("line_list", gettext_lazy("Line list"), Permission.READ_RECORDS, ("record",)),
    ("register", gettext_lazy("Add person"), Permission.REGISTER, ()),
    ("sites", gettext_lazy("Sites"), Permission.READ_SITES, ("site",)),
    ("forms", gettext_lazy("Forms"), Permission.CHANGE_FORMS, ()),
    ("colleagues", gettext_lazy("Colleagues"), Permission.MANAGE_STAFF, ("colleague",)),
    ("export", gettext_lazy("Export"), Permission.EXPORT, ()),
    ("settings", gettext_lazy("Settings"), Permission.CHANGE_SETTINGS, ()),
)
"""URL name, label and who sees it, in the order of the bar; what else stands under it (`site`: `site_new` too)."""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the bar."""

    label: str
    url: str
    is_current: bool


def console(request: HttpRequest) -> dict[str, Any]:
    """organisation (None before set-up), is_unlocked, navigation, may (by permission), language, told."""
    return {
        "organisation": getattr(request, "organisation", None),
        "is_unlocked": KEYRING.is_unlocked,
        "navigation": _navigation(request),
        "may": _may(request),
        "language": reader_language(),
        "program": gettext("Tianbao"),
        "told": take_told(request),
    }


def reader_language() -> str:
    """The reader's language as a tag of `tianbao.texts`, which forms use too."""
    return "en" if (get_language() or "").startswith("en") else "zh-Hans"


def _navigation(request: HttpRequest) -> list[Item]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    may = _may(request)
    match = request.resolver_match
    current = match.url_name or "" if match else ""
    return [
        Item(str(label), reverse(f"console:{name}"), _belongs(current, (name, *more)))
        for name, label, permission, more in NAVIGATION
        if may.get(permission)
    ]


def _may(request: HttpRequest) -> dict[str, bool]:
    """What the reader may do somewhere, for templates: `may.export`."""
    access: Access | None = getattr(request, "access", None)
    return {permission.value: access is not None and access.may(permission) for permission in Permission}


def _belongs(current: str, names: tuple[str, ...]) -> bool:
    return any(current == name or current.startswith(f"{name}_") for name in names)
