"""A form's questions as console fields: what `answer_fields.html` shows for registering and correcting.

Fields are named by their flat path, as on the registrants' page, so that `domain.answers` reads both. Must not
know: what is valid, where answers go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext

from tianbao.domain.answers import nest_answers
from tianbao.domain.expressions import parse
from tianbao.domain.forms import Choice, Form, Kind, Path, Question, QuestionType, text_in
from tianbao.domain.places import Place
from tianbao.domain.problems import Problem
from tianbao.render.messages import answer_message
from tianbao.services.refusals import message

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
    """One question. `widget` is text, lines, number, date, time, moment, list, radio, checks, rank, tick, place or
    repeat; a rank has `ranks`, a list for each place.

    `condition` says in words what decides whether the question applies: the console shows every question, and an
    answer that does not apply is not stored. `candidates` are (code, whole name) of the places that an unclear
    text may mean.
    """

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
    ranks: tuple[tuple[Option, ...], ...] = ()
    rows: tuple[tuple[Field, ...], ...] = ()
    condition: str = ""
    candidates: tuple[tuple[str, str], ...] = ()


def make_fields(
    questions: tuple[Question, ...],
    *,
    values: Mapping[str, Sequence[str]],
    problems: Mapping[Path, str],
    rows: Mapping[Path, int],
    language: str,
    unclear: Mapping[Path, Sequence[Place]] | None = None,
    prefix: str = "",
) -> list[Field]:
    """The fields of a form, filled with `values` (flat shape).

    `rows` says how many rows of a repeat to show at least, `unclear` what a place's text may mean.
    """
    fields = []
    for question in questions:
        path = prefix + question.name
        if question.type is QuestionType.NOTE or not question.is_seen:
            continue
        if question.type is QuestionType.GROUP:
            inner = make_fields(
                question.questions,
                values=values,
                problems=problems,
                rows=rows,
                language=language,
                unclear=unclear,
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
                ranks=_ranks(question, given, language),
                condition=_condition(question, questions, language),
                rows=tuple(
                    tuple(
                        make_fields(
                            question.questions,
                            values=values,
                            problems=problems,
                            rows=rows,
                            language=language,
                            unclear=unclear,
                            prefix=f"{path}.{index}.",
                        )
                    )
                    for index in range(_row_count(question, path, values, rows))
                ),
                candidates=tuple((place.code, place.full_name) for place in (unclear or {}).get(path, ())),
            )
        )
    return fields


def read_posted(form: Form, posted: QueryDict) -> dict[str, Any]:
    """The answers in a post of these fields, nested, right or wrong."""
    pairs = [(name, value) for name, values in posted.lists() for value in values]
    return nest_answers(form, [pair for pair in pairs if pair[0] != "csrfmiddlewaretoken"])


def change_rows(given: dict[str, Any], action: str) -> tuple[dict[str, Any], dict[Path, int]]:
    """`add:itinerary`, `remove:itinerary.0`: the answers that stay, and how many rows to show."""
    verb, _colon, path = action.partition(":")
    name, _dot, index = path.partition(".")
    rows = given.get(name)
    rows = rows if isinstance(rows, list) else []
    if verb == "add":
        return given, {name: len(rows) + 1}
    kept = [row for position, row in enumerate(rows) if str(position) != index]
    return {**given, name: kept}, {name: len(kept)}


def sentences_by_path(
    problems: Iterable[Problem], form: Form, language: str, labels: Mapping[Path, str] | None = None
) -> dict[Path, str]:
    """One sentence for each answer with a problem; `general` holds what concerns none.

    `labels` names fields that a page has beside the form's.
    """
    labels = labels or {}
    said: dict[Path, str] = {}
    for problem in problems:
        if problem.question and form.question_at(problem.question):
            said.setdefault(problem.question, answer_message(problem, gettext, form, language))
        else:
            label = labels.get(problem.question, "")
            said.setdefault(problem.question if label else "general", message(problem, gettext, label))
    return said


def _option(choice: Choice, given: list[str], language: str) -> Option:
    return Option(choice.name, text_in(choice.label, language), choice.name in given)


def _ranks(question: Question, given: list[str], language: str) -> tuple[tuple[Option, ...], ...]:
    """For each place of a ranking the choices, with the one that stands there."""
    if question.type is not QuestionType.RANK:
        return ()
    order = given[0].split() if len(given) == 1 else given
    return tuple(
        tuple(_option(choice, order[place : place + 1], language) for choice in question.choices)
        for place in range(len(question.choices))
    )


def _condition(question: Question, beside: tuple[Question, ...], language: str) -> str:
    """The labels of the questions beside it that a condition asks for; no words where it looks further away."""
    if not question.relevant:
        return ""
    asked = parse(question.relevant).references()
    labels = [text_in(other.label, language) for other in beside if other.name in asked]
    return (
        gettext("Only if it fits the answer to: {questions}").format(questions=", ".join(labels)) if labels else ""
    )


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
        case QuestionType.INTEGER | QuestionType.DECIMAL | QuestionType.RANGE:
            return "number"
        case QuestionType.TIME:
            return "time"
        case QuestionType.DATE_TIME:
            return "moment"
        case QuestionType.RANK:
            return "rank"
        case QuestionType.TEXT if "multiline" in question.appearance:
            return "lines"
    return "place" if question.kind is Kind.PLACE else "text"
