"""Several versions of one form as one: whatever any of them asked, by the names of the questions.

For the export and the line list, where registrations of old versions stand beside new ones. Must not know:
tables, what was answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tianbao.domain.forms import Choice, Form, Question, QuestionType

CONTAINERS = frozenset({QuestionType.GROUP, QuestionType.REPEAT})


def merge_versions(versions: Sequence[Form]) -> Form:
    """The newest version with what only older ones asked, at the end of where it stood.

    `versions` are of one form, at least one. A question that changed its type is text, since its answers are of
    both; a choice that was dropped keeps its label.
    """
    newest, *older = sorted(versions, key=lambda form: form.version, reverse=True)
    questions = newest.questions
    for form in older:
        questions = _merge(questions, form.questions)
    return replace(newest, questions=questions)


def _merge(newer: tuple[Question, ...], older: tuple[Question, ...]) -> tuple[Question, ...]:
    by_name = {question.name: question for question in older}
    names = {question.name for question in newer}
    return (
        *(_merge_question(question, by_name.get(question.name)) for question in newer),
        *(question for question in older if question.name not in names),
    )


def _merge_question(newer: Question, older: Question | None) -> Question:
    if older is None:
        return newer
    if newer.type in CONTAINERS:
        return replace(newer, questions=_merge(newer.questions, older.questions))
    if newer.type is not older.type:
        return replace(newer, type=QuestionType.TEXT, choices=_merge_choices(newer.choices, older.choices))
    return replace(newer, choices=_merge_choices(newer.choices, older.choices))


def _merge_choices(newer: tuple[Choice, ...], older: tuple[Choice, ...]) -> tuple[Choice, ...]:
    names = {choice.name for choice in newer}
    return (*newer, *(choice for choice in older if choice.name not in names))
