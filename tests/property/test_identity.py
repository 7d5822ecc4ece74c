"""Identity fields under any input: they never fail, never show too much, never miss a slip of the finger."""

from __future__ import annotations

from datetime import date

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tianbao.domain.documents import (
    DocumentType,
    Sex,
    check_character,
    mask_document,
    read_document,
)
from tianbao.domain.documents import last_four as last_four_of_document
from tianbao.domain.names import mask_name, read_name, split_graphemes
from tianbao.domain.numerals import SHOWN_MAX, compact
from tianbao.domain.phones import PhoneKind, mask_phone, read_phone
from tianbao.domain.phones import last_four as last_four_of_phone
from tianbao.services.search_keys import READINGS_MAX, name_keys

TODAY = date(2026, 3, 1)
UNTIMED = settings(deadline=None)
texts = st.text(st.characters(exclude_categories=()), max_size=60)
"""Any code points at all, lone surrogates, controls and unassigned ones included."""
number_texts = st.text("0123456789０１２٣Xx×HMhmE+-- ()（）转/*一", max_size=40)
phone_texts = st.from_regex(
    r"(\+86 ?|0086|)(1[3-9][0-9]{9}|0[1-9][0-9]{1,2}-?[2-9][0-9]{6,7}(转[0-9]{1,4})?)|(\+|00)[0-9]{1,16}|[0-9]{3,12}",
    fullmatch=True,
)


@st.composite
def resident_ids(draw: st.DrawFn) -> str:
    area = draw(st.sampled_from(["110101", "130636", "441900", "540102", "659001"]))
    born_on = draw(st.dates(date(1900, 1, 1), TODAY))
    digits = f"{area}{born_on:%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return digits + check_character(digits)


@UNTIMED
@given(st.sampled_from(DocumentType), texts | number_texts)
@example(DocumentType.RESIDENT_ID, "²" * 18)
@example(DocumentType.FOREIGNER_PR, "ＣＡＮ" + "٠" * 12)
def test_any_text_is_read_as_a_document(kind: DocumentType, text: str) -> None:
    reading = read_document(kind, text, today=TODAY)
    assert reading.type is kind
    assert reading.key == reading.key.upper()


@UNTIMED
@given(texts | number_texts)
def test_any_text_is_read_as_a_phone(text: str) -> None:
    reading = read_phone(text)
    assert (reading.key == "") == (reading.kind is PhoneKind.NONE)


@UNTIMED
@given(st.sampled_from(DocumentType), number_texts)
def test_the_key_of_a_document_is_its_own_key(kind: DocumentType, text: str) -> None:
    key = read_document(kind, text, today=TODAY).key
    assert read_document(kind, key, today=TODAY).key == key


@UNTIMED
@given(phone_texts)
def test_the_key_of_a_phone_is_its_own_key(text: str) -> None:
    key = read_phone(text).key
    assert read_phone(key).key == key


@UNTIMED
@given(texts)
def test_any_text_is_read_as_a_name(text: str) -> None:
    key = read_name(text).key
    assert read_name(key).key == key


@UNTIMED
@given(resident_ids())
def test_a_right_resident_number_has_no_doubt_and_states_itself(number: str) -> None:
    reading = read_document(DocumentType.RESIDENT_ID, number, today=TODAY)
    assert reading.doubts == ()
    assert reading.born_on is not None
    assert f"{reading.area_code}{reading.born_on:%Y%m%d}" == number[:14]
    assert reading.sex is (Sex.MALE if number[16] in "13579" else Sex.FEMALE)


@UNTIMED
@given(resident_ids(), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_is_always_noticed(number: str, position: int, char: str) -> None:
    assume(number[position] != char)
    wrong = number[:position] + char + number[position + 1 :]
    assert read_document(DocumentType.RESIDENT_ID, wrong, today=TODAY).doubts


@UNTIMED
@given(resident_ids(), st.integers(0, 16))
def test_two_neighbours_exchanged_are_always_noticed(number: str, position: int) -> None:
    assume(number[position] != number[position + 1])
    wrong = number[:position] + number[position + 1] + number[position] + number[position + 2 :]
    assert read_document(DocumentType.RESIDENT_ID, wrong, today=TODAY).doubts


@UNTIMED
@given(resident_ids(), st.integers(0, 17))
def test_a_missing_character_is_always_noticed(number: str, position: int) -> None:
    wrong = number[:position] + number[position + 1 :]
    assert read_document(DocumentType.RESIDENT_ID, wrong, today=TODAY).doubts


@UNTIMED
@given(texts | number_texts)
def test_the_mask_of_a_document_shows_four_characters_and_never_more_than_half(text: str) -> None:
    number, mask = compact(text), mask_document(text)
    end = last_four_of_document(text)
    assert len(mask) == len(number)
    assert len(end) <= min(SHOWN_MAX, len(number) / 2)
    assert mask == "*" * (len(number) - len(end)) + end


@UNTIMED
@given(texts | number_texts | st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_the_mask_of_a_phone_hides_at_least_four_digits_of_a_mobile_and_half_of_any_other(text: str) -> None:
    reading, mask = read_phone(text), mask_phone(text)
    number = reading.key.removeprefix("+")
    if reading.kind is PhoneKind.MOBILE_CN:
        assert mask == f"{number[2:5]}****{number[-4:]}"
    elif reading.kind is not PhoneKind.NONE:
        end = last_four_of_phone(text)
        assert len(end) <= min(SHOWN_MAX, len(number) / 2)
        assert mask == "*" * (len(number) - len(end)) + end


@UNTIMED
@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.data())
def test_a_mobile_is_one_key_however_it_is_written(number: str, data: st.DataObject) -> None:
    prefix = data.draw(st.sampled_from(["", "+86", "+86 ", "0086", "86", "86-", "(+86)", "0"]))
    cuts = data.draw(st.sampled_from([(11, 11), (3, 7), (4, 8), (1, 2)]))
    between = data.draw(st.sampled_from([" ", "-", "", "\u00a0", "."]))
    grouped = between.join(
        part for part in (number[: cuts[0]], number[cuts[0] : cuts[1]], number[cuts[1] :]) if part
    )
    reading = read_phone(prefix + grouped)
    assert (reading.key, reading.kind, reading.doubts) == ("+86" + number, PhoneKind.MOBILE_CN, ())


@UNTIMED
@given(st.text(st.characters(categories=["Lo", "Lu", "Ll"]), min_size=1, max_size=30))
def test_the_mask_of_a_name_shows_its_first_character_or_a_compound_surname(name: str) -> None:
    mask = mask_name(name)
    shown = mask.rstrip("*")
    assert "*" in mask
    assert name.startswith(shown)
    assert len(split_graphemes(shown)) <= 2


@UNTIMED
@given(texts)
def test_the_mask_of_any_name_hides_something(text: str) -> None:
    mask = mask_name(text)
    assert "*" in mask or not read_name(text).key


@UNTIMED
@given(texts)
def test_any_name_has_keys_without_spaces_in_its_letters(text: str) -> None:
    keys = name_keys(text)
    assert " " not in keys.folded
    assert len(keys.pinyin.split(" ")) <= READINGS_MAX


@UNTIMED
@given(st.text(st.characters(categories=["L", "Nd", "Zs", "Pd"]), max_size=30))
def test_a_folded_name_is_found_by_itself(text: str) -> None:
    folded = name_keys(text).folded
    assert name_keys(folded).folded == folded
