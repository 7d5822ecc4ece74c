"""Choice lists too long for a page: found by what somebody types, and resolved from a text.

Below `edge.choice_lists`, which answers a page's field while somebody types, and `domain.readings`, which wants the
choice's name. Must not know: HTTP, where texts come from.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from tianbao.domain.forms import Choice, Form, Question, QuestionType, walk_questions

LONG_LIST_MIN: Final = 200
"""Choices of a select_one from which on the page does not hold them."""
CANDIDATES_MAX: Final = 12
"""Choices that are offered at once."""

Offers: TypeAlias = Callable[[Choice], bool]
"""Whether a filter leaves a choice."""


def is_long_list(question: Question) -> bool:
    """Whether the page asks the server for the choices instead of holding them."""
    return question.type is QuestionType.SELECT_ONE and len(question.choices) > LONG_LIST_MIN


def _offers_all(choice: Choice) -> bool:
    return True


class LongList:
    """The choices of a list by what they are called, made once.

    A choice is looked for by its labels and by its name, which in Chinese forms is often its pinyin; spaces and
    capitals do not count.
    """

    def __init__(self, choices: Iterable[Choice]) -> None:
        self._by_name: dict[str, list[Choice]] = {}
        self._by_label: dict[str, list[Choice]] = {}
        self._starts: list[int] = []
        self._owners: list[Choice] = []
        lines: list[str] = []
        end = 0
        for choice in choices:
            self._by_name.setdefault(choice.name, []).append(choice)
            for label in {fold(label) for label in choice.label.values()}:
                self._by_label.setdefault(label, []).append(choice)
            for written in _written(choice):
                self._starts.append(end)
                self._owners.append(choice)
                lines.append(f"\n{written}")
                end += len(lines[-1])
        self._text = "".join(lines)
        """All that the choices are called, a line each: one text is searched in a hundredth of the time."""

    def find(self, typed: str, offers: Offers = _offers_all) -> list[Choice]:
        """At most CANDIDATES_MAX choices for what was typed so far; those that begin with it come first."""
        wanted = fold(typed)
        found: dict[int, Choice] = {}
        for needle in (f"\n{wanted}", wanted) if wanted else ():
            for choice in self._matches(needle):
                if id(choice) not in found and offers(choice):
                    found[id(choice)] = choice
                    if len(found) == CANDIDATES_MAX:
                        return list(found.values())
        return list(found.values())

    def _matches(self, needle: str) -> Iterator[Choice]:
        """The choices in whose lines a text stands, in the list's order, perhaps more than once."""
        at = self._text.find(needle)
        while at >= 0:
            yield self._owners[bisect_right(self._starts, at) - 1]
            at = self._text.find(needle, at + 1)

    def meant(self, text: str) -> list[Choice]:
        """The choices of this name, else of this label."""
        return self._by_name.get(text.strip()) or self._by_label.get(fold(text), [])

    def resolve(self, given: Any, offers: Offers = _offers_all) -> str:
        """The name of the choice that was meant, empty where that is not clear.

        `given` is a name, a label in any language, or {"text", "code"}: what was typed, and the name of the choice
        that was picked for it, which counts as long as it fits the text. Of several choices with one label that is
        meant which a filter leaves.
        """
        code, text = _parted(given)
        meant = self.meant(text) or [choice for choice in self._by_name.get(code, ()) if _is_called(choice, text)]
        names = {choice.name for choice in meant}
        if len(names) > 1 and code not in names:
            names = {choice.name for choice in meant if offers(choice)}
        return code if code in names else names.pop() if len(names) == 1 else ""

    def candidates(self, given: Any, offers: Offers = _offers_all) -> tuple[Choice, ...]:
        """The choices that a text could mean, best first."""
        text = _parted(given)[1]
        if not text.strip():
            return ()
        meant = [choice for choice in self.meant(text) if offers(choice)]
        return tuple(meant[:CANDIDATES_MAX] or self.find(text, offers))


def _written(choice: Choice) -> list[str]:
    return list(dict.fromkeys((choice.name.lower(), *map(fold, choice.label.values()))))


def _is_called(choice: Choice, text: str) -> bool:
    return any(fold(text) in written for written in _written(choice))


def make_long_lists(form: Form) -> dict[str, LongList]:
    """The lists of a form that its page does not hold, by name."""
    questions = [question for _, question in walk_questions(form.questions) if is_long_list(question)]
    return {question.choice_list: LongList(question.choices) for question in questions}


def fold(text: str) -> str:
    return "".join(text.split()).lower()


def _parted(given: Any) -> tuple[str, str]:
    """(code, text) of what was given; empty where it is no text."""
    code = ""
    if isinstance(given, Mapping):
        code, given = given.get("code", ""), given.get("text", "")
    return code if isinstance(code, str) else "", given if isinstance(given, str) else ""
