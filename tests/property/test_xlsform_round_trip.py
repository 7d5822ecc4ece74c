"""A form written as a spreadsheet and read again is the same form: random ones with every part of the model, all kits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pyxform.xls2xform import convert
from tests.page_samples import kit
from tests.unit.test_kits import KITS

from tianbao.domain.form_checks import KIND_TYPES, check_form
from tianbao.domain.forms import (
    CHOSEN,
    METADATA,
    UNSEEN,
    Choice,
    ExportColumn,
    Form,
    Kind,
    Openness,
    Question,
    QuestionType,
    Repeats,
    Text,
    dump_form,
    load_form,
)
from tianbao.services.form_files import WRITERS
from tianbao.xlsform import given_bytes, read_form

LANGUAGES: Final = ("zh-Hans", "en", "fr", "bo", "zh-Hant", "x-dialect")
EXPRESSIONS: Final = (
    "${first} = 'x'",
    'string-length(${first}) > 2 and not(${first} = "a|b")',
    "today() < date('2026-12-31')",
    "once(uuid())",
    "1 + 1",
    "if(${first} != '', 'ja', \"nein\")",
    "count-selected('a b') >= 1\nor true()",
)
names = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True) | st.sampled_from(["姓名", "Größe", "type", "label"])
_awkward = st.sampled_from(
    [
        "=SUM(A1)", "a|b", "\\", "\\|", "<br>", "&lt;br>", "&amp;lt;br/>", "两行\n三行", "''", '"', "#", "--", "007", "1e5",
        "1.0", "yes", "TRUE", "2020-01-31", "𠮷", "· ", "${first}", "::", "survey", "<b>x</b>", "\u3000", "a\tb", "&", "%(name)s", "Âge\xa0?",
    ]
)  # fmt: skip
_plain = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), max_size=12)
texts = (
    st.lists(_awkward | _plain, min_size=1, max_size=3)
    .map("".join)
    .map(str.strip)
    .filter(lambda text: text and ("${" not in text.replace("${first}", "")))
)


values = texts.map(lambda text: text.replace("\xa0", " "))


@st.composite
def translated(draw: st.DrawFn, languages: tuple[str, ...], *, needed: bool = False) -> Text:
    chosen = draw(st.lists(st.sampled_from(languages), unique=True, min_size=1 if needed else 0))
    return {language: draw(texts) for language in languages if language in chosen}


@st.composite
def choice_lists(draw: st.DrawFn, languages: tuple[str, ...]) -> dict[str, tuple[Choice, ...]]:
    columns = draw(st.lists(st.sampled_from(["region", "蔬菜", "filter_1"]), unique=True))
    tokens = values.filter(lambda text: len(text.split()) == 1)
    return {
        list_name: tuple(
            Choice(
                name=name,
                label=draw(translated(languages, needed=True)),
                exclusive=draw(st.booleans()),
                columns={column: draw(texts) for column in columns if draw(st.booleans())},
                image=draw(translated(languages)),
            )
            for name in draw(st.lists(tokens, min_size=1, max_size=4, unique=True))
        )
        for list_name in draw(st.lists(names, min_size=1, max_size=3, unique=True))
    }


@st.composite
def questions(
    draw: st.DrawFn,
    languages: tuple[str, ...],
    lists: dict[str, tuple[Choice, ...]],
    name: str,
    inner: tuple[Question, ...] = (),
) -> Question:
    containers = [QuestionType.GROUP, QuestionType.REPEAT]
    type_ = draw(st.sampled_from(containers if inner else [t for t in QuestionType if t not in containers]))
    kinds = [kind for kind, types in KIND_TYPES.items() if type_ in types]
    choice_list = draw(st.sampled_from(sorted(lists))) if type_ in CHOSEN else ""
    is_metadata = type_ in METADATA
    expression = st.just("") | st.sampled_from(EXPRESSIONS)
    required = draw(st.booleans())
    default = (
        draw(st.just("") | values) if not choice_list else draw(st.sampled_from(["", lists[choice_list][0].name]))
    )
    if choice_list and type_ is QuestionType.SELECT_MULTIPLE and default:
        default = " ".join(choice.name for choice in lists[choice_list][:2])
    number = st.integers(-9, 9) | st.sampled_from([0.5, 2.25, -0.125])
    is_range = type_ is QuestionType.RANGE
    return Question(
        name=name,
        type=type_,
        label=draw(translated(languages, needed=True)),
        hint=draw(translated(languages)),
        guidance=draw(translated(languages)),
        image=draw(translated(languages)),
        kind=draw(st.sampled_from([Kind.PLAIN, *kinds])),
        appearance=tuple(draw(st.lists(st.sampled_from(["minimal", "w3", "new-one", "columns-2"]), unique=True))),
        required=required,
        required_if="" if required else draw(expression),
        required_message=draw(translated(languages)),
        relevant=draw(expression),
        constraint="" if type_ in UNSEEN else draw(expression),
        constraint_message=draw(translated(languages)),
        calculation="1 + 1" if type_ is QuestionType.CALCULATE else draw(expression),
        trigger=("first",) if draw(st.booleans()) and not inner else (),
        default=default,
        initial="" if default else draw(expression),
        read_only=draw(st.booleans()),
        choice_list=choice_list,
        choices=lists.get(choice_list, ()),
        choice_filter=draw(st.sampled_from(["", "name != 'zz'"])) if choice_list else "",
        randomize=draw(st.booleans()) if choice_list else False,
        seed=draw(st.sampled_from(["", "42", "${first}"])) if choice_list else "",
        questions=inner,
        repeat_count=draw(st.sampled_from(["", "3", "${first}"])) if type_ is QuestionType.REPEAT else "",
        minimum=float(draw(number)) if is_range else None,
        maximum=float(draw(number)) if is_range else None,
        step=float(draw(number)) if is_range else None,
        length_max=draw(st.sampled_from([1, 500, 9_999])),
        rows_max=draw(st.sampled_from([1, 30, 1_000])),
        max_pixels=draw(st.sampled_from([None, 640])) if type_ is QuestionType.IMAGE else None,
        carried=draw(st.booleans()),
        declared=None if is_metadata else draw(st.sampled_from([None, Openness.OPEN, Openness.SEALED])),
    )


@st.composite
def forms(draw: st.DrawFn) -> Form:
    languages = tuple(draw(st.lists(st.sampled_from(LANGUAGES), min_size=1, max_size=3, unique=True)))
    lists = draw(choice_lists(languages))
    asked = [Question("first", QuestionType.TEXT, label=draw(translated(languages, needed=True)))]
    for name in draw(st.lists(names, max_size=5, unique=True)):
        inner: tuple[Question, ...] = ()
        if draw(st.booleans()):
            deepest = draw(questions(languages, lists, "deepest"))
            middle = draw(questions(languages, lists, "middle", (deepest,)))
            inner = (draw(questions(languages, lists, "inner")), middle)[draw(st.integers(0, 1)) :]
        asked.append(draw(questions(languages, lists, name, inner)))
    headings = [ExportColumn("first", draw(translated(languages)), draw(st.none() | st.integers(1, 200)))]
    form = Form(
        name=draw(st.from_regex(r"[\w.-]{1,20}", fullmatch=True)),
        version=draw(st.integers(1, 2**31 - 1)),
        title=draw(translated(languages, needed=True)),
        questions=tuple(asked),
        languages=languages,
        lists=lists,
        instance_name=draw(st.sampled_from(["", "concat(${first}, ' ', today())"])),
        style=draw(st.sampled_from(["", "pages", "pages theme-grid"])),
        columns=tuple(headings) if draw(st.booleans()) else (),
        repeats=draw(st.sampled_from(Repeats)),
    )
    assume(not check_form(form))
    return form


@pytest.mark.parametrize("suffix", WRITERS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(form=forms())
def test_a_form_written_and_read_is_the_same(suffix: str, form: Form) -> None:
    assert load_form(dump_form(form)) == form
    understood = read_form(given_bytes(WRITERS[suffix](form), f"form{suffix}"))
    assert understood.problems == ()
    assert understood.form == form


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("name", KITS)
def test_every_kit_written_and_read_is_the_same(name: str, suffix: str) -> None:
    form = kit(name)
    assert read_form(given_bytes(WRITERS[suffix](form), f"form{suffix}")).form == form
    another = replace(form, version=7)
    assert read_form(given_bytes(WRITERS[suffix](another), f"form{suffix}")).form != form


@pytest.mark.parametrize("suffix", [".xlsx", ".md"])  # of CSV pyxform takes no sheets but its own
@pytest.mark.parametrize("name", KITS)
def test_other_tools_take_every_kit_as_it_is_written_here(name: str, suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}{suffix}"
    file.write_bytes(WRITERS[suffix](kit(name)))
    assert f'id="{name}"' in convert(file).xform
