"""From what somebody typed to the place that was meant: its code, or the places it could be, or neither.

Stands between the table of divisions (`gazetteer`, with its names in `place_names`, read by `place_reading`) and
all who take places as text: the validation of a submission, the page's type-ahead, imports. Must not know: HTTP,
languages of the program.

A text is read from its start as a chain of names, each inside the one before (河北·保定·顺平); levels and suffixes
may be left out, pinyin counts as the name. The chain that reads most of the text wins. `resolve` is never
silently wrong, and from that follows:

- Places that fit equally are candidates, never one of them. Only where one is around all others is the outer
  one the answer, being true of each (恩施 is the prefecture, whether or not its city was meant). A province
  around a namesake is too coarse for that: 吉林 gives two candidates.
- A name without its suffix is believed where the text ends or starts anew after it, or inside a place named
  before it, but never where it makes another word (保定路, 中山大学). A bare township is believed only inside a
  named place; it does put a bare county of the same name in doubt. Cities and provinces are known to everybody.
- Another suffix than the place's own (顺平市) and initials give candidates at best.
- A second place in the text, neither inside nor around the first, gives candidates (河北省太原市); so does a text
  that can be cut in two ways.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import accumulate
from typing import Any, Final, TypeAlias

from tianbao.domain.gazetteer import ROOT, Ancestry, Level, Place, Row, Table
from tianbao.domain.place_names import NAME_MAX, Folded, Names, fold
from tianbao.domain.place_reading import Reading

__all__ = [
    "Ancestry",
    "Candidates",
    "Gazetteer",
    "Level",
    "Place",
    "Resolution",
    "Resolved",
    "Unresolved",
    "province_tree",
]

READ_MAX: Final = 80
"""Characters of a text that are read for names; what comes after them is rest."""
SUGGEST_MAX: Final = 60
"""Characters that are read for suggestions."""
INITIALS_MAX: Final = 8
"""Letters of initials that are resolved, to candidates."""
PARTS_MAX: Final = 6
"""Parts of a text that is read from its end: four levels and two of an address."""
ENOUGH: Final = 50
"""Places found after which suggestions look no further."""
TAIL_MAX: Final = 12
"""Letters of a suffix after which suggestions look for townships."""
STEPS_MAX: Final = 8_000
"""Names looked at for one call of `suggest`, so that it never takes longer than some milliseconds."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Exactly one place fits. `rest` is the slice of the text after it: a village, a street, or nothing."""

    code: str
    rest: str


@dataclass(frozen=True, slots=True)
class Candidates:
    """What it could be, best first; somebody has to choose. `rest` as in `Resolved`."""

    places: tuple[Place, ...]
    rest: str


@dataclass(frozen=True, slots=True)
class Unresolved:
    """No place here fits; the text as typed."""

    text: str


Resolution: TypeAlias = Resolved | Candidates | Unresolved


class Gazetteer(Table):
    """The divisions, and an index of their names to read free text by. Never changes; threads may share it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._names = Names(self)

    def resolve(self, text: str) -> Resolution:
        """The place a text names from its start, or a code as typed. Never raises."""
        folded = fold(text, READ_MAX)
        if place := self.place(folded.letters):
            return Resolved(place.code, "")
        reading = Reading(self, self._names, folded)
        found = reading.longest(0)
        conflicts = reading.conflicts(found) if found else []
        if (not found or found.end < len(folded.letters)) and (backwards := self._resolve_backwards(folded)):
            return backwards
        if found and found.is_clear and not conflicts:
            return Resolved(self.codes[found.rows[0]], folded.rest(found.rest))
        if found:
            places = [self.place_of(row) for row in (*found.rows, *conflicts)]
            return Candidates(tuple(dict.fromkeys(places)), folded.rest(found.rest))
        if folded.letters in self._names.letters:
            return Candidates((self.place_of(self._names.letters[folded.letters]),), "")
        if 1 < len(folded.letters) <= INITIALS_MAX and (
            meant := _Suggesting(self, self._names, folded).by_initials()
        ):
            return Candidates(tuple(self.place_of(row) for row in meant), "")
        return Unresolved(text)

    def suggest(self, text: str, limit: int) -> list[Place]:
        """Places for what was typed so far, best first: 保定顺, baoding shunping, bdsp, 蒲阳镇."""
        folded = fold(text, SUGGEST_MAX)
        if place := self.place(folded.letters):
            return [place][:limit]
        ranked = _Suggesting(self, self._names, folded).by_beginning() if folded.letters else []
        places = dict.fromkeys(self.coded(row) for row in ranked)
        return [self.place_of(row) for row in list(places)[:limit]]

    def _resolve_backwards(self, folded: Folded) -> Resolved | None:
        """'12 Beiguan, Shunping, Baoding': in Latin letters, at least two places, every part whole."""
        parts = folded.parts()
        if not folded.letters.isascii() or not 2 <= len(parts) <= PARTS_MAX:
            return None
        reading = Reading(self, self._names, folded.turned(parts))
        found = reading.longest(0)
        if not found or not found.is_clear or reading.conflicts(found):
            return None
        ends = list(accumulate(len(part) for part in reversed(parts)))
        if found.end not in ends[1:] or found.rest not in ends:
            return None
        first = parts[-1 - ends.index(found.rest)]
        return Resolved(self.codes[found.rows[0]], folded.text[: folded.starts[first.start]].strip(" \n\t,，、;；"))


class _Suggesting:
    """What a text could be the beginning of: a chain as above, but initials count and the last name may go on."""

    def __init__(self, table: Table, names: Names, folded: Folded) -> None:
        self._table, self._names, self._folded = table, names, folded
        self._letters = folded.letters
        self._keys = (names.upper, 0), (names.upper_initials, 1), (names.lower, 0), (names.lower_initials, 1)
        self._ranks: dict[Row, tuple[int, int, int]] = {}
        self._steps_left = STEPS_MAX

    def by_initials(self) -> list[Row]:
        """The rows that the whole text names."""
        self._follow(whole=True)
        return self._ranked()

    def by_beginning(self) -> list[Row]:
        """The rows that the text names or begins to name."""
        self._follow(whole=False)
        return self._ranked()

    def _ranked(self) -> list[Row]:
        return sorted(self._ranks, key=lambda row: (self._ranks[row], row))

    def _follow(self, whole: bool) -> None:
        """Surer chains before less sure ones, then the beginnings that read most; as far as the steps go."""
        chains = [(0, 0, ROOT)]
        seen = set(chains)
        while chains and self._steps_left > 0:
            for longer in self._read(*heappop(chains)):
                if longer not in seen:
                    seen.add(longer)
                    heappush(chains, longer)
        for doubts, at, outer in () if whole else sorted(seen, key=lambda chain: (-chain[1], chain)):
            if at < len(self._letters) and self._steps_left > 0:
                self._begin(doubts, self._letters[at:], outer)

    def _read(self, doubts: int, at: int, outer: Row) -> Iterator[tuple[int, int, Row]]:
        """Offers the names that the text ends with; yields where it goes on, and inside which row."""
        letters, latin = self._letters, self._folded.is_latin(at)
        for end in range(at + 1, min(at + NAME_MAX, len(letters)) + 1):
            key, left = letters[at:end], letters[end:]
            for entry, doubt in self._entries(key, len(left)):
                row, tails = self._names.rows[entry], self._names.tails[entry]
                if not self._table.is_inside(row, outer):
                    continue
                for form in ("", *(tails.initials if doubt else tails.latin if latin else tails.han)):
                    if form.startswith(left):
                        self._offer(row, doubts + doubt, end - at)
                    elif left.startswith(form) and self._table.levels[row] < Level.TOWNSHIP and end - at > doubt:
                        yield doubts + doubt, end + len(form), row

    def _entries(self, key: str, left: int) -> Iterator[tuple[int, int]]:
        """Entries of a name or of initials, with the doubt that lies in it; of townships only near the end."""
        for keys, doubt in self._keys if left <= TAIL_MAX else self._keys[:2]:
            for entry in keys.find(key):
                self._steps_left -= 1
                yield entry, doubt

    def _begin(self, doubts: int, beginning: str, outer: Row) -> None:
        """Offers the names inside a row that these letters are the beginning of."""
        if outer != ROOT and any(next(keys.longer(beginning), None) for keys, _ in self._keys):
            for row in self._table.rows_inside(outer):
                self._steps_left -= 1
                if self._table.stems[row].startswith(beginning) or self._names.spelled[row].startswith(beginning):
                    self._offer(row, doubts + 1, len(self._table.stems[row]))
                elif self._names.initials[row].startswith(beginning):
                    self._offer(row, doubts + 2, len(self._table.stems[row]))
        for keys, doubt in self._keys if outer == ROOT else ():
            if len(self._ranks) >= ENOUGH:
                return
            for key, entries in keys.longer(beginning):
                for entry in entries:
                    self._steps_left -= 1
                    self._offer(self._names.rows[entry], doubts + doubt + 1, len(key))
                if self._steps_left < 0:
                    return

    def _offer(self, row: Row, doubts: int, length: int) -> None:
        if doubts and not self._table.codes[row]:
            return
        level = self._table.levels[row]
        rank = doubts + (level == Level.TOWNSHIP), level, length
        self._ranks[row] = min(rank, self._ranks.get(row, rank))


def province_tree(gazetteer: Gazetteer, province: str) -> list[Any]:
    """What a page's picker loads for one province, given by its code (130000) or the first two digits of it.

    Each place is `[digits, name, initials]`, or `[digits, name, initials, places]` with those inside it. A code is
    the digits of all places around it and its own, with zeros up to six: 13, 06 → 130600. An unknown province has
    no places.
    """
    prefix = province[:2]
    return [_branch(gazetteer, place, prefix) for place in gazetteer.children(province.ljust(6, "0"))]


def _branch(gazetteer: Gazetteer, place: Place, prefix: str) -> list[Any]:
    code = place.code if place.level == Level.TOWNSHIP else place.code.removesuffix("00")
    inner = [_branch(gazetteer, child, code) for child in gazetteer.children(place.code)]
    branch = [code.removeprefix(prefix), place.name, gazetteer.initials(place.code)]
    return [*branch, inner] if inner else branch
