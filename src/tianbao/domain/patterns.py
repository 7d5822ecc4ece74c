r"""Regular expressions in forms: the notation that means the same everywhere and cannot run away.

`domain.expressions` passes the pattern of every `regex()` through here when a form is published. What comes
back is the same pattern in a notation that Python's `re` and a browser's `RegExp` with the flag `u` read
alike, and that neither needs long to match. Must not know: expressions, forms, who matches what.

A pattern matches the whole text, as in ODK ("an exact and complete match"), so `^` at its beginning and `$`
at its end say nothing more and are dropped. `\d \w \s` are ASCII's and `.` is anything but a line's end.

Refused are:
- UNSUPPORTED: look-around, back-references, named groups, possessive quantifiers, `\b`, `\p{…}`, anchors
  inside, `\D \W \S` or an unescaped `[` inside a class: engines differ, or it is no regular language.
- TOO_COSTLY: what an engine that tries one way after the other could need too many for, as `(a+)+`,
  `(\w|\d)*` or four `.*` in a row. Where the next character alone says which way is right, as in
  `[a-z]+(-[a-z]+)*`, there is one way however long the text.
- TOO_LONG: more than PATTERN_LENGTH_MAX characters, or more than SIZE_MAX once `{n}` is written out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import log2
from typing import Final, TypeAlias

PATTERN_LENGTH_MAX: Final = 200
"""Characters in a pattern."""
SUBJECT_LENGTH_MAX: Final = 250
"""Characters in a text that is matched; a longer one does not match."""
SIZE_MAX: Final = 1_000
"""Characters that a pattern asks for, with every {n} written out."""
DOUBT_MAX_BITS: Final = 16.0
"""log2 of the ways to divide a text of SUBJECT_LENGTH_MAX among a pattern's parts: two `.*` that compete."""
NESTING_MAX: Final = 10
"""Groups inside groups."""


class PatternFault(StrEnum):
    UNSUPPORTED = "pattern_unsupported"
    TOO_COSTLY = "pattern_too_costly"
    TOO_LONG = "pattern_too_long"


class PatternError(ValueError):
    """`position` counts characters of the pattern from 0."""

    def __init__(self, position: int, code: PatternFault) -> None:
        super().__init__(f"{code.value} at {position}")
        self.position = position
        self.code = code


def read_pattern(source: str) -> str:
    """The pattern in the common notation; raises PatternError for what the module refuses."""
    if len(source) > PATTERN_LENGTH_MAX:
        raise PatternError(PATTERN_LENGTH_MAX, PatternFault.TOO_LONG)
    node = _Reader(source).read()
    pattern = node.write()
    if node.size() > SIZE_MAX:
        raise PatternError(0, PatternFault.TOO_LONG)
    if node.doubt(frozenset({_END}), _members_in(pattern)) > DOUBT_MAX_BITS:
        raise PatternError(0, PatternFault.TOO_COSTLY)
    return pattern


_END: Final = ""
"""Stands in a set of characters for the end of the text."""
_Characters: TypeAlias = frozenset[str]
_Members: TypeAlias = Callable[[str], _Characters]


def _members_in(pattern: str) -> _Members:
    """Which characters a class matches, out of those that can tell this pattern's classes apart.

    Every class is made of ranges whose ends stand in the pattern, so the ends and their neighbours suffice.
    """
    ends = {0, 0x10FFFF, *range(128), *(ord(end) + step for end in pattern for step in (-1, 0, 1))}
    alphabet = [chr(code) for code in ends if 0 <= code <= 0x10FFFF]
    known: dict[str, _Characters] = {}

    def members(one: str) -> _Characters:
        if one not in known:
            matches = re.compile(one).fullmatch
            known[one] = frozenset(character for character in alphabet if matches(character))
        return known[one]

    return members


@dataclass(frozen=True, slots=True)
class _One:
    """One character: a literal, escaped where it must be, or a class.

    Every kind of node says what can stand `first`, and its `doubt`: log2 of the ways to match it, given the
    characters that can `follow`.
    """

    text: str

    def write(self) -> str:
        return self.text

    def size(self) -> int:
        return 1

    def is_nullable(self) -> bool:
        return False

    def first(self, members: _Members) -> _Characters:
        return members(self.text)

    def doubt(self, follow: _Characters, members: _Members) -> float:
        return 0.0


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: tuple[_Node, ...]

    def write(self) -> str:
        return "".join(part.write() for part in self.parts)

    def size(self) -> int:
        return sum(part.size() for part in self.parts)

    def is_nullable(self) -> bool:
        return all(part.is_nullable() for part in self.parts)

    def first(self, members: _Members) -> _Characters:
        first: _Characters = frozenset()
        for part in self.parts:
            first |= part.first(members)
            if not part.is_nullable():
                break
        return first

    def doubt(self, follow: _Characters, members: _Members) -> float:
        doubt = 0.0
        for part in reversed(self.parts):
            doubt += part.doubt(follow, members)
            follow = part.first(members) | (follow if part.is_nullable() else frozenset())
        return doubt


@dataclass(frozen=True, slots=True)
class _Choice:
    options: tuple[_Node, ...]

    def write(self) -> str:
        return f"(?:{'|'.join(option.write() for option in self.options)})"

    def size(self) -> int:
        return sum(option.size() for option in self.options)

    def is_nullable(self) -> bool:
        return any(option.is_nullable() for option in self.options)

    def first(self, members: _Members) -> _Characters:
        return frozenset().union(*(option.first(members) for option in self.options))

    def doubt(self, follow: _Characters, members: _Members) -> float:
        begins = [o.first(members) | (follow if o.is_nullable() else frozenset()) for o in self.options]
        are_apart = sum(len(begin) for begin in begins) == len(frozenset().union(*begins))
        inside = max(option.doubt(follow, members) for option in self.options)
        return inside if are_apart else inside + log2(len(self.options))


@dataclass(frozen=True, slots=True)
class _Repeat:
    """`most` None: no limit."""

    part: _Node
    least: int
    most: int | None

    def write(self) -> str:
        sign = {(0, 1): "?", (0, None): "*", (1, None): "+", (self.least, self.least): f"{{{self.least}}}"}
        most = "" if self.most is None else self.most
        group = self.part.write() if isinstance(self.part, (_One, _Choice)) else f"(?:{self.part.write()})"
        return group + sign.get((self.least, self.most), f"{{{self.least},{most}}}")

    def size(self) -> int:
        return self.part.size() * max(self.least, self.most or 1)

    def is_nullable(self) -> bool:
        return self.least == 0 or self.part.is_nullable()

    def first(self, members: _Members) -> _Characters:
        return self.part.first(members)

    def doubt(self, follow: _Characters, members: _Members) -> float:
        begin = self.part.first(members)
        rounds = SUBJECT_LENGTH_MAX if self.most is None else self.most
        inside = rounds * self.part.doubt(follow if self.most == 1 else begin | follow, members)
        is_clear_when_to_end = self.least == self.most or not begin & follow
        return inside if is_clear_when_to_end else inside + log2(max(1, rounds - self.least) + 1)


_Node: TypeAlias = _One | _Sequence | _Choice | _Repeat

_SHORTHANDS: Final = {"d": "0-9", "w": "A-Za-z0-9_", "s": r" \t\n\r\f\v"}
_CONTROLS: Final = {"t": r"\t", "n": r"\n", "r": r"\r", "f": r"\f", "v": r"\v"}
_SYNTAX: Final = frozenset("^$\\.*+?()[]{}|/")
_SIGNS: Final[dict[str, tuple[int, int | None]]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_QUANTIFIER = re.compile(r"(?:([*+?])|\{([0-9]{1,4})(,([0-9]{1,4})?)?\})\??")
_HEX_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4}))")


class _Reader:
    """Reads a pattern from left to right; every method leaves `_at` behind what it read."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._nesting = 0

    def read(self) -> _Node:
        node = self._choice()
        if self._at < len(self._source):
            raise self._unsupported()
        return node

    def _unsupported(self) -> PatternError:
        return PatternError(self._at, PatternFault.UNSUPPORTED)

    def _sees(self, *texts: str) -> bool:
        return self._source.startswith(texts, self._at)

    def _takes(self, text: str) -> bool:
        if not self._source.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    def _choice(self) -> _Node:
        options = [self._sequence()]
        while self._takes("|"):
            options.append(self._sequence())
        return _Choice(tuple(options)) if len(options) > 1 else options[0]

    def _sequence(self) -> _Node:
        is_outermost = self._nesting == 0
        if is_outermost:
            self._takes("^")
        parts: list[_Node] = []
        while self._at < len(self._source) and not self._sees("|", ")"):
            if is_outermost and self._takes("$"):
                if self._at < len(self._source) and not self._sees("|"):
                    raise self._unsupported()
                break
            parts.append(self._quantified(self._atom()))
        return parts[0] if len(parts) == 1 else _Sequence(tuple(parts))

    def _quantified(self, part: _Node) -> _Node:
        match = _QUANTIFIER.match(self._source, self._at)
        if match is None:
            return part
        sign, least_digits, comma, most_digits = match.groups()
        least, most = _SIGNS.get(sign) or (
            int(least_digits),
            int(most_digits) if most_digits else None if comma else int(least_digits),
        )
        if most is not None and most < least:
            raise self._unsupported()
        self._at = match.end()
        if _QUANTIFIER.match(self._source, self._at):
            raise self._unsupported()
        return _Repeat(part, least, most)

    def _atom(self) -> _Node:
        if self._takes("("):
            return self._group()
        if self._takes("["):
            return _One(self._class())
        if self._takes("."):
            return _One(r"[^\n\r]")
        for letter, members in _SHORTHANDS.items():
            if self._takes("\\" + letter):
                return _One(f"[{members}]")
            if self._takes("\\" + letter.upper()):
                return _One(f"[^{members}]")
        if self._sees(*"^$*+?]{}"):
            raise self._unsupported()
        return _One(self._character())

    def _group(self) -> _Node:
        if not self._takes("?:") and self._sees("?"):
            raise self._unsupported()
        self._nesting += 1
        if self._nesting > NESTING_MAX:
            raise self._unsupported()
        node = self._choice()
        if not self._takes(")"):
            raise self._unsupported()
        self._nesting -= 1
        return node

    def _class(self) -> str:
        negation = "^" if self._takes("^") else ""
        items: list[str] = []
        while not self._takes("]"):
            items.append(self._class_item())
        if not items:
            raise self._unsupported()
        return f"[{negation}{''.join(items)}]"

    def _class_item(self) -> str:
        for letter, members in _SHORTHANDS.items():
            if self._takes("\\" + letter):
                return members
        low_at = self._at
        low = self._class_character()
        if self._sees("-]") or not self._takes("-"):
            return low
        high = self._class_character()
        try:
            re.compile(f"[{low}-{high}]")
        except re.error:
            raise PatternError(low_at, PatternFault.UNSUPPORTED) from None
        return f"{low}-{high}"

    def _class_character(self) -> str:
        if self._sees("["):
            raise self._unsupported()
        character = self._character()
        # Doubled, these are set operations to come in both engines.
        return {"-": r"\-", "&": r"\x26", "~": r"\x7e"}.get(character, character)

    def _character(self) -> str:
        """A literal character or an escape of one, in the common notation."""
        if match := _HEX_ESCAPE.match(self._source, self._at):
            self._at = match.end()
            character = chr(int(match[1] or match[2], 16))
            if "\ud800" <= character <= "\udfff":
                raise self._unsupported()
            return "\\" + character if character in _SYNTAX else character
        escaped = self._takes("\\")
        character = self._source[self._at : self._at + 1]
        if escaped and character in _CONTROLS:
            self._at += 1
            return _CONTROLS[character]
        if not character or (escaped and character.isalnum()):
            raise self._unsupported()
        self._at += 1
        return "\\" + character if character in _SYNTAX else character
