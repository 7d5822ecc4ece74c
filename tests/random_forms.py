"""Forms made at random from a seed: every type of question, every kind of expression, and no rings.

Each question has a rank, higher than that of what it stands in; its expressions ask only for questions of lower
rank, wherever these stand. What `expression` makes is of a given type, so that most of it means something.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from tianbao.domain.forms import Form, load_form

LIST: Final = "colours"
TOWNS: Final = "towns"
LISTS: Final[dict[str, list[dict[str, Any]]]] = {
    LIST: [
        {"name": name, "label": {"en": name.title()}, **({"exclusive": True} if name == "none" else {})}
        for name in ("red", "green", "blue", "none")
    ],
    TOWNS: [
        {"name": f"t{index}", "label": {"en": f"Town {index}"}, "columns": {"of": of, "size": str(index * 7 % 5)}}
        for index, of in enumerate(["red", "red", "green", "green", "blue", "blue", "red", "yes"])
    ],
}
NUMBERS: Final = ("0", "1", "2", "3", "7", "-1", "2.5", "10", "0.1")
TEXTS: Final = ("", "a", "red", "yes", "12", "a b", "𠮷田", "2024-02-29", "Tom")
DATES: Final = ("2024-02-29", "2026-11-23", "1999-12-31")
FORMATS: Final = ("%Y年%n月%e日", "%d/%m/%y", "%b %a %H:%M", "%Y-%m-%d %3")
GEOPOINTS: Final = ("38.8 115.1", "38.8 115.1 0 5", "-33.5 -70")

Kind = str
"""What an expression comes to: number, text, boolean, date."""


@dataclass
class Asked:
    """A question as it is being made; `rows` are the repeats around it, itself included where it is one."""

    name: str
    type: str
    rows: tuple[str, ...]
    rank: float
    stands_in: tuple[str, ...]
    choices: str = ""
    inner: list[Asked] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)


PLAIN: Final = (
    *("text", "text", "integer", "integer", "decimal", "select_one", "select_one", "select_multiple", "date"),
    *("time", "dateTime", "range", "rank", "acknowledge", "barcode", "geopoint", "note", "note", "calculate"),
    *("calculate", "calculate", "hidden", "start", "today", "username", "deviceid", "phonenumber"),
)
UNSEEN: Final = frozenset({"calculate", "hidden", "start", "today", "username", "deviceid", "phonenumber"})
ONCE: Final = frozenset({"start", "username", "deviceid", "phonenumber"})
"""What stands in no rows."""
KINDS: Final[dict[str, Kind]] = {
    **dict.fromkeys(("integer", "decimal", "range"), "number"),
    **dict.fromkeys(("date", "today"), "date"),
}


def random_form(seed: int) -> Form:
    """A form of up to some twenty questions; the same for the same seed."""
    return _Maker(Random(seed)).form()


class _Maker:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.all: list[Asked] = []
        self.depth = 0
        self.is_in_filter = False

    def form(self) -> Form:
        tree = self.make_questions(self.random.randint(5, 14), (), (), 0.0)
        if not any(one.type not in UNSEEN for one in tree):
            tree.append(self.make("text", (), (), 0.0))
        for one in self.all:
            self.add_expressions(one)
        self.add_note(tree)
        return load_form(
            {
                "name": "random",
                "version": 1,
                "title": {"en": "Random"},
                "languages": ["en"],
                "lists": LISTS,
                "questions": [as_data(one) for one in tree],
            }
        )

    def make_questions(
        self, count: int, rows: tuple[str, ...], stands_in: tuple[str, ...], rank: float
    ) -> list[Asked]:
        made = []
        while count > 0:
            nests = len(stands_in) < 3 and count > 2 and self.random.random() < 0.3
            kind = (
                self.random.choice(("group", "repeat", "repeat"))
                if nests
                else self.random.choice([each for each in PLAIN if not (rows and each in ONCE)])
            )
            one = self.make(kind, rows, stands_in, rank)
            if nests:
                size = self.random.randint(2, min(6, count))
                one.inner = self.make_questions(size, one.rows, (*stands_in, one.name), one.rank)
                if not any(inner.type not in UNSEEN for inner in one.inner):
                    one.inner.append(self.make("integer", one.rows, (*stands_in, one.name), one.rank))
                count -= size
            count -= 1
            made.append(one)
        return made

    def make(self, kind: str, rows: tuple[str, ...], stands_in: tuple[str, ...], least: float) -> Asked:
        name = f"{kind[:3].lower()}{len(self.all)}"
        rank = least + (1 - least) * (0.01 + 0.99 * self.random.random())
        one = Asked(name, kind, (*rows, name) if kind == "repeat" else rows, rank, stands_in)
        if kind in ("select_one", "select_multiple", "rank"):
            one.choices = self.random.choice((LIST, TOWNS))
        self.all.append(one)
        return one

    # What the questions say

    def add_expressions(self, one: Asked) -> None:
        random, more = self.random, one.more
        is_seen = one.type not in UNSEEN
        if random.random() < (0.35 if is_seen else 0.15):
            more["relevant"] = self.expression("boolean", one)
        if one.type == "repeat":
            more["rows_max"] = random.randint(2, 4)
            if random.random() < 0.4:
                more["repeat_count"] = self.expression("number", one)
        if one.type == "repeat" and "repeat_count" not in more:
            more["required"] = random.random() < 0.3
        if one.type == "calculate":
            kind = random.choice(("number", "text", "boolean", "date"))
            more["calculation"] = self.expression(kind, one)
            if random.random() < 0.1:
                more["calculation"] = f"once({more['calculation']})"
            elif random.random() < 0.1 and (asked := self.visible(one)):
                more["trigger"] = [random.choice(asked).name]
        if one.type == "hidden":
            which = random.choice(("default", "initial", "calculation"))
            more[which] = random.choice(TEXTS) if which == "default" else self.expression("text", one)
        if is_seen and one.type not in ("note", "group", "repeat"):
            self.add_to_answer(one)
        if one.type == "range":
            more |= random.choice(
                (
                    {"minimum": 0, "maximum": 10, "step": 1},
                    {"minimum": 10, "maximum": 1, "step": 0.5},
                    {"minimum": -2, "maximum": 2, "step": 2},
                )
            )

    def add_to_answer(self, one: Asked) -> None:
        random, more = self.random, one.more
        chance = random.random()
        if chance < 0.2:
            more["required"] = True
        elif chance < 0.4:
            more["required_if"] = self.expression("boolean", one)
        if random.random() < 0.3:
            more["constraint"] = self.constraint(one)
        if one.choices == TOWNS and one.type != "rank" and random.random() < 0.7:
            more["choice_filter"] = self.filter(one)
        chance = random.random()
        if chance < 0.15:
            more["default"] = self.default(one)
        elif chance < 0.25 and one.type in ("text", "integer", "decimal", "date"):
            more["initial"] = self.expression(KINDS.get(one.type, "text"), one)
            if one.type == "integer":
                more["initial"] = f"int({more['initial']})"
        elif chance < 0.33 and one.type in ("text", "integer", "decimal", "date", "select_one"):
            more["calculation"] = self.expression(KINDS.get(one.type, "text"), one)
            more["read_only"] = random.random() < 0.5
            if one.type == "integer":
                more["calculation"] = f"int({more['calculation']})"
        self.add_appearance(one)

    def add_appearance(self, one: Asked) -> None:
        ways = {
            "text": ([], [], ["multiline"], ["numbers"]),
            "date": ([], [], ["month-year"], ["year"]),
            "select_one": ([], ["minimal"], ["search"], ["likert"], ["columns-2"]),
            "select_multiple": ([], ["columns"], ["list-nolabel"]),
        }
        if chosen := self.random.choice(ways.get(one.type, ([],))):
            one.more["appearance"] = chosen
        if one.type == "text" and "appearance" not in one.more:
            one.more["kind"] = self.random.choice(("plain", "plain", "person_name", "phone", "address"))

    def constraint(self, one: Asked) -> str:
        about = {
            "number": (". > 1", ". <= 5 or . = 7", ". mod 2 = 0"),
            "date": (". <= today()", ". > '2020-01-01'"),
        }.get(KINDS.get(one.type, "text"), ("string-length(.) > 2", "regex(., '[a-z ]+')", ". != 'red'"))
        first = self.random.choice(about)
        return first if self.random.random() < 0.5 else f"{first} or {self.expression('boolean', one)}"

    def filter(self, one: Asked) -> str:
        text, number = self.inside("text", one), self.inside("number", one)
        return self.random.choice(
            (
                f"of = {text}",
                f"of != {text} and size > 1",
                f"size >= {number}",
                f"selected({text}, of) or name = 't3'",
            )
        )

    def default(self, one: Asked) -> str:
        names = [choice["name"] for choice in LISTS[one.choices]] if one.choices else []
        return {
            "select_one": lambda: self.random.choice(names),
            "select_multiple": lambda: " ".join(names[: self.random.randint(1, 2)]),
            "rank": lambda: " ".join(names),
            "date": lambda: self.random.choice(DATES),
            "time": lambda: "08:30:00",
            "dateTime": lambda: "2026-11-23T08:30:00",
            "geopoint": lambda: GEOPOINTS[0],
            "acknowledge": lambda: "OK",
            "range": lambda: "2",
            "integer": lambda: "3",
            "decimal": lambda: "2.5",
        }.get(one.type, lambda: "red")()

    def add_note(self, tree: list[Asked]) -> None:
        """A note at the end that shows what was worked out; others show something on the way."""
        for one in self.all:
            if one.type in ("note", "group", "repeat", "text") and self.random.random() < 0.6:
                shown = [other for other in self.visible(one) if one.type == "note" or other.rank < one.rank]
                one.more["label"] = {"en": " ".join([one.name, *(f"[${{{other.name}}}]" for other in shown[-4:])])}
        shown = [other.name for other in self.all if not other.rows and not other.inner and other.type != "note"]
        note = Asked("shown", "note", (), 1.0, ())
        note.more["label"] = {"en": " ".join(f"[${{{name}}}]" for name in ["shown", *shown][1:]) or "nothing"}
        tree.append(note)

    # Whom an expression can ask

    def before(self, one: Asked) -> list[Asked]:
        around = set(one.stands_in)
        return [
            other
            for other in self.all
            if other.rank < one.rank and other.name not in around and other.type not in ("note", "group", "repeat")
        ]

    def visible(self, one: Asked) -> list[Asked]:
        """Those whose one answer it sees."""
        rows = one.rows[:-1] if one.type == "repeat" else one.rows
        return [other for other in self.before(one) if other.rows == rows[: len(other.rows)]]

    def many(self, one: Asked) -> list[Asked]:
        """Those of whose answers it sees all."""
        rows = one.rows[:-1] if one.type == "repeat" else one.rows
        return [other for other in self.before(one) if other.rows != rows[: len(other.rows)]]

    def repeats(self, one: Asked) -> list[Asked]:
        return [
            other
            for other in self.all
            if other.type == "repeat" and other.rank < one.rank and other.name not in one.stands_in
        ]

    # Expressions

    def expression(self, kind: Kind, one: Asked) -> str:
        self.depth += 1
        made: str = getattr(self, kind)(one)
        self.depth -= 1
        return made

    def inside(self, kind: Kind, one: Asked) -> str:
        """An expression where something else is looked at, so that `..` leads nowhere."""
        was, self.is_in_filter = self.is_in_filter, True
        made = self.expression(kind, one)
        self.is_in_filter = was
        return made

    def pick(self, one: Asked, ways: list[Callable[[], str]], leaves: list[Callable[[], str]]) -> str:
        return self.random.choice(leaves if self.depth > 3 or self.random.random() < 0.35 else ways)()

    def one_of(self, one: Asked, kind: Kind | None = None, types: tuple[str, ...] = ()) -> str | None:
        found = [
            other
            for other in self.visible(one)
            if (kind is None or KINDS.get(other.type, "text") == kind) and (not types or other.type in types)
        ]
        return f"${{{self.random.choice(found).name}}}" if found else None

    def rows_of(self, one: Asked) -> str | None:
        """The answers of many rows, sometimes only of some."""
        found = self.many(one)
        if not found:
            return None
        other = self.random.choice(found)
        if len(other.rows) == 1 and not other.stands_in[1:] and self.random.random() < 0.4:
            condition = self.random.choice((f"{other.name} != ''", "position() > 1", "1", f"{other.name} > 2"))
            return f"${{{other.rows[0]}}}[{condition}]/{other.name}"
        return f"${{{other.name}}}"

    def answer_in_row(self, one: Asked) -> str | None:
        found = [other for other in self.many(one) if len(other.rows) == 1]
        if not found:
            return None
        other = self.random.choice(found)
        return f"indexed-repeat(${{{other.name}}}, ${{{other.rows[0]}}}, {self.inside('number', one)})"

    def number(self, one: Asked) -> str:
        sub = self.expression
        ways: list[Callable[[], str]] = [
            lambda: f"({sub('number', one)} {self.random.choice('+-*')} {sub('number', one)})",
            lambda: f"({sub('number', one)} {self.random.choice(('div', 'mod'))} {sub('number', one)})",
            lambda: f"coalesce({sub('number', one)}, {sub('number', one)})",
            lambda: f"if({sub('boolean', one)}, {sub('number', one)}, {sub('number', one)})",
            lambda: f"round({sub('number', one)}, {self.random.choice('012')})",
            lambda: f"{self.random.choice(('int', 'abs', 'number', 'sqrt', 'exp10'))}({sub('number', one)})",
            lambda: f"pow({sub('number', one)}, 2)",
            lambda: f"{self.random.choice(('min', 'max'))}({sub('number', one)}, {sub('number', one)})",
            lambda: f"string-length({sub('text', one)})",
            lambda: f"count-selected({sub('text', one)})",
            lambda: f"({sub('date', one)} - {sub('date', one)})",
            lambda: f"decimal-date-time({sub('date', one)})",
            lambda: f"-{sub('number', one)}",
            lambda: f"distance({sub('geopoint', one)}, {sub('geopoint', one)})",
            lambda: f"number(instance('{TOWNS}')/root/item[name = {self.inside('text', one)}]/size)",
        ]
        if rows := self.rows_of(one):
            ways += [
                lambda: f"{self.random.choice(('sum', 'min', 'max', 'count', 'count-non-empty'))}({rows})",
                lambda: f"sum({rows})",
            ] * 3
        if repeats := self.repeats(one):
            ways += [lambda: f"count(${{{self.random.choice(repeats).name}}})"] * 3
        if one.rows and one.type != "repeat":
            ways += [lambda: f"position(${{{self.random.choice(one.rows)}}})"] * 2
            if one.stands_in[-1] == one.rows[-1] and not self.is_in_filter:
                ways += [lambda: "position(..)"] * 2
        leaves: list[Callable[[], str]] = [lambda: self.random.choice(NUMBERS)]
        if answer := self.one_of(one, "number") or self.one_of(one):
            leaves += [lambda: answer] * 4
        return self.pick(one, ways, leaves)

    def text(self, one: Asked) -> str:
        sub = self.expression
        ways: list[Callable[[], str]] = [
            lambda: f"concat({sub('text', one)}, '-', {sub('number', one)})",
            lambda: f"join(' ', {sub('text', one)}, {sub('text', one)})",
            lambda: f"if({sub('boolean', one)}, {sub('text', one)}, {sub('text', one)})",
            lambda: f"coalesce({sub('text', one)}, {sub('text', one)})",
            lambda: f"substr({sub('text', one)}, 1, {self.random.choice('234')})",
            lambda: f"selected-at({sub('text', one)}, {self.random.choice('012')})",
            lambda: f"normalize-space({sub('text', one)})",
            lambda: f"translate({sub('text', one)}, 'abcd', 'ABC')",
            lambda: f"{self.random.choice(('substring-before', 'substring-after'))}({sub('text', one)}, 'e')",
            lambda: f"string({sub('number', one)})",
            lambda: f"string({sub('boolean', one)})",
            lambda: f"format-date({sub('date', one)}, '{self.random.choice(FORMATS)}')",
            lambda: f"format-date-time({sub('moment', one)}, '{self.random.choice(FORMATS)}')",
            lambda: f"pulldata('{TOWNS}', 'of', 'name', {self.inside('text', one)})",
            lambda: f"instance('{TOWNS}')/root/item[of = {self.inside('text', one)}]/label",
            lambda: f"base64-decode({sub('text', one)})",
        ]
        chosen = [other for other in self.visible(one) if other.choices]
        if chosen:
            named = self.random.choice(chosen)
            ways += [lambda: f"jr:choice-name(${{{named.name}}}, '${{{named.name}}}')"] * 3
        if rows := self.rows_of(one):
            ways += [lambda: f"join(', ', {rows})", lambda: f"concat({rows})"] * 2
        if indexed := self.answer_in_row(one):
            ways += [lambda: indexed] * 3
        leaves: list[Callable[[], str]] = [lambda: f"'{self.random.choice(TEXTS)}'"]
        if answer := self.one_of(one):
            leaves += [lambda: answer] * 5
        return self.pick(one, ways, leaves)

    def boolean(self, one: Asked) -> str:
        sub = self.expression
        compared = ("=", "!=", "<", "<=", ">", ">=")
        ways: list[Callable[[], str]] = [
            lambda: f"({sub('boolean', one)} {self.random.choice(('and', 'or'))} {sub('boolean', one)})",
            lambda: f"not({sub('boolean', one)})",
            lambda: f"{sub('number', one)} {self.random.choice(compared)} {sub('number', one)}",
            lambda: f"{sub('text', one)} {self.random.choice(('=', '!='))} {sub('text', one)}",
            lambda: f"{sub('date', one)} {self.random.choice(compared)} {sub('date', one)}",
            lambda: f"selected({sub('text', one)}, '{self.random.choice(TEXTS)}')",
            lambda: f"{self.random.choice(('contains', 'starts-with', 'ends-with'))}({sub('text', one)}, 'e')",
            lambda: f"regex({sub('text', one)}, '[a-z]+|[0-9.]{{1,3}}')",
            lambda: f"boolean({sub('text', one)})",
            lambda: f"boolean-from-string({sub('text', one)})",
            lambda: f"checklist(1, 2, {sub('boolean', one)}, {sub('text', one)}, {sub('boolean', one)})",
            lambda: (
                f"weighted-checklist(2, -1, {sub('boolean', one)}, 2, {sub('text', one)}, {sub('number', one)})"
            ),
        ]
        leaves: list[Callable[[], str]] = [lambda: self.random.choice(("true()", "'a' = 'a'"))]
        if answer := self.one_of(one):
            leaves += [lambda: f"{answer} != ''", lambda: f"{answer} = ''"] * 2
        if number := self.one_of(one, "number"):
            leaves += [lambda: f"{number} > {self.random.choice(NUMBERS)}"] * 3
        chosen = self.one_of(one, types=("select_one", "select_multiple"))
        if chosen:
            leaves += [lambda: f"selected({chosen}, '{self.random.choice(('red', 'blue', 't2'))}')"] * 3
        return self.pick(one, ways, leaves)

    def date(self, one: Asked) -> str:
        sub = self.expression
        ways: list[Callable[[], str]] = [
            lambda: f"date({sub('date', one)} + {self.random.choice('137')})",
            lambda: f"if({sub('boolean', one)}, {sub('date', one)}, {sub('date', one)})",
            lambda: f"date({sub('text', one)})",
            lambda: f"date-time({sub('date', one)})",
            lambda: f"coalesce({sub('date', one)}, today())",
        ]
        leaves: list[Callable[[], str]] = [lambda: f"'{self.random.choice(DATES)}'", lambda: "today()"]
        if answer := self.one_of(one, "date"):
            leaves += [lambda: answer] * 4
        return self.pick(one, ways, leaves)

    def moment(self, one: Asked) -> str:
        answer = self.one_of(one, types=("time", "dateTime"))
        return answer if answer and self.random.random() < 0.7 else self.random.choice(("now()", "'08:30:00'"))

    def geopoint(self, one: Asked) -> str:
        return self.one_of(one, types=("geopoint",)) or f"'{self.random.choice(GEOPOINTS)}'"


def as_data(one: Asked) -> dict[str, Any]:
    """As a form is stored."""
    data: dict[str, Any] = {"name": one.name, "type": one.type, "label": {"en": one.name}, **one.more}
    if one.choices:
        data["choice_list"] = one.choices
    if one.inner:
        data["questions"] = [as_data(inner) for inner in one.inner]
    return data
