"""The catalogue of expected failures: what can be wrong with input or with the moment, by code.

Stands beside every step of the way. A problem is data: a code, where it is, and parameters; the sentence a
reader sees is made in `render.messages` in the reader's language, the HTTP status at each entry point.
Must not know: languages, HTTP, who is asking.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

Parameter: TypeAlias = str | int


class Code(StrEnum):
    """Every way an expected thing fails. The value is part of the API and never changes its meaning."""

    # an answer
    REQUIRED = "required"
    NOT_TEXT = "not_text"
    TOO_LONG = "too_long"
    FORBIDDEN_CHARACTER = "forbidden_character"
    NOT_A_NUMBER = "not_a_number"
    NOT_AN_INTEGER = "not_an_integer"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    OFF_STEP = "off_step"
    NOT_A_DATE = "not_a_date"
    NOT_A_TIME = "not_a_time"
    NOT_A_POSITION = "not_a_position"
    NOT_A_FILE = "not_a_file"
    FILE_TOO_LARGE = "file_too_large"
    FILE_EMPTY = "file_empty"
    FILE_TYPE = "file_type"
    FILE_MACROS = "file_macros"
    IMAGE_TYPE = "image_type"
    IMAGE_DAMAGED = "image_damaged"
    TOO_MANY_FILES = "too_many_files"
    NOT_A_RANKING = "not_a_ranking"
    CONSTRAINT = "constraint"
    """What the form itself demands of the answer; the form has the sentence."""
    NOT_A_CHOICE = "not_a_choice"
    NOT_A_LIST = "not_a_list"
    NOT_AN_OBJECT = "not_an_object"
    TOO_MANY = "too_many"
    TOO_FEW = "too_few"
    EXCLUSIVE_CHOICE = "exclusive_choice"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    UNKNOWN_PLACE_CODE = "unknown_place_code"
    PLACE_UNCLEAR = "place_unclear"
    UNKNOWN_QUESTION = "unknown_question"
    NOT_ASKED = "not_asked"
    # a request
    MALFORMED_JSON = "malformed_json"
    MALFORMED_FORM = "malformed_form"
    NOT_UTF8 = "not_utf8"
    INVALID_ID = "invalid_id"
    INVALID_SECRET = "invalid_secret"  # noqa: S105 - a code, not a secret
    UNKNOWN_VERSION = "unknown_version"
    MEDIA_TYPE = "media_type"
    BODY_TOO_LARGE = "body_too_large"
    METHOD = "method"
    NOT_FOUND = "not_found"
    UNKNOWN_SITE = "unknown_site"
    SITE_CLOSED = "site_closed"
    FORM_CLOSED = "form_closed"
    FORM_NOT_OPEN_YET = "form_not_open_yet"
    UNKNOWN_RECEIPT = "unknown_receipt"
    CONTENT_DIFFERS = "content_differs"
    CHANGED_MEANWHILE = "changed_meanwhile"
    WITHDRAWN = "withdrawn"
    # the moment
    BUSY = "busy"
    WORK_ASKED = "work_asked"
    SLOWER_PLEASE = "slower_please"
    STORAGE = "storage"
    NOT_READY = "not_ready"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    `question` is the path of an answer (`name`, `itinerary.0.place`), empty for what concerns no question.
    `parameters` fill the sentence: limits, counts, the unit in the name's end.
    """

    code: Code
    question: str = ""
    parameters: dict[str, Parameter] = field(default_factory=dict)


class Refused(Exception):
    """Carries problems from where they are found to the one place that maps them to HTTP or an exit code."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(", ".join(problem.code.value for problem in problems))
        self.problems = problems


def refuse(code: Code, question: str = "", **parameters: Parameter) -> Refused:
    """`raise refuse(Code.BUSY)`: the exception for a single problem."""
    return Refused(Problem(code, question, parameters))
