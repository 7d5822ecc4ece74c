"""The functions and plain operators of expressions: what each takes and what it does with it.

Called by the closures of `domain.evaluation`; `page/expressions.js` has the same ones, held to the same vectors.
The reference is ODK's (docs.getodk.org/form-operators-functions); docs/expressions.md says where we chose. Must not
know: trees, rows, questions.

- `mod` takes the sign of its left side; `div` by 0 gives an infinity or NaN (XPath §3.5). There is no tolerance:
  0.1 + 0.2 != 0.3.
- `round(x, places)` rounds what one would read (1.005 to 2 places is 1.01), halves towards infinity (XPath §4.4),
  as ODK Collect does; `int` cuts off. Neither gives -0.
- Characters are code points, not UTF-16 units.
- `selected('', '')` is true, as in ODK: nothing is selected.
- `regex` matches the whole text, in the notation of `domain.patterns`; a text longer than its limit does not.
- `sum`, `min` and `max` pass over what is no number, `count` does not.
- A text that a function makes is cut off at TEXT_LENGTH_MAX characters.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from typing import Final

from tianbao.domain import dates, geo
from tianbao.domain.dates import Moment
from tianbao.domain.patterns import SUBJECT_LENGTH_MAX
from tianbao.domain.values import Value, to_boolean, to_number, to_string, trim

PLACES_MAX: Final = 30
"""Decimal places to which round() rounds; beyond them the result is NaN."""
TEXT_LENGTH_MAX: Final = 10_000
"""Characters of a text that concat(), join() or translate() makes; beyond them it is cut off."""
UUID_LENGTH_MAX: Final = 100
"""Characters of uuid(length); more are not made."""


class Needs(Enum):
    """What a function gets before its arguments."""

    NOTHING = "nothing"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Function:
    """A function by what it takes; `object` takes any value as it is, `list` the answers of many rows or one value.

    `required` counts the arguments that must be there (all where None); with `repeats` the last may be given
    more than once, and `step` is what the arguments come by. What a `list` has reaches `call` one by one.
    """

    call: Callable[..., Value]
    returns: type
    takes: tuple[type, ...] = ()
    required: int | None = None
    repeats: bool = False
    step: int = 1
    needs: Needs = Needs.NOTHING

    def accepts(self, count: int) -> bool:
        required = len(self.takes) if self.required is None else self.required
        return count >= required and (self.repeats or count <= len(self.takes)) and count % self.step == 0

    def kinds(self, count: int) -> list[type]:
        """What each of so many arguments is taken as."""
        return [*self.takes, *self.takes[-1:] * count][:count]


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


def _whole(number: float) -> int:
    """As an index: NaN is 0, and what is beyond all texts stays there."""
    return 0 if math.isnan(number) else math.trunc(max(-1e9, min(number, 1e9)))


def _power(base: float, exponent: float) -> float:
    if not math.isfinite(exponent) and abs(base) == 1:
        return math.nan
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.copysign(math.inf, base) if exponent % 2 == 1 else math.inf
    except ValueError:  # 0 to a negative power, or an even root of a negative number
        if base:
            return math.nan
        return math.copysign(math.inf, base) if exponent % 2 == 1 else math.inf


def _mathematical(calculate: Callable[..., float]) -> Callable[..., float]:
    """NaN outside the domain of a function and infinity beyond its range, as IEEE 754 has it."""

    def call(*numbers: float) -> float:
        try:
            return calculate(*numbers)
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf

    return call


def _logarithm(calculate: Callable[[float], float]) -> Callable[[float], float]:
    within = _mathematical(calculate)
    return lambda number: within(number) if number else -math.inf


def _numbers(values: tuple[Value, ...]) -> list[float]:
    return [number for value in values if (number := to_number(value)) == number]


def _coalesce(first: Value, second: Value) -> Value:
    return second if first == "" or first != first else first


def _matches(text: str, pattern: str) -> bool:
    return len(text) <= SUBJECT_LENGTH_MAX and re.fullmatch(pattern, text) is not None


def _join(separator: str, *values: Value) -> str:
    return separator.join(map(to_string, values))[:TEXT_LENGTH_MAX]


def _words(text: str) -> list[str]:
    return [word for word in text.split(" ") if word]


def _word_at(text: str, index: float) -> str:
    words = _words(text)
    at = _whole(index)
    return words[at] if 0 <= at < len(words) else ""


def _substring(text: str, start: float, end: float = math.inf) -> str:
    return text[_whole(start) : _whole(end)]


def _after(text: str, part: str) -> str:
    return text.partition(part)[2] if part else text


def _before(text: str, part: str) -> str:
    return text.partition(part)[0] if part and part in text else ""


def _translate(text: str, given: str, wanted: str) -> str:
    table: dict[str, str] = {}
    for index, character in enumerate(given):
        table.setdefault(character, wanted[index : index + 1])
    return "".join(table.get(character, character) for character in text)


def _normalize(text: str) -> str:
    return re.sub("[ \t\r\n]+", " ", trim(text))


def _is_yes(value: Value) -> bool:
    return value == "yes" if isinstance(value, str) else to_boolean(value)


def _is_within(least: float, total: float, most: float) -> bool:
    return (least == -1 or total >= least) and (most == -1 or total <= most)


def _checklist(least: float, most: float, *answers: Value) -> bool:
    return _is_within(least, float(sum(map(_is_yes, answers))), most)


def _weighted_checklist(least: float, most: float, *pairs: Value) -> bool:
    total = 0.0
    for answer, weight in zip(pairs[::2], pairs[1::2], strict=False):
        if _is_yes(answer):
            total += to_number(weight)
    return _is_within(least, total, most)


def _decode(text: str) -> str:
    """Base64 of UTF-8 as browsers read it (the forgiving decode of WHATWG's Infra); empty where it is none."""
    text = re.sub("[ \t\r\n\f]", "", text)
    if len(text) % 4 == 0:
        text = re.sub("={1,2}$", "", text)
    if len(text) % 4 == 1 or not re.fullmatch("[A-Za-z0-9+/]*", text):
        return ""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _dated(value: Value) -> str | float:
    """What a function of dates takes: a text, or a number of days; a boolean is neither."""
    return math.nan if isinstance(value, bool) else trim(value) if isinstance(value, str) else value


def _format(value: Value, pattern: str) -> str:
    return dates.format_date_time(to_number(_dated(value)), pattern)


_DIGESTS: Final = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


def _digest(text: str, algorithm: str, encoding: str = "base64") -> str:
    """Empty for an algorithm or encoding that ODK does not know."""
    name = _DIGESTS.get(algorithm)
    if name is None or encoding not in ("base64", "hex"):
        return ""
    digest = hashlib.new(name, text.encode(errors="replace"), usedforsecurity=False)
    return digest.hexdigest() if encoding == "hex" else base64.b64encode(digest.digest()).decode()


def _uuid(moment: Moment, length: float | None = None) -> str:
    """Version 4 (RFC 9562), or so many of ODK's digits and capitals."""
    if length is not None:
        count = min(_whole(length), UUID_LENGTH_MAX)
        return "".join("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[int(moment.random() * 36)] for _ in range(count))
    template = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx"
    digits = {"x": lambda: f"{int(moment.random() * 16):x}", "y": lambda: f"{int(moment.random() * 4) + 8:x}"}
    return "".join(digits[letter]() if letter in digits else letter for letter in template)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "abs": Function(abs, float, (float,)),
    "acos": Function(_mathematical(math.acos), float, (float,)),
    "area": Function(lambda *points: geo.area_m2([to_string(point) for point in points]), float, (list,)),
    "asin": Function(_mathematical(math.asin), float, (float,)),
    "atan": Function(math.atan, float, (float,)),
    "atan2": Function(math.atan2, float, (float, float)),
    "base64-decode": Function(_decode, str, (str,)),
    "boolean": Function(lambda holds: holds, bool, (bool,)),
    "boolean-from-string": Function(lambda text: text == "1" or text.lower() == "true", bool, (str,)),
    "checklist": Function(_checklist, bool, (float, float, list), required=2, repeats=True),
    "coalesce": Function(_coalesce, object, (object, object)),
    "concat": Function(lambda *values: _join("", *values), str, (list,), repeats=True),
    "contains": Function(lambda text, part: part in text, bool, (str, str)),
    "cos": Function(_mathematical(math.cos), float, (float,)),
    "count": Function(lambda *values: float(len(values)), float, (list,)),
    "count-non-empty": Function(lambda *values: float(sum(value != "" for value in values)), float, (list,)),
    "count-selected": Function(lambda text: float(len(_words(text))), float, (str,)),
    "date": Function(lambda value: dates.write_date(to_number(_dated(value))), str, (object,)),
    "date-time": Function(
        lambda moment, value: dates.write_date_time(_dated(value), moment.zone),
        str,
        (object,),
        needs=Needs.MOMENT,
    ),
    "decimal-date-time": Function(
        lambda moment, value: dates.count_days(_dated(value), moment.zone), float, (object,), needs=Needs.MOMENT
    ),
    "decimal-time": Function(lambda value: dates.count_day_part(_dated(value)), float, (object,)),
    "digest": Function(_digest, str, (str, str, str), required=2),
    "distance": Function(
        lambda *points: geo.distance_m([to_string(point) for point in points]), float, (list,), repeats=True
    ),
    "ends-with": Function(str.endswith, bool, (str, str)),
    "exp": Function(_mathematical(math.exp), float, (float,)),
    "exp10": Function(lambda number: _power(10.0, number), float, (float,)),
    "format-date": Function(_format, str, (object, str)),
    "format-date-time": Function(_format, str, (object, str)),
    "if": Function(
        lambda condition, then, otherwise: then if condition else otherwise, object, (bool, object, object)
    ),
    "int": Function(_truncate, float, (float,)),
    "join": Function(_join, str, (str, list), required=1, repeats=True),
    "log": Function(_logarithm(math.log), float, (float,)),
    "log10": Function(_logarithm(math.log10), float, (float,)),
    "max": Function(lambda *values: max(_numbers(values), default=math.nan), float, (list,), repeats=True),
    "min": Function(lambda *values: min(_numbers(values), default=math.nan), float, (list,), repeats=True),
    "normalize-space": Function(_normalize, str, (str,)),
    "not": Function(operator.not_, bool, (bool,)),
    "now": Function(lambda moment: dates.write_moment(moment.now), str, needs=Needs.MOMENT),
    "number": Function(lambda number: number, float, (float,)),
    "once": Function(lambda own, value: own or value, object, (str, object)),
    "pi": Function(lambda: math.pi, float),
    "position": Function(lambda row: float(row.index + 1), float, (list,)),
    "pow": Function(_power, float, (float, float)),
    "random": Function(lambda moment: moment.random(), float, needs=Needs.MOMENT),
    "regex": Function(_matches, bool, (str, str)),
    "round": Function(_round, float, (float, float), required=1),
    "selected": Function(lambda chosen, name: trim(name) in chosen.split(" "), bool, (str, str)),
    "selected-at": Function(_word_at, str, (str, float)),
    "sin": Function(_mathematical(math.sin), float, (float,)),
    "sqrt": Function(_mathematical(math.sqrt), float, (float,)),
    "starts-with": Function(str.startswith, bool, (str, str)),
    "string": Function(lambda text: text, str, (str,)),
    "string-length": Function(lambda text: float(len(text)), float, (str,)),
    "substr": Function(_substring, str, (str, float, float), required=2),
    "substring-after": Function(_after, str, (str, str)),
    "substring-before": Function(_before, str, (str, str)),
    "sum": Function(lambda *values: reduce(operator.add, _numbers(values), 0.0), float, (list,)),
    "tan": Function(_mathematical(math.tan), float, (float,)),
    "today": Function(lambda moment: moment.today.isoformat(), str, needs=Needs.MOMENT),
    "translate": Function(_translate, str, (str, str, str)),
    "uuid": Function(_uuid, str, (float,), required=0, needs=Needs.MOMENT),
    "weighted-checklist": Function(
        _weighted_checklist, bool, (float, float, object), required=2, repeats=True, step=2
    ),
}
"""The functions by name, as a tree has them: once() comes with the own answer before its argument. `true()` and
`false()` are literals by then, jr:choice-name(), pulldata(), instance() and indexed-repeat() look-ups."""

OPERATORS: Final[Mapping[str, Function]] = {
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

VOLATILE: Final = frozenset({"now", "today", "random", "uuid"})
"""Functions that come to something else each time."""
