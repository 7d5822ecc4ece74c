"""A form as an empty page to print and fill in by hand, for when there is neither phone nor electricity.

From the same definition as the page on the phone, so that staff type it in later without thinking. Called by
`console`. Must not know: any particular form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tianbao.domain.forms import Form, Kind, Question, QuestionType, Text, text_in
from tianbao.domain.sites import Installation, Site
from tianbao.domain.stages import OUTPUT
from tianbao.render.form_page import EMPTY, Sheet
from tianbao.render.pages import render_page, script
from tianbao.texts import Translator

ROWS: Final = 4
"""Rows of a repeat on paper; more go on a second sheet."""
COLUMNS_MAX: Final = 6
"""Questions of a repeat that stand side by side in a table; with more, each row is a block of questions."""
BLOCKS: Final = 2
"""Blocks of such a repeat on paper."""
CHOICES_MAX: Final = 40
"""Choices that are printed; of a longer list the answer is written out."""
DOCUMENT_CELLS: Final = 18
"""A Chinese resident number; every other number is shorter."""
SHORT_LENGTH_MAX: Final = 60
"""Characters of a text that half a line takes."""


def paper_form_page(*, installation: Installation, site: Site, form: Form, language: str, _: Translator) -> str:
    """The form in one language, on as many A4 pages as it takes; each bears organisation, site and code."""
    return render_page(
        "paper_form.html.j2",
        installation=installation,
        language=language,
        _=_,
        styles=("paper_form.css", "print.css"),
        scripts=script("print.js"),
        site=site,
        title=text_in(form.title, language),
        paper=_Paper(Sheet(form, language, _, EMPTY)),
        questions=form.questions,
    )


@dataclass(frozen=True, slots=True)
class _Paper:
    """How each question is laid out."""

    sheet: Sheet
    rows: int = ROWS
    blocks: int = BLOCKS
    document_cells: int = DOCUMENT_CELLS

    def text(self, text: Text) -> str:
        """A text; the answers that it names are not known yet."""
        return OUTPUT.sub("＿＿", self.sheet.text(text))

    def shown(self, questions: tuple[Question, ...]) -> list[Question]:
        """What somebody can answer with a pen."""
        return [question for question in questions if question.is_seen and not question.read_only]

    def way(self, question: Question) -> str:
        """The macro of the template that draws a question."""
        if question.kind is Kind.DOCUMENT:
            return "cells"
        if question.choices and len(question.choices) > CHOICES_MAX:
            return "lines" if question.type is QuestionType.SELECT_MULTIPLE else "line"
        if question.type is QuestionType.REPEAT and not self.columns(question):
            return "blocks"
        if question.type is QuestionType.TEXT and "multiline" in question.appearance:
            return "lines"
        return _WAYS.get(question.type, "line")

    def is_half(self, question: Question) -> bool:
        """Whether two such questions share a line."""
        is_short = question.length_max <= SHORT_LENGTH_MAX or question.kind is Kind.PERSON_NAME
        is_short = is_short or question.type is QuestionType.GEOPOINT
        return self.way(question) in _HALVES or (self.way(question) == "line" and is_short)

    def hint(self, question: Question, path: str) -> str:
        """The hint, the limits of a number, and in words what the question depends on."""
        parts = [self.text(question.hint)]
        if question.type is QuestionType.RANGE:
            low, high = sorted((question.minimum or 0, question.maximum or 0))
            parts.append(f"{low:g}–{high:g}")
        if question.type is QuestionType.RANK:
            parts.append(self.sheet._("Write 1, 2, 3 … in the boxes, 1 for the first."))
        if question.type is QuestionType.SELECT_MULTIPLE:
            parts.append(self.sheet._("Tick all that apply."))
        if question.relevant:
            parts.append(self.sheet.condition_hint(question, path))
        return " ".join(part for part in parts if part)

    def columns(self, question: Question) -> list[tuple[Question, int]]:
        """The columns of a repeat with their widths in per cent; none where it is no plain and narrow table."""
        shown = self.shown(question.questions)
        if len(shown) > COLUMNS_MAX or any(each.questions or self.way(each) not in _CELLS for each in shown):
            return []
        weights = [_WEIGHTS_BY_KIND.get(column.kind) or _WEIGHTS.get(column.type, 4) for column in shown]
        return [(column, 100 * weight // sum(weights)) for column, weight in zip(shown, weights, strict=True)]


_HALVES: Final = frozenset({"number", "date", "time"})
_CELLS: Final = frozenset({"line", "cells", "choices", "date", "time", "number", "acknowledge"})
"""Ways of questions that a cell of a table can take."""
_WAYS: Final[Mapping[QuestionType, str]] = {
    QuestionType.NOTE: "note",
    QuestionType.GROUP: "group",
    QuestionType.REPEAT: "table",
    QuestionType.ACKNOWLEDGE: "acknowledge",
    QuestionType.SELECT_ONE: "choices",
    QuestionType.SELECT_MULTIPLE: "choices",
    QuestionType.RANK: "choices",
    QuestionType.DATE: "date",
    QuestionType.DATE_TIME: "moment",
    QuestionType.TIME: "time",
    QuestionType.INTEGER: "number",
    QuestionType.DECIMAL: "number",
    QuestionType.RANGE: "number",
    QuestionType.IMAGE: "enclosed",
    QuestionType.FILE: "enclosed",
}
_WEIGHTS: Final[Mapping[QuestionType, int]] = {
    QuestionType.DATE: 4,
    QuestionType.SELECT_ONE: 3,
    QuestionType.SELECT_MULTIPLE: 3,
    QuestionType.INTEGER: 3,
    QuestionType.DECIMAL: 3,
    QuestionType.ACKNOWLEDGE: 2,
}
_WEIGHTS_BY_KIND: Final[Mapping[Kind, int]] = {
    Kind.PLACE: 7,
    Kind.ADDRESS: 7,
    Kind.DOCUMENT: 7,
    Kind.PERSON_NAME: 5,
    Kind.PHONE: 5,
}
"""How wide a column of a repeat is, against the others."""
