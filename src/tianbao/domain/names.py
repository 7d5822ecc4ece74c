"""Names of people: what is doubtful about one, its one spelling for matching, and its mask.

Asked by validation at intake, by search and matching, and by whatever many people see (passes, lists). A
name is stored exactly as typed (DESIGN 11): nothing here is ever written back. Nothing is refused either; a
doubtful name is accepted and marked. Must not know: pinyin (`services.search_keys`), languages.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

GRAPHEMES_MAX: Final = 50
"""More than the longest names on record in civil registers: probably something else was typed."""
HIDDEN_MAX: Final = 8
"""Stars a mask puts for one word, however long it is."""
MARKS_MAX: Final = 4
"""Combining marks that a mask keeps on a letter; no script needs more."""

HAN: Final = "\u3007\u3400-\u4dbf\u4e00-\u9fff\ufa0e-\ufa29\U00020000-\U000323af"
"""Ideographs and 〇 (Unicode 15.1), for the inside of a character class in a regular expression."""
COMPOUND_SURNAMES: Final = frozenset(
    re.findall(
        "..",
        "欧阳歐陽太史上官端木司马司馬东方東方独孤獨孤南宫南宮万俟萬俟闻人聞人夏侯诸葛諸葛尉迟尉遲公羊赫连赫連澹台澹臺皇甫宗政"
        "濮阳濮陽公冶太叔申屠公孙公孫慕容仲孙仲孫钟离鍾離长孙長孫宇文司徒鲜于鮮于司空闾丘閭丘亓官司寇巫马巫馬公西颛孙顓孫"
        "漆雕乐正樂正宰父谷梁拓跋轩辕軒轅令狐段干百里呼延东郭東郭羊舌微生梁丘左丘东门東門西门西門贺兰賀蘭单于單于完颜完顏耶律",
    )
)
"""Surnames of two characters that are still borne, from the Hundred Family Surnames and beyond."""


class Doubt(StrEnum):
    """What may be wrong with a name. The value is a mark beside the answer and never changes its meaning."""

    DIGITS = "digits"
    SINGLE_CHARACTER = "single_character"
    PLACEHOLDER = "placeholder"
    """A test ("测试", "aaa") or something in place of a name ("匿名", "王先生")."""
    LENGTH = "length"
    FORM = "form"
    """Signs that stand in for a character somebody could not type (□, ?, private use), or no letter at all."""


@dataclass(frozen=True, slots=True)
class NameReading:
    """`key` is for matching and searching only: compatibility forms, case, dots and spaces do not count in it."""

    key: str
    doubts: tuple[Doubt, ...] = ()


_HAN_CHARACTER = re.compile("[\u4e00-\u9fff]")
_PLAIN = re.compile("[\u4e00-\u9fff]{2,4}")
"""Nearly all names at a Chinese checkpoint; the key of such a name is the name."""
_HAN_NAME = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ebe0]{2,4}")
"""With the rare characters, which a key keeps too."""
_DOTS: Final = "·•‧∙⋅・⸱᛫●.。"
_HYPHENS: Final = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d"
_APOSTROPHES: Final = "'’‘ʼʻ`´"
_UNIFIED: Final = str.maketrans(
    dict.fromkeys(_DOTS, "·") | dict.fromkeys(_HYPHENS, "-") | dict.fromkeys(_APOSTROPHES, "'")
)
_SPACES = re.compile(r"\s+")
_AROUND_SEPARATOR = re.compile(r" ?([·-])[ ·-]*")
_BETWEEN_HAN = re.compile(f"(?<=[{HAN}]) (?=[{HAN}])")
_SEPARATOR: Final = rf"[\s{re.escape(_DOTS + _HYPHENS)}]"
_BETWEEN_WORDS = re.compile(f"({_SEPARATOR}+)")
_EDGES = re.compile(f"^{_SEPARATOR}+|(?<!{_SEPARATOR}){_SEPARATOR}+$")
_STANDS_IN: Final = frozenset('?!*@#$%&=+_/\\|<>{}[]:;"~^')
_PLACEHOLDER = re.compile(
    r"[测測][试試].*|.*[测測][试試]|test.*|asdf.*|qwer.*|abcd?|demo|xxx?|none|null|nobody|anonymous|"
    r"无|无名|无名氏|没有|不知道|不详|匿名|保密|姓名|名字|本人|路人.?|"
    r"..?(?:先生|女士|小姐|某|某某|某人)"
)
_REPEATED = re.compile(r"(.)\1{2,}")
_IN_PLACEHOLDERS: Final = frozenset(_HAN_CHARACTER.findall(_PLACEHOLDER.pattern))
"""What a placeholder in Han characters has one of; few names do."""


def doubts_about(text: str) -> tuple[Doubt, ...]:
    """The doubts of `read_name`, without reading on where a name is as most are."""
    if _HAN_NAME.fullmatch(text) and _IN_PLACEHOLDERS.isdisjoint(text) and text.count(text[0]) < 3:
        return ()
    return read_name(text).doubts


def read_name(text: str) -> NameReading:
    """Reads a name as typed. Never fails."""
    if _PLAIN.fullmatch(text) and not _PLACEHOLDER.fullmatch(text) and not _REPEATED.fullmatch(text):
        return NameReading(text)
    key = _make_key(text)
    doubts = []
    if any(char.isdecimal() for char in key):
        doubts.append(Doubt.DIGITS)
    graphemes = len(split_graphemes(key))
    if graphemes == 1:
        doubts.append(Doubt.SINGLE_CHARACTER)
    elif graphemes > GRAPHEMES_MAX:
        doubts.append(Doubt.LENGTH)
    bare = "".join(char for char in key if not char.isdecimal()).strip()
    if _PLACEHOLDER.fullmatch(bare) or _REPEATED.fullmatch(key):
        doubts.append(Doubt.PLACEHOLDER)
    if not any(char.isalpha() for char in key) or any(_stands_in(char) for char in key):
        doubts.append(Doubt.FORM)
    return NameReading(key, tuple(doubts))


def mask_name(text: str) -> str:
    """A name for what many see: 张三 → 张*, 欧阳娜娜 → 欧阳**, 买买提·艾力 → 买**·**, Anna Smith → A*** S****.

    The first character stays, or a compound surname before a given name; every word of a script with capitals
    keeps its first letter. Something is always hidden.
    """
    words = _BETWEEN_WORDS.split(_EDGES.sub("", text))
    return "".join(
        word if index % 2 else _mask_word(word, is_first=index == 0, is_alone=len(words) == 1)
        for index, word in enumerate(words)
    )


def split_graphemes(text: str) -> list[str]:
    """User-perceived characters, near enough to UAX #29: a character with the marks and joiners behind it."""
    if text.isascii() or not any(_extends(char) for char in text):
        return list(text)
    graphemes: list[str] = []
    for char in text:
        if graphemes and (_extends(char) or graphemes[-1].endswith("\u200d")):
            graphemes[-1] += char
        else:
            graphemes.append(char)
    return graphemes


def _make_key(text: str) -> str:
    visible = text if text.isascii() else "".join(char for char in text if not _is_invisible(char))
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).casefold()).translate(_UNIFIED)
    return _BETWEEN_HAN.sub("", _AROUND_SEPARATOR.sub(r"\1", _SPACES.sub(" ", folded))).strip(" ·-")


def _is_invisible(char: str) -> bool:
    """Joiners, direction marks and the selectors of a character's variant."""
    return not char.isascii() and (
        unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
    )


def _stands_in(char: str) -> bool:
    return char in _STANDS_IN or (not char.isascii() and unicodedata.category(char) in ("Co", "So", "Sm", "Sc"))


def _extends(char: str) -> bool:
    return not char.isascii() and unicodedata.category(char) in ("Mn", "Mc", "Me", "Cf")


def _mask_word(word: str, *, is_first: bool, is_alone: bool) -> str:
    graphemes = split_graphemes(word)
    has_capitals = word[:1].lower() != word[:1].upper()
    if is_first and len(graphemes) > 2 and word[:2] in COMPOUND_SURNAMES:
        shown = 2
    elif len(graphemes) == 1:
        shown = int(is_first and not is_alone)
    else:
        shown = int(is_first or has_capitals)
    kept = [grapheme[: 1 + MARKS_MAX] for grapheme in graphemes[:shown]]
    return "".join(kept) + "*" * min(HIDDEN_MAX, len(graphemes) - shown)
