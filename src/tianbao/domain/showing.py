"""What of a form is to be shown, by what was typed so far: for pages that work nothing out by themselves.

Called by the edge for a phone without script, post after post. It goes through the form in the steps of
`domain.validation`, so that what is asked is what will be judged, but a row left empty is shown. Must not
know: what is wrong with the answers, HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tianbao.domain.answers import flatten_typed
from tianbao.domain.binding import bind
from tianbao.domain.evaluation import Moment, compile_filter, compile_value, write_answer
from tianbao.domain.expressions import parse
from tianbao.domain.forms import Choice, Form, Path, Question, QuestionType, walk_questions
from tianbao.domain.levels import Level
from tianbao.domain.long_lists import LongList
from tianbao.domain.readings import Resolver, compile_blank_row, is_blank
from tianbao.domain.stages import find_stages, names_in_texts
from tianbao.domain.validation import Compiler, Filling, Step, Work, order_of, place_of, stored_value, whole_number
from tianbao.domain.values import Value

HasBegun: TypeAlias = Callable[[Path, str], bool]
"""Of a path and its template path, whether somebody saw with which answer it begins."""


@dataclass(slots=True)
class Showing:
    """By the path of each question in each row.

    `asked` are those that apply, with their template paths; `texts` the answers named in a question's texts, by
    name; `offered` the choices that a filter leaves; `rows` how many rows a counted repeat has; `required` where a
    condition demands an answer; `beginning` what may begin with an answer, `begun` what a field begins with;
    `carried` what stays as it was worked out first.
    """

    asked: dict[Path, str] = field(default_factory=dict)
    texts: dict[Path, dict[str, str]] = field(default_factory=dict)
    offered: dict[Path, frozenset[str]] = field(default_factory=dict)
    rows: dict[Path, int] = field(default_factory=dict)
    required: set[Path] = field(default_factory=set)
    beginning: set[Path] = field(default_factory=set)
    begun: dict[Path, str] = field(default_factory=dict)
    carried: dict[Path, str] = field(default_factory=dict)


class Shower:
    """Of one form version. `stages` are by template path (domain.stages), `last` is the last of them."""

    def __init__(self, form: Form, places: Resolver, long_lists: Mapping[str, LongList] | None = None) -> None:
        self._form = form
        self.stages = find_stages(form)
        self.last = max(self.stages.values(), default=0)
        self._compiler = _Compiler(form, places, long_lists)
        index = self._compiler.index
        runs = self._compiler.compile_runs()
        self._runs = [(index[level.path], list(steps.values())) for level, steps in runs]
        self._order = order_of(self._compiler.levels)
        questions = dict(walk_questions(form.questions))
        self._seen = {path for path, question in questions.items() if question.is_seen}
        self._begins_late = {path for path in self._seen if questions[path].initial}
        self._answered = {
            path for path in self._seen if questions[path].is_answered and not questions[path].questions
        }

    def show(
        self,
        given: Mapping[str, Any],
        moment: Moment,
        has_begun: HasBegun | None = None,
    ) -> Showing:
        """`given` is the nested shape of what was typed, right or wrong.

        A question may begin with an answer, in a repeat once its row has begun; without `has_begun` where nothing
        was given for it.
        """
        work = _Work(len(self._compiler.levels), has_begun)
        work.rows[0].append(_Row(given, "", moment))
        for level, steps in self._runs:
            for row in work.rows[level]:
                for step in steps:
                    step(row, work)
        for finish, row in work.asked:
            finish(row, work)
        return work.showing

    def begin_late(self, given: Mapping[str, Any], left_empty: Collection[Path], moment: Moment) -> dict[Path, str]:
        """What those of the fields left empty begin with that the first page could not know, such as `today()`."""
        late = self._begins_late.intersection(left_empty)
        return self.show(given, moment, lambda path, template: path not in late).begun if late else {}

    def find_unasked(self, given: Mapping[str, Any], moment: Moment) -> list[Path]:
        """Where something was typed that would not be kept, because by the other answers nothing is asked there."""
        asked = self.show(given, moment).asked
        return [path for path, values in flatten_typed(self._form, given).items() if path not in asked
                and self._is_typed(path, values)]  # fmt: skip

    def _is_typed(self, path: Path, values: list[str]) -> bool:
        question = self._form.question_at(path)
        return (
            question is not None
            and question.is_seen
            and any(not is_blank(each) and each != question.default for each in values)
        )

    def visible(self, showing: Showing, section: int) -> frozenset[Path]:
        """What stands on the page when the sections up to this one are asked."""
        return frozenset(
            path
            for path, template in showing.asked.items()
            if self.stages[template] <= section and template in self._seen
        )

    def first_of(self, paths: Collection[Path]) -> Path:
        """The first of some questions in the form's order; empty where there is none."""
        return min(paths, key=lambda path: place_of(path, self._order), default="")

    def next_section(self, showing: Showing, section: int) -> int | None:
        """The next section in which something can be answered, or the last with something to read; or None."""
        later = {showing.asked[path] for path in self.visible(showing, self.last) - self.visible(showing, section)}
        answered = [self.stages[template] for template in later & self._answered]
        return min(answered, default=max((self.stages[template] for template in later), default=None))


class _Row(Filling):
    """`is_blank`: a row of a repeat in which nothing was filled in yet, which does not count."""

    __slots__ = ("is_blank",)

    def __init__(
        self,
        given: Mapping[str, Any],
        prefix: str,
        moment: Moment,
        outer: Filling | None = None,
        *,
        is_blank: bool = False,
    ) -> None:
        super().__init__(given, prefix, moment, outer)
        self.is_blank = is_blank


class _Work(Work):
    """`asked` is what is finished once all answers are there."""

    __slots__ = ("asked", "has_begun", "showing")

    def __init__(self, levels: int, has_begun: HasBegun | None) -> None:
        super().__init__(levels, username="")
        self.showing = Showing()
        self.has_begun = has_begun
        self.asked: list[tuple[Step, Filling]] = []


class _Compiler(Compiler):
    """The steps of the validation, each with what is shown of it."""

    def compile_step(self, level: Level, path: str) -> Step:
        question, template, group = level.questions[path], level.template(path), level.group(path)
        relevant = self.condition(template, "relevant")
        fill = self.step_of(level, path, group)
        begin = self._compile_beginning(question, template, path, group)
        keep = self._compile_keeping(question, template, path)
        finish = self._compile_finish(question, template, path)

        def show(row: Any, work: Any) -> None:
            if group in row.off or (relevant is not None and not relevant(row)):
                row.off |= {path}
                return
            if begin is not None:
                begin(row, work)
            if fill is not None:
                fill(row, work)
            if keep is not None:
                keep(row, work)
            at = row.prefix + path
            if work.showing.rows.get(at) == 0:
                return
            work.showing.asked[at] = template
            if finish is not None:
                work.asked.append((finish, row))

        return show

    def repeat_step(self, level: Level, question: Question, path: str, group: str) -> Step:
        """Rows as they are typed, one at least to begin with; a counted repeat has as many as it is to have."""
        template = level.template(path)
        index = self.index[template]
        count_of = self.value(template, "repeat_count")
        is_blank_row = compile_blank_row(question.questions)

        def open_rows(row: Filling, work: Any) -> None:
            given = row.given[group].get(question.name)
            typed = [each if isinstance(each, dict) else {} for each in given] if isinstance(given, list) else []
            if count_of is not None:
                count = work.showing.rows[row.prefix + path] = whole_number(count_of(row), question.rows_max)
                typed = (typed + [{}] * count)[:count]
            elif not typed:
                typed = [{}]
            rows = [
                _Row(each, f"{row.prefix}{path}.{number}.", row.moment, row,
                     is_blank=count_of is None and is_blank_row(each))
                for number, each in enumerate(typed)
            ]  # fmt: skip
            kept = [each for each in rows if not each.is_blank]
            for number, each in enumerate(kept):
                each.index = number
            row.rows[path] = [*kept]
            work.rows[index] += rows

        return open_rows

    def _compile_beginning(self, question: Question, template: str, path: str, group: str) -> Step | None:
        """What a field begins with where nobody was asked yet."""
        initial = self.value(template, "initial")
        if not question.is_seen or (initial is None and not question.default):
            return None
        name, default = question.name, question.default

        def begin(row: Any, work: Any) -> None:
            at, given = row.prefix + path, row.given[group].get(name)
            if row.is_blank:
                return
            work.showing.beginning.add(at)
            is_new = given is None if work.has_begun is None else not work.has_begun(at, template)
            if is_new and is_blank(given):
                text = write_answer(stored_value(initial(row))) if initial else default
                row.given[group] = {**row.given[group], name: text}
                work.showing.begun[at] = text

        return begin

    def _compile_keeping(self, question: Question, template: str, path: str) -> Step | None:
        """What was worked out and stands in a field, or has to stay as it was the first time."""
        bound = self.bounds.get((template, "calculation"))
        is_hidden = question.type is QuestionType.HIDDEN
        if question.is_seen and question.is_answered and bound is not None:

            def keep(row: Filling, work: Any) -> None:
                work.showing.begun[row.prefix + path] = write_answer(row.values.get(path))

            return keep
        if question.type is QuestionType.START or (is_hidden and question.initial) or (bound and bound.keeps):

            def carry(row: Filling, work: Any) -> None:
                work.showing.carried[row.prefix + path] = write_answer(row.values.get(path))

            return carry
        return None

    def _compile_finish(self, question: Question, template: str, path: str) -> Step | None:
        """What depends on all answers: whether one is demanded, which choices there are, answers in texts."""
        demands = self.condition(template, "required_if")
        filtering = self.bounds.get((template, "choice_filter"))
        offers = None if filtering is None else compile_filter(filtering.tree, self.form.lists)
        named = {name: self._named(name, template) for name in names_in_texts(question)}
        if demands is None and offers is None and not named:
            return None

        def finish(row: Filling, work: Any) -> None:
            at, showing = row.prefix + path, work.showing
            if demands is not None and demands(row):
                showing.required.add(at)
            if offers is not None:
                showing.offered[at] = frozenset(_offered(row, question.choices, offers))
            if named:
                showing.texts[at] = {name: write_answer(value(row)) for name, value in named.items()}

        return finish

    def _named(self, name: str, template: str) -> Callable[[Any], Value]:
        return compile_value(bind(parse(f"${{{name}}}"), self.levels, template).tree, self.form.lists)


def _offered(row: Filling, choices: tuple[Choice, ...], offers: Callable[[Any, Choice], bool]) -> list[str]:
    return [choice.name for choice in choices if offers(row, choice)]
