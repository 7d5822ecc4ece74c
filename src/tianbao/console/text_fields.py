"""Purpose, legal basis, notice and deletion period as fields of a form, for the guide and the settings.

A field is `purpose.zh-Hans`, as `services.organisation.check_texts` names it in problems. Must not know:
which screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tianbao.console.labels import label_of
from tianbao.domain.forms import Text
from tianbao.services.organisation import LANGUAGES, TEXT_LENGTH_MAX

TEXTS: Final = ("purpose", "legal_basis", "notice")
FIELDS: Final = (*(f"{text}.{language}" for text in TEXTS for language in LANGUAGES), "deletion_days")
_LANGUAGE_NAMES: Final = {"zh-Hans": "中文", "en": "English"}


@dataclass(frozen=True, slots=True)
class TextField:
    """One text in one language."""

    name: str
    label: str
    language: str
    value: str
    problem: str
    rows: int
    length_max: int = TEXT_LENGTH_MAX


def text_fields(values: Mapping[str, str], problems: Mapping[str, str]) -> list[TextField]:
    """The fields with what was typed."""
    return [
        TextField(
            name=f"{text}.{language}",
            label=f"{label_of(text)} · {_LANGUAGE_NAMES[language]}",
            language=language,
            value=values.get(f"{text}.{language}", ""),
            problem=problems.get(f"{text}.{language}", ""),
            rows=5 if text == "notice" else 3,
        )
        for text in TEXTS
        for language in LANGUAGES
    ]


def read_texts(values: Mapping[str, str]) -> dict[str, Text]:
    """purpose, legal_basis, notice by language."""
    return {text: {language: values.get(f"{text}.{language}", "") for language in LANGUAGES} for text in TEXTS}


def write_texts(texts: Mapping[str, Text]) -> dict[str, str]:
    """The inverse of `read_texts`."""
    return {f"{text}.{language}": texts[text].get(language, "") for text in TEXTS for language in LANGUAGES}


def read_days(values: Mapping[str, str]) -> int | None:
    """The deletion period; None for what is no whole number."""
    typed = values.get("deletion_days", "").strip()
    return int(typed) if typed.isdecimal() and len(typed) <= 6 else None
