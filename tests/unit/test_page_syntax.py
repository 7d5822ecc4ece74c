"""The registrants' pages run on a WebView of 2018 (Chrome 70): ES2018 syntax, the interfaces and CSS of that year."""

from __future__ import annotations

import re
from pathlib import Path

import esprima
import pytest
import rcssmin
import rjsmin
from tests.page_samples import form_of, page

import tianbao.render

FOLDER = Path(tianbao.render.__file__).parent / "page"
SCRIPTS = sorted(FOLDER.glob("*.js"))
STYLES = sorted(path for path in FOLDER.glob("*.css") if path.name != "poster.css")  # printed in an office

YOUNGER_INTERFACES = (
    r"\.at\(",  # 92
    r"\.replaceAll\(",  # 85
    r"\.matchAll\(",  # 73
    r"Object\.fromEntries",  # 73
    r"Object\.hasOwn",  # 93
    r"structuredClone",  # 98
    r"\.flat\(\d*\)|\.flatMap\(",  # 69, but not every WebView of that name has it
    r"\.allSettled|Promise\.any",  # 76, 85
    r"AbortSignal\.timeout",  # 103
    r"randomUUID",  # 92
    r"queueMicrotask",  # 71
    r"\.replaceChildren",  # 86
    r"globalThis",  # 71
    r"requestIdleCallback\.|\.submitter",  # 81
    r"\.enterKeyHint",  # 77
    r"indexedDB\.databases",  # 71
    r"new FormData\(\w+,",  # 112
    r"\.findLast",  # 97
    r"\.toSorted|\.toReversed|\.with\(",  # 110
    r"Intl\.(Segmenter|ListFormat|RelativeTimeFormat)",  # 87, 72, 71
)
YOUNGER_CSS = (
    r"(?<!grid-)\bgap:",  # in flex 84; grid-gap is understood by all
    r":is\(|:where\(|:has\(|:focus-visible",
    r"\b(min|max|clamp)\((?!-)",  # 79
    r"\binset\b|aspect-ratio|@layer|@container|@property|margin-(inline|block)",
    r"\b[dsl]v[hw]\b",
    r"color-mix|oklch|:not\([^)]*,",
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_is_es2018(script: Path) -> None:
    source = script.read_text("utf-8")
    esprima.parseScript(source)
    esprima.parseScript(rjsmin.jsmin(source))
    for pattern in YOUNGER_INTERFACES:
        assert not re.search(pattern, source), pattern


@pytest.mark.parametrize("newer", ["a?.b", "a ?? b", "try {} catch {}", "class A { #b = 1 }", "1n", "a ||= b"])
def test_the_check_refuses_what_is_younger(newer: str) -> None:
    with pytest.raises(esprima.Error):
        esprima.parseScript(newer)


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_the_whole_script_of_a_page_is_one_valid_scope(language: str) -> None:
    (script,) = re.findall(r"<script>(.*?)</script>", page(language), re.DOTALL)
    tree = esprima.parseScript(script)
    body = tree.body[0].expression.callee.body.body
    names = [declared.id.name for one in body if one.type == "VariableDeclaration" for declared in one.declarations]
    names = [name for name in names if name]  # what is taken apart has none
    names += [one.id.name for one in body if one.type == "FunctionDeclaration"]
    assert len(names) == len(set(names)) > 20


ROWS = {"name": "rows", "type": "repeat", "questions": [{"name": "within", "type": "text"}]}
CHOICES = [{"name": "a", "label": {"en": "A"}}]


@pytest.mark.parametrize(
    "questions",
    [
        [{**ROWS, "repeat_count": "2"}],
        [{**ROWS, "relevant": "1 = 1"}],
        [ROWS, {"name": "sum", "type": "calculate", "calculation": "count(${rows})"}],
        [ROWS, {"name": "one", "type": "text", "constraint": ". != ''"}],
        [{"name": "one", "type": "text", "relevant": "1 = 1"}],
        [{"name": "one", "type": "text", "calculation": "1", "trigger": ["two"]}, {"name": "two", "type": "text"}],
        [{"name": "one", "type": "text", "initial": "today()"}],
        [{"name": "one", "type": "text", "required_if": "1 = 1"}],
        [{"name": "one", "type": "text", "label": {"en": "${two}"}}, {"name": "two", "type": "text"}],
        [{"name": "one", "type": "select_one", "choices": CHOICES, "choice_filter": "name = 'a'"}],
        [{"name": "one", "type": "dateTime"}, {"name": "two", "type": "calculate", "calculation": "${one}"}],
    ],
    ids=lambda questions: "+".join(
        key for question in questions for key in question if key not in ("name", "type")
    ),
)
def test_what_is_left_out_of_a_script_leaves_a_whole_one(questions: list[dict[str, object]]) -> None:
    questions = [{"name": "seen", "type": "text"}, *questions]
    (script,) = re.findall(r"<script>(.*?)</script>", page("en", form=form_of(*questions)), re.DOTALL)
    esprima.parseScript(script)


@pytest.mark.parametrize("style", STYLES, ids=lambda path: path.name)
def test_style_is_understood_by_a_webview_of_2018(style: Path) -> None:
    source = re.sub(r"/\*.*?\*/", "", style.read_text("utf-8"), flags=re.DOTALL)
    for pattern in YOUNGER_CSS:
        assert not re.search(pattern, source), pattern
    assert source.count("{") == source.count("}") == rcssmin.cssmin(source).count("{")
