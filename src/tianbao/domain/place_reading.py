"""Reading a text from a point in it as a chain of names, each inside the one before: 河北·保定·顺平.

Stands between the names (`place_names`) and `places`, which says what a reading comes to and states the rules
that are kept here. Must not know: suggestions, codes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple, TypeAlias

from tianbao.domain.gazetteer import ROOT, Level, Row, Table
from tianbao.domain.place_names import NAME_MAX, Folded, Gap, Names

LATIN_MIN: Final = 3
"""Latin letters that name a place for certain."""


class _Fit(Enum):
    """How a name stands in a text."""

    EXACT = 1  # with its own suffix
    WHOLE = 2  # it has none
    BARE = 3  # without its suffix, or in Latin letters
    OTHER = 4  # with another's suffix
    LETTER = 5  # a province by one letter, which only a name inside it confirms


class _Verdict(Enum):
    """Whether a chain of names is believed."""

    SOUND = 1
    DOUBTFUL = 2
    REJECTED = 3


class _Match(NamedTuple):
    """A name of a row, and where in the folded text it stands."""

    row: Row
    level: int
    start: int
    end: int
    fit: _Fit


class Found(NamedTuple):
    """What the longest chains from one point come to: their places, best first, and where they end.

    `rest` is where what is left begins: at the end, or at a district that has no code.
    """

    rows: tuple[Row, ...]
    end: int
    rest: int
    sound: bool

    @property
    def is_clear(self) -> bool:
        return self.sound and len(self.rows) == 1


_Chain: TypeAlias = tuple[_Match, ...]

_ONWARD: Final = frozenset("到至去往回转")
"""Between the two ends of a journey; a name after one stands as at a start."""
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


class Reading:
    """One text being read."""

    def __init__(self, table: Table, names: Names, folded: Folded) -> None:
        self._table, self._names, self._folded = table, names, folded
        self._letters, self._gaps = folded.letters, folded.gaps
        self._stems_at: dict[tuple[int, bool], list[tuple[int, int]]] = {}

    def longest(self, start: int) -> Found | None:
        """What the chains come to that read most of the text from here; of equal ones the sound, if there are any.

        A rejected chain that reads more and ends elsewhere is a doubt: 赤城镇宁堡 is 赤城镇 宁堡 or 赤城 镇宁堡.
        """
        judged = [(chain, self._judge(chain)) for chain in self._chains(start)]
        end = max((chain[-1].end for chain, verdict in judged if verdict is not _Verdict.REJECTED), default=start)
        if end == start:
            return None
        ending = [(chain, verdict) for chain, verdict in judged if chain[-1].end == end]
        sound = any(verdict is _Verdict.SOUND for _, verdict in ending)
        best = self._best(
            [
                chain
                for chain, verdict in ending
                if verdict is _Verdict.SOUND
                or (verdict is _Verdict.DOUBTFUL and (not sound or self._is_bare_township(chain)))
            ]
        )
        rejected = [
            chain
            for chain, _ in judged
            if chain[-1].end > end
            and (sound or len(chain) > 1)
            and not any(self._are_nested(chain[-1].row, other[-1].row) for other in best)
        ]
        rows = dict.fromkeys(self._table.coded(chain[-1].row) for chain in (*best, *rejected))
        return Found(tuple(rows), end, max(map(self._rest_of, best)), sound and not rejected)

    def conflicts(self, found: Found) -> list[Row]:
        """Other places named in what is left of the text, that are neither inside nor around the one found."""
        others: list[Row] = []
        at = found.end
        while at < len(self._letters):
            is_onward = at == found.end + 1 and self._letters[found.end] in _ONWARD
            fresh = at == found.end or is_onward or self._gaps[at] is not Gap.NONE
            named = [
                chain
                for chain in self._chains(at, townships=False)
                if (fresh or (chain[0].fit is _Fit.EXACT and chain[0].end - at > 2))
                and self._judge(chain) is _Verdict.SOUND
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

    def _judge(self, chain: _Chain) -> _Verdict:
        """Whether to believe that a chain ends here."""
        last, alone = chain[-1], len(chain) == 1
        end, gap = last.end, self._gaps[last.end]
        latin = self._folded.is_latin(end - 1) and self._folded.is_latin(end)
        joined = gap is Gap.NONE or (latin and gap is Gap.SPACE)
        if latin and gap is Gap.NONE:
            return _Verdict.REJECTED
        if last.level == Level.TOWNSHIP and last.fit in (_Fit.BARE, _Fit.WHOLE):
            if joined or self._is_street(last) or self._is_former_county(chain):
                return _Verdict.REJECTED
            if alone:
                return _Verdict.DOUBTFUL
        elif last.fit is _Fit.BARE:
            if joined and not alone and (_WORD_GOES_ON.match(self._letters, end) or self._is_part(last)):
                return _Verdict.REJECTED
            if (joined and alone) or (self._folded.is_latin(last.start) and end - last.start < LATIN_MIN):
                return _Verdict.DOUBTFUL
        elif joined and _NO_SUFFIX.match(self._letters, end - 1):
            return _Verdict.REJECTED
        if any(match.fit is _Fit.OTHER for match in chain):
            return _Verdict.DOUBTFUL
        return _Verdict.SOUND

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
            chains = [chain for chain in chains if chain[-1].fit is _Fit.WHOLE or not self._is_bare_township(chain)]
        rows = {chain[-1].row for chain in chains}
        for chain in chains:
            last = chain[-1]
            if last.level > Level.PROVINCE and all(self._table.holds(last.row, row) for row in rows):
                return [chain]
        return sorted(chains, key=lambda chain: (chain[-1].level, chain[-1].row))

    def _is_bare_township(self, chain: _Chain) -> bool:
        """A township by its stem, whose county was not named: no answer, but a doubt about a bare county."""
        last = chain[-1]
        county_named = len(chain) > 1 and chain[-2].row == self._table.parents[last.row]
        return last.level == Level.TOWNSHIP and last.fit in (_Fit.BARE, _Fit.WHOLE) and not county_named

    def _rest_of(self, chain: _Chain) -> int:
        return next((match.start for match in chain if not self._table.codes[match.row]), chain[-1].end)

    def _are_nested(self, row: Row, other: Row) -> bool:
        return self._table.holds(row, other) or self._table.holds(other, row)
