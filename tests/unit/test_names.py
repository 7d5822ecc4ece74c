"""Names: the key they are matched by, what is doubtful about one, and how many may see it."""

from __future__ import annotations

import pytest

from tianbao.domain.names import GRAPHEMES_MAX, HIDDEN_MAX, Doubt, mask_name, read_name, split_graphemes

RIGHT = [
    ("张三", "张三"),
    ("曾国藩", "曾国藩"),
    ("欧阳娜娜", "欧阳娜娜"),
    ("张　三", "张三"),
    (" 张 小 明 ", "张小明"),
    ("㐱文龙", "㐱文龙"),
    ("䶮小雨", "䶮小雨"),
    ("𠮷野家", "𠮷野家"),
    ("𬱖慧", "𬱖慧"),
    ("李〇", "李〇"),
    ("\u8c48山", "\u8c48山"),
    ("\uf900山", "\u8c48山"),  # a compatibility ideograph
    ("葛\U000e0100飾", "葛飾"),  # a variant of the glyph
    ("買買提·艾力", "買買提·艾力"),
    ("买买提·艾力", "买买提·艾力"),
    ("买买提•艾力", "买买提·艾力"),
    ("买买提・艾力", "买买提·艾力"),
    ("买买提‧艾力", "买买提·艾力"),
    ("买买提.艾力", "买买提·艾力"),
    ("买买提．艾力", "买买提·艾力"),
    ("买买提。艾力", "买买提·艾力"),
    ("买买提 · 艾力", "买买提·艾力"),
    ("买买提··艾力", "买买提·艾力"),
    ("ئەلى مەمەت", "ئەلى مەمەت"),
    ("بﻮﻏ\u200cرا", "بوغرا"),
    ("བསྟན་འཛིན", "བསྟན་འཛིན"),
    ("สมชาย ใจดี", "สมชาย ใจดี"),
    ("Anna Smith", "anna smith"),
    ("ANNA  SMITH", "anna smith"),
    ("Ａｎｎａ Ｓｍｉｔｈ", "anna smith"),
    ("O’Brien Seán", "o'brien seán"),
    ("Sea\u0301n O'Brien", "seán o'brien"),
    ("José María García–López", "josé maría garcía-lópez"),
    ("Nguyễn Thị Hồng", "nguyễn thị hồng"),
    ("J. Smith", "j·smith"),
    ("Weiß", "weiss"),
    ("张三（小张）", "张三(小张)"),
    ("ﾔﾏﾀﾞ ﾀﾛｳ", "ヤマダ タロウ"),
]


@pytest.mark.parametrize(("text", "key"), RIGHT)
def test_a_name_has_one_key_however_it_is_typed(text: str, key: str) -> None:
    reading = read_name(text)
    assert (reading.key, reading.doubts) == (key, ())


DOUBTFUL = [
    ("张", (Doubt.SINGLE_CHARACTER,)),
    ("𠮷", (Doubt.SINGLE_CHARACTER,)),
    ("a\u0301", (Doubt.SINGLE_CHARACTER,)),
    ("张3", (Doubt.DIGITS,)),
    ("张３", (Doubt.DIGITS,)),
    ("王13812345678", (Doubt.DIGITS,)),
    ("测试", (Doubt.PLACEHOLDER,)),
    ("測試", (Doubt.PLACEHOLDER,)),
    ("测试员", (Doubt.PLACEHOLDER,)),
    ("测试1", (Doubt.DIGITS, Doubt.PLACEHOLDER)),
    ("Test User", (Doubt.PLACEHOLDER,)),
    ("asdf", (Doubt.PLACEHOLDER,)),
    ("aaa", (Doubt.PLACEHOLDER,)),
    ("哈哈哈", (Doubt.PLACEHOLDER,)),
    ("111", (Doubt.DIGITS, Doubt.PLACEHOLDER, Doubt.FORM)),
    ("匿名", (Doubt.PLACEHOLDER,)),
    ("王先生", (Doubt.PLACEHOLDER,)),
    ("欧阳女士", (Doubt.PLACEHOLDER,)),
    ("李某某", (Doubt.PLACEHOLDER,)),
    ("某某", (Doubt.PLACEHOLDER,)),
    ("王?明", (Doubt.FORM,)),
    ("王？明", (Doubt.FORM,)),
    ("王□明", (Doubt.FORM,)),
    ("王\ufffd明", (Doubt.FORM,)),
    ("王\ue863明", (Doubt.FORM,)),
    ("王*明", (Doubt.FORM,)),
    ("@赵", (Doubt.FORM,)),
    ("=SUM(A1)", (Doubt.DIGITS, Doubt.FORM)),
    ("张三😀", (Doubt.FORM,)),
    ("···", (Doubt.FORM,)),
    ("", (Doubt.FORM,)),
    ("乌尔丽克" * 12 + "·冯", (Doubt.LENGTH,)),
]


@pytest.mark.parametrize(("text", "doubts"), DOUBTFUL)
def test_a_doubtful_name_is_read_and_marked(text: str, doubts: tuple[Doubt, ...]) -> None:
    if Doubt.LENGTH in doubts:
        text += "莱" * (GRAPHEMES_MAX - len(text) + 1)
        assert read_name(text[:-1]).doubts == ()
    assert read_name(text).doubts == doubts


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("张三", "张*"),
        ("曾国藩", "曾**"),
        ("欧阳娜娜", "欧阳**"),
        ("欧阳娜", "欧阳*"),
        ("欧阳", "欧*"),
        ("歐陽娜娜", "歐陽**"),
        ("张", "*"),
        (" 张 ", "*"),
        ("张·", "*"),
        ("张 三", "张 *"),
        ("买买提·艾力", "买**·**"),
        ("阿依古丽·吐尔逊", "阿***·***"),
        ("Anna Smith", "A*** S****"),
        ("J Smith", "J S****"),
        ("A B", "A *"),
        ("O'Brien Seán", "O****** S***"),
        ("José María García-López", "J*** M**** G*****-L****"),
        ("Иван Петров", "И*** П*****"),
        ("𠮷野家", "𠮷**"),
        ("𠮷", "*"),
        ("ئەلى مەمەت", "ئ*** *****"),
        ("བསྟན་འཛིན", "བ******"),
        ("กำธร", "ก***"),
        ("e\u0301mile", "e\u0301****"),
        ("葛\U000e0100飾", "葛\U000e0100*"),
        ("莱" * 60, "莱" + "*" * HIDDEN_MAX),
        ("", ""),
    ],
)
def test_a_mask_keeps_what_a_person_recognises_by_and_hides_the_rest(text: str, mask: str) -> None:
    assert mask_name(text) == mask


def test_a_mask_keeps_no_heap_of_marks() -> None:
    assert mask_name("e" + "\u0301" * 50 + "a") == "e" + "\u0301" * 4 + "*"


@pytest.mark.parametrize(
    ("text", "count"),
    [("张三", 2), ("𠮷野", 2), ("e\u0301", 1), ("བསྟན", 3), ("👩\u200d🔧a", 2), ("\u0301a", 2), ("", 0)],
)
def test_graphemes_are_what_a_reader_counts(text: str, count: int) -> None:
    graphemes = split_graphemes(text)
    assert len(graphemes) == count
    assert "".join(graphemes) == text
