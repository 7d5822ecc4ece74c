"""What an expression means: its bound tree compiled into a closure over a row of answers.

`domain.expressions` reads the text, `domain.binding` binds its names; `domain.validation` runs the closure for
every submission, so this is hot. The page's `expressions.js` gives the same tree the same meaning, held to the
same vectors. Must not know: how an expression is written, what a question is.

A tree is a literal (str, number, bool) or a tuple of a name and the trees it applies to: a function or operator of
`domain.functions`, `=`, `and`, or one of these, in which `up` counts the levels outwards (docs/adr/0007):

    ("$", up, path)                 an answer
    ("$*", up, (repeat…, path))     the answers in all rows of one or more nested repeats
    ("#", up, (repeat…))            those rows; without a repeat, the row itself
    ("list", name)                  the choices of a list as rows, their columns as answers
    ("in", rows, (repeat…))         the rows of nested repeats in some rows
    ("where", rows, condition)      those rows for which it holds, each being a level inside the row at hand; a
                                    number asks for the row at that place, from 1
    ("of", rows, path)              the answers in some rows
    ("first", answers)              the first of them, '' where there is none

What gives many answers or rows stands only where a function takes a `list`.

`=` and `!=` (XPath §3.4) compare as booleans if one side is one; else as numbers if one side is one; else as
strings. `< <= > >=` always compare numbers. `if` and `coalesce` keep the type of what they return.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from tianbao.domain.dates import Moment
from tianbao.domain.forms import Choice, text_in
from tianbao.domain.functions import FUNCTIONS, OPERATORS, Function, Needs
from tianbao.domain.values import ACKNOWLEDGED, CONVERSIONS, Value, read_number, write_answer, write_number

__all__ = [
    "ACKNOWLEDGED",
    "Lists",
    "Moment",
    "Row",
    "Tree",
    "Value",
    "compile_condition",
    "compile_filter",
    "compile_value",
    "write_answer",
    "write_number",
]

Tree: TypeAlias = str | float | bool | tuple[Any, ...]
Lists: TypeAlias = Mapping[str, Sequence[Choice]]
"""A form's choice lists by name."""
_NO_LISTS: Final[Lists] = MappingProxyType({})


@dataclass(slots=True, eq=False)
class Row:
    """The answers of one row of a level (docs/adr/0007); the root is one row.

    `values` are answers by dotted path within the level, only of relevant and answered questions. `outer` is the
    row of the level around it, `rows` those of each repeat in it by the repeat's dotted path, `index` its place
    among its siblings from 0.
    """

    values: dict[str, Any]
    outer: Row | None
    rows: dict[str, list[Row]]
    index: int
    moment: Moment


def compile_condition(tree: Tree, lists: Lists = _NO_LISTS, language: str = "") -> Callable[[Row], bool]:
    """A bound tree's value as a boolean. Labels of choices are in `language`, or else in their first."""
    return _Compiler(lists, language).typed(tree, bool)


def compile_value(tree: Tree, lists: Lists = _NO_LISTS, language: str = "") -> Callable[[Row], Value]:
    """A bound tree's value, of whatever type it is."""
    return _Compiler(lists, language).compile(tree)[0]


def compile_filter(tree: Tree, lists: Lists = _NO_LISTS, language: str = "") -> Callable[[Row, Choice], bool]:
    """Whether a choice is offered, by a tree that was bound as a filter: the choice is a row inside the row."""
    holds = compile_condition(tree, lists, language)

    def offers(row: Row, choice: Choice) -> bool:
        return holds(Row(_columns(choice, language), row, {}, 0, row.moment))

    return offers


class _Valued(Protocol):
    """What can be looked into: a row, or a choice as one."""

    @property
    def values(self) -> dict[str, Any]: ...

    @property
    def rows(self) -> dict[str, list[Row]]: ...


class _ChoiceRow(NamedTuple):
    values: dict[str, Any]
    rows: dict[str, list[Row]]


_Code: TypeAlias = Callable[[Row], Any]
_Typed: TypeAlias = tuple[_Code, type]
"""A closure and the type of what it returns: str, float, bool, list, or object where only the run tells."""


def _columns(choice: Choice, language: str) -> dict[str, str]:
    return {**choice.columns, "name": choice.name, "label": text_in(choice.label, language)}


class _Compiler:
    def __init__(self, lists: Lists, language: str) -> None:
        self._lists = lists
        self._language = language

    def typed(self, tree: Tree, wanted: type) -> _Code:
        return self._converted(tree, self.compile(tree), wanted)

    def _converted(self, tree: Tree, typed: _Typed, wanted: type) -> _Code:
        """A compiled tree with its value converted; a number that was answered is never written as a text first."""
        if wanted is float and isinstance(tree, tuple) and tree[:2] == ("$", 0):
            return _number_reader(tree[2])
        return _convert(typed, wanted)

    def compile(self, tree: Tree) -> _Typed:
        if not isinstance(tree, tuple):
            value = tree if isinstance(tree, (str, bool)) else float(tree)
            return lambda row: value, type(value)
        name, *parts = tree
        if name in _SPECIAL:
            return _SPECIAL[name](self, *parts)
        function = OPERATORS.get(name) or FUNCTIONS[name]
        return self._call(function, parts), function.returns

    def _answer(self, up: int, path: str) -> _Typed:
        def read(row: Row) -> str:
            answer = row.values.get(path)
            return answer if type(answer) is str else write_answer(answer)

        def read_outside(row: Row) -> str:
            answer = _outside(row, up).values.get(path)
            return answer if type(answer) is str else write_answer(answer)

        return read_outside if up else read, str

    def _answers(self, up: int, path: Sequence[str]) -> _Typed:
        return self._of(("#", up, path[:-1]), path[-1])

    def _rows(self, up: int, repeats: Sequence[str]) -> _Typed:
        return lambda row: _inside([_outside(row, up)], repeats), list

    def _in(self, rows: Tree, repeats: Sequence[str]) -> _Typed:
        find = self.compile(rows)[0]
        return lambda row: _inside(find(row), repeats), list

    def _list(self, name: str) -> _Typed:
        choices = [_ChoiceRow(_columns(choice, self._language), {}) for choice in self._lists.get(name, ())]
        return lambda row: choices, list

    def _where(self, rows: Tree, condition: Tree) -> _Typed:
        find = self.compile(rows)[0]
        if key := _key_of(rows, condition):
            return self._look_up(find, *key)
        code, kind = self.compile(condition)
        keep = _is_there if kind in (float, object) else lambda value, index: value

        def choose(row: Row) -> list[_Valued]:
            kept = []
            inside = Row({}, row, {}, 0, row.moment)
            for inside.index, one in enumerate(find(row)):
                inside.values, inside.rows = one.values, one.rows
                if keep(code(inside), inside.index):
                    kept.append(one)
            return kept

        return choose, list

    def _look_up(self, find: _Code, column: str, wanted: Tree) -> _Typed:
        """The choices with a column that equals a text, found at once: a list can have thousands."""
        want = self.compile(wanted)[0]
        nowhere: Any = None
        by_value: dict[str, list[_Valued]] = {}
        for choice in find(nowhere):
            by_value.setdefault(choice.values.get(column, ""), []).append(choice)
        return lambda row: by_value.get(want(Row({}, row, {}, 0, row.moment)), []), list

    def _of(self, rows: Tree, path: str) -> _Typed:
        find = self.compile(rows)[0]
        return lambda row: [write_answer(one.values.get(path)) for one in find(row)], list

    def _first(self, answers: Tree) -> _Typed:
        find = self.compile(answers)[0]
        return lambda row: next(iter(find(row)), ""), str

    def _junction(self, is_and: bool, parts: Sequence[Tree]) -> _Typed:
        """Evaluates until the first part that decides: a false one of an `and`, a true one of an `or`."""
        codes = [self.typed(part, bool) for part in parts]
        if len(codes) == 2:
            first, second = codes
            if is_and:
                return lambda row: first(row) and second(row), bool
            return lambda row: first(row) or second(row), bool
        decide = all if is_and else any
        return lambda row: decide(code(row) for code in codes), bool

    def _choice(self, condition: Tree, then: Tree, otherwise: Tree) -> _Typed:
        holds = self.typed(condition, bool)
        (first, kind), (second, other) = self.compile(then), self.compile(otherwise)
        return lambda row: first(row) if holds(row) else second(row), kind if kind is other else object

    def _equality(self, compare: Callable[[Value, Value], bool], left: Tree, right: Tree) -> _Typed:
        match left, right:
            case ("$", 0, str(path)), str(text):
                return _text_comparison(compare, path, text), bool
        typed = self.compile(left), self.compile(right)
        types = [given for _, given in typed]
        if object in types and bool not in types:
            return _late_equality(compare, *(code for code, _ in typed)), bool
        common = _common_type(types)
        first, second = (self._converted(*each, common) for each in zip((left, right), typed, strict=True))
        return lambda row: compare(first(row), second(row)), bool

    def _call(self, function: Function, parts: Sequence[Tree]) -> _Code:
        call = function.call
        kinds = function.kinds(len(parts))
        typed = [self.compile(part) for part in parts]
        if any(given is list for _, given in typed):
            return _spread(call, [(_convert(each, kind), each[1]) for each, kind in zip(typed, kinds, strict=True)])
        codes = [self._converted(*each) for each in zip(parts, typed, kinds, strict=True)]
        if function.needs is Needs.MOMENT:
            return lambda row: call(row.moment, *[code(row) for code in codes])
        if len(codes) == 1:
            (only,) = codes
            return lambda row: call(only(row))
        if len(codes) == 2:
            first, second = codes
            return lambda row: call(first(row), second(row))
        return lambda row: call(*[code(row) for code in codes])


_SPECIAL: Final[Mapping[str, Callable[..., _Typed]]] = {
    "$": _Compiler._answer,
    "$*": _Compiler._answers,
    "#": _Compiler._rows,
    "in": _Compiler._in,
    "list": _Compiler._list,
    "where": _Compiler._where,
    "of": _Compiler._of,
    "first": _Compiler._first,
    "if": _Compiler._choice,
    "and": lambda compiler, *parts: compiler._junction(True, parts),
    "or": lambda compiler, *parts: compiler._junction(False, parts),
    "=": lambda compiler, left, right: compiler._equality(operator.eq, left, right),
    "!=": lambda compiler, left, right: compiler._equality(operator.ne, left, right),
}


def _outside(row: Row, up: int) -> Row:
    for _ in range(up):
        row = row.outer  # type: ignore[assignment]  # binding counted the levels
    return row


def _inside(rows: Iterable[_Valued], repeats: Sequence[str]) -> list[Any]:
    found = list(rows)
    for repeat in repeats:
        found = [inner for one in found for inner in one.rows.get(repeat, ())]
    return found


def _is_there(value: Value, index: int) -> bool:
    """Whether a row is kept by the value of its condition: a number says which."""
    return value == index + 1 if isinstance(value, float) else bool(value)


def _key_of(rows: Tree, condition: Tree) -> tuple[str, Tree] | None:
    """The column and the text it is to equal, where that is all that is asked of a list and says the same for
    every choice."""
    match rows, condition:
        case ("list", _), ("=", ("$", 0, str(column)), ("$", int(up), _) as wanted) if up:
            return column, wanted
        case ("list", _), ("=", ("$", 0, str(column)), ("string", wanted)) if not _looks_at_row(wanted, 0):
            return column, ("string", wanted)
        case ("list", _), ("=", ("$", 0, str(column)), str(wanted)):
            return column, wanted
    return None


def _looks_at_row(tree: Tree, inside: int) -> bool:
    """Whether a tree asks for the row `inside` levels out, anything of it or its place."""
    if not isinstance(tree, tuple):
        return False
    name, *parts = tree
    if name in ("$", "$*", "#"):
        return bool(parts[0] == inside)
    if name == "where":
        return _looks_at_row(parts[0], inside) or _looks_at_row(parts[1], inside + 1)
    return any(_looks_at_row(part, inside) for part in parts)


def _number_reader(path: str) -> _Code:
    def read(row: Row) -> float:
        answer = row.values.get(path, "")
        kind = type(answer)
        if kind is int or (kind is float and isfinite(answer)):
            return float(answer)
        return read_number(answer if kind is str else write_answer(answer))

    return read


def _text_comparison(compare: Callable[[Value, Value], bool], path: str, text: str) -> _Code:
    """An answer beside a literal: the condition that most forms are made of."""

    def are_equal(row: Row) -> bool:
        answer = row.values.get(path, "")
        return (answer if type(answer) is str else write_answer(answer)) == text

    def differ(row: Row) -> bool:
        answer = row.values.get(path, "")
        return (answer if type(answer) is str else write_answer(answer)) != text

    return are_equal if compare is operator.eq else differ


def _convert(typed: _Typed, wanted: type) -> _Code:
    code, given = typed
    if wanted in (given, object, list):
        return code
    convert = CONVERSIONS[wanted]
    return lambda row: convert(code(row))


def _spread(call: Callable[..., Value], codes: Sequence[_Typed]) -> _Code:
    """A call with the members of lists as arguments, one after the other."""

    def spread(row: Row) -> Value:
        values: list[Any] = []
        for code, kind in codes:
            if kind is list:
                values += code(row)
            else:
                values.append(code(row))
        return call(*values)

    return spread


def _late_equality(compare: Callable[[Value, Value], bool], first: _Code, second: _Code) -> _Code:
    def equal(row: Row) -> bool:
        values = first(row), second(row)
        convert = CONVERSIONS[_common_type([type(value) for value in values])]
        return compare(*map(convert, values))

    return equal


def _common_type(types: list[type]) -> type:
    return bool if bool in types else float if float in types else str
