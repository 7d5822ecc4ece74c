"""What an expression means: its tree compiled into a closure over the answers.

`domain.expressions` reads the text and hands the tree on; `domain.validation` runs the closure for every
submission, so this is hot. The page's `expressions.js` gives the same tree the same meaning, held to the same
vectors. Must not know: how an expression is written, what a question is.

A tree is a literal (str, number, bool) or a tuple of a name and the trees it applies to. ("$", name) is an
answer; ("neg", x) the unary minus.

Values are XPath 1.0's str, float and bool; there are no node-sets. An answer is its string-value, as in the ODK
XForms spec ("node values are always stored and obtained as strings"): missing is '', a number is written as
below, the choices of a select_multiple stand with spaces between them, an acknowledgement is 'OK', a place its
text. So `${x} = true()` asks whether x is answered, and 'false' and '0' are true.

- to boolean (XPath §4.3): a number unless it is 0 or NaN; a string unless it is ''.
- to number (XPath §4.4): white space, perhaps `-`, digits with perhaps a point; no `+`, exponent or comma. By
  ODK's number() a date is its days since 1970-01-01 (2020-02-01 = 18293; years 1000 to 9999, no time zone).
  true() is 1. Anything else, '' too, is NaN, which is neither less, equal nor greater than anything.
- to string (XPath §4.2): 3, never 3.0; NaN, Infinity, -Infinity; true, false. Below 1e-6 and from 1e21 with an
  exponent, as ECMAScript writes it (XPath would write out all zeros).
- `=` and `!=` (XPath §3.4): as booleans if one side is one; else as numbers if one side is one; else as
  strings. `< <= > >=` always compare numbers. There is no tolerance: 0.1 + 0.2 != 0.3.
- `mod` takes the sign of its left side; `div` by 0 gives an infinity or NaN (XPath §3.5).
- `round(x, places)` rounds what one would read (1.005 to 2 places is 1.01), halves towards infinity (XPath
  §4.4), as ODK Collect does; `int` cuts off. Neither gives -0.
- `string-length` counts characters (code points), not UTF-16 units.
- `selected('', '')` is true, as in ODK: nothing is selected.
- `regex` matches the whole text, in the notation of `domain.patterns`; a text longer than its limit does not.
- `if` keeps the type of what it returns; `coalesce` returns a string.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from tianbao.domain.forms import Choice, text_in
from tianbao.domain.patterns import SUBJECT_LENGTH_MAX

Value: TypeAlias = str | float | bool
Tree: TypeAlias = str | float | bool | tuple[Any, ...]

ACKNOWLEDGED: Final = "OK"
"""What an acknowledgement is to an expression; ODK's word."""
PLACES_MAX: Final = 30
"""Decimal places to which round() rounds; beyond them the result is NaN."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When an expression is worked out, and where its random numbers come from.

    `now` has the time zone of the installation; `random` gives numbers from 0 to below 1.
    """

    now: datetime
    random: Callable[[], float]

    @property
    def today(self) -> date:
        return self.now.date()


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


class Scope:
    """The answers an expression sees: those of its own level, then those of the levels around it.

    `names` are the questions of this level. They hide the same names further out even while unanswered: a
    companion without a document must not be taken to carry the registrant's.
    """

    __slots__ = ("answers", "names", "outer")

    def __init__(
        self, answers: Mapping[str, Any], outer: Scope | None = None, names: frozenset[str] = frozenset()
    ) -> None:
        self.answers = answers
        self.outer = outer
        self.names = names

    def get(self, name: str) -> Any:
        """The answer, or None."""
        answer = self.answers.get(name)
        if answer is None and self.outer is not None and name not in self.names:
            return self.outer.get(name)
        return answer


_Code: TypeAlias = Callable[[Any], Any]
_Typed: TypeAlias = tuple[_Code, type]
"""A closure and the type of what it returns: str, float, bool, or object where only the run tells."""


Lists: TypeAlias = Mapping[str, Sequence[Choice]]


def compile_condition(tree: Tree, lists: Lists = MappingProxyType({})) -> Callable[[Any], bool]:
    """A bound tree's value as a boolean."""
    return _convert(_compile(tree), bool)


def compile_value(tree: Tree, lists: Lists = MappingProxyType({})) -> Callable[[Any], Value]:
    """A bound tree's value, of whatever type it is."""
    return _compile(tree)[0]


def compile_filter(tree: Tree, lists: Lists = MappingProxyType({})) -> Callable[[Row, Choice], bool]:
    """Whether a choice is offered, by a tree that was bound as a filter: the choice is a row inside the row."""
    holds = compile_condition(tree, lists)

    def offers(row: Row, choice: Choice) -> bool:
        columns = {**choice.columns, "name": choice.name, "label": text_in(choice.label, "")}
        return holds(Row(columns, row, {}, 0, row.moment))

    return offers


def write_answer(answer: Any) -> str:
    """An answer as its string-value."""
    if answer is None or answer is False:
        return ""
    if answer is True:
        return ACKNOWLEDGED
    if isinstance(answer, (str, int)):
        return str(answer)
    if isinstance(answer, float):
        return write_number(answer)
    if isinstance(answer, Mapping):
        return write_answer(answer.get("text"))
    return " ".join(part for part in answer if isinstance(part, str))


def write_number(number: float) -> str:
    """A number as a string, as ECMAScript's Number::toString writes it."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number.is_integer() and abs(number) < 1e16:
        return str(int(number))
    digits, _, exponent = repr(number).partition("e")
    if not exponent:
        return digits
    if 1e-6 <= abs(number) < 1e21:
        return format(Decimal(repr(number)), "f")
    return f"{digits}e{int(exponent):+d}"


_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_DATE = re.compile(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}")
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


def _trim(text: str) -> str:
    return text.strip(" \t\r\n")


def _read_number(text: str) -> float:
    text = _trim(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    if _DATE.fullmatch(text):
        try:
            return float(date.fromisoformat(text).toordinal() - _EPOCH_DAY)
        except ValueError:
            return math.nan
    return math.nan


def _to_boolean(value: Value) -> bool:
    return bool(value) and value == value  # NaN differs from itself


def _to_number(value: Value) -> float:
    return _read_number(value) if isinstance(value, str) else float(value)


def _to_string(value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return write_number(value)


_CONVERT: Final[dict[type, Callable[[Any], Any]]] = {bool: _to_boolean, float: _to_number, str: _to_string}


def _divide(dividend: float, divisor: float) -> float:
    if divisor:
        return dividend / divisor
    if not dividend or math.isnan(dividend):
        return math.nan
    return math.copysign(math.inf, dividend) * math.copysign(1.0, divisor)


def _remainder(dividend: float, divisor: float) -> float:
    return math.fmod(dividend, divisor) if divisor and math.isfinite(dividend) else math.nan


def _round(number: float, places: float = 0.0) -> float:
    if not math.isfinite(number):
        return number
    if not abs(places) < PLACES_MAX + 1:
        return math.nan
    shifted = _shift(number, math.trunc(places))
    if not math.isfinite(shifted):
        return math.nan
    whole = math.floor(shifted)
    return _shift(float(whole + (shifted - whole >= 0.5)), -math.trunc(places)) + 0.0


def _shift(number: float, places: int) -> float:
    """The number with its decimal point moved in writing, so that 1.005 becomes 100.5 and not 100.49999…"""
    digits, _, exponent = repr(number).partition("e")
    return float(f"{digits}e{int(exponent or 0) + places}")


def _truncate(number: float) -> float:
    return float(math.trunc(number)) if math.isfinite(number) else number


def _matches(text: str, pattern: str) -> bool:
    return len(text) <= SUBJECT_LENGTH_MAX and re.fullmatch(pattern, text) is not None


@dataclass(frozen=True, slots=True)
class Function:
    """A function by what it takes; `object` takes any value as it is.

    `required` counts the arguments that must be there (all where None); with `repeats` the last may be given
    more than once.
    """

    call: Callable[..., Value]
    returns: type
    takes: tuple[type, ...]
    required: int | None = None
    repeats: bool = False

    def accepts(self, count: int) -> bool:
        required = len(self.takes) if self.required is None else self.required
        return count >= required and (self.repeats or count <= len(self.takes))


FUNCTIONS: Final[Mapping[str, Function]] = {
    "coalesce": Function(lambda first, second: first or second, str, (str, str)),
    "concat": Function(lambda *texts: "".join(texts), str, (str,), repeats=True),
    "contains": Function(lambda text, part: part in text, bool, (str, str)),
    "count-selected": Function(lambda chosen: float(sum(map(bool, chosen.split(" ")))), float, (str,)),
    "if": Function(
        lambda condition, then, otherwise: then if condition else otherwise, object, (bool, object, object)
    ),
    "int": Function(_truncate, float, (float,)),
    "not": Function(operator.not_, bool, (bool,)),
    "number": Function(lambda number: number, float, (float,)),
    "regex": Function(_matches, bool, (str, str)),
    "round": Function(_round, float, (float, float), required=1),
    "selected": Function(lambda chosen, name: _trim(name) in chosen.split(" "), bool, (str, str)),
    "starts-with": Function(str.startswith, bool, (str, str)),
    "string": Function(lambda text: text, str, (str,)),
    "string-length": Function(lambda text: float(len(text)), float, (str,)),
}
"""The functions by name; `true()` and `false()` are literals by the time a tree is made."""

_OPERATORS: Final[Mapping[str, Function]] = {
    "+": Function(lambda *terms: reduce(operator.add, terms), float, (float,), repeats=True),
    "*": Function(lambda *factors: reduce(operator.mul, factors), float, (float,), repeats=True),
    "-": Function(operator.sub, float, (float, float)),
    "div": Function(_divide, float, (float, float)),
    "mod": Function(_remainder, float, (float, float)),
    "neg": Function(operator.neg, float, (float,)),
    "<": Function(operator.lt, bool, (float, float)),
    "<=": Function(operator.le, bool, (float, float)),
    ">": Function(operator.gt, bool, (float, float)),
    ">=": Function(operator.ge, bool, (float, float)),
}


def _compile(tree: Tree) -> _Typed:
    if not isinstance(tree, tuple):
        value = tree if isinstance(tree, (str, bool)) else float(tree)
        return lambda scope: value, type(value)
    name, *parts = tree
    if name == "$":
        return (_compile_name(*parts) if len(parts) == 1 else _compile_answer(*parts)), str
    if name in ("and", "or"):
        return _compile_junction(name == "and", parts), bool
    if name in ("=", "!="):
        return _compile_equality(operator.eq if name == "=" else operator.ne, *parts), bool
    function = _OPERATORS.get(name) or FUNCTIONS[name]
    return _compile_call(function, parts), function.returns


def _convert(typed: _Typed, wanted: type) -> _Code:
    code, given = typed
    if wanted in (given, object):
        return code
    convert = _CONVERT[wanted]
    return lambda scope: convert(code(scope))


def _compile_answer(up: int, path: str) -> _Code:
    def read(row: Row) -> str:
        answer = row.values.get(path)
        return answer if type(answer) is str else write_answer(answer)

    def read_outside(row: Row) -> str:
        for _ in range(up):
            row = row.outer  # type: ignore[assignment]  # binding counted the levels
        answer = row.values.get(path)
        return answer if type(answer) is str else write_answer(answer)

    return read_outside if up else read


def _compile_name(name: str) -> _Code:
    def read(scope: Scope) -> str:
        answer = scope.get(name)
        return answer if type(answer) is str else write_answer(answer)

    return read


def _compile_junction(is_and: bool, parts: list[Tree]) -> _Code:
    """Evaluates until the first part that decides: a false one of an `and`, a true one of an `or`."""
    codes = [_convert(_compile(part), bool) for part in parts]
    if len(codes) == 2:
        first, second = codes
        if is_and:
            return lambda scope: first(scope) and second(scope)
        return lambda scope: first(scope) or second(scope)
    decide = all if is_and else any
    return lambda scope: decide(code(scope) for code in codes)


def _compile_equality(compare: Callable[[Value, Value], bool], left: Tree, right: Tree) -> _Code:
    typed = _compile(left), _compile(right)
    types = [given for _, given in typed]
    if object in types and bool not in types:
        return _compile_late_equality(compare, *(code for code, _ in typed))
    common = _common_type(types)
    first, second = (_convert(each, common) for each in typed)
    return lambda scope: compare(first(scope), second(scope))


def _compile_late_equality(compare: Callable[[Value, Value], bool], first: _Code, second: _Code) -> _Code:
    def equal(scope: Scope) -> bool:
        values = first(scope), second(scope)
        convert = _CONVERT[_common_type([type(value) for value in values])]
        return compare(*map(convert, values))

    return equal


def _common_type(types: list[type]) -> type:
    return bool if bool in types else float if float in types else str


def _compile_call(function: Function, parts: list[Tree]) -> _Code:
    wanted = [*function.takes, *function.takes[-1:] * len(parts)]
    codes = [_convert(_compile(part), kind) for part, kind in zip(parts, wanted, strict=False)]
    call = function.call
    if len(codes) == 1:
        (only,) = codes
        return lambda scope: call(only(scope))
    if len(codes) == 2:
        first, second = codes
        return lambda scope: call(first(scope), second(scope))
    return lambda scope: call(*[code(scope) for code in codes])
