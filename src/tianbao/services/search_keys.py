"""What a name can be found by: as written, by pinyin, by the first letters of its pinyin.

Made when the search buffer is filled, a million names at a time, and of what somebody types into the search
box. Must not know: where names are kept, who may see them.

Readings come from pypinyin's table of characters, read as the data file it is: importing the package would
load its phrases too, 58 MB for nothing. Its first reading is the dictionary's, which is not always the one of
names; NAME_READINGS sets those right (compared with the surname list of overtrue/pinyin, MIT). Where two
readings are common both are keys, so nobody has to guess which one a person uses.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import islice, product
from pathlib import Path
from typing import Final, TypeAlias

from tianbao.domain.names import HAN, read_name

READINGS_MAX: Final = 4
"""Readings kept of one name; the first are the likeliest."""

_Syllable: TypeAlias = tuple[str, ...]
"""The spellings of one character, likeliest first, or a word of another script."""


@dataclass(frozen=True, slots=True)
class SearchKeys:
    """Lower case, without spaces, dots, hyphens, apostrophes and accents.

    `folded`: the name as written; what somebody types is folded by the same function and looked for in all three.
    `pinyin`: the readings of a name with Chinese characters, at most READINGS_MAX with a space between
    ("shanxiongxin danxiongxin"), ü as v and as u; empty for any other name. `initials`: the first letters of its
    syllables, likewise, or of the words of any other name.
    """

    folded: str
    pinyin: str
    initials: str


NAME_READINGS: Final = dict(
    re.findall(
        r"(\S)(\S+)",
        "曾zeng,ceng 单shan,dan 單shan,dan 解xie,jie 仇qiu,chou 区ou,qu 區ou,qu 查zha,cha 盖ge,gai 蓋ge,gai "
        "朴piao,pu 卜bu 翟zhai,di 缪miao,mou 繆miao,mou 覃qin,tan 乐le,yue 樂le,yue 阚kan 闞kan 乜nie,mie "
        "秘bi,mi 种zhong,chong 繁fan,po 折she,zhe 佴nai,er 粘nian,zhan 薄bo 召zhao,shao 员yuan,yun 員yuan,yun "
        "贠yun 貟yun 隗wei,kui 都du,dou 藏zang,cang 郇xun,huan 谌chen,shen 諶chen,shen 宓mi,fu 祭zhai,ji "
        "黑hei,he 洗xi,xian 尉wei,yu 郗xi,chi 炅jiong,gui 牟mou,mu 盛sheng,cheng 柏bai,bo 长zhang,chang "
        "長zhang,chang 朝chao,zhao 重chong,zhong 行xing,hang 茜qian,xi 晟sheng,cheng 仔zai,zi 参shen,can "
        "莞wan,guan 伽jia,qie 珩heng 隽jun,juan 靓liang,jing 佛fo 弹tan,dan 偲si,cai 降jiang,xiang 还huan,hai "
        "𠮷ji",
    )
)
"""How characters are read in names, where that is not the first reading of pypinyin's table."""

_COMPOUND_READINGS: Final = {
    "尉迟": ("yu", "chi"),
    "尉遲": ("yu", "chi"),
    "万俟": ("mo", "qi"),
    "萬俟": ("mo", "qi"),
    "单于": ("chan", "yu"),
    "單于": ("chan", "yu"),
    "澹台": ("tan", "tai"),
    "澹臺": ("tan", "tai"),
}
"""Compound surnames that are not read as their characters are."""

_WORDS = re.compile(f"[{HAN}]|[^{HAN} ·-]+")
_HAN = re.compile(f"[{HAN}]")
_ACCENTS = re.compile("(?<=[a-z])[\u0300-\u036f]+")
_LETTERS: Final = str.maketrans(
    {"'": "", "đ": "d", "ð": "d", "ø": "o", "ł": "l", "ı": "i", "þ": "th", "æ": "ae", "œ": "oe"}
)
_TONES: Final = str.maketrans(
    "āáǎàēéěèêếềīíǐìōóǒòūúǔùüǖǘǚǜńňǹḿ", "aaaaeeeeeeeiiiioooouuuuvvvvvnnnm", "\u0300\u0304\u030c"
)


def name_keys(name: str) -> SearchKeys:
    """The keys of a name as stored, or of a piece of one as typed into the search box."""
    words = _WORDS.findall(_without_accents(read_name(name).key))
    folded = "".join(words)
    if not _HAN.search(folded):
        return SearchKeys(folded, "", "".join([word[0] for word in words]))
    readings = list(islice(product(*_syllables(folded, words)), READINGS_MAX))
    spelled = ["".join(reading) for reading in readings]
    initials = ["".join([syllable[0] for syllable in reading]) for reading in readings]
    return SearchKeys(folded, _join_distinct(spelled), _join_distinct(initials))


def _syllables(folded: str, words: list[str]) -> list[_Syllable]:
    table = _load_readings()
    syllables = [table.get(word) or (word,) for word in words]
    if compound := _COMPOUND_READINGS.get(folded[:2]):
        syllables[:2] = [(syllable,) for syllable in compound]
    return syllables


def _join_distinct(keys: list[str]) -> str:
    return keys[0] if len(keys) == 1 else " ".join(dict.fromkeys(keys))


def _without_accents(key: str) -> str:
    """Accents are dropped from Latin letters only; elsewhere a mark is a vowel."""
    if key.isascii():
        return key.replace("'", "")
    decomposed = unicodedata.normalize("NFD", key.translate(_LETTERS))
    return unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed))


@cache
def _load_readings() -> dict[str, _Syllable]:
    """Every character's readings: 42,000 entries, loaded once."""
    package = find_spec("pypinyin")
    assert package is not None and package.origin is not None, "pypinyin is a dependency"
    path = Path(package.origin).with_name("pinyin_dict.json")
    table = {
        chr(int(code)): _spell(readings.partition(",")[0].translate(_TONES))
        for code, readings in json.loads(path.read_bytes()).items()
    }
    for char, readings in NAME_READINGS.items():
        table[char] = tuple(readings.split(","))
    return table


@cache
def _spell(syllable: str) -> _Syllable:
    return (syllable, syllable.replace("v", "u")) if "v" in syllable else (syllable,)
