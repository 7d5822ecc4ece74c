"""What the designer asks to be done with a form, one act at a time: an object from its page into a new form.

Between the designer's page and `domain.form_editing`, with the names and first texts that only services can make.
Must not know: drafts and their revisions, HTTP.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from tianbao.domain.condition_picking import Comparison, Joined, Picked, PickedRow, ValueType, write_condition
from tianbao.domain.form_editing import (
    NAME_LENGTH_MAX,
    add_questions,
    duplicate_question,
    is_name,
    move_question,
    remove_question,
    rename_choice,
    rename_question,
    replace_question,
    unique_name,
    with_choices,
    without_language,
)
from tianbao.domain.forms import Choice, Form, Path, Question, load_form
from tianbao.domain.problems import Code, refuse
from tianbao.services.question_types import KINDS, in_languages_of, new_block, new_question, with_kind
from tianbao.services.search_keys import name_keys

LANGUAGES_MAX: Final = 12
LINES_MAX: Final = 5_000
"""Lines in one paste of choices."""
CONDITIONS: Final = ("relevant", "required_if", "constraint")
"""The fields whose expressions are picked."""

_HAN: Final = re.compile("[\u3007\u3400-\u9fff\U00020000-\U0003ffff]")
_WORDS: Final = re.compile(
    "[\u3007\u3400-\u9fff\U00020000-\U0003ffff]|[^\\W_\u3007\u3400-\u9fff\U00020000-\U0003ffff]+"
)
_LANGUAGE: Final = re.compile("[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def read_definition(data: Any) -> Form:
    """The form that a browser sent, in the shape of `dump_form`. Raises Refused for anything else."""
    try:
        bare = {**data, "questions": [], "lists": {}}
        msgspec.convert(bare, Form)
        questions = msgspec.convert(data["questions"], tuple[Question, ...])
        lists = msgspec.convert(data["lists"], dict[str, tuple[Choice, ...]])
        del questions, lists
        return load_form(data)
    except (msgspec.ValidationError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise refuse(Code.MALFORMED_JSON) from None


def do_act(form: Form, act: Mapping[str, Any], published: Form | None = None) -> tuple[Form, Path]:
    """The form after an act, and the path of the question to look at then (empty: none). Raises Refused.

    What `published` has keeps its name, unless it is renamed by hand.
    """
    is_published = published is not None and published.question_at(str(act.get("path", ""))) is not None
    if is_published and act.get("do") in ("name", "choice_name"):
        return form, str(act["path"])
    try:
        return _do(form, act)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise refuse(Code.MALFORMED_JSON) from None


def make_name(text: str) -> str:
    """A name for a question, choice or form out of its label: pinyin or letters; empty where there are none."""
    words = [_spell(word) for word in _WORDS.findall(text[:200])]
    name = ""
    for word in filter(None, words):
        longer = f"{name}_{word}" if name else word[:NAME_LENGTH_MAX]
        if len(longer) > NAME_LENGTH_MAX:
            break
        name = longer
    return f"_{name}" if name[:1].isdecimal() else name


def name_choices(form: Form) -> Form:
    """The form with a name for every choice that has none yet, made from its first label."""
    for choice_list, choices in form.lists.items():
        if all(choice.name for choice in choices):
            continue
        named: list[Choice] = []
        taken = {choice.name for choice in choices}
        for choice in choices:
            name = choice.name or unique_name(make_name(_first(choice.label)) or "choice", taken)
            taken.add(name)
            named.append(replace(choice, name=name))
        form = with_choices(form, choice_list, tuple(named))
    return form


def _do(form: Form, act: Mapping[str, Any]) -> tuple[Form, Path]:
    match act:
        case {"do": "add", "kind": str(kind), "parent": str(parent), "index": int(index)}:
            added = (new_question(kind, form.languages),)
            return _last_of(add_questions(form, added, parent=parent, index=index))
        case {"do": "block", "block": str(block), "parent": str(parent), "index": int(index)}:
            questions = in_languages_of(new_block(block), form)
            return _last_of(add_questions(form, questions, parent=parent, index=index))
        case {"do": "move", "path": str(path), "parent": str(parent), "index": int(index)}:
            return move_question(form, path, parent=parent, index=index)
        case {"do": "remove", "path": str(path)}:
            return remove_question(form, path), ""
        case {"do": "duplicate", "path": str(path)}:
            return duplicate_question(form, path)
        case {"do": "rename", "path": str(path), "name": str(name)}:
            name = name.strip()
            return rename_question(form, path, name if is_name(name) else make_name(name) or "question")
        case {"do": "name", "path": str(path), "was": str(was)}:
            return _name_after_label(form, path, was)
        case {"do": "kind", "path": str(path), "kind": str(kind)}:
            return replace_question(form, path, with_kind(_found(form, path), kind, form.languages)), path
        case {"do": "condition", "path": str(path), "field": str(field), "rows": list(rows), "joined": str(joined)}:
            return _with_condition(form, path, field, rows, joined), path
        case {"do": "choices", "path": str(path), "lines": str(lines)}:
            return _with_pasted(form, path, lines), path
        case {"do": "choice_name", "path": str(path), "choice": str(choice)}:
            return _name_choice(form, path, choice), path
        case {"do": "add_language", "language": str(language), "at": str(path)}:
            return _with_language(form, language), path
        case {"do": "remove_language", "language": str(language), "at": str(path)} if len(form.languages) > 1:
            return without_language(form, language), path
        case _:
            raise ValueError(act)


def _last_of(added: tuple[Form, tuple[Path, ...]]) -> tuple[Form, Path]:
    """The last of a block, so that what is added next comes behind the block."""
    form, paths = added
    return form, paths[-1]


def _found(form: Form, path: Path) -> Question:
    question = form.question_at(path)
    if question is None:
        raise KeyError(path)
    return question


def _name_after_label(form: Form, path: Path, was: str) -> tuple[Form, Path]:
    """A name that was made from the label follows it; one that somebody chose, or that was published, does not."""
    question = _found(form, path)
    made = re.sub(r"_[0-9]+$", "", question.name)
    name = make_name(_first(question.label))
    if not name or made not in {make_name(was), *KINDS}:
        return form, path
    return rename_question(form, path, name)


def _with_condition(form: Form, path: Path, field: str, rows: list[Any], joined: str) -> Form:
    if field not in CONDITIONS:
        raise ValueError(field)
    picked = Picked(
        tuple(
            PickedRow(
                row["question"], Comparison(row["comparison"]), str(row["value"]), ValueType(row["value_type"])
            )
            for row in rows
        ),
        Joined(joined),
    )
    text = write_condition(picked) if rows else ""
    return replace_question(form, path, replace(_found(form, path), **{field: text}))  # type: ignore[arg-type]


def _with_pasted(form: Form, path: Path, lines: str) -> Form:
    """Choices from lines as a spreadsheet copies them: one column a language, empty lines left out."""
    question = _found(form, path)
    pasted = [
        Choice("", {language: cell for language, cell in zip(form.languages, cells, strict=False) if cell})
        for cells in _cells(lines)
    ]
    untouched = all(re.fullmatch(r"choice_[0-9]+", choice.name) and not choice.image for choice in question.choices)
    choices = (*(() if untouched and pasted else question.choices), *pasted)
    return name_choices(with_choices(form, question.choice_list, choices))


def _cells(lines: str) -> list[list[str]]:
    rows = [[cell.strip() for cell in line.split("\t")] for line in lines.splitlines()[:LINES_MAX]]
    return [cells for cells in rows if any(cells)]


def _name_choice(form: Form, path: Path, name: str) -> Form:
    """A choice that still has the name it came with takes one from its label."""
    question = _found(form, path)
    choice = next(choice for choice in question.choices if choice.name == name)
    wanted = make_name(_first(choice.label))
    if not wanted or not re.fullmatch(r"choice(_[0-9]+)?", name):
        return form
    return rename_choice(form, question.choice_list, name, wanted)


def _with_language(form: Form, language: str) -> Form:
    if not _LANGUAGE.fullmatch(language) or language in form.languages or len(form.languages) >= LANGUAGES_MAX:
        raise ValueError(language)
    return replace(form, languages=(*form.languages, language))


def _spell(word: str) -> str:
    if _HAN.fullmatch(word):
        return name_keys(word).pinyin.partition(" ")[0]
    decomposed = unicodedata.normalize("NFKD", word.lower())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return plain if plain.isalnum() else ""


def _first(text: Mapping[str, str]) -> str:
    return next(iter(text.values()), "")
