"""The short way through the answers of a row: one function for a run of questions, written out and compiled.

Beside `domain.validation`, whose steps are the whole meaning of a form. Most answers are what their question asks
for, or were left out where nothing asks for them; the function sees that at a glance, in the order of the steps,
and hands every other answer to its step. It is to come to the same as the steps alone, always
(tests/property/test_fast_path.py). Must not know: what is wrong with an answer.

For a name, a drop-down list and a repeat it reads

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
        step_2(row, work)
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
    """What is known of a question that somebody answers.

    `relevant` and `judge` are the closures of its relevance and of what looks at its answer in the end, `is_asked`
    whether leaving it out may be wrong.
    """

    question: Question
    relevant: Callable[..., bool] | None
    judge: Callable[..., None] | None
    is_asked: bool


def write_run(steps: Mapping[str, Callable[..., None]], plain: Mapping[str, PlainAnswer]) -> Callable[..., None]:
    """A function of (row, work) that does the steps of a run, in which both are by their path in the level."""
    names: dict[str, Any] = {"nothing": {}}
    lines = ["def run(row, work):", " values, given = row.values, row.given['']"]
    for number, (path, step) in enumerate(steps.items()):
        names[f"step_{number}"] = step
        test = _test(plain[path].question, number, names) if path in plain else ""
        if not test:
            lines.append(f" step_{number}(row, work)")
            continue
        answer = plain[path]
        group = path.rpartition(".")[0]
        # of a group that does not apply nothing was given
        given = "given" if group == ROOT else f"row.given.get({group!r}, nothing)"
        lines.append(f" value = {given}.get({answer.question.name!r})")
        if not answer.is_asked:
            lines.append(" if value is None: pass")
        if answer.relevant is not None:
            names[f"relevant_{number}"] = answer.relevant
            test += f" and relevant_{number}(row)"
        lines.append(f" {'if' if answer.is_asked else 'elif'} {test}:")
        lines += [f"  {line}" for line in _store(answer, path, number, names)]
        lines.append(f" else: step_{number}(row, work)")
    exec("\n".join(lines), names)  # noqa: S102 - of the lines above, in which names of questions are quoted
    run: Callable[..., None] = names["run"]
    return run


def _test(question: Question, number: int, names: dict[str, Any]) -> str:
    """What holds of an answer that is stored as it was sent; empty where none of the question's are."""
    match question.type:
        case QuestionType.TEXT | QuestionType.BARCODE if question.kind not in READ_KINDS:
            return (
                f"type(value) is str and len(value) <= {question.length_max} and value.isprintable() "
                "and value and not value.isspace()"
            )
        case QuestionType.SELECT_ONE:
            names[f"choices_{number}"] = frozenset(choice.name for choice in question.choices)
            return f"type(value) is str and value in choices_{number}"
        case QuestionType.DATE if not {"month-year", "year"}.intersection(question.appearance):
            names["is_date"] = _is_date
            return "type(value) is str and len(value) == 10 and is_date(value) and value <= row.moment.today_text"
        case QuestionType.SELECT_MULTIPLE:
            names[f"choices_{number}"] = frozenset(choice.name for choice in question.choices)
            return (
                "type(value) is list and len(value) == 1 and type(value[0]) is str "
                f"and value[0] in choices_{number}"
            )
        case QuestionType.ACKNOWLEDGE:
            return "value is True"
        case _:
            return ""


def _store(answer: PlainAnswer, path: str, number: int, names: dict[str, Any]) -> list[str]:
    lines = [f"values[{path!r}] = value"]
    if doubts := DOUBTS_BY_KIND.get(answer.question.kind):
        names[f"doubts_{number}"] = doubts
        lines.append(
            f"if doubts := doubts_{number}(value): "
            f"work.outcome.marks[row.prefix + {path!r}] = [one.value for one in doubts]"
        )
    if answer.judge is not None:
        names[f"judge_{number}"] = answer.judge
        lines.append(f"work.later.append((judge_{number}, row))")
    return lines


@lru_cache(DAYS_HELD_MAX)
def _is_date(text: str) -> bool:
    """Of ten characters, whether they are a date and written as it is stored."""
    day = read_date(text)
    return day is not None and day.isoformat() == text
