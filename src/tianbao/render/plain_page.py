"""The small public pages: where one types the code of a poster, and what says that something did not work.

Called by `edge.app`. Must not know: HTTP statuses, what led to a problem.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Final

from tianbao.domain.problems import Code, Problem
from tianbao.domain.sites import CODE_LENGTH, Installation, Site
from tianbao.render.pages import queue_script, render_page
from tianbao.texts import Translator


class _Next(Enum):
    """What the reader can do about a problem, on its page."""

    TYPE_CODE = "type_code"
    SEND_AGAIN = "send_again"
    OPEN_RECEIPT = "open_receipt"
    ASK = "ask"


_NEXT: Final[Mapping[Code, _Next]] = {
    Code.UNKNOWN_SITE: _Next.TYPE_CODE,
    Code.NOT_FOUND: _Next.TYPE_CODE,
    Code.UNKNOWN_RECEIPT: _Next.TYPE_CODE,
    Code.BUSY: _Next.SEND_AGAIN,
    Code.SLOWER_PLEASE: _Next.SEND_AGAIN,
    Code.STORAGE: _Next.SEND_AGAIN,
    Code.CHANGED_MEANWHILE: _Next.OPEN_RECEIPT,
    Code.WITHDRAWN: _Next.OPEN_RECEIPT,
}
"""Everything else is for the people who run the place."""

_TITLES: Final[Mapping[Code, Callable[[Translator], str]]] = {
    Code.SITE_CLOSED: lambda _: _("Closed at the moment"),
    Code.FORM_CLOSED: lambda _: _("Closed"),
    Code.FORM_NOT_OPEN_YET: lambda _: _("Not open yet"),
    Code.UNKNOWN_SITE: lambda _: _("This code is not known"),
    Code.UNKNOWN_RECEIPT: lambda _: _("Nothing found"),
    Code.NOT_FOUND: lambda _: _("Page not found"),
    Code.BUSY: lambda _: _("One moment, please"),
    Code.SLOWER_PLEASE: lambda _: _("One moment, please"),
    Code.STORAGE: lambda _: _("One moment, please"),
    Code.NOT_READY: lambda _: _("Not ready yet"),
    Code.CHANGED_MEANWHILE: lambda _: _("Changed in the meantime"),
    Code.WITHDRAWN: lambda _: _("Withdrawn"),
}


def front_page(*, installation: Installation, language: str, _: Translator) -> str:
    """`/`: the box for the code on the poster, and the way in for staff."""
    return render_page(
        "front.html.j2",
        installation=installation,
        language=language,
        _=_,
        styles=("page.css", "form.css", "receipt.css"),
        scripts=queue_script(_),
        code_length=CODE_LENGTH,
    )


def problem_page(
    *, installation: Installation | None, problem: Problem, text: str, language: str, _: Translator
) -> str:
    """A problem that is no question's: `text` is its sentence, the page adds what can be done about it."""
    title = _TITLES.get(problem.code)
    return render_page(
        "problem.html.j2",
        installation=installation,
        language=language,
        _=_,
        styles=("page.css", "form.css", "receipt.css"),
        title=title(_) if title else _("That did not work"),
        text=text,
        next=_NEXT.get(problem.code, _Next.ASK).value,
        code_length=CODE_LENGTH,
    )


def wait_page(
    *,
    installation: Installation,
    site: Site,
    pairs: Sequence[tuple[str, str]],
    wait_s: int,
    language: str,
    _: Translator,
    action: str,
) -> str:
    """For a page without script at a site in a flood: the fields of its post are kept, a tap sends them again."""
    return render_page(
        "wait.html.j2",
        installation=installation,
        language=language,
        _=_,
        languages=(language,),  # a link to another would leave what is kept here
        styles=("page.css", "form.css", "receipt.css"),
        site=site,
        pairs=pairs,
        wait_s=wait_s,
        action=action,
    )
