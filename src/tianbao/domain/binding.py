"""What the names of an expression mean: its tree with every reference bound to a place in the form.

Between `domain.expressions`, which reads the text, and `domain.evaluation`, which works the tree out and says what
it is made of; done once for each expression of a form version. docs/adr/0007 has the rules. Must not know: answers,
how a form is shown.

`${name}` is the nearest question of that name, from the question's own level outwards (within the level the one
that shares most groups with it); seen from outside, all answers of a question in a repeat. Paths go from there. In
the brackets behind rows or an instance(), and in a choice_filter, a bare name is of the row or choice looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from tianbao.domain import evaluation
from tianbao.domain.expressions import (
    DEPTH_MAX,
    Call,
    Expression,
    ExpressionError,
    Fault,
    Name,
    Own,
    Path,
    Start,
    Step,
    Tree,
)
from tianbao.domain.forms import Question, QuestionType
from tianbao.domain.functions import FUNCTIONS, VOLATILE
from tianbao.domain.levels import ROOT, Level, level_of

BOUND_DEPTH_MAX: Final = 2 * DEPTH_MAX
"""Levels of a bound tree, in which a look-up takes several."""


@dataclass(frozen=True, slots=True)
class Bound:
    """An expression in its place.

    `tree` is what `domain.evaluation` compiles and, as JSON, what the page carries. `references` are the template
    paths of the questions (and of the repeats whose rows are counted) that it asks for, its own answer by `.` left
    out. `columns` are the (list, column) it looks into, `name` of every such list among them. `is_volatile`: it may
    come to something else each time. `keeps`: it has a once(), so that the answer that is there already counts.
    """

    tree: evaluation.Tree
    references: frozenset[str]
    columns: frozenset[tuple[str, str]]
    is_volatile: bool
    keeps: bool


def bind(expression: Expression, levels: dict[str, Level], at: str, *, own: bool = True) -> Bound:
    """Binds an expression of the question with the template path `at` (empty: of the form itself).

    `own` says whether `.` means something. Raises ExpressionError.
    """
    return _Binder(levels, at, own=own).finish(expression)


def bind_filter(expression: Expression, levels: dict[str, Level], at: str) -> Bound:
    """Binds a choice_filter: bare names are columns of the choices, which are a level of their own."""
    binder = _Binder(levels, at, own=True)
    binder.look_into(_Looked(list_name=binder.question.choice_list))
    return binder.finish(expression)


def walk_tree(tree: evaluation.Tree) -> Iterator[tuple[Any, ...]]:
    """Every node of a bound tree that is no literal, the tree itself first."""
    if isinstance(tree, tuple) and tree:
        yield tree
        for part in tree[1:]:
            yield from walk_tree(part)


class _Wants(Enum):
    """What stands where a reference is: one answer, perhaps many, or rows."""

    ONE = "one"
    MANY = "many"
    ROWS = "rows"


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a condition looks at: a row of a level, a choice of a list, or nothing of its own."""

    level: Level | None = None
    list_name: str | None = None

    @property
    def has_names(self) -> bool:
        return self.level is not None or self.list_name is not None


@dataclass(frozen=True, slots=True)
class _Place:
    """A group, repeat or answer on the way of a path: `path` within `level`, empty for a row of the level itself.

    The row is `up` levels out, or those of the tree `rows`. `is_chosen`: conditions chose among the rows.
    `is_looked_at`: what is around the row is not the level around it, but what a condition stands in.
    """

    level: Level
    path: str
    up: int
    rows: tuple[Any, ...] | None = None
    is_chosen: bool = False
    is_looked_at: bool = False

    @property
    def template(self) -> str:
        return self.level.template(self.path) if self.path else self.level.path


class _Binder:
    def __init__(self, levels: dict[str, Level], at: str, *, own: bool) -> None:
        self._levels = levels
        self._level, self._path = level_of(levels, at) if at else (levels[ROOT], "")
        self._has_own = own and bool(at)
        self._looked: list[_Looked] = []
        self._references: set[str] = set()
        self._columns: set[tuple[str, str]] = set()

    @property
    def question(self) -> Question:
        return self._level.questions[self._path]

    def look_into(self, looked: _Looked) -> None:
        self._looked.append(looked)

    def finish(self, expression: Expression) -> Bound:
        tree = self._bind(expression.root)
        if _depth_of(tree) > BOUND_DEPTH_MAX:
            raise ExpressionError(0, Fault.TOO_DEEP)
        functions = {node[0] for node in walk_tree(tree)}
        is_volatile = not VOLATILE.isdisjoint(functions)
        return Bound(
            tree, frozenset(self._references), frozenset(self._columns), is_volatile, keeps="once" in functions
        )

    def _bind(self, tree: Tree, wants: _Wants = _Wants.ONE) -> Any:
        match tree:
            case Own(position):
                return self._own(position)
            case Name() | Path():
                return self._bind_path(_path(tree), wants)
            case Call():
                return self._bind_call(tree)
            case (name, *parts):
                return (name, *self._bind_parts(name, parts))
            case _:
                return tree

    def _bind_parts(self, name: str, parts: list[Tree]) -> Iterable[Any]:
        if name == "count":
            return [self._bind(parts[0], _Wants.ROWS)]
        if name not in FUNCTIONS:
            return map(self._bind, parts)
        kinds = FUNCTIONS[name].kinds(len(parts))
        return [
            self._bind(part, _Wants.MANY if kind is list else _Wants.ONE)
            for part, kind in zip(parts, kinds, strict=True)
        ]

    def _bind_inside(self, tree: Tree, looked: _Looked) -> Any:
        self._looked.append(looked)
        bound = self._bind(tree)
        self._looked.pop()
        return bound

    # Functions that say where to look

    def _bind_call(self, call: Call) -> Any:
        match call.name, call.arguments:
            case "once", (value,):
                return ("once", self._own(call.position), self._bind(value))
            case "position", ():
                if not self._looked or not self._looked[-1].has_names:
                    raise ExpressionError(call.position, Fault.NOT_HERE)
                return ("position", ("#", 0, ()))
            case "position", (path,):
                return self._position(path, call.position)
            case "pulldata", (str(name), str(column), str(key_column), key):
                return self._find_in_list(name, column, key_column, key)
            case "jr:choice-name", (value, (Name() | Path()) as path):
                return self._find_in_list(self._list_of(_path(path)), "label", "name", value)
            case _:
                return self._indexed(call)

    def _own(self, position: int) -> Any:
        if not self._has_own or any(looked.has_names for looked in self._looked):
            raise ExpressionError(position, Fault.NOT_HERE)
        return ("$", len(self._looked), self._path)

    def _position(self, path: Tree, position: int) -> Any:
        if not isinstance(path, (Name, Path)):
            raise ExpressionError(position, Fault.NOT_ROWS)
        place = self._walk(_path(path))
        if place.rows is not None and not place.is_chosen and place.level in self._chain():
            place = _Place(place.level, "", self._up_to(place.level))
        if place.rows is not None or place.level.outer is None:
            raise ExpressionError(position, Fault.NOT_ROWS)
        return ("position", ("#", place.up, ())) if not place.path else 1

    def _find_in_list(self, name: str, column: str, key_column: str, key: Tree) -> Any:
        """A column of the first choice whose key column equals a text."""
        self._columns.update({(name, column), (name, key_column)})
        wanted = ("string", self._bind_inside(key, _Looked()))
        return ("first", ("of", ("where", ("list", name), ("=", ("$", 0, key_column), wanted)), column))

    def _list_of(self, path: Path) -> str:
        asked = set(self._references)
        place = self._walk(path)
        self._references = asked
        question = place.level.questions.get(place.path)
        if question is None or not question.choice_list:
            raise ExpressionError(path.position, Fault.NO_CHOICES, path.name)
        return question.choice_list

    def _indexed(self, call: Call) -> Any:
        """indexed-repeat(answer, repeat, index, …): the rows of each repeat in turn, by their place."""
        answer, *pairs = call.arguments
        target = self._walk(_path(answer))
        indices = {self._walk(_path(repeat)).level: at for repeat, at in zip(pairs[::2], pairs[1::2], strict=True)}
        around = [level for level in reversed(_chain(target.level)) if level.outer]
        if not target.path or not indices.keys() <= set(around):
            raise ExpressionError(call.position, Fault.NOT_ROWS)
        rows: Any = None
        for level in around:
            if level in indices:
                inside = _within(rows or ("#", self._up_to(level.outer), ()), level.name)
                rows = ("where", inside, ("number", self._bind_inside(indices[level], _Looked())))
            elif rows or level not in self._chain():
                raise ExpressionError(call.position, Fault.MANY_ANSWERS)
        self._references.add(target.template)
        return ("first", ("of", rows, target.path))

    # Paths

    def _bind_path(self, path: Path, wants: _Wants) -> Any:
        if path.start is Start.LIST:
            return self._bind_list(path, wants)
        if path.start is Start.BARE and (column := self._column(path)):
            return column
        place = self._walk(path)
        self._references.add(place.template)
        if not place.path:
            if wants is not _Wants.ROWS or place.rows is None:
                raise ExpressionError(path.position, Fault.NOT_AN_ANSWER, path.name)
            return place.rows
        if place.level.questions[place.path].type is QuestionType.GROUP:
            raise ExpressionError(path.position, Fault.NOT_AN_ANSWER, path.name)
        if place.rows is None:
            return ("$", place.up, place.path)
        if wants is _Wants.ONE and not place.is_chosen:
            raise ExpressionError(path.position, Fault.MANY_ANSWERS, path.name)
        if place.rows[0] == "#":
            return ("$*", place.rows[1], (*place.rows[2], place.path))
        answers = ("of", place.rows, place.path)
        return ("first", answers) if wants is _Wants.ONE else answers

    def _column(self, path: Path) -> Any:
        """A bare name as a column of the choice looked at; None where it is of a row."""
        up, looked = self._names_at(path)
        if looked.list_name is None:
            return None
        if path.steps or path.conditions:
            raise ExpressionError(path.position, Fault.NOT_ROWS, path.name)
        self._columns.add((looked.list_name, path.name))
        return ("$", up, path.name)

    def _names_at(self, path: Path) -> tuple[int, _Looked]:
        """Whose bare names count here, and how many levels out it is."""
        for up, looked in enumerate(reversed(self._looked)):
            if looked.has_names:
                return up, looked
        raise ExpressionError(path.position, Fault.BARE_NAME, path.name)

    def _bind_list(self, path: Path, wants: _Wants) -> Any:
        """instance('list')/root/item[…]/column."""
        names = [step.name for step in path.steps]
        if names[:2] != ["root", "item"] or len(names) > 3 or (len(names) == 2 and wants is not _Wants.ROWS):
            raise ExpressionError(path.position, Fault.NOT_ROWS, path.name)
        item, *columns = path.steps[1:]
        self._columns.add((path.name, "name"))
        rows: Any = ("list", path.name)
        for condition in item.conditions:
            rows = ("where", rows, self._bind_inside(condition, _Looked(list_name=path.name)))
        if not columns:
            return rows
        self._columns.add((path.name, columns[0].name))
        answers = ("of", rows, columns[0].name)
        return ("first", answers) if wants is _Wants.ONE else answers

    def _walk(self, path: Path) -> _Place:
        """Where a path leads."""
        place = self._start(path)
        for index, step in enumerate(path.steps):
            is_last = index == len(path.steps) - 1
            if step.name == "..":
                place = _around(place, path)
            else:
                place = self._enter(place, step, path, may_share=path.start is Start.ROOT and not is_last)
        return place

    def _start(self, path: Path) -> _Place:
        match path.start:
            case Start.NAMED:
                return self._choose(self._find(path), path.conditions, path)
            case Start.ROOT:
                return _Place(self._levels[ROOT], "", self._up_to(self._levels[ROOT]))
            case Start.BARE:
                up, looked = self._names_at(path)
                assert looked.level is not None
                return self._enter(
                    _Place(looked.level, "", up, is_looked_at=True), Step(path.name, path.conditions), path
                )
        if not self._path or (path.start is not Start.CURRENT and any(one.has_names for one in self._looked)):
            raise ExpressionError(path.position, Fault.NOT_HERE)
        if path.conditions:
            raise ExpressionError(path.position, Fault.NOT_ROWS)
        place = _Place(self._level, self._path, len(self._looked))
        return _around(place, path) if path.start is Start.PARENT else place

    def _enter(self, place: _Place, step: Step, path: Path, *, may_share: bool = False) -> _Place:
        """What is called so inside; a whole repeat, unless `may_share` says that the own row of it is meant."""
        name = f"{place.path}.{step.name}" if place.path else step.name
        if name not in place.level.questions:
            raise ExpressionError(path.position, Fault.UNKNOWN_NAME, step.name)
        inner = place.level.inner.get(name)
        if inner is not None and may_share and inner in self._chain() and not step.conditions:
            return _Place(inner, "", self._up_to(inner))
        return self._choose(_opened(replace(place, path=name)), step.conditions, path)

    def _choose(self, place: _Place, conditions: tuple[Tree, ...], path: Path) -> _Place:
        """The rows that conditions leave."""
        if not conditions:
            return place
        if place.path or place.rows is None:
            raise ExpressionError(path.position, Fault.NOT_ROWS, path.name)
        self._references.add(place.template)
        rows = place.rows
        for condition in conditions:
            rows = ("where", rows, self._bind_inside(condition, _Looked(level=place.level)))
        return replace(place, rows=rows, is_chosen=True)

    def _find(self, path: Path) -> _Place:
        """The nearest question of a name: in the levels outwards, then in the repeats inside them."""
        for level in self._chain():
            if (found := self._nearest(level, path.name)) is not None:
                return _opened(_Place(level, found, self._up_to(level)))
        for up, looked in enumerate(reversed(self._looked)):
            if looked.level and (found := looked.level.find(path.name)) is not None:
                return _opened(_Place(looked.level, found, up, is_looked_at=True))
        for level in self._chain():
            if place := _find_below(_Place(level, "", self._up_to(level)), path.name):
                return place
        raise ExpressionError(path.position, Fault.UNKNOWN_NAME, path.name)

    def _nearest(self, level: Level, name: str) -> str | None:
        """In the level, the question of the name that shares the most groups with this one."""
        if level is self._level:
            for group in reversed(level.groups(self._path)):
                if f"{group}.{name}" in level.questions:
                    return f"{group}.{name}"
        return level.find(name)

    def _chain(self) -> list[Level]:
        return _chain(self._level)

    def _up_to(self, level: Level | None) -> int:
        """How far out a level around the question is from what is looked at."""
        return next(up for up, one in enumerate(self._chain()) if one is level) + len(self._looked)


def _chain(level: Level | None) -> list[Level]:
    """A level and those around it, outwards."""
    chain = []
    while level is not None:
        chain.append(level)
        level = level.outer
    return chain


def _path(tree: Tree) -> Path:
    if isinstance(tree, Name):
        return Path(Start.NAMED, tree.name, (), (), tree.position)
    assert isinstance(tree, Path)  # the parser let nothing else through
    return tree


def _opened(place: _Place) -> _Place:
    """Where a place is a repeat, its rows."""
    inner = place.level.inner.get(place.path)
    if inner is None:
        return place
    rows = ("#", place.up, (place.path,)) if place.rows is None else _within(place.rows, place.path)
    return replace(place, level=inner, path="", rows=rows)


def _within(rows: tuple[Any, ...], repeat: str) -> tuple[Any, ...]:
    """The rows of a repeat in some rows."""
    if rows[0] in ("#", "in"):
        return (*rows[:2], (*rows[2], repeat))
    return ("in", rows, (repeat,))


def _around(place: _Place, path: Path) -> _Place:
    if place.path:
        return replace(place, path=place.path.rpartition(".")[0])
    if place.level.outer is None or place.rows is not None or place.is_looked_at:
        raise ExpressionError(path.position, Fault.NOT_HERE)
    return _Place(place.level.outer, place.level.name.rpartition(".")[0], place.up + 1)


def _find_below(place: _Place, name: str) -> _Place | None:
    """The first question of a name inside the repeats of a level, the nearest repeats first."""
    waiting = [place]
    while waiting:
        around = waiting.pop(0)
        for repeat in around.level.inner:
            inner = _opened(replace(around, path=repeat))
            if (found := inner.level.find(name)) is not None:
                return _opened(replace(inner, path=found))
            waiting.append(inner)
    return None


def _depth_of(tree: Any) -> int:
    depth, level = 0, [tree]
    while level:
        depth += 1
        level = [part for node in level if isinstance(node, tuple) for part in node[1:]]
    return depth
