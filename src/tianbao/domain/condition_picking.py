"""A condition that is picked instead of typed: rows of question, comparison and value, which all or any must hold.

The designer shows an expression as rows if it can be read so, and writes rows back as an expression;
`pick_condition(write_condition(picked)) == picked`. Whatever else the language can say stays text. Must not know:
forms (only names), screens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from tianbao.domain.expressions import OWN, ExpressionError, Name, Own, parse


class Joined(StrEnum):
    """How many of the rows must hold."""

    ALL = "all"
    ANY = "any"


class Comparison(StrEnum):
    """What a row says of the answer."""

    IS = "is"
    IS_NOT = "is_not"
    INCLUDES = "includes"
    """Among the several choices that were ticked."""
    INCLUDES_NOT = "includes_not"
    LESS = "less"
    AT_MOST = "at_most"
    MORE = "more"
    AT_LEAST = "at_least"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"


class ValueType(StrEnum):
    """What kind of thing an answer is compared with."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    TODAY = "today"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class PickedRow:
    """`question` is a name, or "." for the question's own answer.

    `value` is as typed: a choice's name, a number, a date as YYYY-MM-DD; empty for TODAY and NOTHING.
    """

    question: str
    comparison: Comparison
    value: str = ""
    value_type: ValueType = ValueType.TEXT


@dataclass(frozen=True, slots=True)
class Picked:
    """At least one row."""

    rows: tuple[PickedRow, ...]
    joined: Joined = Joined.ALL


_SYMBOLS: Final = {
    Comparison.IS: "=",
    Comparison.IS_NOT: "!=",
    Comparison.LESS: "<",
    Comparison.AT_MOST: "<=",
    Comparison.MORE: ">",
    Comparison.AT_LEAST: ">=",
}
_COMPARISONS: Final = {symbol: comparison for comparison, symbol in _SYMBOLS.items()}
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def write_condition(picked: Picked) -> str:
    """The expression. Raises ValueError for a value that none can hold."""
    word = " and " if picked.joined is Joined.ALL else " or "
    return word.join(_write_row(row) for row in picked.rows)


def pick_condition(source: str) -> Picked | None:
    """The rows of an expression; None if it is more than rows can say, or no expression at all."""
    try:
        tree: Any = parse(source).root
    except ExpressionError:
        return None
    joined, parts = Joined.ALL, (tree,)
    if isinstance(tree, tuple) and tree[0] in ("and", "or"):
        joined = Joined.ANY if tree[0] == "or" else Joined.ALL
        parts = tree[1:]
    rows = tuple(filter(None, map(_read_row, parts)))
    return Picked(rows, joined) if len(rows) == len(parts) else None


def _write_row(row: PickedRow) -> str:
    answer = OWN if row.question == OWN else f"${{{row.question}}}"
    match row.comparison:
        case Comparison.ANSWERED:
            return f"{answer} != ''"
        case Comparison.UNANSWERED:
            return f"{answer} = ''"
        case Comparison.INCLUDES:
            return f"selected({answer}, {_quoted(row.value)})"
        case Comparison.INCLUDES_NOT:
            return f"not(selected({answer}, {_quoted(row.value)}))"
        case comparison:
            return f"{answer} {_SYMBOLS[comparison]} {_write_value(row)}"


def _write_value(row: PickedRow) -> str:
    match row.value_type:
        case ValueType.NUMBER:
            if not _NUMBER.fullmatch(row.value):
                raise ValueError(row.value)
            return row.value
        case ValueType.DATE:
            if not _ISO_DATE.fullmatch(row.value):
                raise ValueError(row.value)
            return f"date('{row.value}')"
        case ValueType.TODAY:
            return "today()"
        case _:
            return _quoted(row.value)


def _quoted(text: str) -> str:
    """A literal; the language has no way to write one that holds both kinds of quotes."""
    if "'" not in text:
        return f"'{text}'"
    if '"' in text:
        raise ValueError(text)
    return f'"{text}"'


def _read_row(tree: Any) -> PickedRow | None:
    match tree:
        case ("selected", (Name() | Own()) as answer, str(value)):
            return PickedRow(_question(answer), Comparison.INCLUDES, value)
        case ("not", ("selected", (Name() | Own()) as answer, str(value))):
            return PickedRow(_question(answer), Comparison.INCLUDES_NOT, value)
        case ("!=", (Name() | Own()) as answer, ""):
            return PickedRow(_question(answer), Comparison.ANSWERED, "", ValueType.NOTHING)
        case ("=", (Name() | Own()) as answer, ""):
            return PickedRow(_question(answer), Comparison.UNANSWERED, "", ValueType.NOTHING)
        case (("=" | "!=" | "<" | "<=" | ">" | ">=") as symbol, (Name() | Own()) as answer, value):
            read = _read_value(value)
            return PickedRow(_question(answer), _COMPARISONS[symbol], *read) if read else None
        case _:
            return None


def _read_value(tree: Any) -> tuple[str, ValueType] | None:
    match tree:
        case bool():
            return None
        case str(text):
            return text, ValueType.TEXT
        case int() | float():
            return _plain(tree), ValueType.NUMBER
        case ("neg", (int() | float()) as number) if not isinstance(number, bool):
            return f"-{_plain(number)}", ValueType.NUMBER
        case ("date", str(text)) if _ISO_DATE.fullmatch(text):
            return text, ValueType.DATE
        case ("today",):
            return "", ValueType.TODAY
        case _:
            return None


def _plain(number: float) -> str:
    """A number without an exponent."""
    return format(Decimal(repr(number)), "f")


def _question(answer: Name | Own) -> str:
    return answer.name if isinstance(answer, Name) else OWN
