"""Whoever fills in a form page after page without script sends what a script sends at once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.edge_client import EdgeClient, make_installation
from tests.page_samples import form_of
from tests.plain_phone import PlainPhone

from tianbao.config import Config
from tianbao.domain.forms import Form, Question, QuestionType

POSTS_MAX = 60
GONE = ("not_a_choice", "too_many")
"""What is wrong with answers that no page would have taken."""
WORDS = ("a", "b", "cc")
CHOICES = [{"name": name, "label": {"en": name.upper()}, "columns": {"of": of}} for name, of in zip("pqrs", "aabb", strict=True)]  # fmt: skip


class Maker:
    """Makes a form by chance. Conditions ask for what stands above."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.count = 0

    def questions(self, above: list[tuple[str, str]], depth: int, number: int) -> list[dict[str, Any]]:
        """`above` are the names that can be asked for, with their types."""
        above = list(above)
        made = []
        for _ in range(number):
            question = self.question(above, depth)
            made.append(question)
            if question["type"] not in ("group", "repeat", "note", "acknowledge"):
                above.append((question["name"], question["type"]))
        return made

    def question(self, above: list[tuple[str, str]], depth: int) -> dict[str, Any]:
        pick, chance = self.chance.choice, self.chance.random
        self.count += 1
        question: dict[str, Any] = {"name": f"q{self.count}"}
        kinds = [
            "text",
            "text",
            "integer",
            "select_one",
            "select_multiple",
            "date",
            "acknowledge",
            "note",
            "calculate",
        ]
        question["type"] = kind = pick([*kinds, *["group", "repeat"] * (depth < 2)])
        if kind in ("select_one", "select_multiple"):
            question["choices"] = [dict(choice) for choice in CHOICES]
            texts = [name for name, other in above if other == "text"]
            if texts and chance() < 0.3:
                question["choice_filter"] = f"of = ${{{pick(texts)}}}"
        if kind == "calculate":
            question["calculation"] = self.value(above)
        if kind == "note" and above:
            question["label"] = {"en": f"So ${{{pick(above)[0]}}} it is."}
        if kind in ("group", "repeat"):
            question["questions"] = self.questions(above, depth + 1, self.chance.randint(1, 3))
            numbers = [name for name, other in above if other == "integer"]
            if kind == "repeat" and numbers and chance() < 0.5:
                question["repeat_count"] = f"${{{pick(numbers)}}}"
            if kind == "repeat":
                question["rows_max"] = 4
        if above and chance() < 0.4:
            question["relevant"] = self.condition(above)
        if kind in ("text", "integer", "select_one", "date"):
            if chance() < 0.2:
                question["required"] = True
            elif above and chance() < 0.2:
                question["required_if"] = self.condition(above)
            if above and chance() < 0.1:
                question["constraint"] = self.condition(above)
            if kind == "text" and chance() < 0.2:
                question["default"] = pick(WORDS)
            elif kind == "text" and above and chance() < 0.15:
                question["initial"] = self.value(above)
            elif kind == "text" and above and not depth and chance() < 0.1:
                question |= {"calculation": self.value(above), "read_only": True}
        return question

    def condition(self, above: list[tuple[str, str]]) -> str:
        name, kind = self.chance.choice(above)
        asked = {
            "integer": f"${{{name}}} > 1",
            "select_one": f"${{{name}}} = 'p'",
            "select_multiple": f"selected(${{{name}}}, 'q')",
            "date": f"${{{name}}} > '2026-06-01'",
        }.get(kind, f"${{{name}}} = 'a'")
        return f"not({asked})" if self.chance.random() < 0.3 else asked

    def value(self, above: list[tuple[str, str]]) -> str:
        if not above:
            return "'a'"
        name, kind = self.chance.choice(above)
        return f"${{{name}}} * 2" if kind == "integer" else f"if(${{{name}}} = '', 'b', ${{{name}}})"


class Teller:
    """Answers the questions of a form by chance, the same way each time it is asked."""

    def __init__(self, form: Form, seed: int) -> None:
        self.form = form
        self.chance = random.Random(seed)
        self.answers = self.level(form.questions)

    def level(self, questions: tuple[Question, ...]) -> dict[str, Any]:
        return {q.name: told for q in questions if (told := self.answer(q)) is not None}

    def answer(self, question: Question) -> Any:
        pick = self.chance.choice
        if not question.is_seen or question.read_only or self.chance.random() < 0.1:
            return None
        match question.type:
            case QuestionType.GROUP:
                return self.level(question.questions)
            case QuestionType.REPEAT:
                return [self.level(question.questions) for _ in range(self.chance.randint(0, 3))] or None
            case QuestionType.TEXT:
                return pick(WORDS)
            case QuestionType.INTEGER:
                return str(self.chance.randint(0, 3))
            case QuestionType.DATE:
                return pick(["2026-01-05", "2026/11/05"])
            case QuestionType.SELECT_ONE:
                return pick("pqrs")
            case QuestionType.SELECT_MULTIPLE:
                return sorted(self.chance.sample("pqrs", self.chance.randint(1, 3)))
            case QuestionType.ACKNOWLEDGE:
                return "OK"
            case _:
                return None

    def drop(self, path: str) -> None:
        """Leaves a question out."""
        *way, last = path.split(".")
        inner: Any = self.answers
        for part in way:
            inner = inner[int(part)] if isinstance(inner, list) else inner[part]
        inner.pop(last, None)

    def at(self, path: str) -> Any:
        inner: Any = self.answers
        for part in path.split("."):
            if isinstance(inner, list):
                inner = inner[int(part)] if int(part) < len(inner) else {}
            else:
                inner = (inner or {}).get(part)
        return inner


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeClient]:
    data: Path = tmp_path_factory.mktemp("sections")
    client = EdgeClient(Config(data), make_installation(data))
    yield client
    client.close()


def told_at_once(client: EdgeClient, form: Form, teller: Teller) -> Any:
    """What is stored of what a script sends, or what is wrong with it; the teller forgets what does not apply."""
    while True:
        response = client.submit(teller.answers, version=form.version)
        if response.status_code == 422:
            wrong = response.json()["errors"]
            if not (gone := [each["question"] for each in wrong if each["code"] in GONE]):
                return {each["question"] for each in wrong}
            for path in gone:
                teller.drop(path)
            continue
        found = client.stored(response.json()["receipt"])
        applied = applying(teller.answers, found)
        if applied == teller.answers:
            return found
        teller.answers = applied


def applying(answers: Any, found: Any) -> Any:
    """The answers that were stored, and no row that holds none of them."""
    if isinstance(answers, dict):
        kept = {name: applying(told, found[name]) for name, told in answers.items() if name in found}
        return {name: told for name, told in kept.items() if told not in ({}, [])}
    if isinstance(answers, list) and isinstance(answers[0], dict):
        rows = [applying(row, there) for row, there in zip(filter(None, answers), found, strict=False)]
        return [row for row in rows if row]
    return answers


def told_by_post(client: EdgeClient, teller: Teller) -> Any:
    """What is stored, or what a page says is wrong, when somebody types what they have to say into each page.

    Told that some of it cannot be kept, they go on.
    """
    phone = PlainPhone(client)
    is_told = False
    for _ in range(POSTS_MAX):
        sheet = phone.sheet
        phone.type({name: told(teller, name, sheet.choices(name)) for name in sheet.shown()})
        adding = [action for action in sheet.buttons() if action.startswith("add:")]
        missing = [action for action in adding if sheet.rows(action[4:]) < len(teller.at(action[4:]) or ())]
        phone.press(missing[0] if missing else "")
        if phone.response.status_code == 303:
            return client.stored(client.cookies["r"].split(".")[0])
        if not is_told and "_told_unasked" in phone.sheet.values():
            is_told = True
        elif phone.response.status_code == 422:
            return {each.attributes["id"][:-2] for each in phone.sheet.root.walk() if "error" in each.classes}
    raise AssertionError("it never ends")


def told(teller: Teller, name: str, choices: list[str]) -> list[str]:
    answer = teller.at(name)
    given = answer if isinstance(answer, list) else [answer or ""]
    return [each for each in given if each in choices] if choices else given


@pytest.mark.parametrize("seed", range(60))
def test_page_after_page_and_at_once_are_the_same(shared: EdgeClient, seed: int) -> None:
    form = replace(form_of(*Maker(seed).questions([], 0, 8)), version=seed + 1)
    teller = Teller(form, seed)
    shared.publish(form)
    at_once, by_post = told_at_once(shared, form, teller), told_by_post(shared, teller)
    if isinstance(at_once, dict):
        assert by_post == at_once
    else:
        assert by_post and by_post <= at_once
