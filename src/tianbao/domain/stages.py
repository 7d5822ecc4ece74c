"""How many pages a form takes where nothing works out on the phone what answers mean to other questions.

Of the form alone, once a version: `domain.showing` and the first page (render.form_page) go by it. Must not know:
answers, HTML. docs/adr/0010 says why the pages are cut this way.

The stage of a question says how many pages must have been answered before it is known whether and how it is asked.
No question is asked before one that stands above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from tianbao.domain.binding import Bound, bind, bind_filter
from tianbao.domain.expressions import parse
from tianbao.domain.forms import Form, Question, walk_questions
from tianbao.domain.levels import Level, make_levels

OUTPUT: Final = re.compile(r"\$\{\s*([^\W\d][\w.-]*)\s*\}")
"""An answer within a text: `${name}`."""
HINTS_MAX: Final = 4
"""Questions under a condition that one page explains in words instead of leaving them to a second."""
_JUDGING: Final = frozenset({"constraint", "required_if"})
_ALWAYS: Final = frozenset({"relevant", "repeat_count", "choice_filter"})
"""Expressions that the first page cannot do without, even where they ask for no answer."""


def find_stages(form: Form) -> dict[str, int]:
    """By template path in the form's order; 0 everywhere where one page explains itself."""
    levels = make_levels(form)
    questions = dict(walk_questions(form.questions))
    asked: dict[str, set[str]] = {template: set() for template in questions}
    shaping: set[tuple[str, str]] = set()
    for level in levels.values():
        for path, question in level.questions.items():
            template = level.template(path)
            for name, bound in _bounds_of(levels, template, question):
                asked[template] |= bound.references
                if question.is_seen and (bound.references or name in _ALWAYS):
                    shaping.add((template, name))
            if _begins_with_row(level, path):
                asked[template] |= {level.template(other) for other in level.questions} - {template}
                shaping.add((template, "default"))
    if len(shaping) <= HINTS_MAX and all(
        name == "relevant" and not questions[template].questions for template, name in shaping
    ):
        return dict.fromkeys(questions, 0)
    shaped = {template for template, _ in shaping}
    stages: dict[str, int] = {}
    now = 0
    for template in questions:
        if template in shaped:
            known = [_known_at(each, questions, asked, stages, frozenset()) for each in asked[template]]
            now = max(now, 1 + max(known, default=0))
        stages[template] = now
    for template in reversed(questions):
        inner = [stages[f"{template}.{each.name}"] for each in questions[template].questions if each.is_seen]
        stages[template] = max(stages[template], min(inner, default=0))
    return stages


def _begins_with_row(level: Level, path: str) -> bool:
    """Whether a question begins with an answer once its row does: a row that holds nothing else is left empty."""
    if level.outer is None or level.outer.questions[level.name].repeat_count:
        return False
    return _begins(level.questions[path]) and any(
        other.is_seen and other.is_answered and not other.questions and not _begins(other)
        for other in level.questions.values()
    )


def names_in_texts(question: Question) -> list[str]:
    """The answers that its texts name, in any language."""
    texts = [text for shown in (question.label, question.hint) for text in shown.values()]
    return list(dict.fromkeys(name for text in texts for name in OUTPUT.findall(text)))


def _begins(question: Question) -> bool:
    return question.is_seen and bool(question.default or question.initial)


def _bounds_of(levels: dict[str, Level], template: str, question: Question) -> Iterator[tuple[str, Bound]]:
    """What decides whether and how a question is asked: expressions by their fields, answers in its texts."""
    for name, text in question.expressions:
        if name not in _JUDGING:
            yield name, (bind_filter if name == "choice_filter" else bind)(parse(text), levels, template)
    for name in names_in_texts(question):
        yield "texts", bind(parse(f"${{{name}}}"), levels, template)


def _known_at(
    template: str,
    questions: Mapping[str, Question],
    asked: Mapping[str, set[str]],
    stages: Mapping[str, int],
    seen: frozenset[str],
) -> int:
    """The stage of the page with which an answer comes. What is worked out is known with what it asks for."""
    if questions[template].is_seen:
        return stages.get(template, 0)
    inner = (_known_at(each, questions, asked, stages, seen | {template}) for each in asked[template] - seen)
    return max(inner, default=0)
