"""What the designer calls things: kinds of questions, comparisons, fields; and the sentences of a difference.

Must not know: requests, how a form is edited.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.translation import gettext as _

from tianbao.domain.condition_picking import Comparison
from tianbao.domain.form_difference import Change, Happened
from tianbao.domain.forms import Form, Path, label_at, text_in
from tianbao.services.question_types import Shelf, kind_of

LANGUAGE_NAMES: Final = {
    "zh-Hans": "中文",
    "en": "English",
    "zh-Hant": "繁體中文",
    "bo": "བོད་སྐད་",
    "ug": "ئۇيغۇرچە",
    "mn": "Монгол",
    "kk": "Қазақша",
    "vi": "Tiếng Việt",
    "ko": "한국어",
    "ja": "日本語",
    "ru": "Русский",
    "fr": "Français",
    "es": "Español",
    "pt": "Português",
    "de": "Deutsch",
    "ar": "العربية",
}
"""The languages one can add, by their own names."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One line of a difference: about which question, and what happened to it."""

    happened: Happened
    about: str
    text: str
    before: str = ""
    after: str = ""


def kind_words() -> dict[str, tuple[str, str]]:
    """Kind of question → (name, example or explanation)."""
    return {
        "name": (_("Name of a person"), _("as on the document")),
        "phone": (_("Phone"), _("a wrong number warns, it never blocks")),
        "document": (_("Document number"), _("ID card, passport …; the check digit is checked")),
        "address": (_("Address"), _("street and number")),
        "place": (_("Place"), _("province, city, county, township, from a list")),
        "plate": (_("Plate number"), _("of a car or lorry")),
        "text": (_("Short text"), _("one line")),
        "lines": (_("Long text"), _("several lines")),
        "yes_no": (_("Yes or no"), ""),
        "one": (_("One choice"), _("of several")),
        "several": (_("Several choices"), _("to tick")),
        "number": (_("Whole number"), _("people, days, pieces")),
        "decimal": (_("Number with decimals"), _("kilograms, metres")),
        "date": (_("Date"), ""),
        "time": (_("Time"), ""),
        "moment": (_("Date and time"), ""),
        "photo": (_("Photo"), _("with the camera or from the phone")),
        "file": (_("File"), _("a document or picture")),
        "temperature": (_("Temperature"), _("of the body, in °C")),
        "scale": (_("Scale"), _("from 1 to 5")),
        "rank": (_("Order of preference"), _("first, second, third")),
        "position": (_("Position on the map"), _("from the phone, if it may")),
        "barcode": (_("Barcode"), _("scanned or typed")),
        "calculation": (_("Calculation"), _("worked out, not asked")),
        "note": (_("Text to read"), _("nothing to answer")),
        "agree": (_("Tick to agree"), ""),
        "section": (_("Section"), _("questions under one heading")),
        "rows": (_("Repeated questions"), _("asked again for every person, place or thing")),
    }


def shelf_words() -> dict[str, str]:
    """Shelf → heading."""
    return {
        Shelf.PERSON.value: _("About a person"),
        Shelf.ANSWER.value: _("Answers"),
        Shelf.STRUCTURE.value: _("Sections and texts"),
        Shelf.MORE.value: _("More kinds"),
    }


def block_words() -> dict[str, str]:
    """Ready-made block → name."""
    return {
        "person": _("Person: name, phone, document"),
        "itinerary": _("Itinerary: places, dates, transport"),
        "companions": _("Companions"),
        "symptoms": _("Symptoms"),
        "temperature": _("Temperature"),
        "consent": _("Consent"),
    }


def comparison_words() -> dict[str, str]:
    """Comparison → what stands between question and value."""
    return {
        Comparison.IS.value: _("is"),
        Comparison.IS_NOT.value: _("is not"),
        Comparison.INCLUDES.value: _("includes"),
        Comparison.INCLUDES_NOT.value: _("does not include"),
        Comparison.LESS.value: _("is less than"),
        Comparison.AT_MOST.value: _("is at most"),
        Comparison.MORE.value: _("is more than"),
        Comparison.AT_LEAST.value: _("is at least"),
        Comparison.ANSWERED.value: _("is answered"),
        Comparison.UNANSWERED.value: _("is not answered"),
    }


def field_words() -> dict[str, str]:
    """Field of a question or form → its name."""
    return {
        "title": _("Title"),
        "languages": _("Languages"),
        "label": _("Question"),
        "hint": _("Help below the question"),
        "guidance": _("Longer help"),
        "image": _("Picture"),
        "type": _("Kind"),
        "kind": _("Kind"),
        "appearance": _("Appearance"),
        "required": _("Must be answered"),
        "required_if": _("Must be answered if"),
        "required_message": _("Said when it is not answered"),
        "relevant": _("Asked only if"),
        "constraint": _("Allowed answers"),
        "constraint_message": _("Said when the answer does not fit"),
        "calculation": _("Calculation"),
        "default": _("Filled in beforehand"),
        "initial": _("Filled in beforehand"),
        "read_only": _("Cannot be changed"),
        "choices": _("Choices"),
        "choice_filter": _("Choices offered only if"),
        "randomize": _("Choices in random order"),
        "repeat_count": _("How many times"),
        "minimum": _("Smallest"),
        "maximum": _("Largest"),
        "step": _("Step"),
        "length_max": _("Longest answer"),
        "rows_max": _("At most how many times"),
        "max_pixels": _("Size of the picture"),
        "carried": _("Kept for the next time"),
        "declared": _("Sealed or open"),
        "columns": _("Columns of the table"),
        "style": _("Pages"),
    }


def sentences(changes: Sequence[Change], before: Form, after: Form, language: str) -> list[Sentence]:
    """A difference in words, questions by their labels in a language."""
    fields = field_words()
    said = [_sentence(change, before, after, language, fields) for change in changes]
    by_list: dict[tuple[str, Sentence], dict[Path, Sentence]] = {}
    for change, sentence in zip(changes, said, strict=True):
        question = after.question_at(change.path) if change.field == "choices" else None
        choice_list = question.choice_list if question else f".{change.path}"
        by_list.setdefault((choice_list, replace(sentence, about="")), {})[change.path] = sentence
    return [_about_all(list(same.values())) for same in by_list.values()]


def _about_all(same: list[Sentence]) -> Sentence:
    """What happened to choices that several questions share, in one line."""
    if len(same) == 1:
        return same[0]
    about = _("{question} (and {count} more)").format(question=same[0].about, count=len(same) - 1)
    return replace(same[0], about=about)


def _sentence(change: Change, before: Form, after: Form, language: str, fields: dict[str, str]) -> Sentence:
    form = before if change.happened is Happened.REMOVED and not change.field else after
    about = (label_at(form, change.path, language) or change.path) if change.path else _("The form itself")
    field = fields.get(change.field, change.field)
    match change:
        case Change(field="", happened=happened):
            return Sentence(happened, about, _QUESTION[happened]())
        case Change(field="choices", choice="", happened=Happened.MOVED):
            return Sentence(change.happened, about, _("The choices stand in another order"))
        case Change(field="choices", happened=Happened.ADDED):
            return Sentence(change.happened, about, _("New choice"), after=text_in(change.after or {}, language))
        case Change(field="choices", happened=Happened.REMOVED):
            text = _("Choice removed")
            return Sentence(change.happened, about, text, before=text_in(change.before or {}, language))
        case Change(field="choices"):
            text = _("Choice changed")
            named = change.before or change.after or change.choice
            return Sentence(change.happened, about, text, str(named), str(change.after or ""))
    if change.field == "image":  # the name of a picture says nothing to anybody
        said = [_("a picture") if name else "—" for name in (change.before, change.after)]
        after_said = _("another picture") if change.before and change.after else said[1]
        return Sentence(change.happened, about, field, said[0], after_said)
    if change.field in ("type", "kind"):
        kinds = [_kind_at(form, change.path) for form in (before, after)]
        return Sentence(change.happened, about, field, *kinds)
    if change.language:
        field = f"{field} · {LANGUAGE_NAMES.get(change.language, change.language)}"
    return Sentence(change.happened, about, field, _value(change.before), _value(change.after))


def _kind_at(form: Form, path: Path) -> str:
    question = form.question_at(path)
    key = kind_of(question) if question else ""
    return kind_words()[key][0] if key else "—"


_QUESTION: Final[dict[Happened, Callable[[], str]]] = {
    Happened.ADDED: lambda: _("New question"),
    Happened.REMOVED: lambda: _("Question removed"),
    Happened.MOVED: lambda: _("Stands elsewhere"),
    Happened.CHANGED: lambda: _("Changed"),
}


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if value is None or value == "":
        return "—"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "—"
    return f"{value:g}" if isinstance(value, float) else str(value)
