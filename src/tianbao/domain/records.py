"""What the plain columns of a record say: its open facts, read by the kinds of the form's questions.

Between stored facts and the tables that screening, tracing and counting run over; called by the projection and
by staff's corrections. Must not know: tables, identities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tianbao.domain.forms import Form, Kind, Question, QuestionType, answer_at, walk_questions


@dataclass(frozen=True, slots=True)
class LegFacts:
    """One itinerary leg: a place's code, dates as ISO 8601, public transport; empty where not known."""

    place: str = ""
    arrived_on: str = ""
    left_on: str = ""
    transport: str = ""
    transport_number: str = ""


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """`origin` is the place of the first leg, the newest; `is_marked` says that an answer is doubtful."""

    origin: str
    temperature: float | None
    has_symptoms: bool
    is_marked: bool
    companions: int
    legs: tuple[LegFacts, ...]


def project_facts(form: Form, facts: Mapping[str, Any]) -> RecordFacts:
    """From `{"answers": open answers, "marks": doubts}` as a revision stores them."""
    answers = facts["answers"]
    temperature = answer_at(answers, form.path_of(Kind.TEMPERATURE))
    repeats = [(path, question) for path, question in walk_questions(form.questions) if question.questions]
    legs = tuple(
        _leg(question, row)
        for path, question in repeats
        if _repeats(question, Kind.PLACE)
        for row in answer_at(answers, path) or ()
    )
    return RecordFacts(
        origin=next((leg.place for leg in legs), ""),
        temperature=temperature if isinstance(temperature, (int, float)) else None,
        has_symptoms=_has_symptoms(form, answers),
        is_marked=bool(facts.get("marks")),
        companions=sum(
            len(answer_at(answers, path) or ())
            for path, question in repeats
            if _repeats(question, Kind.PERSON_NAME)
        ),
        legs=legs,
    )


def _repeats(question: Question, kind: Kind) -> bool:
    return question.type is QuestionType.REPEAT and any(inner.kind is kind for inner in question.questions)


def _has_symptoms(form: Form, answers: Mapping[str, Any]) -> bool:
    question = form.question_of(Kind.SYMPTOMS)
    if question is None:
        return False
    none = {choice.name for choice in question.choices if choice.exclusive}
    named = answer_at(answers, form.path_of(Kind.SYMPTOMS)) or ()
    return any(symptom not in none for symptom in ([named] if isinstance(named, str) else named))


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
