"""The table of divisions: every place with a code, what is around it, how it is written and read aloud.

Built once from the bundled data (its format: data/divisions/README.md) and never changed. `domain.places`
reads free text with it; forms, console and reports ask it for names. Must not know: files, forms, languages of
the program.

Codes are GB/T 2260 (6 digits: province, city, county) and GB/T 10114 (9 digits: township). Some codes stand for
no place of their own (110100, the 'city' between Beijing and its districts; 620201 below Jiayuguan): they are
answered with the place around them. Districts of Hong Kong, Macao and Taiwan have names here but no codes.
"""

from __future__ import annotations

import lzma
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self, TypeAlias

SIZE_MAX: Final = 8_000_000
"""Bytes of the uncompressed bundle."""
ROOT: Final = -1
"""What stands around the provinces, as a row."""

Row: TypeAlias = int


class Level(IntEnum):
    """How deep a place lies; a smaller number is around a larger one."""

    PROVINCE = 1
    CITY = 2
    COUNTY = 3
    TOWNSHIP = 4


@dataclass(frozen=True, slots=True)
class Place:
    """A division with a code. `name` is its own (顺平县), `full_name` all of it; a province has no `parent`."""

    code: str
    name: str
    full_name: str
    level: Level
    parent: str


@dataclass(frozen=True, slots=True)
class Ancestry:
    """The codes a place counts under, its own among them; empty where there is none (济源 lies in no city)."""

    province: str
    city: str
    county: str


@dataclass(frozen=True, slots=True)
class OtherName:
    """A name of a row that is not its own: a former or short one, one in Latin letters, or one Chinese letter."""

    kind: str
    stem: str
    suffix: str
    row: Row


class Table:
    """The rows, in the order of their codes: a row's inner places follow it, up to `ends[row]`."""

    codes: list[str]
    stems: list[str]
    suffixes: list[str]
    levels: bytearray
    parents: array[int]
    ends: array[int]
    readings: dict[str, str]
    unusual_readings: dict[Row, list[str]]
    other_names: list[OtherName]

    def __init__(self, text: str) -> None:
        readings, divisions, other_names = text.split("\n\n")
        self.readings = {
            character: syllable
            for syllable, characters in (line.split(" ") for line in readings.split("\n"))
            for character in characters
        }
        self.unusual_readings = {}
        self._rows: dict[str, Row] = {}
        self._read_divisions(divisions.split("\n"))
        self._read_other_names(other_names.split("\n"))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """From the bundle. Raises `ValueError` or `lzma.LZMAError` for anything else."""
        decompressor = lzma.LZMADecompressor()
        text = decompressor.decompress(data, SIZE_MAX)
        if not decompressor.eof:
            raise ValueError("the bundle of divisions is cut or too large")
        return cls(text.decode())

    def place(self, code: str) -> Place | None:
        """The place of a code of six or nine digits."""
        row = self._rows.get(code)
        return None if row is None else self.place_of(row)

    def is_code(self, text: str) -> bool:
        """Whether a text is the code of a place."""
        return text in self._rows

    def full_name(self, code: str) -> str:
        """河北省保定市顺平县蒲阳镇; for a code that is unknown the code itself."""
        row = self._rows.get(code)
        return code if row is None else self._full_name(row)

    def english_name(self, code: str) -> str:
        """'Shunping, Baoding, Hebei'; for a code that is unknown the code itself."""
        row = self._rows.get(code)
        return code if row is None else ", ".join(self._english(around) for around in self._outward(row))

    def children(self, code: str) -> tuple[Place, ...]:
        """The places directly inside a place, in the order of their codes; of "" the provinces."""
        row = self._rows.get(code) if code else ROOT
        return () if row is None else tuple(self.place_of(child) for child in self.child_rows(row))

    def ancestry(self, code: str) -> Ancestry | None:
        """Province, city and county of a place."""
        row = self._rows.get(code)
        if row is None:
            return None
        codes = {self.levels[around]: self.codes[around] for around in self._outward(row)}
        province, city, county = (codes.get(level, "") for level in (Level.PROVINCE, Level.CITY, Level.COUNTY))
        return Ancestry(province, city, county)

    def contains(self, outer: str, inner: str) -> bool:
        """Whether a place is the other or lies inside it."""
        around, row = self._rows.get(outer), self._rows.get(inner)
        return around is not None and row is not None and self.holds(around, row)

    def initials(self, code: str) -> str:
        """py: the first letters of the syllables that tell a place from others (蒲阳); empty if unknown."""
        row = self._rows.get(code)
        return "" if row is None else "".join(syllable[0] for syllable in self.read_aloud(row))

    def holds(self, outer: Row, row: Row) -> bool:
        """Whether a row is the other or lies inside it."""
        return outer == ROOT or outer <= row < self.ends[outer]

    def is_inside(self, row: Row, outer: Row) -> bool:
        """Whether a row lies inside another, not being it."""
        return row != outer and self.holds(outer, row)

    def rows_inside(self, outer: Row) -> range:
        """All rows inside a row, at any depth, with and without codes."""
        return range(outer + 1, self.ends[outer])

    def place_of(self, row: Row) -> Place:
        """The place of a row, or the one around it that has a code."""
        row = self.coded(row)
        parent = self.parents[row]
        return Place(
            code=self.codes[row],
            name=self.stems[row] + self.suffixes[row],
            full_name=self._full_name(row),
            level=Level(self.levels[row]),
            parent="" if parent == ROOT else self.codes[parent],
        )

    def coded(self, row: Row) -> Row:
        """The row itself, or the nearest around it with a code."""
        while not self.codes[row]:
            row = self.parents[row]
        return row

    def child_rows(self, row: Row) -> Iterator[Row]:
        """The rows with codes directly inside a row."""
        child, end = row + 1, len(self.codes) if row == ROOT else self.ends[row]
        while child < end:
            if self.codes[child]:
                yield child
            child = self.ends[child]

    def read_aloud(self, row: Row) -> list[str]:
        """The stem's syllables without tones, one a character; what is no Chinese character stays itself."""
        return self.unusual_readings.get(row) or [self.readings.get(letter, letter) for letter in self.stems[row]]

    def _outward(self, row: Row) -> Iterator[Row]:
        while row != ROOT:
            yield row
            row = self.parents[row]

    def _full_name(self, row: Row) -> str:
        outward = list(self._outward(row))
        return "".join(self.stems[around] + self.suffixes[around] for around in reversed(outward))

    def _english(self, row: Row) -> str:
        """Syllables in one word, apart where they would run together: Xi'an."""
        if name := self._english_names.get(row):
            return name
        first, *others = self.read_aloud(row)
        word = first + "".join(f"'{other}" if other[0] in "aeo" else other for other in others)
        return word[0].upper() + word[1:]

    def _read_divisions(self, lines: list[str]) -> None:
        self.codes, self.stems, self.suffixes = [], [], []
        self.levels, self.parents, self.ends = bytearray(), array("i"), array("i")
        around: list[Row] = []
        county = ""
        for line in lines:
            code, _, name = line.partition(" ")
            if len(code) == 3:
                self._append(county + code, name, Level.TOWNSHIP, around[-1])
                continue
            level = _level(code)
            while around and self.levels[around[-1]] >= level:
                self.ends[around.pop()] = len(self.codes)
            if not code.startswith("+"):
                county = code
            if name:
                self._append("" if code.startswith("+") else code, name, level, around[-1] if around else ROOT)
                around.append(len(self.codes) - 1)
            else:
                self._rows[code] = around[-1]
        for row in around:
            self.ends[row] = len(self.codes)

    def _append(self, code: str, name: str, level: Level, parent: Row) -> None:
        row = len(self.codes)
        if " " in name:
            name, *self.unusual_readings[row] = name.split(" ")
        stem, _, suffix = name.partition("|")
        self.codes.append(code)
        self.stems.append(stem)
        self.suffixes.append(suffix)
        self.levels.append(level)
        self.parents.append(parent)
        self.ends.append(row + 1)
        if code:
            self._rows[code] = row

    def _read_other_names(self, lines: list[str]) -> None:
        self.other_names = []
        self._english_names: dict[Row, str] = {}
        for line in lines:
            kind, name, codes = line.split("\t")
            stem, _, suffix = name.partition("|")
            for code in codes.split(" "):
                row = self._rows[code]
                self.other_names.append(OtherName(kind, stem, suffix, row))
                if kind == "english":
                    self._english_names[row] = name


def _level(code: str) -> Level:
    """Of a six-digit code, or of the signs that stand for one in Hong Kong, Macao and Taiwan."""
    if code == "++":
        return Level.TOWNSHIP
    if code.endswith("0000"):
        return Level.PROVINCE
    return Level.CITY if code == "+" or code.endswith("00") else Level.COUNTY
