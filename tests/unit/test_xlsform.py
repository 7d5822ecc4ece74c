"""What XLSForm says and what becomes of it: every type, column, setting and appearance that is promised, and the
sentence with sheet, row and column for what is not."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tianbao.domain.form_problems import FormCode, FormProblem
from tianbao.domain.forms import Form, Kind, Openness, Question, QuestionType, Repeats
from tianbao.render.form_messages import problem_line
from tianbao.texts import translator
from tianbao.xlsform import Understood, given_bytes, open_form, read_form
from tianbao.xlsform.columns import KIND_TOKENS, SUPPORTED_APPEARANCES

SETTINGS = "| settings |\n| | form_id | default_language |\n| | sample | English (en) |\n"
CHOICES = "| choices |\n| | list_name | name | label |\n| | ab | a | A |\n| | ab | b | B |\n"


def survey(*rows: Mapping[str, str]) -> str:
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    lines = [headings, *([row.get(heading, "") for heading in headings] for row in rows)]
    return "\n".join(["| survey |", *(f"| | {' | '.join(cells)} |" for cells in lines), ""])


def read(text: str, media: Mapping[str, bytes] | None = None, settings: str = SETTINGS) -> Understood:
    return read_form(given_bytes(f"{text}\n{settings}".encode(), "form.md", media))


def form_of(*rows: Mapping[str, str], more: str = CHOICES, media: Mapping[str, bytes] | None = None) -> Form:
    found = read(survey(*rows) + more, media)
    assert found.form is not None, found.problems
    return found.form


def question_of(**row: str) -> Question:
    """The question of one row; a plain one stands before it, to be asked for."""
    first = {"type": "text", "name": "first", "label": "First"}
    return form_of(first, {"name": "one", "label": "One", **row}).questions[-1]


def found_in(text: str, **more: Any) -> list[tuple[str, int, str]]:
    """(code, row, column) of every problem."""
    return [told(problem) for problem in read(text, **more).problems]


def told(problem: FormProblem) -> tuple[str, int, str]:
    assert problem.place is not None
    return problem.code.value, problem.place.row, problem.place.column


# types


@pytest.mark.parametrize(
    ("written", "type_"),
    [
        ("text", "text"),
        ("string", "text"),
        ("integer", "integer"),
        ("int", "integer"),
        ("decimal", "decimal"),
        ("date", "date"),
        ("time", "time"),
        ("dateTime", "dateTime"),
        ("datetime", "dateTime"),
        ("select_one ab", "select_one"),
        ("select one ab", "select_one"),
        ("select_multiple ab", "select_multiple"),
        ("rank ab", "rank"),
        ("note", "note"),
        ("hidden", "hidden"),
        ("acknowledge", "acknowledge"),
        ("image", "image"),
        ("photo", "image"),
        ("file", "file"),
        ("geopoint", "geopoint"),
        ("barcode", "barcode"),
        ("range", "range"),
        ("start", "start"),
        ("end", "end"),
        ("today", "today"),
        ("deviceid", "deviceid"),
        ("username", "username"),
        ("phonenumber", "phonenumber"),
    ],
)
def test_types(written: str, type_: str) -> None:
    assert question_of(type=written).type is QuestionType(type_)


def test_a_calculation_is_worked_out() -> None:
    question = question_of(type="calculate", calculation="string-length(${first})")
    assert (question.type, question.calculation) == (QuestionType.CALCULATE, "string-length(${first})")


def test_groups_and_repeats_stand_in_each_other() -> None:
    form = form_of(
        {"type": "begin group", "name": "house", "label": "House"},
        {"type": "begin_repeat", "name": "rooms", "label": "Rooms"},
        {"type": "begin repeat", "name": "people", "label": "People"},
        {"type": "text", "name": "who", "label": "Who"},
        {"type": "end_repeat"},
        {"type": "end repeat"},
        {"type": "end group"},
    )
    assert form.question_at("house.rooms.people.who") is not None
    assert form.question_at("house.rooms.people") == form.question_at("house.rooms.0.people")


@pytest.mark.parametrize(
    "written", ["select_one ab or_other", "select_multiple ab or_other", "select one ab or specify other"]
)
def test_or_other_adds_a_choice_and_a_question_that_asks_which(written: str) -> None:
    form = form_of({"type": written, "name": "one", "label": "One"})
    assert [choice.name for choice in form.questions[0].choices] == ["a", "b", "other"]
    assert (form.questions[1].name, form.questions[1].relevant) == ("one_other", "selected(${one}, 'other')")


def test_or_other_with_a_filter_is_refused_as_nobody_could_choose_it() -> None:
    row = {"type": "select_one ab or_other", "name": "one", "label": "One", "choice_filter": "name != 'a'"}
    assert found_in(survey(row) + CHOICES) == [("other_with_filter", 3, "choice_filter")]


CITIES = b"code,city,region\nsp,Shunping,bd\nws,Wangdu,bd\n"
GEOJSON = (
    b'{"type": "FeatureCollection", "features": [{"type": "Feature", "id": "w1", "properties": {"title": "Well", '
    b'"depth": 12}, "geometry": {"type": "Point", "coordinates": [115.13, 38.84]}}]}'
)


def test_choices_from_a_csv_file() -> None:
    row = {
        "type": "select_one_from_file cities.csv",
        "name": "one",
        "label": "One",
        "parameters": "value=code label=city",
    }
    question = form_of(row, more="", media={"cities.csv": CITIES}).questions[0]
    assert [(choice.name, choice.label) for choice in question.choices] == [
        ("sp", {"en": "Shunping"}),
        ("ws", {"en": "Wangdu"}),
    ]
    assert question.choices[0].columns == {"region": "bd"}


def test_choices_from_a_geojson_file() -> None:
    row = {"type": "select_one_from_file wells.geojson", "name": "one", "label": "One"}
    (well,) = form_of(row, more="", media={"wells.geojson": GEOJSON}).questions[0].choices
    assert (well.name, well.label, well.columns) == (
        "w1",
        {"en": "Well"},
        {"depth": "12", "geometry": "38.84 115.13 0 0"},
    )


def test_a_file_of_choices_is_found_beside_the_form_in_its_media_folder_and_in_a_zip(tmp_path: Path) -> None:
    text = survey({"type": "select_one_from_file cities.csv", "name": "one", "label": "One"}) + SETTINGS
    (tmp_path / "form.md").write_text(text, "utf-8")
    assert [problem.code for problem in read_form(open_form(tmp_path / "form.md")).problems] == [
        FormCode.FILE_MISSING
    ]
    (tmp_path / "form-media").mkdir()
    (tmp_path / "form-media" / "cities.csv").write_bytes(b"name,label\nsp,Shunping\n")
    assert read_form(open_form(tmp_path / "form.md")).problems == ()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("form.md", text)
        archive.writestr("media/cities.csv", "name,label\nsp,Shunping\n")
    assert read_form(given_bytes(packed.getvalue(), "form.zip")).problems == ()


@pytest.mark.parametrize("data", [b"\xff\xfe\xfd\xfc\xfb\x81", b"{"])
def test_a_file_of_choices_that_is_none_is_refused(data: bytes) -> None:
    row = {"type": "select_one_from_file a.geojson", "name": "one", "label": "One"}
    assert found_in(survey(row), media={"a.geojson": data}) == [("file_unreadable", 3, "type")]


# columns of the survey


def test_texts_in_every_language() -> None:
    columns = ("label", "hint", "guidance_hint", "required_message", "constraint_message", "media::image")
    row = {
        f"{column}::{language}": f"{column} {language}"
        for column in columns
        for language in ("English (en)", "中文 (zh-Hans)")
    }
    question = form_of({"type": "text", "name": "one", **row}).questions[0]
    texts = (
        question.label, question.hint, question.guidance, question.required_message, question.constraint_message, question.image,
    )  # fmt: skip
    assert texts == tuple({"en": f"{c} English (en)", "zh-Hans": f"{c} 中文 (zh-Hans)"} for c in columns)


def test_choices_in_every_language() -> None:
    more = "| choices |\n| | list_name | name | label::English (en) | label::中文 (zh-Hans) | image | region |\n| | l | a | A | 甲 | a.png | n |\n"
    (choice,) = form_of({"type": "select_one l", "name": "one", "label": "One"}, more=more).questions[0].choices
    assert (choice.label, choice.image, choice.columns) == (
        {"en": "A", "zh-Hans": "甲"},
        {"en": "a.png"},
        {"region": "n"},
    )


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"type": "text", "required": "yes"}, {"required": True, "required_if": ""}),
        ({"type": "text", "required": "TRUE"}, {"required": True}),
        ({"type": "text", "required": "no"}, {"required": False, "required_if": ""}),
        ({"type": "text", "required": "${first} = 'x'"}, {"required": False, "required_if": "${first} = 'x'"}),
        ({"type": "text", "relevant": "${first} != ''"}, {"relevant": "${first} != ''"}),
        ({"type": "integer", "constraint": ". > 3"}, {"constraint": ". > 3"}),
        ({"type": "text", "relevant": "${first} = ‘x’"}, {"relevant": "${first} = 'x'"}),
        (
            {"type": "text", "relevant": "${first} != null and ${first} != ' null '"},
            {"relevant": "${first} != '' and ${first} != ' null '"},
        ),
        ({"type": "text", "calculation": "${first}", "trigger": "${first}"}, {"calculation": "${first}", "trigger": ("first",)}),
        ({"type": "text", "default": "abc"}, {"default": "abc", "initial": ""}),
        ({"type": "date", "default": "today()"}, {"default": "", "initial": "today()"}),
        ({"type": "date", "default": "2026-11-23"}, {"default": "2026-11-23", "initial": ""}),
        ({"type": "date", "default": "2026-11-23 00:00:00"}, {"default": "2026-11-23", "initial": ""}),
        ({"type": "text", "read_only": "yes"}, {"read_only": True}),
        ({"type": "text", "readonly": "true"}, {"read_only": True}),
        ({"type": "select_one ab", "choice_filter": "name != ${first}"}, {"choice_filter": "name != ${first}"}),
        ({"type": "select_one ab", "parameters": "randomize=true seed=42"}, {"randomize": True, "seed": "42"}),
        ({"type": "range", "parameters": "start=0 end=5 step=0.5"}, {"minimum": 0.0, "maximum": 5.0, "step": 0.5}),
        ({"type": "range"}, {"minimum": 1.0, "maximum": 10.0, "step": 1.0}),
        ({"type": "image", "parameters": "max-pixels=640"}, {"max_pixels": 640}),
        ({"type": "text", "appearance": "multiline w3"}, {"appearance": ("multiline", "w3")}),
        ({"type": "text", "tianbao_carried": "no"}, {"carried": False}),
        ({"type": "text", "tianbao_openness": "open"}, {"declared": Openness.OPEN}),
        ({"type": "text", "tianbao_length_max": "9"}, {"length_max": 9}),
    ],
)  # fmt: skip
def test_columns(row: dict[str, str], expected: dict[str, object]) -> None:
    question = question_of(**row)
    assert {name: getattr(question, name) for name in expected} == expected


def test_a_repeat_may_count_its_rows_by_an_answer() -> None:
    form = form_of(
        {"type": "integer", "name": "people", "label": "People"},
        {"type": "begin_repeat", "name": "rows", "label": "Rows", "repeat_count": "${people}"},
        {"type": "text", "name": "who", "label": "Who"},
        {"type": "end_repeat"},
    )
    assert form.questions[1].repeat_count == "${people}"


@pytest.mark.parametrize("column", ["choice_filter", "repeat_count"])
def test_what_means_nothing_for_a_type_is_left_aside_and_said(column: str) -> None:
    found = read(survey({"type": "text", "name": "one", "label": "One", column: "1 = 1"}))
    assert found.problems == ()
    assert [told(notice) for notice in found.notices] == [("cell_ignored", 3, column)]


def test_a_row_that_is_switched_off_is_left_aside_and_said() -> None:
    rows = ({"type": "text", "name": "one", "label": "One"}, {"type": "nonsense", "name": "two", "disabled": "yes"})
    found = read(survey(*rows))
    assert found.problems == ()
    assert [told(notice) for notice in found.notices] == [("row_ignored", 4, "disabled")]


# settings, appearances, own kinds


def test_settings() -> None:
    settings = (
        "| settings |\n| | form_title | tianbao_title::中文 (zh-Hans) | form_id | version | instance_name | default_language | style | tianbao_repeats |\n"
        "| | Visit | 来访 | visit | 12 | ${one} | English (en) | pages | joined |\n"
    )
    form = read(survey({"type": "text", "name": "one", "label": "One"}), settings=settings).form
    assert form is not None
    assert (form.title, form.name, form.version) == ({"en": "Visit", "zh-Hans": "来访"}, "visit", 12)
    assert (form.instance_name, form.style, form.repeats) == ("${one}", "pages", Repeats.JOINED)
    assert form.languages == ("en", "zh-Hans")


@pytest.mark.parametrize(
    "appearance",
    [
        *(
            "minimal",
            "autocomplete",
            "search",
            "multiline",
            "numbers",
            "field-list",
            "month-year",
            "year",
            "likert",
        ),
        *("columns", "columns-2", "quick", "label", "list-nolabel"),
    ],
)
def test_appearances_that_are_promised_are_taken_without_a_word(appearance: str) -> None:
    assert appearance in SUPPORTED_APPEARANCES
    found = read(
        survey({"type": "select_one ab", "name": "one", "label": "One", "appearance": appearance}) + CHOICES
    )
    assert (found.problems, found.notices) == ((), ())
    assert found.form is not None
    assert found.form.questions[0].appearance == (appearance,)


def test_an_appearance_of_other_tools_is_said_to_change_nothing() -> None:
    found = read(survey({"type": "text", "name": "one", "label": "One", "appearance": "sonar"}))
    assert [told(notice) for notice in found.notices] == [("appearance_ignored", 3, "appearance")]


@pytest.mark.parametrize(("token", "kind"), KIND_TOKENS.items())
def test_our_own_types_are_appearances(token: str, kind: Kind) -> None:
    types = {
        Kind.TEMPERATURE: "decimal",
        Kind.TRANSPORT: "select_one ab",
        Kind.DOCUMENT_TYPE: "select_one ab",
        Kind.SYMPTOMS: "select_multiple ab",
    }
    question = question_of(type=types.get(kind, "text"), appearance=f"w2 {token}")
    assert (question.kind, question.appearance) == (kind, ("w2",))


# what is refused, all at once


def test_everything_is_refused_at_once_with_sheet_row_and_column() -> None:
    text = survey(
        {"type": "geotrace", "name": "way", "label": "Way"},
        {"type": "texxt", "name": "a", "label": "A"},
        {"type": "select_one none", "name": "b", "label": "B"},
        {"type": "text", "name": "c", "label": "C", "relevant": "${nobody} = 1"},
        {"type": "text", "name": "d", "label": "D", "read_only": "perhaps"},
        {"type": "text", "name": "e", "label": "E", "appearance": "search('fruits')"},
        {"type": "range", "name": "f", "label": "F", "parameters": "start=low"},
        {"type": "text", "name": "g", "label": "G", "appearance": "phone place"},
        {"type": "text", "name": "h", "label": "H", "tianbao_openness": "ajar"},
        {"type": "text", "name": "1st", "label": "First"},
        {"name": "i", "label": "No type"},
        {"type": "begin_group", "name": "never_ended", "label": "Group"},
        {"type": "text", "name": "j", "label": ""},
    )  # fmt: skip
    more = "| choices |\n| | list_name | name | label |\n| | | x | X |\n| | cd | c | C |\n| | cd | c | C |\n"
    assert found_in(text + more) == [
        ("unsupported_type", 3, "type"),
        ("unknown_type", 4, "type"),
        ("unknown_list", 5, "type"),
        ("expression", 6, "relevant"),
        ("not_yes_or_no", 7, "read_only"),
        ("unsupported_appearance", 8, "appearance"),
        ("not_a_number", 9, "parameters"),
        ("several_kinds", 10, "appearance"),
        ("not_one_of", 11, "tianbao_openness"),
        ("no_type", 13, "type"),
        ("begin_without_end", 14, "type"),
        ("no_label", 15, "label"),
        ("no_list_name", 18, "list_name"),
        ("choice_twice", 20, "name"),
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"type": "end_group"}], ("end_without_begin", 4, "type")),
        ([{"type": "calculate", "name": "one", "calculation": "${one} + 1"}], ("cycle", 4, "calculation")),
        ([{"type": "text", "name": "first", "label": "Again"}], ("name_twice", 4, "name")),
        ([{"type": "text", "name": "one", "label": "Hello ${nobody}"}], ("unknown_name_in_text", 4, "label")),
        ([{"type": "text", "name": "one", "label": "One", "trigger": "${nobody}"}], ("unknown_trigger", 4, "trigger")),
        ([{"type": "select_one ab", "name": "one", "label": "One", "default": "z"}], ("default_choice", 4, "default")),
        ([{"type": "range", "name": "one", "label": "One", "parameters": "start=3 end=3"}], ("range", 4, "parameters")),
        ([{"type": "date", "name": "one", "label": "One", "appearance": "phone"}], ("kind_type", 4, "appearance")),
        ([{"type": "text", "name": "one", "label": "One", "constraint": "regex(., '(a+)+')"}], ("expression", 4, "constraint")),
        ([{"type": "text", "name": "one", "label": "One", "constraint": "foo(.)"}], ("expression", 4, "constraint")),
        ([{"type": "begin_group", "name": "g", "label": "G"}, {"type": "end_group"}], ("empty_group", 4, "type")),
    ],
)  # fmt: skip
def test_what_is_wrong_with_one_row(rows: list[dict[str, str]], expected: tuple[str, int, str]) -> None:
    first = {"type": "text", "name": "first", "label": "First"}
    columns = dict.fromkeys(column for row in rows for column in row)
    problems = found_in(survey({**dict.fromkeys(columns, ""), **first}, *rows) + CHOICES)
    if expected[0] == "cycle":
        assert [(code, row) for code, row, _ in problems] == [expected[:2]]
    else:
        assert expected in problems
        assert len(problems) <= 2


def test_a_problem_is_a_sentence_in_the_readers_language() -> None:
    (problem,) = read(
        survey({"type": "geotrace", "name": "way", "label": "Way"}, {"type": "text", "name": "a", "label": "A"})
    ).problems
    assert problem_line(problem, translator("zh-Hans")) == (
        "工作表“survey”第 3 行 B 列（type）：这里不能用“geotrace”类型的题目。请去掉，或改用 text 或 file。"
    )


# files


@pytest.mark.parametrize("name", ["form.pdf", "form", "form.docx"])
def test_a_file_of_another_kind_is_no_spreadsheet(name: str) -> None:
    assert [problem.code for problem in read_form(given_bytes(b"x", name)).problems] == [FormCode.NOT_A_SPREADSHEET]


def test_a_zip_holds_exactly_one_form() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.md", SETTINGS)
        archive.writestr("b.md", SETTINGS)
    (problem,) = read_form(given_bytes(packed.getvalue(), "forms.zip")).problems
    assert (problem.code, problem.parameters) == (FormCode.NO_FORM_INSIDE, {"count": 2})


def test_csv_as_chinese_excel_saves_it() -> None:
    text = "survey,,,\n,type,name,label\n,text,name,姓名\nsettings,,,\n,form_id,form_title,\n,guest,来客登记,\n"
    form = read_form(given_bytes(text.encode("gb18030"), "form.csv")).form
    assert form is not None
    assert (form.title, form.questions[0].label, form.languages) == (
        {"zh-Hans": "来客登记"},
        {"zh-Hans": "姓名"},
        ("zh-Hans",),
    )
