"""What every console template knows without its view saying so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, gettext, gettext_lazy

from tianbao.console.keyring import KEYRING
from tianbao.console.notices import take_told

NAVIGATION: Final = (
    ("home", gettext_lazy("Today"), ()),
    ("line_list", gettext_lazy("Line list"), ("record",)),
    ("register", gettext_lazy("Add person"), ()),
    ("sites", gettext_lazy("Sites"), ("site",)),
    ("forms", gettext_lazy("Forms"), ()),
    ("export", gettext_lazy("Export"), ()),
    ("settings", gettext_lazy("Settings"), ()),
)
"""URL name and label, in the order of the bar; and what else stands under it: `site` is `site_new` too."""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the bar."""

    label: str
    url: str
    is_current: bool


def console(request: HttpRequest) -> dict[str, Any]:
    """organisation (None before set-up), is_unlocked, navigation, language, told."""
    return {
        "organisation": getattr(request, "organisation", None),
        "is_unlocked": KEYRING.is_unlocked,
        "navigation": _navigation(request),
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
    match = request.resolver_match
    current = match.url_name or "" if match else ""
    return [
        Item(str(label), reverse(f"console:{name}"), _belongs(current, (name, *more)))
        for name, label, more in NAVIGATION
    ]


def _belongs(current: str, names: tuple[str, ...]) -> bool:
    return any(current == name or current.startswith(f"{name}_") for name in names)
