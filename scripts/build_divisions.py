"""Makes the bundle of divisions that Tianbao carries: src/tianbao/data/divisions/divisions.txt.xz.

    python scripts/build_divisions.py SOURCE [--out FILE]

SOURCE is a folder with provinces.csv, cities.csv, areas.csv, streets.csv and HK-MO-TW.json of
modood/Administrative-divisions-of-China. Former, short and foreign names are read from other-names.tsv beside
the bundle. The same input gives the same bytes. The format is described in the README.md beside the bundle.
"""

from __future__ import annotations

import argparse
import csv
import json
import lzma
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pypinyin import lazy_pinyin

BUNDLE = Path(__file__).resolve().parent.parent / "src" / "tianbao" / "data" / "divisions"
HONG_KONG_MACAO_TAIWAN = {"香港特别行政区": "810000", "澳门特别行政区": "820000", "台湾省": "710000"}
TEXT_FILTER = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "lp": 0, "pb": 0}

_PEOPLES = (
    "满族|蒙古族|蒙古|回族|朝鲜族|鄂温克族|鄂温克|鄂伦春族|达斡尔族|藏族|羌族|土家族|苗族|彝族|布依族|侗族|哈尼族|壮族"
    "|傣族|白族|景颇族|傈僳族|瑶族|畲族|各族|仫佬族|毛南族|黎族|仡佬族|水族|纳西族|拉祜族|佤族|布朗族|独龙族|怒族|普米族"
    "|裕固族|保安族|东乡族|撒拉族|土族|哈萨克族|哈萨克|柯尔克孜族|柯尔克孜|塔吉克族|塔吉克|锡伯族|锡伯|维吾尔族|维吾尔|基诺族"
    "|德昂族|阿昌族|俄罗斯族|塔塔尔族|乌孜别克族|赫哲族|门巴族|珞巴族|京族"
)
_PLACEHOLDER = re.compile(r"市辖区|县|(?:省|自治区)直辖县级行政区划")
_ZONE = re.compile(r".*(?:开发|工业园|产业园|创意园|食品|示范|实验|聚集|管理|矿)区")
_SUFFIX = {
    6: re.compile(
        rf"(.{{2,}}?)((?:{_PEOPLES})*自治[区州县旗]|族自治旗|族自治县|(?:{_PEOPLES})+区|特别行政区|特区|林区|新区|地区"
        r"|[省市盟县区乡镇]|(?<![左右前中后])旗)"
    ),
    9: re.compile(
        rf"(.{{2,}}?)((?:(?:{_PEOPLES})+|少数)*(?:民族)?乡|族乡|(?:(?:{_PEOPLES})(?<=族))*(?:镇|街道)|街道办事处|地区|苏木)"
    ),
}

# Characters whose usual reading in place names is not the one a dictionary gives first.
CHARACTERS = {
    "长": "chang", "朝": "chao", "勒": "le", "什": "shi", "佛": "fo", "蚌": "bang", "曾": "zeng", "番": "fan",
    "漯": "luo", "堡": "bao", "会": "hui", "单": "dan", "都": "du", "乐": "le", "重": "chong", "尾": "wei",
    "任": "ren", "行": "hang", "珲": "hun", "陂": "bei", "泊": "bo", "解": "jie", "大": "da", "覃": "qin",
    "圩": "wei", "牟": "mou", "六": "liu", "卡": "ka", "峙": "zhi", "厦": "xia", "柏": "bai", "泌": "bi",
    "朴": "pu", "巷": "xiang", "翟": "zhai", "卜": "bu", "峤": "qiao", "湫": "qiu", "阚": "kan", "郇": "xun",
    "隽": "jun", "篢": "gong",
}  # fmt: skip
# The same by province: 圩 is a dyke on the lower Yangzi and a market in the south, 涌 there a creek.
CHARACTERS_OF_PROVINCE = {
    "34": {"涡": "guo", "蚌": "beng"}, "35": {"圩": "xu"}, "36": {"圩": "xu"}, "41": {"涡": "guo"},
    "43": {"圩": "xu"}, "44": {"圩": "xu", "涌": "chong"}, "45": {"圩": "xu"}, "46": {"圩": "xu"},
    "53": {"圩": "xu"},
}  # fmt: skip
# Names, with or without their suffix, and parts of names that are not read as their characters usually are.
NAMES = {
    "长子": "zhang zi", "六安": "lu an", "六合区": "lu he", "吴堡": "wu bu", "洪洞": "hong tong",
    "单县": "shan xian", "浚县": "xun xian", "浚州": "xun zhou", "荥经": "ying jing", "筠连": "jun lian",
    "乐亭": "lao ting", "乐清": "yue qing", "乐陵": "lao ling", "大城县": "dai cheng", "尉犁": "yu li",
    "蔚县": "yu xian",
    "蔚州": "yu zhou", "番禺": "pan yu", "宕昌": "tan chang", "崆峒": "kong tong", "繁峙": "fan shi",
    "黄陂": "huang pi", "大埔县": "da bu", "召陵": "shao ling", "伽师": "jia shi", "行唐": "xing tang",
    "牟平": "mu ping", "中牟": "zhong mu", "铅山": "yan shan", "东阿": "dong e", "歙县": "she xian",
    "莘县": "shen xian", "莘庄": "xin zhuang", "郫都": "pi du", "渑池": "mian chi", "枞阳": "zong yang",
    "穆棱": "mu ling", "红寺堡": "hong si bu", "柴沟堡": "chai gou bu", "瓦窑堡": "wa yao bu", "里堡": "li pu",
    "堡子": "bu zi", "解州": "xie zhou", "水泊": "shui po", "瑷珲": "ai hui", "藏龙岛": "cang long dao",
    "浒墅关": "xu shu guan", "大涌": "da chong", "什刹海": "shi cha hai", "大栅栏": "da shi lan", "泽覃": "ze tan",
    "覃怀": "tan huai",
}  # fmt: skip


class Row(NamedTuple):
    """One line of the bundle. Without a stem: a code that stands for the place around it."""

    code: str
    stem: str
    suffix: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("--out", type=Path, default=BUNDLE / "divisions.txt.xz")
    arguments = parser.parse_args()
    text = bundle(arguments.source, BUNDLE / "other-names.tsv")
    arguments.out.write_bytes(lzma.compress(text.encode(), check=lzma.CHECK_CRC32, filters=[TEXT_FILTER]))
    print(f"{arguments.out}: {len(text.encode()):,} → {arguments.out.stat().st_size:,} bytes")


def bundle(source: Path, other_names: Path) -> str:
    """The three sections: readings, divisions, other names; an empty line between two."""
    rows = list(read_rows(source))
    spoken = [read_aloud(row) for row in rows]
    usual = usual_readings(rows, spoken)
    divisions = [division_line(row, syllables, usual) for row, syllables in zip(rows, spoken, strict=True)]
    sections = [reading_lines(usual), divisions, other_name_lines(other_names, rows)]
    return "\n\n".join("\n".join(lines) for lines in sections)


def read_rows(source: Path) -> Iterator[Row]:
    """All divisions in the order of their codes, each right after what is around it."""
    names = {
        row["code"].ljust(6, "0"): row["name"]
        for file in ("areas.csv", "streets.csv", "cities.csv", "provinces.csv")  # 4419 wins over area 441900
        for row in csv.DictReader((source / file).read_text(encoding="utf-8").splitlines())
    }
    overseas = json.loads((source / "HK-MO-TW.json").read_text(encoding="utf-8"))
    names |= {code: name for name, code in HONG_KONG_MACAO_TAIWAN.items()}
    for code in sorted(names):
        name = names[code]
        same_as_city = len(code) == 6 and names.get(code[:4] + "00") == name and code[4:] != "00"
        if len(code) == 6 and (_PLACEHOLDER.fullmatch(name) or same_as_city):
            yield Row(code, "", "")
            continue
        if len(code) == 9:
            name = without_prefix(name, names[code[:4] + "00"], names[code[:6]])
        yield Row(code, *split_name(name, len(code)))
        for city, counties in overseas.get(name, {}).items():
            yield Row("+", *split_name(city, 6))
            for county in counties:
                yield Row("++", *split_name(county, 6))


def split_name(name: str, digits: int) -> tuple[str, str]:
    """顺平县 → (顺平, 县): what tells it from others, and what it is. Short and composed names stay whole."""
    match = None if digits == 6 and _ZONE.fullmatch(name) else _SUFFIX[digits].fullmatch(name)
    return (match[1], match[2]) if match else (name, "")


def without_prefix(name: str, city: str, county: str) -> str:
    """Some townships repeat what is around them (济源市沁园街道 in 济源市); their names begin after it."""
    for prefix in (city + county, county, city):
        shorter = name.removeprefix(prefix)
        if shorter != name and split_name(shorter, 9)[1]:
            return shorter
    return name


def read_aloud(row: Row) -> list[str]:
    """The syllables of the stem, one a character, without tones."""
    for name in (row.stem + row.suffix, row.stem):
        if name in NAMES:
            return NAMES[name].split()[: len(row.stem)]
    usual = CHARACTERS | CHARACTERS_OF_PROVINCE.get(row.code[:2], {})
    guessed = [
        syllable
        for run in re.findall(r"[^\u3400-\U0003ffff〇]|[\u3400-\U0003ffff〇]+", row.stem)
        for syllable in lazy_pinyin(run, v_to_u=True)
    ]
    if len(guessed) != len(row.stem):
        raise ValueError(f"{row.stem}: {guessed}")
    syllables = [usual.get(character, syllable) for character, syllable in zip(row.stem, guessed, strict=True)]
    for name, reading in NAMES.items():
        if (start := row.stem.find(name)) >= 0:
            syllables[start : start + len(name)] = reading.split()
    return syllables


def usual_readings(rows: list[Row], spoken: list[list[str]]) -> dict[str, str]:
    """Every character's most frequent reading; suffixes and other names are read by it too."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row, syllables in zip(rows, spoken, strict=True):
        for character, syllable in zip(row.stem, syllables, strict=True):
            if character.isalpha() or character == "〇":
                counts[character][syllable] += 1
    usual = {character: min(counts[character], key=lambda s: (-counts[character][s], s)) for character in counts}
    for character in sorted({character for row in rows for character in row.suffix} - usual.keys()):
        usual[character] = CHARACTERS.get(character) or lazy_pinyin(character, v_to_u=True)[0]
    return usual


def reading_lines(usual: dict[str, str]) -> list[str]:
    """`shun 顺舜`: the characters that are usually read so."""
    grouped: defaultdict[str, list[str]] = defaultdict(list)
    for character, syllable in usual.items():
        grouped[syllable].append(character)
    return [f"{syllable} {''.join(sorted(grouped[syllable]))}" for syllable in sorted(grouped)]


def division_line(row: Row, syllables: list[str], usual: dict[str, str]) -> str:
    """`130636 顺平|县`, with the reading after it where it is not the usual one."""
    code = row.code[6:] if len(row.code) == 9 else row.code
    if not row.stem:
        return code
    line = f"{code} {row.stem}|{row.suffix}" if row.suffix else f"{code} {row.stem}"
    differs = any(
        usual.get(character, syllable) != syllable for character, syllable in zip(row.stem, syllables, strict=True)
    )
    return f"{line} {' '.join(syllables)}" if differs else line


def other_name_lines(file: Path, rows: list[Row]) -> list[str]:
    """`former 襄樊|市 420600`: kind, name, codes.

    The stem of a former place is marked off only if it may be believed alone: not of 武昌县 (today's 武昌 is a
    district beside its successor), nor of 南海市 (it has two successors, one of them 南海).
    """
    codes_of = defaultdict(list)
    for row in rows:
        codes_of[row.stem].append(row.code)
    lines = []
    for entry in csv.DictReader(file.read_text(encoding="utf-8").splitlines(), delimiter="\t"):
        name, codes = entry["name"], entry["codes"].split()
        if entry["kind"] == "former":
            stem, suffix = split_name(name, 6)
            one = codes[0] if len(codes) == 1 else None
            area = one[:4] if one else codes[0][:2]
            namesakes = [code for code in codes_of[stem] if len(code) == 6 and code.startswith(area)]
            if suffix and all(one and code.startswith(one.removesuffix("00")) for code in namesakes):
                name = f"{stem}|{suffix}"
        lines.append(f"{entry['kind']}\t{name}\t{' '.join(codes)}")
    return lines


if __name__ == "__main__":
    main()
