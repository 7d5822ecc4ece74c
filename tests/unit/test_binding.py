"""What names mean, what an expression asks for, and what the binding tells those who put questions in order."""

from __future__ import annotations

from typing import Any

import pytest
from tests.expression_cases import make_case

from tianbao.domain.binding import bind, bind_filter
from tianbao.domain.evaluation import compile_filter, compile_value
from tianbao.domain.expressions import ExpressionError, Fault, parse
from tianbao.domain.forms import Choice, Form, Question, QuestionType
from tianbao.domain.levels import make_levels


def question(name: str, *inner: Question, kind: QuestionType = QuestionType.TEXT, **more: Any) -> Question:
    return Question(name, kind, questions=inner, **more)


TOWNS = (Choice("bd", {"en": "Baoding", "zh-Hans": "保定"}, columns={"province": "hebei"}), Choice("zz", {}))
FORM = Form(
    "f",
    1,
    {},
    (
        question("age"),
        question("name"),
        question("near", question("age"), question("what"), kind=QuestionType.GROUP),
        question(
            "people",
            question("name"),
            question("old", question("age"), kind=QuestionType.GROUP),
            question("pets", question("legs"), kind=QuestionType.REPEAT),
            kind=QuestionType.REPEAT,
        ),
        question("town", kind=QuestionType.SELECT_ONE, choice_list="towns", choices=TOWNS),
    ),
    lists={"towns": TOWNS},
)
LEVELS = make_levels(FORM)


def bound(source: str, at: str = "age", **more: Any) -> Any:
    return bind(parse(source), LEVELS, at, **more)


@pytest.mark.parametrize(
    ("at", "source", "tree"),
    [
        ("near.what", "${age}", ("$", 0, "near.age")),
        ("town", "${age}", ("$", 0, "age")),
        ("people.name", "${age}", ("$", 0, "old.age")),
        ("people.pets.legs", "${age}", ("$", 1, "old.age")),
        ("people.pets.legs", "${town}", ("$", 2, "town")),
        ("people.pets.legs", "${name}", ("$", 1, "name")),
        ("town", "sum(${legs})", ("sum", ("$*", 0, ("people", "pets", "legs")))),
        ("people.name", "sum(${legs})", ("sum", ("$*", 0, ("pets", "legs")))),
        ("people.name", "count(${people})", ("count", ("#", 1, ("people",)))),
    ],
)
def test_a_name_is_the_nearest_question_of_it(at: str, source: str, tree: Any) -> None:
    assert bound(source, at).tree == tree


@pytest.mark.parametrize(
    ("source", "references"),
    [
        ("${age} + ${town}", {"age", "town"}),
        ("sum(${legs})", {"people.pets.legs"}),
        ("count(${people})", {"people"}),
        ("${people}[name = 'a']/old/age", {"people", "people.name", "people.old.age"}),
        ("indexed-repeat(${legs}, ${people}, ${age}, ${pets}, 1)", {"people.pets.legs", "age"}),
        ("jr:choice-name('bd', '${town}')", set()),
        (". + 1", set()),
        ("once(${town})", {"town"}),
    ],
)
def test_references_are_what_must_be_worked_out_before(source: str, references: set[str]) -> None:
    assert bound(source).references == references


@pytest.mark.parametrize(
    ("source", "columns"),
    [
        ("jr:choice-name(${town}, '${town}')", {("towns", "name"), ("towns", "label")}),
        ("pulldata('towns', 'province', 'name', 'x')", {("towns", "name"), ("towns", "province")}),
        (
            "count(instance('files')/root/item[a = 1 and b = ${age}])",
            {("files", "name"), ("files", "a"), ("files", "b")},
        ),
        ("count(instance('files')/root/item)", {("files", "name")}),
        ("1", set()),
    ],
)
def test_columns_are_what_a_page_needs_of_lists(source: str, columns: set[tuple[str, str]]) -> None:
    assert bound(source).columns == columns


def test_a_filter_looks_at_the_columns_of_its_own_list() -> None:
    found = bind_filter(parse("province = ${age} and name != current()/../name"), LEVELS, "town")

    assert found.tree == (
        "and",
        ("=", ("$", 0, "province"), ("$", 1, "age")),
        ("!=", ("$", 0, "name"), ("$", 1, "name")),
    )
    assert found.columns == {("towns", "province"), ("towns", "name")}
    assert found.references == {"age", "name"}


def test_a_filter_offers_choices() -> None:
    row = make_case({"expression": "1", "answers": {"x": "hebei"}}).row
    offers = compile_filter(("=", ("$", 0, "province"), ("$", 1, "x")), FORM.lists)
    by_label = compile_filter(("=", ("$", 0, "label"), "保定"), FORM.lists, "zh-Hans")

    assert [offers(row, choice) for choice in TOWNS] == [True, False]
    assert [by_label(row, choice) for choice in TOWNS] == [True, False]


@pytest.mark.parametrize(("language", "label"), [("", "Baoding"), ("zh-Hans", "保定"), ("fr", "Baoding")])
def test_labels_are_in_the_language_asked_for(language: str, label: str) -> None:
    tree = bound("jr:choice-name('bd', '${town}')").tree

    assert compile_value(tree, FORM.lists, language)(make_case({"expression": "1"}).row) == label


def test_what_comes_to_something_else_each_time_is_marked() -> None:
    assert bound("today()").is_volatile
    assert bound("if(1, concat('a', uuid()), 2)").is_volatile
    assert not bound("date('2020-02-01')").is_volatile
    assert bound("once(random())").keeps
    assert not bound("random()").keeps


@pytest.mark.parametrize(
    ("source", "fault", "name"),
    [
        ("${nobody} = 1", Fault.UNKNOWN_NAME, "nobody"),
        ("1 = yes", Fault.BARE_NAME, "yes"),
        ("nothing(1)", Fault.UNKNOWN_FUNCTION, "nothing"),
        ("randomize(1)", Fault.UNSUPPORTED_FUNCTION, "randomize"),
        ("${legs} > 2", Fault.MANY_ANSWERS, "legs"),
        ("${near} = ''", Fault.NOT_AN_ANSWER, "near"),
    ],
)
def test_a_fault_names_what_it_is_about(source: str, fault: Fault, name: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        bound(source)

    assert (refusal.value.code, refusal.value.name) == (fault, name)


@pytest.mark.parametrize("source", [".", "once(1)", "string-length()", "../name"])
def test_a_form_has_no_answer_of_its_own(source: str) -> None:
    assert bound("${age}", "").tree == ("$", 0, "age")
    with pytest.raises(ExpressionError) as refusal:
        bound(source, "")
    assert refusal.value.code is Fault.NOT_HERE


def test_own_answer_can_be_ruled_out() -> None:
    assert bound(". > 1").tree == (">", ("$", 0, "age"), 1)
    with pytest.raises(ExpressionError) as refusal:
        bound("1 + .", own=False)
    assert (refusal.value.code, refusal.value.position) == (Fault.NOT_HERE, 4)
