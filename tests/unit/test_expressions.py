"""The expression language on the server: the shared vectors, trees, limits, cycles."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.expression_cases import is_right, make_case, vectors

from tianbao.domain.evaluation import compile_condition, write_answer
from tianbao.domain.expressions import (
    DEPTH_MAX,
    LENGTH_MAX,
    ExpressionError,
    Fault,
    find_cycle,
    parse,
)
from tianbao.domain.functions import FUNCTIONS

VALUES = [vector for vector in vectors() if "error" not in vector]
ERRORS = [vector for vector in vectors() if "error" in vector]
WRITTEN_ONLY = ("true", "false", "jr:choice-name", "pulldata", "indexed-repeat", "instance", "current")


def evaluate(expression: str, **vector: Any) -> Any:
    return make_case({"expression": expression, **vector}).value()


def tree_of(expression: str) -> Any:
    """As the page has it."""
    return json.loads(json.dumps(make_case({"expression": expression}).bound.tree))


@pytest.mark.parametrize("vector", VALUES, ids=lambda vector: vector["expression"][:60])
def test_has_the_value_of_the_vector(vector: dict[str, Any]) -> None:
    value = make_case(vector).value()

    assert is_right(vector, value), value


@pytest.mark.parametrize("vector", ERRORS, ids=lambda vector: vector["expression"][:60])
def test_is_refused_as_the_vector_says(vector: dict[str, Any]) -> None:
    with pytest.raises(ExpressionError) as refusal:
        make_case(vector).value()

    assert {"code": refusal.value.code.value, "position": refusal.value.position} == vector["error"]


def test_every_function_is_in_the_vectors() -> None:
    assert len(VALUES) > 400
    for name in (*FUNCTIONS, *WRITTEN_ONLY):
        assert any(f"{name}(" in vector["expression"] for vector in VALUES), name


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("3", 3),
        ("3.50", 3.5),
        ("'a'", "a"),
        ("true()", True),
        ("${a}", ["$", 0, "a"]),
        (".", ["$", 0, "own"]),
        ("-1", ["neg", 1]),
        ("not(${a})", ["not", ["$", 0, "a"]]),
        ("${a} != '' and ${a} != 'b'", ["and", ["!=", ["$", 0, "a"], ""], ["!=", ["$", 0, "a"], "b"]]),
        ("1 or 2 or 3", ["or", 1, 2, 3]),
        ("(1 or 2) or 3", ["or", ["or", 1, 2], 3]),
        ("1 or 2 and 3", ["or", 1, ["and", 2, 3]]),
        ("1 + 2 - 3 + 4", ["+", ["-", ["+", 1, 2], 3], 4]),
        ("1 - 2 - 3", ["-", ["-", 1, 2], 3]),
        ("1 < 2 = 3 > 4", ["=", ["<", 1, 2], [">", 3, 4]]),
        ("-2 * 3", ["*", ["neg", 2], 3]),
        ("regex(., '^\\d+$')", ["regex", ["$", 0, "own"], "[0-9]+"]),
        ("once(now())", ["once", ["$", 0, "own"], ["now"]]),
    ],
)
def test_tree_is_compact_json(source: str, tree: Any) -> None:
    assert tree_of(source) == tree
    assert parse(source).source == source


def test_references_are_the_names_that_stand_there() -> None:
    assert parse("if(${a} = ., ${b}, concat(${a}, '${c}', ${d}[${e}]/x))").references() == {"a", "b", "d", "e"}
    assert parse("1 + 1").references() == frozenset()


@pytest.mark.parametrize(
    ("source", "holds"), [("${a}", True), ("${b}", False), ("${a} + 0", False), ("if(${a}, 'x', 0)", True)]
)
def test_condition_is_a_boolean_whatever_the_expression_comes_to(source: str, holds: bool) -> None:
    case = make_case({"expression": source, "answers": {"a": "0"}})

    assert compile_condition(case.bound.tree)(case.row) is holds


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
        ({"file": "0190", "name": "伤口.jpg", "type": "image/jpeg", "bytes": 9}, "伤口.jpg"),
        ([{"name": "a"}], ""),
    ],
)
def test_answer_is_its_string_value(answer: Any, text: str) -> None:
    assert write_answer(answer) == text


def test_answers_are_seen_as_they_come_in() -> None:
    case = make_case({"expression": "${age} >= 18"})
    condition = compile_condition(case.bound.tree)

    assert not condition(case.row)
    case.row.values["age"] = 18
    assert condition(case.row)


def test_text_that_grows_is_cut_off() -> None:
    assert len(evaluate(f"concat({','.join(['${a}'] * 30)})", answers={"a": "x" * 500})) == 10_000


@pytest.mark.parametrize(
    "source",
    [
        "(" * LENGTH_MAX,
        "-" * LENGTH_MAX,
        "not(" * (LENGTH_MAX // 4),
        "a[" * (LENGTH_MAX // 2),
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


def test_look_ups_in_look_ups_have_a_limit_and_are_evaluated_below_it() -> None:
    def nested(depth: int) -> Any:
        return evaluate("pulldata('l', 'a', 'b', " * depth + "1" + ")" * depth)

    assert nested(19) == ""
    with pytest.raises(ExpressionError) as refusal:
        nested(20)
    assert refusal.value.code is Fault.TOO_DEEP


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
        ({"people.age": ["total"], "total": ["people.age"]}, ("people.age", "total")),
    ],
)
def test_find_cycle(dependencies: dict[str, list[str]], cycle: tuple[str, ...]) -> None:
    assert find_cycle(dependencies) == cycle


def test_find_cycle_in_a_long_chain_does_not_overflow_the_stack() -> None:
    chain = {str(number): [str(number + 1)] for number in range(20_000)}

    assert find_cycle(chain) == ()
    assert len(find_cycle({**chain, "20000": ["0"]})) == 20_001
