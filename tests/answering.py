"""Answers that a form takes, drawn at random: what applies is found as the edge finds it, what is refused drawn anew."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final

from tianbao.domain.answers import Answers
from tianbao.domain.evaluation import Moment
from tianbao.domain.files import DIGEST_BYTES, FILE_ID_BYTES, KEY_BYTES
from tianbao.domain.forms import FILES, UNSEEN, Form, Kind, Question, QuestionType
from tianbao.domain.problems import Problem
from tianbao.domain.readings import Resolver
from tianbao.domain.receipts import encode_base64url
from tianbao.domain.showing import Shower
from tianbao.domain.validation import compile_form

ROUNDS_MAX: Final = 300
_TOKEN: Final = encode_base64url(bytes(FILE_ID_BYTES + KEY_BYTES + DIGEST_BYTES))
FILE: Final = {"file": _TOKEN, "name": "photo.png", "type": "image/png", "bytes": 68}
"""The answer to a question for a file, before there is one."""
ROWS: Final = 2
"""In a repeat that sets no number."""
_ROW = re.compile(r"\.[0-9]+(?=\.|$)")
_LITERAL = re.compile(r"'([^']*)'|\"([^\"]*)\"|(?<![\w.])(-?[0-9]+(?:\.[0-9]+)?)")
_REGEX = re.compile(r"regex\(\s*[^,]+,\s*(?:'([^']*)'|\"([^\"]*)\")")
_BY_KIND: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.PERSON_NAME: ("张三", "欧阳娜娜", "Anna Schmidt", "买买提·艾力", "𠮷野家"),
    Kind.PHONE: ("13812345678", "15900001111"),
    Kind.DOCUMENT: ("11010519491231002X", "E12345678"),
    Kind.ADDRESS: ("北关村12号", "幸福小区3号楼2单元501"),
    Kind.PLACE: ("河北省保定市顺平县", "东莞市"),
    Kind.TRANSPORT_NUMBER: ("G6701", "冀F12345"),
    Kind.PLATE_NUMBER: ("冀F12345", "京AD12345"),
}
_WORDS: Final = ("ok", "北关村", "Müller, Ann", 'a<b & "c"', "0012", "two words", "长" * 40)


class Stuck(Exception):
    """Raised where no valid answers were found; carries what the form still refused."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{problem.question}: {problem.code}" for problem in problems[:5]))
        self.problems = problems


class Answering:
    """Draws valid answers to a form."""

    def __init__(self, form: Form, places: Resolver, seed: int = 0) -> None:
        self._form = form
        self._random = random.Random(seed)
        self._shower = Shower(form, places)
        self._validate = compile_form(form, places)

    def draw(self, moment: Moment) -> tuple[Answers, Answers]:
        """(as somebody gives them, as they are stored), both nested. Raises Stuck."""
        given: Answers = {}
        refused: list[Problem] = []
        for _round in range(ROUNDS_MAX):
            self._answer_all(given, moment)
            outcome = self._validate(given, moment)
            refused = outcome.problems
            if not refused:
                return given, outcome.answers
            for problem in refused:
                self._again(given, problem.question, moment)
        raise Stuck(refused)

    def _answer_all(self, given: Answers, moment: Moment) -> None:
        """Answers what applies and has no answer yet, until nothing new applies."""
        while True:
            showing = self._shower.show(given, moment)
            new = 0
            for path in showing.asked:
                question = self._form.question_at(path)
                if question is None or question.type in UNSEEN or question.is_heading or not question.is_answered:
                    continue
                if question.questions:
                    if (
                        question.type is QuestionType.REPEAT
                        and _at(given, path) is None
                        and not question.repeat_count
                    ):
                        _put(given, path, [{} for _ in range(min(ROWS, question.rows_max))])
                        new += 1
                    continue
                is_asked = question.required or path in showing.required or question.type not in FILES
                if is_asked and _at(given, path) is None and not question.read_only:
                    _put(given, path, self._value(question, showing.offered.get(path)))
                    new += 1
            if not new:
                return

    def _again(self, given: Answers, path: str, moment: Moment) -> None:
        question = self._form.question_at(path)
        if question is None or question.questions or question.read_only:
            return
        _put(given, path, self._value(question, self._shower.show(given, moment).offered.get(path)))

    def _value(self, question: Question, offered: frozenset[str] | None) -> Any:
        """An answer of the right type, often one that the question's own constraint speaks of."""
        choices = [choice for choice in question.choices if offered is None or choice.name in offered]
        pick = self._random.choice
        literals = list(_literals(question.constraint))
        match question.type:
            case QuestionType.IMAGE | QuestionType.FILE:
                return dict(FILE)
            case _ if question.kind in _BY_KIND:
                return pick(_BY_KIND[question.kind])
            case _ if question.kind is Kind.TEMPERATURE:
                return pick(["36.5", "37.8"])
            case QuestionType.SELECT_ONE | QuestionType.SELECT_MULTIPLE | QuestionType.RANK if not choices:
                return ""
            case QuestionType.SELECT_ONE:
                return pick(choices).name
            case QuestionType.SELECT_MULTIPLE:
                chosen = self._random.sample(choices, self._random.randint(1, min(3, len(choices))))
                alone = [choice for choice in chosen if choice.exclusive]
                return [choice.name for choice in alone[:1] or chosen]
            case QuestionType.RANK:
                return [choice.name for choice in self._random.sample(choices, len(choices))]
            case QuestionType.INTEGER:
                return str(pick([*_near(literals), self._random.randint(0, 9), self._random.randint(1, 120)]))
            case QuestionType.DECIMAL:
                return str(
                    pick([*_near(literals), self._random.randint(0, 120), round(self._random.uniform(0, 50), 2)])
                )
            case QuestionType.RANGE:
                low, high = sorted((question.minimum or 0, question.maximum or 0))
                step = abs(question.step or 1)
                return f"{low + step * self._random.randint(0, int((high - low) / step + 1e-9)):g}"
            case QuestionType.DATE:
                return self._date(question).isoformat()
            case QuestionType.DATE_TIME:
                return f"{self._date(question).isoformat()}T{self._random.randint(0, 23):02}:30"
            case QuestionType.TIME:
                return f"{self._random.randint(0, 23):02}:{self._random.randint(0, 59):02}"
            case QuestionType.GEOPOINT:
                return "38.84 115.13"
            case QuestionType.ACKNOWLEDGE:
                return "OK"
            case _:
                return self._text(question, literals)

    def _date(self, question: Question) -> date:
        days = self._random.choice([0, 1, -1, self._random.randint(-40, 40), self._random.randint(-20_000, 400)])
        day = date.today() + timedelta(days)  # noqa: DTZ011 - any day will do
        if "year" in question.appearance:
            return day.replace(month=1, day=1)
        return day.replace(day=1) if "month-year" in question.appearance else day

    def _text(self, question: Question, literals: list[str]) -> str:
        patterns = [one or two for one, two in _REGEX.findall(question.constraint)]
        if patterns and self._random.random() < 0.8:
            return "".join(self._matching(_parser.parse(self._random.choice(patterns))))
        digits = "".join(self._random.choices("0123456789", k=self._random.randint(1, 14)))
        if "numbers" in question.appearance:
            return digits
        drawn: str = self._random.choice(
            [*_WORDS, *filter(str.strip, literals), digits, "x" * self._random.randint(1, 20)]
        )
        return drawn[: question.length_max]

    def _matching(self, parsed: Any) -> Iterator[str]:
        """A text that a regular expression matches."""
        for operation, argument in parsed:
            match str(operation):
                case "LITERAL":
                    yield chr(argument)
                case "NOT_LITERAL":
                    yield "b" if argument == ord("a") else "a"
                case "ANY":
                    yield self._random.choice("ab1")
                case "IN":
                    yield self._one_of(argument)
                case "BRANCH":
                    yield from self._matching(self._random.choice(argument[1]))
                case "SUBPATTERN":
                    yield from self._matching(argument[3])
                case "MAX_REPEAT" | "MIN_REPEAT":
                    low, high, inner = argument
                    for _ in range(self._random.randint(low, min(int(high), low + 6))):
                        yield from self._matching(inner)

    def _one_of(self, members: Any) -> str:
        fits = [chr(code) for code in (*range(32, 127), *range(0x4E00, 0x4E10)) if _is_in(chr(code), members)]
        return self._random.choice(fits or ["a"])


def flat_pairs(
    form: Form, given: Answers, stored: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, list[str]]]:
    """(path of a field, what to fill in) of everything that was stored and somebody answers."""
    for name, value in stored.items():
        path, own = f"{prefix}{name}", given.get(name)
        question = form.question_at(path)
        if question is None or own is None:
            continue
        if isinstance(value, list) and question.type is QuestionType.REPEAT:
            for index, row in enumerate(value):
                if isinstance(own, list) and index < len(own):
                    yield from flat_pairs(form, own[index], row, f"{path}.{index}.")
        elif question.type is QuestionType.GROUP:
            yield from flat_pairs(form, own, value, f"{path}.")
        elif question.type not in UNSEEN:
            yield path, list(own) if isinstance(own, list) else [own if isinstance(own, str) else own["name"]]


def _is_in(character: str, members: Any) -> bool:
    negated = any(str(operation) == "NEGATE" for operation, _ in members)
    return negated != any(_is_member(character, str(operation), argument) for operation, argument in members)


def _is_member(character: str, operation: str, argument: Any) -> bool:
    if operation == "LITERAL":
        return ord(character) == argument
    if operation == "RANGE":
        return bool(argument[0] <= ord(character) <= argument[1])
    category = str(argument)
    found = {"DIGIT": str.isdigit, "WORD": lambda c: c.isalnum() or c == "_", "SPACE": str.isspace}
    test = next((test for name, test in found.items() if category.endswith(name)), None)
    return test is not None and test(character) != ("NOT" in category)


def _literals(expression: str) -> Iterator[str]:
    for one, two, number in _LITERAL.findall(expression):
        yield one or two or number


def _near(literals: list[str]) -> Iterator[int]:
    for literal in literals:
        try:
            number = int(float(literal))
        except ValueError:
            continue
        yield from (number - 1, number, number + 1)


def _at(given: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(given, list):
            given = given[int(part)] if int(part) < len(given) else None
        else:
            given = given.get(part) if isinstance(given, dict) else None
    return given


def _put(given: Any, path: str, value: Any) -> None:
    parts = path.split(".")
    for part, following in itertools.pairwise(parts):
        empty: Any = [] if following.isdecimal() else {}
        if isinstance(given, list):
            given.extend({} for _ in range(int(part) + 1 - len(given)))
            given = given[int(part)]
        else:
            given = given.setdefault(part, empty)
    given[parts[-1]] = value
