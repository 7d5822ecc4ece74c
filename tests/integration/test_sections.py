"""A form section by section, as a phone without script fills it in; and lists too long for any page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.edge_client import EdgeClient, make_installation
from tests.page_samples import form_of
from tests.plain_phone import PlainPhone

from tianbao.config import Config
from tianbao.domain.forms import Form

TEXT = {"type": "text"}
END = {"name": "end", "type": "acknowledge", "required": True}
FORM = form_of(
    {"name": "name", **TEXT, "required": True},
    {"name": "people", "type": "integer", "required": True},
    {"name": "double", "type": "calculate", "calculation": "${people} * 2"},
    {"name": "say", "type": "note", "label": {"en": "Hello ${name}, bring ${double} blankets."}},
    {"name": "person", "type": "repeat", "repeat_count": "${people}", "rows_max": 5, "questions": [
        {"name": "age", "type": "integer", "required": True},
        {"name": "school", **TEXT, "relevant": "${age} < 18", "required": True}]},
    {"name": "pets", "type": "repeat", "questions": [{"name": "pet", **TEXT}]},
    END,
)  # fmt: skip
VILLAGES = [
    {"name": f"v{index}", "label": {"en": f"Village {index}"}, "columns": {"town": f"t{index % 2}"}}
    for index in range(300)
] + [{"name": f"twin{n}", "label": {"en": "Twin"}, "columns": {"town": f"t{n}"}} for n in (0, 1)]
TOWNS = [{"name": f"t{n}", "label": {"en": f"T{n}"}} for n in (0, 1)]
LIST_FORM = form_of(
    {"name": "town", "type": "select_one", "choices": TOWNS},
    {"name": "village", "type": "select_one", "choices": VILLAGES, "required": True},
    {"name": "near", "type": "select_one", "choices": VILLAGES, "choice_filter": "town = ${town}"},
    {"name": "say", "type": "note", "label": {"en": "You live in ${village}."}},
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeClient]:
    data: Path = tmp_path_factory.mktemp("sections")
    client = EdgeClient(Config(data), make_installation(data))
    yield client
    client.close()


def opened(client: EdgeClient, form: Form) -> PlainPhone:
    """A new phone at the site with this form."""
    client.publish(form)
    return PlainPhone(client)


def fill(phone: PlainPhone, button: str = "", /, **answers: Any) -> None:
    """Types answers, `__` for the dots in their paths, and presses a button."""
    phone.type({name.replace("__", "."): given for name, given in answers.items()})
    phone.press(button)


def place_of(phone: PlainPhone) -> str:
    """The name of the first field after the place at which the page goes on."""
    elements = list(phone.sheet.root.walk())
    (mark,) = [index for index, each in enumerate(elements) if each.attributes.get("id") == "_on"]
    shown = phone.sheet.shown()
    return next(each.attributes["name"] for each in elements[mark:] if each.attributes.get("name") in shown)


# --- sections


def test_questions_come_when_what_they_depend_on_is_answered(shared: EdgeClient) -> None:
    phone = opened(shared, FORM)
    assert phone.sheet.shown() == ["name", "people"]
    assert phone.sheet.buttons() == ["continue"]
    fill(phone, name="Li", people="2")
    assert phone.sheet.status == 200
    assert phone.sheet.says("Hello Li, bring 4 blankets.")
    assert phone.sheet.shown() == ["name", "people", "person.0.age", "person.1.age"]
    assert place_of(phone) == "person.0.age"
    assert phone.sheet.values()["name"] == ["Li"]
    fill(phone, person__0__age="40", person__1__age="7")
    assert place_of(phone) == "person.1.school"
    assert {"person.1.school", "end"} <= set(phone.sheet.shown()) and "person.0.school" not in phone.sheet.shown()
    fill(phone, person__1__school="Primary", end="OK")
    assert phone.stored() == {
        "name": "Li", "people": 2, "double": 4, "end": True,
        "person": [{"age": 40}, {"age": 7, "school": "Primary"}],
    }  # fmt: skip


def test_what_is_missing_is_said_on_its_own_page(shared: EdgeClient) -> None:
    phone = opened(shared, FORM)
    fill(phone, people="1")
    assert phone.sheet.status == 422
    assert phone.sheet.says("Please fill in “name”") and not phone.sheet.says("“age”")
    fill(phone, name="Li")
    assert phone.sheet.status == 200 and "person.0.age" in phone.sheet.shown()
    fill(phone)
    assert phone.sheet.status == 422 and phone.sheet.says("“age”") and not phone.sheet.says("“end”")


def test_another_answer_above_asks_other_questions_and_keeps_what_was_typed(shared: EdgeClient) -> None:
    phone = opened(shared, FORM)
    fill(phone, name="Li", people="1")
    fill(phone, person__0__age="7")
    fill(phone, person__0__school="Primary", person__0__age="30")
    assert phone.sheet.status == 422 and phone.sheet.says("Please read the notice")
    assert "person.0.school" not in phone.sheet.shown()
    assert phone.sheet.values()["person.0.school"] == ["Primary"]
    fill(phone, person__0__age="8", end="OK")
    assert phone.sheet.status == 200 and place_of(phone) == "person.0.school"
    assert phone.sheet.values()["person.0.school"] == ["Primary"]
    fill(phone)
    assert phone.stored()["person"] == [{"age": 8, "school": "Primary"}]


def test_rows_that_an_answer_counts_come_back(shared: EdgeClient) -> None:
    phone = opened(shared, FORM)
    fill(phone, name="Li", people="2")
    fill(phone, person__0__age="40", person__1__age="50", people="1")
    assert phone.sheet.rows("person") == 1
    fill(phone, people="2")
    assert phone.sheet.values()["person.1.age"] == ["50"]
    fill(phone, people="1", end="OK")
    assert phone.stored()["person"] == [{"age": 40}]


def test_rows_come_and_go_within_a_section(shared: EdgeClient) -> None:
    phone = opened(shared, FORM)
    fill(phone, name="Li", people="0")
    assert phone.sheet.rows("person") == 0
    fill(phone, "add:pets", pets__0__pet="Cat")
    assert place_of(phone) == "pets.1.pet"
    fill(phone, "add:pets", pets__1__pet="Dog")
    fill(phone, "remove:pets.0", pets__2__pet="Hen")
    assert [phone.sheet.values()[f"pets.{n}.pet"] for n in (0, 1)] == [["Dog"], ["Hen"]]
    fill(phone, end="OK")
    assert phone.stored()["pets"] == [{"pet": "Dog"}, {"pet": "Hen"}]


def test_a_row_in_which_nothing_is_ticked_stays(shared: EdgeClient) -> None:
    choices = [{"name": name, "label": {"en": name}} for name in "ab"]
    phone = opened(
        shared,
        form_of(
            {"name": "r", "type": "repeat", "questions": [{"name": "c", "type": "select_one", "choices": choices}]},
            {"name": "n", "type": "note", "label": {"en": "x"}, "relevant": "count(${r}) > 5"},
        ),
    )
    fill(phone, "add:r")
    fill(phone, "add:r", r__1__c="b")
    assert phone.sheet.rows("r") == 3 and phone.sheet.values()["r.1.c"] == ["b"]


def test_a_question_begins_with_its_default_once(shared: EdgeClient) -> None:
    choices = [{"name": name, "label": {"en": name}} for name in "abc"]
    phone = opened(
        shared,
        form_of(
            {"name": "n", "type": "integer"},
            {"name": "next", "type": "integer", "initial": "${n} + 1"},
            {"name": "tick", "type": "select_multiple", "choices": choices, "default": "a b"},
            {"name": "who", "type": "repeat", "questions": [
                {"name": "name", **TEXT}, {"name": "kin", **TEXT, "default": "spouse"}]},
            {"name": "say", "type": "note", "label": {"en": "Your number is ${fixed}"}},
            {"name": "fixed", "type": "calculate", "calculation": "once(random())"},
        ),
    )  # fmt: skip
    fill(phone, n="1")
    assert phone.sheet.values()["next"] == ["2"] and phone.sheet.values()["tick"] == ["a", "b"]
    fill(phone, next="", tick=[])
    assert phone.sheet.values()["next"] == [""] and "tick" not in phone.sheet.values()
    while "who.0.name" not in phone.sheet.shown():
        fill(phone)
    assert phone.sheet.values()["who.0.kin"] == [""]
    fill(phone, who__0__name="Li")
    assert phone.sheet.values()["who.0.kin"] == ["spouse"] and place_of(phone) == "who.0.kin"
    number = phone.sheet.values()["fixed"]
    fill(phone, "add:who", who__0__kin="")
    assert phone.sheet.values()["fixed"] == number and phone.sheet.says(f"Your number is {number[0]}")
    fill(phone)
    assert phone.stored() == {"n": 1, "who": [{"name": "Li"}], "fixed": number[0]}


def test_a_default_that_is_worked_out_is_offered_before_anything_is_registered(shared: EdgeClient) -> None:
    dated = form_of({"name": "name", **TEXT}, {"name": "on", "type": "date", "initial": "date(today())"})
    phone = opened(shared, dated)
    fill(phone, name="Li")
    (today,) = phone.sheet.values()["on"]
    assert phone.sheet.status == 200 and place_of(phone) == "on"
    assert abs(date.fromisoformat(today) - datetime.now(UTC).date()) <= timedelta(days=1)
    fill(phone)
    assert phone.stored() == {"name": "Li", "on": today}
    phone = opened(shared, dated)
    fill(phone)
    fill(phone, name="Li", on="")
    assert phone.stored() == {"name": "Li"}


def test_what_was_typed_stands_before_a_default(shared: EdgeClient) -> None:
    phone = opened(shared, form_of({"name": "on", "type": "date", "initial": "today()"}))
    fill(phone, on="2026-01-02")
    assert phone.stored() == {"on": "2026-01-02"}


def test_a_section_after_the_first_page_shows_what_that_began_with(shared: EdgeClient) -> None:
    dated = {"name": "on", "type": "date", "initial": "today()", "required": True}
    later = [{"name": f"q{n}", **TEXT, "relevant": "${name} != ''"} for n in range(6)]
    phone = opened(shared, form_of(dated, {"name": "name", **TEXT}, *later))
    fill(phone, name="Li")
    assert phone.sheet.status == 200 and phone.sheet.values()["on"] != [""]


def test_choices_follow_an_answer_above(shared: EdgeClient) -> None:
    places = [
        {"name": n, "label": {"en": n}, "columns": {"of": of}} for n, of in (("p", "t0"), ("q", "t1"), ("r", "t1"))
    ]
    phone = opened(
        shared,
        form_of(
            {"name": "town", "type": "select_one", "choices": TOWNS},
            {"name": "place", "type": "select_one", "choices": places, "choice_filter": "of = ${town}"},
        ),
    )
    fill(phone, town="t0")
    assert phone.sheet.choices("place") == ["p"]
    fill(phone, town="t1", place="p")
    assert phone.sheet.status in (200, 422) and phone.sheet.choices("place") == ["q", "r"]
    fill(phone, place="r")
    assert phone.stored() == {"town": "t1", "place": "r"}


def test_a_double_press_registers_once(shared: EdgeClient) -> None:
    phone = opened(shared, FORM)
    fill(phone, name="Li", people="0")
    cookies = dict(shared.cookies)
    fill(phone, end="OK")
    first = shared.cookies["r"]
    shared.cookies.clear()
    shared.cookies.update(cookies)
    phone.press_again()
    assert phone.response.status_code == 303 and shared.cookies["r"] == first


def test_going_back_to_the_first_page_is_another_beginning(shared: EdgeClient) -> None:
    phone = opened(shared, FORM)
    first = phone.sheet
    fill(phone, name="Li", people="1")
    phone.sheet = first
    fill(phone, name="Li", people="0")
    fill(phone, end="OK")
    assert phone.stored()["people"] == 0


def test_a_post_of_everything_is_judged_at_once(shared: EdgeClient) -> None:
    shared.publish(FORM)
    shared.new_phone()
    given = {"name": "Li", "people": "1", "person.0.age": "20", "end": "OK"}
    assert shared.post(shared.site, data=given).status_code == 303
    answer = shared.post(shared.site, data={**given, "end": ""})
    assert answer.status_code == 422 and 'name="person.0.age"' in answer.text


def test_a_correction_leaves_out_what_does_not_apply_until_it_does(shared: EdgeClient) -> None:
    phone = opened(shared, FORM)
    fill(phone, name="Li", people="1")
    fill(phone, person__0__age="30")
    fill(phone, end="OK")
    phone.open("/R/correct")
    assert phone.sheet.says("Hello Li, bring 2 blankets.")
    assert "person.0.school" not in phone.sheet.shown()
    fill(phone, person__0__age="8", end="OK")
    assert phone.sheet.status == 200 and place_of(phone) == "person.0.school"
    fill(phone)
    assert phone.sheet.status == 422 and phone.sheet.says("“school”")
    fill(phone, person__0__school="Primary")
    assert phone.stored()["person"] == [{"age": 8, "school": "Primary"}]


def test_a_correction_by_script_is_not_asked_twice(shared: EdgeClient) -> None:
    phone = opened(shared, FORM)
    fill(phone, name="Li", people="0")
    fill(phone, end="OK")
    answers = {"_revision": "1", "name": "Li", "people": "1", "person.0.age": "30", "end": "OK"}
    assert shared.post("/R", data=answers).status_code == 303
    assert phone.stored()["person"] == [{"age": 30}]


# --- long lists


def test_a_long_list_is_not_on_the_page_and_is_asked_for_as_somebody_types(shared: EdgeClient) -> None:
    phone = opened(shared, LIST_FORM)
    assert "Village 123" not in phone.sheet.text and phone.sheet.choices("village") == []
    found = shared.get(f"{shared.site}/sample/lists/village?for=village&q=village%2029").json()
    assert found[:2] == [{"code": "v29", "full": "Village 29"}, {"code": "v290", "full": "Village 290"}]
    assert [one["code"] for one in shared.get(f"{shared.site}/sample/lists/village?q=V7").json()][:2] == [
        "v7",
        "v70",
    ]
    near = shared.get(f"{shared.site}/sample/lists/near?for=near&q=village%201&town=t1").json()
    assert near and all(int(one["code"][1:]) % 2 for one in near)
    assert shared.get(f"{shared.site}/sample/lists/village?q=").json() == []
    for unknown in ("none?q=v", "town?q=t"):
        assert shared.get(f"{shared.site}/sample/lists/{unknown}").status_code == 404
    assert shared.get(f"{shared.site}/sample/lists/village?for=near.0&q=v").status_code == 200


def test_a_list_is_not_sent_again(shared: EdgeClient) -> None:
    shared.publish(LIST_FORM)
    address = f"{shared.site}/sample/lists/village?q=village"
    first = shared.get(address)
    again = shared.get(address, headers={"if-none-match": first.headers["etag"]})
    assert len(first.json()) == 12 and len(first.content) < 1000
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("typed", ["v29", "village 29", " Village29 "])
def test_a_typed_text_is_the_choice_that_it_names(shared: EdgeClient, typed: str) -> None:
    phone = opened(shared, LIST_FORM)
    fill(phone, village=typed)
    assert phone.sheet.says("You live in v29.")
    fill(phone)
    assert phone.stored() == {"village": "v29"}


def test_a_text_that_names_no_choice_offers_some(shared: EdgeClient) -> None:
    phone = opened(shared, LIST_FORM)
    fill(phone, village="Twin")
    assert phone.sheet.status == 422
    assert phone.sheet.choices("village.code") == ["twin0", "twin1", ""]
    phone.type({"village.code": "twin1"})
    phone.press()
    assert phone.sheet.status == 200 and phone.sheet.values()["village"] == ["Twin"]
    fill(phone)
    assert phone.stored()["village"] == "twin1"


def test_part_of_a_label_offers_what_begins_with_it(shared: EdgeClient) -> None:
    phone = opened(shared, LIST_FORM)
    fill(phone, village="lage 12")
    assert phone.sheet.choices("village.code") == ["v12", *(f"v12{n}" for n in range(10)), ""]
    fill(phone, village="nowhere at all")
    assert phone.sheet.status == 422 and "village.code" not in phone.sheet.shown()
    fill(phone, village="illage 299")
    phone.type({"village.code": "v299"})
    phone.press()
    assert phone.sheet.values()["village"] == ["Village 299"]


def test_of_two_with_one_name_the_filter_says_which(shared: EdgeClient) -> None:
    phone = opened(shared, LIST_FORM)
    fill(phone, town="t1", village="v1")
    fill(phone, near="twin")
    assert phone.stored()["near"] == "twin1"


def test_what_the_filter_leaves_out_is_not_taken(shared: EdgeClient) -> None:
    phone = opened(shared, LIST_FORM)
    fill(phone, town="t1", village="v1")
    fill(phone, near="village 2")
    assert phone.sheet.status == 422
    assert all(int(name[1:]) % 2 for name in phone.sheet.choices("near.code") if name)


def test_an_emptied_field_takes_back_what_was_picked(shared: EdgeClient) -> None:
    shared.publish(LIST_FORM)
    answers = {"village": "v1", "near": {"text": " ", "code": "v3"}}
    assert "near" not in shared.stored(shared.submit(answers).json()["receipt"])
