"""The form page's markup, element by element, as it was last looked at. `make golden` writes it anew."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.page_samples import page

from tianbao.domain.problems import Code, Problem
from tianbao.render.form_page import EMPTY, Filled, Purpose

GOLDEN = Path(__file__).parent / "form_page"
WITH_PROBLEMS = Filled(
    values={
        "name": ["𠮷田·㐱"],
        "symptoms": ["fever", "cough"],
        "temperature": ["99"],
        "itinerary.1.place": ["朝阳"],
    },
    rows={"companions": 2},
    problems=(
        Problem(Code.REQUIRED, "address"),
        Problem(Code.CONSTRAINT, "temperature"),
        Problem(Code.UNKNOWN_QUESTION, "shoe_size"),
    ),
    candidates={"itinerary.1.place": (("110105", "北京市朝阳区"), ("211300", "辽宁省朝阳市"))},
)


def readable(html: str) -> str:
    """One element a line; script and style, which have tests of their own, left out."""
    html = re.sub(r"<(script|style)>.*?</\1>", r"<\1>…</\1>", html, flags=re.DOTALL)
    return re.sub(r"(?<=>)(?=<)", "\n", html) + "\n"


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
@pytest.mark.parametrize(
    ("name", "filled", "purpose"),
    [
        ("empty", EMPTY, Purpose.REGISTER),
        ("problems", WITH_PROBLEMS, Purpose.REGISTER),
        ("correction", Filled(values={"name": ["王小明"]}), Purpose.CORRECT),
    ],
)
def test_form_page(
    request: pytest.FixtureRequest, name: str, filled: Filled, purpose: Purpose, language: str
) -> None:
    found = readable(page(language, filled=filled, purpose=purpose))
    golden = GOLDEN / f"{name}.{language}.html"
    if request.config.getoption("--rewrite-golden"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found, "utf-8", newline="\n")
    assert found == golden.read_text("utf-8")
