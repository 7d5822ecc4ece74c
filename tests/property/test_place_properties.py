"""Every division is found by its names, and no text at all is read into a place it does not name."""

from __future__ import annotations

import csv
from collections import Counter
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tianbao.data import read_divisions
from tianbao.domain.place_names import NAME_MAX
from tianbao.domain.places import Candidates, Gazetteer, Level, Place, Resolved, Unresolved

PLACES = Gazetteer.from_bytes(read_divisions())
UNTIMED = settings(deadline=None)


def places_inside(code: str) -> list[Place]:
    return [inner for place in PLACES.children(code) for inner in (place, *places_inside(place.code))]


ALL = places_inside("")
COUNTIES = [place for place in ALL if place.level == Level.COUNTY]
LARGE = [place for place in ALL if place.level <= Level.COUNTY]
STEMS = dict(zip(PLACES.codes, PLACES.stems, strict=True))


def around(place: Place) -> list[Place]:
    """The place and all around it, from the province inwards."""
    found = [place]
    while parent := PLACES.place(found[0].parent):
        found.insert(0, parent)
    return found


def without_suffix(place: Place) -> str:
    return STEMS[place.code]


def pinyin(place: Place) -> str:
    return PLACES.english_name(place.code).split(", ")[0]


def may_mean(text: str, place: Place) -> bool:
    """Whether a text is read as a place, as one around it, or as candidates among which it is."""
    found = PLACES.resolve(text)
    if isinstance(found, Candidates):
        return place in found.places
    return isinstance(found, Resolved) and PLACES.contains(found.code, place.code)


def test_there_are_all_divisions_and_no_two_share_a_full_name():
    assert Counter(place.level for place in ALL) == {
        Level.PROVINCE: 34,
        Level.CITY: 333,
        Level.COUNTY: 2974,
        Level.TOWNSHIP: 41352,
    }
    assert len({place.full_name for place in ALL}) == len(ALL)


def test_every_full_name_is_resolved_to_its_place():
    wrong = [place for place in ALL if PLACES.resolve(place.full_name) != Resolved(place.code, "")]
    assert wrong == []


def test_every_county_is_found_without_the_suffixes():
    ways = {
        "all levels": lambda county: around(county),
        "city and county": lambda county: around(county)[1:] or [county],
        "province and county": lambda county: [around(county)[0], county],
        "county alone": lambda county: [county],
    }
    missed = [
        (way, county.full_name)
        for way, names in ways.items()
        for county in COUNTIES
        if not may_mean("".join(without_suffix(place) for place in names(county)), county)
    ]
    assert missed == []


def test_nearly_every_county_is_certain_without_the_suffixes():
    unclear = [
        county
        for county in COUNTIES
        if PLACES.resolve("".join(map(without_suffix, around(county)))) != Resolved(county.code, "")
    ]
    assert len(unclear) < 40


def test_every_county_is_found_by_pinyin_in_either_order():
    missed = [
        county.full_name
        for county in COUNTIES
        if len(pinyin(county)) <= NAME_MAX
        and not (
            may_mean("".join(map(pinyin, around(county))), county)
            and may_mean(PLACES.english_name(county.code), county)
        )
    ]
    assert missed == []


def test_every_county_is_suggested_by_its_initials_below_its_city():
    missed = []
    for county in COUNTIES:
        typed = "".join(PLACES.initials(place.code) for place in around(county))
        if county not in PLACES.suggest(typed, 12):
            missed.append((typed, county.full_name))
    assert missed == []


def test_every_former_name_leads_to_what_became_of_it():
    with files("tianbao.data").joinpath("divisions", "other-names.tsv").open(encoding="utf-8") as file:
        former = [row for row in csv.DictReader(file, delimiter="\t") if row["kind"] == "former"]
    missed = [
        (row["name"], code)
        for row in former
        for code in row["codes"].split()
        if not may_mean(PLACES.place(code[:2] + "0000").name + row["name"], PLACES.place(code))
    ]
    assert len(former) > 500
    assert missed == []


# any text

any_text = st.text(st.characters(exclude_categories=[]), max_size=100)
"""Control characters and lone surrogates included."""
pieces = st.sampled_from(
    [
        *(place.name for place in LARGE),
        *(without_suffix(place) for place in LARGE),
        *(pinyin(place) for place in LARGE),
        *"省市县区乡镇村路街号冀沪新 ·，,-（）12",
        *("县城", "大学", "东路", "市辖区", "中国", "County", "😀", "\ud800", "\x00"),
    ]
)
jumbled = st.lists(pieces, max_size=6).map("".join)


@UNTIMED
@given(any_text | jumbled)
def test_any_text_has_an_answer_and_loses_nothing(text):
    found = PLACES.resolve(text)
    match found:
        case Unresolved():
            assert found.text == text
        case Candidates():
            assert found.places
            assert len(set(found.places)) == len(found.places)
            assert found.rest in text
        case Resolved():
            assert PLACES.is_code(found.code)
            assert found.rest in text
            assert text.strip().endswith(found.rest) or text.startswith(found.rest)


@UNTIMED
@given(any_text | jumbled, st.integers(1, 20))
def test_any_text_has_suggestions_or_none(text, limit):
    suggested = PLACES.suggest(text, limit)
    assert len(suggested) <= limit
    assert len({place.code for place in suggested}) == len(suggested)


@UNTIMED
@given(st.sampled_from(LARGE), st.sampled_from(LARGE), st.sampled_from(["", " ", "，", "-"]))
def test_a_resolved_place_contradicts_no_place_that_the_text_names(outer, inner, between):
    """Whatever two places a text puts together, the answer lies in a namesake of the one and the other."""
    found = PLACES.resolve(outer.name + between + inner.name)
    if isinstance(found, Resolved):
        names = [place.name for place in around(PLACES.place(found.code))]
        assert outer.name in names
        assert inner.name in names


@settings(deadline=None, max_examples=500)
@given(st.sampled_from(ALL), st.data(), st.sampled_from(["", "12号", "北关12号", "中路3号", " 某小区", "村"]))
def test_a_text_made_of_a_place_s_names_is_never_taken_for_another_place(place, data, address):
    """Levels and suffixes left out at will, but a township's where its county is left out too; an address after it."""
    names = [name for name in around(place)[:-1] if data.draw(st.booleans())]
    bare = [data.draw(st.booleans()) for _ in names]
    text = "".join(
        without_suffix(name) if is_bare else name.name for name, is_bare in zip(names, bare, strict=True)
    )
    whole = place.level == Level.TOWNSHIP and (not names or names[-1].code != place.parent)
    text += place.name if whole or data.draw(st.booleans()) else without_suffix(place)
    found = PLACES.resolve(text + address)
    if isinstance(found, Resolved):
        assert PLACES.contains(found.code, place.code)


@UNTIMED
@given(st.sampled_from(ALL), st.data())
def test_what_stands_between_the_names_changes_nothing(place, data):
    names = [place.name for place in around(place)]
    gaps = st.sampled_from(["", " ", "　", "·", "，", "-", "/", "\n"])
    text = names[0] + "".join(data.draw(gaps) + name for name in names[1:])
    assert PLACES.resolve(text) == Resolved(place.code, "")


@UNTIMED
@given(st.sampled_from(ALL), st.sampled_from(["，", " ", "\n"]), st.text("某号楼室0123456789", max_size=20))
def test_an_address_after_a_full_name_is_the_rest(place, between, address):
    assert PLACES.resolve(place.full_name + between + address) == Resolved(place.code, address)


@UNTIMED
@given(st.text("abcdefghijklmnopqrstuvwxyz", max_size=2))
def test_one_or_two_latin_letters_are_never_certain(text):
    assert not isinstance(PLACES.resolve(text), Resolved)


@pytest.mark.parametrize("text", ["县" * 60, "城关" * 30, "a" * 60, "xy" * 30, "冀" * 60, "😀" * 60])
def test_repetition_is_no_place(text):
    assert not isinstance(PLACES.resolve(text), Resolved)
    assert len(PLACES.suggest(text, 12)) <= 12
