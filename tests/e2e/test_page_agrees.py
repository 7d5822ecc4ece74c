"""A form means the same on the page and on the server: random forms, filled in at random in Chromium, judged by both.

Compared are the answers, calculations and rows, where something is wrong, and the answers shown within texts. More
forms than the test run has time for: python -m tests.bench.page_agrees FIRST COUNT
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, Final
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Error, Route
from playwright.sync_api import Page as Tab
from tests.e2e.browser import chromium
from tests.page_samples import SITE, page
from tests.random_forms import random_form

from tianbao.domain.answers import flatten_answers
from tianbao.domain.evaluation import Moment
from tianbao.domain.forms import Form, QuestionType
from tianbao.domain.places import Unresolved
from tianbao.domain.showing import Shower
from tianbao.domain.validation import compile_form
from tianbao.render import pages

pytestmark = pytest.mark.browser

FORMS: Final = int(os.environ.get("TIANBAO_TEST_FORMS", "60"))
PASSES: Final = 3
ADDRESS: Final = "http://page.test"
ZONE: Final = "Asia/Shanghai"
NOW: Final = datetime(2026, 11, 23, 8, 30, tzinfo=ZoneInfo(ZONE))
FILLING: Final = Path(__file__).with_name("fill_in.js")
UNASKED: Final = frozenset({QuestionType.TODAY, QuestionType.HIDDEN})
"""What the page knows only where it is asked for."""
PEEP_HOLE: Final = "window.page=()=>({root,pairs,missing,findMore,nest,levels,isOff,isIn,clear,fill});"
"""Lets a test look into the page's one scope; it is shortened with the rest of it."""


class Nowhere:
    """No place is known."""

    def resolve(self, text: str) -> Unresolved:
        return Unresolved()

    def place(self, code: str) -> None:
        return None

    def full_name(self, code: str) -> str:
        return code

    def contains(self, outer: str, inner: str) -> bool:
        return False


@dataclass
class Told:
    """What one side makes of a filled-in form; `problems` are paths as they were sent, the rest is closed up."""

    values: dict[str, str]
    problems: list[str]
    texts: dict[str, list[str]]


@contextmanager
def peeped() -> Iterator[None]:
    """Pages whose script can be looked into."""
    shorten = pages.shorten
    pages._minified.cache_clear()
    with patch.object(pages, "shorten", lambda script: shorten(script + PEEP_HOLE)):
        yield
    pages._minified.cache_clear()


@contextmanager
def tab_at(html: Mapping[str, str]) -> Iterator[Tab]:
    """A tab in which every address shows what stands in `html` by its path."""

    def answer(route: Route) -> None:
        body = html.get(route.request.url.removeprefix(ADDRESS))
        route.fulfill(status=200 if body else 404, body=body or "", content_type="text/html; charset=utf-8")

    with chromium() as browser:
        context = browser.new_context(timezone_id=ZONE, viewport={"width": 360, "height": 640})
        context.clock.set_fixed_time(NOW)
        tab = context.new_page()
        tab.route("**/*", answer)
        yield tab


def fill_in(tab: Tab, seed: int) -> tuple[dict[str, Any], Told]:
    """The page's report (fill_in.js), and what it makes of the answers."""
    random = Random(seed)
    tab.add_script_tag(content=FILLING.read_text("utf-8"))
    for _ in range(PASSES):
        tab.evaluate("numbers => pass(numbers)", [random.random() for _ in range(997)])
    found = tab.evaluate("() => report()")
    return found, Told(found["values"], found["problems"], found["texts"])


def judge(form: Form, given: Any) -> Told:
    """What the server makes of the answers."""
    moment = Moment(NOW, lambda: 0.5)
    outcome = compile_form(form, Nowhere())(given, moment)
    texts = Shower(form, Nowhere()).show(given, moment, lambda path, template: True).texts
    values = {path: " ".join(found) for path, found in flatten_answers(form, outcome.answers).items()}
    problems = sorted({problem.question for problem in outcome.problems})
    return Told(values, problems, {path: list(named.values()) for path, named in texts.items()})


def disagreement(form: Form, by_page: Told, by_server: Told) -> dict[str, Any]:
    """What the two say where they differ: (page, server)."""
    found: dict[str, Any] = {}
    for path in sorted(by_page.values.keys() | by_server.values.keys()):
        if path not in by_page.values and form.question_at(path).type in UNASKED:
            continue
        pair = by_page.values.get(path, ""), by_server.values.get(path, "")
        if pair[0] != pair[1]:
            found[path] = pair
    if by_page.problems != by_server.problems:
        found["problems"] = (
            sorted(set(by_page.problems) - set(by_server.problems)),
            sorted(set(by_server.problems) - set(by_page.problems)),
        )
    for path in sorted(by_page.texts):
        named = by_server.texts.get(path)
        if named != list(dict.fromkeys(by_page.texts[path])) and named != by_page.texts[path]:
            found[f"text of {path}"] = (by_page.texts[path], named)
    return found


def disagreements(seeds: range) -> Iterator[tuple[int, dict[str, Any]]]:
    """The seeds of forms about which page and server do not agree, and how."""
    html: dict[str, str] = {}
    with peeped(), tab_at(html) as tab:
        errors: list[str] = []
        tab.on("pageerror", lambda error: errors.append(str(error)))
        for seed in seeds:
            form = random_form(seed)
            html[f"/{seed}"] = page("en", form=form, site=replace(SITE, code=str(seed)))
            tab.goto(f"{ADDRESS}/{seed}")
            try:
                report, by_page = fill_in(tab, seed)
                found = disagreement(form, by_page, judge(form, json.loads(report["answers"])))
                if report["isKept"] is not True:
                    found["draft"] = report["answers"], report["isKept"]
            except Error as error:
                found = {"tab": str(error)[:200]}
            if errors:
                found["script"] = errors[:]
            errors.clear()
            del html[f"/{seed}"]
            if found:
                yield seed, found


def test_page_and_server_agree() -> None:
    assert list(disagreements(range(FORMS))) == []


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(4845, id="a choice of a narrowed list that is not the one it begins with"),
        pytest.param(6138, id="what a question works out that turns out not to apply"),
        pytest.param(6450, id="a month taken from a date that does not apply"),
        pytest.param(6700, id="once() in rows that apply only after all"),
        pytest.param(9412, id="blanks that a default comes to before it comes to more"),
    ],
)
def test_where_they_did_not_agree_once(seed: int) -> None:
    assert list(disagreements(range(seed, seed + 1))) == []
