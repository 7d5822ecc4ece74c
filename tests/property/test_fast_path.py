"""The short way through a row comes to the same as the steps alone, whatever somebody sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.page_samples import MIGRANT
from tests.random_forms import random_form

from tianbao.domain import validation
from tianbao.domain.evaluation import Moment
from tianbao.domain.forms import Form, Question, QuestionType
from tianbao.domain.places import Unresolved
from tianbao.domain.validation import Validator, compile_form

NOW = Moment(datetime(2026, 11, 23, 8, 30, tzinfo=ZoneInfo("Asia/Shanghai")), lambda: 0.5)
FORMS = 120
ANYTHING: tuple[Any, ...] = (
    *(None, "", " ", "\u3000", "a", "红", "a\tb", "a\nb", "\ud800", "x" * 30, "x" * 101, "x" * 5000),
    *("red", "none", "red none", "yes", "t1", "张三", "测试", "aaa", "买买提·艾力", "13812345678", "1"),
    *(
        "2024-02-29",
        "2023-02-29",
        "2024-2-9",
        "2026-11-23",
        "2026-11-24",
        "0001-01-01",
        "２０２４-02-29",
        "20240229",
    ),
    *("11010519491231002X", "E12345678", "12:30", "38.8 115.1", 0, 3, -1, 2.5, True, False),
    *([], ["red"], ["none"], ["red", "none"], [["red"]], [1], {}, {"text": "a"}, {"name": "a"}),
)


class Nowhere:
    """No place is known."""

    def resolve(self, text: str) -> Unresolved:
        return Unresolved(text)

    def place(self, code: str) -> None:
        return None

    def full_name(self, code: str) -> str:
        return code

    def contains(self, outer: str, inner: str) -> bool:
        return False


def steps_alone(steps: Mapping[str, Callable[..., None]], plain: Mapping[str, Any]) -> Callable[..., None]:
    def run(row: Any, work: Any) -> None:
        for step in steps.values():
            step(row, work)

    return run


@cache
def both_ways(seed: int) -> tuple[Form, Validator, Validator]:
    form = MIGRANT if seed == FORMS else random_form(seed)
    with pytest.MonkeyPatch.context() as patch:
        short = compile_form(form, Nowhere())
        patch.setattr(validation, "write_run", steps_alone)
        return form, short, compile_form(form, Nowhere())


def answer(questions: tuple[Question, ...], random: Random) -> dict[str, Any]:
    """Something for most questions: rows for a repeat, and for the others anything or what would be right."""
    return dict(pairs(questions, random))


def pairs(questions: tuple[Question, ...], random: Random) -> Iterator[tuple[str, Any]]:
    for question in questions:
        if random.random() < 0.2:
            continue
        value = random.choice(ANYTHING)
        if random.random() < 0.9 and question.type is QuestionType.REPEAT:
            value = [answer(question.questions, random) for _ in range(random.randrange(3))]
        elif random.random() < 0.9 and question.type is QuestionType.GROUP:
            value = answer(question.questions, random)
        elif random.random() < 0.4 and question.choices:
            value = random.choice(question.choices).name
        yield question.name, value


@settings(max_examples=400, deadline=None)
@given(st.integers(0, FORMS), st.integers(0, 2**32))
def test_the_short_way_comes_to_the_same(seed: int, chance: int) -> None:
    form, short, whole = both_ways(seed)
    random = Random(chance)
    for _ in range(5):
        given_answers = answer(form.questions, random)
        assert short(given_answers, NOW) == whole(given_answers, NOW)
