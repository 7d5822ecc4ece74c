"""Answers as people read them: labels and texts in one language, row by row.

Used by the receipt, by the confirming page and by the console's record. Must not know: HTML, which numbers
the reader may see (they come masked where they must be).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tianbao.domain.evaluation import write_number
from tianbao.domain.forms import Kind, Path, Question, QuestionType, text_in


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One answered question. A repeat has `rows`, each with its own lines; everything else has a `text`."""

    path: Path
    label: str
    text: str = ""
    rows: tuple[tuple[AnswerLine, ...], ...] = ()


def answer_lines(
    questions: tuple[Question, ...], answers: Mapping[str, Any], language: str, prefix: Path = ""
) -> Iterator[AnswerLine]:
    """The answered questions in the form's order; groups are opened up, acknowledgements are left out."""
    for question in questions:
        value = answers.get(question.name)
        path = prefix + question.name
        label = text_in(question.label, language)
        if value is None or value == [] or question.type is QuestionType.ACKNOWLEDGE:
            continue
        if question.type is QuestionType.GROUP:
            yield from answer_lines(question.questions, value, language, f"{path}.")
        elif question.type is QuestionType.REPEAT:
            rows = (
                tuple(answer_lines(question.questions, row, language, f"{path}.{index}."))
                for index, row in enumerate(value)
            )
            yield AnswerLine(path, label, rows=tuple(rows))
        else:
            yield AnswerLine(path, label, answer_text(question, value, language))


def answer_text(question: Question, value: Any, language: str) -> str:
    """One answer as text: choices by their labels, a place as it was typed."""
    match question.type:
        case QuestionType.SELECT_ONE:
            return _choice_label(question, value, language)
        case QuestionType.SELECT_MULTIPLE:
            separator = "、" if language.startswith("zh") else ", "
            return separator.join(_choice_label(question, name, language) for name in value)
        case QuestionType.INTEGER | QuestionType.DECIMAL:
            return write_number(float(value))
    return str(value["text"]) if question.kind is Kind.PLACE else str(value)


def _choice_label(question: Question, name: str, language: str) -> str:
    """A choice that the form no longer has is shown by its name."""
    return next((text_in(choice.label, language) for choice in question.choices if choice.name == name), name)
