"""The page a registrant sees after scanning the poster: one response with everything in it, for every phone.

Called by `edge.form_pages` (once per site, language and publication, and for every page that comes back with
problems) and by `edge.receipt_pages` for corrections. It works without script; `page/*.js` makes it quicker. Must
not know: HTTP, where answers go, what is valid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from markupsafe import Markup

from tianbao.domain.forms import Form, Kind, QuestionType, text_in, walk_questions
from tianbao.domain.problems import Code, Problem
from tianbao.domain.sites import Installation, Site
from tianbao.render.messages import message
from tianbao.render.pages import page_csp, queue_texts, render_page, script
from tianbao.render.sheet import EMPTY, Filled, Sheet
from tianbao.texts import Translator

__all__ = ["EMPTY", "Filled", "Purpose", "Sheet", "form_page", "page_csp"]


class Purpose(Enum):
    """What the page is for: a new registration, or a correction of one through its receipt."""

    REGISTER = "register"
    CORRECT = "correct"


def form_page(
    *,
    installation: Installation,
    site: Site,
    form: Form,
    language: str,
    _: Translator,
    action: str,
    filled: Filled = EMPTY,
    purpose: Purpose = Purpose.REGISTER,
    hidden: Mapping[str, str] = {},
) -> str:
    """The page as HTML. `action` is where it posts to, `hidden` are fields of the page that go with it.

    A new registration that starts empty is the same for everyone; only it is kept and sent by script, since a
    page that comes filled in holds masked numbers which only a form post restores.
    """
    sheet = Sheet(form, language, _, filled)
    sends_by_script = purpose is Purpose.REGISTER and filled == EMPTY and not hidden
    is_correction = purpose is Purpose.CORRECT
    return render_page(
        "form_page.html.j2",
        installation=installation,
        language=language,
        _=_,
        languages=form.languages,
        styles=("page.css", "form.css"),
        scripts=_scripts(form, _, sends_by_script=sends_by_script),
        sheet=sheet,
        site=site,
        action=action,
        hidden=hidden,
        sends_by_script=sends_by_script,
        heading=_("Correct your registration") if is_correction else text_in(form.title, language),
        button=_("Save the correction") if is_correction else _("Register"),
    )


def _scripts(form: Form, _: Translator, *, sends_by_script: bool) -> Markup:
    """Only what this form uses."""
    questions = [question for _path, question in walk_questions(form.questions)]
    texts = {"required": message(Problem(Code.REQUIRED), _, "{question}")}
    names = ["type.js", "dom.js", "form.js"]
    uses: list[tuple[bool, tuple[str, ...], Callable[[], dict[str, Any]]]] = [
        (any(choice.exclusive for q in questions for choice in q.choices), ("exclusive.js",), dict),
        (any(q.relevant for q in questions), ("expressions.js", "relevance.js"), dict),
        (any(q.type is QuestionType.REPEAT for q in questions), ("repeats.js",), dict),
        (any(q.kind is Kind.PLACE for q in questions), ("places.js",), lambda: place_texts(_)),
        (sends_by_script, ("store.js", "queue.js", "send.js"), lambda: queue_texts(_)),
    ]
    for is_used, files, more_texts in uses:
        if is_used:
            names.extend(files)
            texts.update(more_texts())
    return script(*names, constants={"T": texts})


def place_texts(_: Translator) -> dict[str, Any]:
    """The words of page/places.js."""
    return {
        "suggestions": _("Suggestions"),
        "levels": [_("Province"), _("City"), _("County"), _("Township")],
    }
