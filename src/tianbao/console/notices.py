"""What a screen says to the person: a sentence after a redirect, and a problem beside its field.

Used by every screen. Must not know: which screen.
"""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext

from tianbao.console.labels import label_of
from tianbao.domain.problems import Refused
from tianbao.services.refusals import message

_SAID: Final = "said"
SAID_MAX: Final = 5


def tell(request: HttpRequest, sentence: str) -> None:
    """Shows a sentence on the next page this person sees."""
    request.session[_SAID] = [*request.session.get(_SAID, []), sentence][-SAID_MAX:]


def take_told(request: HttpRequest) -> list[str]:
    """The sentences that wait, once."""
    session = getattr(request, "session", None)
    return session.pop(_SAID, []) if session is not None and _SAID in session else []


def sentences_of(refused: Refused) -> dict[str, str]:
    """One sentence by field; `general` holds what concerns none."""
    said: dict[str, str] = {}
    for problem in refused.problems:
        label = label_of(problem.question) if problem.question else ""
        said.setdefault(problem.question or "general", message(problem, gettext, label))
    return said
