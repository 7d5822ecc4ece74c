"""The values of expressions and how one kind is read as another, as XPath 1.0 and ODK have it.

Below `domain.functions` and `domain.evaluation`; the page's `expressions.js` converts alike, held to the same
vectors. Must not know: trees, rows, how an answer came about.

Values are XPath 1.0's str, float and bool. An answer is its string-value, as in the ODK XForms spec ("node values
are always stored and obtained as strings"): missing is '', a number is written as below, the choices of a
select_multiple stand with spaces between them, an acknowledgement is 'OK', a place its text, a file its name. So
`${x} = true()` asks whether x is answered, and 'false' and '0' are true.

- to boolean (XPath §4.3): a number unless it is 0 or NaN; a string unless it is ''.
- to number (XPath §4.4): white space, perhaps `-`, digits with perhaps a point; no `+`, exponent or comma. A date
  is its days since 1970-01-01 (2020-02-01 = 18293), a date with a time its day and the part of the day that the
  clock shows (T06:00 = .25); `domain.dates` says more. true() is 1. Anything else, '' too, is NaN, which is neither
  less, equal nor greater than anything.
- to string (XPath §4.2): 3, never 3.0; NaN, Infinity, -Infinity; true, false. Below 1e-6 and from 1e21 with an
  exponent, as ECMAScript writes it (XPath would write out all zeros).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

from tianbao.domain.dates import count_day, read_days

Value: TypeAlias = str | float | bool

ACKNOWLEDGED: Final = "OK"
"""What an acknowledgement is to an expression; ODK's word."""

_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")


def write_answer(answer: Any) -> str:
    """An answer as its string-value."""
    if isinstance(answer, list):
        return " ".join([part for part in answer if isinstance(part, str)])
    if answer is None or answer is False:
        return ""
    if answer is True:
        return ACKNOWLEDGED
    if isinstance(answer, float):
        return write_number(answer)
    if isinstance(answer, Mapping):
        return write_answer(answer.get("text", answer.get("name")))
    return str(answer)


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


def trim(text: str) -> str:
    """Without XPath's white space (§3.7) at either end."""
    return text.strip(" \t\r\n")


def read_number(text: str) -> float:
    if (
        len(text) == 10 and text[4] == text[7] == "-"
    ):  # a date, as most texts are that an expression asks as a number
        return count_day(text)
    text = trim(text)
    return float(text) if _NUMBER.fullmatch(text) else read_days(text)


def to_boolean(value: Value) -> bool:
    return bool(value) and value == value  # NaN differs from itself


def to_number(value: Value) -> float:
    return read_number(value) if isinstance(value, str) else float(value)


def to_string(value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return write_number(value)


CONVERSIONS: Final[Mapping[type, Callable[[Any], Any]]] = {bool: to_boolean, float: to_number, str: to_string}
