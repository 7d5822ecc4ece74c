"""The expression language on the server: the shared vectors, trees, scopes, limits, cycles."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tianbao.domain.evaluation import FUNCTIONS, write_answer
from tianbao.domain.expressions import (
    DEPTH_MAX,
    LENGTH_MAX,
    ExpressionError,
    Fault,
    Scope,
    compile_condition,
    compile_value,
    find_cycle,
    parse,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "expressions.json").read_text("utf-8"))
VALUES = [vector for vector in VECTORS if "value" in vector]
ERRORS = [vector for vector in VECTORS if "error" in vector]


def plain(value: Any) -> Any:
    """As the vectors write it: JSON has neither NaN nor infinities."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    return value


def evaluate(source: str, answers: dict[str, Any] | None = None) -> Any:
    return compile_value(parse(source))(Scope(answers or {}))


@pytest.mark.parametrize("vector", VALUES, ids=lambda vector: vector["expression"][:60])
def test_has_the_value_of_the_vector(vector: dict[str, Any]) -> None:
    value = plain(evaluate(vector["expression"], vector.get("answers")))

    assert value == vector["value"]
    assert isinstance(value, bool) == isinstance(vector["value"], bool)


@pytest.mark.parametrize("vector", ERRORS, ids=lambda vector: vector["expression"][:60])
def test_is_refused_as_the_vector_says(vector: dict[str, Any]) -> None:
    with pytest.raises(ExpressionError) as refusal:
        parse(vector["expression"])

    assert {"code": refusal.value.code.value, "position": refusal.value.position} == vector["error"]


def test_every_function_is_in_the_vectors() -> None:
    assert len(VALUES) > 150
    for name in (*FUNCTIONS, "true", "false"):
        assert any(f"{name}(" in vector["expression"] for vector in VALUES), name


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("3", 3),
        ("3.50", 3.5),
        ("'a'", "a"),
        ("true()", True),
        ("${a}", ["$", "a"]),
        (".", ["$", "."]),
        ("-1", ["neg", 1]),
        ("not(${a})", ["not", ["$", "a"]]),
        ("${a} != '' and ${a} != 'b'", ["and", ["!=", ["$", "a"], ""], ["!=", ["$", "a"], "b"]]),
        ("1 or 2 or 3", ["or", 1, 2, 3]),
        ("(1 or 2) or 3", ["or", ["or", 1, 2], 3]),
        ("1 or 2 and 3", ["or", 1, ["and", 2, 3]]),
        ("1 + 2 - 3 + 4", ["+", ["-", ["+", 1, 2], 3], 4]),
        ("1 - 2 - 3", ["-", ["-", 1, 2], 3]),
        ("1 < 2 = 3 > 4", ["=", ["<", 1, 2], [">", 3, 4]]),
        ("-2 * 3", ["*", ["neg", 2], 3]),
        ("regex(., '^\\d+$')", ["regex", ["$", "."], "[0-9]+"]),
    ],
)
def test_tree_is_compact_json(source: str, tree: Any) -> None:
    expression = parse(source)

    assert expression.tree() == tree
    assert json.loads(json.dumps(expression.tree())) == tree
    assert expression.source == source


def test_references_are_the_other_questions() -> None:
    assert parse("if(${a} = ., ${b}, concat(${a}, '${c}'))").references() == {"a", "b"}
    assert parse("1 + 1").references() == frozenset()


def test_condition_is_a_boolean_whatever_the_expression_comes_to() -> None:
    scope = Scope({"a": "0"})

    assert compile_condition(parse("${a}"))(scope) is True
    assert compile_condition(parse("${b}"))(scope) is False
    assert compile_condition(parse("${a} + 0"))(scope) is False
    assert compile_condition(parse("if(${a}, 'x', 0)"))(scope) is True


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (None, ""),
        (False, ""),
        (True, "OK"),
        ("as typed ", "as typed "),
        (36, "36"),
        (36.0, "36"),
        (36.6, "36.6"),
        (1234567.25, "1234567.25"),
        (["fever", "cough"], "fever cough"),
        ([], ""),
        ({"text": "顺平", "code": "130636"}, "顺平"),
        ({"text": "顺平"}, "顺平"),
        ([{"name": "a"}], ""),
    ],
)
def test_answer_is_its_string_value(answer: Any, text: str) -> None:
    assert write_answer(answer) == text


def test_row_sees_the_answers_around_it_but_its_own_first() -> None:
    outer = Scope({"id_type": "passport", "reason": "work"})
    row = Scope({"relation": "child"}, outer, frozenset({"id_type", "relation"}))

    assert row.get("reason") == "work"
    assert row.get("relation") == "child"
    assert row.get("id_type") is None
    assert row.get("nothing") is None
    assert compile_condition(parse("${id_type} != ''"))(row) is False
    assert compile_condition(parse("${id_type} != '' and ${reason} = 'work'"))(outer) is True


def test_scope_follows_the_answers_as_they_are_read() -> None:
    answers: dict[str, Any] = {}
    scope = Scope(answers)
    condition = compile_condition(parse("${age} >= 18"))

    assert not condition(scope)
    answers["age"] = 18
    assert condition(scope)


@pytest.mark.parametrize(
    "source",
    [
        "(" * LENGTH_MAX,
        "-" * LENGTH_MAX,
        "not(" * (LENGTH_MAX // 4),
        "1" + "-1" * (LENGTH_MAX // 2 - 1),
        "1" + "=1" * (LENGTH_MAX // 2 - 1),
        "not(" * DEPTH_MAX + "1" + ")" * DEPTH_MAX,
    ],
)
def test_too_deep_is_refused_and_never_overflows_the_stack(source: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        parse(source)

    assert refusal.value.code is Fault.TOO_DEEP


def test_longest_and_deepest_accepted_expressions_are_evaluated() -> None:
    assert evaluate("1" + "+1" * (LENGTH_MAX // 2 - 1)) == LENGTH_MAX // 2
    assert evaluate("1" + "-1" * (DEPTH_MAX - 1)) == 2 - DEPTH_MAX
    assert evaluate("1" + "=1" * (DEPTH_MAX - 1)) is True
    assert evaluate("if(1," * (DEPTH_MAX - 1) + "7" + ",0)" * (DEPTH_MAX - 1)) == 7
    assert evaluate("if(1," * (DEPTH_MAX - 2) + "7=7" + ",0)" * (DEPTH_MAX - 2)) is True
    with pytest.raises(ExpressionError):
        parse("1" * (LENGTH_MAX + 1))


@pytest.mark.parametrize(
    ("dependencies", "cycle"),
    [
        ({}, ()),
        ({"a": []}, ()),
        ({"a": ["b", "c"], "b": ["c"], "c": []}, ()),
        ({"a": ["unknown"]}, ()),
        ({"a": ["a"]}, ("a",)),
        ({"a": ["b"], "b": ["a"]}, ("a", "b")),
        ({"x": ["a"], "a": ["b"], "b": ["c"], "c": ["a"], "y": []}, ("a", "b", "c")),
        ({"a": ["b", "d"], "b": ["c"], "c": [], "d": ["c", "e"], "e": ["d"]}, ("d", "e")),
    ],
)
def test_find_cycle(dependencies: dict[str, list[str]], cycle: tuple[str, ...]) -> None:
    assert find_cycle(dependencies) == cycle


def test_find_cycle_in_a_long_chain_does_not_overflow_the_stack() -> None:
    chain = {str(number): [str(number + 1)] for number in range(20_000)}

    assert find_cycle(chain) == ()
    assert len(find_cycle({**chain, "20000": ["0"]})) == 20_001
