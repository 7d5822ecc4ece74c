"""The catalogue of what can be wrong with a form, by code.

Stands between whoever makes a form (`tianbao.xlsform`, the designer) and whoever publishes it; `domain.problems` is
its like for answers. The sentences are in `render.form_messages`. Must not know: languages of the reader, files.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tianbao.domain.forms import Path
from tianbao.domain.problems import Parameter


class FormCode(StrEnum):
    """Every way a form is wrong, then what is merely worth saying (`NOTICES`). No value changes its meaning."""

    # the file
    NOT_A_SPREADSHEET = "not_a_spreadsheet"
    FILE_TOO_LARGE = "file_too_large"
    TOO_MANY_CELLS = "too_many_cells"
    CELL_TOO_LONG = "cell_too_long"
    NO_FORM_INSIDE = "no_form_inside"
    """A folder or ZIP with no form, or with several."""
    NO_SHEET = "no_sheet"
    NO_COLUMN = "no_column"
    COLUMN_TWICE = "column_twice"
    FILE_MISSING = "file_missing"
    FILE_UNREADABLE = "file_unreadable"
    # a row
    NO_TYPE = "no_type"
    UNKNOWN_TYPE = "unknown_type"
    UNSUPPORTED_TYPE = "unsupported_type"
    UNSUPPORTED_APPEARANCE = "unsupported_appearance"
    END_WITHOUT_BEGIN = "end_without_begin"
    BEGIN_WITHOUT_END = "begin_without_end"
    NOT_YES_OR_NO = "not_yes_or_no"
    NOT_ONE_OF = "not_one_of"
    NOT_A_NUMBER = "not_a_number"
    NOT_PARAMETERS = "not_parameters"
    UNKNOWN_LIST = "unknown_list"
    NO_LIST_NAME = "no_list_name"
    OTHER_WITH_FILTER = "other_with_filter"
    SEVERAL_KINDS = "several_kinds"
    # the form
    FORM_NAME = "form_name"
    NO_TITLE = "no_title"
    NO_QUESTIONS = "no_questions"
    LANGUAGE = "language"
    TEXT_LANGUAGE = "text_language"
    """A text in a language that is not one of the form's."""
    TEXT_CHARACTER = "text_character"
    TEXT_TOO_LONG = "text_too_long"
    TOO_MANY_QUESTIONS = "too_many_questions"
    TOO_MANY_CHOICES = "too_many_choices"
    TOO_DEEP = "too_deep"
    TOO_LARGE = "too_large"
    # a question
    NO_NAME = "no_name"
    NAME = "name"
    NAME_RESERVED = "name_reserved"
    NAME_TWICE = "name_twice"
    NAME_AMBIGUOUS = "name_ambiguous"
    NO_LABEL = "no_label"
    EMPTY_GROUP = "empty_group"
    NO_CHOICES = "no_choices"
    NO_CALCULATION = "no_calculation"
    KIND_TYPE = "kind_type"
    DEFAULT_TWICE = "default_twice"
    DEFAULT_CHOICE = "default_choice"
    RANGE = "range"
    LIMIT = "limit"
    SEED = "seed"
    UNKNOWN_TRIGGER = "unknown_trigger"
    UNKNOWN_NAME_IN_TEXT = "unknown_name_in_text"
    EXPRESSION = "expression"
    """Parameters: `fault` (expressions.Fault or patterns.PatternFault), `position` from 1, `name`."""
    CYCLE = "cycle"
    # a choice, a column of the report
    CHOICE_NO_NAME = "choice_no_name"
    TOO_MANY_TO_TICK = "too_many_to_tick"
    """More choices than a page can hold; those of a select_one are asked for while somebody types."""
    CHOICE_BLANK = "choice_blank"
    CHOICE_TWICE = "choice_twice"
    CHOICE_NO_LABEL = "choice_no_label"
    CHOICE_COLUMN = "choice_column"
    EXPORT_UNKNOWN = "export_unknown"
    # notices
    SHEET_IGNORED = "sheet_ignored"
    COLUMN_IGNORED = "column_ignored"
    ROW_IGNORED = "row_ignored"
    CELL_IGNORED = "cell_ignored"
    APPEARANCE_IGNORED = "appearance_ignored"
    PARAMETER_IGNORED = "parameter_ignored"
    ALWAYS_EMPTY = "always_empty"
    ASKED_AS_FILE = "asked_as_file"
    PICTURE_MISSING = "picture_missing"
    LANGUAGE_GUESSED = "language_guessed"
    TEXT_MISSING = "text_missing"
    """A text that other languages have."""
    NAME_CHANGED = "name_changed"


NOTICES: Final = frozenset(
    {
        FormCode.SHEET_IGNORED,
        FormCode.COLUMN_IGNORED,
        FormCode.ROW_IGNORED,
        FormCode.CELL_IGNORED,
        FormCode.APPEARANCE_IGNORED,
        FormCode.PARAMETER_IGNORED,
        FormCode.ALWAYS_EMPTY,
        FormCode.ASKED_AS_FILE,
        FormCode.PICTURE_MISSING,
        FormCode.LANGUAGE_GUESSED,
        FormCode.TEXT_MISSING,
        FormCode.NAME_CHANGED,
    }
)
"""What is said and stops nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a spreadsheet: the sheet's name, the row as the program shows it (0: the sheet as a whole), the
    column's heading and its letter (empty: the row as a whole)."""

    sheet: str
    row: int = 0
    column: str = ""
    letter: str = ""


@dataclass(frozen=True, slots=True)
class FormProblem:
    """One thing that is wrong with a form, or a notice.

    `question` is the dotted path, empty for what concerns none; `field` the field of Question, Choice or Form.
    `index` says which one is meant even where names are missing or stand twice: of `walk_questions`, or of the
    choices of `choice_list`, or of `Form.columns` where `field` is "columns".
    """

    code: FormCode
    question: Path = ""
    field: str = ""
    parameters: Mapping[str, Parameter] = dataclasses.field(default_factory=dict)
    index: int | None = None
    choice_list: str = ""
    place: Place | None = None

    @property
    def is_notice(self) -> bool:
        return self.code in NOTICES
