"""Answers as people read them: labels and texts in one language, row by row.

Used by the receipt, by the confirming page and by the console's record. Must not know: HTML, which numbers
the reader may see (they come masked where they must be).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tianbao.domain.evaluation import write_number
from tianbao.domain.files import read_flat, token_of, write_file
from tianbao.domain.forms import FILES, METADATA, Kind, Path, Question, QuestionType, text_in
from tianbao.domain.stages import OUTPUT


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One answered question. A repeat has `rows`, each with its own lines; everything else has a `text`.

    `file` is the id of a file, whose name and size are the text.
    """

    path: Path
    label: str
    text: str = ""
    file: str = ""
    rows: tuple[tuple[AnswerLine, ...], ...] = ()


class Shown(Enum):
    """Which questions are listed: those that the registrant saw, or those worked out behind the page, too."""

    SEEN = "seen"
    ALL = "all"


def answer_lines(
    questions: tuple[Question, ...],
    answers: Mapping[str, Any],
    language: str,
    prefix: Path = "",
    shown: Shown = Shown.SEEN,
) -> Iterator[AnswerLine]:
    """The answered questions in the form's order; groups are opened up, acknowledgements are left out."""
    for question in questions:
        value = answers.get(question.name)
        path = prefix + question.name
        label = OUTPUT.sub("…", text_in(question.label, language))
        if value is None or value == [] or question.type is QuestionType.ACKNOWLEDGE:
            continue
        if question.type is QuestionType.GROUP:
            yield from answer_lines(question.questions, value, language, f"{path}.", shown)
        elif question.type is QuestionType.REPEAT:
            rows = (
                tuple(answer_lines(question.questions, row, language, f"{path}.{index}.", shown))
                for index, row in enumerate(value)
            )
            yield AnswerLine(path, label, rows=tuple(rows))
        elif question.is_seen or (shown is Shown.ALL and question.type not in METADATA):
            token = token_of(value) if question.type in FILES else None
            text = answer_text(question, value, language)
            yield AnswerLine(path, label or question.name, text, token.id if token else "")


def answer_text(question: Question, value: Any, language: str) -> str:
    """One answer as text: choices by their labels, a place as it was typed, times without seconds."""
    match question.type:
        case QuestionType.SELECT_ONE:
            return _choice_label(question, value, language)
        case QuestionType.SELECT_MULTIPLE:
            return _listed((_choice_label(question, name, language) for name in value), language)
        case QuestionType.RANK:
            places = (f"{place} {_choice_label(question, name, language)}" for place, name in enumerate(value, 1))
            return _listed(places, language)
        case QuestionType.INTEGER | QuestionType.DECIMAL | QuestionType.RANGE:
            return write_number(float(value))
        case QuestionType.TIME:
            return str(value)[:5]
        case QuestionType.DATE_TIME:
            return str(value)[:16].replace("T", " ")
        case QuestionType.DATE if "year" in question.appearance:
            return str(value)[:4]
        case QuestionType.DATE if "month-year" in question.appearance:
            return str(value)[:7]
        case QuestionType.GEOPOINT:
            return ", ".join(str(value).split()[:2])
        case QuestionType.IMAGE | QuestionType.FILE:
            return write_file(value)
    return str(value["text"]) if question.kind is Kind.PLACE else str(value)


def flat_answer_text(question: Question, values: Sequence[str], language: str) -> str:
    """The same of an answer in the flat shape; `values` is empty where there was none."""
    if not values:
        return ""
    if question.type in (QuestionType.SELECT_MULTIPLE, QuestionType.RANK):
        return answer_text(question, values, language)
    if question.type in FILES:
        return answer_text(question, read_flat(values[0]), language)
    return values[0] if question.kind is Kind.PLACE else answer_text(question, values[0], language)


def _listed(texts: Iterable[str], language: str) -> str:
    return ("、" if language.startswith("zh") else ", ").join(texts)


def _choice_label(question: Question, name: str, language: str) -> str:
    """A choice that the form no longer has is shown by its name."""
    return next((text_in(choice.label, language) for choice in question.choices if choice.name == name), name)
