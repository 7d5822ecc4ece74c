"""What the page's script needs to work a form out by itself: levels, expressions in order, who asks for whom.

Between a form and page/calculation.js, which reads it; docs/adr/0007 says what the trees and the order mean.
Must not know: HTML, languages, answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tianbao.domain.binding import Bound, bind, bind_filter, walk_tree
from tianbao.domain.expressions import parse
from tianbao.domain.forms import Form, Question, QuestionType, text_in, walk_questions
from tianbao.domain.levels import ROOT, Level, level_of, make_levels
from tianbao.domain.long_lists import is_long_list
from tianbao.domain.ordering import order_runs
from tianbao.domain.stages import OUTPUT
from tianbao.domain.validation import ORDERING_FIELDS

Rule: TypeAlias = tuple[Any, ...]
"""(index of the level, path in it, what for, tree or trees, what more it takes)."""
Asking: TypeAlias = tuple[str, int]
"""A template path that a rule asks for, and how many levels up from its own the rows are that it sees."""

FIRST: Final = {
    "relevant": "relevant",
    "count": "repeat_count",
    "initial": "initial",
    "trigger": "calculation",
    "unset": "calculation",
    "calculation": "calculation",
}
LAST: Final = {
    "choices": "choice_filter",
    "query": "choice_filter",
    "required": "required_if",
    "texts": "",
    "constraint": "constraint",
}
"""What the rules of a question are for, by the field of the expression, in the order they are worked out; the
last ones once all answers are."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`data` is the PLAN of page/calculation.js; `trees` are all there are, for the functions they use."""

    data: Mapping[str, Any]
    trees: tuple[Any, ...]
    has_times: bool
    has_codes: bool
    has_fixed: bool

    @property
    def kinds(self) -> frozenset[str]:
        """What its rules are for."""
        return frozenset(rule[2] for rule in self.data["rules"])

    @property
    def uses(self) -> frozenset[str]:
        """The names of the parts of the scripts that it needs: functions, kinds of rules, `rows`, …"""
        has_rows = len(self.data["levels"]) > 1
        works_out = not self.kinds.isdisjoint(("calculation", "initial", "trigger", "unset"))
        has_hidden_rows = has_rows and "relevant" in self.kinds
        parts = {
            "rows": has_rows,
            "hidden_rows": has_hidden_rows,
            "times": self.has_times,
            "codes": self.has_codes,
            "coarse": works_out and self.has_times,
            "fixed": works_out and self.has_fixed,
        }
        return (
            self.kinds
            | {name for name, is_used in parts.items() if is_used}
            | {node[0] for tree in self.trees for node in walk_tree(tree)}
        )


def make_plan(form: Form, texts: Mapping[str, list[str]], language: str) -> Plan | None:
    """None where nothing of the form depends on an answer.

    `texts` are the answers named in the texts of a question, by its template path, in their order on the page;
    `language` is that of the page, in which expressions find labels of choices.
    """
    planner = _Planner(form, texts)
    rules = planner.rules()
    if not rules:
        return None
    levels = [
        (planner.index[level.outer.path] if level.outer else None, level.name) for level in planner.levels.values()
    ]
    asked: dict[str, list[int]] = {}
    for index, (_, asking) in enumerate(rules):
        for template, up in sorted(asking):
            asked.setdefault(template, []).extend((index, up))
    data = {
        "levels": levels,
        "rules": [rule for rule, _ in rules],
        "asked": asked,
        "lists": {name: _columns(form, name, used, language) for name, used in planner.columns.items()},
    }
    questions = [question for _, question in walk_questions(form.questions)]
    return Plan(
        data,
        tuple(planner.trees),
        has_times=any(
            question.type in (QuestionType.TIME, QuestionType.DATE_TIME)
            or (question.type is QuestionType.DATE and question.appearance)
            for question in questions
        ),
        has_codes=any(map(is_long_list, questions)),
        has_fixed=any(question.read_only and question.choices for question in questions),
    )


def texts_of(form: Form, language: str) -> dict[str, list[str]]:
    """The names of the answers in the texts that stand on the page, by the question's template path."""
    found = {}
    for level in make_levels(form).values():
        for path, question in level.questions.items():
            shown = (question.label, question.hint)
            texts = [text.get(language) or next(iter(text.values()), "") for text in shown]
            if names := [name for text in texts for name in OUTPUT.findall(text)]:
                found[level.template(path)] = names
    return found


class _Planner:
    """Binds what the questions say, and remembers what a page needs beside the rules."""

    def __init__(self, form: Form, texts: Mapping[str, list[str]]) -> None:
        self.levels = make_levels(form)
        self.index = {path: index for index, path in enumerate(self.levels)}
        self.columns: dict[str, set[str]] = {}
        self.trees: list[Any] = []
        self._texts = texts

    def rules(self) -> list[tuple[Rule, set[Asking]]]:
        """The rules in working order, with what each asks for."""
        runs = order_runs(self.levels, self._references())
        places = [(self.levels[run.level], path) for run in runs for path in run.paths]
        first, last = (
            [[rule for kind in kinds for rule in self._rules(level, path, kind)] for level, path in places]
            for kinds in (FIRST, LAST)
        )
        asked = {template for rules in first + last for _, asking in rules for template, _ in asking}
        for (level, path), rules in zip(places, first, strict=True):
            tree = _known_before(level.questions[path])
            if tree and level.template(path) in asked:
                # After its condition: what does not apply is known to nobody.
                rules.append(
                    ((self.index[level.path], path, "calculation", tree), set(_conditions_around(level, path)))
                )
                self.trees.append(tree)
        return [rule for rules in first + last for rule in rules]

    def _references(self) -> dict[str, set[str]]:
        """What relevance, calculations and counts ask for, by template path."""
        found: dict[str, set[str]] = {}
        for level in self.levels.values():
            for path, question in level.questions.items():
                template = level.template(path)
                asked = found[template] = set()
                for name, text in (*question.expressions, ("triggered", question.triggered)):
                    if text and name in ORDERING_FIELDS:
                        asked |= bind(parse(text), self.levels, template).references - {template}
        return found

    def _rules(self, level: Level, path: str, kind: str) -> Iterator[tuple[Rule, set[Asking]]]:
        """The rule of one kind, where a question has it."""
        question, template = level.questions[path], level.template(path)
        begin = (self.index[level.path], path, kind)
        if kind == "texts":
            if names := self._texts.get(template):
                bounds = [self._bind(f"${{{name}}}", template) for name in names]
                asking = {each for bound in bounds for each in self._asking(bound, level)}
                yield (*begin, [bound.tree for bound in bounds]), asking
            return
        if kind == "initial" and question.default and question.is_seen and level.path != ROOT:
            yield (*begin, question.default), set()
        text = getattr(question, FIRST.get(kind) or LAST[kind])
        if kind == "unset":
            text = _worked_out_where_unset(question)
        if not text or not _is_for(question, kind):
            return
        if kind in ("choices", "query"):
            yield self._filter(level, question, begin, template)
            return
        bound = self._bind(text, template)
        asking = self._asking(bound, level)
        match kind:
            case "initial":
                yield (*begin, bound.tree), set()
            case "count":
                yield (*begin, bound.tree, question.rows_max), asking
            case "trigger":
                named = [self._bind(f"${{{name}}}", template) for name in question.trigger]
                asking = {each for name in named for each in self._asking(name, level)}
                yield (*begin, bound.tree), asking
            case "calculation":
                yield (*begin, bound.tree), asking | set(_conditions_around(level, path))
            case "constraint":
                yield (*begin, bound.tree), asking | {(template, 0)}
            case _:
                yield (*begin, bound.tree), asking

    def _bind(self, text: str, template: str) -> Bound:
        bound = bind(parse(text), self.levels, template)
        self._note(bound)
        return bound

    def _note(self, bound: Bound) -> None:
        self.trees.append(bound.tree)
        for name, column in bound.columns:
            self.columns.setdefault(name, set()).add(column)

    def _filter(self, level: Level, question: Question, begin: Rule, template: str) -> tuple[Rule, set[Asking]]:
        """A filter of choices. That of a long list works on the server: it is told the answers it asks for."""
        bound = bind_filter(parse(question.choice_filter), self.levels, template)
        asking = self._asking(bound, level)
        if not is_long_list(question):
            self._note(bound)
            self.columns.setdefault(question.choice_list, set()).add("name")
            return (*begin, bound.tree, question.choice_list), asking | {(template, 0)}
        names = sorted(bound.references)
        trees = [("$", up, level_of(self.levels, name)[1]) for name, up in sorted(asking)]
        self.trees.extend(trees)
        return (*begin, trees, names), asking

    def _asking(self, bound: Bound, level: Level) -> set[Asking]:
        """What a rule of a level asks for.

        The rows within which it looks are those of the nearest level around both; where it looks at many rows at
        once, those of the level that the widest look begins at.
        """
        widest = max((node[1] for node in walk_tree(bound.tree) if node[0] in ("$*", "#")), default=0)
        found = set()
        for template in bound.references:
            asked, _ = level_of(self.levels, template)
            around = _outwards(asked)
            up, own = 0, level
            while own.outer is not None and (up < widest or own not in around):
                up, own = up + 1, own.outer
            found.add((template, up))
            found |= {(inner.path, up) for inner in around[: around.index(own)]}
        if any(node[0] == "position" for node in walk_tree(bound.tree)):
            found |= {(around.path, up) for up, around in enumerate(_outwards(level), 1) if around.outer}
        return found


def _is_for(question: Question, kind: str) -> bool:
    if kind in ("choices", "query"):
        is_asked_here = bool(question.choice_list) and not question.read_only
        return is_asked_here and is_long_list(question) == (kind == "query")
    if kind == "constraint":
        return question.is_seen
    if kind == "required":
        return question.can_be_required
    if kind in ("trigger", "calculation"):
        return bool(question.trigger) == (kind == "trigger")
    if kind == "initial":
        return question.is_seen
    return True


def _worked_out_where_unset(question: Question) -> str:
    """What counts until it comes to something, and from then on stays."""
    if question.trigger:
        return f"if({question.triggered}, {question.calculation}, '')"
    return "" if question.is_seen or question.calculation else question.initial


def _known_before(question: Question) -> Any:
    """The tree of what the program fills in without asking anybody; None where it does not."""
    match question.type:
        case QuestionType.TODAY:
            return ("today",)
        case QuestionType.END:
            return ("now",)
        case QuestionType.HIDDEN if not question.calculation and not question.initial:
            return question.default or None
    return None


def _outwards(level: Level) -> list[Level]:
    """The level and those around it."""
    return [level, *(_outwards(level.outer) if level.outer else ())]


def _conditions_around(level: Level, path: str) -> Iterator[Asking]:
    """The question itself, its groups and the repeats around it, where they apply under a condition."""
    for up, around in enumerate(_outwards(level)):
        for each in (*around.groups(path), path):
            if around.questions[each].relevant:
                yield around.template(each), up
        path = around.name


def _columns(form: Form, name: str, used: set[str], language: str) -> dict[str, list[str]]:
    """Columns of a choice list, each from the first choice to the last."""
    rows = [
        {**choice.columns, "name": choice.name, "label": text_in(choice.label, language)}
        for choice in form.lists[name]
    ]
    return {column: [row.get(column, "") for row in rows] for column in sorted(used)}
