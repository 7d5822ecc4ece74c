"""How places are written: texts folded for comparison, suffixes and their short forms, keys to find names by.

Stands between the table (`gazetteer`) and the reading of texts (`places`). Must not know: what is done with a
name that was found.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

from tianbao.domain.gazetteer import Level, Row, Table

NAME_MAX: Final = 30
"""Letters of a name that are looked up; the longest Chinese one has 24."""

_WORDS = re.compile(
    r"(?<![a-z])(?:province|city|county|district|prefecture|township|town|subdistrict|banner|league|municipality"
    r"|autonomous|region|special|administrative|people'?s republic of china|p\.?r\.? ?china|china|prc)(?![a-z])",
    re.IGNORECASE,
)
"""English for suffixes and the country: neither tells a place from another."""
_SPELLED: Final = str.maketrans("vü", "uu")


class Gap(IntEnum):
    """What lies before a letter of a folded text."""

    NONE = 0
    SPACE = 1
    BREAK = 2  # punctuation, or where the text begins or ends


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as names are compared: Chinese characters, plain Latin letters, digits, and nothing between them.

    `starts` are the letters' positions in the text, `gaps` what lies before each; both have one more for where
    reading ended.
    """

    text: str
    letters: str
    starts: list[int]
    gaps: list[Gap]

    def rest(self, index: int) -> str:
        """The slice of the text from a letter on."""
        return self.text[self.starts[index] :].strip()

    def parts(self) -> list[range]:
        """The letters between breaks."""
        breaks = [at for at, gap in enumerate(self.gaps) if gap is Gap.BREAK and 0 < at < len(self.letters)]
        bounds = [0, *breaks, len(self.letters)]
        return [range(start, end) for start, end in pairwise(bounds)]

    def turned(self, parts: list[range]) -> Folded:
        """The same with its parts in the opposite order."""
        order = [at for part in reversed(parts) for at in part]
        return Folded(
            self.text,
            "".join(self.letters[at] for at in order),
            [*(self.starts[at] for at in order), len(self.text)],
            [*(self.gaps[at] for at in order), Gap.BREAK],
        )

    def is_latin(self, index: int) -> bool:
        return index < len(self.letters) and self.letters[index].isascii()


def fold(text: str, length_max: int) -> Folded:
    """Folds the first `length_max` characters: width, case, accents, ü and v as u; words like 'county' left out."""
    read = _WORDS.sub(lambda word: " " * len(word[0]), text[:length_max])
    letters: list[str] = []
    starts: list[int] = []
    gaps: list[Gap] = []
    gap = Gap.BREAK
    for position, character in enumerate(read):
        if character in "'’`":
            continue
        plain = character if character.isalnum() and character < "\u0080" else _plain(character)
        if plain:
            for letter in plain.lower().translate(_SPELLED):
                letters.append(letter)
                starts.append(position)
                gaps.append(gap)
                gap = Gap.NONE
        elif not unicodedata.combining(character):
            gap = max(gap, Gap.SPACE if character.isspace() or character == "-" else Gap.BREAK)
    whole = len(text) <= length_max
    return Folded(text, "".join(letters), [*starts, len(read)], [*gaps, Gap.BREAK if whole else Gap.NONE])


@lru_cache(8_192)
def _plain(character: str) -> str:
    """The letters and digits a character stands for, without accents: é is e, ５ is 5, ⾦ is 金, 、 nothing."""
    if "\u4e00" <= character <= "\u9fff":
        return character
    return "".join(part for part in unicodedata.normalize("NFKD", character) if part.isalnum() or part == "〇")


class Tails(NamedTuple):
    """The ways a suffix may follow its stem, longest first: 自治县 or 县, zizhixian or xian, zzx or x."""

    han: tuple[str, ...]
    latin: tuple[str, ...]
    initials: tuple[str, ...]


def _written(suffix: str, city: bool) -> set[str]:
    """回族自治县 is also written 自治县 and 县; most cities were once prefectures (地区)."""
    if not suffix:
        return set()
    forms = {suffix}
    if "自治" in suffix:
        forms.add(suffix[suffix.index("自治") :])
        forms |= set() if suffix.endswith("区") else {suffix[-1]}
    elif suffix.endswith(("族乡", "族镇", "族街道", "族区")):
        forms.add("街道" if suffix.endswith("街道") else suffix[-1])
    if forms & {"街道", "街道办事处"}:
        forms |= {"街道", "街道办", "街道办事处"}
    if city:
        forms.add("地区")
    return forms


class Keys:
    """Texts to entries: found whole, or by what they begin with."""

    def __init__(self, entries: Mapping[str, list[int]]) -> None:
        self._entries = dict(entries)
        self._sorted = sorted(entries)

    def find(self, key: str) -> Sequence[int]:
        return self._entries.get(key, ())

    def longer(self, beginning: str) -> Iterator[tuple[str, Sequence[int]]]:
        """The keys that go on after this beginning."""
        at = bisect_left(self._sorted, beginning)
        while at < len(self._sorted) and (key := self._sorted[at]).startswith(beginning):
            if key != beginning:
                yield key, self._entries[key]
            at += 1


_Found: TypeAlias = tuple[defaultdict[str, list[int]], defaultdict[str, list[int]]]


class Names:
    """All names of all rows. An entry is one name of one row; the first entries are the rows' own names.

    `upper` are provinces, cities and counties, `lower` townships; both are found by Chinese stem and by pinyin, as
    it should be read and as its characters usually are. `letters` are the provinces' one-letter names.
    """

    def __init__(self, table: Table) -> None:
        spell = {ord(letter): reading.translate(_SPELLED) for letter, reading in table.readings.items()}
        begin = {letter: reading[0] for letter, reading in spell.items()}

        @cache
        def tails_of(suffix: str, city: bool) -> Tails:
            han = tuple(sorted(_written(suffix, city), key=len, reverse=True))
            return Tails(
                han, tuple(form.translate(spell) for form in han), tuple(form.translate(begin) for form in han)
            )

        others = [name for name in table.other_names if name.kind != "letter"]
        self.letters = {name.stem: name.row for name in table.other_names if name.kind == "letter"}
        self.rows: list[Row] = [*range(len(table.stems)), *(name.row for name in others)]
        suffixes = (*table.suffixes, *(name.suffix for name in others))
        self.tails = [
            tails_of(suffix, table.levels[row] == Level.CITY)
            for row, suffix in zip(self.rows, suffixes, strict=True)
        ]
        stems = [stem if stem.isalpha() else fold(stem, len(stem)).letters for stem in table.stems]
        stems += (fold(name.stem, len(name.stem)).letters for name in others)
        self.spelled = "\n".join(stems).translate(spell).split("\n")
        self.initials = "\n".join(stems).translate(begin).split("\n")
        found: tuple[_Found, _Found] = (
            (defaultdict(list), defaultdict(list)),
            (defaultdict(list), defaultdict(list)),
        )
        for entry, row in enumerate(self.rows):
            names, initials = found[table.levels[row] == Level.TOWNSHIP]
            names[stems[entry]].append(entry)
            names[self.spelled[entry]].append(entry)
            initials[self.initials[entry]].append(entry)
        for row, reading in table.unusual_readings.items():
            names, initials = found[table.levels[row] == Level.TOWNSHIP]
            self.spelled[row] = "".join(reading).translate(_SPELLED)
            self.initials[row] = "".join(syllable[0] for syllable in reading)
            names[self.spelled[row]].append(row)
            initials[self.initials[row]].append(row)
        self.upper, self.upper_initials = map(Keys, found[0])
        self.lower, self.lower_initials = map(Keys, found[1])

    def is_other(self, entry: int) -> bool:
        """Whether an entry is a row's former, short or foreign name."""
        return entry != self.rows[entry]
