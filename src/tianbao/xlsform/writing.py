"""A form into the sheets of an XLSForm: .xlsx for people, Markdown for kits and differences, CSV for programs.

The way back: what `understanding` makes of it is the same form. Must not know: who asked for it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Final, TypeAlias

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from tianbao.domain.forms import (
    CHOSEN,
    Choice,
    Form,
    Kind,
    Openness,
    Question,
    QuestionType,
    Repeats,
    Text,
)
from tianbao.xlsform import columns as names
from tianbao.xlsform.columns import SURVEY_TEXTS, write_language
from tianbao.xlsform.questions import looks_dynamic

Rows: TypeAlias = list[dict[str, str]]

_TOKENS: Final = {kind: token for token, kind in names.KIND_TOKENS.items()}
_PLAIN: Final = {described.name: described.default for described in fields(Question)}
_WIDTH_MAX: Final = 60
_CONTAINERS: Final = (QuestionType.GROUP, QuestionType.REPEAT)


def write_workbook(form: Form) -> bytes:
    """The form as an .xlsx file."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in write_sheets(form).items():
        sheet = book.create_sheet(title)
        headings = _headings(rows)
        for number, cells in enumerate([dict(zip(headings, headings, strict=True)), *rows], start=1):
            for position, heading in enumerate(headings, start=1):
                if text := cells.get(heading):
                    cell = sheet.cell(number, position)
                    cell.value = text
                    cell.data_type = "s"  # text that begins with = is no formula
                    cell.alignment = Alignment(wrap_text="\n" in text, vertical="top")
                    cell.font = Font(bold=number == 1)
        for position, heading in enumerate(headings, start=1):
            longest = max(len(row.get(heading, "")) for row in (*rows, {heading: heading}))
            sheet.column_dimensions[get_column_letter(position)].width = min(longest + 2, _WIDTH_MAX)
        sheet.freeze_panes = "A2"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def write_markdown(form: Form) -> str:
    """The form as Markdown tables, as pyxform reads them."""
    lines = []
    for title, rows in write_sheets(form).items():
        headings = _headings(rows)
        lines += [f"| {title} |", _line(headings)]
        lines += [_line(row.get(heading, "") for heading in headings) for row in rows]
        lines.append("")
    return "\n".join(lines)


def write_csv(form: Form) -> str:
    """The form as CSV: each sheet's name alone in the first column, its rows from the second on."""
    file = io.StringIO()
    writer = csv.writer(file)
    for title, rows in write_sheets(form).items():
        headings = _headings(rows)
        writer.writerow([title])
        writer.writerow(["", *headings])
        writer.writerows(["", *(row.get(heading, "") for heading in headings)] for row in rows)
    return file.getvalue()


def write_sheets(form: Form) -> dict[str, Rows]:
    """The sheets by name, each row by heading; empty sheets are left out."""
    sheets = {
        "survey": [row for question in form.questions for row in _question_rows(question, form)],
        "choices": [_choice_row(name, choice, form) for name, choices in form.lists.items() for choice in choices],
        "settings": [_settings_row(form)],
        "export": [
            {
                "name": column.question,
                **_texts("heading", column.heading, form),
                "width": str(column.width_characters or ""),
            }
            for column in form.columns
        ],
    }
    return {name: rows for name, rows in sheets.items() if rows}


def _headings(rows: Rows) -> list[str]:
    """Every heading with something under it, in the order of the rows' own keys; label and name always."""
    kept = dict.fromkeys(heading for row in rows for heading in row)
    always = ("type", "name", "label")
    return [heading for heading in kept if heading.startswith(always) or any(row.get(heading) for row in rows)]


def _question_rows(question: Question, form: Form) -> Iterator[dict[str, str]]:
    word = question.type.value
    is_container = question.type in _CONTAINERS
    yield {
        "type": f"begin_{word}" if is_container else word + f" {question.choice_list}" * (question.type in CHOSEN),
        "name": question.name,
        **{
            heading: text
            for column, field in SURVEY_TEXTS.items()
            for heading, text in _texts(column, getattr(question, field), form).items()
        },
        "appearance": " ".join(
            [*question.appearance, *([_TOKENS[question.kind]] if question.kind is not Kind.PLAIN else [])]
        ),
        "required": "yes" if question.required else question.required_if,
        **{name: getattr(question, name) for name in ("relevant", "constraint", "calculation")},
        "trigger": ", ".join(f"${{{name}}}" for name in question.trigger),
        **_default(question),
        "read_only": "yes" if question.read_only else "",
        **{name: getattr(question, name) for name in ("choice_filter", "repeat_count")},
        "parameters": " ".join(f"{name}={value}" for name, value in _parameters(question)),
        names.CARRIED: "" if question.carried else "no",
        names.OPENNESS: _openness(question),
        names.LENGTH_MAX: _limit(question, "length_max"),
        names.ROWS_MAX: _limit(question, "rows_max"),
    }
    if is_container:
        for inner in question.questions:
            yield from _question_rows(inner, form)
        yield {"type": f"end_{word}"}


def _texts(column: str, text: Text, form: Form) -> dict[str, str]:
    return {f"{column}::{write_language(language)}": text.get(language, "") for language in form.languages}


def _default(question: Question) -> dict[str, str]:
    """With a word beside it where its look would have it read as what it is not."""
    written = question.default or question.initial
    is_expression = bool(question.initial)
    is_clear = not written or looks_dynamic(written, question.type) == is_expression
    return {"default": written, names.DEFAULT: "" if is_clear else "expression" if is_expression else "text"}


def _openness(question: Question) -> str:
    return question.declared.value if question.declared in (Openness.OPEN, Openness.SEALED) else ""


def _limit(question: Question, name: str) -> str:
    value = getattr(question, name)
    return "" if value == _PLAIN[name] else str(value)


def _parameters(question: Question) -> Iterator[tuple[str, str]]:
    for name, value in (("start", question.minimum), ("end", question.maximum), ("step", question.step)):
        if value is not None:
            yield name, repr(int(value) if float(value).is_integer() else value)
    if question.randomize:
        yield "randomize", "true"
    if question.seed:
        yield "seed", question.seed
    if question.max_pixels is not None:
        yield "max-pixels", str(question.max_pixels)


def _choice_row(list_name: str, choice: Choice, form: Form) -> dict[str, str]:
    return {
        "list_name": list_name,
        "name": choice.name,
        **_texts("label", choice.label, form),
        **_texts("image", choice.image, form),
        names.EXCLUSIVE: "yes" if choice.exclusive else "",
        **choice.columns,
    }


def _has_twice(choices: tuple[Choice, ...]) -> bool:
    """Whether a name stands for several choices, which a filter tells apart."""
    return len({choice.name for choice in choices}) < len(choices)


def _settings_row(form: Form) -> dict[str, str]:
    first = next(iter(form.languages), "")
    return {
        "form_title": form.title.get(first, ""),
        **_texts(names.TITLE, form.title, form),
        "form_id": form.name,
        "version": str(form.version),
        "default_language": write_language(first),
        "style": form.style,
        "instance_name": form.instance_name,
        "allow_choice_duplicates": "yes" if any(map(_has_twice, form.lists.values())) else "",
        names.REPEATS: "" if form.repeats is Repeats.APART else form.repeats.value,
    }


_BREAK_LIKE = re.compile(r"&((?:amp;)*)lt;(?=br ?/?>)")
_BREAK = re.compile(r"<(?=br ?/?>)")


def _line(cells: Iterable[str]) -> str:
    return f"| | {' | '.join(map(_escaped, cells))} |"


def _escaped(text: str) -> str:
    """A cell in one line; `<br>` stands for a new line, so one that was written becomes `&lt;br>`."""
    text = _BREAK_LIKE.sub(lambda found: f"&amp;{found[1]}lt;", text)
    return _BREAK.sub("&lt;", text).replace("\n", "<br>").replace("|", "\\|")
