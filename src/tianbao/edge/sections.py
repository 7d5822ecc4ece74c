"""A form post by post for a phone without script: section by section, or as one page that came filled in.

Between the pages that take form posts and `domain.showing` (docs/adr/0010). Nothing is kept between the posts: each
page carries what was typed on those before it. Must not know: how answers are judged or stored.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from tianbao.domain.answers import flatten_typed
from tianbao.domain.evaluation import Moment
from tianbao.domain.forms import Path
from tianbao.domain.rows import change_rows, count_rows, cut_rows
from tianbao.domain.showing import Showing
from tianbao.edge.catalogue import PublishedForm
from tianbao.render.form_page import EMPTY, Filled, Section

_ROW: Final = re.compile(r"\.[0-9]+\.")
_BEGUN: Final = ("\n",)
MARK_LETTERS: Final = 4
"""Of what stood on a page, in its field `_shown`."""


class Walk:
    """One post on the way through the pages of a form.

    `typed` is shown again as it was typed; `answers` are judged: with masked numbers restored, without rows that
    are more than an answer asks for.
    """

    def __init__(
        self,
        published: PublishedForm,
        typed: Mapping[str, Any],
        answers: Mapping[str, Any],
        fields: Mapping[str, str],
        moment: Moment,
        *,
        is_one_page: bool = False,
    ) -> None:
        self._published = published
        self._typed = typed
        self._given = answers
        self._fields = fields
        self._moment = moment
        self._is_one_page = is_one_page
        shower = published.shower
        written = fields.get("_section", "")
        self._section = shower.last if is_one_page else int(written[:4]) if written.isdecimal() else 0
        self._marks = frozenset(_cut(fields["_shown"])) if "_shown" in fields else None
        self._showing = shower.show(answers, moment, self._has_begun)
        if typed is not answers:
            self._showing.texts = shower.show(typed, moment, self._has_begun).texts
        self.answers = cut_rows(answers, self._showing.rows)

    def go_on(self, filled: Filled) -> Filled | None:
        """The page after this post; None where everything that is to be asked was.

        It is the same again where something is wrong with it or other things are asked now, else the next section.
        `filled` has everything that is wrong.
        """
        shower = self._published.shower
        visible = shower.visible(self._showing, self._section)
        new = {path for path in visible if not self._was_shown(path, self._showing.asked[path])}
        wrong = tuple(problem for problem in filled.problems if problem.question in visible - new)
        if wrong:
            candidates = {path: found for path, found in filled.candidates.items() if path in visible}
            return self._page(self._section, replace(filled, problems=wrong, candidates=candidates))
        new |= {path for path in visible if self._is_changed(path)}
        if new:
            return self._page(self._section, Filled(goes_on_at=shower.first_of(new)))
        following = shower.next_section(self._showing, self._section)
        if following is None:
            return None
        first = shower.first_of(shower.visible(self._showing, following) - visible)
        return self._page(following, Filled(goes_on_at=first))

    def change_rows(self, action: str) -> Filled:
        """The same page with a row more or less."""
        form = self._published.form
        typed, rows = change_rows(form, self._typed, action)
        answers, _ = change_rows(form, self._given, action)
        walk = Walk(self._published, typed, answers, self._fields, self._moment, is_one_page=self._is_one_page)
        return walk._page(self._section, Filled(rows=rows, goes_on_at=row_at(action, rows)))

    def again(self) -> Filled:
        """The same page with what was typed, and nothing judged."""
        return self._page(self._section, Filled())

    def end(self, filled: Filled = EMPTY) -> Filled:
        """The last page, with everything that is wrong."""
        return self._page(self._published.shower.last, filled)

    def _page(self, number: int, filled: Filled) -> Filled:
        shower, showing = self._published.shower, self._showing
        visible = shower.visible(showing, number)
        is_last = shower.next_section(showing, number) is None
        return replace(
            filled,
            values=flatten_typed(self._published.form, self._typed),
            rows={**count_rows(self._typed), **filled.rows},
            showing=showing,
            marks="".join(sorted(_marks_of(showing, visible))),
            section=None if self._is_one_page else Section(number, visible, is_last),
        )

    def _was_shown(self, path: Path, template: str) -> bool:
        """Whether it stood on the page that was posted; the first page tells nothing, but is always the same."""
        if self._marks is None:
            return self._published.shower.stages[template] <= self._section
        return _mark(path) in self._marks

    def _has_begun(self, path: Path, template: str) -> bool:
        if self._marks is None:  # rows on the first page are empty
            return self._was_shown(path, template) and not _ROW.search(path)
        return _mark(path, _BEGUN) in self._marks

    def _is_changed(self, path: Path) -> bool:
        """Whether there is more to see of a question than on the page that was posted."""
        if path in self._showing.begun and path in self._showing.beginning:
            return not self._has_begun(path, self._showing.asked[path])
        offered = self._showing.offered.get(path)
        return offered is not None and self._marks is not None and _mark(path, offered) not in self._marks


def row_at(action: str, rows: Mapping[Path, int]) -> Path:
    """Where a page goes on after a row came or went: at the new row, else at the repeat."""
    path, count = next(iter(rows.items()), ("", 0))
    return f"{path}.{count - 1}" if action.startswith("add:") and path else path


def _marks_of(showing: Showing, visible: frozenset[Path]) -> set[str]:
    offered = {_mark(path, showing.offered[path]) for path in visible if path in showing.offered}
    begun = {_mark(path, _BEGUN) for path in visible & showing.beginning}
    return {_mark(path) for path in visible} | offered | begun


def _mark(path: Path, more: Collection[str] = ()) -> str:
    """What stood on a page in a few letters: a question, or with what more was seen of it."""
    text = "\n".join((path, *sorted(more)))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:3]).decode()


def _cut(marks: str) -> list[str]:
    return [marks[at : at + MARK_LETTERS] for at in range(0, len(marks), MARK_LETTERS)]
