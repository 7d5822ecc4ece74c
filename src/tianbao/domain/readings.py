"""One answer as it was sent, read into what may be stored: the readers of each type of question.

`domain.validation` compiles one for each question of a form and calls it for every answer, so they are closures.
Must not know: the other answers (but the kind of document beside a number), expressions, HTTP.

Blank means not answered and never gets here. What is wrong is refused and named; what is only doubtful is
accepted and marked, because a person stands at the gate. Nothing is changed silently: texts stay as typed,
numbers and dates are read in the ways that leave no doubt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final, Protocol, TypeAlias

from tianbao.domain import documents, names, phones
from tianbao.domain.answers import Answers
from tianbao.domain.evaluation import Row, write_number
from tianbao.domain.files import read_flat, read_token
from tianbao.domain.forms import Choice, Kind, Path, Question, QuestionType
from tianbao.domain.long_lists import LongList, is_long_list
from tianbao.domain.places import Candidates, Place, Resolved, Unresolved
from tianbao.domain.problems import Code, Problem

CANDIDATES_MAX: Final = 12
"""Candidates of an unclear place that are shown to choose from."""
RESOLVED_MAX: Final = 16_384
"""Place texts whose reading is remembered."""
YEAR_MIN: Final = 1900
YEAR_MAX: Final = 2100
START_AGO_MAX: Final = timedelta(days=7)
"""How long before its arrival a form can have been begun; a start further back is a wrong clock."""

_CONTROLS: Final = r"\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff"
_FORBIDDEN = re.compile(rf"[\t\n{_CONTROLS}]")
_FORBIDDEN_IN_LINES = re.compile(f"[{_CONTROLS}]")
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,18})?")
_DATE = re.compile(r"([0-9]{4})(?:-|/|\.|年)([0-9]{1,2})(?:-|/|\.|月)([0-9]{1,2})日?")
_MONTH = re.compile(r"([0-9]{4})(?:-|/|\.|年)([0-9]{1,2})月?")
_YEAR = re.compile(r"([0-9]{4})年?")
_TIME = re.compile(
    r"([0-9]{1,2})[:时]([0-9]{2})(?:[:分]([0-9]{2})(?:\.[0-9]{1,6})?)?[分秒]?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_DEGREES: Final = r"-?[0-9]{1,3}(?:\.[0-9]{1,12})?"
_GEOPOINT = re.compile(rf"({_DEGREES})[ ,]+({_DEGREES})((?: -?[0-9]{{1,9}}(?:\.[0-9]{{1,6}})?){{0,2}})")
_HALF_WIDTH = str.maketrans("０１２３４５６７８９．－／＋：", "0123456789.-/+:")
_DOCUMENT_TYPES: Mapping[Any, documents.DocumentType] = {kind.value: kind for kind in documents.DocumentType}
_PLACE_KEYS = frozenset({"text", "code"})
_FILE_KEYS = frozenset({"file", "name", "type", "bytes"})
_ACKNOWLEDGED = frozenset({"yes", "true", "on", "ok", "1"})
_CHOSEN_LENGTH_MAX: Final = 10_000


class Resolver(Protocol):
    """The part of `domain.places.Gazetteer` that reading needs."""

    def resolve(self, text: str) -> Resolved | Candidates | Unresolved: ...

    def place(self, code: str) -> Place | None: ...

    def full_name(self, code: str) -> str: ...

    def contains(self, outer: str, inner: str) -> bool: ...


@dataclass(slots=True)
class Validation:
    """The outcome. `marks` are doubts by path; `unclear` the places a text could mean, `meant` the choices of a
    long list that it could where it was refused, best first."""

    answers: Answers = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    marks: dict[Path, list[str]] = field(default_factory=dict)
    unclear: dict[Path, tuple[Place, ...]] = field(default_factory=dict)
    meant: dict[Path, tuple[Choice, ...]] = field(default_factory=dict)

    def refuse(self, code: Code, path: Path, **parameters: str | int) -> None:
        self.problems.append(Problem(code, path, parameters))

    def prefer(self, problems: Sequence[Problem]) -> None:
        """Puts what is known from elsewhere in the place of what was found wrong with the same answers."""
        known = {problem.question for problem in problems}
        self.problems = [*(found for found in self.problems if found.question not in known), *problems]


RowOffers: TypeAlias = Callable[[Row, Choice], bool]
"""Whether a filter leaves a choice, by the answers in a row."""
Read: TypeAlias = Callable[[Any, Path, Row, Validation], Any]
"""(given, path, row, outcome) → the value to store; None where it was refused."""


class Remembering:
    """A resolver that remembers what it resolved: the people of one gate come from few places."""

    def __init__(self, places: Resolver) -> None:
        self.resolve = lru_cache(RESOLVED_MAX)(places.resolve)
        self.place = places.place
        self.full_name = lru_cache(RESOLVED_MAX)(places.full_name)
        self.contains = places.contains


Blank: TypeAlias = Callable[[Any], bool]


def is_blank(value: Any) -> bool:
    """Whether somebody left a question unanswered."""
    if isinstance(value, str):
        return not value or value.isspace()
    if value is True or isinstance(value, (int, float)):
        return False
    if isinstance(value, dict):
        return value.keys() <= _PLACE_KEYS and all(map(_is_blank_text, value.values()))
    if isinstance(value, list):
        return all(map(_is_blank_text, value))
    return value is None


def _is_blank_file(value: Any) -> bool:
    if isinstance(value, dict):
        return value.keys() <= _FILE_KEYS and _is_blank_text(value.get("file"))
    return is_blank(value)


def _is_blank_pick(value: Any) -> bool:
    """Whoever empties the field takes back what was picked for it."""
    return is_blank(value.get("text")) if isinstance(value, dict) else is_blank(value)


def compile_blank(question: Question) -> Blank:
    """What tells that a question was left unanswered."""
    if is_long_list(question):
        return _is_blank_pick
    return _is_blank_file if question.type in (QuestionType.IMAGE, QuestionType.FILE) else is_blank


def compile_blank_row(questions: tuple[Question, ...]) -> Blank:
    """What tells that everything in a row or group was left unanswered, what is within it too."""
    inside: dict[str, Blank] = {}
    for question in questions:
        if question.type is QuestionType.GROUP:
            inside[question.name] = compile_blank_row(question.questions)
        elif question.read_only:
            inside[question.name] = _is_nobodys
        elif question.type is QuestionType.REPEAT:
            inside[question.name] = _all_blank(compile_blank_row(question.questions))
        else:
            inside[question.name] = compile_blank(question)

    def is_blank_row(row: Any) -> bool:
        if not isinstance(row, dict):
            return is_blank(row)
        return all(inside.get(name, is_blank)(value) for name, value in row.items())

    def is_blank_plain_row(row: Any) -> bool:
        if type(row) is dict:
            for value in row.values():
                if type(value) is str and value and not value.isspace():  # the first answer of most rows
                    return False
        return is_blank_row(row)

    return is_blank_plain_row if all(blank is is_blank for blank in inside.values()) else is_blank_row


def _all_blank(is_blank_row: Blank) -> Blank:
    return lambda rows: all(map(is_blank_row, rows)) if isinstance(rows, list) else is_blank(rows)


def _is_nobodys(value: Any) -> bool:
    """What nobody can change does not begin a row."""
    return True


def _is_blank_text(value: Any) -> bool:
    return value is None or (isinstance(value, str) and (not value or value.isspace()))


def compile_reader(
    question: Question,
    document_type: str,
    places: Resolver,
    long_list: LongList | None = None,
    offers: RowOffers | None = None,
) -> Read:
    """The reader of a question that somebody answers.

    `document_type` is the path of the question beside it that says what kind of document a number belongs to, empty
    where there is none. `long_list` are the choices that a page could not hold, `offers` is their filter.
    """
    match question.type:
        case QuestionType.TEXT if question.kind is Kind.PLACE:
            return _place_reader(question, places)
        case QuestionType.TEXT | QuestionType.BARCODE:
            return _text_reader(question, document_type)
        case QuestionType.INTEGER | QuestionType.DECIMAL:
            return _number_reader(question)
        case QuestionType.RANGE:
            return _range_reader(question)
        case QuestionType.DATE:
            return _date_reader(question)
        case QuestionType.TIME:
            return _read_time
        case QuestionType.DATE_TIME:
            return _read_date_time
        case QuestionType.SELECT_ONE if long_list is not None:
            return _long_list_reader(question, long_list, offers)
        case QuestionType.SELECT_ONE:
            return _select_one_reader(question)
        case QuestionType.SELECT_MULTIPLE:
            return _select_multiple_reader(question)
        case QuestionType.RANK:
            return _rank_reader(question)
        case QuestionType.GEOPOINT:
            return _read_geopoint
        case QuestionType.IMAGE | QuestionType.FILE:
            return _read_file
        case QuestionType.ACKNOWLEDGE:
            return _read_acknowledgement
        case _:
            raise ValueError(f"nobody answers a {question.type}")


def _read_text(
    given: Any, path: Path, length_max: int, outcome: Validation, forbidden: re.Pattern[str] = _FORBIDDEN
) -> str | None:
    if not isinstance(given, str):
        outcome.refuse(Code.NOT_TEXT, path)
    elif len(given) > length_max:
        outcome.refuse(Code.TOO_LONG, path, length_max=length_max)
    elif not given.isprintable() and forbidden.search(given):  # what is printable is never forbidden
        outcome.refuse(Code.FORBIDDEN_CHARACTER, path)
    else:
        return given
    return None


def _text_reader(question: Question, document_type: str) -> Read:
    length_max = question.length_max
    doubts_of = DOUBTS_BY_KIND.get(question.kind)

    def read(given: Any, path: Path, row: Row, outcome: Validation) -> str | None:
        return _read_text(given, path, length_max, outcome)

    def read_lines(given: Any, path: Path, row: Row, outcome: Validation) -> str | None:
        """Line breaks of a form post are CR LF, those of a script LF."""
        if isinstance(given, str):
            given = given.replace("\r\n", "\n")
        return _read_text(given, path, length_max, outcome, _FORBIDDEN_IN_LINES)

    def read_judged(given: Any, path: Path, row: Row, outcome: Validation) -> str | None:
        text = _read_text(given, path, length_max, outcome)
        if text is not None and doubts_of is not None and (doubts := doubts_of(text)):
            outcome.marks[path] = [doubt.value for doubt in doubts]
        return text

    def read_document(given: Any, path: Path, row: Row, outcome: Validation) -> str | None:
        text = _read_text(given, path, length_max, outcome)
        if text is not None:
            kind = _DOCUMENT_TYPES.get(row.values.get(document_type), documents.DocumentType.OTHER)
            if doubts := documents.doubts_about(kind, text, today=row.moment.today):
                outcome.marks[path] = [doubt.value for doubt in doubts]
        return text

    if question.kind is Kind.DOCUMENT:
        return read_document
    if doubts_of is not None:
        return read_judged
    return read_lines if "multiline" in question.appearance else read


DOUBTS_BY_KIND: Final[Mapping[Kind, Callable[[str], tuple[Any, ...]]]] = {
    Kind.PERSON_NAME: names.doubts_about,
    Kind.PHONE: phones.doubts_about,
}
"""What may be wrong with a text of a kind that can be judged by itself."""
READ_KINDS: Final = frozenset({Kind.DOCUMENT, Kind.PLACE})
"""Of a text that is judged with another answer, or stored as something else."""


def _place_reader(question: Question, places: Resolver) -> Read:
    """A code, a text, or {"text", "code"}: a code counts only where it fits the text that stands with it.

    A code alone is stored with the name of its place as text.
    """
    length_max = question.length_max

    def read(given: Any, path: Path, row: Row, outcome: Validation) -> dict[str, str] | None:
        code = ""
        if isinstance(given, dict):
            if unknown := sorted(str(key) for key in given if key not in _PLACE_KEYS):
                outcome.refuse(Code.UNKNOWN_QUESTION, f"{path}.{unknown[0]}"[:200])
                return None
            code, given = ("" if given.get(key) is None else given[key] for key in ("code", "text"))
            if not isinstance(code, str) or (code and places.place(code) is None):
                outcome.refuse(Code.UNKNOWN_PLACE_CODE, path)
                return None
            if code and is_blank(given):
                return {"text": places.full_name(code), "code": code}
        text = _read_text(given, path, length_max, outcome)
        if text is None:
            return None
        found = places.resolve(text)
        if isinstance(found, Resolved):
            if text.strip() == found.code:
                text = places.full_name(found.code)
            fits = bool(code) and places.contains(found.code, code)
            return {"text": text, "code": code if fits else found.code}
        if isinstance(found, Candidates):
            if code and any(places.contains(place.code, code) for place in found.places):
                return {"text": text, "code": code}
            outcome.unclear[path] = found.places[:CANDIDATES_MAX]
        outcome.marks[path] = ["unclear" if isinstance(found, Candidates) else "unresolved"]
        return {"text": text}

    return read


def read_number(given: Any) -> float | None:
    """A number, or a text that leaves no doubt which number it is; None for all else."""
    if isinstance(given, str):
        text = given.strip()
        if not text.isascii():
            text = text.translate(_HALF_WIDTH)
        return float(text) if _NUMBER.fullmatch(text) else None
    if isinstance(given, (int, float)) and not isinstance(given, bool) and abs(given) < 1e12:
        return float(given)
    return None


def _number_reader(question: Question) -> Read:
    integer = question.type is QuestionType.INTEGER

    def read(given: Any, path: Path, row: Row, outcome: Validation) -> int | float | None:
        number = read_number(given)
        if number is None:
            outcome.refuse(Code.NOT_A_NUMBER, path)
        elif not integer:
            return number
        elif number.is_integer():
            return int(number)
        else:
            outcome.refuse(Code.NOT_AN_INTEGER, path)
        return None

    return read


def _range_reader(question: Question) -> Read:
    """A number on the scale from `minimum` to `maximum` in steps of `step`, all of them given."""
    low, high, step = (float(number or 0) for number in (question.minimum, question.maximum, question.step))
    low, high = min(low, high), max(low, high)
    is_whole = low.is_integer() and step.is_integer()

    def read(given: Any, path: Path, row: Row, outcome: Validation) -> int | float | None:
        number = read_number(given)
        if number is None:
            outcome.refuse(Code.NOT_A_NUMBER, path)
        elif number < low:
            outcome.refuse(Code.TOO_SMALL, path, minimum=write_number(low))
        elif number > high:
            outcome.refuse(Code.TOO_LARGE, path, maximum=write_number(high))
        elif step and abs((number - low) / step - round((number - low) / step)) > 1e-6:
            outcome.refuse(Code.OFF_STEP, path, step=write_number(step), minimum=write_number(low))
        else:
            return int(number) if is_whole else number
        return None

    return read


def read_date(text: str) -> date | None:
    """A year-month-day date as people write it (ISO 8601, 2026/1/5, 2026年1月5日); None for all else."""
    if len(text) == 10 and text[4] == text[7] == "-" and text.isascii():  # as browsers send it
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return None
        return day if YEAR_MIN <= day.year <= YEAR_MAX else None
    match = _DATE.fullmatch(text.strip().translate(_HALF_WIDTH))
    return _day(*match.groups()) if match else None


def _day(year: str, month: str = "1", day: str = "1") -> date | None:
    if not YEAR_MIN <= int(year) <= YEAR_MAX:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _date_reader(question: Question) -> Read:
    """A date; where the question asks for no more than a month or a year, its first day."""
    first = {"month-year": {"day": 1}, "year": {"month": 1, "day": 1}}
    cut = next((first[token] for token in question.appearance if token in first), {})
    coarse = {"month-year": _MONTH, "year": _YEAR}
    pattern = next((coarse[token] for token in question.appearance if token in coarse), None)

    def read(given: Any, path: Path, row: Row, outcome: Validation) -> str | None:
        day = None
        if isinstance(given, str) and len(given) <= 20:
            day = read_date(given)
            if day is None and pattern and (match := pattern.fullmatch(given.strip().translate(_HALF_WIDTH))):
                day = _day(*match.groups())
        if day is None:
            outcome.refuse(Code.NOT_A_DATE, path)
            return None
        if day > row.moment.today:
            outcome.marks[path] = ["future"]
        if cut:
            day = day.replace(**cut)
        return day.isoformat()

    return read


def read_time(text: str) -> str | None:
    """A time of day as people write it (8:30, 8时30分), `08:30:00`, with a zone where one was written; or None."""
    match = _TIME.fullmatch(text.strip().translate(_HALF_WIDTH))
    if match is None:
        return None
    hour, minute, second, zone = match.groups()
    try:
        read = time(int(hour), int(minute), int(second or 0))
    except ValueError:
        return None
    return f"{read:%H:%M:%S}" + (zone or "")


def _read_time(given: Any, path: Path, row: Row, outcome: Validation) -> str | None:
    read = read_time(given) if isinstance(given, str) and len(given) <= 30 else None
    if read is None:
        outcome.refuse(Code.NOT_A_TIME, path)
    return read


def read_date_time(text: str) -> str | None:
    """A day and a time, `2026-11-23T08:30:00`, with the zone only where one was written; None for all else."""
    text = text.strip().translate(_HALF_WIDTH)
    day, _, rest = text.partition("T" if "T" in text else " ")
    on, at = read_date(day), read_time(rest)
    return f"{on.isoformat()}T{at}" if on and at else None


def _read_date_time(given: Any, path: Path, row: Row, outcome: Validation) -> str | None:
    read = read_date_time(given) if isinstance(given, str) and len(given) <= 50 else None
    if read is None:
        outcome.refuse(Code.NOT_A_TIME, path)
    return read


def read_start(given: Any, now: datetime) -> str:
    """When somebody began, where they say so credibly; else now."""
    try:
        began = datetime.fromisoformat(given) if isinstance(given, str) and len(given) <= 40 else now
        began = began if began.tzinfo else began.replace(tzinfo=now.tzinfo)
        is_credible = now - START_AGO_MAX <= began <= now
    except (ValueError, OverflowError):
        is_credible = False
    return (began.astimezone(now.tzinfo) if is_credible else now).isoformat(timespec="seconds")


def _select_one_reader(question: Question) -> Read:
    choices = frozenset(choice.name for choice in question.choices)

    def read(given: Any, path: Path, row: Row, outcome: Validation) -> str | None:
        if isinstance(given, str) and given in choices:
            return given
        outcome.refuse(Code.NOT_A_CHOICE, path)
        return None

    return read


def _long_list_reader(question: Question, long_list: LongList, offers: RowOffers | None) -> Read:
    """A choice that a page could not hold: its name, or what somebody typed instead."""
    choices = frozenset(choice.name for choice in question.choices)

    def read(given: Any, path: Path, row: Row, outcome: Validation) -> str | None:
        if isinstance(given, str) and given in choices:
            return given

        def is_offered(choice: Choice) -> bool:
            return offers is None or offers(row, choice)

        if name := long_list.resolve(given, is_offered):
            return name
        outcome.refuse(Code.NOT_A_CHOICE, path)
        outcome.meant[path] = long_list.candidates(given, is_offered)
        return None

    return read


def _select_multiple_reader(question: Question) -> Read:
    order = {choice.name: index for index, choice in enumerate(question.choices)}
    exclusive = frozenset(choice.name for choice in question.choices if choice.exclusive)

    def read(given: Any, path: Path, row: Row, outcome: Validation) -> list[str] | None:
        parts = given.split() if isinstance(given, str) and len(given) <= _CHOSEN_LENGTH_MAX else given
        if not isinstance(parts, list):
            outcome.refuse(Code.NOT_A_LIST, path)
            return None
        chosen = {part for part in parts if isinstance(part, str) and part}
        if len(chosen) > len(order) or not chosen <= order.keys() or not all(isinstance(p, str) for p in parts):
            outcome.refuse(Code.NOT_A_CHOICE, path)
            return None
        if len(chosen) > 1 and chosen & exclusive:
            outcome.refuse(Code.EXCLUSIVE_CHOICE, path, choice=min(chosen & exclusive))
            return None
        return sorted(chosen, key=order.__getitem__)

    return read


def _rank_reader(question: Question) -> Read:
    names_all = frozenset(choice.name for choice in question.choices)

    def read(given: Any, path: Path, row: Row, outcome: Validation) -> list[str] | None:
        parts = given.split() if isinstance(given, str) and len(given) <= _CHOSEN_LENGTH_MAX else given
        if not isinstance(parts, list):
            outcome.refuse(Code.NOT_A_LIST, path)
            return None
        parts = [part for part in parts if part != ""]
        if not all(isinstance(part, str) and part in names_all for part in parts):
            outcome.refuse(Code.NOT_A_CHOICE, path)
        elif len(parts) != len(names_all) or len(set(parts)) != len(parts):
            outcome.refuse(Code.NOT_A_RANKING, path)
        else:
            return list(parts)
        return None

    return read


def _read_geopoint(given: Any, path: Path, row: Row, outcome: Validation) -> str | None:
    """`latitude longitude [altitude [accuracy]]` in degrees and metres, as ODK writes it (WGS 84)."""
    match = _GEOPOINT.fullmatch(given.strip().translate(_HALF_WIDTH)) if isinstance(given, str) else None
    if match is None or abs(float(match[1])) > 90 or abs(float(match[2])) > 180:
        outcome.refuse(Code.NOT_A_POSITION, path)
        return None
    return f"{match[1]} {match[2]}{match[3]}"


def _read_file(given: Any, path: Path, row: Row, outcome: Validation) -> dict[str, Any] | None:
    """What the edge made of an upload, or the same in one field; only its folder knows whether it is there."""
    if isinstance(given, str):
        given = read_flat(given)
    if isinstance(given, dict) and given.keys() <= _FILE_KEYS and read_token(given.get("file")):
        return dict(given)
    outcome.refuse(Code.NOT_A_FILE, path)
    return None


def _read_acknowledgement(given: Any, path: Path, row: Row, outcome: Validation) -> bool | None:
    if given is True or (isinstance(given, str) and given.strip().lower() in _ACKNOWLEDGED):
        return True
    outcome.refuse(Code.NOT_ACKNOWLEDGED, path)
    return None
