"""The expression language of forms, in which conditions are written: text read into a tree.

It is XLSForm's: XPath 1.0's operators and literals, ODK's functions, `${name}` for an answer, `.` for the
question's own, paths from there. Text is read once, when a form is published; `domain.binding` then finds what its
names mean. docs/expressions.md is for those who write it. Must not know: forms, submissions, who wrote the text.

Grammar (XPath 1.0 §3, weakest first, all from the left; a run of `or`, `and`, `+` or `*` is one node):
    or | and | = != | < <= > >= | + - | * div mod | unary - | literal, path, (…), function(…)
    path: one of ${name}, ., .., name, /name, current(), instance('list'), then [condition]… and /name or /.. …
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

from tianbao.domain.functions import FUNCTIONS
from tianbao.domain.patterns import PatternError, PatternFault, read_pattern

__all__ = [
    "DEPTH_MAX",
    "LENGTH_MAX",
    "OWN",
    "Call",
    "Expression",
    "ExpressionError",
    "Fault",
    "Name",
    "Own",
    "Path",
    "Start",
    "Step",
    "Tree",
    "find_cycle",
    "parse",
]

LENGTH_MAX: Final = 2_000
"""Characters in an expression."""
DEPTH_MAX: Final = 50
"""Levels of an expression's text (parentheses, calls, minus signs) and of its tree."""

OWN: Final = "."
"""How the question's own answer is written."""


class Fault(StrEnum):
    """What can be wrong with an expression; `PatternFault` has the rest."""

    TOO_LONG = "too_long"
    TOO_DEEP = "too_deep"
    UNEXPECTED = "unexpected"
    """What stands here fits neither the language nor what comes before."""
    INCOMPLETE = "incomplete"
    """The text ends too soon."""
    UNCLOSED_TEXT = "unclosed_text"
    NUMBER_TOO_LARGE = "number_too_large"
    UNKNOWN_FUNCTION = "unknown_function"
    UNSUPPORTED_FUNCTION = "unsupported_function"
    """ODK has it, but it means nothing here."""
    ARGUMENTS = "arguments"
    """Too few or too many for this function."""
    PATTERN_NOT_LITERAL = "pattern_not_literal"
    """The pattern of a regex() must be there to be checked."""
    NOT_LITERAL = "not_literal"
    """The name of a list or of a column must be there, in quotes."""
    # From binding on (`domain.binding`):
    UNKNOWN_NAME = "unknown_name"
    """The form has no question of this name."""
    BARE_NAME = "bare_name"
    """A name with neither `${}` nor quotes, which only conditions on choices or rows can have."""
    NOT_HERE = "not_here"
    """There is no such thing here: no own answer, nothing around, no repeat."""
    NOT_AN_ANSWER = "not_an_answer"
    """A group or a repeat where an answer is needed."""
    NOT_ROWS = "not_rows"
    """Something else where the rows of a repeat are needed."""
    MANY_ANSWERS = "many_answers"
    """The answers of all rows of a repeat where one is needed."""
    NO_CHOICES = "no_choices"
    """The question has no choices whose label could be asked for."""


class ExpressionError(ValueError):
    """Raised while a form is made, never while it is filled in.

    `position` counts characters from 0; `name` is the name that the fault is about, if any.
    """

    def __init__(self, position: int, code: Fault | PatternFault, name: str = "") -> None:
        super().__init__(f"{code.value} at {position}")
        self.position = position
        self.code = code
        self.name = name


class Start(Enum):
    """Where a path begins."""

    NAMED = "${name}"
    OWN = "."
    PARENT = ".."
    CURRENT = "current()"
    ROOT = "/"
    BARE = "name"
    """The row or the choice that a condition in brackets or a filter looks at."""
    LIST = "instance()"


@dataclass(frozen=True, slots=True)
class Step:
    """`name` of what is inside, or `..`, with the conditions behind it."""

    name: str
    conditions: tuple[Tree, ...] = ()


@dataclass(frozen=True, slots=True)
class Name:
    """`${name}`, not bound yet."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Own:
    """`.`, the question's own answer."""

    position: int


@dataclass(frozen=True, slots=True)
class Path:
    """Any other reference.

    `name` is that of NAMED and LIST and the first one of BARE and ROOT; `conditions` stand before any step.
    """

    start: Start
    name: str
    conditions: tuple[Tree, ...]
    steps: tuple[Step, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function that says where to look: what it is written with is not what it is worked out from."""

    name: str
    arguments: tuple[Tree, ...]
    position: int


Tree: TypeAlias = str | float | bool | Name | Own | Path | Call | tuple[Any, ...]
"""What was read: a literal, a reference, or a name with the trees it applies to."""


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was read, its names not bound yet."""

    source: str
    root: Tree

    def references(self) -> frozenset[str]:
        """The names that stand in it as `${name}`."""
        return frozenset(_names(self.root))


def _names(tree: Tree) -> Iterator[str]:
    if isinstance(tree, Name) or (isinstance(tree, Path) and tree.start is Start.NAMED):
        yield tree.name
    for part in _parts_of(tree):
        yield from _names(part)


def parse(source: str) -> Expression:
    """Raises ExpressionError where the text is none of the language, or beyond its limits."""
    if len(source) > LENGTH_MAX:
        raise ExpressionError(LENGTH_MAX, Fault.TOO_LONG)
    return Expression(source, _Parser(source).parse())


def find_cycle(dependencies: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Names that depend on each other in a ring, each on the next and the last on the first; else empty.

    `dependencies` are, by question, the names its expressions ask for.
    """
    cleared: set[str] = set()
    for start in dependencies:
        path = {start: iter(sorted(dependencies[start]))}
        while path:
            name, others = next(reversed(path.items()))
            other = next((other for other in others if other not in cleared), None)
            if other is None:
                cleared.add(name)
                del path[name]
            elif other in path:
                names = tuple(path)
                return names[names.index(other) :]
            else:
                path[other] = iter(sorted(dependencies.get(other, ())))
    return ()


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
      | "(?P<double>[^"]*)"
      | '(?P<single>[^']*)'
      | \$\{[ ]*(?P<reference>[^\W\d][\w.-]*)[ ]*\}
      | (?P<name>[^\W\d][\w.-]*(?::[^\W\d][\w.-]*)?)
      | (?P<symbol><=|>=|!=|\.\.|[-+*=<>(),./\[\]])""",
    re.VERBOSE,
)
_END: Final = "end"


def _tokens(source: str) -> Iterator[_Token]:
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            is_text = source[position] in "\"'"
            raise ExpressionError(position, Fault.UNCLOSED_TEXT if is_text else Fault.UNEXPECTED)
        kind = match.lastgroup or ""
        if kind != "space":
            yield _Token(kind, match[kind], position)
        position = match.end()
    yield _Token(_END, "", len(source))


_LEVELS: Final = (
    ("or",),
    ("and",),
    ("=", "!="),
    ("<", "<=", ">", ">="),
    ("+", "-"),
    ("*", "div", "mod"),
)
_LEVEL: Final = {operator: level for level, operators in enumerate(_LEVELS) for operator in operators}
_JOINED: Final = frozenset({"or", "and", "+", "*"})
"""Operators of which a run becomes one node: ("and", a, b, c)."""
_CONSTANTS: Final = {"true": True, "false": False}
_STARTS: Final = {OWN: Start.OWN, "..": Start.PARENT, "/": Start.ROOT}
_OWN_BY_DEFAULT: Final = frozenset({"string-length", "normalize-space"})
"""Functions that take the own answer where they are given nothing."""
_UNSUPPORTED: Final = frozenset(
    {"randomize", "jr:itext", "itext", "extract-signed", "geofence", "intersects", "property", "version", "last"}
)
_COUNTS: Final = {
    "jr:choice-name": (2, 2),
    "pulldata": (4, 4),
    "indexed-repeat": (3, 11),
    "once": (1, 1),
    "position": (0, 1),
    "instance": (1, 1),
    "current": (0, 0),
}
"""How many arguments those take, least and most, that are written otherwise than they stand in a tree."""


class _Parser:
    """Precedence climbing; every method leaves `_at` behind what it read."""

    def __init__(self, source: str) -> None:
        self._tokens = list(_tokens(source))
        self._at = 0
        self._depth = 0

    def parse(self) -> Tree:
        tree = self._expression(0)
        if self._next.kind != _END:
            raise self._unexpected()
        if _depth_of(tree) > DEPTH_MAX:
            raise ExpressionError(0, Fault.TOO_DEEP)
        return tree

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _takes(self, symbol: str) -> bool:
        if self._next.kind != "symbol" or self._next.text != symbol:
            return False
        self._at += 1
        return True

    def _demand(self, symbol: str) -> None:
        if not self._takes(symbol):
            raise self._unexpected()

    def _unexpected(self) -> ExpressionError:
        is_end = self._next.kind == _END
        return ExpressionError(self._next.position, Fault.INCOMPLETE if is_end else Fault.UNEXPECTED)

    def _expression(self, weakest: int) -> Tree:
        """Operands joined by operators of the level `weakest` and stronger."""
        tree = self._operand()
        node: tuple[Any, ...] = ()
        while (level := self._operator_level()) >= weakest:
            operator = self._next.text
            self._at += 1
            operand = self._expression(level + 1)
            is_longer_run = node[:1] == (operator,) and operator in _JOINED
            tree = node = (*node, operand) if is_longer_run else (operator, tree, operand)
        return tree

    def _operator_level(self) -> int:
        token = self._next
        return _LEVEL.get(token.text, -1) if token.kind in ("symbol", "name") else -1

    def _operand(self) -> Tree:
        token = self._next
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise ExpressionError(token.position, Fault.TOO_DEEP)
        tree = self._read_operand(token)
        self._depth -= 1
        return tree

    def _read_operand(self, token: _Token) -> Tree:
        if self._takes("-"):
            return ("neg", self._operand())
        if self._takes("("):
            tree = self._expression(0)
            self._demand(")")
            return tree
        if token.kind == "symbol" and token.text in _STARTS:
            self._at += 1
            start = _STARTS[token.text]
            return self._path(start, self._name() if start is Start.ROOT else "", token)
        if token.kind not in ("number", "double", "single", "reference", "name"):
            raise self._unexpected()
        self._at += 1
        match token.kind:
            case "number":
                return _read_number(token)
            case "reference":
                return self._path(Start.NAMED, token.text, token)
            case "name":
                return self._call(token) if self._takes("(") else self._bare(token)
            case _:
                return token.text

    def _bare(self, token: _Token) -> Tree:
        if token.text in _LEVEL:
            raise ExpressionError(token.position, Fault.UNEXPECTED)
        return self._path(Start.BARE, token.text, token)

    def _name(self) -> str:
        token = self._next
        if token.kind != "name":
            raise self._unexpected()
        self._at += 1
        return token.text

    def _path(self, start: Start, name: str, token: _Token) -> Name | Own | Path:
        conditions = self._conditions()
        steps = []
        while self._takes("/"):
            if self._takes("."):
                continue
            steps.append(Step(".." if self._takes("..") else self._name(), self._conditions()))
        if not conditions and not steps:
            if start is Start.NAMED:
                return Name(name, token.position)
            if start is Start.OWN:
                return Own(token.position)
        return Path(start, name, conditions, tuple(steps), token.position)

    def _conditions(self) -> tuple[Tree, ...]:
        conditions = []
        while self._takes("["):
            conditions.append(self._expression(0))
            self._demand("]")
        return tuple(conditions)

    def _call(self, name: _Token) -> Tree:
        """The rest of a call, from behind the parenthesis."""
        function = FUNCTIONS.get(name.text)
        if name.text in _UNSUPPORTED:
            raise ExpressionError(name.position, Fault.UNSUPPORTED_FUNCTION, name.text)
        if function is None and name.text not in _CONSTANTS and name.text not in _COUNTS:
            raise ExpressionError(name.position, Fault.UNKNOWN_FUNCTION, name.text)
        arguments: list[Tree] = []
        starts: list[int] = []
        while not self._takes(")"):
            if arguments and not self._takes(","):
                raise self._unexpected()
            starts.append(self._next.position)
            arguments.append(self._expression(0))
        if name.text in _OWN_BY_DEFAULT and not arguments:
            arguments.append(Own(name.position))
        if not _accepts(name.text, len(arguments)):
            raise ExpressionError(name.position, Fault.ARGUMENTS, name.text)
        return self._made(name, arguments, starts)

    def _made(self, name: _Token, arguments: list[Tree], starts: list[int]) -> Tree:
        match name.text:
            case "true" | "false":
                return _CONSTANTS[name.text]
            case "current":
                return self._path(Start.CURRENT, "", name)
            case "instance":
                return self._path(Start.LIST, _literal(arguments[0], starts[0]), name)
            case "regex":
                return ("regex", arguments[0], _read_pattern(arguments[1], starts[1]))
            case "pulldata":
                arguments[:3] = map(_literal, arguments[:3], starts)
            case "jr:choice-name":
                arguments[1] = _quoted_path(arguments[1], starts[1])
            case "indexed-repeat" if not all(
                isinstance(path, (Name, Path)) for path in (arguments[0], *arguments[1::2])
            ):
                raise ExpressionError(name.position, Fault.NOT_ROWS)
        if name.text in _COUNTS:
            return Call(name.text, tuple(arguments), name.position)
        return (name.text, *arguments)


def _accepts(name: str, count: int) -> bool:
    if name in _CONSTANTS:
        return count == 0
    if name in _COUNTS:
        least, most = _COUNTS[name]
        return least <= count <= most and (name != "indexed-repeat" or count % 2 == 1)
    return FUNCTIONS[name].accepts(count)


def _literal(tree: Tree, position: int) -> str:
    if not isinstance(tree, str) or not tree:
        raise ExpressionError(position, Fault.NOT_LITERAL)
    return tree


def _quoted_path(tree: Tree, position: int) -> Name | Path:
    """The question of a jr:choice-name(), which stands in quotes."""
    path = parse(_literal(tree, position)).root if isinstance(tree, str) else tree
    if not isinstance(path, (Name, Path)):
        raise ExpressionError(position, Fault.NOT_LITERAL)
    return replace(path, position=position)


def _read_number(token: _Token) -> float:
    """A whole number is an int, so that JSON writes it as short as it was."""
    number = float(token.text)
    if number == float("inf"):
        raise ExpressionError(token.position, Fault.NUMBER_TOO_LARGE)
    return int(number) if number.is_integer() else number


def _read_pattern(pattern: Tree, position: int) -> str:
    if not isinstance(pattern, str):
        raise ExpressionError(position, Fault.PATTERN_NOT_LITERAL)
    try:
        return read_pattern(pattern)
    except PatternError as error:
        raise ExpressionError(position + 1 + error.position, error.code) from None


def _depth_of(tree: Tree) -> int:
    depth, level = 0, [tree]
    while level:
        depth += 1
        level = [part for node in level for part in _parts_of(node)]
    return depth


def _parts_of(tree: Tree) -> Iterator[Tree]:
    if isinstance(tree, tuple):
        yield from tree[1:]
    elif isinstance(tree, Call):
        yield from tree.arguments
    elif isinstance(tree, Path):
        yield from tree.conditions
        for step in tree.steps:
            yield from step.conditions
