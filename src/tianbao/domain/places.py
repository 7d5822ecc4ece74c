"""From what somebody typed to the place that was meant: its code, or the places it could be, or neither.

Stands between the table of divisions (`gazetteer`, `place_names`) and all who take places as text: the
validation of a submission, the page's type-ahead, imports. Must not know: HTTP, languages of the program.

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
- A second place in the text, neither inside nor around the first, gives candidates (河北省太原市).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from heapq import heappop, heappush
from itertools import accumulate
from typing import Any, Final, NamedTuple, TypeAlias

from tianbao.domain.gazetteer import ROOT, Ancestry, Level, Place, Row, Table
from tianbao.domain.place_names import Folded, Gap, Names, fold

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
NAME_MAX: Final = 30
"""Letters of a name; the longest Chinese one has 24, the longest pinyin of a county 30."""
LATIN_MIN: Final = 3
"""Latin letters that name a place for certain."""
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
        reading = _Reading(self, self._names, folded)
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
        reading = _Reading(self, self._names, folded.turned(parts))
        found = reading.longest(0)
        if not found or not found.is_clear or reading.conflicts(found):
            return None
        ends = list(accumulate(len(part) for part in reversed(parts)))
        if found.end not in ends[1:] or found.rest not in ends:
            return None
        first = parts[-1 - ends.index(found.rest)]
        return Resolved(self.codes[found.rows[0]], folded.text[: folded.starts[first.start]].strip(" \n\t,，、;；"))


class _Fit(Enum):
    """How a name stands in a text."""

    EXACT = 1  # with its own suffix
    WHOLE = 2  # it has none
    BARE = 3  # without its suffix, or in Latin letters
    OTHER = 4  # with another's suffix
    LETTER = 5  # a province by one letter, which only a name inside it confirms


class _Match(NamedTuple):
    """A name of a row, and where in the folded text it stands."""

    row: Row
    level: int
    start: int
    end: int
    fit: _Fit


class _Found(NamedTuple):
    """What the longest chains from one point come to. `rest` is where the part begins that has no code."""

    rows: tuple[Row, ...]
    end: int
    rest: int
    sound: bool

    @property
    def is_clear(self) -> bool:
        return self.sound and len(self.rows) == 1


_Chain: TypeAlias = tuple[_Match, ...]

_COUNTRY: Final = ("中华人民共和国", "中国")
_PLACEHOLDERS: Final = ("市辖区", "省直辖县级行政区划", "自治区直辖县级行政区划")
_SUFFIX = re.compile("特别行政区|自治[区州县旗]|民族乡|街道办事处|街道|地区|苏木|[省市县区旗州盟镇乡]")
_NO_SUFFIX = re.compile("市场|[省县乡]道|乡村|街道口")
_WORD_GOES_ON = re.compile(
    "(?:国际|[东西南北中前后上下内外新老大小一二三四五六七八九十]){0,2}"
    "(?:路|街|道|巷|弄|胡同|里|环|村|庄|屯|桥|河|江|湖|山|湾|岛|港|站|机场|车站|火车|高铁|客运|铁路|高速|立交|隧道|水库"
    "|油田|煤矿|学|师范|医|银行|酒店|宾馆|饭店|大厦|广场|公园|花园|小区|社区|市场|商场|商店|超市|公司|集团|厂|国道|省道|县道"
    "|乡道|人|话|菜)"
)
_STREETS: Final = ("路", "街", "道", "巷", "弄", "胡同", "村")


class _Reading:
    """One text being read."""

    def __init__(self, table: Table, names: Names, folded: Folded) -> None:
        self._table, self._names, self._folded = table, names, folded
        self._letters, self._gaps = folded.letters, folded.gaps
        self._stems_at: dict[tuple[int, bool], list[tuple[int, int]]] = {}

    def longest(self, start: int) -> _Found | None:
        """The chains from here that read the most of the text; sound ones, if there are any."""
        judged = [(chain, self._judge(chain)) for chain in self._chains(start)]
        end = max((chain[-1].end for chain, sound in judged if sound is not None), default=start)
        if end == start:
            return None
        sound = any(sound for chain, sound in judged if chain[-1].end == end)
        best = self._best(
            [
                chain
                for chain, is_sound in judged
                if chain[-1].end == end and (is_sound is sound or (is_sound is False and self._is_township(chain)))
            ]
        )
        rows = [chain[-1].row for chain in best]
        others = [
            chain[-1].row
            for chain, is_sound in judged
            if sound and chain[-1].end > end and not any(self._are_nested(chain[-1].row, row) for row in rows)
        ]
        places = dict.fromkeys(self._table.coded(row) for row in (*rows, *others))
        return _Found(tuple(places), end, max(self._rest_of(chain) for chain in best), sound and not others)

    def conflicts(self, found: _Found) -> list[Row]:
        """Other places named in what is left of the text, that are neither inside nor around the one found."""
        others: list[Row] = []
        at = found.end
        while at < len(self._letters):
            fresh = at == found.end or self._gaps[at] is not Gap.NONE
            named = [
                chain
                for chain in self._chains(at, townships=False)
                if (fresh or (chain[0].fit is _Fit.EXACT and chain[0].end - at > 2)) and self._judge(chain)
            ]
            at = max((chain[-1].end for chain in named), default=at + 1)
            named = [chain for chain in named if chain[-1].end == at]
            if named and not any(self._are_nested(chain[-1].row, row) for chain in named for row in found.rows):
                others += (self._table.coded(chain[-1].row) for chain in self._best(named))
        return others

    def _chains(
        self, start: int, outer: Row = ROOT, chain: _Chain = (), townships: bool = True
    ) -> Iterator[_Chain]:
        """All ways to go on from here with names inside a row; the next may be a township, if so allowed."""
        if start >= len(self._letters):
            return
        for entry, end in self._stems(start, townships):
            if not self._table.is_inside(self._names.rows[entry], outer):
                continue
            for match in self._fits(entry, start, end):
                longer = (*chain, match)
                yield longer
                if match.level < Level.TOWNSHIP:
                    yield from self._chains(match.end, match.row, longer)
        for word in _PLACEHOLDERS if chain else _COUNTRY if start == 0 else ():
            if self._letters.startswith(word, start):
                yield from self._chains(start + len(word), outer, chain)
        if not chain and not self._stems(start, townships=False) and self._letters[start] in self._names.letters:
            province = self._names.letters[self._letters[start]]
            letter = _Match(province, Level.PROVINCE, start, start + 1, _Fit.LETTER)
            yield from self._chains(start + 1, province, (letter,), townships=False)

    def _stems(self, start: int, townships: bool) -> list[tuple[int, int]]:
        """The names whose stems stand here, with where these end."""
        if (start, townships) not in self._stems_at:
            ends = range(start + 1, min(start + NAME_MAX, len(self._letters)) + 1)
            self._stems_at[start, townships] = [
                (entry, end)
                for end in ends
                for keys in ((self._names.upper, self._names.lower) if townships else (self._names.upper,))
                for entry in keys.find(self._letters[start:end])
            ]
        return self._stems_at[start, townships]

    def _fits(self, entry: int, start: int, end: int) -> Iterator[_Match]:
        """A stem that stands here, with and without what follows it as a suffix."""
        row, tails = self._names.rows[entry], self._names.tails[entry]
        level = self._table.levels[row]
        latin = self._folded.is_latin(start)
        forms = tails.latin if latin else tails.han
        yield _Match(row, level, start, end, _Fit.BARE if forms or latin else _Fit.WHOLE)
        if self._gaps[end] > (Gap.SPACE if latin else Gap.NONE):
            return
        if tail := next((form for form in forms if self._letters.startswith(form, end)), None):
            yield _Match(row, level, start, end + len(tail), _Fit.EXACT)
        elif forms and not latin and (other := _SUFFIX.match(self._letters, end)):
            yield _Match(row, level, start, other.end(), _Fit.OTHER)

    def _judge(self, chain: _Chain) -> bool | None:
        """Whether to believe that a chain ends here: yes, only as a candidate (False), or not at all (None)."""
        last, alone = chain[-1], len(chain) == 1
        end, gap = last.end, self._gaps[last.end]
        latin = self._folded.is_latin(end - 1) and self._folded.is_latin(end)
        joined = gap is Gap.NONE or (latin and gap is Gap.SPACE)
        if latin and gap is Gap.NONE:
            return None
        if last.fit is _Fit.BARE and last.level < Level.TOWNSHIP:
            if joined and not alone and (_WORD_GOES_ON.match(self._letters, end) or self._is_part(last)):
                return None
            if (joined and alone) or (self._folded.is_latin(last.start) and end - last.start < LATIN_MIN):
                return False
        elif last.fit is _Fit.BARE or (last.fit is _Fit.WHOLE and last.level == Level.TOWNSHIP):
            if joined or self._is_street(last) or self._is_former_county(chain):
                return None
            if alone:
                return False
        elif joined and _NO_SUFFIX.match(self._letters, end - 1):
            return None
        return all(match.fit is not _Fit.OTHER for match in chain)

    def _is_street(self, match: _Match) -> bool:
        """南京东路 is a road before it is the township that took its name."""
        return match.fit is _Fit.BARE and self._letters.endswith(_STREETS, match.start, match.end)

    def _is_former_county(self, chain: _Chain) -> bool:
        """大港 in 滨海新区 is the former district before it is the township, which is a part of it."""
        last, rows = chain[-1], [match.row for match in chain[:-1]]
        return any(
            end == last.end and self._names.is_other(entry) and self._names.rows[entry] in rows
            for entry, end in self._stems(last.start, townships=False)
        )

    def _is_part(self, match: _Match) -> bool:
        """Whether a longer name stands in the same place: 乌兰 is not named in 乌兰浩特."""
        return any(end > match.end for _, end in self._stems(match.start, townships=True))

    def _best(self, chains: list[_Chain]) -> list[_Chain]:
        """Chains that read the same letters, best first; one, if its place is around those of all others."""
        known = Level.CITY if all(len(chain) == 1 for chain in chains) else Level.COUNTY
        if any(chain[-1].level <= known for chain in chains):
            chains = [chain for chain in chains if not self._is_bare_township(chain)]
        rows = {chain[-1].row for chain in chains}
        for chain in chains:
            last = chain[-1]
            if last.level > Level.PROVINCE and all(self._table.holds(last.row, row) for row in rows):
                return [chain]
        return sorted(chains, key=lambda chain: (chain[-1].level, chain[-1].row))

    def _is_township(self, chain: _Chain) -> bool:
        """A township by its stem; alone it is no answer, but a doubt about others."""
        return chain[-1].level == Level.TOWNSHIP and chain[-1].fit in (_Fit.BARE, _Fit.WHOLE)

    def _is_bare_township(self, chain: _Chain) -> bool:
        """A township without its suffix, whose county was not named."""
        last = chain[-1]
        county_named = len(chain) > 1 and chain[-2].row == self._table.parents[last.row]
        return last.level == Level.TOWNSHIP and last.fit is _Fit.BARE and not county_named

    def _rest_of(self, chain: _Chain) -> int:
        return next((match.start for match in chain if not self._table.codes[match.row]), chain[-1].end)

    def _are_nested(self, row: Row, other: Row) -> bool:
        return self._table.holds(row, other) or self._table.holds(other, row)


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
