"""Choice lists too long for a page: found by what somebody types, and resolved from a text.

Below `edge.choice_lists`, which answers a page's field while somebody types, and `domain.readings`, which wants the
choice's name. Must not know: HTTP, where texts come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from tianbao.domain.forms import Choice, Question, QuestionType, text_in

LONG_LIST_MIN: Final = 200
"""Choices of a select_one from which on the page does not hold them."""
CANDIDATES_MAX: Final = 12
"""Choices that are offered where a text could mean several."""


def is_long_list(question: Question) -> bool:
    """Whether the page asks the server for the choices instead of holding them."""
    return question.type is QuestionType.SELECT_ONE and len(question.choices) > LONG_LIST_MIN


def find_choices(choices: Iterable[Choice], typed: str, language: str) -> list[Choice]:
    """At most CANDIDATES_MAX choices for what was typed so far: those that begin with it, then those that hold it.

    A choice is looked for by its label and by its name, which in Chinese forms is often its pinyin.
    """
    wanted = _folded(typed)
    begin, hold = [], []
    for choice in choices:
        label = text_in(choice.label, language)
        written = _folded(label), choice.name.lower()
        if any(each.startswith(wanted) for each in written):
            begin.append(choice)
            if len(begin) == CANDIDATES_MAX:
                break
        elif wanted in written[0]:
            hold.append(choice)
    return (begin + hold)[:CANDIDATES_MAX]


def resolve_choice(question: Question, given: Any) -> Any:
    """The name of the choice that was meant; what was given where that is not clear.

    `given` is a name, a label in any language, or {"text", "code"}: what was typed, and the name of the choice that
    was picked for it, which counts as long as its label is what stands there.
    """
    code = ""
    if isinstance(given, Mapping):
        code, given = given.get("code", ""), given.get("text", "")
    if not isinstance(given, str):
        return given
    meant = _meant(question, given)
    names = {choice.name for choice in meant}
    if code in names:
        return code
    return meant[0].name if len(meant) == 1 else given


def offer_choices(question: Question, given: Any, language: str) -> tuple[tuple[str, str], ...]:
    """The (name, label) that a text could mean which `resolve_choice` left as it is."""
    text = given.get("text", "") if isinstance(given, Mapping) else given
    if not isinstance(text, str) or not text.strip():
        return ()
    found = _meant(question, text) or find_choices(question.choices, text, language)
    return tuple((choice.name, text_in(choice.label, language)) for choice in found[:CANDIDATES_MAX])


def _meant(question: Question, text: str) -> list[Choice]:
    """The choices of this name, else of this label."""
    if named := [choice for choice in question.choices if choice.name == text.strip()]:
        return named
    wanted = _folded(text)
    return [choice for choice in question.choices if wanted in set(_labels(choice))]


def _labels(choice: Choice) -> Iterator[str]:
    for label in choice.label.values():
        yield _folded(label)


def _folded(text: str) -> str:
    return "".join(text.split()).lower()
