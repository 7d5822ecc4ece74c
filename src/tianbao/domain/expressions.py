"""The expression language of forms, in which conditions are written: text read into a tree.

It is XLSForm's: XPath 1.0's operators and literals, ODK's functions, `${name}` for an answer and `.` for the
question's own. Text is read once, when a form is published; from then on the tree is what the server compiles
(`domain.evaluation`, which says what each tree means) and what the page carries. Must not know: forms,
submissions, who wrote the text.

Grammar (XPath 1.0 §3, weakest first, all from the left; a run of `or`, `and`, `+` or `*` is one node):
    or | and | = != | < <= > >= | + - | * div mod | unary - | literal, ${name}, ., (…), function(…)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

from tianbao.domain import evaluation
from tianbao.domain.evaluation import FUNCTIONS, Scope, Value
from tianbao.domain.patterns import PatternError, PatternFault, read_pattern

__all__ = [
    "DEPTH_MAX",
    "LENGTH_MAX",
    "Expression",
    "ExpressionError",
    "Fault",
    "Scope",
    "Value",
    "compile_condition",
    "compile_value",
    "find_cycle",
    "parse",
]

LENGTH_MAX: Final = 2_000
"""Characters in an expression."""
DEPTH_MAX: Final = 50
"""Levels of an expression's text (parentheses, calls, minus signs) and of its tree."""
OWN: Final = "."
"""The name under which a scope holds the answer of the question that the expression belongs to."""


class Fault(StrEnum):
    """What can be wrong with the text of an expression; `PatternFault` has the rest."""

    TOO_LONG = "too_long"
    TOO_DEEP = "too_deep"
    UNEXPECTED = "unexpected"
    """What stands here fits neither the language nor what comes before."""
    INCOMPLETE = "incomplete"
    """The text ends too soon."""
    UNCLOSED_TEXT = "unclosed_text"
    NUMBER_TOO_LARGE = "number_too_large"
    UNKNOWN_FUNCTION = "unknown_function"
    ARGUMENTS = "arguments"
    """Too few or too many for this function."""
    PATTERN_NOT_LITERAL = "pattern_not_literal"
    """The pattern of a regex() must be there to be checked."""
    UNKNOWN_NAME = "unknown_name"
    """The form has no question of this name; from binding on (`domain.binding`)."""
    BARE_NAME = "bare_name"
    """A name with neither `${}` nor quotes, which only a filter of choices can have."""
    NOT_HERE = "not_here"
    """There is no such thing here: no own answer, no repeat around."""
    NOT_AN_ANSWER = "not_an_answer"
    """A group or a repeat where an answer is needed, or the other way round."""
    MANY_ANSWERS = "many_answers"
    """The answers of all rows of a repeat where one is needed."""


class ExpressionError(ValueError):
    """Raised while a form is made, never while it is filled in.

    `position` counts characters from 0; `name` is the name that the fault is about, if any.
    """

    def __init__(self, position: int, code: Fault | PatternFault, name: str = "") -> None:
        super().__init__(f"{code.value} at {position}")
        self.position = position
        self.code = code
        self.name = name


@dataclass(frozen=True, slots=True)
class Name:
    """`${name}` in a tree that was read and is not bound yet."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Own:
    """`.`, the question's own answer."""

    position: int


@dataclass(frozen=True, slots=True)
class Column:
    """A bare name: a column of the choices that are being filtered."""

    name: str
    position: int


Tree: TypeAlias = str | float | bool | Name | Own | Column | tuple[Any, ...]
"""What was read: a literal, a reference, or a name with the trees it applies to."""


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was read. `root` is its tree (domain.evaluation)."""

    source: str
    root: Tree

    def tree(self) -> Any:
        """The tree as JSON has it: nested lists."""
        return _listed(_by_name(self.root))

    def references(self) -> frozenset[str]:
        """The names of the questions it asks for; its own (`.`) is not one of them."""
        return frozenset(_references(_by_name(self.root))) - {OWN}


def _by_name(tree: Tree) -> Any:
    """The tree as `Scope` knows it, which looks names up when it is evaluated."""
    match tree:
        case Name(name) | Column(name):
            return ("$", name)
        case Own():
            return ("$", OWN)
        case tuple():
            return tuple(map(_by_name, tree))
        case _:
            return tree


def _listed(tree: Any) -> Any:
    return [_listed(part) for part in tree] if isinstance(tree, tuple) else tree


def _references(tree: Any) -> Iterator[str]:
    if isinstance(tree, tuple):
        if tree[0] == "$":
            yield tree[1]
        else:
            for part in tree[1:]:
                yield from _references(part)


def parse(source: str) -> Expression:
    """Raises ExpressionError where the text is none of the language, or beyond its limits."""
    if len(source) > LENGTH_MAX:
        raise ExpressionError(LENGTH_MAX, Fault.TOO_LONG)
    return Expression(source, _Parser(source).parse())


def compile_condition(expression: Expression) -> Callable[[Scope], bool]:
    """Whether it holds for the answers in a scope."""
    return evaluation.compile_condition(_by_name(expression.root))


def compile_value(expression: Expression) -> Callable[[Scope], Value]:
    """What it comes to for the answers in a scope."""
    return evaluation.compile_value(_by_name(expression.root))


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
      | (?P<symbol><=|>=|!=|[-+*=<>(),.])""",
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
            if not self._takes(")"):
                raise self._unexpected()
            return tree
        if self._takes(OWN):
            return Own(token.position)
        if token.kind not in ("number", "double", "single", "reference", "name"):
            raise self._unexpected()
        self._at += 1
        match token.kind:
            case "number":
                return _read_number(token)
            case "reference":
                return Name(token.text, token.position)
            case "name":
                return self._call(token)
            case _:
                return token.text

    def _call(self, name: _Token) -> Tree:
        if not self._takes("("):
            if name.text in _LEVEL:
                raise ExpressionError(name.position, Fault.UNEXPECTED)
            return Column(name.text, name.position)
        function = FUNCTIONS.get(name.text)
        if function is None and name.text not in _CONSTANTS:
            raise ExpressionError(name.position, Fault.UNKNOWN_FUNCTION)
        arguments: list[Tree] = []
        starts: list[int] = []
        while not self._takes(")"):
            if arguments and not self._takes(","):
                raise self._unexpected()
            starts.append(self._next.position)
            arguments.append(self._expression(0))
        if not (function.accepts(len(arguments)) if function else not arguments):
            raise ExpressionError(name.position, Fault.ARGUMENTS)
        if function is None:
            return _CONSTANTS[name.text]
        if name.text == "regex":
            arguments[1] = _read_pattern(arguments[1], starts[1])
        return (name.text, *arguments)


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
        level = [part for node in level if isinstance(node, tuple) for part in node[1:]]
    return depth
