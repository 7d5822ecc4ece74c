"""A form's questions as console fields: what `answer_fields.html` shows for registering and correcting.

What of a form applies is the server's answer (`domain.showing`) to what was typed so far.

Fields are named by their flat path, as on the registrants' page, so that `domain.answers` reads both. Must not
know: what is valid, where answers go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext

from tianbao.domain.answers import nest_answers
from tianbao.domain.forms import (
    FILES,
    Choice,
    Form,
    Kind,
    Path,
    Question,
    QuestionType,
    Text,
    label_at,
    text_in,
    walk_questions,
)
from tianbao.domain.places import Place
from tianbao.domain.problems import Problem
from tianbao.domain.showing import Showing
from tianbao.domain.stages import OUTPUT, names_in_texts
from tianbao.render.answer_list import flat_answer_text
from tianbao.render.messages import answer_message
from tianbao.services.refusals import message

CHOICE_ROWS_MAX: Final = 4
"""Choices of a select_one that stand side by side; more become a drop-down list."""
_SEVERAL: Final = frozenset({QuestionType.SELECT_MULTIPLE, QuestionType.RANK})


@dataclass(frozen=True, slots=True)
class Option:
    """One choice as it is shown; `is_alone` where no other stands beside it ("none of these").

    A choice that other answers rule out is not `is_offered`: it is on the page, but not to be chosen.
    """

    name: str
    label: str
    is_chosen: bool
    is_alone: bool
    is_offered: bool


@dataclass(frozen=True, slots=True)
class Field:
    """One question. `widget` is text, lines, number, date, time, moment, list, radio, checks, rank, tick, place,
    file, note, group or repeat; a rank has `ranks`, a list for each place; of a file `shown` is its name and size.

    A group has one of `rows`; `is_counted` says that a repeat has as many as other answers ask for. Where a
    question does not apply by the answers so far, `applies` is False, and what is answered there is not stored.
    `candidates` are (code, whole name) of the places that an unclear text may mean.
    """

    path: Path
    label: str
    hint: str
    widget: str
    is_required: bool
    applies: bool = True
    is_worked_out: bool = False
    is_counted: bool = False
    value: str = ""
    shown: str = ""
    code: str = ""
    length_max: int = 0
    problem: str = ""
    options: tuple[Option, ...] = ()
    ranks: tuple[tuple[Option, ...], ...] = ()
    rows: tuple[tuple[Field, ...], ...] = ()
    candidates: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a form is filled with: `values` in the flat shape, and what `showing` says of them.

    `rows` says how many rows of a repeat to show at least, `unclear` what a place's text may mean.
    """

    values: Mapping[str, Sequence[str]]
    showing: Showing
    problems: Mapping[Path, str] = field(default_factory=dict)
    rows: Mapping[Path, int] = field(default_factory=dict)
    unclear: Mapping[Path, Sequence[Place]] = field(default_factory=dict)


def make_fields(
    questions: tuple[Question, ...], filled: Filled, language: str, prefix: str = ""
) -> tuple[Field, ...]:
    """The fields of a form's questions."""
    return tuple(
        _make_field(question, filled, language, prefix + question.name)
        for question in questions
        if question.is_seen
    )


def _make_field(question: Question, filled: Filled, language: str, path: Path) -> Field:
    showing = filled.showing
    given = list(filled.values.get(path, ()))
    begun = showing.begun.get(path, "")
    is_worked_out = question.read_only
    if begun and (is_worked_out or path not in filled.values):
        given = begun.split() if question.type in _SEVERAL else [begun]
    offered = showing.offered.get(path)
    return Field(
        path=path,
        label=_text(question.label, path, filled, language),
        hint=_text(question.hint, path, filled, language),
        widget=_widget(question),
        is_required=question.required or path in showing.required,
        applies=path in showing.asked,
        is_worked_out=is_worked_out,
        is_counted=bool(question.repeat_count),
        value=given[0] if given else "",
        shown=flat_answer_text(question, given, language) if question.type in FILES and given else "",
        code=next(iter(filled.values.get(f"{path}.code", ())), ""),
        length_max=question.length_max,
        problem=filled.problems.get(path, ""),
        options=tuple(_option(choice, given, offered, language) for choice in question.choices),
        ranks=_ranks(question, given, offered, language),
        rows=_rows(question, path, filled, language),
        candidates=tuple((place.code, place.full_name) for place in filled.unclear.get(path, ())),
    )


def read_posted(form: Form, posted: QueryDict) -> dict[str, Any]:
    """The answers in a post of these fields, nested, right or wrong."""
    pairs = [(name, value) for name, values in posted.lists() for value in values]
    return nest_answers(form, [pair for pair in pairs if pair[0] != "csrfmiddlewaretoken"])


def describe_fields(fields: Iterable[Field]) -> list[dict[str, Any]]:
    """What answers change about the fields, for `answer_showing.js`."""
    return [
        {
            "path": each.path,
            "applies": each.applies,
            "required": each.is_required,
            "label": each.label,
            "hint": each.hint,
            "offered": [option.name for option in each.options if option.is_offered],
            "value": each.value if each.is_worked_out else None,
            "rows": len(each.rows) if each.is_counted else None,
        }
        for each in walk_fields(fields)
    ]


def walk_fields(fields: Iterable[Field]) -> Iterator[Field]:
    """Every field, those of groups and rows after the one that holds them."""
    for each in fields:
        yield each
        for row in each.rows:
            yield from walk_fields(row)


def changes_by_answers(form: Form) -> bool:
    """Whether answers change what the form shows."""
    return any(
        names_in_texts(question) or any(name != "constraint" for name, _ in question.expressions)
        for _, question in walk_questions(form.questions)
    )


def describe_unasked(
    form: Form, paths: Iterable[Path], values: Mapping[str, Sequence[str]], language: str
) -> list[dict[str, str]]:
    """What would not be kept, in words, for `console/answers_unasked.html`; of a wrong answer what was typed."""
    return [
        {"path": path, "label": label_at(form, path, language), "text": _typed(form, path, values[path], language)}
        for path in paths
    ]


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


def _typed(form: Form, path: Path, given: Sequence[str], language: str) -> str:
    question = form.question_at(path)
    is_plain = question is None or not (question.choices or question.type in FILES)
    return ", ".join(given) if is_plain else flat_answer_text(question, given, language)


def _option(choice: Choice, given: Sequence[str], offered: Set[str] | None, language: str) -> Option:
    is_offered = offered is None or choice.name in offered
    label = text_in(choice.label, language)
    return Option(choice.name, label, is_offered and choice.name in given, choice.exclusive, is_offered)


def _ranks(
    question: Question, given: list[str], offered: Set[str] | None, language: str
) -> tuple[tuple[Option, ...], ...]:
    """For each place of a ranking the choices, with the one that stands there."""
    if question.type is not QuestionType.RANK:
        return ()
    order = given[0].split() if len(given) == 1 else given
    return tuple(
        tuple(_option(choice, order[place : place + 1], offered, language) for choice in question.choices)
        for place in range(len(question.choices))
    )


def _text(text: Text, path: Path, filled: Filled, language: str) -> str:
    """A text with the answers that it names."""
    known = filled.showing.texts.get(path, {})
    return OUTPUT.sub(lambda found: known.get(found[1]) or "…", text_in(text, language) if text else "")


def _rows(question: Question, path: Path, filled: Filled, language: str) -> tuple[tuple[Field, ...], ...]:
    if question.type is QuestionType.GROUP:
        return (make_fields(question.questions, filled, language, f"{path}."),)
    if question.type is not QuestionType.REPEAT:
        return ()
    count = filled.showing.rows.get(path, 0)
    if not question.repeat_count:
        count = min(max(filled.rows.get(path, 0), _filled_rows(path, filled.values)), question.rows_max)
    return tuple(make_fields(question.questions, filled, language, f"{path}.{index}.") for index in range(count))


def _filled_rows(path: Path, values: Mapping[str, Sequence[str]]) -> int:
    start = f"{path}."
    indices = [name[len(start) :].split(".")[0] for name in values if name.startswith(start)]
    return max((int(index) + 1 for index in indices if index.isdecimal()), default=0)


def _widget(question: Question) -> str:
    match question.type:
        case QuestionType.REPEAT:
            return "repeat"
        case QuestionType.GROUP:
            return "group"
        case QuestionType.NOTE:
            return "note"
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
        case QuestionType.IMAGE | QuestionType.FILE:
            return "file"
        case QuestionType.TEXT if "multiline" in question.appearance:
            return "lines"
    return "place" if question.kind is Kind.PLACE else "text"
