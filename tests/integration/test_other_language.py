"""Another language on the way through a form without script: what was typed stays, and so does where one is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.edge_client import EdgeClient, make_installation
from tests.page_samples import form_of
from tests.plain_phone import PlainPhone

from tianbao.config import Config

FORM = replace(
    form_of(
        {"name": "name", "type": "text", "required": True, "label": {"zh-Hans": "姓名", "en": "Name"}},
        {"name": "pets", "type": "repeat", "questions": [{"name": "pet", "type": "text"}]},
        {"name": "people", "type": "integer", "required": True, "label": {"zh-Hans": "人数", "en": "People"}},
        {"name": "say", "type": "note", "label": {"en": "Hello ${name}", "zh-Hans": "${name}，您好"}},
        {
            "name": "school",
            "type": "text",
            "relevant": "${people} > 1",
            "label": {"zh-Hans": "学校", "en": "School"},
        },
    ),
    languages=("en", "zh-Hans"),
)


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeClient]:
    data: Path = tmp_path_factory.mktemp("languages")
    client = EdgeClient(Config(data), make_installation(data))
    client.publish(FORM)
    yield client
    client.close()


@pytest.fixture
def phone(edge: EdgeClient) -> PlainPhone:
    return PlainPhone(edge)


def in_chinese(phone: PlainPhone) -> bool:
    return '<html lang="zh-Hans"' in phone.sheet.text


def test_the_first_page_keeps_what_was_typed(phone: PlainPhone) -> None:
    phone.type({"name": "𠮷田"})
    phone.press("lang:zh-Hans")
    assert phone.response.status_code == 200
    assert in_chinese(phone)
    assert phone.sheet.values()["name"] == ["𠮷田"]


def test_a_section_and_a_page_with_problems_keep_it(phone: PlainPhone) -> None:
    phone.type({"name": "Anna", "people": "2"})
    phone.press("continue")
    phone.type({"school": "No. 3"})
    phone.press("lang:zh-Hans")
    assert in_chinese(phone)
    assert phone.sheet.values()["school"] == ["No. 3"]
    assert phone.sheet.says("学校")
    phone.press("lang:en")
    assert not in_chinese(phone)
    phone.press()
    assert phone.stored() == {"name": "Anna", "people": 2, "school": "No. 3"}


def test_what_was_wrong_is_not_lost(phone: PlainPhone) -> None:
    phone.type({"people": "2"})
    phone.press("continue")
    assert phone.response.status_code == 422
    phone.press("lang:zh-Hans")
    assert in_chinese(phone)
    assert phone.sheet.values()["people"] == ["2"]


def test_the_language_is_kept_for_the_pages_after(phone: PlainPhone, edge: EdgeClient) -> None:
    phone.press("lang:zh-Hans")
    phone.open(edge.site)
    assert in_chinese(phone)


def test_a_language_there_is_not_changes_nothing(phone: PlainPhone, edge: EdgeClient) -> None:
    response = edge.post(edge.site, data={"name": "Anna", "_action": "lang:<b>"})
    assert response.status_code == 200
    assert 'value="Anna"' in response.text


def test_a_link_to_another_language_keeps_the_rest_of_the_address(phone: PlainPhone, edge: EdgeClient) -> None:
    assert "?new=1&amp;lang=zh-Hans" in phone.sheet.text
    for name in ("Anna", "Bert"):
        phone.open(f"{edge.site}?new=1")
        phone.type({"name": name, "people": "1"})
        phone.press("continue")
        phone.press()
    assert "?i=1&amp;lang=zh-Hans" in edge.get("/R?i=1").text
    phone.open("/R/correct?i=1")
    phone.type({"name": "Anna B."})
    phone.press("lang:zh-Hans")
    assert in_chinese(phone)
    assert phone.sheet.values()["name"] == ["Anna B."]
