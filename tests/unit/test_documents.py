"""Document numbers: every kind, right, doubtful and impossible, and how they are shown."""

from __future__ import annotations

from datetime import date

import pytest

from tianbao.domain.documents import (
    AGE_MAX_YEARS,
    DocumentType,
    Doubt,
    Sex,
    check_character,
    last_four,
    mask_document,
    read_document,
)

TODAY = date(2026, 3, 1)
RESIDENT = DocumentType.RESIDENT_ID
HMT = DocumentType.RESIDENCE_PERMIT_HMT
HK_MACAU = DocumentType.HK_MACAU_PERMIT
TAIWAN = DocumentType.TAIWAN_PERMIT
PASSPORT = DocumentType.PASSPORT
FOREIGNER = DocumentType.FOREIGNER_PR
REGISTER = DocumentType.HOUSEHOLD_REGISTER
OTHER = DocumentType.OTHER

# GB 11643-1999, table 1: the weights as printed, and the check characters for each remainder.
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHARACTERS = ("1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2")


def with_check(seventeen: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(seventeen, WEIGHTS, strict=True))
    return seventeen + CHARACTERS[total % 11]


def with_icao_check(fourteen: str) -> str:
    """ICAO Doc 9303, part 3, 4.9: letters count from A = 10, weights 7, 3, 1 repeat, modulus 10."""
    values = [ord(char) - 55 if char.isalpha() else ord(char) - 48 for char in fourteen]
    total = 7 * sum(values[0::3]) + 3 * sum(values[1::3]) + sum(values[2::3])
    return f"{fourteen}{total % 10}"


RIGHT = [
    (RESIDENT, "11010519491231002X", "11010519491231002X"),  # the standard's example
    (RESIDENT, "34052419800101001X", "34052419800101001X"),
    (RESIDENT, "34052419800101001x", "34052419800101001X"),
    (RESIDENT, "34052419800101001×", "34052419800101001X"),
    (RESIDENT, "34052419800101001Х", "34052419800101001X"),
    (RESIDENT, " 340524 19800101 001X ", "34052419800101001X"),
    (RESIDENT, "340524-19800101-001X", "34052419800101001X"),
    (RESIDENT, "３４０５２４１９８００１０１００１Ｘ", "34052419800101001X"),
    (RESIDENT, "\u202d34052419800101001X\u202c", "34052419800101001X"),
    (RESIDENT, with_check("13063620000229001"), with_check("13063620000229001")),
    (RESIDENT, with_check("65310119960229124"), with_check("65310119960229124")),
    (RESIDENT, with_check("71010119900101001"), with_check("71010119900101001")),
    (RESIDENT, with_check("11010120260301001"), with_check("11010120260301001")),
    (HMT, with_check("81000019940823002"), with_check("81000019940823002")),
    (HMT, with_check("82000019940823001"), with_check("82000019940823001")),
    (HMT, with_check("83000019920130002"), with_check("83000019920130002")),
    (HMT, "810000199408230021", "810000199408230021"),
    (HMT, "830000199201300022", "830000199201300022"),
    (HK_MACAU, "H12345678", "H12345678"),
    (HK_MACAU, "m01234567", "M01234567"),
    (HK_MACAU, "Ｈ１２３４５６７８", "H12345678"),
    (TAIWAN, "01234567", "01234567"),
    (TAIWAN, "0123 4567", "01234567"),
    (PASSPORT, "E12345678", "E12345678"),
    (PASSPORT, "EA1234567", "EA1234567"),
    (PASSPORT, "G12345678", "G12345678"),
    (PASSPORT, "D12345678", "D12345678"),
    (PASSPORT, "DE1234567", "DE1234567"),
    (PASSPORT, "S12345678", "S12345678"),
    (PASSPORT, "SE1234567", "SE1234567"),
    (PASSPORT, "P12345678", "P12345678"),
    (PASSPORT, "PE1234567", "PE1234567"),
    (PASSPORT, "141234567", "141234567"),
    (PASSPORT, "c01x00t47", "C01X00T47"),
    (PASSPORT, "12345", "12345"),
    (PASSPORT, "AB1234567890", "AB1234567890"),
    # the specimens of the 2017 and the 2023 card
    (FOREIGNER, "CAN110081080310", "CAN110081080310"),
    (FOREIGNER, "911124198108030024", "911124198108030024"),
    (FOREIGNER, with_check("93184019900101001"), with_check("93184019900101001")),
    (REGISTER, "012345678", "012345678"),
    (OTHER, "军字第1234567号", "军字第1234567号"),
    (OTHER, "T130012345", "T130012345"),
    (OTHER, "ABC-1234", "ABC1234"),
]


@pytest.mark.parametrize(("kind", "text", "key"), RIGHT)
def test_a_right_number_has_one_spelling_and_no_doubt(kind: DocumentType, text: str, key: str) -> None:
    reading = read_document(kind, text, today=TODAY)
    assert (reading.type, reading.key, reading.doubts) == (kind, key, ())


DOUBTFUL = [
    (RESIDENT, "440524188001010014", (Doubt.BIRTH_DATE,)),  # the standard's example, 146 years old by now
    (RESIDENT, "340524198001010010", (Doubt.CHECK_DIGIT,)),
    (RESIDENT, "110105194912310020", (Doubt.CHECK_DIGIT,)),
    (RESIDENT, "110105194912310021", (Doubt.CHECK_DIGIT,)),
    (RESIDENT, with_check("13063619990229001"), (Doubt.BIRTH_DATE,)),
    (RESIDENT, with_check("13063619000229001"), (Doubt.BIRTH_DATE,)),
    (RESIDENT, with_check("13063619901301001"), (Doubt.BIRTH_DATE,)),
    (RESIDENT, with_check("13063619900100001"), (Doubt.BIRTH_DATE,)),
    (RESIDENT, with_check("13063600000101001"), (Doubt.BIRTH_DATE,)),
    (RESIDENT, with_check("13063620260302001"), (Doubt.BIRTH_DATE,)),
    (RESIDENT, with_check(f"130636{TODAY.year - AGE_MAX_YEARS - 1}0101001"), (Doubt.BIRTH_DATE,)),
    (RESIDENT, with_check("00063619900101001"), (Doubt.AREA_CODE,)),
    (RESIDENT, with_check("16063619900101001"), (Doubt.AREA_CODE,)),
    (RESIDENT, with_check("66063619900101001"), (Doubt.AREA_CODE,)),
    (RESIDENT, with_check("81000019940823002"), (Doubt.OTHER_TYPE,)),
    (RESIDENT, "911124198108030024", (Doubt.OTHER_TYPE,)),
    (RESIDENT, "130636900229001", (Doubt.OLD_FORM, Doubt.BIRTH_DATE)),
    (RESIDENT, "1306361990010100", (Doubt.LENGTH,)),
    (RESIDENT, "13063619900101001", (Doubt.LENGTH,)),
    (RESIDENT, "1306361990010100111", (Doubt.LENGTH,)),
    (RESIDENT, "", (Doubt.LENGTH,)),
    (RESIDENT, "X", (Doubt.LENGTH,)),
    (RESIDENT, "E12345678", (Doubt.FORM,)),
    (RESIDENT, "1306361990O1010012", (Doubt.FORM,)),
    (RESIDENT, "3405241980010100X1", (Doubt.FORM,)),
    (RESIDENT, "**************001X", (Doubt.FORM,)),
    (RESIDENT, "没带", (Doubt.FORM,)),
    (RESIDENT, "²" * 18, (Doubt.CHECK_DIGIT, Doubt.BIRTH_DATE)),
    (HMT, with_check("81010019940823002"), (Doubt.AREA_CODE,)),
    (HMT, with_check("13063619900101001"), (Doubt.OTHER_TYPE,)),
    (HMT, "H12345678", (Doubt.FORM,)),
    (HMT, "81000019940823", (Doubt.LENGTH,)),
    (HK_MACAU, "H1234567801", (Doubt.OLD_FORM,)),
    (HK_MACAU, "H123456789", (Doubt.LENGTH,)),
    (HK_MACAU, "H1234567", (Doubt.LENGTH,)),
    (HK_MACAU, "A123456(7)", (Doubt.FORM,)),
    (HK_MACAU, "12345678", (Doubt.FORM,)),
    (TAIWAN, "0123456701", (Doubt.OLD_FORM,)),
    (TAIWAN, "0123456701(B)", (Doubt.OLD_FORM,)),
    (TAIWAN, "0123456", (Doubt.LENGTH,)),
    (TAIWAN, "012345678", (Doubt.LENGTH,)),
    (TAIWAN, "A123456789", (Doubt.FORM,)),
    (PASSPORT, "1234", (Doubt.LENGTH,)),
    (PASSPORT, "E123456789012", (Doubt.LENGTH,)),
    (PASSPORT, "ABCDEFG", (Doubt.FORM,)),
    (PASSPORT, "E1234567号", (Doubt.FORM,)),
    (PASSPORT, "*****5678", (Doubt.FORM,)),
    (FOREIGNER, "CAN110081080311", (Doubt.CHECK_DIGIT,)),
    (FOREIGNER, with_icao_check("CAN11008113031"), (Doubt.BIRTH_DATE,)),
    (FOREIGNER, with_icao_check("CAN99008108031"), (Doubt.AREA_CODE,)),
    (FOREIGNER, "911124198108030025", (Doubt.CHECK_DIGIT,)),
    (FOREIGNER, with_check("99912419810803002"), (Doubt.AREA_CODE,)),
    (FOREIGNER, with_check("13063619900101001"), (Doubt.OTHER_TYPE,)),
    (FOREIGNER, "CAN11008108031", (Doubt.LENGTH,)),
    (FOREIGNER, "CA1100810803100", (Doubt.LENGTH,)),
    (FOREIGNER, "110CAN081080310", (Doubt.FORM,)),
    (REGISTER, "123", (Doubt.LENGTH,)),
    (OTHER, "", (Doubt.FORM,)),
    (OTHER, "-", (Doubt.FORM,)),
    (OTHER, "无", (Doubt.LENGTH,)),
    (OTHER, "****4567", (Doubt.FORM,)),
]


@pytest.mark.parametrize(("kind", "text", "doubts"), DOUBTFUL)
def test_a_doubtful_number_is_read_and_marked(kind: DocumentType, text: str, doubts: tuple[Doubt, ...]) -> None:
    assert read_document(kind, text, today=TODAY).doubts == doubts


@pytest.mark.parametrize(
    ("fifteen", "born_on"),
    [
        ("130503670401001", date(1967, 4, 1)),
        ("110105491231002", date(1949, 12, 31)),
        ("340524800229001", date(1980, 2, 29)),
        ("310101990101002", date(1999, 1, 1)),
    ],
)
def test_fifteen_digits_are_upgraded_to_eighteen(fifteen: str, born_on: date) -> None:
    reading = read_document(RESIDENT, fifteen, today=TODAY)
    assert reading.key == with_check(fifteen[:6] + "19" + fifteen[6:])
    assert reading.doubts == (Doubt.OLD_FORM,)
    assert reading.born_on == born_on


def test_an_old_permit_and_its_renewal_are_one_person() -> None:
    keys = {read_document(HK_MACAU, text, today=TODAY).key for text in ("H12345678", "H1234567800", "H1234567803")}
    assert keys == {"H12345678"}
    keys = {read_document(TAIWAN, text, today=TODAY).key for text in ("01234567", "0123456702", "0123456702(A)")}
    assert keys == {"01234567"}


def test_a_resident_number_says_birth_sex_and_area() -> None:
    man = read_document(RESIDENT, with_check("13063619880808001"), today=TODAY)
    woman = read_document(RESIDENT, with_check("13063619880808002"), today=TODAY)
    assert (man.born_on, man.sex, man.area_code) == (date(1988, 8, 8), Sex.MALE, "130636")
    assert (woman.born_on, woman.sex, woman.area_code) == (date(1988, 8, 8), Sex.FEMALE, "130636")


def test_a_residence_permit_says_where_its_holder_comes_from() -> None:
    reading = read_document(HMT, "830000199201300022", today=TODAY)
    assert (reading.born_on, reading.sex, reading.area_code) == (date(1992, 1, 30), Sex.FEMALE, "830000")


def test_what_is_impossible_is_not_stated() -> None:
    assert read_document(RESIDENT, with_check("13063619990229001"), today=TODAY).born_on is None
    assert read_document(RESIDENT, with_check("16063619990228001"), today=TODAY).area_code is None
    assert read_document(FOREIGNER, "911124198108030024", today=TODAY).area_code is None


def test_a_newborn_is_born_on_the_day_and_not_before() -> None:
    number = with_check("11010120260301001")
    assert read_document(RESIDENT, number, today=date(2026, 3, 1)).doubts == ()
    assert read_document(RESIDENT, number, today=date(2026, 2, 28)).doubts == (Doubt.BIRTH_DATE,)


def test_a_birth_date_without_its_century_is_stated_only_where_one_is_possible() -> None:
    assert read_document(FOREIGNER, "CAN110081080310", today=TODAY).born_on == date(1981, 8, 3)
    ambiguous = read_document(FOREIGNER, "CAN110010080310", today=TODAY)
    assert ambiguous.born_on is None
    assert Doubt.BIRTH_DATE not in ambiguous.doubts


@pytest.mark.parametrize("seventeen", ["11010519491231002", "44052418800101001", "00000000000000000", "9" * 17])
def test_the_check_character_agrees_with_the_table_of_weights(seventeen: str) -> None:
    assert seventeen + check_character(seventeen) == with_check(seventeen)


@pytest.mark.parametrize(
    ("text", "mask", "end"),
    [
        ("11010519491231002X", "**************002X", "002X"),
        ("110105 19491231 002x", "**************002X", "002X"),
        ("H12345678", "*****5678", "5678"),
        ("12345678", "****5678", "5678"),
        ("1234567", "****567", "567"),
        ("123", "**3", "3"),
        ("1", "*", ""),
        ("", "", ""),
    ],
)
def test_a_mask_shows_the_end_and_never_more_than_half(text: str, mask: str, end: str) -> None:
    assert mask_document(text) == mask
    assert last_four(text) == end
