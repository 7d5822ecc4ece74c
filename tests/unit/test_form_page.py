"""The form page without script: what stands on it, and how it comes back filled in."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from typing import Any

import brotli
import pytest
from tests.form_samples import large_form, mixed_form
from tests.page_samples import INSTALLATION, KITS, MIGRANT, SITE, form_of, kit, page, texts

from tianbao.domain.form_checks import check_form
from tianbao.domain.forms import walk_questions
from tianbao.domain.problems import Code, Problem
from tianbao.render.form_page import EMPTY, Filled, Purpose, gzip_page, page_csp
from tianbao.render.messages import answer_message, message

BYTES_MAX = 14_000
GZIP_MAX_OF_ALL_SORTS = 16_000
"""The same for a form that has a repeat, a place, filters, texts with answers and three or four rare types in one."""
VOID = {"meta", "link", "input", "br"}


class Document(HTMLParser):
    """A page as a list of elements: (tag, attributes, text inside up to the next element, path of open tags)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attributes}, []))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.elements:
            self.elements[-1][2].append(data)

    def all(self, tag: str = "", **attributes: str) -> list[dict[str, str]]:
        """The attributes of every element of a tag that has these attributes; the text under "text"."""
        return [
            {**own, "text": "".join(text)}
            for name, own, text in self.elements
            if (not tag or name == tag) and attributes.items() <= own.items()
        ]

    def one(self, tag: str = "", **attributes: str) -> dict[str, str]:
        (found,) = self.all(tag, **attributes)
        return found


def fields_of(html: str) -> list[str]:
    return [field["name"] for field in Document(html).all() if "name" in field and field["name"] != "viewport"]


@pytest.mark.parametrize("name", [*sorted(KITS), "large"])
@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_the_whole_page_fits_one_initial_window(language: str, name: str) -> None:
    html = page(language, form=large_form() if name == "large" else kit(name))
    assert len(brotli.compress(html.encode(), quality=11)) <= BYTES_MAX
    # On plain HTTP, which has no brotli.
    assert len(gzip_page(html)) <= BYTES_MAX


@pytest.mark.parametrize("seed", range(12))
def test_whatever_thirty_questions_ask_their_page_fits_too(seed: int) -> None:
    form = mixed_form(seed)
    assert check_form(form) == []
    assert sum(1 for _ in walk_questions(form.questions)) == 30
    assert sum(map(len, form.lists.values())) <= 200
    for language in form.languages:
        html = page(language, form=form)
        assert len(brotli.compress(html.encode(), quality=11)) <= BYTES_MAX
        assert len(gzip_page(html)) <= GZIP_MAX_OF_ALL_SORTS


def test_what_is_packed_with_borders_is_the_page() -> None:
    for form in (MIGRANT, large_form()):
        html = page("zh-Hans", form=form)
        assert gzip.decompress(gzip_page(html)).decode() == html
        assert len(gzip_page(html)) < len(gzip.compress(html.encode(), 9))


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_every_element_is_closed_and_every_id_is_one(language: str) -> None:
    document = Document(page(language))
    ids = [attributes["id"] for _, attributes, _ in document.elements if "id" in attributes]
    assert document.open == []
    assert len(ids) == len(set(ids))
    for _, attributes, _ in document.elements:
        for reference in ("for", "aria-describedby"):
            assert set(attributes.get(reference, "").split()) <= set(ids)


def test_page_is_the_same_for_everyone() -> None:
    assert page("en") == page("en", filled=EMPTY)


def test_nothing_comes_from_elsewhere_and_nothing_is_inline_but_by_hash() -> None:
    html = page("zh-Hans")
    document = Document(html)
    assert not any("src" in attributes for _, attributes, _ in document.elements)
    assert [link["href"] for link in document.all("link")] == ["data:,"]
    assert not [name for _, own, _ in document.elements for name in own if name.startswith("on") or name == "style"]
    policy = page_csp(html)
    assert policy.count("'sha256-") == html.count("<script>") + html.count("<style>") == 3
    assert "unsafe" not in policy
    assert page_csp(html.replace("const T", "const  T")) != policy


def test_every_question_has_a_field_named_by_its_path() -> None:
    names = set(fields_of(page()))
    for path, question in walk_questions(MIGRANT.questions):
        if not question.questions:
            assert re.sub(r"^(itinerary|companions)\.", r"\1.0.", path) in names


def test_the_first_submit_button_submits() -> None:
    buttons = Document(page()).all("button", name="_action")
    assert buttons[0]["value"] == buttons[-1]["value"] == "submit"
    assert {button["value"] for button in buttons[1:-1]} == {
        "lang:zh-Hans",
        "add:itinerary",
        "remove:itinerary.0",
        "add:companions",
        "remove:companions.0",
    }


def test_the_notice_says_who_why_how_long_and_what_is_never_asked() -> None:
    html = page("en")
    for text in (INSTALLATION.organisation, SITE.name, INSTALLATION.purpose["en"], INSTALLATION.contact):
        assert text in html
    assert "Deleted after 14 days" in html
    assert "never ask for money" in html


def test_only_optional_questions_are_marked() -> None:
    html = page()
    assert '<label for="name">Full name</label>' in html
    assert '<label for="phone">Phone <i>optional</i></label>' in html


def test_a_text_is_never_markup() -> None:
    form = form_of({"name": "a", "type": "text", "label": {"en": "<b>&"}, "hint": {"en": "'\"<i>"}})
    html = page(form=form, filled=Filled(values={"a": ['"><script>alert(1)</script>']}))
    assert "<b>&amp;" not in html and "&lt;b&gt;&amp;" in html
    assert "<script>alert" not in html
    assert Document(html).one("input", id="a")["value"] == '"><script>alert(1)</script>'


@pytest.mark.parametrize(
    ("question", "tag", "expected"),
    [
        ({"type": "text", "kind": "person_name"}, "input", {"autocomplete": "name"}),
        ({"type": "text", "kind": "phone"}, "input", {"type": "tel", "autocomplete": "tel"}),
        ({"type": "text", "kind": "document"}, "input", {"autocapitalize": "characters"}),
        ({"type": "decimal"}, "input", {"inputmode": "decimal"}),
        ({"type": "integer"}, "input", {"inputmode": "numeric"}),
        ({"type": "date"}, "input", {"type": "date", "placeholder": "YYYY-MM-DD"}),
        ({"type": "acknowledge"}, "input", {"type": "checkbox", "value": "OK"}),
    ],
)
def test_a_field_suits_its_question(question: dict[str, Any], tag: str, expected: dict[str, str]) -> None:
    field = Document(page(form=form_of({"name": "q", **question}))).one(tag, id="q")
    assert expected.items() <= field.items()


def test_only_the_registrant_is_filled_in_by_the_phone() -> None:
    document = Document(page())
    assert document.one("input", id="name")["autocomplete"] == "name"
    assert document.one("input", id="companions.0.name")["autocomplete"] == "off"


@pytest.mark.parametrize(("count", "is_rows"), [(2, True), (6, True), (7, False)])
def test_few_choices_are_rows_and_many_a_list(count: int, is_rows: bool) -> None:
    choices = [{"name": f"c{n}", "label": {"en": f"C{n}"}} for n in range(count)]
    document = Document(page(form=form_of({"name": "q", "type": "select_one", "choices": choices})))
    assert len(document.all("input", type="radio", name="q")) == (count if is_rows else 0)
    assert len(document.all("option")) == (0 if is_rows else count + 1)


def test_the_head_of_a_table_shows_its_choices_and_asks_nothing() -> None:
    choices = [{"name": "a", "label": {"en": "A"}}]
    html = page(
        form=form_of(
            {
                "name": "head",
                "type": "select_one",
                "appearance": ["label"],
                "required": True,
                "choices": list(choices),
            },
            {"name": "row", "type": "select_one", "appearance": ["list-nolabel"], "choices": list(choices)},
        )
    )

    assert [name for name in fields_of(html) if name[0] != "_"] == ["row"]


def test_groups_and_notes() -> None:
    inner = {"name": "inner", "type": "text", "label": {"en": "Inner"}}
    form = form_of({"name": "say", "type": "note"}, {"name": "g", "type": "group", "questions": [inner]})
    html = page(form=form)
    assert '<div class="q" id="say"><p>say</p></div>' in html
    assert Document(html).one("input", id="g.inner")["name"] == "g.inner"


def test_a_repeat_within_a_repeat() -> None:
    leaf = {"name": "c", "type": "text", "label": {"en": "C"}, "relevant": "${top} = ''"}
    inner = {"name": "b", "type": "repeat", "label": {"en": "B"}, "questions": [leaf]}
    form = form_of({"name": "top", "type": "text"}, {"name": "a", "type": "repeat", "questions": [inner]})
    html = page(form=form, filled=Filled(values={"a.1.b.1.c": ["x"]}))
    assert [name for name in fields_of(html) if name.startswith("a")] == ["a.0.b.0.c", "a.1.b.0.c", "a.1.b.1.c"]
    assert "answer to: top" in html


def test_what_was_filled_in_comes_back() -> None:
    filled = Filled(
        values={
            "name": ["𠮷田·㐱"],
            "reason": ["work"],
            "symptoms": ["fever", "cough"],
            "consent": ["OK"],
            "itinerary.1.place": ["保定"],
            "itinerary.1.place.code": ["130600"],
        }
    )
    document = Document(page(filled=filled))
    assert document.one("input", id="name")["value"] == "𠮷田·㐱"
    assert [option["value"] for option in document.all("option", selected="")] == ["work"]
    assert {box["value"] for box in document.all("input", checked="")} == {"fever", "cough", "OK"}
    assert document.one("input", id="itinerary.1.place")["value"] == "保定"
    assert document.one("input", name="itinerary.1.place.code")["value"] == "130600"


@pytest.mark.parametrize(
    ("values", "rows", "expected"),
    [({}, {}, 1), ({}, {"itinerary": 3}, 3), ({"itinerary.2.place": ["x"]}, {"itinerary": 1}, 3)],
)
def test_rows_of_a_repeat(values: dict[str, list[str]], rows: dict[str, int], expected: int) -> None:
    document = Document(page(filled=Filled(values=values, rows=rows)))
    places = [field["name"] for field in document.all("input", type="hidden") if field["name"] != "_row"]
    assert places == [f"itinerary.{index}.place.code" for index in range(expected)]


def test_a_problem_stands_beside_its_question_and_in_the_summary() -> None:
    problem = Problem(Code.CONSTRAINT, "temperature")
    filled = Filled(values={"temperature": ["99"]}, problems=(problem,))
    document = Document(page(filled=filled))
    field = document.one("input", id="temperature")
    sentence = answer_message(problem, texts("en"), MIGRANT, "en")
    assert (field["value"], field["aria-invalid"]) == ("99", "true")
    assert "temperature:e" in field["aria-describedby"].split()
    assert document.one("p", id="temperature:e")["text"] == sentence
    assert document.one("a", href="#temperature")["text"] == sentence
    assert "hidden" not in document.one("section", id="_problems")
    assert document.one("title")["text"].startswith("Please check:")


def test_a_problem_without_a_question_is_in_the_summary_only() -> None:
    document = Document(page(filled=Filled(problems=(Problem(Code.UNKNOWN_QUESTION, "shoe_size"),))))
    assert not document.all("a", href="#shoe_size")
    assert any("shoe_size" in item["text"] for item in document.all("li"))


def test_an_unclear_place_offers_its_candidates_and_what_was_written() -> None:
    path = "itinerary.0.place"
    filled = Filled(
        values={path: ["朝阳"]}, candidates={path: (("110105", "北京市朝阳区"), ("211300", "辽宁省朝阳市"))}
    )
    document = Document(page(filled=filled))
    radios = document.all("input", type="radio", name=f"{path}.code")
    assert [radio["value"] for radio in radios] == ["110105", "211300", ""]
    assert ["checked" in radio for radio in radios] == [False, False, True]
    assert not document.all("input", type="hidden", name=f"{path}.code")
    assert document.one("input", id=path)["value"] == "朝阳"
    assert document.one("a", href=f"#{path}")


def test_a_correction_posts_where_it_is_told_and_is_not_sent_by_script() -> None:
    html = page(purpose=Purpose.CORRECT, action="/R", hidden={"_revision": "3"})
    document = Document(html)
    assert document.one("form")["action"] == "/R#_on"
    assert document.one("input", name="_revision")["value"] == "3"
    assert "Save the correction" in html
    assert "indexedDB" not in html and "indexedDB" in page()


@pytest.mark.parametrize(
    ("question", "function"),
    [
        ({"type": "text", "relevant": "${b} = 1"}, "const PLAN="),
        ({"type": "repeat", "questions": [{"name": "b", "type": "text", "label": {"en": "b"}}]}, "cloneNode"),
        ({"type": "text", "kind": "place"}, "/places/provinces"),
        ({"type": "range", "minimum": 0, "maximum": 5, "step": 1}, "'range'"),
        ({"type": "rank", "choices": [{"name": "c", "label": {"en": "C"}}]}, "'.order'"),
        ({"type": "geopoint"}, "geolocation"),
        ({"type": "select_one", "appearance": ["search"], "choices": []}, "toLowerCase"),
    ],
)
def test_only_what_a_form_uses_is_on_its_page(question: dict[str, Any], function: str) -> None:
    plain = {"name": "b", "type": "integer"}
    assert function in page(form=form_of(plain, {"name": "a", **question}))
    assert function not in page(form=form_of(plain, {"name": "a", "type": "text"}))


def test_a_condition_is_said_in_words_where_there_is_no_script() -> None:
    html = page()
    assert '<noscript><p class="hint">Only if it fits your answer to: Document</p></noscript>' in html
    assert '[0,"id_number","relevant",["!=",["$",0,"id_type"],""]]' in html


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
@pytest.mark.parametrize("code", Code)
def test_every_problem_has_a_sentence(code: Code, language: str) -> None:
    sentence = message(Problem(code, "name", {"length_max": 100}), texts(language), "姓名")
    assert sentence[-1] in ".。"
    assert "{" not in sentence
    assert language == "en" or not re.search(
        r"[a-z]{5}", re.sub(r"base64url|OpenDocument|PowerPoint|Excel", "", sentence)
    )


def test_a_sentence_names_the_field_by_its_label_or_else_by_its_path() -> None:
    problem = Problem(Code.REQUIRED, "itinerary.0.place")
    assert "“Place”" in message(problem, texts("en"), "Place")
    assert "“itinerary.0.place”" in message(problem, texts("en"))


def test_what_nobody_answers_is_never_missing() -> None:
    """A note or group may be marked as required in other tools' forms; it means nothing."""
    inner = {"name": "inner", "type": "text"}
    shown = page(
        form=form_of(
            {"name": "note", "type": "note", "required": True},
            {"name": "group", "type": "group", "required": True, "questions": [inner]},
            {"name": "asked", "type": "text", "required": True},
        )
    )
    assert re.findall(r'class="q req[^>]*>', shown) == ['class="q req">']
