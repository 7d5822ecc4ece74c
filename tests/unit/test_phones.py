"""Phone numbers: every usual spelling, every kind, and what is doubtful."""

from __future__ import annotations

import pytest

from tianbao.domain.phones import Doubt, PhoneKind, last_four, mask_phone, read_phone

MOBILE = PhoneKind.MOBILE_CN
LANDLINE = PhoneKind.LANDLINE_CN
FOREIGN = PhoneKind.FOREIGN
SERVICE = PhoneKind.SERVICE
UNKNOWN = PhoneKind.UNKNOWN

RIGHT = [
    ("13812345678", "+8613812345678", MOBILE),
    ("138 1234 5678", "+8613812345678", MOBILE),
    ("138-1234-5678", "+8613812345678", MOBILE),
    ("138.1234.5678", "+8613812345678", MOBILE),
    (" 13812345678 ", "+8613812345678", MOBILE),
    ("+8613812345678", "+8613812345678", MOBILE),
    ("+86 138 1234 5678", "+8613812345678", MOBILE),
    ("(+86)13812345678", "+8613812345678", MOBILE),
    ("+86-13812345678", "+8613812345678", MOBILE),
    ("+86 013812345678", "+8613812345678", MOBILE),
    ("008613812345678", "+8613812345678", MOBILE),
    ("8613812345678", "+8613812345678", MOBILE),
    ("86 138 1234 5678", "+8613812345678", MOBILE),
    ("013812345678", "+8613812345678", MOBILE),
    ("１３８１２３４５６７８", "+8613812345678", MOBILE),
    ("＋８６　１３８１２３４５６７８", "+8613812345678", MOBILE),
    ("١٣٨١٢٣٤٥٦٧٨", "+8613812345678", MOBILE),
    ("\u202d138 1234 5678\u202c", "+8613812345678", MOBILE),
    ("138–1234–5678", "+8613812345678", MOBILE),
    ("17012345678转1234", "+8617012345678", MOBILE),
    ("17012345678-1234", "+8617012345678", MOBILE),
    *((f"{prefix}12345678", f"+86{prefix}12345678", MOBILE) for prefix in (145, 149, 162, 165, 167, 170, 171, 199)),
    ("010-88888888", "+861088888888", LANDLINE),
    ("01088888888", "+861088888888", LANDLINE),
    ("(010)88888888", "+861088888888", LANDLINE),
    ("（010）88888888", "+861088888888", LANDLINE),
    ("010-8888-8888", "+861088888888", LANDLINE),
    ("021 5888 8888", "+862158888888", LANDLINE),
    ("0312-7654321", "+863127654321", LANDLINE),
    ("0755-87654321", "+8675587654321", LANDLINE),
    ("0310-8888888转123", "+863108888888", LANDLINE),
    ("0310-8888888 分机 123", "+863108888888", LANDLINE),
    ("0310-8888888-123", "+863108888888", LANDLINE),
    ("010-8888-8888-801", "+861088888888", LANDLINE),
    ("0310-8888888#8", "+863108888888", LANDLINE),
    ("(0310) 8888888 ext. 12", "+863108888888", LANDLINE),
    ("0310 8888888 x12", "+863108888888", LANDLINE),
    ("+86 10 8888 8888", "+861088888888", LANDLINE),
    ("+86 (0)10 8888 8888", "+861088888888", LANDLINE),
    ("+86 0310 8888888", "+863108888888", LANDLINE),
    ("86-10-88888888", "+861088888888", LANDLINE),
    ("+852 5123 4567", "+85251234567", FOREIGN),
    ("00852 51234567", "+85251234567", FOREIGN),
    ("852 5123 4567", "+85251234567", FOREIGN),
    ("+853 6612 3456", "+85366123456", FOREIGN),
    ("+886 912 345 678", "+886912345678", FOREIGN),
    ("+886 0912345678", "+886912345678", FOREIGN),
    ("+1 (415) 555-2671", "+14155552671", FOREIGN),
    ("001 415 555 2671", "+14155552671", FOREIGN),
    ("+44 (0)20 7946 0958", "+442079460958", FOREIGN),
    ("+49 30 901820", "+4930901820", FOREIGN),
    ("+2901234", "+2901234", FOREIGN),
    ("+123456789012345", "+123456789012345", FOREIGN),
]


@pytest.mark.parametrize(("text", "key", "kind"), RIGHT)
def test_a_right_number_has_one_spelling_and_no_doubt(text: str, key: str, kind: PhoneKind) -> None:
    reading = read_phone(text)
    assert (reading.key, reading.kind, reading.doubts) == (key, kind, ())


@pytest.mark.parametrize(
    "text",
    ["", " ", "-", "/", "——", "无", "無", "没有", "暂无", "无手机", "没有电话", "none", "No", "N/A", "no phone"],
)
def test_to_have_no_phone_is_an_answer_and_not_a_doubt(text: str) -> None:
    reading = read_phone(text)
    assert (reading.key, reading.kind, reading.doubts) == ("", PhoneKind.NONE, ())
    assert mask_phone(text) == text
    assert last_four(text) == ""


DOUBTFUL = [
    ("1381234567", "1381234567", UNKNOWN, Doubt.LENGTH),
    ("138123456789", "138123456789", UNKNOWN, Doubt.LENGTH),
    ("1381234567813912345678", "1381234567813912345678", UNKNOWN, Doubt.LENGTH),
    ("+86 1381234567", "+861381234567", UNKNOWN, Doubt.LENGTH),
    ("+86", "+86", UNKNOWN, Doubt.LENGTH),
    ("12345678901", "12345678901", UNKNOWN, Doubt.FORM),
    ("11111111111", "11111111111", UNKNOWN, Doubt.FORM),
    ("0", "0", UNKNOWN, Doubt.LENGTH),
    ("00", "00", UNKNOWN, Doubt.FORM),
    ("000000", "000000", UNKNOWN, Doubt.FORM),
    ("0310-888888", "0310888888", UNKNOWN, Doubt.LENGTH),
    ("010-18888888", "01018888888", UNKNOWN, Doubt.FORM),
    ("8888888", "8888888", UNKNOWN, Doubt.INCOMPLETE),
    ("51234567", "51234567", UNKNOWN, Doubt.INCOMPLETE),
    ("138****5678", "138****5678", UNKNOWN, Doubt.FORM),
    ("138xxxx5678", "138XXXX5678", UNKNOWN, Doubt.FORM),
    ("一三八", "一三八", UNKNOWN, Doubt.FORM),
    ("电话13812345678", "电话13812345678", UNKNOWN, Doubt.FORM),
    ("13812345678号", "13812345678号", UNKNOWN, Doubt.FORM),
    ("@weixin", "@WEIXIN", UNKNOWN, Doubt.FORM),
    ("++8613812345678", "++8613812345678", UNKNOWN, Doubt.FORM),
    ("+852 512 3456", "+8525123456", FOREIGN, Doubt.LENGTH),
    ("+853 661234567", "+853661234567", FOREIGN, Doubt.LENGTH),
    ("+12345", "+12345", UNKNOWN, Doubt.LENGTH),
    ("+1234567890123456", "+1234567890123456", UNKNOWN, Doubt.LENGTH),
    ("400-810-8888", "+864008108888", SERVICE, Doubt.SERVICE_NUMBER),
    ("400-810-8888-1", "+864008108888", SERVICE, Doubt.SERVICE_NUMBER),
    ("8008108888", "+868008108888", SERVICE, Doubt.SERVICE_NUMBER),
    ("+86 400 810 8888", "+864008108888", SERVICE, Doubt.SERVICE_NUMBER),
    ("95588", "95588", SERVICE, Doubt.SERVICE_NUMBER),
    ("12345", "12345", SERVICE, Doubt.SERVICE_NUMBER),
    ("110", "110", SERVICE, Doubt.SERVICE_NUMBER),
    ("13812345678/13912345678", "+8613812345678", MOBILE, Doubt.SEVERAL),
    ("13812345678，13912345678", "+8613812345678", MOBILE, Doubt.SEVERAL),
    ("13812345678、0310-8888888", "+8613812345678", MOBILE, Doubt.SEVERAL),
    ("13812345678或13912345678", "+8613812345678", MOBILE, Doubt.SEVERAL),
]


@pytest.mark.parametrize(("text", "key", "kind", "doubt"), DOUBTFUL)
def test_a_doubtful_number_is_read_and_marked(text: str, key: str, kind: PhoneKind, doubt: Doubt) -> None:
    reading = read_phone(text)
    assert (reading.key, reading.kind, reading.doubts) == (key, kind, (doubt,))


def test_every_doubt_of_the_first_number_stays_beside_the_second() -> None:
    assert read_phone("1381234567/13912345678").doubts == (Doubt.LENGTH, Doubt.SEVERAL)


@pytest.mark.parametrize(
    ("text", "mask", "end"),
    [
        ("13812345678", "138****5678", "5678"),
        ("+86 138 1234 5678", "138****5678", "5678"),
        ("17012345678转1234", "170****5678", "5678"),
        ("010-88886666", "********6666", "6666"),
        ("0310-8888666-123", "********8666", "8666"),
        ("+852 5123 4567", "*******4567", "4567"),
        ("8886666", "****666", "666"),
        ("110", "**0", "0"),
        ("1", "*", ""),
        ("13812345678/13912340000", "138****5678", "5678"),
        ("138123456789", "********6789", "6789"),
    ],
)
def test_a_mask_shows_the_end_of_the_number_and_of_nothing_else(text: str, mask: str, end: str) -> None:
    assert mask_phone(text) == mask
    assert last_four(text) == end
