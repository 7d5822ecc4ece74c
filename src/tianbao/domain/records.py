"""What the plain columns of a record say: its open facts, read by the kinds of the form's questions.

Between stored facts and the tables that screening, tracing and counting run over; called by the projection and
by staff's corrections. Must not know: tables, identities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tianbao.domain.evaluation import ACKNOWLEDGED
from tianbao.domain.forms import (
    NUMBERS,
    Form,
    Kind,
    Openness,
    Path,
    Question,
    QuestionType,
    answer_at,
    walk_questions,
)


@dataclass(frozen=True, slots=True)
class LegFacts:
    """One itinerary leg: a place's code, dates as ISO 8601, public transport; empty where not known."""

    place: str = ""
    arrived_on: str = ""
    left_on: str = ""
    transport: str = ""
    transport_number: str = ""


FACTS_MAX: Final = 60
"""Open answers of one registration that are kept for filtering."""
VALUE_LENGTH_MAX: Final = 64
_KEPT_ELSEWHERE: Final = frozenset(
    {Kind.TEMPERATURE, Kind.SYMPTOMS, Kind.PLACE, Kind.TRANSPORT, Kind.DOCUMENT_TYPE}
)


@dataclass(frozen=True, slots=True)
class OpenAnswer:
    """An answer that the line list filters by: the question's template path, and a choice, day or number."""

    question: Path
    value: str
    number: float | None = None


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """`origin` is the place of the first leg, the newest; `is_marked` says that an answer is doubtful."""

    origin: str
    temperature: float | None
    has_symptoms: bool
    is_marked: bool
    companions: int
    legs: tuple[LegFacts, ...]
    answers: tuple[OpenAnswer, ...] = ()


Project: TypeAlias = Callable[[Mapping[str, Any]], RecordFacts]
"""From `{"answers": open answers, "marks": doubts}`, as a revision stores them."""


def compile_projection(form: Form) -> Project:
    """What a form version's open facts say, with its questions looked up once."""
    temperature_path = form.path_of(Kind.TEMPERATURE)
    symptoms_path = form.path_of(Kind.SYMPTOMS)
    symptoms = form.question_of(Kind.SYMPTOMS)
    alone = frozenset(choice.name for choice in symptoms.choices if choice.exclusive) if symptoms else frozenset()
    repeats = [(path, question) for path, question in walk_questions(form.questions) if question.questions]
    leg_repeats = [(path, question) for path, question in repeats if _repeats(question, Kind.PLACE)]
    person_repeats = [path for path, question in repeats if _repeats(question, Kind.PERSON_NAME)]
    filtered = [(path, path.split("."), question.type in NUMBERS) for path, question in filter_questions(form)]

    def project(facts: Mapping[str, Any]) -> RecordFacts:
        answers = facts["answers"]
        legs = tuple(
            _leg(question, row) for path, question in leg_repeats for row in answer_at(answers, path) or ()
        )
        temperature = answer_at(answers, temperature_path)
        named = answer_at(answers, symptoms_path) or ()
        return RecordFacts(
            origin=next((leg.place for leg in legs), ""),
            temperature=temperature if isinstance(temperature, (int, float)) else None,
            has_symptoms=any(symptom not in alone for symptom in ([named] if isinstance(named, str) else named)),
            is_marked=bool(facts.get("marks")),
            companions=sum(len(answer_at(answers, path) or ()) for path in person_repeats),
            legs=legs,
            answers=_open_answers(filtered, answers),
        )

    return project


def project_facts(form: Form, facts: Mapping[str, Any]) -> RecordFacts:
    """For one record; whoever has many compiles once."""
    return compile_projection(form)(facts)


def filter_questions(form: Form) -> list[tuple[Path, Question]]:
    """What the line list can be filtered by, by template path: choices, days and numbers in the open.

    What every record has a column for, and what everybody had to agree to, is left out; a number in a repeat too.
    """
    found = []
    for path, question in walk_questions(form.questions):
        if question.openness is not Openness.OPEN or question.kind in _KEPT_ELSEWHERE:
            continue
        is_within_repeat = _is_within_repeat(form, path)
        if (
            question.type in (QuestionType.SELECT_ONE, QuestionType.SELECT_MULTIPLE)
            or (question.type is QuestionType.ACKNOWLEDGE and not question.required)
            or (question.type in (*NUMBERS, QuestionType.DATE) and not is_within_repeat)
        ):
            found.append((path, question))
    return found


def _is_within_repeat(form: Form, path: Path) -> bool:
    parts = path.split(".")[:-1]
    around = (form.question_at(".".join(parts[: count + 1])) for count in range(len(parts)))
    return any(question is not None and question.type is QuestionType.REPEAT for question in around)


def _open_answers(filtered: list[tuple[Path, list[str], bool]], answers: Any) -> tuple[OpenAnswer, ...]:
    found: dict[OpenAnswer, None] = {}
    for path, parts, is_number in filtered:
        for value in _values_at(answers, parts):
            if is_number:
                if isinstance(value, (int, float)):
                    found[OpenAnswer(path, "", float(value))] = None
                continue
            for each in value if isinstance(value, list) else [value]:
                text = ACKNOWLEDGED if each is True else each
                if isinstance(text, str) and len(text) <= VALUE_LENGTH_MAX:
                    found[OpenAnswer(path, text)] = None
    return tuple(found)[:FACTS_MAX]


def _values_at(answers: Any, parts: list[str]) -> Iterator[Any]:
    """The answers at a template path, of every row on the way."""
    if isinstance(answers, list) and parts:
        for row in answers:
            yield from _values_at(row, parts)
    elif not parts:
        if answers is not None:
            yield answers
    elif isinstance(answers, Mapping):
        yield from _values_at(answers.get(parts[0]), parts[1:])


def has_legs(form: Form) -> bool:
    """Whether a form asks where people have been."""
    return any(_repeats(question, Kind.PLACE) for _, question in walk_questions(form.questions))


def _repeats(question: Question, kind: Kind) -> bool:
    return question.type is QuestionType.REPEAT and any(inner.kind is kind for inner in question.questions)


def _leg(question: Question, row: Mapping[str, Any]) -> LegFacts:
    dates = [inner.name for inner in question.questions if inner.type is QuestionType.DATE]
    by_kind = {inner.kind: row.get(inner.name) for inner in question.questions}
    arrived, left = ([row.get(name, "") for name in dates] + ["", ""])[:2]
    return LegFacts(
        place=(by_kind.get(Kind.PLACE) or {}).get("code", ""),
        arrived_on=arrived,
        left_on=left,
        transport=by_kind.get(Kind.TRANSPORT) or "",
        transport_number=by_kind.get(Kind.TRANSPORT_NUMBER) or "",
    )
