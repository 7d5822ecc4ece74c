"""One meaning on server and page, for expressions and answers nobody thought of."""

from __future__ import annotations

import json
import math
import re
import subprocess
from collections.abc import Callable, Iterator
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from tianbao.domain import evaluation
from tianbao.domain.evaluation import FUNCTIONS, Scope, Tree, write_answer
from tianbao.domain.expressions import Expression, ExpressionError, compile_value, parse
from tianbao.domain.patterns import PatternError, PatternFault, read_pattern

VECTORS = Path(__file__).parents[1] / "vectors"
SCRIPT = files("tianbao.render").joinpath("page/expressions.js")
Page: TypeAlias = Callable[[Tree, dict[str, Any]], Any]

# The page is one process for all examples of a test, so what Hypothesis says of fixtures does not matter here.
WITH_PAGE = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """The page's evaluator, under Node: (tree, answers) to value; numbers are floats, as the server has them."""
    command = ["node", str(VECTORS / "evaluate.js"), str(SCRIPT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdin and node.stdout

        def evaluate(tree: Tree, answers: dict[str, Any]) -> Any:
            written = {name: write_answer(answer) for name, answer in answers.items()}
            case = {"tree": Expression("", tree).tree(), "answers": written}
            node.stdin.write(json.dumps(case) + "\n")
            node.stdin.flush()
            return json.loads(node.stdout.readline(), parse_int=float)

        yield evaluate
        node.stdin.close()


def plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    return value


numbers = st.one_of(
    st.integers(0, 10),
    st.sampled_from([0.5, 1.005, 2.5, 36.6, 1e-7, 1.5e-6, 123456789.125, 2**53, 1e16, 1e21, 1e300]),
    st.floats(0, allow_nan=False, allow_infinity=False),
)
AWKWARD_TEXTS = [
    *["", " ", "0", "-0", "1", " 3 ", "3.", ".5", "-2.5", "1e3", "+1", "0x1f", "NaN", "Infinity", "true", "false"],
    *["a", "a b", " a  b ", "OK", "\u00a01", "𠮷𬱖", "e\u0301"],
    *["2020-02-29", "2021-02-29", "0000-01-01", "1000-01-01", "2020-2-1"],
]
texts = st.one_of(st.sampled_from(AWKWARD_TEXTS), st.text(st.sampled_from("ab 019-.e\t\n𠮷"), max_size=8))
patterns = st.sampled_from(["", "a*", "[0-9]+", ".*", "(a|b)?.", r"\s*\S+", "[^a]+", "𠮷.", r"-?\d+(\.\d*)?"])
leaves = st.one_of(numbers, texts, st.booleans(), st.tuples(st.just("$"), st.sampled_from(["a", "b", "c", "."])))
answers = st.fixed_dictionaries(
    {},
    optional={
        "a": st.one_of(texts, st.integers(-5, 200), st.floats(-100, 100)),
        "b": st.one_of(st.lists(st.sampled_from(["a", "b", "1"]), unique=True), st.just(True)),
        "c": texts,
        ".": st.one_of(texts, st.integers(0, 9)),
    },
)

LEVELS = [["or"], ["and"], ["=", "!="], ["<", "<=", ">", ">="], ["+", "-"], ["*", "div", "mod"]]
RUNS = {"or", "and", "+", "*"}


def nodes(parts: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    def node(name: str, least: int, most: int) -> st.SearchStrategy[Tree]:
        return st.lists(parts, min_size=least, max_size=most).map(lambda given: (name, *given))

    operators = [node(name, 2, 4 if name in RUNS else 2) for level in LEVELS for name in level]
    calls = [
        node(name, function.required or len(function.takes), len(function.takes) + 2 * function.repeats)
        for name, function in FUNCTIONS.items()
        if name != "regex"
    ]
    regex = st.tuples(st.just("regex"), parts, patterns.map(read_pattern))
    return st.one_of(*operators, *calls, node("neg", 1, 1), regex)


trees = st.recursive(leaves, nodes, max_leaves=12)


@WITH_PAGE
@given(tree=trees, answers=answers)
def test_server_and_page_agree(page: Page, tree: Tree, answers: dict[str, Any]) -> None:
    on_server = evaluation.compile_value(tree)(Scope(answers))

    assert plain(on_server) == page(tree, answers)
    assert evaluation.compile_condition(tree)(Scope(answers)) is page(("not", ("not", tree)), answers)


def parts_of_pattern(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    quantifiers = st.sampled_from(["", "", "?", "*", "+", "{2}", "{1,3}", "{2,}"])
    sequences = st.lists(st.tuples(parts, quantifiers).map("".join), max_size=3).map("".join)
    return st.lists(sequences, min_size=1, max_size=3).map(lambda options: f"({'|'.join(options)})")


ONE_CHARACTER = [
    *["a", "b", "0", "-", "&", "𠮷", "一", ".", r"\d", r"\W", r"\s", r"\.", r"\n", r"\u4e00"],
    *["[ab]", "[^a]", "[0-9a-]", r"[\w-]", "[一-龥]", "[&&~]", r"[^\s𠮷]"],
]
pattern_sources = st.recursive(st.sampled_from(ONE_CHARACTER), parts_of_pattern, max_leaves=6)


@pytest.mark.filterwarnings("ignore:Possible")
@WITH_PAGE
@given(source=pattern_sources, data=st.data())
def test_server_and_page_agree_on_patterns(page: Page, source: str, data: st.DataObject) -> None:
    try:
        pattern = read_pattern(source)
    except PatternError as refusal:
        assert refusal.code is PatternFault.TOO_COSTLY
        reject()
    assert read_pattern(pattern) == pattern
    fitting = st.from_regex(pattern, fullmatch=True)
    subject = data.draw(st.one_of(fitting, st.text(st.sampled_from("ab0- .一𠮷\n\u2028\u00a0é"), max_size=6)))

    tree = ("regex", subject, pattern)
    matches = evaluation.compile_value(tree)(Scope({}))
    assert matches is page(tree, {})
    assert matches is (re.fullmatch(source, subject, re.ASCII) is not None)


def write(tree: Tree, weakest: int = 0) -> str:
    """A tree as text, with parentheses only where they are needed."""
    if isinstance(tree, bool):
        return f"{str(tree).lower()}()"
    if isinstance(tree, str):
        return f'"{tree}"' if "'" in tree else f"'{tree}'"
    if not isinstance(tree, tuple):
        return format(Decimal(repr(tree)), "f")
    name, *parts = tree
    if name == "$":
        return "." if parts == ["."] else f"${{{parts[0]}}}"
    if name == "neg":
        return f"- {write(parts[0], len(LEVELS))}"
    level = next((level for level, names in enumerate(LEVELS) if name in names), None)
    if level is None:
        return f"{name}({', '.join(write(part) for part in parts)})"
    is_run_in_run = isinstance(parts[0], tuple) and parts[0][0] == name and name in RUNS
    first = write(parts[0], level + is_run_in_run)
    text = f" {name} ".join([first, *(write(part, level + 1) for part in parts[1:])])
    return f"({text})" if level < weakest else text


@given(tree=trees)
def test_text_is_read_as_the_tree_it_was_written_from(tree: Tree) -> None:
    assert parse(write(tree)).tree() == Expression("", tree).tree()


TOKENS = [
    *["1", "2.5", ".", "''", "'a b'", '"', "'", "${a}", "${", "}", " ", "流"],
    *["(", ")", ",", "+", "-", "*", "=", "!=", "<", ">=", "and", "or", "div", "mod"],
    *["true()", "not(", "if(", "selected(", "regex(", "round(", "nothing("],
]


@given(
    source=st.one_of(st.lists(st.sampled_from(TOKENS), max_size=12).map("".join), st.text(max_size=20)),
    answers=answers,
)
def test_any_text_is_evaluated_or_refused_where_it_is_wrong(source: str, answers: dict[str, Any]) -> None:
    try:
        value = compile_value(parse(source))(Scope(answers))
    except ExpressionError as refusal:
        assert 0 <= refusal.position <= len(source)
    else:
        assert isinstance(value, (str, float, bool))
