"""The short way through the answers of a row: one function for a run of questions, written out and compiled.

Beside `domain.validation`, whose steps are the whole meaning of a form. Most answers are what their question asks
for, or were left out where nothing asks for them; the function sees that at a glance, in the order of the steps,
and hands every other answer to its step. It is to come to the same as the steps alone, always
(tests/property/test_fast_path.py). Must not know: what is wrong with an answer.

For a name, a drop-down list, a date with a constraint and a repeat it reads

    def run(row, work):
        values, given = row.values, row.given['']
        value = given.get('name')
        if type(value) is str and len(value) <= 100 and value.isprintable() and value and not value.isspace():
            values['name'] = value
            if doubts := doubts_0(value): work.outcome.marks[row.prefix + 'name'] = [one.value for one in doubts]
        else: step_0(row, work)
        value = given.get('reason')
        if value is None: pass
        elif type(value) is str and value in choices_1:
            values['reason'] = value
        else: step_1(row, work)
        value = given.get('left_on')
        if value is None: pass
        elif type(value) is str and len(value) == 10 and is_date(value) and value <= row.moment.today_text:
            values['left_on'] = value
            work.later.append((judge_2, row))
        else: step_2(row, work)
        step_3(row, work)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from tianbao.domain.forms import Question, QuestionType
from tianbao.domain.levels import ROOT
from tianbao.domain.readings import DOUBTS_BY_KIND, READ_KINDS, read_date

DAYS_HELD_MAX: Final = 4_096
"""Dates that are known to be dates: what people answer today lies within few days."""


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """What is known of a question that somebody answers, and that is blank as a text is.

    `read` is its reader; `relevant`, `judge` and `demand` are the closures of its relevance, of what looks at its
    answer in the end, and of what looks in the end whether it may be missing.
    """

    question: Question
    read: Callable[..., Any]
    relevant: Callable[..., bool] | None
    judge: Callable[..., None] | None
    demand: Callable[..., None] | None
    required: bool


def write_run(steps: Mapping[str, Callable[..., None]], plain: Mapping[str, PlainAnswer]) -> Callable[..., None]:
    """A function of (row, work) that does the steps of a run, in which both are by their path in the level."""
    names: dict[str, Any] = {"nothing": {}, "is_date": _is_date}
    lines = ["def run(row, work):", " values, given = row.values, row.given['']"]
    for number, (path, step) in enumerate(steps.items()):
        names[f"step_{number}"] = step
        if path in plain:
            lines += [f" {line}" for line in _write_answer(plain[path], path, number, names)]
        else:
            lines.append(f" step_{number}(row, work)")
    exec("\n".join(lines), names)  # noqa: S102 - of the lines above, in which names of questions are quoted
    run: Callable[..., None] = names["run"]
    return run


def _write_answer(answer: PlainAnswer, path: str, number: int, names: dict[str, Any]) -> list[str]:
    group = path.rpartition(".")[0]
    # of a group that does not apply nothing was given
    given = "given" if group == ROOT else f"row.given.get({group!r}, nothing)"
    lines = [f"value = {given}.get({answer.question.name!r})"]
    if not answer.required and answer.demand is None:
        lines.append("if value is None: pass")
    elif not answer.required and answer.relevant is None and group == ROOT:
        names[f"demand_{number}"] = answer.demand
        lines.append(f"if value is None: work.later.append((demand_{number}, row))")
    test = _test(answer.question, number, names)
    if answer.relevant is not None:
        names[f"relevant_{number}"] = answer.relevant
        test += f" and relevant_{number}(row)"
    return [
        *lines,
        f"{'elif' if len(lines) > 1 else 'if'} {test}:",
        *(f" {line}" for line in _store(answer, path, number, names)),
        f"else: step_{number}(row, work)",
    ]


def _test(question: Question, number: int, names: dict[str, Any]) -> str:
    """What holds of an answer that is as it should be, or at least not blank."""
    match question.type:
        case QuestionType.TEXT | QuestionType.BARCODE if question.kind not in READ_KINDS:
            return (
                f"type(value) is str and len(value) <= {question.length_max} and value.isprintable() "
                "and value and not value.isspace()"
            )
        case QuestionType.SELECT_ONE:
            names[f"choices_{number}"] = frozenset(choice.name for choice in question.choices)
            return f"type(value) is str and value in choices_{number}"
        case QuestionType.SELECT_MULTIPLE:
            names[f"choices_{number}"] = frozenset(choice.name for choice in question.choices)
            one = f"type(value[0]) is str and value[0] in choices_{number}"
            return f"type(value) is list and len(value) == 1 and {one}"
        case QuestionType.DATE if _is_plain_date(question):
            return "type(value) is str and len(value) == 10 and is_date(value) and value <= row.moment.today_text"
        case QuestionType.ACKNOWLEDGE:
            return "value is True"
        case QuestionType.INTEGER | QuestionType.DECIMAL:
            return "(type(value) in (int, float) or type(value) is str and value and not value.isspace())"
        case _:
            return "type(value) is str and value and not value.isspace()"


def _store(answer: PlainAnswer, path: str, number: int, names: dict[str, Any]) -> list[str]:
    question = answer.question
    lines = [f"values[{path!r}] = value"]
    if answer.judge is not None:
        names[f"judge_{number}"] = answer.judge
        lines.append(f"work.later.append((judge_{number}, row))")
    if doubts := DOUBTS_BY_KIND.get(question.kind):
        names[f"doubts_{number}"] = doubts
        marks = f"work.outcome.marks[row.prefix + {path!r}] = [one.value for one in doubts]"
        lines.append(f"if doubts := doubts_{number}(value): {marks}")
    if question.type in _STORED_AS_SENT and question.kind not in READ_KINDS and _is_plain_date(question):
        return lines
    names[f"read_{number}"] = answer.read
    return [
        f"value = read_{number}(value, row.prefix + {path!r}, row, work.outcome)",
        "if value is not None:",
        *(f" {line}" for line in lines),
    ]


_STORED_AS_SENT: Final = frozenset(
    {
        QuestionType.TEXT,
        QuestionType.BARCODE,
        QuestionType.SELECT_ONE,
        QuestionType.SELECT_MULTIPLE,
        QuestionType.DATE,
        QuestionType.ACKNOWLEDGE,
    }
)


def _is_plain_date(question: Question) -> bool:
    """Whether a date is asked to the day; true of what is no date."""
    return not {"month-year", "year"}.intersection(question.appearance)


@lru_cache(DAYS_HELD_MAX)
def _is_date(text: str) -> bool:
    """Of ten characters, whether they are a date and written as it is stored."""
    day = read_date(text)
    return day is not None and day.isoformat() == text
