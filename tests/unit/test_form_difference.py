"""What differs between two versions, and two people's edits put together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tianbao.domain.form_difference import Change, Happened, find_differences
from tianbao.domain.form_editing import (
    add_questions,
    duplicate_question,
    move_question,
    remove_question,
    replace_question,
    with_choices,
)
from tianbao.domain.form_merging import merge_forms
from tianbao.domain.forms import Choice, Form, Question, QuestionType, walk_questions

YES = (Choice("yes", {"en": "Yes"}), Choice("no", {"en": "No"}))


def text(name: str, **more: object) -> Question:
    return Question(name, QuestionType.TEXT, {"en": name.title()}, **more)


BASE = Form(
    name="visit",
    version=1,
    title={"en": "Visit"},
    lists={"yes_no": YES},
    questions=(
        text("name"),
        Question("fever", QuestionType.SELECT_ONE, {"en": "Fever?"}, choice_list="yes_no", choices=YES),
        text("since"),
        Question("stops", QuestionType.REPEAT, {"en": "Stops"}, questions=(text("place"), text("until"))),
    ),
)


def changed(form: Form, path: str, **fields: object) -> Form:
    return replace_question(form, path, replace(form.question_at(path), **fields))


def test_the_same_form_differs_in_nothing() -> None:
    assert find_differences(BASE, replace(BASE, version=2)) == ()


def test_every_kind_of_difference_is_found() -> None:
    after = replace(remove_question(BASE, "since"), title={"en": "Visitors"})
    after, _ = add_questions(after, (text("plate"),))
    after = changed(after, "name", required=True, label={"en": "Full name"})
    after = with_choices(after, "yes_no", (YES[1], Choice("unsure", {"en": "Not sure"})))
    found = find_differences(BASE, after)
    expected = [
        Change(Happened.CHANGED, "", "title", "en", before="Visit", after="Visitors"),
        Change(Happened.REMOVED, "since", before={"en": "Since"}),
        Change(Happened.ADDED, "plate", after={"en": "Plate"}),
        Change(Happened.CHANGED, "name", "required", before=False, after=True),
        Change(Happened.CHANGED, "name", "label", "en", before="Name", after="Full name"),
        Change(Happened.REMOVED, "fever", "choices", choice="yes", before={"en": "Yes"}),
        Change(Happened.ADDED, "fever", "choices", choice="unsure", after={"en": "Not sure"}),
    ]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_one_move_is_one_difference() -> None:
    moved, _ = move_question(BASE, "stops", parent="", index=0)
    assert find_differences(BASE, moved) == (Change(Happened.MOVED, "stops"),)


def test_a_repeat_that_comes_or_goes_is_one_difference() -> None:
    assert [change.path for change in find_differences(BASE, remove_question(BASE, "stops"))] == ["stops"]
    assert [change.path for change in find_differences(remove_question(BASE, "stops"), BASE)] == ["stops"]


def test_a_changed_order_of_choices_is_said() -> None:
    assert find_differences(BASE, with_choices(BASE, "yes_no", YES[::-1])) == (
        Change(Happened.MOVED, "fever", "choices"),
    )


# --- two people


def test_different_questions_go_together() -> None:
    mine = changed(BASE, "name", required=True)
    theirs, _ = add_questions(changed(BASE, "stops.place", label={"en": "Where"}), (text("plate"),), index=1)
    theirs = with_choices(theirs, "yes_no", YES[:1])
    merged = merge_forms(BASE, mine, theirs)
    assert merged.conflicts == ()
    assert [path for path, _ in walk_questions(merged.form.questions)][:3] == ["name", "plate", "fever"]
    assert merged.form.question_at("name").required
    assert merged.form.question_at("stops.place").label == {"en": "Where"}
    assert merged.form.question_at("fever").choices == YES[:1]


def test_both_add_and_one_moves() -> None:
    mine, _ = add_questions(BASE, (text("mine"),), index=1)
    theirs, _ = move_question(BASE, "stops", parent="", index=0)
    theirs, _ = add_questions(theirs, (text("theirs"),))
    merged = merge_forms(BASE, mine, theirs)
    assert merged.conflicts == ()
    assert [question.name for question in merged.form.questions] == [
        "stops",
        "name",
        "mine",
        "fever",
        "since",
        "theirs",
    ]


@pytest.mark.parametrize(
    ("mine", "theirs", "conflict"),
    [
        (changed(BASE, "name", required=True), changed(BASE, "name", label={"en": "Who"}), "name"),
        (changed(BASE, "name", required=True), remove_question(BASE, "name"), "name"),
        (with_choices(BASE, "yes_no", YES[:1]), with_choices(BASE, "yes_no", YES[::-1]), "yes_no"),
        (replace(BASE, title={"en": "A"}), replace(BASE, title={"en": "B"}), "title"),
        (
            changed(BASE, "stops.place", required=True),
            changed(BASE, "stops.place", hint={"en": "x"}),
            "stops.place",
        ),
    ],
)
def test_the_same_thing_changed_twice_is_a_conflict(mine: Form, theirs: Form, conflict: str) -> None:
    assert merge_forms(BASE, mine, theirs).conflicts == (conflict,)


EDITS = {
    "require": lambda form: changed(form, "name", required=True) if form.question_at("name") else form,
    "relabel": lambda form: changed(form, "since", label={"en": "When"}) if form.question_at("since") else form,
    "remove": lambda form: remove_question(form, "since") if form.question_at("since") else form,
    "add": lambda form: add_questions(form, (text("more"),), index=2)[0],
    "inside": lambda form: add_questions(form, (text("inner"),), parent="stops", index=0)[0],
    "copy": lambda form: duplicate_question(form, "stops")[0],
    "move": lambda form: move_question(form, "stops", parent="", index=0)[0],
    "choices": lambda form: with_choices(form, "yes_no", YES[::-1]),
    "title": lambda form: replace(form, title={"en": "Other"}),
}
edited = st.lists(st.sampled_from(sorted(EDITS)), max_size=4)


@settings(deadline=None)
@given(edited)
def test_who_changed_nothing_gets_the_others_form(names: list[str]) -> None:
    form = BASE
    for name in names:
        form = EDITS[name](form)
    for mine, theirs in ((form, BASE), (BASE, form), (form, form)):
        merged = merge_forms(BASE, mine, theirs)
        assert merged.conflicts == ()
        assert merged.form == form
