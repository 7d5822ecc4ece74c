"""The pictures of a form's labels and choices: which texts name one, and what a picture that is kept is called.

A kept picture is called by what is in it, so that it never changes and a form that names it need not hold it. Must
not know: where pictures are kept, image formats.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import replace
from hashlib import sha256
from typing import Final

from tianbao.domain.forms import Choice, Form, Question, Text, walk_questions

UNNAMED_KEPT_MS: Final = 7 * 86_400_000
"""So long a picture that no form names stays: undo in the designer may name it again."""
_KEPT: Final = re.compile(r"[0-9a-f]{32}\.jpg")


def picture_name(data: bytes) -> str:
    """The name under which a picture is kept: of its JPEG's bytes."""
    return f"{sha256(data).hexdigest()[:32]}.jpg"


def is_kept(name: str) -> bool:
    """Whether a text names a picture that was kept, not a file that came with a spreadsheet."""
    return _KEPT.fullmatch(name) is not None


def unnamed_pictures(kept_ms: Mapping[str, int], named: Set[str], *, now_ms: int) -> list[str]:
    """Of the pictures that are kept, each since its Unix time, those that nobody will miss."""
    return [name for name, at_ms in kept_ms.items() if name not in named and now_ms - at_ms > UNNAMED_KEPT_MS]


def named_pictures(form: Form) -> Iterator[str]:
    """Every file that a text of the form names as a picture."""
    for _, question in walk_questions(form.questions):
        yield from question.image.values()
    for choices in form.lists.values():
        for choice in choices:
            yield from choice.image.values()


def rename_pictures(form: Form, rename: Callable[[str], str]) -> Form:
    """The form with other names for its pictures; choices stay those of their lists."""

    def texts(text: Text) -> Text:
        return {language: rename(name) for language, name in text.items()}

    lists: dict[str, tuple[Choice, ...]] = {
        name: tuple(replace(choice, image=texts(choice.image)) if choice.image else choice for choice in choices)
        for name, choices in form.lists.items()
    }

    def renamed(question: Question) -> Question:
        return replace(
            question,
            image=texts(question.image),
            choices=lists.get(question.choice_list, ()),
            questions=tuple(map(renamed, question.questions)),
        )

    return replace(form, lists=lists, questions=tuple(map(renamed, form.questions)))
