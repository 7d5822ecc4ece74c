"""Which permission each screen needs, said at the screen; the middleware asks before the view is called.

A view that says nothing lets nobody in (tests/integration/test_access.py also wants an expectation for it).
Must not know: who holds which role.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from tianbao.domain.access import Permission

View = TypeVar("View", bound=Callable[..., Any])
_NEEDED: Final = "needed_permissions"


def needs(*permissions: Permission) -> Callable[[View], View]:
    """Lets in whoever holds at least one of these somewhere; the view then asks for the place it is about."""

    def mark(view: View) -> View:
        setattr(view, _NEEDED, permissions)
        return view

    return mark


def for_all_staff(view: View) -> View:
    """Lets in whoever is signed in: what concerns oneself alone."""
    setattr(view, _NEEDED, ())
    return view


def needed_permissions(view: Callable[..., Any]) -> tuple[Permission, ...] | None:
    """What a view asks for: one of these, nothing (empty), or None where it does not say."""
    needed: tuple[Permission, ...] | None = getattr(view, _NEEDED, None)
    return needed
