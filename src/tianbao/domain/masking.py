"""Numbers as their own owner sees them on a page that others may glance at, and back again.

A page that comes filled in from a receipt shows numbers masked (DESIGN 6); what comes back unchanged stands
for what was masked. Used by the edge. Must not know: HTML, receipts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tianbao.domain.answers import Answers
from tianbao.domain.documents import mask_document
from tianbao.domain.forms import Form, Kind, Question
from tianbao.domain.phones import mask_phone

MASKS: Final[Mapping[Kind, Callable[[str], str]]] = {
    Kind.PHONE: mask_phone,
    Kind.DOCUMENT: mask_document,
}


def mask_answers(form: Form, answers: Answers) -> Answers:
    """The same answers with phones and documents masked."""
    return _mask_level(form.questions, answers)


def restore_masked(form: Form, given: Mapping[str, Any], own: Answers) -> dict[str, Any]:
    """Puts the stored number back wherever its mask came back unchanged, row by row.

    A mask whose row moved is looked for in the other rows; one that fits nothing stays and is marked doubtful.
    """
    return _restore_level(form.questions, given, own, [own])


def _mask_level(questions: tuple[Question, ...], level: Mapping[str, Any]) -> Answers:
    masked = dict(level)
    for question in questions:
        value = level.get(question.name)
        if isinstance(value, str) and question.kind in MASKS:
            masked[question.name] = MASKS[question.kind](value)
        elif isinstance(value, list) and question.questions:
            masked[question.name] = [_mask_level(question.questions, row) for row in value]
        elif isinstance(value, dict) and question.questions:
            masked[question.name] = _mask_level(question.questions, value)
    return masked


def _restore_level(
    questions: tuple[Question, ...],
    given: Mapping[str, Any],
    own: Mapping[str, Any],
    alike: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    restored = dict(given)
    for question in questions:
        value = given.get(question.name)
        stored = own.get(question.name)
        if isinstance(value, str) and question.kind in MASKS:
            mask = MASKS[question.kind]
            for number in (stored, *(row.get(question.name) for row in alike)):
                if isinstance(number, str) and mask(number) == value:
                    restored[question.name] = number
                    break
        elif isinstance(value, list) and question.questions:
            rows = [row for row in stored or [] if isinstance(row, dict)]
            restored[question.name] = [
                _restore_level(question.questions, row, rows[i] if i < len(rows) else {}, rows)
                if isinstance(row, dict)
                else row
                for i, row in enumerate(value)
            ]
        elif isinstance(value, dict) and question.questions:
            inner = stored if isinstance(stored, dict) else {}
            restored[question.name] = _restore_level(question.questions, value, inner, [inner])
    return restored
