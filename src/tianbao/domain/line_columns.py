"""Which answers of a form the line list shows, and which of them it shows in the same way for every form.

A line must be read at a glance: who, from where, and the few answers that the form puts first. Must not know:
tables, HTML, who looks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tianbao.domain.forms import METADATA, Form, Kind, Path, Question, QuestionType, walk_questions
from tianbao.domain.records import has_legs

OWN_COLUMNS_MAX: Final = 4
"""Answers beside those that every line shows."""
_SHOWN_APART: Final = frozenset(
    {Kind.PERSON_NAME, Kind.PHONE, Kind.DOCUMENT, Kind.DOCUMENT_TYPE, Kind.SYMPTOMS, Kind.TEMPERATURE}
)
_NEVER_SHOWN: Final = METADATA | {QuestionType.NOTE, QuestionType.ACKNOWLEDGE, QuestionType.HIDDEN}


@dataclass(frozen=True, slots=True)
class LineColumns:
    """`own` are template paths with their questions; the flags say what else any of the forms asks for."""

    has_name: bool
    has_phone: bool
    has_document: bool
    has_origin: bool
    own: tuple[tuple[Path, Question], ...] = ()


def choose_columns(forms: Iterable[Form]) -> LineColumns:
    """For the lines of one form, or of several together, which then show no answers of their own."""
    forms = list(forms)
    return LineColumns(
        has_name=any(form.path_of(Kind.PERSON_NAME) for form in forms),
        has_phone=any(form.path_of(Kind.PHONE) for form in forms),
        has_document=any(form.path_of(Kind.DOCUMENT) for form in forms),
        has_origin=any(has_legs(form) for form in forms),
        own=_own_columns(forms[0]) if len(forms) == 1 else (),
    )


def _own_columns(form: Form) -> tuple[tuple[Path, Question], ...]:
    """The first answers in the order of the form's report, else of its questions; nothing from within a repeat."""
    ruled = [column.question for column in form.columns]
    asked = [
        (path, question) for path, question in walk_questions(form.questions) if _is_shown(form, path, question)
    ]
    if ruled:
        asked = sorted((pair for pair in asked if pair[0] in ruled), key=lambda pair: ruled.index(pair[0]))
    return tuple(asked[:OWN_COLUMNS_MAX])


def _is_shown(form: Form, path: Path, question: Question) -> bool:
    if question.questions or question.type in _NEVER_SHOWN or question.kind in _SHOWN_APART:
        return False
    return not any(
        around is not None and around.type is QuestionType.REPEAT
        for around in (form.question_at(path[:index]) for index, char in enumerate(path) if char == ".")
    )
