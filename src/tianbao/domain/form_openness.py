"""Which calculations lie open: those that ask for nothing sealed (docs/adr/0007).

Between a form as its author left it and a version as it is published. Must not know: who publishes it.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import Final

from tianbao.domain.binding import bind
from tianbao.domain.expressions import ExpressionError, parse
from tianbao.domain.forms import Form, Openness, Path, Question, QuestionType, walk_questions
from tianbao.domain.levels import Level, make_levels

_DERIVED: Final = frozenset({QuestionType.CALCULATE, QuestionType.HIDDEN})
_CONTAINERS: Final = frozenset({QuestionType.GROUP, QuestionType.REPEAT})


def settle_openness(form: Form) -> Form:
    """The form with every calculation and hidden value opened that asks for no sealed answer.

    Not directly, and not through other calculations; what the form itself declares stays.
    """
    return replace(form, questions=_declared(form.questions, _open_by_content(form), Openness.OPEN))


def unsettle_openness(form: Form) -> Form:
    """The form as its author left it, before `settle_openness`; what was opened against its content stays open.

    For whoever goes on with a published version: a calculation that comes to ask for a name must be sealed again.
    """
    opened = {
        path
        for path, question in walk_questions(form.questions)
        if question.type in _DERIVED and question.declared is Openness.OPEN
    }
    undeclared = replace(form, questions=_declared(form.questions, opened, None))
    return replace(form, questions=_declared(form.questions, opened & _open_by_content(undeclared), None))


def _open_by_content(form: Form) -> set[Path]:
    """Calculations and hidden values that declare nothing and ask for nothing sealed."""
    levels = make_levels(form)
    asks: dict[Path, frozenset[Path]] = {}
    sealed: set[Path] = set()
    for path, question in walk_questions(form.questions):
        if question.type in _DERIVED and question.declared is None:
            asks[path] = _asked(question, levels, path)
        elif question.openness is not Openness.OPEN and question.type not in _CONTAINERS:
            sealed.add(path)
    sealed |= {path for path, others in asks.items() if path in others}
    while reached := {path for path, others in asks.items() if path not in sealed and sealed & others}:
        sealed |= reached
    return asks.keys() - sealed


def _asked(question: Question, levels: dict[str, Level], path: Path) -> frozenset[Path]:
    """What its value is worked out from; itself where that cannot be told, so that it stays sealed."""
    sources = filter(None, (question.calculation, question.initial))
    try:
        return frozenset().union(*(bind(parse(source), levels, path).references - {path} for source in sources))
    except ExpressionError:
        return frozenset({path})


def _declared(
    questions: tuple[Question, ...], paths: Set[Path], openness: Openness | None, prefix: str = ""
) -> tuple[Question, ...]:
    """The questions with another declaration at some paths."""
    return tuple(
        replace(
            question,
            declared=openness if prefix + question.name in paths else question.declared,
            questions=_declared(question.questions, paths, openness, f"{prefix}{question.name}."),
        )
        for question in questions
    )
