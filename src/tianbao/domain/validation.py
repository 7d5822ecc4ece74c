"""From what somebody sent to answers that may be stored, or to every problem with it at once.

Stands between the edge's decoding and its sealing; the console's corrections pass here too. A form version is
compiled once into closures, since this is the hottest pure code there is. Must not know: HTTP, languages,
where places come from (the resolver is an argument).

Blank means not answered. What is wrong is refused and named; what is only doubtful is accepted and marked,
because a person stands at the gate. Nothing is changed silently: texts stay as typed, numbers and dates are
read in the ways that leave no doubt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Final, Protocol, TypeAlias

from tianbao.domain import documents, expressions, names, phones
from tianbao.domain.answers import Answers
from tianbao.domain.evaluation import Scope, write_number
from tianbao.domain.forms import Form, Kind, Path, Question, QuestionType
from tianbao.domain.places import Candidates, Place, Resolved, Unresolved
from tianbao.domain.problems import Code, Problem

CANDIDATES_MAX: Final = 12
"""Candidates of an unclear place that are shown to choose from."""
RESOLVED_MAX: Final = 16_384
"""Place texts whose reading is remembered."""
YEAR_MIN: Final = 1900
YEAR_MAX: Final = 2100

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,6})?")
_DATE = re.compile(r"([0-9]{4})(?:-|/|\.|年)([0-9]{1,2})(?:-|/|\.|月)([0-9]{1,2})日?")
_HALF_WIDTH = str.maketrans("０１２３４５６７８９．－／＋", "0123456789.-/+")
_DOCUMENT_TYPES: Mapping[Any, documents.DocumentType] = {kind.value: kind for kind in documents.DocumentType}
_PLACE_KEYS = frozenset({"text", "code"})
_ACKNOWLEDGED = frozenset({"yes", "true", "on", "ok", "1"})


class Resolver(Protocol):
    """The part of `domain.places.Gazetteer` that validation needs."""

    def resolve(self, text: str) -> Resolved | Candidates | Unresolved: ...

    def place(self, code: str) -> Place | None: ...

    def full_name(self, code: str) -> str: ...

    def contains(self, outer: str, inner: str) -> bool: ...


@dataclass(slots=True)
class Validation:
    """The outcome. `marks` are doubts by path; `unclear` the places a text could mean, best first."""

    answers: Answers = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    marks: dict[Path, list[str]] = field(default_factory=dict)
    unclear: dict[Path, tuple[Place, ...]] = field(default_factory=dict)

    def refuse(self, code: Code, path: Path, **parameters: str | int) -> None:
        self.problems.append(Problem(code, path, parameters))


Validator: TypeAlias = Callable[[Mapping[str, Any], date], Validation]
_Read: TypeAlias = Callable[[Any, Path, Answers, date, Validation], Any]
"""(given, path, answers beside it so far, today, outcome) → the value to store, or None."""


def compile_form(form: Form, places: Resolver) -> Validator:
    """The validator of a form version: `validate(answers, today) -> Validation`."""
    read_level = _compile_level(form.questions, _Remembering(places))

    def validate(given: Mapping[str, Any], today: date) -> Validation:
        outcome = Validation()
        outcome.answers = read_level(given, "", None, today, outcome)
        return outcome

    return validate


class _Remembering:
    """A resolver that remembers what it resolved: the people of one gate come from few places."""

    def __init__(self, places: Resolver) -> None:
        self.resolve = lru_cache(RESOLVED_MAX)(places.resolve)
        self.place = places.place
        self.full_name = lru_cache(RESOLVED_MAX)(places.full_name)
        self.contains = places.contains


_Condition: TypeAlias = Callable[[Scope], bool]
_ReadLevel: TypeAlias = Callable[[Mapping[str, Any], str, Scope | None, date, Validation], Answers]


def _compile_level(questions: tuple[Question, ...], places: Resolver) -> _ReadLevel:
    known = frozenset(question.name for question in questions)
    steps: list[tuple[Question, _Condition | None, _Condition | None, _Read | None, _ReadLevel | None]]
    steps = []
    for question in questions:
        if not question.is_answered:
            continue
        condition = _condition(question.relevant)
        constraint = _condition(question.constraint)
        nested = _compile_level(question.questions, places) if question.questions else None
        steps.append(
            (question, condition, constraint, None if nested else _reader(question, questions, places), nested)
        )

    def read_level(
        given: Mapping[str, Any],
        prefix: str,
        outer: Scope | None,
        today: date,
        outcome: Validation,
    ) -> Answers:
        answers: Answers = {}
        scope = Scope(answers, outer, known)
        for question, condition, constraint, read, nested in steps:
            if condition is not None and not condition(scope):
                continue
            value = given.get(question.name)
            path = prefix + question.name
            if nested is not None:
                value = _read_nested(question, nested, value, path, scope, today, outcome)
            elif read is not None and not _is_blank(value):
                value = read(value, path, answers, today, outcome)
                if value is None:
                    continue
                if constraint is not None and not constraint(Scope({expressions.OWN: value}, scope)):
                    outcome.refuse(Code.CONSTRAINT, path)
                    continue
            else:
                value = None
            if value is not None:
                answers[question.name] = value
            elif question.required:
                acknowledge = question.type is QuestionType.ACKNOWLEDGE
                outcome.refuse(Code.NOT_ACKNOWLEDGED if acknowledge else Code.REQUIRED, path)
        for name in given:
            if name not in known:
                outcome.refuse(Code.UNKNOWN_QUESTION, (prefix + str(name))[:200])
        return answers

    return read_level


def _condition(source: str) -> _Condition | None:
    return expressions.compile_condition(expressions.parse(source)) if source else None


def _read_nested(
    question: Question,
    read_level: _ReadLevel,
    given: Any,
    path: Path,
    scope: Scope,
    today: date,
    outcome: Validation,
) -> Any:
    if question.type is QuestionType.GROUP:
        if given is not None and not isinstance(given, dict):
            outcome.refuse(Code.NOT_AN_OBJECT, path)
            return None
        return read_level(given or {}, path + ".", scope, today, outcome)
    if given is None:
        return None
    if not isinstance(given, list):
        outcome.refuse(Code.NOT_A_LIST, path)
        return None
    rows: list[Answers] = []
    for index, row in enumerate(given):
        if not isinstance(row, dict):
            outcome.refuse(Code.NOT_AN_OBJECT, f"{path}.{index}")
        elif not all(_is_blank(value) for value in row.values()):
            if len(rows) == question.rows_max:
                outcome.refuse(Code.TOO_MANY, path, rows_max=question.rows_max)
                break
            rows.append(read_level(row, f"{path}.{index}.", scope, today, outcome))
    return rows or None


def _is_blank(value: Any) -> bool:
    if isinstance(value, str):
        return not value or value.isspace()
    if isinstance(value, dict):
        return value.keys() <= _PLACE_KEYS and all(map(_is_blank_text, value.values()))
    if isinstance(value, list):
        return all(map(_is_blank_text, value))
    return value is None


def _is_blank_text(value: Any) -> bool:
    return value is None or (isinstance(value, str) and (not value or value.isspace()))


def _reader(question: Question, beside: tuple[Question, ...], places: Resolver) -> _Read:
    match question.type:
        case QuestionType.TEXT:
            return _text_reader(question, beside, places)
        case QuestionType.INTEGER | QuestionType.DECIMAL:
            return _number_reader(question)
        case QuestionType.DATE:
            return _date_reader()
        case QuestionType.SELECT_ONE:
            return _select_one_reader(question)
        case QuestionType.SELECT_MULTIPLE:
            return _select_multiple_reader(question)
        case QuestionType.ACKNOWLEDGE:
            return _read_acknowledgement
        case _:
            raise ValueError(f"no reader for {question.type}")


def _read_text(given: Any, path: Path, length_max: int, outcome: Validation) -> str | None:
    if not isinstance(given, str):
        outcome.refuse(Code.NOT_TEXT, path)
    elif len(given) > length_max:
        outcome.refuse(Code.TOO_LONG, path, length_max=length_max)
    elif _FORBIDDEN.search(given):
        outcome.refuse(Code.FORBIDDEN_CHARACTER, path)
    else:
        return given
    return None


def _text_reader(question: Question, beside: tuple[Question, ...], places: Resolver) -> _Read:
    length_max = question.length_max
    document_type = next((q.name for q in beside if q.kind is Kind.DOCUMENT_TYPE), "")

    def read(given: Any, path: Path, answers: Answers, today: date, outcome: Validation) -> Any:
        text = _read_text(given, path, length_max, outcome)
        if text is None:
            return None
        doubts: tuple[Any, ...] = ()
        match question.kind:
            case Kind.PERSON_NAME:
                doubts = names.read_name(text).doubts
            case Kind.PHONE:
                doubts = phones.read_phone(text).doubts
            case Kind.DOCUMENT:
                document = _DOCUMENT_TYPES.get(answers.get(document_type), documents.DocumentType.OTHER)
                doubts = documents.read_document(document, text, today=today).doubts
        if doubts:
            outcome.marks[path] = [doubt.value for doubt in doubts]
        return text

    def read_place(given: Any, path: Path, answers: Answers, today: date, outcome: Validation) -> Any:
        return _read_place(given, path, length_max, places, outcome)

    return read_place if question.kind is Kind.PLACE else read


def _read_place(
    given: Any, path: Path, length_max: int, places: Resolver, outcome: Validation
) -> dict[str, str] | None:
    """A code, a text, or {"text", "code"}: a code counts only where it fits the text that stands with it.

    A code alone is stored with the name of its place as text.
    """
    code = ""
    if isinstance(given, dict):
        if unknown := sorted(str(key) for key in given if key not in _PLACE_KEYS):
            outcome.refuse(Code.UNKNOWN_QUESTION, f"{path}.{unknown[0]}"[:200])
            return None
        code, given = ("" if given.get(key) is None else given[key] for key in ("code", "text"))
        if not isinstance(code, str) or (code and places.place(code) is None):
            outcome.refuse(Code.UNKNOWN_PLACE_CODE, path)
            return None
        if code and _is_blank(given):
            return {"text": places.full_name(code), "code": code}
    text = _read_text(given, path, length_max, outcome)
    if text is None:
        return None
    found = places.resolve(text)
    if isinstance(found, Resolved):
        if text.strip() == found.code:
            text = places.full_name(found.code)
        fits = bool(code) and places.contains(found.code, code)
        return {"text": text, "code": code if fits else found.code}
    if isinstance(found, Candidates):
        if code and any(places.contains(place.code, code) for place in found.places):
            return {"text": text, "code": code}
        outcome.unclear[path] = found.places[:CANDIDATES_MAX]
    outcome.marks[path] = ["unclear" if isinstance(found, Candidates) else "unresolved"]
    return {"text": text}


def _number_reader(question: Question) -> _Read:
    integer = question.type is QuestionType.INTEGER
    minimum, maximum = question.minimum, question.maximum

    def read(given: Any, path: Path, answers: Answers, today: date, outcome: Validation) -> Any:
        if isinstance(given, str):
            text = given.strip().translate(_HALF_WIDTH)
            number = float(text) if _NUMBER.fullmatch(text) else None
        elif isinstance(given, (int, float)) and not isinstance(given, bool) and abs(given) < 1e12:
            number = float(given)
        else:
            number = None
        if number is None:
            outcome.refuse(Code.NOT_A_NUMBER, path)
        elif integer and number != int(number):
            outcome.refuse(Code.NOT_AN_INTEGER, path)
        elif minimum is not None and number < minimum:
            outcome.refuse(Code.TOO_SMALL, path, minimum=write_number(float(minimum)))
        elif maximum is not None and number > maximum:
            outcome.refuse(Code.TOO_LARGE, path, maximum=write_number(float(maximum)))
        else:
            return int(number) if integer else number
        return None

    return read


def read_date(text: str) -> date | None:
    """A year-month-day date as people write it (ISO 8601, 2026/1/5, 2026年1月5日); None for all else."""
    match = _DATE.fullmatch(text.strip().translate(_HALF_WIDTH))
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups())
    if not YEAR_MIN <= year <= YEAR_MAX:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _date_reader() -> _Read:
    def read(given: Any, path: Path, answers: Answers, today: date, outcome: Validation) -> Any:
        day = read_date(given) if isinstance(given, str) and len(given) <= 20 else None
        if day is None:
            outcome.refuse(Code.NOT_A_DATE, path)
            return None
        if day > today:
            outcome.marks[path] = ["future"]
        return day.isoformat()

    return read


def _select_one_reader(question: Question) -> _Read:
    choices = frozenset(choice.name for choice in question.choices)

    def read(given: Any, path: Path, answers: Answers, today: date, outcome: Validation) -> Any:
        if isinstance(given, str) and given in choices:
            return given
        outcome.refuse(Code.NOT_A_CHOICE, path)
        return None

    return read


def _select_multiple_reader(question: Question) -> _Read:
    order = {choice.name: index for index, choice in enumerate(question.choices)}
    exclusive = frozenset(choice.name for choice in question.choices if choice.exclusive)

    def read(given: Any, path: Path, answers: Answers, today: date, outcome: Validation) -> Any:
        parts = given.split() if isinstance(given, str) and len(given) <= 10_000 else given
        if not isinstance(parts, list):
            outcome.refuse(Code.NOT_A_LIST, path)
            return None
        chosen = {part for part in parts if isinstance(part, str) and part}
        if len(chosen) > len(order) or not chosen <= order.keys() or not all(isinstance(p, str) for p in parts):
            outcome.refuse(Code.NOT_A_CHOICE, path)
            return None
        if len(chosen) > 1 and chosen & exclusive:
            outcome.refuse(Code.EXCLUSIVE_CHOICE, path, choice=min(chosen & exclusive))
            return None
        return sorted(chosen, key=order.__getitem__)

    return read


def _read_acknowledgement(given: Any, path: Path, answers: Answers, today: date, outcome: Validation) -> Any:
    if given is True or (isinstance(given, str) and given.strip().lower() in _ACKNOWLEDGED):
        return True
    outcome.refuse(Code.NOT_ACKNOWLEDGED, path)
    return None
