"""What a name can be found by."""

from __future__ import annotations

import pytest

from tianbao.services.search_keys import NAME_READINGS, READINGS_MAX, name_keys


@pytest.mark.parametrize(
    ("name", "pinyin", "initials"),
    [
        ("张三", "zhangsan", "zs"),
        ("張三", "zhangsan", "zs"),
        ("张 三", "zhangsan", "zs"),
        ("曾国藩", "zengguofan cengguofan", "zgf cgf"),
        ("单雄信", "shanxiongxin danxiongxin", "sxx dxx"),
        ("解缙", "xiejin jiejin", "xj jj"),
        ("仇英", "qiuying chouying", "qy cy"),
        ("区寄", "ouji quji", "oj qj"),
        ("查慎行", "zhashenxing zhashenhang chashenxing chashenhang", "zsx zsh csx csh"),
        ("盖叫天", "gejiaotian gaijiaotian", "gjt"),
        ("任我行", "renwoxing renwohang", "rwx rwh"),
        ("朴正熙", "piaozhengxi puzhengxi", "pzx"),
        ("覃秀英", "qinxiuying tanxiuying", "qxy txy"),
        ("尉迟恭", "yuchigong", "ycg"),
        ("万俟卨", "moqixie", "mqx"),
        ("单于平", "chanyuping", "cyp"),
        ("澹台明", "tantaiming", "ttm"),
        ("长孙无忌", "zhangsunwuji changsunwuji", "zswj cswj"),
        ("欧阳娜娜", "ouyangnana", "oynn"),
        ("万山", "wanshan", "ws"),
        ("吕布", "lvbu lubu", "lb"),
        ("女娲", "nvwa nuwa", "nw"),
        ("㐱文龙", "zhenwenlong", "zwl"),
        ("䶮小雨", "yanxiaoyu", "yxy"),
        ("𠮷野家", "jiyejia", "jyj"),
        ("𬱖慧", "dihui", "dh"),
        ("李〇", "liling", "ll"),
        ("买买提·艾力", "maimaitiaili", "mmtal"),
        ("王Anna", "wanganna", "wa"),
    ],
)
def test_a_chinese_name_is_found_by_pinyin_and_initials(name: str, pinyin: str, initials: str) -> None:
    keys = name_keys(name)
    assert (keys.pinyin, keys.initials) == (pinyin, initials)


@pytest.mark.parametrize(
    ("name", "folded", "initials"),
    [
        ("Anna Smith", "annasmith", "as"),
        ("O’Brien Seán", "obriensean", "os"),
        ("José María García-López", "josemariagarcialopez", "jmgl"),
        ("Nguyễn Thị Hồng", "nguyenthihong", "nth"),
        ("Đặng Thùy Trâm", "dangthuytram", "dtt"),
        ("Łukasz Żak", "lukaszzak", "lz"),
        ("Müller", "muller", "m"),
        ("ئەلى مەمەت", "ئەلىمەمەت", "ئم"),
        ("สมชาย ใจดี", "สมชายใจดี", "สใ"),
        ("", "", ""),
        ("·", "", ""),
    ],
)
def test_any_other_name_is_found_as_written_without_accents(name: str, folded: str, initials: str) -> None:
    keys = name_keys(name)
    assert (keys.folded, keys.pinyin, keys.initials) == (folded, "", initials)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("张三", "张　三"),
        ("zhang san", "张三"),
        ("ZhangSan", "张三"),
        ("lü bu", "吕布"),
        ("lvbu", "吕布"),
        ("lubu", "吕布"),
        ("艾力", "买买提·艾力"),
        ("买买提.艾力", "买买提·艾力"),
        ("oynn", "欧阳娜娜"),
        ("GARCÍA", "José García-López"),
        ("garcia lopez", "José García-López"),
        ("o'brien", "O’Brien Seán"),
        ("danxx", ""),
    ],
)
def test_what_is_typed_is_folded_by_the_same_function(typed: str, name: str) -> None:
    keys = name_keys(name)
    wanted = name_keys(typed).folded
    is_found = wanted in keys.folded or wanted in keys.pinyin or wanted in keys.initials
    assert is_found is bool(name)


def test_an_ideograph_without_a_reading_stays_itself() -> None:
    assert name_keys("\U00020002家").pinyin == "\U00020002jia"


def test_readings_are_limited() -> None:
    keys = name_keys("行" * 50)
    assert len(keys.pinyin.split(" ")) == READINGS_MAX


def test_every_reading_set_by_hand_is_one_character_and_plain_letters() -> None:
    for char, readings in NAME_READINGS.items():
        assert len(char) == 1
        assert all(reading.isascii() and reading.isalpha() for reading in readings.split(","))
