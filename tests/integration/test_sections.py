"""A form section by section, as a phone without script fills it in; and lists too long for any page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.edge_client import EdgeClient, make_installation
from tests.page_samples import form_of

from tianbao.config import Config
from tianbao.domain.forms import Form

TEXT = {"type": "text"}
VILLAGES = [
    {"name": f"v{index}", "label": {"en": f"Village {index}"}, "columns": {"town": f"t{index % 2}"}}
    for index in range(300)
] + [{"name": "twin1", "label": {"en": "Twin"}}, {"name": "twin2", "label": {"en": "Twin"}}]  # fmt: skip
FORM = form_of(
    {"name": "name", **TEXT, "required": True},
    {"name": "people", "type": "integer", "required": True},
    {"name": "double", "type": "calculate", "calculation": "${people} * 2"},
    {"name": "say", "type": "note", "label": {"en": "Hello ${name}, bring ${double} blankets."}},
    {"name": "person", "type": "repeat", "repeat_count": "${people}", "rows_max": 5, "questions": [
        {"name": "age", "type": "integer", "required": True},
        {"name": "school", **TEXT, "relevant": "${age} < 18", "required": True}]},
    {"name": "pets", "type": "repeat", "questions": [{"name": "pet", **TEXT}]},
    {"name": "end", "type": "acknowledge", "required": True},
)  # fmt: skip
LIST_FORM = form_of(
    {"name": "town", "type": "select_one", "choices": [{"name": f"t{i}", "label": {"en": f"T{i}"}} for i in (0, 1)]},
    {"name": "village", "type": "select_one", "choices": VILLAGES, "required": True},
    {"name": "near", "type": "select_one", "choices": VILLAGES, "choice_filter": "town = ${town}"},
)  # fmt: skip


class Fields(HTMLParser):
    """What a browser would post from a page: the fields with their values, and the labels of its buttons."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.names: list[str] = []
        self.buttons: list[tuple[str, str]] = []
        self._button = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attributes}
        if tag == "button":
            self._button = own.get("value", "")
        elif tag in ("input", "select", "textarea") and "name" in own:
            self.names.append(own["name"])
            if own.get("type") not in ("radio", "checkbox") or "checked" in own:
                self.values.setdefault(own["name"], []).append(own.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._button:
            self.buttons.append((self._button, data))
            self._button = ""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeClient]:
    data: Path = tmp_path_factory.mktemp("sections")
    client = EdgeClient(Config(data), make_installation(data))
    yield client
    client.close()


def open_form(client: EdgeClient, form: Form) -> EdgeClient:
    """The site with this form, opened by a new phone."""
    client.publish(form)
    client.new_phone()
    return client


def post(client: EdgeClient, page: Any, action: str = "submit", **typed: Any) -> Any:
    """What a page posts when its button is pressed, with this typed into it."""
    fields = Fields(page.text).values
    fields.update({name.replace("__", "."): [value] for name, value in typed.items()})
    return client.post(client.site, data={**fields, "_action": [action]})


def stored(client: EdgeClient, response: Any) -> Any:
    assert response.status_code == 303, response.text
    return client.stored(client.cookies["r"].split(".")[0])


def test_questions_come_when_what_they_depend_on_is_answered(shared: EdgeClient) -> None:
    client = open_form(shared, FORM)
    first = client.get(client.site)
    assert ".cut" in first.text and ("continue", "Continue") in Fields(first.text).buttons
    second = post(client, first, "continue", name="Li", people="2")
    assert second.status_code == 200
    assert "Hello <b data-o>Li</b>, bring <b data-o>4</b> blankets." in second.text
    shown = Fields(second.text)
    assert [name for name in shown.names if name.startswith("person")] == ["person.0.age", "person.1.age"]
    assert shown.values["name"] == ["Li"] and shown.buttons[-1] == ("submit", "Continue")
    third = post(client, second, person__0__age="40", person__1__age="7")
    names = Fields(third.text).names
    assert "person.1.school" in names and "person.0.school" not in names and "end" in names
    done = post(client, third, person__1__school="Primary", end="OK")
    assert stored(client, done) == {
        "name": "Li", "people": 2, "double": 4, "end": True,
        "person": [{"age": 40}, {"age": 7, "school": "Primary"}],
    }  # fmt: skip


def test_what_is_missing_is_said_on_its_own_page(shared: EdgeClient) -> None:
    client = open_form(shared, FORM)
    page = post(client, client.get(client.site), "continue", people="1")
    assert page.status_code == 422
    assert "Please fill in “name”" in page.text and "“age”" not in page.text
    page = post(client, page, name="Li")
    assert page.status_code == 200 and "person.0.age" in page.text


def test_another_answer_above_asks_other_questions_and_keeps_what_was_typed(shared: EdgeClient) -> None:
    client = open_form(shared, FORM)
    page = post(client, client.get(client.site), "continue", name="Li", people="1")
    page = post(client, page, person__0__age="7")
    page = post(client, page, person__0__age="30", person__0__school="Primary")
    shown = Fields(page.text)
    assert page.status_code == 422 and shown.values["person.0.school"] == ["Primary"]
    assert 'type="hidden" name="person.0.school"' in page.text
    page = post(client, page, person__0__age="8", end="OK")
    assert 'id="person.0.school"' in page.text and Fields(page.text).values["person.0.school"] == ["Primary"]
    assert stored(client, post(client, page, end="OK"))["person"] == [{"age": 8, "school": "Primary"}]


def test_rows_come_and_go_within_a_section(shared: EdgeClient) -> None:
    client = open_form(shared, FORM)
    page = post(client, client.get(client.site), "continue", name="Li", people="0")
    page = post(client, page)
    page = post(client, page, "add:pets", pets__0__pet="Cat")
    assert [name for name in Fields(page.text).names if name.startswith("pets")] == ["pets.0.pet", "pets.1.pet"]
    assert stored(client, post(client, page, pets__1__pet="Dog", end="OK"))["pets"] == [
        {"pet": "Cat"},
        {"pet": "Dog"},
    ]


def test_a_long_list_is_not_on_the_page_and_is_asked_for_as_somebody_types(shared: EdgeClient) -> None:
    client = open_form(shared, LIST_FORM)
    assert "Village 123" not in client.get(client.site).text
    found = client.get(f"{client.site}/lists/village?for=village&q=village%2029").json()
    assert found[:2] == [{"code": "v29", "full": "Village 29"}, {"code": "v290", "full": "Village 290"}]
    assert [one["code"] for one in client.get(f"{client.site}/lists/village?q=V7").json()][:2] == ["v7", "v70"]
    near = client.get(f"{client.site}/lists/near?for=near&q=village%201&town=t1").json()
    assert near and all(int(one["code"][1:]) % 2 for one in near)
    assert client.get(f"{client.site}/lists/village?q=").json() == []
    assert client.get(f"{client.site}/lists/none?q=v").status_code == 404


@pytest.mark.parametrize("typed", ["v29", "village 29", " Village29 "])
def test_a_typed_text_is_the_choice_that_it_names(shared: EdgeClient, typed: str) -> None:
    client = open_form(shared, LIST_FORM)
    assert stored(client, client.post(client.site, data={"village": typed}))["village"] == "v29"


def test_a_text_that_names_no_choice_offers_some(shared: EdgeClient) -> None:
    client = open_form(shared, LIST_FORM)
    page = client.post(client.site, data={"village": "Twin"})
    assert page.status_code == 422
    assert re.findall(r'type="radio" name="village.code" value="(\w*)"', page.text) == ["twin1", "twin2", ""]
    assert (
        stored(client, client.post(client.site, data={"village": "Twin", "village.code": "twin2"}))["village"]
        == "twin2"
    )
    page = client.post(client.site, data={"village": "nowhere at all"})
    assert page.status_code == 422 and "village.code" in page.text
