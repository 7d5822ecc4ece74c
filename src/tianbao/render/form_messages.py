"""The sentence for everything that can be wrong with a form: what it is and what to do about it.

Beside the import, the designer and the command line, which say the same. Must not know: where a problem was found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tianbao.domain.expressions import Fault
from tianbao.domain.form_problems import FormCode, FormProblem, Place
from tianbao.domain.patterns import PatternFault
from tianbao.texts import Translator


def form_message(problem: FormProblem, _: Translator) -> str:
    """A problem or notice as full sentences."""
    values = _Values(problem.parameters)
    if problem.code is FormCode.EXPRESSION:
        return fault_message(str(values["fault"]), _).format_map(values)
    return _SENTENCES[problem.code](_).format_map(values)


def fault_message(fault: str, _: Translator) -> str:
    """What is wrong with an expression, with places for its {position} and {name}."""
    return _FAULTS[fault](_)


def place_message(place: Place | None, _: Translator) -> str:
    """Where in a spreadsheet: “survey, row 5, column F (constraint)”; empty where it is the file as a whole."""
    if place is None:
        return ""
    if not place.row:
        return _("sheet “{sheet}”").format(sheet=place.sheet)
    if not place.column:
        return _("sheet “{sheet}”, row {row}").format(sheet=place.sheet, row=place.row)
    return _("sheet “{sheet}”, row {row}, column {letter} ({column})").format(
        sheet=place.sheet, row=place.row, letter=place.letter, column=place.column
    )


def problem_line(problem: FormProblem, _: Translator) -> str:
    """Where and what, for a list of problems."""
    place, sentence = place_message(problem.place, _), form_message(problem, _)
    return _("{place}: {sentence}").format(place=place, sentence=sentence) if place else sentence


def describe_problem(problem: FormProblem, _: Translator) -> dict[str, Any]:
    """A problem or notice as a JSON object; `row` is null where it is about a sheet or the file as a whole."""
    place = problem.place or Place("")
    return {
        "code": problem.code.value,
        "sheet": place.sheet,
        "row": place.row or None,
        "column": place.column,
        "letter": place.letter,
        "question": problem.question,
        "parameters": dict(problem.parameters),
        "message": form_message(problem, _),
    }


class _Values(dict[str, object]):
    """Parameters of a sentence; one that a problem came without leaves a dash instead of an error."""

    def __missing__(self, name: str) -> str:
        return "–"


_Sentence = Callable[[Translator], str]

_SENTENCES: Final[dict[FormCode, _Sentence]] = {
    # the file
    FormCode.NOT_A_SPREADSHEET: lambda _: _(
        "This file cannot be read. Please save it as .xlsx, .xls, .csv or a Markdown table and try again."
    ),
    FormCode.FILE_TOO_LARGE: lambda _: _(
        "This file is too large: {bytes} bytes, at most {bytes_max}. Please leave out pictures and unused sheets."
    ),
    FormCode.TOO_MANY_CELLS: lambda _: _(
        "This sheet is too large. A sheet may have {rows_max} rows and {columns_max} columns, a file {cells_max} "
        "filled cells."
    ),
    FormCode.CELL_TOO_LONG: lambda _: _("This cell holds more than {length_max} characters. Please shorten it."),
    FormCode.NO_FORM_INSIDE: lambda _: _(
        "There must be exactly one form in the folder or ZIP; {count} were found. Please leave one."
    ),
    FormCode.NO_SHEET: lambda _: _("The file has no sheet “{sheet}”. Please add it."),
    FormCode.NO_COLUMN: lambda _: _("The sheet “{sheet}” has no column “{column}”. Please add it."),
    FormCode.COLUMN_TWICE: lambda _: _("The column “{column}” stands twice. Please remove or rename one."),
    FormCode.FILE_MISSING: lambda _: _(
        "The form asks for the file “{file}”, which is not there. Please put it beside the form, or both in a ZIP."
    ),
    FormCode.FILE_UNREADABLE: lambda _: _(
        "The file “{file}” is neither CSV with headings nor GeoJSON. Please save it as one of them."
    ),
    # a row
    FormCode.NO_TYPE: lambda _: _("This row has no type. Please write one, such as text or select_one."),
    FormCode.UNKNOWN_TYPE: lambda _: _("“{type}” is no type of question. Please check how it is written."),
    FormCode.UNSUPPORTED_TYPE: lambda _: _(
        "Questions of type “{type}” cannot be asked here. Please leave it out or ask for text or a file instead."
    ),
    FormCode.UNSUPPORTED_APPEARANCE: lambda _: _(
        "The appearance “{appearance}” is not supported. Please use select_one_from_file with the file instead."
    ),
    FormCode.END_WITHOUT_BEGIN: lambda _: _(
        "“{type}” ends nothing that was begun last. Please check the begin and end rows around it."
    ),
    FormCode.BEGIN_WITHOUT_END: lambda _: _("“{name}” is begun and never ended. Please add the end row."),
    FormCode.NOT_YES_OR_NO: lambda _: _("“{column}” must be yes or no, not “{value}”."),
    FormCode.NOT_ONE_OF: lambda _: _("“{value}” is none of: {allowed}. Please write one of them."),
    FormCode.NOT_A_NUMBER: lambda _: _("“{value}” must be a number written with digits."),
    FormCode.NOT_PARAMETERS: lambda _: _(
        "“{value}” cannot be read. Please write parameters like start=1 end=10 step=1."
    ),
    FormCode.UNKNOWN_LIST: lambda _: _(
        "There is no choice list “{list}”. Please check its name, or add it to the sheet “choices”."
    ),
    FormCode.NO_LIST_NAME: lambda _: _("This choice belongs to no list. Please fill in list_name."),
    FormCode.OTHER_WITH_FILTER: lambda _: _(
        "or_other does not go with a choice_filter. Please add a choice “other” and a text question yourself."
    ),
    FormCode.SEVERAL_KINDS: lambda _: _("“{appearance}” says several kinds at once. Please keep one."),
    # the form
    FormCode.FORM_NAME: lambda _: _(
        "“{name}” cannot be a form's name. Please use letters, digits, “_”, “-” and “.”, at most {length_max}."
    ),
    FormCode.NO_TITLE: lambda _: _("The form has no title. Please give it one."),
    FormCode.NO_QUESTIONS: lambda _: _("The form asks nothing. Please add a question."),
    FormCode.LANGUAGE: lambda _: _(
        "“{language}” is no language, or stands twice. Please write tags such as en, zh-Hans or fr."
    ),
    FormCode.TEXT_LANGUAGE: lambda _: _(
        "There is a text in “{language}”, which is not one of the form's languages. Please add the language first."
    ),
    FormCode.TEXT_CHARACTER: lambda _: _(
        "This text holds a character that cannot be shown, perhaps copied from elsewhere. Please write it again."
    ),
    FormCode.TEXT_TOO_LONG: lambda _: _("This text has more than {length_max} characters. Please shorten it."),
    FormCode.TOO_MANY_QUESTIONS: lambda _: _(
        "The form has {count} questions; it may have {count_max}. Please divide it into several forms."
    ),
    FormCode.TOO_MANY_CHOICES: lambda _: _(
        "The lists have {count} choices together; there may be {count_max}. Please shorten them."
    ),
    FormCode.TOO_DEEP: lambda _: _(
        "Groups stand {count} deep in each other; {count_max} are possible. Please take some out."
    ),
    FormCode.TOO_LARGE: lambda _: _(
        "The form comes to {bytes} bytes; it may have {bytes_max}. Please shorten its lists and texts."
    ),
    # a question
    FormCode.NO_NAME: lambda _: _("This question has no name. Please give it one, such as phone."),
    FormCode.NAME: lambda _: _(
        "“{name}” cannot be a question's name. Please begin with a letter and use letters, digits, “_” and “-”, "
        "at most {length_max}."
    ),
    FormCode.NAME_RESERVED: lambda _: _(
        "Names that begin with “_” are the program's own. Please call “{name}” otherwise."
    ),
    FormCode.NAME_TWICE: lambda _: _("There are two questions “{name}” side by side. Please rename one."),
    FormCode.NAME_AMBIGUOUS: lambda _: _(
        "Several questions are called “{name}”, so it is not clear which is meant. Please rename one."
    ),
    FormCode.NO_LABEL: lambda _: _("“{name}” has no label. Please write what is asked."),
    FormCode.EMPTY_GROUP: lambda _: _("“{name}” holds no question. Please add one or remove the group."),
    FormCode.NO_CHOICES: lambda _: _("The list “{list}” has no choices. Please add some."),
    FormCode.NO_CALCULATION: lambda _: _("“{name}” has nothing to work out. Please write the calculation."),
    FormCode.KIND_TYPE: lambda _: _(
        "“{kind}” does not go with a question of type {type}. Please change one of the two."
    ),
    FormCode.DEFAULT_TWICE: lambda _: _(
        "“{name}” has a fixed answer and a worked-out one to begin with. Please keep one."
    ),
    FormCode.DEFAULT_CHOICE: lambda _: _(
        "The default “{value}” is not in the list “{list}”. Please write the name of one of its choices."
    ),
    FormCode.RANGE: lambda _: _(
        "The range of “{name}” needs a start, an end that differs, and a step other than 0."
    ),
    FormCode.LIMIT: lambda _: _("{value} is no possible limit. Please write a number from 1 to {most}."),
    FormCode.SEED: lambda _: _("The seed must be a number or one question, like ${{name}}; “{value}” is neither."),
    FormCode.UNKNOWN_TRIGGER: lambda _: _(
        "The trigger “{name}” is no question of this form. Please check the name."
    ),
    FormCode.UNKNOWN_NAME_IN_TEXT: lambda _: _(
        "The text shows the answer of “{name}”, which is no question here. Please check the name."
    ),
    FormCode.CYCLE: lambda _: _(
        "These depend on each other in a ring: {names}. Please take one of the conditions or calculations out."
    ),
    # a choice, a column of the report
    FormCode.CHOICE_NO_NAME: lambda _: _("This choice has no name. Please give it one, such as yes."),
    FormCode.TOO_MANY_TO_TICK: lambda _: _(
        "“{list}” has {count} choices, more than the {count_max} that one page can hold to tick or to rank. "
        "Ask for one of them (select_one), in a repeat where there can be several."
    ),
    FormCode.CHOICE_BLANK: lambda _: _(
        "The choice “{choice}” has a blank in its name, but several can be chosen. Please write “_” instead."
    ),
    FormCode.CHOICE_TWICE: lambda _: _("The choice “{choice}” stands twice in its list. Please remove one."),
    FormCode.CHOICE_NO_LABEL: lambda _: _("The choice “{choice}” has no label. Please write what is shown."),
    FormCode.CHOICE_COLUMN: lambda _: _(
        "“{column}” cannot be a column of choices. Please use a name of letters, digits and “_” that is not taken."
    ),
    FormCode.EXPORT_UNKNOWN: lambda _: _(
        "The report has a column for “{name}”, which is no question of this form. Please check the name."
    ),
    # notices
    FormCode.SHEET_IGNORED: lambda _: _("This sheet is not used."),
    FormCode.COLUMN_IGNORED: lambda _: _("The column “{column}” is not used."),
    FormCode.ROW_IGNORED: lambda _: _(
        "This row is not used: “{type}” does nothing in a browser, or is switched off."
    ),
    FormCode.CELL_IGNORED: lambda _: _("What stands here means nothing for “{type}” and is not used."),
    FormCode.APPEARANCE_IGNORED: lambda _: _("The appearance “{appearance}” changes nothing here."),
    FormCode.PARAMETER_IGNORED: lambda _: _("The parameter “{parameter}” changes nothing here."),
    FormCode.ALWAYS_EMPTY: lambda _: _("“{type}” stays empty: a browser does not tell."),
    FormCode.ASKED_AS_FILE: lambda _: _("“{type}” is asked for as a file."),
    FormCode.PICTURE_MISSING: lambda _: _(
        "The picture “{file}” did not come with the form and is not shown. Put both into a ZIP."
    ),
    FormCode.LANGUAGE_GUESSED: lambda _: _(
        "The form does not say its language; it was taken for “{language}”. Write default_language to be sure."
    ),
    FormCode.TEXT_MISSING: lambda _: _("There is no text in “{language}”; readers see another language."),
    FormCode.NAME_CHANGED: lambda _: _("“{name}” is called “{becomes}” here."),
}

_FAULTS: Final[dict[str, _Sentence]] = {
    Fault.TOO_LONG: lambda _: _("The expression is too long. Please divide it into several calculations."),
    Fault.TOO_DEEP: lambda _: _("Too many parentheses stand in each other. Please divide the expression."),
    Fault.UNEXPECTED: lambda _: _(
        "From character {position} on this is no expression. Please check what stands there."
    ),
    Fault.INCOMPLETE: lambda _: _(
        "The expression ends too soon. Please check its parentheses and what should follow."
    ),
    Fault.UNCLOSED_TEXT: lambda _: _("A text begins at character {position} and never ends. Please add the quote."),
    Fault.NUMBER_TOO_LARGE: lambda _: _("The number at character {position} is too large."),
    Fault.UNKNOWN_FUNCTION: lambda _: _("There is no function “{name}”. Please check how it is written."),
    Fault.UNSUPPORTED_FUNCTION: lambda _: _("The function “{name}” means nothing here. Please do without it."),
    Fault.ARGUMENTS: lambda _: _(
        "The function “{name}” at character {position} has too few or too many values in its parentheses."
    ),
    Fault.PATTERN_NOT_LITERAL: lambda _: _("The pattern of regex() must stand there in quotes."),
    Fault.NOT_LITERAL: lambda _: _("The name of a list or column must stand there in quotes."),
    Fault.UNKNOWN_NAME: lambda _: _("There is no question “{name}”. Please check the name."),
    Fault.BARE_NAME: lambda _: _(
        "“{name}” is neither a question nor a text. Please write ${{{name}}} or '{name}'."
    ),
    Fault.NOT_HERE: lambda _: _(
        "At character {position} something is meant that is not there: an own answer, or a repeat around it."
    ),
    Fault.NOT_AN_ANSWER: lambda _: _("“{name}” is a group or repeat and has no answer of its own."),
    Fault.NOT_ROWS: lambda _: _("The rows of a repeat are needed at character {position}. Please name a repeat."),
    Fault.MANY_ANSWERS: lambda _: _(
        "“{name}” has an answer in each row of its repeat, but one is needed. Please use sum(), count() or another "
        "function of several values, or indexed-repeat()."
    ),
    Fault.NO_CHOICES: lambda _: _("“{name}” has no choices whose label could be shown."),
    PatternFault.UNSUPPORTED: lambda _: _(
        "The pattern uses something at character {position} that does not mean the same everywhere. Please write "
        "it more simply."
    ),
    PatternFault.TOO_COSTLY: lambda _: _(
        "The pattern could take very long to match. Please avoid repeats inside repeats, like (a+)+."
    ),
    PatternFault.TOO_LONG: lambda _: _("The pattern is too long. Please shorten it."),
}
