"""Choice lists too long for a page: found by what somebody types, and resolved from a text.

Between `edge.choice_lists`, which answers a page's field while somebody types, and `domain.validation`, which wants
the choice's name. Must not know: HTTP, where texts come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from tianbao.domain.forms import Choice, Form, Path, Question, QuestionType, text_in

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


def resolve_answers(form: Form, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[Path, Question]]:
    """The answers with every choice of a long list by its name, and the questions where that was not clear."""
    unclear: dict[Path, Question] = {}
    return _resolve_level(form.questions, given, "", unclear), unclear


def _resolve_level(
    questions: tuple[Question, ...], given: Mapping[str, Any], prefix: Path, unclear: dict[Path, Question]
) -> dict[str, Any]:
    resolved = dict(given)
    for question in questions:
        value, path = given.get(question.name), prefix + question.name
        if isinstance(value, dict) and question.type is QuestionType.GROUP:
            resolved[question.name] = _resolve_level(question.questions, value, f"{path}.", unclear)
        elif isinstance(value, list) and question.type is QuestionType.REPEAT:
            resolved[question.name] = [
                _resolve_level(question.questions, row, f"{path}.{index}.", unclear)
                if isinstance(row, dict)
                else row
                for index, row in enumerate(value)
            ]
        elif value is not None and is_long_list(question):
            name = resolve_choice(question, value)
            resolved[question.name] = name
            if (
                isinstance(name, str)
                and name.strip()
                and not any(choice.name == name for choice in question.choices)
            ):
                unclear[path] = question
    return resolved


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
