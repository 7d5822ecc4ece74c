"""A form post by post, section by section, for a phone without script (docs/adr/0010).

Between `edge.form_pages` and `domain.showing`. Nothing is kept between the posts: each page carries what was typed
on those before it. Must not know: how answers are judged or stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tianbao.domain.answers import flatten_typed
from tianbao.domain.evaluation import Moment
from tianbao.domain.forms import Form
from tianbao.domain.rows import change_rows
from tianbao.domain.showing import Shower, Showing
from tianbao.domain.validation import Validation
from tianbao.render.form_page import Filled


@dataclass(frozen=True, slots=True)
class Section:
    """The page that comes next: what it holds, its hidden fields, whether another follows."""

    filled: Filled
    fields: Mapping[str, str]
    goes_on: bool


class Sections:
    """What is remembered of the forms that come in sections."""

    def __init__(self) -> None:
        self._showers: dict[tuple[str, int], Shower] = {}

    def is_sectioned(self, form: Form, fields: Mapping[str, str]) -> bool:
        """Whether a post is one of a row of pages. What comes filled in, from a receipt, is one page."""
        return self._shower(form).last > 0 and "_prefilled" not in fields

    def next(
        self,
        form: Form,
        typed: Mapping[str, Any],
        fields: Mapping[str, str],
        validation: Validation,
        moment: Moment,
    ) -> Section | None:
        """The page after a post; None when nothing is left to ask.

        It is the same again where something is wrong or other things are asked now, else the next section.
        """
        shower = self._shower(form)
        showing = shower.show(typed, moment)
        section = _section_of(fields)
        visible = shower.visible(showing, section)
        problems = tuple(problem for problem in validation.problems if problem.question in visible)
        is_as_shown = fields.get("_shown", "") in ("", _digest(showing, visible))
        if is_as_shown and not problems:
            following = shower.next_section(showing, section)
            if following is None:
                return None
            section = following
        return self._page(shower, form, typed, showing, section, Filled(problems=problems))

    def change_rows(
        self, form: Form, typed: Mapping[str, Any], fields: Mapping[str, str], action: str, moment: Moment
    ) -> Section:
        """The same page with a row more or less."""
        shower = self._shower(form)
        answers, rows = change_rows(form, typed, action)
        showing = shower.show(answers, moment)
        return self._page(shower, form, answers, showing, _section_of(fields), Filled(rows=rows))

    def dress(self, form: Form, typed: Mapping[str, Any], filled: Filled, moment: Moment) -> Section:
        """The last page with everything that is wrong."""
        shower = self._shower(form)
        return self._page(shower, form, typed, shower.show(typed, moment), shower.last, filled)

    def _page(
        self,
        shower: Shower,
        form: Form,
        typed: Mapping[str, Any],
        showing: Showing,
        section: int,
        filled: Filled,
    ) -> Section:
        visible = shower.visible(showing, section)
        return Section(
            replace(filled, values=flatten_typed(form, typed), showing=showing, visible=visible, section=section),
            {"_section": str(section), "_shown": _digest(showing, visible)},
            shower.next_section(showing, section) is not None,
        )

    def _shower(self, form: Form) -> Shower:
        key = form.name, form.version
        if key not in self._showers:
            self._showers[key] = Shower(form)
        return self._showers[key]


def _section_of(fields: Mapping[str, str]) -> int:
    written = fields.get("_section", "0")
    return int(written[:4]) if written.isdecimal() else 0


def _digest(showing: Showing, visible: frozenset[str]) -> str:
    """What stood on a page, in a few letters: questions, and choices that were offered."""
    shown = sorted(f"{path} {sorted(showing.offered.get(path, ()))}" for path in visible)
    return hashlib.sha256("\n".join(shown).encode()).hexdigest()[:12]
