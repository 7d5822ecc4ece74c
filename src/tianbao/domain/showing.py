"""What of a form is to be shown, by what was typed so far: for pages that work nothing out by themselves.

Called by the edge for a phone without script, post after post. It goes through the form as `domain.validation` and
page/calculation.js do (docs/adr/0007), but over answers that nobody judged yet, and a row left empty is shown. Must
not know: what is valid, HTML.

Stages (docs/adr/0010): the stage of a question says how many pages must have been answered before it is known
whether and how it is asked. No question is asked before one that stands above it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isnan
from typing import Any, Final

from tianbao.domain.binding import Bound, bind, bind_filter
from tianbao.domain.evaluation import Moment, Row, compile_condition, compile_filter, compile_value
from tianbao.domain.expressions import parse
from tianbao.domain.forms import NUMBERS, Form, Path, Question, QuestionType, walk_questions
from tianbao.domain.levels import ROOT, Level, make_levels
from tianbao.domain.ordering import order_runs
from tianbao.domain.readings import compile_blank_row, read_number
from tianbao.domain.validation import ORDERING_FIELDS
from tianbao.domain.values import Value, to_number, to_string, write_answer

OUTPUT: Final = re.compile(r"\$\{\s*([^\W\d][\w.-]*)\s*\}")
"""An answer within a text: `${name}`."""
_JUDGING: Final = frozenset({"constraint", "required_if"})
HINTS_MAX: Final = 4
"""Questions under a condition that a page explains in words instead of leaving them to a later page."""


@dataclass(slots=True)
class Showing:
    """By the path of each question in each row.

    `asked` are those that apply, with their template paths; `hidden` those that do not (nothing inside them is
    listed); `texts` the answers named in a question's texts, by name; `offered` the choices that a filter leaves;
    `rows` how many rows a counted repeat has; `required` where a condition demands an answer; `begun` what a field
    begins with.
    """

    asked: dict[Path, str] = field(default_factory=dict)
    hidden: set[Path] = field(default_factory=set)
    texts: dict[Path, dict[str, str]] = field(default_factory=dict)
    offered: dict[Path, frozenset[str]] = field(default_factory=dict)
    rows: dict[Path, int] = field(default_factory=dict)
    required: set[Path] = field(default_factory=set)
    begun: dict[Path, str] = field(default_factory=dict)


class _Row(Row):
    """A row with its answers as typed: `given` by the path of their group, `at` what its paths begin with."""

    __slots__ = ("at", "given", "off")

    def __init__(self, given: Mapping[str, Any], at: str, moment: Moment, outer: _Row | None = None) -> None:
        super().__init__({}, outer, {}, 0, moment)
        self.given: dict[str, Mapping[str, Any]] = {ROOT: given}
        self.at = at
        self.off: set[str] = set()


class Shower:
    """Of one form version. `stages` are by template path; 0 everywhere where one page explains itself."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._levels = make_levels(form)
        self._bounds = {
            (level.template(path), name): bound
            for level in self._levels.values()
            for path, question in level.questions.items()
            for name, bound in _bounds_of(self._levels, level.template(path), question)
        }
        references: dict[str, set[str]] = {}
        for (template, name), bound in self._bounds.items():
            if name in ORDERING_FIELDS:
                references.setdefault(template, set()).update(bound.references - {template})
        self._runs = order_runs(self._levels, references)
        self.stages = _stages(form, self._bounds)
        self.last = max(self.stages.values(), default=0)
        self._conditions = self._compile(compile_condition, "relevant", "required_if")
        named = [name for _, name in self._bounds if name.startswith("${")]
        self._values = self._compile(compile_value, "calculation", "initial", "repeat_count", *named)
        self._filters = self._compile(compile_filter, "choice_filter")

    def show(self, given: Mapping[str, Any], moment: Moment) -> Showing:
        """`given` is the nested shape of what was typed, right or wrong."""
        showing = Showing()
        rows: dict[str, list[_Row]] = {path: [] for path in self._levels}
        rows[ROOT].append(_Row(given, "", moment))
        for run in self._runs:
            level = self._levels[run.level]
            for row in rows[run.level]:
                for path in run.paths:
                    self._fill(level, path, row, rows, showing)
        for level in self._levels.values():
            for row in rows[level.path]:
                for path, question in level.questions.items():
                    if path not in row.off:
                        self._finish(level.template(path), question, path, row, showing)
        return showing

    def visible(self, showing: Showing, section: int) -> frozenset[Path]:
        """What stands on the page when the sections up to this one are asked."""
        questions = {level.template(p): q for level in self._levels.values() for p, q in level.questions.items()}
        return frozenset(
            path
            for path, template in showing.asked.items()
            if self.stages[template] <= section and questions[template].is_seen
        )

    def next_section(self, showing: Showing, section: int) -> int | None:
        """The next section in which something is asked, None where there is none."""
        shown = self.visible(showing, section)
        later = self.visible(showing, self.last) - shown
        return min((self.stages[showing.asked[path]] for path in later), default=None)

    def _compile(self, compile_tree: Callable[..., Any], *names: str) -> dict[tuple[str, str], Callable[..., Any]]:
        lists = self._form.lists
        return {key: compile_tree(bound.tree, lists) for key, bound in self._bounds.items() if key[1] in names}

    def _fill(self, level: Level, path: str, row: _Row, rows: dict[str, list[_Row]], showing: Showing) -> None:
        question, template = level.questions[path], level.template(path)
        group = path.rpartition(".")[0]
        relevant = self._conditions.get((template, "relevant"))
        if group in row.off or (relevant is not None and not relevant(row)):
            row.off.add(path)
            showing.hidden.add(row.at + path)
            return
        given = row.given.get(group, {}).get(question.name)
        if question.type is QuestionType.GROUP:
            row.given[path] = given if isinstance(given, Mapping) else {}
        elif question.type is QuestionType.REPEAT:
            self._open_rows(level, path, row, rows, showing, given)
        else:
            self._answer(template, question, path, row, showing, given)

    def _open_rows(
        self, level: Level, path: str, row: _Row, rows: dict[str, list[_Row]], showing: Showing, given: Any
    ) -> None:
        template = level.template(path)
        typed = [each if isinstance(each, Mapping) else {} for each in given] if isinstance(given, list) else []
        count_of = self._values.get((template, "repeat_count"))
        if count_of is not None:
            number = to_number(count_of(row))
            count = 0 if isnan(number) else int(max(0, min(number, level.questions[path].rows_max)))
            showing.rows[row.at + path] = count
            typed = (typed + [{}] * count)[:count]
        shown = [_Row(each, f"{row.at}{path}.{i}.", row.moment, row) for i, each in enumerate(typed or [{}])]
        if count_of is not None and not typed:
            shown = []
        rows[template] += shown
        is_blank_row = compile_blank_row(level.questions[path].questions)
        kept = [each for each in shown if count_of is not None or not is_blank_row(each.given[ROOT])]
        row.rows[path] = [*kept]
        for index, each in enumerate(kept):
            each.index = index

    def _answer(
        self, template: str, question: Question, path: str, row: _Row, showing: Showing, given: Any
    ) -> None:
        value = write_answer(given)
        if value and question.type in NUMBERS and (number := read_number(value)) is not None:
            value = write_answer(number)
        value_of = self._values.get((template, "calculation"))
        initial = self._values.get((template, "initial"))
        if value_of is not None and (question.read_only or not question.is_seen or not value):
            value = _written(value_of(row))
            showing.begun[row.at + path] = value
        elif given is None and (initial is not None or question.default):
            value = _written(initial(row)) if initial else question.default
            showing.begun[row.at + path] = value
        if value.strip():
            row.values[path] = value

    def _finish(self, template: str, question: Question, path: str, row: _Row, showing: Showing) -> None:
        at = row.at + path
        showing.asked[at] = template
        required = self._conditions.get((template, "required_if"))
        if required is not None and required(row):
            showing.required.add(at)
        offers = self._filters.get((template, "choice_filter"))
        if offers is not None:
            showing.offered[at] = frozenset(choice.name for choice in question.choices if offers(row, choice))
        for name in names_in_texts(question):
            value = self._values[template, f"${{{name}}}"](row)
            showing.texts.setdefault(at, {})[name] = _written(value)


def _written(value: Value) -> str:
    """What was worked out, as an answer: a number that is none is no answer."""
    return "" if isinstance(value, float) and isnan(value) else to_string(value)


def names_in_texts(question: Question) -> list[str]:
    """The answers that its texts name, in any language."""
    texts = [text for shown in (question.label, question.hint) for text in shown.values()]
    return list(dict.fromkeys(name for text in texts for name in OUTPUT.findall(text)))


def _bounds_of(levels: dict[str, Level], template: str, question: Question) -> Iterator[tuple[str, Bound]]:
    """The expressions of a question by their fields, and the answers that its texts name as `${name}`."""
    for name, text in question.expressions:
        yield name, (bind_filter if name == "choice_filter" else bind)(parse(text), levels, template)
    for name in names_in_texts(question):
        yield f"${{{name}}}", bind(parse(f"${{{name}}}"), levels, template)


def _stages(form: Form, bounds: Mapping[tuple[str, str], Bound]) -> dict[str, int]:
    """By template path, how many pages must have been answered before it is known whether and how it is asked."""
    questions = dict(walk_questions(form.questions))
    asked: dict[str, set[str]] = {template: set() for template in questions}
    for (template, name), bound in bounds.items():
        if name not in _JUDGING:
            asked[template] |= bound.references
    if _explains_itself(questions, bounds):
        return dict.fromkeys(questions, 0)
    stages: dict[str, int] = {}
    now = 0
    for template, question in questions.items():
        if question.is_seen and asked[template]:
            known = [_known_at(each, questions, asked, stages, frozenset()) for each in asked[template]]
            now = max(now, 1 + max(known))
        stages[template] = now
    return stages


def _explains_itself(questions: Mapping[str, Question], bounds: Mapping[tuple[str, str], Bound]) -> bool:
    """Whether a few conditions of single questions are all there is, which can be said beside them in words."""
    shaping = [key for key, bound in bounds.items() if key[1] not in _JUDGING and questions[key[0]].is_seen]
    return len(shaping) <= HINTS_MAX and all(
        name == "relevant" and not questions[template].questions for template, name in shaping
    )


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
