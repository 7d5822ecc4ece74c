"""The words of XLSForm's sheets: headings with their older names and languages, and our own conventions.

Between `reading` and `understanding`; `writing` uses the same words. Must not know: what a row becomes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from pyxform import aliases
from pyxform.parsing.sheet_headers import process_header

from tianbao.domain.forms import Kind

CARRIED: Final = "tianbao_carried"
OPENNESS: Final = "tianbao_openness"
LENGTH_MAX: Final = "tianbao_length_max"
ROWS_MAX: Final = "tianbao_rows_max"
DEFAULT: Final = "tianbao_default"
"""Whether `default` is a `text` or an `expression`, where its look says otherwise."""
TITLE: Final = "tianbao_title"
"""The title in each language; other tools take `form_title` in one language only."""
REPEATS: Final = "tianbao_repeats"
EXCLUSIVE: Final = "exclusive"

KIND_TOKENS: Final[Mapping[str, Kind]] = {
    "document-number" if kind is Kind.DOCUMENT else kind.value.replace("_", "-"): kind
    for kind in Kind
    if kind is not Kind.PLAIN
}
"""The appearance that says a kind; other tools pass over it."""

SURVEY_TEXTS: Final = {
    "label": "label",
    "hint": "hint",
    "guidance_hint": "guidance",
    "image": "image",
    "required_message": "required_message",
    "constraint_message": "constraint_message",
}
"""Translatable columns of the survey sheet and the fields of `Question` they fill."""
SURVEY_COLUMNS: Final = frozenset(
    {
        *SURVEY_TEXTS,
        *("type", "name", "required", "relevant", "constraint", "calculation", "default", "read_only"),
        *("appearance", "choice_filter", "repeat_count", "parameters", "trigger", "disabled"),
        *(CARRIED, OPENNESS, LENGTH_MAX, ROWS_MAX, DEFAULT),
    }
)
CHOICE_TEXTS: Final = frozenset({"label", "image"})
CHOICE_COLUMNS: Final = CHOICE_TEXTS | {"list_name", "name", EXCLUSIVE}
SETTINGS_COLUMNS: Final = frozenset(
    {
        *(
            "form_title",
            "form_id",
            "version",
            "default_language",
            "style",
            "instance_name",
            "allow_choice_duplicates",
        ),
        REPEATS,
    }
)
EXPORT_COLUMNS: Final = frozenset({"name", "heading", "width"})
SUPPORTED_APPEARANCES: Final = frozenset(
    {
        *(
            "minimal",
            "autocomplete",
            "search",
            "multiline",
            "numbers",
            "field-list",
            "month-year",
            "year",
            "likert",
        ),
        *("columns", "columns-pack", "quick", "quickcompact", "compact", "horizontal", "horizontal-compact"),
        *("label", "list", "list-nolabel", "no-calendar", "pages", "dynamic"),
        *(f"columns-{count}" for count in range(1, 11)),
        *(f"w{width}" for width in range(1, 13)),
    }
)
"""What changes how a question looks here, or is said for another layout and can be left aside silently."""

_RENAMED: Final = {
    "jr:constraintMsg": "constraint_message",
    "jr:requiredMsg": "required_message",
    "readonly": "read_only",
    "calculate": "calculation",
    "jr:count": "repeat_count",
    "list name": "list_name",
    "title": "form_title",
    TITLE: "form_title",
    "id_string": "form_id",
}
"""pyxform's names for columns → XLSForm's."""
_GROUPS: Final = frozenset({"bind", "control", "media"})
_ALIASES: Final = {
    "survey": aliases.survey_header,
    "choices": aliases.list_header,
    "external_choices": aliases.list_header,
    "settings": aliases.settings_header,
    "export": {},
}
_KNOWN: Final = {
    "survey": SURVEY_COLUMNS,
    "choices": CHOICE_COLUMNS,
    "external_choices": CHOICE_COLUMNS,
    "settings": SETTINGS_COLUMNS,
    "export": EXPORT_COLUMNS,
}
_TRANSLATED: Final = {
    "survey": frozenset(SURVEY_TEXTS),
    "choices": CHOICE_TEXTS,
    "external_choices": CHOICE_TEXTS,
    "settings": frozenset({"form_title"}),
    "export": frozenset({"heading"}),
}


class Column(NamedTuple):
    """A heading understood: XLSForm's name for it and the language as written. The name is empty if unknown."""

    name: str
    language: str = ""


def read_headings(sheet: str, headings: Collection[str]) -> dict[str, Column]:
    """Every heading of a sheet by what it means; where two mean the same, the first counts."""
    has_double_colon = any("::" in heading for heading in headings)
    found: dict[str, Column] = {}
    for heading in headings:
        column = _read_heading(sheet, heading, has_double_colon)
        found[heading] = Column("") if column.name and column in found.values() else column
    return found


def _read_heading(sheet: str, heading: str, has_double_colon: bool) -> Column:
    known = _KNOWN[sheet]
    try:
        tokens = process_header(heading, has_double_colon, _ALIASES[sheet], {*known, *_GROUPS, TITLE})[1]
    except IndexError:  # `jr:` with nothing behind it
        return Column("")
    if len(tokens) > 1 and tokens[0] in _GROUPS:
        tokens = tokens[1:]
    name, rest = _RENAMED.get(tokens[0], tokens[0]), tokens[1:]
    if name not in known or (rest and name not in _TRANSLATED[sheet]):
        return Column("")
    return Column(name, "::".join(rest))


_TAG: Final = re.compile(r"(?:x|[A-Za-z]{2,3})(?:-[A-Za-z0-9]{1,8}){0,4}")
_IN_PARENTHESES: Final = re.compile(r".*\(\s*([^()]+?)\s*\)\s*")
_NAMES: Final = {
    "zh-Hans": ("中文", "简体中文", "chinese", "simplified chinese", "汉语", "普通话", "zh", "zh-cn", "cn"),
    "zh-Hant": ("繁體中文", "繁体中文", "traditional chinese", "zh-tw", "zh-hk"),
    "en": ("English", "eng", "anglais", "inglés", "ingles", "英文", "英语"),
    "fr": ("Français", "french", "francais", "fre"),
    "es": ("Español", "spanish", "espanol", "castellano"),
    "ar": ("العربية", "arabic", "عربي", "عربية"),
    "pt": ("Português", "portuguese", "portugues"),
    "ru": ("Русский", "russian"),
    "sw": ("Kiswahili", "swahili"),
    "hi": ("हिन्दी", "hindi"),
    "bn": ("বাংলা", "bengali", "bangla"),
    "ne": ("नेपाली", "nepali"),
    "ur": ("اردو", "urdu"),
    "id": ("Bahasa Indonesia", "indonesian", "bahasa"),
    "vi": ("Tiếng Việt", "vietnamese"),
    "th": ("ไทย", "thai"),
    "my": ("မြန်မာ", "burmese", "myanmar"),
    "ja": ("日本語", "japanese"),
    "ko": ("한국어", "korean"),
    "de": ("Deutsch", "german"),
    "it": ("Italiano", "italian"),
    "tr": ("Türkçe", "turkish"),
    "fa": ("فارسی", "farsi", "persian", "dari"),
    "ps": ("پښتو", "pashto"),
    "uk": ("Українська", "ukrainian"),
    "ht": ("Kreyòl", "haitian creole", "creole", "kreyol"),
    "am": ("አማርኛ", "amharic"),
    "so": ("Soomaali", "somali"),
    "tl": ("Filipino", "tagalog"),
    "mn": ("Монгол", "mongolian"),
    "bo": ("བོད་སྐད་", "tibetan", "藏语"),
    "ug": ("ئۇيغۇرچە", "uyghur", "维吾尔语"),
}
"""A language's own name, then what else people write for it."""
_TAGS: Final = {name.lower(): tag for tag, names in _NAMES.items() for name in names}


def read_languages(written: Iterable[str]) -> dict[str, str]:
    """BCP 47 tags by language as written: the part in parentheses, else a common name, else a private tag."""
    tags: dict[str, str] = {}
    for name in written:
        if name not in tags:
            tags[name] = _read_language(name, set(tags.values()))
    return tags


def _read_language(name: str, taken: set[str]) -> str:
    inside = _IN_PARENTHESES.fullmatch(name)
    if inside and _TAG.fullmatch(inside[1]):
        return _cased(inside[1])
    plain = " ".join(name.lower().split())
    if plain in _TAGS:
        return _TAGS[plain]
    if _TAG.fullmatch(name) and len(name.partition("-")[0]) == 2:
        return _cased(name)
    slug = re.sub(r"[^a-z0-9]", "", plain)[:8] or "other"
    tag, number = f"x-{slug}", 2
    while tag in taken:
        tag, number = f"x-{slug[:6]}{number}", number + 1
    return tag


def _cased(tag: str) -> str:
    """The language in lower case; the rest as written, because a form may hold it so."""
    language, dash, rest = tag.partition("-")
    return language.lower() + dash + rest


def write_language(tag: str) -> str:
    """A language for a heading: `English (en)`."""
    return f"{_NAMES[tag][0]} ({tag})" if tag in _NAMES else f"{tag} ({tag})"
