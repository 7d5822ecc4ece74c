"""What a mark beside an answer says, as a sentence in the reader's language.

Marks are the values of the `Doubt` enums of `domain.documents`, `names` and `phones` and those that
`domain.validation` adds. Must not know: which answer is doubtful, who reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tianbao.texts import Translator


def doubt_sentence(mark: str, _: Translator) -> str:
    """The sentence for a mark; a general one for a mark of a later version."""
    return _SENTENCES[mark](_) if mark in _SENTENCES else _("Something about it is unusual.")


_SENTENCES: Final[Mapping[str, Callable[[Translator], str]]] = {
    "area_code": lambda _: _("It begins with the code of a region that does not exist."),
    "birth_date": lambda _: _("The date of birth in it cannot be right."),
    "check_digit": lambda _: _("The last character does not fit the others; one of them may be wrong."),
    "digits": lambda _: _("There are digits in the name."),
    "form": lambda _: _("There is a character in it that does not belong there."),
    "future": lambda _: _("The date lies in the future."),
    "incomplete": lambda _: _("The area code is missing."),
    "length": lambda _: _("It is shorter or longer than usual."),
    "old_form": lambda _: _("It is the number of a document that is no longer issued."),
    "other_type": lambda _: _("It looks like the number of another kind of document."),
    "placeholder": lambda _: _("It does not look like somebody’s name."),
    "service_number": lambda _: _("It is the number of a hotline."),
    "several": lambda _: _("There is more than one number."),
    "single_character": lambda _: _("It has only one character."),
    "unclear": lambda _: _("It could be one of several places."),
    "unresolved": lambda _: _("This place is not in the list of places."),
}
