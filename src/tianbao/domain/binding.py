"""What the names of an expression mean: its tree with every reference bound to a place in the form.

Between `domain.expressions`, which reads the text, and `domain.evaluation`, which works the tree out; done once
for each expression of a form version. docs/adr/0007 has the rules. Must not know: answers, how a form is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tianbao.domain import evaluation
from tianbao.domain.expressions import Column, Expression, ExpressionError, Fault, Name, Own, Tree
from tianbao.domain.forms import QuestionType
from tianbao.domain.levels import Level, level_of

VOLATILE: Final = frozenset({"now", "today", "random", "uuid"})
"""Functions that come to something else each time."""


@dataclass(frozen=True, slots=True)
class Bound:
    """An expression in its place.

    `tree` is what `domain.evaluation` compiles and, as JSON, what the page carries. `references` are the template
    paths of the questions (and of the repeats whose rows are counted) that it asks for, its own answer by `.` left
    out. `is_volatile`: it may come to something else each time. `keeps`: it has a once(), so that the answer that
    is there already counts.
    """

    tree: evaluation.Tree
    references: frozenset[str]
    is_volatile: bool
    keeps: bool


def bind(expression: Expression, levels: dict[str, Level], at: str, *, own: bool = True) -> Bound:
    """Binds an expression of the question with the template path `at` (empty: of the form itself).

    `own` says whether `.` means something. Raises ExpressionError.
    """
    return _bind(expression, _Binder(levels, at, own=own, is_filter=False))


def bind_filter(expression: Expression, levels: dict[str, Level], at: str) -> Bound:
    """Binds a choice_filter: bare names are columns of the choices, which are a level of their own."""
    return _bind(expression, _Binder(levels, at, own=True, is_filter=True))


def _bind(expression: Expression, binder: _Binder) -> Bound:
    tree = binder.bind(expression.root)
    functions = frozenset(_functions(tree))
    return Bound(tree, frozenset(binder.references), not VOLATILE.isdisjoint(functions), "once" in functions)


def _functions(tree: evaluation.Tree) -> Iterator[str]:
    if isinstance(tree, tuple):
        yield tree[0]
        for part in tree[1:]:
            yield from _functions(part)


class _Binder:
    def __init__(self, levels: dict[str, Level], at: str, *, own: bool, is_filter: bool) -> None:
        self._level, self._path = level_of(levels, at) if at else (levels[""], "")
        self._own = own and bool(at)
        self._inside = int(is_filter)
        self.references: set[str] = set()

    def bind(self, tree: Tree) -> Any:
        match tree:
            case Name():
                return self._name(tree)
            case Own(position):
                if not self._own:
                    raise ExpressionError(position, Fault.NOT_HERE)
                return ("$", self._inside, self._path)
            case Column(name, position):
                if not self._inside:
                    raise ExpressionError(position, Fault.BARE_NAME, name)
                return ("$", 0, name)
            case (name, *parts):
                return (name, *map(self.bind, parts))
            case _:
                return tree

    def _name(self, reference: Name) -> Any:
        up, level = 0, self._level
        while True:
            path = self._nearest(level, reference.name)
            if path is not None:
                question = level.questions[path]
                if question.type in (QuestionType.GROUP, QuestionType.REPEAT):
                    raise ExpressionError(reference.position, Fault.NOT_AN_ANSWER, reference.name)
                self.references.add(level.template(path))
                return ("$", up + self._inside, path)
            if level.outer is None:
                raise ExpressionError(reference.position, Fault.UNKNOWN_NAME, reference.name)
            up, level = up + 1, level.outer

    def _nearest(self, level: Level, name: str) -> str | None:
        """In the level, the question of the name that shares the most groups with this one."""
        if level is self._level:
            for group in reversed(level.groups(self._path)):
                if f"{group}.{name}" in level.questions:
                    return f"{group}.{name}"
        return level.find(name)
