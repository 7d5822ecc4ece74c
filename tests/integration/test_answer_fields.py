"""A form's questions on the console's screens: what applies by the answers so far, rows within rows, filters."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from tests.cast import NOW_MS, Cast
from tests.page_samples import form_of

from tianbao.domain.forms import Form
from tianbao.services.forms import publish_form
from tianbao.store.models import FormVersion

TEXT = {"type": "text", "label": {"en": "Text"}}
TOWNS = [
    {"name": name, "label": {"en": name}, "columns": {"county": county}}
    for name, county in (("gaoyu", "shunping"), ("baiyun", "shunping"), ("wangdu", "wangdu"))
]
COUNTIES = [{"name": name, "label": {"en": name}} for name in ("shunping", "wangdu")]
FORM: Form = form_of(
    {"name": "county", "type": "select_one", "label": {"en": "County"}, "choices": COUNTIES},
    {
        "name": "town",
        "type": "select_one",
        "label": {"en": "Town"},
        "choices": TOWNS,
        "choice_filter": "county = ${county}",
        "relevant": "${county} != ''",
    },
    {"name": "people", "type": "integer", "label": {"en": "How many"}},
    {
        "name": "person",
        "type": "repeat",
        "label": {"en": "People"},
        "repeat_count": "${people}",
        "rows_max": 5,
        "questions": [{"name": "called", **TEXT}],
    },
    {
        "name": "home",
        "type": "group",
        "label": {"en": "Home"},
        "questions": [
            {
                "name": "rooms",
                "type": "repeat",
                "label": {"en": "Rooms"},
                "rows_max": 3,
                "questions": [
                    {"name": "size", "type": "integer", "label": {"en": "Size"}},
                    {
                        "name": "beds",
                        "type": "repeat",
                        "label": {"en": "Beds"},
                        "rows_max": 2,
                        "questions": [{"name": "who", **TEXT}],
                    },
                ],
            },
            {
                "name": "area",
                "type": "text",
                "read_only": True,
                "calculation": "sum(${size})",
                "label": {"en": "Area"},
            },
        ],
    },
    {"name": "thanks", "type": "note", "label": {"en": "${people} people from ${town}."}},
    {"name": "why", **TEXT, "required_if": "${people} > 3"},
)


@pytest.fixture
def form(installed: Cast) -> FormVersion:
    """Every site has this form."""
    version = publish_form(form=FORM, staff=installed.administrator, now_ms=NOW_MS)
    for site in installed.sites:
        site.forms.update(name=FORM.name)
    return version


@pytest.fixture
def english(signed_in: Client) -> Client:
    signed_in.cookies["lang"] = "en"
    return signed_in


def showing(client: Client, form: FormVersion, **typed: Any) -> dict[str, Any]:
    posted = {name.replace("__", "."): value for name, value in typed.items()}
    answer = client.post(f"/console/answers/{form.id}/showing", posted)
    assert answer.status_code == 200
    return {field["path"]: field for field in answer.json()["fields"]}


def test_nothing_typed_asks_for_what_needs_nothing(english: Client, form: FormVersion) -> None:
    shown = showing(english, form)
    assert [path for path, field in shown.items() if not field["applies"]] == ["town", "person"]
    assert shown["person"]["rows"] == 0
    assert not shown["why"]["required"]
    assert shown["thanks"]["label"] == "… people from …."


def test_answers_say_what_applies(english: Client, form: FormVersion) -> None:
    shown = showing(english, form, county="shunping", town="baiyun", people="4", home__rooms__0__size="12")
    assert shown["town"]["applies"]
    assert shown["town"]["offered"] == ["gaoyu", "baiyun"]
    assert shown["person"]["rows"] == 4
    assert shown["why"]["required"]
    assert shown["home.area"]["value"] == "12"
    assert shown["thanks"]["label"] == "4 people from baiyun."


def test_what_cannot_be_understood_asks_for_nothing_more(english: Client, form: FormVersion) -> None:
    shown = showing(english, form, people="many", county=["shunping", "wangdu"], stranger="x")
    assert shown["person"]["rows"] == 0


def test_a_form_that_is_not_there(english: Client, form: FormVersion) -> None:
    missing = "00000000-0000-7000-8000-000000000000"
    assert english.post(f"/console/answers/{missing}/showing").status_code == 404
    assert english.get(f"/console/answers/{form.id}/showing").status_code == 405


def test_nobody_else_is_told(client: Client, form: FormVersion) -> None:
    assert client.post(f"/console/answers/{form.id}/showing").status_code == 302


def test_rows_within_rows_come_and_go(english: Client, installed: Cast, form: FormVersion) -> None:
    typed = {"_site": installed.sites[0].code, "home.rooms.0.size": "12", "home.rooms.0.beds.0.who": "张三"}
    more = english.post("/console/register", {**typed, "_action": "add:home.rooms.0.beds"})
    html = more.content.decode()
    assert 'name="home.rooms.0.beds.1.who"' in html
    assert more.context["focus"] == "home.rooms.0.beds.1.who"
    assert "张三" in html
    assert "add:person" not in html, "how many there are follows from an answer"
    fewer = english.post("/console/register", {**typed, "_action": "remove:home.rooms.0.beds.0"}).content.decode()
    assert "张三" not in fewer
    assert 'value="12"' in fewer


def test_what_is_worked_out_is_not_typed(english: Client, installed: Cast, form: FormVersion) -> None:
    typed = {"_site": installed.sites[0].code, "home.rooms.0.size": "12", "home.area": "99", "_action": "again"}
    page = english.post("/console/register", {**typed, "_focus": "people"})
    assert re.search(r'name="home.area"[^>]* value="12"[^>]* readonly', page.content.decode())
    assert page.context["focus"] == "people"
