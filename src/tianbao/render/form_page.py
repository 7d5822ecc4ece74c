"""The page a registrant sees after scanning the poster: one response with everything in it, for every phone.

Called by `edge.form_pages` (once per site, language and publication, and for every page that comes back with
problems) and by `edge.receipt_pages` for corrections. It works without script; `page/*.js` makes it quicker. Must
not know: HTTP, where answers go, what is valid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from markupsafe import Markup

from tianbao.domain.form_pictures import is_kept, named_pictures
from tianbao.domain.forms import FILES, Form, Kind, QuestionType, text_in, walk_questions
from tianbao.domain.long_lists import is_long_list
from tianbao.domain.problems import Code, Problem
from tianbao.domain.sites import Installation, Site
from tianbao.domain.stages import find_stages
from tianbao.render.files_script import files_url
from tianbao.render.messages import message
from tianbao.render.page_plan import Plan, make_plan, texts_of
from tianbao.render.pages import gzip_page, page_csp, queue_texts, render_page, script, style
from tianbao.render.sheet import EMPTY, GRIDS, Filled, Section, Sheet, is_filtered_by_typing
from tianbao.texts import Translator

__all__ = ["EMPTY", "Filled", "Purpose", "Section", "Sheet", "form_page", "gzip_page", "page_csp"]


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
    page that comes filled in holds masked numbers which only a form post restores. A page of sections is for
    a phone without script and needs none. Without script another language is a button that posts what was typed;
    with script it is a link, and the draft keeps it.
    """
    sends_by_script = purpose is Purpose.REGISTER and filled == EMPTY and not hidden
    cut_at = next((path for path, stage in find_stages(form).items() if stage), "") if sends_by_script else ""
    sheet = Sheet(form, language, _, filled, lists_url=f"{site.path(form.name)}/lists/", cut_at=cut_at)
    plan = make_plan(form, texts_of(form, language), language)
    features = _features(form, plan, sends_by_script=sends_by_script)
    is_correction = purpose is Purpose.CORRECT
    return render_page(
        "form_page.html.j2",
        installation=installation,
        language=language,
        _=_,
        languages=form.languages,
        kept="new=1&",
        styles=(
            "page.css",
            "form.css",
            *["going_on.css"] * bool(filled.goes_on_at),
            *(name for feature in features for name in feature.styles),
        ),
        scripts=script("type.js") if filled.section else _scripts(features, plan, _),
        sheet=sheet,
        site=site,
        action=action,
        hidden=hidden,
        sends_by_script=sends_by_script,
        files_url=files_url(language) if sends_by_script and sheet.has_files else "",
        unscripted_style=style("unscripted.css"),
        heading=_("Correct your registration") if is_correction else text_in(form.title, language),
        button=_button(purpose, filled, _),
    )


def _button(purpose: Purpose, filled: Filled, _: Translator) -> str:
    if purpose is Purpose.CORRECT:
        return _("Save the correction")
    return _("Register") if filled.section is None or filled.section.is_last else _("Continue")


def _scripts(features: list[_Feature], plan: Plan | None, _: Translator) -> Markup:
    texts: dict[str, Any] = {"required": message(Problem(Code.REQUIRED), _, "{question}")}
    for feature in features:
        texts |= feature.texts(_)
    names = ("type.js", "dom.js", "form.js", *(name for feature in features for name in feature.scripts))
    constants = {"T": texts, **({"PLAN": plan.data} if plan else {})}
    return script(*names, constants=constants, used=plan.uses if plan else frozenset())


@dataclass(frozen=True, slots=True)
class _Feature:
    """What a page needs for something that its form has: files of `page/` and their words."""

    scripts: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    texts: Callable[[Translator], dict[str, Any]] = field(default=lambda _: {})


def _features(form: Form, plan: Plan | None, *, sends_by_script: bool) -> list[_Feature]:
    """Only what this form uses, in the order of the scripts: first what shows controls, then what copies rows."""
    questions = [question for _path, question in walk_questions(form.questions)]
    types = {question.type for question in questions}
    is_searched = any(map(is_filtered_by_typing, questions))
    has_places = any(question.kind is Kind.PLACE for question in questions)
    kinds = plan.kinds if plan else frozenset()
    has_rows = QuestionType.REPEAT in types
    has_file = not types.isdisjoint(FILES)
    has_grid = any(token in GRIDS for question in questions for token in question.appearance)
    used = {
        _BEGUN: QuestionType.START in types,
        _EXCLUSIVE: any(choice.exclusive for question in questions for choice in question.choices),
        _GRID: has_grid,
        _PICTURES: any(map(is_kept, named_pictures(form))),
        _NARROW: is_searched or "choices" in kinds,
        _SEARCH: is_searched,
        _RANGE: QuestionType.RANGE in types,
        _RANK: QuestionType.RANK in types,
        _HERE: QuestionType.GEOPOINT in types,
        _COMBOBOX: has_places or any(map(is_long_list, questions)),
        _PLACES: has_places,
        _REPEATS: has_rows,
        _CALCULATION: plan is not None,
        _FILE: has_file,
        _QUEUE: sends_by_script,
        _SENDING_FILES: has_file and sends_by_script,
        _SENDING: sends_by_script,
    }
    return [feature for feature, is_used in used.items() if is_used]


_BEGUN: Final = _Feature(("begun.js",))
_EXCLUSIVE: Final = _Feature(("exclusive.js",))
_GRID: Final = _Feature(styles=("grid.css",))
_PICTURES: Final = _Feature(styles=("picture.css",))
_NARROW: Final = _Feature(("narrow.js",))
_SEARCH: Final = _Feature(("search.js",), texts=lambda _: {"search": _("Search")})
_RANGE: Final = _Feature(("range.js",), ("range.css",))
_RANK: Final = _Feature(
    ("rank.js",),
    ("rank.css",),
    lambda _: {"up": _("Move up"), "down": _("Move down"), "order": _("This order is right")},
)
_HERE: Final = _Feature(("here.js",), texts=lambda _: {"nowhere": _("Your position could not be found.")})
_REPEATS: Final = _Feature(("repeats.js",), ("repeat.css",))
_COMBOBOX: Final = _Feature(("combobox.js",), ("combobox.css",), lambda _: {"suggestions": _("Suggestions")})
_PLACES: Final = _Feature(
    ("places.js",), texts=lambda _: {"levels": [_("Province"), _("City"), _("County"), _("Township")]}
)
_FILE: Final = _Feature(styles=("file.css",))
_CALCULATION: Final = _Feature(
    ("expressions.js", "calculation.js"),
    texts=lambda _: {"constraint": message(Problem(Code.CONSTRAINT), _, "{question}")},
)
_QUEUE: Final = _Feature(("store.js", "queue.js"), texts=queue_texts)
_SENDING_FILES: Final = _Feature(("filing.js",))
_SENDING: Final = _Feature(("send.js",))
