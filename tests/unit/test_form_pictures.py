"""Pictures of a form's labels and choices: named in a spreadsheet, kept, shown on the page."""

from __future__ import annotations

import re

from tests.file_samples import png
from tests.page_samples import page

from tianbao.domain.form_pictures import named_pictures, picture_name, rename_pictures
from tianbao.domain.forms import Form
from tianbao.xlsform import Understood, given_bytes, read_form

FORM = b"""
| survey |
| | type | name | label::English (en) | label::\xe4\xb8\xad\xe6\x96\x87 (zh-Hans) | image::English (en) | image::\xe4\xb8\xad\xe6\x96\x87 (zh-Hans) |
| | note | map | Map | \xe5\x9c\xb0\xe5\x9b\xbe | map.png | map-zh.png |
| | select_one l | sign | Sign | \xe6\xa0\x87\xe5\xbf\x97 | | |
| choices |
| | list_name | name | image |
| | l | stop | stop.png |
| | l | go | |
| settings |
| | form_id | default_language |
| | roads | English (en) |
"""
MEDIA = {"map.png": png(), "stop.png": png(20)}
STOP, MAP = picture_name(b"stop"), picture_name(b"map")


def understood() -> Understood:
    return read_form(given_bytes(FORM.replace(b"| l | go | |", b"| l | go | go.png |"), "form.md", MEDIA))


def kept() -> Form:
    form = understood().form
    assert form is not None
    names = {"map.png": MAP, "stop.png": STOP}
    return rename_pictures(form, lambda name: names.get(name, name))


def test_the_pictures_that_come_with_a_form_are_taken_and_the_others_named() -> None:
    found = understood()
    assert found.problems == ()
    assert found.pictures == MEDIA
    missing = [notice for notice in found.notices if notice.code == "picture_missing"]
    assert [(notice.parameters["file"], notice.place and notice.place.row) for notice in missing] == [
        ("map-zh.png", 4),
        ("go.png", 9),
    ]


def test_a_kept_picture_has_another_name_in_questions_lists_and_choices() -> None:
    form = kept()
    assert list(named_pictures(form)) == [MAP, "map-zh.png", STOP, "go.png"]
    assert form.questions[1].choices == form.lists["l"]


def test_a_picture_that_is_kept_is_shown_and_one_that_is_not_leaves_the_name() -> None:
    shown = page("en", form=kept())
    assert re.findall(r'<img src="([^"]*)" alt="([^"]*)" loading="lazy">', shown) == [
        (f"/M/{MAP}", ""),
        (f"/M/{STOP}", "stop"),
    ]
    assert ">go</span>" in shown
    assert "<img" not in page("zh-Hans", form=kept()).partition("stop")[0]


def test_a_page_without_pictures_has_no_style_for_them() -> None:
    form = understood().form
    assert form is not None
    assert "img{" not in page("en", form=form)
