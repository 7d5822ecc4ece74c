"""The sentence for every expected failure, in the reader's language: what is wrong and what to do about it.

Beside every page and every answer to a program. Must not know: where a problem was found, its HTTP status.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tianbao.domain.forms import Form, text_in
from tianbao.domain.problems import Code, Problem
from tianbao.texts import Translator


def message(problem: Problem, _: Translator, label: str = "") -> str:
    """A problem as a full sentence. `label` is the question's text; without it the path names the field."""
    values = {**problem.parameters, "question": label or problem.question or _("this answer")}
    return _SENTENCES[problem.code](_).format_map(_Values(values))


def answer_message(problem: Problem, _: Translator, form: Form | None, language: str) -> str:
    """A problem with an answer: the form's own sentence where it has one, else ours with the question's label."""
    question = form.question_at(problem.question) if form and problem.question else None
    if question is None:
        return message(problem, _)
    own = {Code.REQUIRED: question.required_message, Code.CONSTRAINT: question.constraint_message}
    if text := own.get(problem.code):
        return text_in(text, language)
    return message(problem, _, text_in(question.label, language))


class _Values(dict[str, object]):
    """Parameters of a sentence; one that a problem came without leaves a dash instead of an error."""

    def __missing__(self, name: str) -> str:
        return "–"


_SENTENCES: Final[dict[Code, Callable[[Translator], str]]] = {
    Code.REQUIRED: lambda _: _("Please fill in “{question}”."),
    Code.NOT_TEXT: lambda _: _("“{question}” must be text. Please write it again."),
    Code.TOO_LONG: lambda _: _("“{question}” is too long. Please shorten it to {length_max} characters."),
    Code.FORBIDDEN_CHARACTER: lambda _: _(
        "“{question}” holds a character that cannot be kept, perhaps a line break. Please write it again."
    ),
    Code.NOT_A_NUMBER: lambda _: _("“{question}” must be a number. Please use digits, such as 36.5."),
    Code.NOT_AN_INTEGER: lambda _: _("“{question}” must be a whole number. Please leave out the decimals."),
    Code.TOO_SMALL: lambda _: _("“{question}” must be at least {minimum}. Please check the number."),
    Code.TOO_LARGE: lambda _: _("“{question}” must be at most {maximum}. Please check the number."),
    Code.NOT_A_DATE: lambda _: _("“{question}” must be a day that exists. Please write it like 2026-01-31."),
    Code.NOT_A_TIME: lambda _: _("“{question}” must be a time that exists. Please write it like 08:30."),
    Code.NOT_A_POSITION: lambda _: _(
        "“{question}” must be a position on the map. Please write latitude and longitude like 38.84 115.13."
    ),
    Code.NOT_A_FILE: lambda _: _("“{question}” must be a file that was sent here. Please choose it again."),
    Code.FILE_TOO_LARGE: lambda _: _(
        "“{question}” takes files of at most {megabytes_max} MB. Please choose a smaller one."
    ),
    Code.FILE_EMPTY: lambda _: _("The file for “{question}” is empty. Please choose another one."),
    Code.FILE_TYPE: lambda _: _(
        "“{question}” takes pictures, PDF, Word, Excel, PowerPoint, OpenDocument, text and CSV files. Please save "
        "yours as one of them."
    ),
    Code.FILE_MACROS: lambda _: _(
        "The file for “{question}” holds macros, which are not taken. Please save it without them."
    ),
    Code.IMAGE_TYPE: lambda _: _(
        "“{question}” takes pictures as JPEG, PNG, WebP, AVIF or GIF. Please choose another one, or take a "
        "screenshot of it."
    ),
    Code.IMAGE_DAMAGED: lambda _: _(
        "The picture for “{question}” cannot be read: it is damaged or far too large. Please take another one."
    ),
    Code.TOO_MANY_FILES: lambda _: _("A registration takes at most {files_max} files. Please remove some."),
    Code.NOT_A_RANKING: lambda _: _(
        "In “{question}” every entry needs a place of its own. Please put all in order."
    ),
    Code.OFF_STEP: lambda _: _("“{question}” goes in steps of {step} from {minimum}. Please choose one of them."),
    Code.CONSTRAINT: lambda _: _("“{question}” has an answer that does not fit. Please check it."),
    Code.NOT_A_CHOICE: lambda _: _("“{question}” has an answer that is not in the list. Please choose again."),
    Code.NOT_A_LIST: lambda _: _("“{question}” must be a list. Please fill it in again."),
    Code.NOT_AN_OBJECT: lambda _: _("“{question}” must be an object of answers. Please fill it in again."),
    Code.TOO_MANY: lambda _: _("“{question}” takes at most {rows_max} entries. Please remove some."),
    Code.TOO_FEW: lambda _: _("“{question}” needs more entries. Please add what is missing."),
    Code.EXCLUSIVE_CHOICE: lambda _: _(
        "In “{question}” you chose an answer that stands alone together with others. Please keep one or the other."
    ),
    Code.NOT_ACKNOWLEDGED: lambda _: _("Please read the notice and tick the box to agree."),
    Code.UNKNOWN_PLACE_CODE: lambda _: _("The place in “{question}” is not known. Please choose it again."),
    Code.PLACE_UNCLEAR: lambda _: _("“{question}” could be several places. Please choose one."),
    Code.UNKNOWN_QUESTION: lambda _: _("This form has no question “{question}”. Please leave it out."),
    Code.NOT_ASKED: lambda _: _(
        "“{question}” cannot be kept as long as the answer it depends on is missing. Please choose that one too, "
        "or send the form again without this."
    ),
    Code.MALFORMED_JSON: lambda _: _("What was sent is not JSON. Please check it and send it again."),
    Code.MALFORMED_FORM: lambda _: _("What was sent is not a form. Please go back and send it again."),
    Code.NOT_UTF8: lambda _: _("What was sent is not UTF-8 text. Please send it as UTF-8."),
    Code.INVALID_ID: lambda _: _("The id must be a UUID of version 7. Please make a new one."),
    Code.INVALID_SECRET: lambda _: _("The secret must be 22 characters of base64url. Please make a new one."),
    Code.UNKNOWN_VERSION: lambda _: _("This form has changed. Please load the page again."),
    Code.MEDIA_TYPE: lambda _: _("Please send a form or JSON, uncompressed."),
    Code.BODY_TOO_LARGE: lambda _: _("That is too much at once. Please shorten your answers."),
    Code.METHOD: lambda _: _("That cannot be done at this address. Please go back and try again."),
    Code.NOT_FOUND: lambda _: _("There is no page at this address. Please check it against the poster."),
    Code.UNKNOWN_SITE: lambda _: _(
        "There is no site with this code. Please check the code on the poster or scan it again."
    ),
    Code.SITE_CLOSED: lambda _: _(
        "This site takes no registrations at the moment. Please ask the people who work there."
    ),
    Code.FORM_CLOSED: lambda _: _("This form takes no answers any more. Please ask the people who work there."),
    Code.FORM_NOT_OPEN_YET: lambda _: _("This form takes no answers yet. Please come back when it is open."),
    Code.UNKNOWN_RECEIPT: lambda _: _(
        "This receipt opens nothing: it may be incomplete, or the registration was deleted in the meantime. "
        "Please check the link or register again."
    ),
    Code.CONTENT_DIFFERS: lambda _: _(
        "A registration with this id and other answers is here already. Please load the page again."
    ),
    Code.CHANGED_MEANWHILE: lambda _: _(
        "This registration was changed in the meantime. Please open it again and repeat your correction."
    ),
    Code.WITHDRAWN: lambda _: _("This registration was withdrawn. Please register again if you need to."),
    Code.BUSY: lambda _: _("Very many people are registering right now. Please try again in a moment."),
    Code.WORK_ASKED: lambda _: _(
        "Unusually much is being sent here. Your phone does a small calculation and sends again by itself."
    ),
    Code.SLOWER_PLEASE: lambda _: _("Unusually much is being sent here. Please send it again in a moment."),
    Code.STORAGE: lambda _: _("It could not be saved just now. Please send it again in a moment."),
    Code.NOT_READY: lambda _: _("This service is not set up yet. Please try again later."),
}
