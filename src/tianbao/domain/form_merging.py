"""Two people's edits of the same form, put together where they touched different things.

Called when a draft was saved by somebody else meanwhile. Each question, choice list and text of the form is taken
from whoever changed it; what both changed differently is a conflict, and nothing is decided for them. Must not
know: drafts, who the two are.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from tianbao.domain.forms import Choice, Form, Path, Question

_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Merged:
    """The form of both, and the paths of questions (or names of lists and fields of the form) both changed.

    Where there are conflicts the form has what `theirs` says.
    """

    form: Form
    conflicts: tuple[Path, ...]


def merge_forms(base: Form, mine: Form, theirs: Form) -> Merged:
    """`base` is what both began from."""
    conflicts: list[Path] = []
    lists = _merge_mappings(base.lists, mine.lists, theirs.lists, conflicts)
    questions = _merge_level(base.questions, mine.questions, theirs.questions, "", conflicts)
    own = _merge_fields(base, mine, theirs, ("questions", "lists", "version"), "", conflicts)
    form = replace(theirs, **own, lists=lists, questions=_with_lists(questions, lists))
    return Merged(form, tuple(dict.fromkeys(conflicts)))


def _merge_level(
    base: Sequence[Question],
    mine: Sequence[Question],
    theirs: Sequence[Question],
    prefix: str,
    conflicts: list[Path],
) -> tuple[Question, ...]:
    was, ours, others = _by_name(base), _by_name(mine), _by_name(theirs)
    merged: dict[str, Question] = {}
    for name in _merge_order(list(was), list(ours), list(others), prefix, conflicts):
        question = _merge_question(was.get(name), ours.get(name), others.get(name), prefix + name, conflicts)
        if question is not None:
            merged[name] = question
    return tuple(merged.values())


def _merge_question(
    base: Question | None, mine: Question | None, theirs: Question | None, path: Path, conflicts: list[Path]
) -> Question | None:
    if base is not None and mine is not None and theirs is not None:
        own = _merge_fields(base, mine, theirs, ("questions", "choices"), path, conflicts)
        questions = _merge_level(base.questions, mine.questions, theirs.questions, f"{path}.", conflicts)
        return replace(theirs, **own, questions=questions)
    merged: Question | None = _merge_value(base, mine, theirs, path, conflicts)
    return merged


def _merge_fields(
    base: Any, mine: Any, theirs: Any, without: tuple[str, ...], path: Path, conflicts: list[Path]
) -> dict[str, Any]:
    """The fields of a question or of the form; two who changed different fields of one question do conflict.

    A condition and the choice it speaks of belong together, so a question is not cut in halves.
    """
    names = [described.name for described in fields(theirs) if described.name not in without]
    by_me = [name for name in names if getattr(mine, name) != getattr(base, name)]
    by_them = [name for name in names if getattr(theirs, name) != getattr(base, name)]
    if (
        path
        and by_me
        and by_them
        and any(getattr(mine, name) != getattr(theirs, name) for name in {*by_me, *by_them})
    ):
        conflicts.append(path)
        return {}
    return {
        name: _merge_value(getattr(base, name), getattr(mine, name), getattr(theirs, name), name, conflicts)
        for name in by_me
    }


def _merge_mappings(
    base: Mapping[_Key, Any], mine: Mapping[_Key, Any], theirs: Mapping[_Key, Any], conflicts: list[Path]
) -> dict[_Key, Any]:
    merged = {
        key: _merge_value(base.get(key), mine.get(key), theirs.get(key), str(key), conflicts)
        for key in {**theirs, **mine}
    }
    return {key: value for key, value in merged.items() if value is not None}


def _merge_value(base: Any, mine: Any, theirs: Any, where: Path, conflicts: list[Path]) -> Any:
    if mine in (base, theirs):
        return theirs
    if theirs != base:
        conflicts.append(where)
        return theirs
    return mine


def _merge_order(
    base: list[str], mine: list[str], theirs: list[str], prefix: str, conflicts: list[Path]
) -> list[str]:
    """All names: in the order of whoever moved something, each new one behind its neighbour."""
    everywhere = [name for name in base if name in mine and name in theirs]
    my_order, their_order = _only(mine, everywhere), _only(theirs, everywhere)
    if my_order not in (everywhere, their_order) and their_order != everywhere:
        conflicts.append(prefix.rstrip("."))
    first, second = (mine, theirs) if their_order == everywhere else (theirs, mine)
    order = list(first)
    for position, name in enumerate(second):
        if name not in order:
            behind = next((other for other in reversed(second[:position]) if other in order), None)
            order.insert(order.index(behind) + 1 if behind else 0, name)
    return order


def _only(names: list[str], wanted: list[str]) -> list[str]:
    return [name for name in names if name in wanted]


def _by_name(questions: Sequence[Question]) -> dict[str, Question]:
    return {question.name: question for question in questions}


def _with_lists(questions: tuple[Question, ...], lists: Mapping[str, tuple[Choice, ...]]) -> tuple[Question, ...]:
    return tuple(
        replace(
            question,
            choices=lists.get(question.choice_list, ()),
            questions=_with_lists(question.questions, lists),
        )
        for question in questions
    )
