"""What a clerk can add to a form: kinds of questions by the words of an office, and ready-made blocks.

A new question comes with the label it most likely has, in every language of the form that the program speaks. The
blocks are parts of the built-in form. Must not know: where in a form they go, how they are shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from tianbao.domain.forms import Choice, Form, Kind, Question, QuestionType, Text
from tianbao.services.forms import built_in_forms
from tianbao.texts import LANGUAGES, Translator, translator


class Shelf(StrEnum):
    """Where a kind of question lies when one looks for it."""

    PERSON = "person"
    ANSWER = "answer"
    MORE = "more"
    STRUCTURE = "structure"


@dataclass(frozen=True, slots=True)
class QuestionKind:
    """One thing to add. `question` has its name, type and whatever else makes it this kind, but no texts."""

    key: str
    shelf: Shelf
    question: Question


def _kind(key: str, shelf: Shelf, kind_type: QuestionType, kind: Kind = Kind.PLAIN, **more: object) -> QuestionKind:
    return QuestionKind(key, shelf, Question(key, kind_type, kind=kind, **more))  # type: ignore[arg-type]


KINDS: Final = {
    kind.key: kind
    for kind in (
        _kind("name", Shelf.PERSON, QuestionType.TEXT, Kind.PERSON_NAME, required=True, length_max=100),
        _kind("phone", Shelf.PERSON, QuestionType.TEXT, Kind.PHONE, length_max=40),
        _kind("document", Shelf.PERSON, QuestionType.TEXT, Kind.DOCUMENT, length_max=40),
        _kind("address", Shelf.PERSON, QuestionType.TEXT, Kind.ADDRESS, length_max=300),
        _kind("place", Shelf.PERSON, QuestionType.TEXT, Kind.PLACE, length_max=120),
        _kind("plate", Shelf.PERSON, QuestionType.TEXT, Kind.PLATE_NUMBER, length_max=40),
        _kind("text", Shelf.ANSWER, QuestionType.TEXT),
        _kind("lines", Shelf.ANSWER, QuestionType.TEXT, appearance=("multiline",), length_max=2000),
        _kind("yes_no", Shelf.ANSWER, QuestionType.SELECT_ONE),
        _kind("one", Shelf.ANSWER, QuestionType.SELECT_ONE),
        _kind("several", Shelf.ANSWER, QuestionType.SELECT_MULTIPLE),
        _kind("number", Shelf.ANSWER, QuestionType.INTEGER),
        _kind("date", Shelf.ANSWER, QuestionType.DATE),
        _kind("time", Shelf.ANSWER, QuestionType.TIME),
        _kind("photo", Shelf.ANSWER, QuestionType.IMAGE),
        _kind("temperature", Shelf.MORE, QuestionType.DECIMAL, Kind.TEMPERATURE, constraint=". >= 30 and . <= 45"),
        _kind("decimal", Shelf.MORE, QuestionType.DECIMAL),
        _kind("scale", Shelf.MORE, QuestionType.RANGE, minimum=1, maximum=5, step=1),
        _kind("rank", Shelf.MORE, QuestionType.RANK),
        _kind("moment", Shelf.MORE, QuestionType.DATE_TIME),
        _kind("file", Shelf.MORE, QuestionType.FILE),
        _kind("position", Shelf.MORE, QuestionType.GEOPOINT),
        _kind("barcode", Shelf.MORE, QuestionType.BARCODE),
        _kind("calculation", Shelf.MORE, QuestionType.CALCULATE),
        _kind("note", Shelf.STRUCTURE, QuestionType.NOTE),
        _kind("agree", Shelf.STRUCTURE, QuestionType.ACKNOWLEDGE, required=True, carried=False),
        _kind("section", Shelf.STRUCTURE, QuestionType.GROUP),
        _kind("rows", Shelf.STRUCTURE, QuestionType.REPEAT, rows_max=10),
    )
}
BLOCKS: Final = {
    "person": ("name", "phone", "id_type", "id_number"),
    "itinerary": ("itinerary",),
    "companions": ("companions",),
    "symptoms": ("symptoms",),
    "temperature": ("temperature",),
    "consent": ("consent",),
}
"""Ready-made questions by what they are, as names of the built-in form's questions."""
_BLOCKS_FROM: Final = "migrant"
_CHOICES_AT_FIRST: Final = 2


def new_question(key: str, languages: tuple[str, ...]) -> Question:
    """A question of a kind, with its first label and choices. Raises KeyError."""
    question = replace(KINDS[key].question, label=_in_languages(languages, lambda _: first_labels(_).get(key, "")))
    if question.type not in (QuestionType.SELECT_ONE, QuestionType.SELECT_MULTIPLE, QuestionType.RANK):
        return question
    return replace(question, choice_list=key, choices=_first_choices(key, languages))


def with_kind(question: Question, key: str, languages: tuple[str, ...]) -> Question:
    """The question as another kind: its name, texts and conditions stay, and its choices if it still chooses."""
    new = new_question(key, languages)
    chooses = bool(new.choice_list) and bool(question.choice_list)
    return replace(
        question,
        type=new.type,
        kind=new.kind,
        appearance=new.appearance,
        length_max=new.length_max,
        minimum=new.minimum,
        maximum=new.maximum,
        step=new.step,
        constraint=new.constraint,
        calculation=question.calculation if new.type is question.type else "",
        default="",
        choice_list=question.choice_list if chooses else new.choice_list,
        choices=question.choices if chooses else new.choices,
        questions=question.questions if new.type in (QuestionType.GROUP, QuestionType.REPEAT) else (),
    )


def kind_of(question: Question) -> str:
    """The key of the kind that a question is; empty for what the designer does not offer to make."""
    is_long = "multiline" in question.appearance
    for key, kind in KINDS.items():
        if key != "yes_no" and (kind.question.type, kind.question.kind) == (question.type, question.kind):
            if key in ("text", "lines") and is_long != (key == "lines"):
                continue
            return key
    return {
        QuestionType.SELECT_ONE: "one",
        QuestionType.SELECT_MULTIPLE: "several",
        QuestionType.DECIMAL: "decimal",
        QuestionType.TEXT: "text",
    }.get(question.type, "")


def new_block(key: str) -> tuple[Question, ...]:
    """The questions of a block, with their choices. Raises KeyError."""
    form = next(form for form in built_in_forms() if form.name == _BLOCKS_FROM)
    return tuple(question for question in form.questions if question.name in BLOCKS[key])


def in_languages_of(questions: tuple[Question, ...], form: Form) -> tuple[Question, ...]:
    """Questions that come from elsewhere, without the languages that the form does not have."""

    def kept(text: Text) -> dict[str, str]:
        return {language: words for language, words in text.items() if language in form.languages}

    return tuple(
        replace(
            question,
            label=kept(question.label),
            hint=kept(question.hint),
            guidance=kept(question.guidance),
            required_message=kept(question.required_message),
            constraint_message=kept(question.constraint_message),
            choices=tuple(replace(choice, label=kept(choice.label)) for choice in question.choices),
            questions=in_languages_of(question.questions, form),
        )
        for question in questions
    )


def first_labels(_: Translator) -> dict[str, str]:
    """What a new question says until somebody writes something better; nothing where only the author can know."""
    return {
        "name": _("Full name"),
        "phone": _("Phone"),
        "document": _("Document number"),
        "address": _("Address"),
        "place": _("Place"),
        "plate": _("Plate number"),
        "temperature": _("Temperature (°C)"),
        "photo": _("Photo"),
        "agree": _("What I have said is true."),
    }


def _first_choices(key: str, languages: tuple[str, ...]) -> tuple[Choice, ...]:
    if key == "yes_no":
        return (
            Choice("yes", _in_languages(languages, lambda _: _("Yes"))),
            Choice("no", _in_languages(languages, lambda _: _("No"))),
        )
    return tuple(
        Choice(
            f"choice_{number}",
            _in_languages(languages, lambda _, number=number: _("Choice {number}").format(number=number)),
        )  # type: ignore[misc]
        for number in range(1, _CHOICES_AT_FIRST + 1)
    )


def _in_languages(languages: tuple[str, ...], say: Callable[[Translator], str]) -> dict[str, str]:
    said = {language: say(translator(language)) for language in languages if language in LANGUAGES}
    return {language: text for language, text in said.items() if text}
