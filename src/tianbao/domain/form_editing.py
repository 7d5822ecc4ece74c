"""Editing a form: questions added, moved, renamed, removed. Every edit is a new form.

What the designer does with a draft between two saves. A question is named by its dotted path as in
`walk_questions` ("visit.itinerary.place"), a place to put one by the path of the group or repeat and the position
in it. Nothing here refuses what leaves the form wrong for a moment; `domain.form_checks` says what is wrong.
Must not know: drafts, screens, where labels come from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final, TypeAlias

from tianbao.domain.forms import Choice, Form, Path, Question, QuestionType, walk_questions
from tianbao.domain.levels import Level, level_of, make_levels

NAME_LENGTH_MAX: Final = 32
"""Characters of a name that is made; an author may type a longer one."""
CONTAINERS: Final = frozenset({QuestionType.GROUP, QuestionType.REPEAT})

_REFERENCE: Final = re.compile(r"\$\{(\s*)([^\W\d][\w.-]*)(\s*)\}")
_NAME: Final = re.compile(r"[^\W\d][\w-]*")
_TEXTS: Final = ("label", "hint", "guidance", "required_message", "constraint_message")
_EXPRESSIONS: Final = (
    "relevant",
    "required_if",
    "constraint",
    "calculation",
    "initial",
    "choice_filter",
    "repeat_count",
    "seed",
)
_Level: TypeAlias = tuple[Question, ...]


def is_name(text: str) -> bool:
    """Whether a question may be called so: a letter or `_` first, then letters, digits, `_` and `-`.

    XLSForm allows a point too; here it parts a path.
    """
    return bool(_NAME.fullmatch(text))


def unique_name(wanted: str, taken: Iterable[str]) -> str:
    """The wanted name, with a number behind it if it is taken."""
    taken = set(taken)
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted}_{number}" in taken:
        number += 1
    return f"{wanted}_{number}"


def names_of(form: Form) -> set[str]:
    """The names of all its questions, wherever they stand."""
    return {question.name for _, question in walk_questions(form.questions)}


def add_questions(
    form: Form, questions: tuple[Question, ...], *, parent: Path = "", index: int | None = None
) -> tuple[Form, tuple[Path, ...]]:
    """The form with more questions at a place (None: at the end), and their paths.

    They bring their choices, and get other names where theirs are taken; what they say about each other goes with
    them. Raises KeyError if there is no such place.
    """
    taken, lists = names_of(form), dict(form.lists)
    renamed: dict[str, str] = {}
    for _, question in walk_questions(questions):
        renamed.setdefault(question.name, unique_name(question.name, taken))
        taken.add(renamed[question.name])
    added = tuple(_settle(question, renamed, lists) for question in questions)

    def insert(level: _Level) -> _Level:
        at = len(level) if index is None else max(0, min(index, len(level)))
        return (*level[:at], *added, *level[at:])

    prefix = f"{parent}." if parent else ""
    form = replace(form, questions=_in_level(form.questions, _parts(parent), insert), lists=lists)
    return form, tuple(prefix + question.name for question in added)


def remove_question(form: Form, path: Path) -> Form:
    """The form without a question and what it holds; a list of choices that nobody uses then goes too."""
    gone = _found(form, path)
    questions = _at(form.questions, _parts(path), lambda question: ())
    used = {question.choice_list for _, question in walk_questions(questions)}
    freed = {question.choice_list for _, question in walk_questions((gone,))} - used
    return replace(
        form,
        questions=questions,
        lists={name: choices for name, choices in form.lists.items() if name not in freed or _is_asked(form, name)},
        columns=tuple(column for column in form.columns if not _is_within(column.question, path)),
    )


def duplicate_question(form: Form, path: Path) -> tuple[Form, Path]:
    """A copy right after the original, with names of its own and its own copy of the choices; and its path."""
    original = _found(form, path)
    parent, _, name = path.rpartition(".")
    siblings = _level_at(form, parent)
    index = [question.name for question in siblings].index(name) + 1
    lists = {question.choice_list for _, question in walk_questions((original,))} - {""}
    own = {choice_list: unique_name(choice_list, form.lists) for choice_list in lists}
    (copy,) = _map((original,), lambda question: replace(question, choice_list=own.get(question.choice_list, "")))
    form, (copied,) = add_questions(form, (copy,), parent=parent, index=index)
    return form, copied


def move_question(form: Form, path: Path, *, parent: Path, index: int) -> tuple[Form, Path]:
    """A question taken to another place, with its new path.

    `index` is the position among those who stand there once the question is taken out. A group stays where it is
    rather than going into itself.
    """
    question = _found(form, path)
    if _is_within(parent, path):
        return form, path
    questions = _at(form.questions, _parts(path), lambda question: ())

    def insert(level: _Level) -> _Level:
        at = max(0, min(index, len(level)))
        return (*level[:at], question, *level[at:])

    moved = f"{parent}.{question.name}" if parent else question.name
    form = replace(form, questions=_in_level(questions, _parts(parent), insert))
    return _with_columns(form, path, moved), moved


def replace_question(form: Form, path: Path, question: Question) -> Form:
    """The form with another question of the same name in its place; its choices become those of its list."""
    questions = _at(form.questions, _parts(path), lambda _: (question,))
    if not question.choice_list:
        return replace(form, questions=questions)
    return with_choices(replace(form, questions=questions), question.choice_list, question.choices)


def with_choices(form: Form, name: str, choices: tuple[Choice, ...]) -> Form:
    """The form with other choices in a list, for every question that uses it."""
    return replace(
        form,
        lists={**form.lists, name: choices},
        questions=_map(
            form.questions,
            lambda question: replace(question, choices=choices) if question.choice_list == name else question,
        ),
    )


def rename_question(form: Form, path: Path, name: str) -> tuple[Form, Path]:
    """The question by another name, unique in the form, and its new path.

    Whoever means this question says its new name: conditions and the other expressions, `${name}` in texts,
    triggers, columns of the report. Whoever means another question of the old name is left alone.
    """
    old = _found(form, path).name
    name = unique_name(name, names_of(form) - {old} if _is_only(form, old) else names_of(form))
    levels = make_levels(form)
    parent = path.rpartition(".")[0]
    renamed = f"{parent}.{name}" if parent else name

    def means(at: Path) -> bool:
        return meant_by(levels, old, at) == path

    def rewrite(question: Question, at: Path) -> Question:
        if means(at):
            question = _with_names(question, {old: name})
        return replace(question, name=name) if at == path else question

    form = replace(
        form,
        questions=_map_paths(form.questions, rewrite),
        instance_name=_rewritten(form.instance_name, {old: name}) if means("") else form.instance_name,
    )
    return _with_columns(form, path, renamed), renamed


def rename_choice(form: Form, choice_list: str, old: str, new: str) -> Form:
    """The form with another name for a choice, unique in its list; conditions that ask for it say the new one."""
    choices = form.lists[choice_list]
    new = unique_name(new, {choice.name for choice in choices} - {old})
    literal = re.compile(rf"""(['"]){re.escape(old)}\1""")
    levels = make_levels(form)
    askers = {path for path, question in walk_questions(form.questions) if question.choice_list == choice_list}

    def asks(text: str, at: Path) -> bool:
        names = {match[2] for match in _REFERENCE.finditer(text)}
        return at in askers or any(meant_by(levels, name, at) in askers for name in names)

    def rewrite(question: Question, at: Path) -> Question:
        changed = {
            field: literal.sub(rf"\g<1>{new}\g<1>", text) for field, text in question.expressions if asks(text, at)
        }
        if at in askers and question.default == old:
            changed["default"] = new
        return replace(question, **changed) if changed else question  # type: ignore[arg-type]

    form = replace(form, questions=_map_paths(form.questions, rewrite))
    renamed = (replace(choice, name=new) if choice.name == old else choice for choice in choices)
    return with_choices(form, choice_list, tuple(renamed))


def meant_by(levels: Mapping[str, Level], name: str, at: Path) -> Path | None:
    """The path of the question that `${name}` means in an expression of the question at a path (empty: the form's).

    docs/adr/0007: the nearest from the question's own level outwards; then what is inside the repeats.
    """
    level: Level | None
    level, own = level_of(dict(levels), at) if at else (levels[""], "")
    for group in reversed(level.groups(own)):
        if f"{group}.{name}" in level.questions:
            return level.template(f"{group}.{name}")
    while level is not None:
        if (found := level.find(name)) is not None:
            return level.template(found)
        level = level.outer
    return next(
        (inner.template(found) for inner in levels.values() if (found := inner.find(name)) is not None), None
    )


def without_language(form: Form, language: str) -> Form:
    """The form without the texts of a language."""

    def dropped(question: Question) -> Question:
        texts = {field: _without(getattr(question, field), language) for field in (*_TEXTS, "image")}
        choices = tuple(_choice_without(choice, language) for choice in question.choices)
        return replace(question, choices=choices, **texts)  # type: ignore[arg-type]

    return replace(
        form,
        title=_without(form.title, language),
        languages=tuple(known for known in form.languages if known != language),
        lists={
            name: tuple(_choice_without(choice, language) for choice in choices)
            for name, choices in form.lists.items()
        },
        questions=_map(form.questions, dropped),
        columns=tuple(replace(column, heading=_without(column.heading, language)) for column in form.columns),
    )


def without_references(form: Form, broken: Iterable[tuple[Path, str]]) -> Form:
    """The form with some (path, field) of its expressions left out, and texts without `${answers}`.

    So that the rest of it can be shown while something is wrong there.
    """
    fields: dict[Path, set[str]] = {}
    for path, name in broken:
        fields.setdefault(path, set()).add(name)

    def mended(question: Question, path: Path) -> Question:
        names = fields.get(path, set())
        texts = {
            name: {language: _REFERENCE.sub("…", text) for language, text in getattr(question, name).items()}
            for name in names.intersection(_TEXTS)
        }
        return replace(question, **texts, **dict.fromkeys(names.intersection(_EXPRESSIONS), ""))  # type: ignore[arg-type]

    return replace(form, questions=_map_paths(form.questions, mended))


def all_references(form: Form) -> Iterator[tuple[Path, str]]:
    """Every (path, field) that may speak of other answers."""
    for path, _ in walk_questions(form.questions):
        for name in (*_TEXTS, *_EXPRESSIONS):
            yield path, name


def _parts(path: Path) -> list[str]:
    return path.split(".") if path else []


def _is_within(path: Path, outer: Path) -> bool:
    return path == outer or path.startswith(f"{outer}.")


def _found(form: Form, path: Path) -> Question:
    question = form.question_at(path)
    if question is None:
        raise KeyError(path)
    return question


def _level_at(form: Form, parent: Path) -> _Level:
    return _found(form, parent).questions if parent else form.questions


def _is_only(form: Form, name: str) -> bool:
    return sum(question.name == name for _, question in walk_questions(form.questions)) == 1


def _is_asked(form: Form, choice_list: str) -> bool:
    """Whether an expression looks into a list by name, as instance() does."""
    return any(
        choice_list in text for _, question in walk_questions(form.questions) for _, text in question.expressions
    )


def _in_level(questions: _Level, parts: list[str], change: Callable[[_Level], _Level]) -> _Level:
    """The questions with one level of them changed: of the group or repeat that the parts lead to."""
    if not parts:
        return change(questions)

    def deeper(question: Question) -> _Level:
        if question.type not in CONTAINERS:
            raise KeyError(question.name)
        return (replace(question, questions=_in_level(question.questions, parts[1:], change)),)

    return _at(questions, parts[:1], deeper)


def _at(questions: _Level, parts: list[str], change: Callable[[Question], _Level]) -> _Level:
    """The questions with one of them changed into none, one or more."""
    if all(question.name != parts[0] for question in questions):
        raise KeyError(parts[0])
    if len(parts) > 1:
        return _at(
            questions,
            parts[:1],
            lambda question: (replace(question, questions=_at(question.questions, parts[1:], change)),),
        )
    changed: list[Question] = []
    for question in questions:
        changed.extend(change(question) if question.name == parts[0] else (question,))
    return tuple(changed)


def _map(questions: _Level, change: Callable[[Question], Question]) -> _Level:
    return _map_paths(questions, lambda question, _: change(question))


def _map_paths(questions: _Level, change: Callable[[Question, Path], Question], prefix: str = "") -> _Level:
    """Every question changed, with the path it had; those inside first."""
    return tuple(
        change(
            replace(question, questions=_map_paths(question.questions, change, f"{prefix}{question.name}.")),
            prefix + question.name,
        )
        for question in questions
    )


def _settle(question: Question, renamed: Mapping[str, str], lists: dict[str, tuple[Choice, ...]]) -> Question:
    """A question that comes from elsewhere, under its new name and with its list among the form's."""
    choice_list = question.choice_list
    if choice_list and lists.get(choice_list, question.choices) != question.choices:
        choice_list = unique_name(choice_list, lists)
    if choice_list:
        lists[choice_list] = question.choices
    question = _with_names(question, renamed)
    inner = tuple(_settle(nested, renamed, lists) for nested in question.questions)
    return replace(question, name=renamed[question.name], choice_list=choice_list, questions=inner)


def _with_names(question: Question, renamed: Mapping[str, str]) -> Question:
    texts = {
        field: {language: _rewritten(text, renamed) for language, text in getattr(question, field).items()}
        for field in _TEXTS
    }
    expressions = {field: _rewritten(getattr(question, field), renamed) for field in _EXPRESSIONS}
    trigger = tuple(renamed.get(name, name) for name in question.trigger)
    return replace(question, trigger=trigger, **texts, **expressions)  # type: ignore[arg-type]


def _rewritten(text: str, renamed: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda match: f"${{{match[1]}{renamed.get(match[2], match[2])}{match[3]}}}", text)


def _with_columns(form: Form, path: Path, renamed: Path) -> Form:
    """The form with the report's columns of a question, and of what is in it, under its new path."""
    return replace(
        form,
        columns=tuple(
            replace(column, question=renamed + column.question[len(path) :])
            if _is_within(column.question, path)
            else column
            for column in form.columns
        ),
    )


def _without(text: Mapping[str, str], language: str) -> dict[str, str]:
    return {known: words for known, words in text.items() if known != language}


def _choice_without(choice: Choice, language: str) -> Choice:
    return replace(choice, label=_without(choice.label, language), image=_without(choice.image, language))
