"""What is wrong with a form, all at once, wherever it was made: import, designer and publishing ask here.

A form without problems compiles (`domain.validation`), renders and exports. Must not know: files, languages of the
reader, who made the form.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from tianbao.domain.binding import Bound, bind, bind_filter
from tianbao.domain.expressions import ExpressionError, find_cycle, parse
from tianbao.domain.form_problems import FormCode, FormProblem
from tianbao.domain.forms import (
    CHOSEN,
    Choice,
    Form,
    Kind,
    Path,
    Question,
    QuestionType,
    Text,
    dump_form,
    walk_questions,
)
from tianbao.domain.levels import Level, level_of, make_levels
from tianbao.domain.problems import Parameter

QUESTIONS_MAX: Final = 1_000
"""Questions, groups and repeats in a form."""
CHOICES_MAX: Final = 20_000
"""Choices in all lists together."""
TICKED_MAX: Final = 500
"""Choices of a select_multiple: the page holds them all."""
RANKED_MAX: Final = 40
"""Choices of a rank: without script the page holds them once for each place."""
NESTING_MAX: Final = 8
"""Groups and repeats around a question."""
DEFINITION_MAX_BYTES: Final = 8_000_000
NAME_LENGTH_MAX: Final = 64
TEXT_LENGTH_MAX: Final = 10_000
LENGTH_LIMIT_MAX: Final = 10_000
"""The most that a question may set as `length_max`."""
ROWS_LIMIT_MAX: Final = 1_000
"""The most that a repeat may set as `rows_max`."""

_TICKED_MAX: Final = {QuestionType.SELECT_MULTIPLE: TICKED_MAX, QuestionType.RANK: RANKED_MAX}
CONTAINERS: Final = frozenset({QuestionType.GROUP, QuestionType.REPEAT})
OUTPUT: Final = re.compile(r"\$\{\s*([^\W\d][\w.-]*)\s*\}")
"""An answer within a text."""
_NAME: Final = re.compile(r"[^\W\d][\w-]*")
_FORM_NAME: Final = re.compile(r"[\w.-]+")
_LANGUAGE: Final = re.compile(r"(?:x|[a-z]{2,3})(?:-[A-Za-z0-9]{1,8}){0,4}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SEED: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?|\$\{\s*([^\W\d][\w.-]*)\s*\}")
_ORDERING: Final = frozenset({"relevant", "calculation", "repeat_count", "initial"})
_UNLABELLED: Final = CONTAINERS | {
    QuestionType.CALCULATE,
    QuestionType.HIDDEN,
    QuestionType.START,
    QuestionType.END,
    QuestionType.TODAY,
    QuestionType.DEVICE_ID,
    QuestionType.USERNAME,
    QuestionType.PHONE_NUMBER,
}
_OWN_COLUMNS: Final = frozenset({"name", "label", "list_name", "value", "caption", "image", "exclusive"})
"""What a choice's further columns cannot be called, because the sheet has them."""
_TEXT_TYPES: Final = frozenset({QuestionType.TEXT, QuestionType.BARCODE})
_CHOICE_TYPES: Final = frozenset({QuestionType.SELECT_ONE, QuestionType.SELECT_MULTIPLE})
KIND_TYPES: Final[Mapping[Kind, frozenset[QuestionType]]] = {
    Kind.PERSON_NAME: _TEXT_TYPES,
    Kind.PHONE: _TEXT_TYPES,
    Kind.DOCUMENT_TYPE: frozenset({QuestionType.SELECT_ONE}),
    Kind.DOCUMENT: _TEXT_TYPES,
    Kind.ADDRESS: _TEXT_TYPES,
    Kind.PLACE: frozenset({QuestionType.TEXT}),
    Kind.TRANSPORT: frozenset({QuestionType.SELECT_ONE}),
    Kind.TRANSPORT_NUMBER: _TEXT_TYPES,
    Kind.PLATE_NUMBER: _TEXT_TYPES,
    Kind.TEMPERATURE: frozenset({QuestionType.DECIMAL}),
    Kind.SYMPTOMS: _CHOICE_TYPES,
}
"""The types that a kind goes with."""


def check_form(form: Form) -> list[FormProblem]:
    """Everything that is wrong with it, in the order of the form; nothing that is merely worth saying."""
    return list(_Check(form).problems())


def find_gaps(form: Form) -> list[FormProblem]:
    """Texts that stand in some of the form's languages only: allowed, and worth saying."""
    gaps = []
    for index, (path, question) in enumerate(walk_questions(form.questions)):
        for name in _READ_TEXTS:
            for language in _missing(getattr(question, name), form.languages):
                gaps.append(FormProblem(FormCode.TEXT_MISSING, path, name, {"language": language}, index))
    for list_name, choices in form.lists.items():
        for index, choice in enumerate(choices):
            for language in _missing(choice.label, form.languages):
                parameters: dict[str, Parameter] = {"language": language, "choice": choice.name}
                gaps.append(FormProblem(FormCode.TEXT_MISSING, "", "label", parameters, index, list_name))
    return gaps


_QUESTION_TEXTS: Final = ("label", "hint", "guidance", "image", "required_message", "constraint_message")
_READ_TEXTS: Final = tuple(name for name in _QUESTION_TEXTS if name != "image")
"""A picture without words does for every language."""
_OUTPUT_TEXTS: Final = ("label", "hint")


def _missing(text: Text, languages: tuple[str, ...]) -> list[str]:
    return [language for language in languages if text and not text.get(language)]


@dataclass(slots=True)
class _Check:
    form: Form
    levels: dict[str, Level] = field(init=False)
    bound: dict[Path, set[Path]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.levels = make_levels(self.form)

    def problems(self) -> Iterator[FormProblem]:
        yield from self._form()
        names = Counter(path for path, _ in walk_questions(self.form.questions))
        for index, (path, question) in enumerate(walk_questions(self.form.questions)):
            for found in self._question(path, question, names[path] > 1):
                yield replace(found, question=path, index=index)
        yield from self._cycle()
        for list_name, choices in self.form.lists.items():
            yield from self._list(list_name, choices)
        paths = {path for path, question in walk_questions(self.form.questions) if question.type not in CONTAINERS}
        for index, column in enumerate(self.form.columns):
            if column.question not in paths:
                parameters: dict[str, Parameter] = {"name": column.question}
                yield FormProblem(FormCode.EXPORT_UNKNOWN, "", "columns", parameters, index)
            for found in self._text("columns", column.heading):
                yield replace(found, index=index)

    def _form(self) -> Iterator[FormProblem]:
        form = self.form
        if not _FORM_NAME.fullmatch(form.name) or len(form.name) > NAME_LENGTH_MAX:
            yield _problem(FormCode.FORM_NAME, "name", name=form.name[:NAME_LENGTH_MAX], length_max=NAME_LENGTH_MAX)
        if not any(form.title.values()):
            yield _problem(FormCode.NO_TITLE, "title")
        yield from self._text("title", form.title)
        if not form.languages or len(set(form.languages)) < len(form.languages):
            yield _problem(FormCode.LANGUAGE, "languages", language=", ".join(form.languages))
        for language in form.languages:
            if not _LANGUAGE.fullmatch(language):
                yield _problem(FormCode.LANGUAGE, "languages", language=language)
        if not any(question.is_seen for _, question in walk_questions(form.questions)):
            yield _problem(FormCode.NO_QUESTIONS, "questions")
        yield from self._limits()
        if form.instance_name:
            yield from self._expression("instance_name", form.instance_name, "")

    def _limits(self) -> Iterator[FormProblem]:
        questions = sum(1 for _ in walk_questions(self.form.questions))
        choices = sum(map(len, self.form.lists.values()))
        depth = max((path.count(".") for path, _ in walk_questions(self.form.questions)), default=0)
        if questions > QUESTIONS_MAX:
            yield _problem(FormCode.TOO_MANY_QUESTIONS, count=questions, count_max=QUESTIONS_MAX)
        if choices > CHOICES_MAX:
            yield _problem(FormCode.TOO_MANY_CHOICES, count=choices, count_max=CHOICES_MAX)
        if depth > NESTING_MAX:
            yield _problem(FormCode.TOO_DEEP, count=depth, count_max=NESTING_MAX)
        size = len(json.dumps(dump_form(self.form), ensure_ascii=False).encode("utf-8", "replace"))
        if size > DEFINITION_MAX_BYTES:
            yield _problem(FormCode.TOO_LARGE, bytes=size, bytes_max=DEFINITION_MAX_BYTES)

    def _question(self, path: Path, question: Question, is_twice: bool) -> Iterator[FormProblem]:
        yield from self._name(path, question.name, is_twice)
        for name in _QUESTION_TEXTS:
            yield from self._text(name, getattr(question, name))
        says = (*question.label.values(), *question.hint.values(), *question.image.values())
        if question.type not in _UNLABELLED and not question.calculation and not any(says):
            yield _problem(FormCode.NO_LABEL, "label", name=question.name)
        if question.type in CONTAINERS and not question.questions:
            yield _problem(FormCode.EMPTY_GROUP, "questions", name=question.name)
        if question.type in CHOSEN and not question.choices:
            yield _problem(FormCode.NO_CHOICES, "choices", list=question.choice_list)
        most = _TICKED_MAX.get(question.type, CHOICES_MAX)
        if len(question.choices) > most:
            parameters: dict[str, Parameter] = {"count": len(question.choices), "count_max": most}
            yield _problem(FormCode.TOO_MANY_TO_TICK, "choices", list=question.choice_list, **parameters)
        if question.kind is not Kind.PLAIN and question.type not in KIND_TYPES[question.kind]:
            yield _problem(FormCode.KIND_TYPE, "kind", kind=question.kind.value, type=question.type.value)
        yield from self._value(question)
        yield from self._numbers(question)
        for name in question.trigger:
            if self._named(path, name) is None:
                yield _problem(FormCode.UNKNOWN_TRIGGER, "trigger", name=name)
            else:
                self.bound.setdefault(path, set()).update(bind(parse(f"${{{name}}}"), self.levels, path).references)
        for name in _OUTPUT_TEXTS:
            for referred in sorted(
                {found for text in getattr(question, name).values() for found in OUTPUT.findall(text)}
            ):
                if self._named(path, referred) is None:
                    yield _problem(FormCode.UNKNOWN_NAME_IN_TEXT, name, name=referred)
        for name, source in question.expressions:
            yield from self._expression(name, source, path)

    def _name(self, path: Path, name: str, is_twice: bool) -> Iterator[FormProblem]:
        if not name:
            yield _problem(FormCode.NO_NAME, "name")
        elif not _NAME.fullmatch(name) or len(name) > NAME_LENGTH_MAX:
            yield _problem(FormCode.NAME, "name", name=name[:NAME_LENGTH_MAX], length_max=NAME_LENGTH_MAX)
        elif name.startswith("_") and path == name:
            yield _problem(FormCode.NAME_RESERVED, "name", name=name)
        elif is_twice:
            yield _problem(FormCode.NAME_TWICE, "name", name=name)

    def _text(self, name: str, text: Text) -> Iterator[FormProblem]:
        for language, written in text.items():
            if language not in self.form.languages:
                yield _problem(FormCode.TEXT_LANGUAGE, name, language=language)
            if len(written) > TEXT_LENGTH_MAX:
                yield _problem(FormCode.TEXT_TOO_LONG, name, language=language, length_max=TEXT_LENGTH_MAX)
            if _CONTROL.search(written):
                yield _problem(FormCode.TEXT_CHARACTER, name, language=language)

    def _value(self, question: Question) -> Iterator[FormProblem]:
        is_worked_out = question.type is QuestionType.CALCULATE
        if is_worked_out and not (question.calculation or question.initial):
            yield _problem(FormCode.NO_CALCULATION, "calculation", name=question.name)
        if question.default and question.initial:
            yield _problem(FormCode.DEFAULT_TWICE, "default", name=question.name)
        if question.default and question.choices:
            names = {choice.name for choice in question.choices}
            several = question.type is not QuestionType.SELECT_ONE
            chosen = question.default.split() if several else [question.default]
            if unknown := [name for name in chosen if name not in names]:
                yield _problem(FormCode.DEFAULT_CHOICE, "default", value=unknown[0], list=question.choice_list)

    def _numbers(self, question: Question) -> Iterator[FormProblem]:
        if question.type is QuestionType.RANGE:
            low, high, step = question.minimum, question.maximum, question.step
            if low is None or high is None or step is None or low == high or step == 0:
                yield _problem(FormCode.RANGE, "minimum", name=question.name)
        for name, value, most in (
            ("length_max", question.length_max, LENGTH_LIMIT_MAX),
            ("rows_max", question.rows_max, ROWS_LIMIT_MAX),
        ):
            if not 1 <= value <= most:
                yield _problem(FormCode.LIMIT, name, value=value, most=most)
        if question.seed and not _SEED.fullmatch(question.seed):
            yield _problem(FormCode.SEED, "seed", value=question.seed)

    def _list(self, list_name: str, choices: tuple[Choice, ...]) -> Iterator[FormProblem]:
        several = any(
            question.choice_list == list_name and question.type in (QuestionType.SELECT_MULTIPLE, QuestionType.RANK)
            for _, question in walk_questions(self.form.questions)
        )
        is_asked = any(question.choice_list == list_name for _, question in walk_questions(self.form.questions))
        seen: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
        for index, choice in enumerate(choices):
            key = choice.name, tuple(sorted(choice.columns.items()))
            for found in self._choice(choice, key in seen, is_asked, several):
                yield replace(found, index=index, choice_list=list_name)
            seen.add(key)

    def _choice(self, choice: Choice, is_twice: bool, is_asked: bool, several: bool) -> Iterator[FormProblem]:
        if not choice.name:
            yield _problem(FormCode.CHOICE_NO_NAME, "name")
        elif several and len(choice.name.split()) != 1:
            yield _problem(FormCode.CHOICE_BLANK, "name", choice=choice.name)
        elif _CONTROL.search(choice.name):
            yield _problem(FormCode.TEXT_CHARACTER, "name")
        elif is_twice:
            yield _problem(FormCode.CHOICE_TWICE, "name", choice=choice.name)
        if is_asked and not any(choice.label.values()) and not any(choice.image.values()):
            yield _problem(FormCode.CHOICE_NO_LABEL, "label", choice=choice.name)
        for name in ("label", "image"):
            yield from self._text(name, getattr(choice, name))
        for column in choice.columns:
            if "_".join(column.split()).lower() in _OWN_COLUMNS or not _NAME.fullmatch(column):
                yield _problem(FormCode.CHOICE_COLUMN, "columns", column=column)

    def _expression(self, name: str, source: str, path: Path) -> Iterator[FormProblem]:
        try:
            bound = self._bound(name, source, path)
        except ExpressionError as error:
            parameters: dict[str, Parameter] = {
                "fault": error.code.value,
                "position": error.position + 1,
                "name": error.name,
            }
            yield FormProblem(FormCode.EXPRESSION, path, name, parameters)
            return
        if name in _ORDERING:
            self.bound.setdefault(path, set()).update(bound.references)
        for referred in sorted(parse(source).references()):
            if self._is_ambiguous(path, referred):
                yield _problem(FormCode.NAME_AMBIGUOUS, name, name=referred)

    def _bound(self, name: str, source: str, path: Path) -> Bound:
        return (bind_filter if name == "choice_filter" else bind)(parse(source), self.levels, path)

    def _named(self, path: Path, name: str) -> Level | None:
        """The level of the nearest question of a name, from the question's own level outwards."""
        level: Level | None = level_of(self.levels, path)[0]
        while level is not None and level.find(name) is None:
            level = level.outer
        return level

    def _is_ambiguous(self, path: Path, name: str) -> bool:
        """Whether several questions of its level have the name and none stands in a group around."""
        level = self._named(path, name)
        if level is None:
            return False
        found = [other for other in level.questions if other.rpartition(".")[2] == name]
        own, within = level_of(self.levels, path)
        groups = own.groups(within) if own is level else []
        return len(found) > 1 and not any(f"{group}.{name}" in level.questions for group in groups)

    def _cycle(self) -> Iterator[FormProblem]:
        """The relevance of a group or repeat counts for everything in it."""
        asks: dict[Path, set[Path]] = {}
        for path, _ in walk_questions(self.form.questions):
            around = path.rpartition(".")[0]
            asks[path] = self.bound.get(path, set()) | ({around} if around else set())
        ring = find_cycle(asks)
        if ring:
            places = [path for path, _ in walk_questions(self.form.questions)]
            start = next((path for path in ring if self.bound.get(path)), ring[0])
            names = " → ".join(path.rpartition(".")[2] for path in (*ring, ring[0]))
            yield FormProblem(FormCode.CYCLE, start, "", {"names": names}, places.index(start))


def _problem(code: FormCode, name: str = "", /, **parameters: Parameter) -> FormProblem:
    return FormProblem(code, "", name, parameters)
