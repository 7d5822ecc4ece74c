"""A form edited: names, places, references and lists stay right through every edit."""

from __future__ import annotations

import pytest

from tianbao.domain.form_editing import (
    add_questions,
    all_references,
    duplicate_question,
    is_name,
    move_question,
    remove_question,
    rename_choice,
    rename_question,
    replace_question,
    unique_name,
    without_language,
    without_references,
)
from tianbao.domain.forms import (
    Choice,
    ExportColumn,
    Form,
    Question,
    QuestionType,
    dump_form,
    load_form,
    walk_questions,
)

YES = (Choice("yes", {"zh-Hans": "是", "en": "Yes"}), Choice("no", {"zh-Hans": "否", "en": "No"}))


def text(name: str, **more: object) -> Question:
    return Question(name, QuestionType.TEXT, {"zh-Hans": name, "en": name}, **more)


def repeat(name: str, *questions: Question) -> Question:
    return Question(name, QuestionType.REPEAT, {"en": name}, questions=questions)


@pytest.fixture
def form() -> Form:
    fever = Question("fever", QuestionType.SELECT_ONE, {"en": "Fever?"}, choice_list="yes_no", choices=YES)
    return Form(
        name="visit",
        version=3,
        title={"zh-Hans": "来访", "en": "Visit"},
        lists={"yes_no": YES},
        questions=(
            text("name"),
            fever,
            text("since", relevant="${fever} = 'yes'", hint={"en": "${name}, since when?"}),
            repeat("stops", text("name"), text("note", relevant="${name} != '' and ${fever} = 'yes'")),
            text("total", calculation="count(${note})", trigger=("name",)),
        ),
        columns=(ExportColumn("stops.name"), ExportColumn("name")),
    )


def paths(form: Form) -> list[str]:
    return [path for path, _ in walk_questions(form.questions)]


def test_a_renamed_question_is_called_so_by_whoever_means_it(form: Form) -> None:
    renamed, path = rename_question(form, "name", "full_name")
    assert path == "full_name"
    assert renamed.question_at("since").hint == {"en": "${full_name}, since when?"}
    assert renamed.question_at("total").trigger == ("full_name",)
    assert renamed.question_at("stops.note").relevant == "${name} != '' and ${fever} = 'yes'", "the row's own name"
    assert [column.question for column in renamed.columns] == ["stops.name", "full_name"]


def test_a_rename_inside_a_repeat_leaves_the_outer_name_alone(form: Form) -> None:
    renamed, path = rename_question(form, "stops.name", "place")
    assert path == "stops.place"
    assert renamed.question_at("stops.note").relevant == "${place} != '' and ${fever} = 'yes'"
    assert renamed.question_at("since").hint == {"en": "${name}, since when?"}
    assert [column.question for column in renamed.columns] == ["stops.place", "name"]


def test_a_rename_reaches_what_asks_from_outside_a_repeat(form: Form) -> None:
    renamed, _ = rename_question(form, "stops.note", "remark")
    assert renamed.question_at("total").calculation == "count(${remark})"


def test_a_name_that_is_taken_gets_a_number(form: Form) -> None:
    _, path = rename_question(form, "since", "fever")
    assert path == "fever_2"
    _, same = rename_question(form, "since", "since")
    assert same == "since"
    assert unique_name("a", {"a", "a_2"}) == "a_3"


def test_added_questions_bring_their_choices_and_speak_of_each_other(form: Form) -> None:
    other = (Choice("maybe", {"en": "Maybe"}),)
    block = (
        Question("fever", QuestionType.SELECT_ONE, choice_list="yes_no", choices=other),
        text("since", relevant="${fever} = 'maybe'"),
    )
    added, at = add_questions(form, block, parent="stops", index=1)
    assert at == ("stops.fever_2", "stops.since_2")
    assert [question.name for question in added.question_at("stops").questions] == [
        "name",
        "fever_2",
        "since_2",
        "note",
    ]
    assert added.question_at("stops.since_2").relevant == "${fever_2} = 'maybe'"
    assert added.lists["yes_no"] == YES
    assert added.lists[added.question_at("stops.fever_2").choice_list] == other
    with pytest.raises(KeyError):
        add_questions(form, block, parent="name")


def test_a_copy_has_choices_of_its_own(form: Form) -> None:
    copied, path = duplicate_question(form, "fever")
    assert path == "fever_2"
    assert paths(copied)[1:3] == ["fever", "fever_2"]
    assert copied.question_at("fever_2").choice_list != "yes_no"
    assert copied.question_at("fever_2").choices == YES
    both, rows = duplicate_question(form, "stops")
    assert both.question_at(rows).questions[1].relevant == "${name_2} != '' and ${fever} = 'yes'"


def test_what_is_removed_takes_its_list_and_its_columns(form: Form) -> None:
    removed = remove_question(form, "fever")
    assert removed.lists == {}
    assert removed.question_at("fever") is None
    assert [column.question for column in remove_question(form, "stops").columns] == ["name"]
    kept, _ = duplicate_question(form, "fever")
    assert "yes_no" in remove_question(kept, "fever_2").lists


def test_a_move_keeps_everything_and_a_group_never_swallows_itself(form: Form) -> None:
    moved, path = move_question(form, "since", parent="", index=0)
    assert (path, paths(moved)[0]) == ("since", "since")
    _, path = move_question(form, "name", parent="stops", index=9)
    assert path == "stops.name"
    assert move_question(form, "stops", parent="stops", index=0) == (form, "stops")
    last, path = move_question(form, "name", parent="", index=99)
    assert paths(last)[-1] == "name"


def test_the_columns_of_the_report_move_along(form: Form) -> None:
    moved, path = move_question(form, "stops.note", parent="", index=0)
    assert path == "note"
    renamed, _ = rename_question(moved, "stops", "places")
    assert [column.question for column in renamed.columns] == ["places.name", "name"]


def test_replacing_a_question_changes_the_list_for_all_who_use_it(form: Form) -> None:
    question = form.question_at("fever")
    fewer = Question("fever", QuestionType.SELECT_ONE, question.label, choice_list="yes_no", choices=YES[:1])
    replaced = replace_question(form, "fever", fewer)
    assert replaced.lists["yes_no"] == YES[:1]
    assert load_form(dump_form(replaced)) == replaced


def test_a_language_goes_with_all_its_texts(form: Form) -> None:
    bare = without_language(form, "zh-Hans")
    assert bare.languages == ("en",)
    assert "zh-Hans" not in str(dump_form(bare))
    assert bare.question_at("fever").choices[0].label == {"en": "Yes"}


def test_broken_references_are_left_out_to_show_the_rest(form: Form) -> None:
    shown = without_references(form, [("stops.note", "relevant"), ("total", "calculation"), ("since", "hint")])
    assert shown.question_at("stops.note").relevant == ""
    assert shown.question_at("total").calculation == ""
    assert shown.question_at("since").relevant == "${fever} = 'yes'"
    assert shown.question_at("since").hint == {"en": "…, since when?"}
    assert "${" not in str(dump_form(without_references(form, all_references(form))))


@pytest.mark.parametrize(
    ("name", "holds"),
    [("q1", True), ("姓名", True), ("_x-y", True), ("1q", False), ("a.b", False), ("", False), ("a b", False)],
)
def test_what_may_be_a_name(name: str, holds: bool) -> None:
    assert is_name(name) is holds


def test_a_renamed_choice_is_called_so_by_conditions_that_ask_for_it(form: Form) -> None:
    named = rename_choice(form, "yes_no", "yes", "certainly")
    assert [choice.name for choice in named.question_at("fever").choices] == ["certainly", "no"]
    assert named.question_at("since").relevant == "${fever} = 'certainly'"
    assert named.question_at("stops.note").relevant == "${name} != '' and ${fever} = 'certainly'"
    other = replace_question(form, "since", text("since", relevant="${name} = 'yes'"))
    assert rename_choice(other, "yes_no", "yes", "x").question_at("since").relevant == "${name} = 'yes'"
    assert rename_choice(form, "yes_no", "yes", "no").lists["yes_no"][0].name == "no_2"
