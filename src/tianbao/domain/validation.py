"""From what somebody sent to answers that may be stored, or to every problem with it at once.

Stands between the edge's decoding and its sealing; the console's corrections pass here too. A form version is
compiled once into closures, since this is the hottest pure code there is: `domain.readings` reads one answer,
here is what the answers mean to each other. docs/adr/0007 has the picture. Must not know: HTTP, languages, where
places come from (the resolver is an argument).

Each row of each level is filled in once, in the order of `domain.ordering`: whether a question is relevant,
then its answer or its calculation. What depends on everything (constraints, what is required under a condition,
which choices there were) comes last. An answer that is not relevant is not stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import isfinite, isnan
from typing import Any, Final, Protocol, TypeAlias

from tianbao.domain.answers import Answers
from tianbao.domain.binding import Bound, bind, bind_filter
from tianbao.domain.evaluation import (
    Moment,
    Row,
    Tree,
    Value,
    compile_condition,
    compile_filter,
    compile_value,
    write_number,
)
from tianbao.domain.expressions import parse
from tianbao.domain.fast_path import PlainAnswer, write_run
from tianbao.domain.forms import LENGTH_MAX, METADATA, Choice, Form, Kind, Path, Question, QuestionType, text_in
from tianbao.domain.levels import ROOT, Level, make_levels
from tianbao.domain.long_lists import LongList, is_long_list, make_long_lists
from tianbao.domain.ordering import order_runs
from tianbao.domain.problems import Code
from tianbao.domain.readings import (
    Read,
    Remembering,
    Resolver,
    Validation,
    compile_blank,
    compile_blank_row,
    compile_reader,
    is_blank,
    read_start,
)
from tianbao.domain.values import to_number

__all__ = ["Filling", "Moment", "Resolver", "Validation", "Validator", "compile_form"]


class Validator(Protocol):
    """A compiled form version. `username` is the member of staff who registers for somebody."""

    def __call__(self, given: Mapping[str, Any], moment: Moment, *, username: str = "") -> Validation: ...


class Filling(Row):
    """A row while it is being filled in.

    `given` has the answers as they were sent, by the path of the group they stand in ("" for the row itself);
    `off` the groups that do not apply; `prefix` what the row's paths begin with.
    """

    __slots__ = ("given", "off", "prefix")

    def __init__(
        self, given: Mapping[str, Any], prefix: str, moment: Moment, outer: Filling | None = None, index: int = 0
    ) -> None:
        self.values = {}
        self.outer = outer
        self.rows = {}
        self.index = index
        self.moment = moment
        self.given = {ROOT: given}
        self.off: frozenset[str] = _NONE_OFF
        self.prefix = prefix


_NONE_OFF: Final[frozenset[str]] = frozenset()


class Work:
    """One validation under way: the rows of each level so far, and what is looked at in the end."""

    __slots__ = ("later", "outcome", "rows", "username")

    def __init__(self, levels: int, username: str) -> None:
        self.outcome = Validation()
        self.rows: list[list[Filling]] = [[] for _ in range(levels)]
        self.later: list[tuple[Step, Filling]] = []
        self.username = username


Step: TypeAlias = Callable[[Filling, Work], None]
"""Does one question in one row."""
Condition: TypeAlias = Callable[[Row], bool]


def compile_form(form: Form, places: Resolver, long_lists: Mapping[str, LongList] | None = None) -> Validator:
    """The validator of a form version. Raises ExpressionError or Ring where the form was never checked."""
    compiler = Compiler(form, places, long_lists)
    runs = [
        (compiler.index[level.path], write_run(steps, compiler.plain[level.path]))
        for level, steps in compiler.compile_runs()
    ]
    open_root = compiler.compile_opening(ROOT, form.questions)
    assemble = compiler.compile_assembly(compiler.levels[ROOT])
    level_count = len(compiler.levels)
    order = order_of(compiler.levels)

    def validate(given: Mapping[str, Any], moment: Moment, *, username: str = "") -> Validation:
        work = Work(level_count, username)
        root = Filling(given, "", moment)
        work.rows[0].append(root)
        open_root(given, "", work)
        for level, run in runs:
            for row in work.rows[level]:
                run(row, work)
        for step, row in work.later:
            step(row, work)
        outcome = work.outcome
        if len(outcome.problems) > 1:
            outcome.problems.sort(key=lambda problem: place_of(problem.question, order))
        outcome.answers = assemble(root)
        return outcome

    return validate


def order_of(levels: Mapping[str, Level]) -> dict[str, int]:
    """The place of every question in its level, by template path."""
    return {level.template(path): index for level in levels.values() for index, path in enumerate(level.questions)}


def place_of(path: Path, order: Mapping[str, int]) -> list[int]:
    """Where in the form an answer is, to sort by: its questions from the outermost, each with its row."""
    place: list[int] = []
    template = ""
    for part in path.split("."):
        if part.isdecimal():
            place.append(int(part))
        else:
            template = f"{template}.{part}" if template else part
            place.append(order.get(template, len(order)))
    return place


class Compiler:
    """Makes the steps of a form, once. `domain.showing` makes others of the same parts."""

    def __init__(self, form: Form, places: Resolver, long_lists: Mapping[str, LongList] | None) -> None:
        self.form = form
        self.levels = make_levels(form)
        self._places = Remembering(places)
        self._long_lists = make_long_lists(form) if long_lists is None else long_lists
        self.index = {path: index for index, path in enumerate(self.levels)}
        self.plain: dict[str, dict[str, PlainAnswer]] = {path: {} for path in self.levels}
        self.bounds: dict[tuple[str, str], Bound] = {
            (level.template(path), name): (bind_filter if name == "choice_filter" else bind)(
                parse(source), self.levels, level.template(path)
            )
            for level in self.levels.values()
            for path, question in level.questions.items()
            for name, source in (*question.expressions, ("triggered", question.triggered))
            if source
        }

    def compile_runs(self) -> list[tuple[Level, dict[str, Step]]]:
        """(level, steps by the path in it) in order."""
        references: dict[str, set[str]] = {}
        for (template, name), bound in self.bounds.items():
            if name in ORDERING_FIELDS:
                references.setdefault(template, set()).update(bound.references - {template})
        runs = []
        for run in order_runs(self.levels, references):
            level = self.levels[run.level]
            steps = {path: step for path in run.paths if (step := self.compile_step(level, path))}
            runs.append((level, steps))
        return runs

    def compile_opening(self, path: str, questions: tuple[Question, ...]) -> Callable[[Any, str, Work], bool]:
        """Looks at what was given for a group of questions: it must be an object of known names."""
        known = frozenset(question.name for question in questions if question.is_answered)

        def opens(given: Any, prefix: str, work: Work) -> bool:
            if not isinstance(given, dict):
                work.outcome.refuse(Code.NOT_AN_OBJECT, prefix[:-1])
                return False
            if not known.issuperset(given):
                for name in given:
                    if name not in known:
                        work.outcome.refuse(Code.UNKNOWN_QUESTION, (prefix + str(name))[:200])
            return True

        return opens

    def compile_assembly(self, level: Level) -> Callable[[Row], Answers]:
        """From a filled row to its answers in the nested shape."""
        unstored = [path for path, question in level.questions.items() if not question.is_answered]
        inner = [(path.split("."), path, self.compile_assembly(found)) for path, found in level.inner.items()]
        has_groups = any(question.type is QuestionType.GROUP for question in level.questions.values())

        def assemble(row: Row) -> Answers:
            answers = row.values
            for path in unstored:
                answers.pop(path, None)
            if has_groups:
                answers = {}
                for path, value in row.values.items():
                    _put(answers, path.split("."), value)
            for parts, path, assemble_row in inner:
                if rows := row.rows.get(path):
                    _put(answers, parts, [assemble_row(each) for each in rows])
            return answers

        return assemble

    def compile_step(self, level: Level, path: str) -> Step | None:
        group = level.group(path)
        step = self.step_of(level, path, group)
        relevant = self.condition(level.template(path), "relevant")
        if step is None or (relevant is None and group == ROOT):
            return step
        return _guarded(step, path, group, relevant, is_group=level.questions[path].type is QuestionType.GROUP)

    def step_of(self, level: Level, path: str, group: str) -> Step | None:
        """What is done with a question where it is relevant; None where nothing is."""
        question = level.questions[path]
        match question.type:
            case QuestionType.GROUP:
                return self._group_step(question, path, group)
            case QuestionType.REPEAT:
                return self.repeat_step(level, question, path, group)
            case QuestionType.CALCULATE | QuestionType.HIDDEN | QuestionType.NOTE:
                return self._calculation_step(level, question, path, group)
            case kind if kind in METADATA:
                return _metadata_step(question, path, group)
            case _:
                return self._answer_step(level, question, path, group)

    def _bound(self, template: str, name: str) -> Tree | None:
        bound = self.bounds.get((template, name))
        return None if bound is None else bound.tree

    def condition(self, template: str, name: str) -> Condition | None:
        tree = self._bound(template, name)
        return None if tree is None else compile_condition(tree, self.form.lists)

    def value(self, template: str, name: str) -> Callable[[Row], Value] | None:
        tree = self._bound(template, name)
        return None if tree is None else compile_value(tree, self.form.lists)

    def _calculation(self, template: str) -> Callable[[Row], Value] | None:
        """What a question's calculation comes to; nothing as long as no question that triggers it was answered."""
        value_of, is_triggered = self.value(template, "calculation"), self.condition(template, "triggered")
        if value_of is None or is_triggered is None:
            return value_of
        return lambda row: value_of(row) if is_triggered(row) else ""

    def _group_step(self, question: Question, path: str, group: str) -> Step:
        opens = self.compile_opening(path, question.questions)
        name = question.name

        def open_group(row: Filling, work: Work) -> None:
            given = row.given[group].get(name)
            is_open = given is not None and opens(given, f"{row.prefix}{path}.", work)
            row.given[path] = given if given is not None and is_open else {}

        return open_group

    def repeat_step(self, level: Level, question: Question, path: str, group: str) -> Step:
        opens = self.compile_opening(path, question.questions)
        is_blank_row = compile_blank_row(question.questions)
        index = self.index[level.template(path)]
        count_of = self.value(level.template(path), "repeat_count")
        name, required, rows_max = question.name, question.required, question.rows_max

        def open_rows(row: Filling, work: Work) -> None:
            given = row.given[group].get(name)
            full = row.prefix + path
            if given is None:
                given = []
            elif not isinstance(given, list):
                work.outcome.refuse(Code.NOT_A_LIST, full)
                return
            count = None if count_of is None else whole_number(count_of(row), rows_max)
            if count is not None:
                given = given + [{}] * (count - len(given))
            rows: list[Filling] = []
            for number, each in enumerate(given):
                prefix = f"{full}.{number}."
                if not opens(each, prefix, work) or (count is None and is_blank_row(each)):
                    continue
                if len(rows) == (rows_max if count is None else count):
                    work.outcome.refuse(Code.TOO_MANY, full, rows_max=len(rows))
                    break
                rows.append(Filling(each, prefix, row.moment, row, len(rows)))
            if rows:
                row.rows[path] = [*rows]
                work.rows[index] += rows
            elif required:
                work.outcome.refuse(Code.REQUIRED, full)

        return open_rows

    def _calculation_step(self, level: Level, question: Question, path: str, group: str) -> Step | None:
        """What nobody answers: worked out here; only what `once` or a trigger fixed is taken as it was sent."""
        template = level.template(path)
        begins = bool(question.initial) and not question.calculation
        value_of = self.value(template, "initial") if begins else self._calculation(template)
        if value_of is None and not question.default:
            return None
        bound = self.bounds.get((template, "calculation"))
        keeps_given = bool(question.trigger) or begins
        is_once = bound is not None and bound.keeps
        name, default = question.name, question.default

        def calculate(row: Filling, work: Work) -> None:
            given = row.given[group].get(name) if keeps_given or is_once else None
            text = _text_of(given)
            if text and is_once:
                row.values[path] = text
            value = text if text and keeps_given else default if value_of is None else stored_value(value_of(row))
            if value == "" or value is None:
                row.values.pop(path, None)
            else:
                row.values[path] = value

        return calculate

    def _answer_step(self, level: Level, question: Question, path: str, group: str) -> Step:
        template = level.template(path)
        tree = self._bound(template, "choice_filter")
        offers = None if tree is None or question.read_only else compile_filter(tree, self.form.lists)
        long_list = self._long_lists[question.choice_list] if is_long_list(question) else None
        document_type = self._document_type(level, path, group)
        read = compile_reader(question, document_type, self._places, long_list, offers)
        blank = compile_blank(question)
        judge = self._judge_step(template, question, path, offers, long_list)
        demand = self._demand_step(template, question, path)
        name = question.name
        missing = Code.NOT_ACKNOWLEDGED if question.type is QuestionType.ACKNOWLEDGE else Code.REQUIRED
        required = question.required and question.can_be_required

        def answer(row: Filling, work: Work) -> None:
            value = row.given[group].get(name)
            if value is None or (not value or value.isspace() if type(value) is str else blank(value)):
                if required:
                    work.outcome.refuse(missing, row.prefix + path)
                elif demand is not None:
                    work.later.append((demand, row))
                return
            value = read(value, row.prefix + path, row, work.outcome)
            if value is not None:
                row.values[path] = value
                if judge is not None:
                    work.later.append((judge, row))

        value_of = self._calculation(template)
        if value_of is not None:
            return _calculated(answer, value_of, read, judge, question, path, group)
        if blank is is_blank:
            relevant = self.condition(template, "relevant")
            self.plain[level.path][path] = PlainAnswer(question, read, relevant, judge, demand, required)
        return answer

    def _document_type(self, level: Level, path: str, group: str) -> str:
        """The question that says which kind of document a number is of: the one in the same group."""
        return next(
            (
                other
                for other, question in level.questions.items()
                if question.kind is Kind.DOCUMENT_TYPE and level.group(other) == group
            ),
            "",
        )

    def _demand_step(self, template: str, question: Question, path: str) -> Step | None:
        """An answer that is required where a condition holds."""
        condition = self.condition(template, "required_if")
        if condition is None or not question.can_be_required:
            return None

        def demand(row: Filling, work: Work) -> None:
            if condition(row):
                work.outcome.refuse(Code.REQUIRED, row.prefix + path)

        return demand

    def _judge_step(
        self,
        template: str,
        question: Question,
        path: str,
        offers: Callable[[Row, Choice], bool] | None,
        long_list: LongList | None,
    ) -> Step | None:
        """Whether the choices were there to be chosen, and the form's own constraint."""
        constraint = self.condition(template, "constraint")
        if constraint is None and offers is None:
            return None
        choices: dict[str, list[Choice]] = {}
        for choice in question.choices:  # one name may stand with several choices that a filter tells apart
            choices.setdefault(choice.name, []).append(choice)

        def judge(row: Filling, work: Work) -> None:
            if offers is not None:
                chosen = row.values[path]
                names = [chosen] if isinstance(chosen, str) else chosen
                if not all(any(offers(row, choice) for choice in choices[name]) for name in names):
                    work.outcome.refuse(Code.NOT_A_CHOICE, row.prefix + path)
                    if long_list is not None:
                        label = text_in(choices[names[0]][0].label, "")
                        work.outcome.meant[row.prefix + path] = long_list.candidates(label, partial(offers, row))
                    return
            if constraint is not None and not constraint(row):
                work.outcome.refuse(Code.CONSTRAINT, row.prefix + path)

        return judge


ORDERING_FIELDS: Final = frozenset({"relevant", "calculation", "triggered", "repeat_count", "initial"})
"""The expressions that are worked out after what they ask for; all others when everything is there."""


def _guarded(step: Step, path: str, group: str, relevant: Condition | None, *, is_group: bool) -> Step:
    """The step where the question is relevant and its group applies; else the question has no answer."""

    def guarded(row: Filling, work: Work) -> None:
        if group not in row.off and (relevant is None or relevant(row)):
            step(row, work)
        elif is_group:
            row.off |= {path}

    return guarded


def _metadata_step(question: Question, path: str, group: str) -> Step | None:
    """When somebody began and ended, and who; a browser tells nothing about its device."""
    name = question.name

    def start(row: Filling, work: Work) -> None:
        row.values[path] = read_start(row.given[group].get(name), row.moment.now)

    def end(row: Filling, work: Work) -> None:
        row.values[path] = row.moment.now.isoformat(timespec="seconds")

    def today(row: Filling, work: Work) -> None:
        row.values[path] = row.moment.today.isoformat()

    def username(row: Filling, work: Work) -> None:
        if work.username:
            row.values[path] = work.username

    return {
        QuestionType.START: start,
        QuestionType.END: end,
        QuestionType.TODAY: today,
        QuestionType.USERNAME: username,
    }.get(question.type)


def _calculated(
    answer: Step,
    value_of: Callable[[Row], Value],
    read: Read,
    judge: Step | None,
    question: Question,
    path: str,
    group: str,
) -> Step:
    """An answer that is worked out where nobody gave one, or where nobody may."""
    name, read_only = question.name, question.read_only

    def step(row: Filling, work: Work) -> None:
        given = row.given[group].get(name)
        if not read_only and given is not None and not is_blank(given):
            answer(row, work)
            return
        text = _text_of(stored_value(value_of(row)))
        value = read(text, row.prefix + path, row, Validation()) if text else None
        if value is None:
            row.given[group] = {**row.given[group], name: None}
            answer(row, work)
        else:
            row.values[path] = value
            if judge is not None:
                work.later.append((judge, row))

    return step


def stored_value(value: Value) -> str | int | float | None:
    """A calculation's value as an answer: a number that is none is no answer."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isnan(value):
        return None
    if not isfinite(value):
        return write_number(value)
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _text_of(value: Any) -> str:
    """A given or worked out value as text, empty where it is none or too long to be one."""
    if isinstance(value, str):
        return value if len(value) <= LENGTH_MAX else ""
    return write_number(float(value)) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def whole_number(value: Value, most: int) -> int:
    """A count of rows: what is no number counts as none."""
    number = to_number(value)
    return 0 if isnan(number) else int(max(0, min(number, most)))


def _put(answers: Answers, parts: list[str], value: Any) -> None:
    """Puts a value into the nested shape, making the groups on the way."""
    for part in parts[:-1]:
        answers = answers.setdefault(part, {})
    answers[parts[-1]] = value
