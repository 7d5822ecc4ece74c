"""A form's questions as console fields: what `answer_fields.html` shows for registering and correcting.

Fields are named by their flat path, as on the registrants' page, so that `domain.answers` reads both. Must not
know: what is valid, where answers go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tianbao.domain.forms import Choice, Kind, Path, Question, QuestionType, text_in

CHOICE_ROWS_MAX: Final = 4
"""Choices of a select_one that stand side by side; more become a drop-down list."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice as it is shown."""

    name: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Field:
    """One question. `widget` is text, number, date, list, radio, checks, tick, place or repeat."""

    path: Path
    label: str
    hint: str
    widget: str
    is_required: bool
    value: str = ""
    code: str = ""
    length_max: int = 0
    problem: str = ""
    options: tuple[Option, ...] = ()
    rows: tuple[tuple[Field, ...], ...] = ()


def make_fields(
    questions: tuple[Question, ...],
    *,
    values: Mapping[str, Sequence[str]],
    problems: Mapping[Path, str],
    rows: Mapping[Path, int],
    language: str,
    prefix: str = "",
) -> list[Field]:
    """The fields of a form, filled with `values` (flat shape); `rows` says how many rows of a repeat to show."""
    fields = []
    for question in questions:
        path = prefix + question.name
        if question.type is QuestionType.NOTE:
            continue
        if question.type is QuestionType.GROUP:
            inner = make_fields(
                question.questions,
                values=values,
                problems=problems,
                rows=rows,
                language=language,
                prefix=f"{path}.",
            )
            fields.extend(inner)
            continue
        given = list(values.get(path, ()))
        fields.append(
            Field(
                path=path,
                label=text_in(question.label, language),
                hint=text_in(question.hint, language) if question.hint else "",
                widget=_widget(question),
                is_required=question.required,
                value=given[0] if given else "",
                code=next(iter(values.get(f"{path}.code", ())), ""),
                length_max=question.length_max,
                problem=problems.get(path, ""),
                options=tuple(_option(choice, given, language) for choice in question.choices),
                rows=tuple(
                    tuple(
                        make_fields(
                            question.questions,
                            values=values,
                            problems=problems,
                            rows=rows,
                            language=language,
                            prefix=f"{path}.{index}.",
                        )
                    )
                    for index in range(_row_count(question, path, values, rows))
                ),
            )
        )
    return fields


def _option(choice: Choice, given: list[str], language: str) -> Option:
    return Option(choice.name, text_in(choice.label, language), choice.name in given)


def _row_count(
    question: Question, path: Path, values: Mapping[str, Sequence[str]], rows: Mapping[Path, int]
) -> int:
    if question.type is not QuestionType.REPEAT:
        return 0
    start = f"{path}."
    indices = [name[len(start) :].split(".")[0] for name in values if name.startswith(start)]
    filled = max((int(index) + 1 for index in indices if index.isdecimal()), default=0)
    return min(max(rows.get(path, 0), filled), question.rows_max)


def _widget(question: Question) -> str:
    match question.type:
        case QuestionType.REPEAT:
            return "repeat"
        case QuestionType.SELECT_ONE:
            return "radio" if len(question.choices) <= CHOICE_ROWS_MAX else "list"
        case QuestionType.SELECT_MULTIPLE:
            return "checks"
        case QuestionType.ACKNOWLEDGE:
            return "tick"
        case QuestionType.DATE:
            return "date"
        case QuestionType.INTEGER | QuestionType.DECIMAL:
            return "number"
    return "place" if question.kind is Kind.PLACE else "text"
