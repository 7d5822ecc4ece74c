"""Choice lists: from the choices sheets and from the files that come with a form.

Beside `questions`, which asks for them by name. Must not know: what chooses from a list.
"""

from __future__ import annotations

import re
from typing import Final

from tianbao.domain.form_problems import FormCode
from tianbao.domain.forms import Choice
from tianbao.xlsform import columns as names
from tianbao.xlsform.attachments import Find, Unreadable, read_choices
from tianbao.xlsform.reading import Row
from tianbao.xlsform.tables import CHOICE_SHEETS, YES, Table, Tables, is_name
from tianbao.xlsform.types import CSV_EXTERNAL, read_type

_LOOKED_INTO = re.compile(r"(?:pulldata|instance)\(\s*['\"]([^'\"]+)['\"]")
_ASKING: Final = ("relevant", "required", "constraint", "calculation", "default", "choice_filter", "repeat_count")
_OTHER: Final = {"zh-Hans": ("其他", "请写明"), "fr": ("Autre", "Précisez"), "es": ("Otro", "Especifique")}
_OTHER_ENGLISH: Final = ("Other", "Please specify")


def other_label(language: str) -> str:
    """Of the choice that `or_other` adds."""
    return _OTHER.get(language, _OTHER_ENGLISH)[0]


def specify_label(language: str) -> str:
    """Of the question that `or_other` adds."""
    return _OTHER.get(language, _OTHER_ENGLISH)[1]


class Lists:
    """Every list of a form by name, with the place of each choice; read at once, files as they are asked for."""

    def __init__(self, tables: Tables, find: Find) -> None:
        self._tables = tables
        self._find = find
        self._files: dict[tuple[str, str, str], str] = {}
        self.choices: dict[str, list[Choice]] = {}
        self.rows: dict[str, list[tuple[Table, Row]]] = {}
        self.absent: set[str] = set()
        """Lists whose file was not there or could not be read, and was said to be so."""
        for name in CHOICE_SHEETS:
            if table := tables.get(name):
                self._read_sheet(table, may_repeat=name != CHOICE_SHEETS[0])
        self._add_other()
        self._read_looked_into()

    def read_file(self, row: Row, column: str, filename: str, value: str = "", label: str = "") -> str:
        """The name of the list made from a file, which is read once for each way that it is asked for."""
        key = filename, value, label
        if key in self._files:
            return self._files[key]
        stem = filename.rpartition(".")[0] or filename
        list_name, number = stem, 2
        while list_name in self.choices:
            list_name, number = f"{stem}_{number}", number + 1
        self._files[key] = list_name
        self.choices[list_name] = []
        found = next((name for name in (filename, f"{stem}.geojson") if self._find(name) is not None), filename)
        data = self._find(found)
        if data is None:
            self._tables.say_row(FormCode.FILE_MISSING, row, column, file=filename)
            self.absent.add(list_name)
            return list_name
        try:
            self.choices[list_name] = list(read_choices(data, found, self._tables.default, value, label))
        except Unreadable:
            self._tables.say_row(FormCode.FILE_UNREADABLE, row, column, file=filename)
            self.absent.add(list_name)
        return list_name

    def _read_sheet(self, table: Table, *, may_repeat: bool) -> None:
        tables = self._tables
        if table.sheet.rows and not table.has("list_name"):
            tables.say(FormCode.NO_COLUMN, table.sheet.place(1), column="list_name", sheet=table.sheet.title)
            return
        may_repeat = may_repeat or tables.settings.get("allow_choice_duplicates", "").lower() in YES
        further = [heading for heading, column in table.columns.items() if not column.name and is_name(heading)]
        for row in table.sheet.rows:
            cells = table.cells(row)
            list_name = cells.get("list_name", "")
            if not list_name:
                if "name" in cells or "label" in cells:
                    tables.say(FormCode.NO_LIST_NAME, table.place(row, "list_name"))
                continue
            choice = Choice(
                name=cells.get("name", ""),
                label=tables.text(table, row, "label"),
                exclusive=tables.yes_or_no(table, row, names.EXCLUSIVE, False),
                columns={heading: row.cells[heading] for heading in further if heading in row.cells},
                image=tables.text(table, row, "image"),
            )
            choices = self.choices.setdefault(list_name, [])
            if may_repeat and any((choice.name, choice.columns) == (each.name, each.columns) for each in choices):
                continue
            choices.append(choice)
            self.rows.setdefault(list_name, []).append((table, row))

    def _add_other(self) -> None:
        survey = self._tables.survey
        for row in survey.sheet.rows:
            type_ = read_type(survey.cells(row).get("type", ""))
            choices = self.choices.get(type_.choice_list, [])
            if type_.has_other and choices and all(choice.name != "other" for choice in choices):
                label = {language: other_label(language) for language in self._tables.form_languages()}
                choices.append(Choice("other", label))
                self.rows[type_.choice_list].append((survey, row))

    def _read_looked_into(self) -> None:
        """What expressions look into and no sheet has; a csv-external row names such a file too."""
        survey = self._tables.survey
        for row in survey.sheet.rows:
            cells = survey.cells(row)
            if cells.get("type") == CSV_EXTERNAL:
                self.read_file(row, "name", _as_file(cells.get("name", "")))
            for name in _ASKING:
                for list_name in _LOOKED_INTO.findall(cells.get(name, "")):
                    if list_name not in self.choices:
                        self.read_file(row, name, _as_file(list_name))


def _as_file(list_name: str) -> str:
    return list_name if "." in list_name else f"{list_name}.csv"
