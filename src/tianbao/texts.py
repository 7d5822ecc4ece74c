"""The program's own texts in the reader's language: the catalogue Django uses too, read without Django.

English is the message itself. Must not know: the texts of forms, which are data.
"""

from __future__ import annotations

import gettext
import locale
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

Translator: TypeAlias = Callable[[str], str]

LANGUAGES: Final = {"zh-Hans": "zh_Hans", "en": "en"}
"""BCP 47 tag → folder of the catalogue."""
LANGUAGE_DEFAULT: Final = "zh-Hans"

_LOCALE = Path(__file__).parent / "locale"


@cache
def translator(language: str) -> Translator:
    """The translator of a language; English msgids come back where nothing stands."""
    folder = LANGUAGES.get(language, "en")
    return gettext.translation("django", _LOCALE, languages=[folder], fallback=True).gettext


def terminal_language() -> str:
    """The reader's at a terminal, by the environment or else (Windows) the system: Chinese or English."""
    said = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), None)
    return "zh-Hans" if (said or locale.getlocale()[0] or "").lower().startswith(("zh", "chinese")) else "en"


def choose_language(chosen: str, accepted: str, offered: tuple[str, ...]) -> str:
    """What the reader chose if offered, else the first of Accept-Language that is, else the first offered."""
    if chosen in offered:
        return chosen
    for part in accepted[:200].split(","):
        tag = part.partition(";")[0].strip().lower()
        for language in offered:
            if tag and tag.split("-")[0] == language.lower().split("-")[0]:
                return language
    return offered[0] if offered else LANGUAGE_DEFAULT
