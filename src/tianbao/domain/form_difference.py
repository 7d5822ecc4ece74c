"""What differs between two versions of a form, as a list that a person can read.

Shown before a version is published, between any two versions of the history, and when two people edited at once.
Questions are the same if their path is: a renamed question is one that went and one that came. Must not know:
languages of the reader, sentences (the console has them).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final

from tianbao.domain.forms import Choice, Form, Path, Question, walk_questions


class Happened(StrEnum):
    """What happened to a question, a choice or a text."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs.

    `path` is the question's, empty for the form itself. `field` is the field of `Question` or `Form` that differs,
    empty where the question itself came, went or moved. `language` is set where one language of a text differs,
    `choice` where it is about one choice (field "choices"). `before` and `after` are the values: texts as they
    are, others as the form's JSON would have them; None where there was or is nothing.
    """

    happened: Happened
    path: Path = ""
    field: str = ""
    language: str = ""
    choice: str = ""
    before: Any = None
    after: Any = None


_NOT_COMPARED: Final = frozenset({"name", "version", "questions", "lists", "choices", "choice_list"})
"""What is compared in a way of its own, or means nothing to a reader."""


def find_differences(before: Form, after: Form) -> tuple[Change, ...]:
    """Everything that differs, in the order of the newer form; what went stands first."""
    return tuple(_differences(before, after))


def _differences(before: Form, after: Form) -> Iterator[Change]:
    old, new = dict(walk_questions(before.questions)), dict(walk_questions(after.questions))
    yield from _field_changes(before, after, "")
    for path, question in old.items():
        if path not in new and not _is_inside_one_of(path, old.keys() - new.keys()):
            yield Change(Happened.REMOVED, path, before=dict(question.label))
    moved = _moved(before.questions, after.questions)
    for path, question in new.items():
        if path not in old:
            if not _is_inside_one_of(path, new.keys() - old.keys()):
                yield Change(Happened.ADDED, path, after=dict(question.label))
            continue
        if path in moved:
            yield Change(Happened.MOVED, path)
        yield from _field_changes(old[path], question, path)
        yield from _choice_changes(old[path].choices, question.choices, path)


def _is_inside_one_of(path: Path, others: set[Path]) -> bool:
    outer = path.rpartition(".")[0]
    return bool(outer) and outer in others


def _field_changes(before: Form | Question, after: Form | Question, path: Path) -> Iterator[Change]:
    for described in fields(after):
        name = described.name
        if name in _NOT_COMPARED:
            continue
        old, new = getattr(before, name), getattr(after, name)
        if old == new:
            continue
        if isinstance(new, Mapping):
            yield from _text_changes(old, new, path, name)
        else:
            yield Change(Happened.CHANGED, path, name, before=old, after=new)


def _text_changes(
    old: Mapping[str, str], new: Mapping[str, str], path: Path, name: str, choice: str = ""
) -> Iterator[Change]:
    for language in {**old, **new}:
        if old.get(language, "") != new.get(language, ""):
            yield Change(Happened.CHANGED, path, name, language, choice, old.get(language), new.get(language))


def _choice_changes(before: Sequence[Choice], after: Sequence[Choice], path: Path) -> Iterator[Change]:
    old, new = {choice.name: choice for choice in before}, {choice.name: choice for choice in after}
    for name, choice in old.items():
        if name not in new:
            yield Change(Happened.REMOVED, path, "choices", choice=name, before=dict(choice.label))
    for name, choice in new.items():
        if name not in old:
            yield Change(Happened.ADDED, path, "choices", choice=name, after=dict(choice.label))
        elif choice.label != old[name].label:
            yield from _text_changes(old[name].label, choice.label, path, "choices", name)
        elif choice != old[name]:
            yield Change(Happened.CHANGED, path, "choices", choice=name)
    if [name for name in old if name in new] != [name for name in new if name in old]:
        yield Change(Happened.MOVED, path, "choices")


def _moved(before: tuple[Question, ...], after: tuple[Question, ...], prefix: str = "") -> frozenset[Path]:
    """The fewest questions of a level that must have been taken elsewhere, and so within its groups and repeats."""
    old = [question.name for question in before]
    common = [question.name for question in after if question.name in old]
    kept = _longest_increasing([old.index(name) for name in common])
    stayed = {old[position] for position in kept}
    moved = {prefix + name for name in common if name not in stayed}
    by_name = {question.name: question for question in before}
    for question in after:
        if question.questions and question.name in by_name:
            moved |= _moved(by_name[question.name].questions, question.questions, f"{prefix}{question.name}.")
    return frozenset(moved)


def _longest_increasing(numbers: list[int]) -> list[int]:
    best: list[list[int]] = []
    for number in numbers:
        longest = max((run for run in best if run[-1] < number), key=len, default=[])
        best.append([*longest, number])
    return max(best, key=len, default=[])
