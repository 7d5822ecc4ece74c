"""The shared vectors of expressions as cases: for the server's evaluator, and for the page's in Node or Chromium.

A vector has `expression` and either `value`, `about` (a number, right to twelve digits: libraries differ in the last
one) or `error`. Its answers (or the name of some in the file) are of the form `form` of the file, it stands at the
question `at` in the rows `row` (one index for each repeat around), and is a filter where it names a `choice`. Without
a form, each answer and each name asked for is a question, and "." the own answer. `now` (with an offset), `zone` and
`random` are what the clock, the place and the dice say.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from tests.e2e.browser import chromium

from tianbao.domain.binding import Bound, bind, bind_filter
from tianbao.domain.evaluation import Moment, Row, Tree, compile_filter, compile_value, write_answer
from tianbao.domain.expressions import parse
from tianbao.domain.forms import Choice, Form, Question, QuestionType, load_form, text_in
from tianbao.domain.levels import ROOT, Level, level_of, make_levels

VECTORS = Path(__file__).parent / "vectors"
SCRIPT = files("tianbao.render").joinpath("page/expressions.js")
OWN = "own"
NOW = "2020-02-29T08:30:15.250+08:00"
ZONE = "Asia/Shanghai"


@cache
def _file() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((VECTORS / "expressions.json").read_text("utf-8"))
    return found


def vectors() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _file()["vectors"]
    return found


@cache
def _form(name: str) -> Form:
    return load_form({"name": name, "version": 1, "title": {}, "languages": ["en"], **_file()["forms"][name]})


def _plain_form(names: frozenset[str]) -> Form:
    questions = tuple(Question(name, QuestionType.TEXT) for name in sorted({*names, OWN}))
    return Form("plain", 1, {}, questions)


@dataclass(frozen=True)
class Case:
    """An expression in its place: the form, the answers in rows, the moment."""

    expression: str
    form: Form
    at: str
    root: Row
    route: tuple[tuple[str, int], ...]
    moment: Moment
    zone: str = ZONE
    random: tuple[float, ...] = ()
    choice: str = ""

    @cached_property
    def bound(self) -> Bound:
        place = bind_filter if self.choice else bind
        return place(parse(self.expression), make_levels(self.form), self.at)

    @property
    def row(self) -> Row:
        row = self.root
        for repeat, index in self.route:
            row = row.rows[repeat][index]
        return row

    def value(self) -> Any:
        """What the server makes of it, as the vectors write it."""
        tree, lists, language = self.bound.tree, self.form.lists, self.form.languages[0]
        if self.choice:
            return compile_filter(tree, lists, language)(self.row, self._choice)
        return plain(compile_value(tree, lists, language)(self.row))

    def for_page(self) -> dict[str, Any]:
        case = page_case(self.bound.tree, self.root, self.route, self.form, self.random)
        if not self.choice:
            return case
        label = text_in(self._choice.label, self.form.languages[0])
        return {**case, "choice": {"name": self.choice, "label": label, **self._choice.columns}}

    @property
    def _choice(self) -> Choice:
        question = self.form.question_at(self.at)
        assert question
        return next(choice for choice in question.choices if choice.name == self.choice)


def page_case(
    tree: Tree,
    root: Row,
    route: tuple[tuple[str, int], ...] = (),
    form: Form | None = None,
    random: tuple[float, ...] = (),
) -> dict[str, Any]:
    """A case as `vectors/evaluate.js` takes it."""
    lists = {
        name: {
            column: [
                {"name": choice.name, "label": text_in(choice.label, "en"), **choice.columns}.get(column, "")
                for choice in choices
            ]
            for column in {"name", "label", *(column for choice in choices for column in choice.columns)}
        }
        for name, choices in (form.lists if form else {}).items()
    }
    return {
        "tree": tree,
        "root": _for_page(root),
        "route": route,
        "lists": lists,
        "now": root.moment.now.timestamp() * 1000,
        "random": random,
    }


def _for_page(row: Row) -> dict[str, Any]:
    return {
        "values": {path: write_answer(answer) for path, answer in row.values.items()},
        "rows": {path: [_for_page(inner) for inner in rows] for path, rows in row.rows.items()},
    }


def make_case(vector: Mapping[str, Any]) -> Case:
    given = vector.get("answers", {})
    answers = dict(_file()["answers"][given] if isinstance(given, str) else given)
    zone = vector.get("zone", ZONE)
    random = tuple(vector.get("random", ()))
    numbers = iter(random)
    now = datetime.fromisoformat(vector.get("now", NOW)).astimezone(ZoneInfo(zone))
    moment = Moment(now, lambda: next(numbers, 0.0))
    if "form" in vector:
        form, at = _form(vector["form"]), vector["at"]
    else:
        answers[OWN] = answers.pop(".", "")
        form, at = _plain_form(frozenset(answers) | _references(vector["expression"])), OWN
    levels = make_levels(form)
    level, _ = level_of(levels, at)
    chain: list[Level] = []
    while level.outer is not None:
        chain.insert(0, level)
        level = level.outer
    route = tuple((level.name, index) for level, index in zip(chain, vector.get("row", ()), strict=True))
    root = make_row(answers, levels[ROOT], None, 0, moment)
    return Case(vector["expression"], form, at, root, route, moment, zone, random, vector.get("choice", ""))


def _references(expression: str) -> frozenset[str]:
    try:
        return parse(expression).references()
    except ValueError:
        return frozenset()


def make_row(answers: Mapping[str, Any], level: Level, outer: Row | None, index: int, moment: Moment) -> Row:
    """The row of nested answers as they are stored."""
    row = Row({}, outer, {}, index, moment)
    for path, question in level.questions.items():
        found: Any = answers
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        if question.type is QuestionType.REPEAT:
            inner = level.inner[path]
            row.rows[path] = [make_row(one, inner, row, at, moment) for at, one in enumerate(found or ())]
        elif found is not None and question.type is not QuestionType.GROUP:
            row.values[path] = found
    return row


def plain(value: Any) -> Any:
    """As the vectors write it: JSON has neither NaN nor infinities."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    return value


def is_right(vector: Mapping[str, Any], value: Any) -> bool:
    if "about" in vector:
        return isinstance(value, (int, float)) and math.isclose(
            value, vector["about"], rel_tol=1e-12, abs_tol=1e-15
        )
    return bool(value == vector["value"]) and isinstance(value, bool) == isinstance(vector["value"], bool)


class Page(Protocol):
    def __call__(self, case: Mapping[str, Any]) -> Any: ...


@contextmanager
def page_evaluator(zone: str = ZONE, source: str = "") -> Iterator[Page]:
    """The page's evaluator in a time zone: Node's where there is one, else Chromium's; numbers are floats."""
    source = source or SCRIPT.read_text("utf-8")
    node = shutil.which("node")
    with _in_node(node, zone, source) if node else _in_chromium(zone, source) as page:
        yield page


@contextmanager
def _in_node(node: str, zone: str, source: str) -> Iterator[Page]:
    with TemporaryDirectory() as folder:
        script = Path(folder) / "expressions.js"
        script.write_text(source, "utf-8")
        with subprocess.Popen(
            [node, str(VECTORS / "evaluate.js"), str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "TZ": zone},
        ) as process:
            assert process.stdin and process.stdout
            given, answers = process.stdin, process.stdout

            def evaluate(case: Mapping[str, Any]) -> Any:
                given.write(json.dumps(case) + "\n")
                given.flush()
                return json.loads(answers.readline(), parse_int=float)

            yield evaluate
            given.close()


@contextmanager
def _in_chromium(zone: str, source: str) -> Iterator[Page]:
    with chromium() as browser:
        page = browser.new_context(timezone_id=zone).new_page()
        page.add_script_tag(content=(VECTORS / "evaluate.js").read_text("utf-8"))
        page.evaluate("source => { window.answer = work(source); }", source)

        def evaluate(case: Mapping[str, Any]) -> Any:
            return json.loads(page.evaluate("given => JSON.stringify(answer(given))", case), parse_int=float)

        yield evaluate
