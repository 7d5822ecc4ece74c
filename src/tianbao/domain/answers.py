"""Answers in their three shapes, and the ways between them.

- nested: what JSON carries and what is stored: {"name": "…", "itinerary": [{"place": …}, …]}
- flat: what an HTML form carries: {"name": ["…"], "itinerary.0.place": ["…"]}
- split: the open facts and the sealed identity of one nested set (DESIGN 5), joined for whoever may read both

Stands between the entry points and `domain.validation`. Must not know: HTTP, keys, what a valid answer is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from tianbao.domain.evaluation import ACKNOWLEDGED, write_number
from tianbao.domain.forms import FILES, PUBLIC_TRANSPORT, Form, Kind, Openness, Question, QuestionType

Answers: TypeAlias = dict[str, Any]
"""Validated answers: text, float or int, list of choices, True, a place, or a list of rows of the same.

A place is {"text": as typed} and, once resolved, {"text", "code"} with "rest" for what follows the division.
"""
Flat: TypeAlias = Mapping[str, list[str]]
DEPTH_MAX: Final = 16
"""Parts of a field's name; no form nests as deep."""
ROW_FIELD: Final = "_row"


def nest_answers(form: Form, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The nested shape of a form post; names no question has are kept, so that validation can name them.

    Rows may come with gaps in their indices (a row was removed by script); they close up in order. A field `_row`
    has the path of a row that is there although nothing is ticked in it. The other fields that begin with `_`
    belong to the page, not to the answers, and are left out.
    """
    root: dict[str, Any] = {}
    for name, value in pairs:
        if name == ROW_FIELD:
            if value:  # a row that a script made has none
                _open_level(root, _parts_of(value))
        elif not name.startswith("_"):
            *around, last = _parts_of(name)
            values = _open_level(root, around).setdefault(last, [])
            if isinstance(values, dict):  # `place` beside `place.code`
                values = values.setdefault("", [])
            values.append(value)
    return _shape_level(form.questions, root)


def _parts_of(name: str) -> list[str]:
    parts = name.split(".", DEPTH_MAX)
    return [name] if len(parts) > DEPTH_MAX or "" in parts else parts


def _open_level(root: dict[str, Any], parts: list[str]) -> dict[str, Any]:
    """The level of fields at a path, made where it is not there yet."""
    level = root
    for part in parts:
        inner = level.setdefault(part, {})
        if not isinstance(inner, dict):
            inner = level[part] = {"": inner}
        level = inner
    return level


def _shape_level(questions: tuple[Question, ...], level: dict[str, Any]) -> dict[str, Any]:
    by_name = {question.name: question for question in questions}
    return {name: _shape_value(by_name.get(name), value) for name, value in level.items()}


def _shape_value(question: Question | None, value: Any) -> Any:
    if question is None:
        return value
    if question.type is QuestionType.REPEAT and isinstance(value, dict):
        indices = sorted((key for key in value if key.isdecimal()), key=lambda key: (len(key), key))
        return [_shape_level(question.questions, value[i]) for i in indices if isinstance(value[i], dict)]
    if question.type is QuestionType.GROUP and isinstance(value, dict):
        return _shape_level(question.questions, value)
    if isinstance(value, dict) and (question.kind is Kind.PLACE or question.type is QuestionType.SELECT_ONE):
        place = {key: part[0] for key, part in value.items() if isinstance(part, list) and part}
        text = place.pop("", "")
        return {"text": text, **place}
    if question.type is QuestionType.SELECT_MULTIPLE:
        return value
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def flatten_answers(form: Form, answers: Mapping[str, Any]) -> dict[str, list[str]]:
    """The flat shape of stored answers, for a page that comes filled in."""
    flat: dict[str, list[str]] = {}
    _flatten_level(form.questions, answers, "", flat)
    return flat


def _flatten_level(
    questions: tuple[Question, ...], level: Mapping[str, Any], prefix: str, flat: dict[str, list[str]]
) -> None:
    for question in questions:
        value = level.get(question.name)
        if value is None:
            continue
        path = prefix + question.name
        if question.type is QuestionType.REPEAT:
            for index, row in enumerate(value):
                _flatten_level(question.questions, row, f"{path}.{index}.", flat)
        elif question.type is QuestionType.GROUP:
            _flatten_level(question.questions, value, f"{path}.", flat)
        elif question.kind is Kind.PLACE:
            flat[path] = [value["text"]]
            if "code" in value:
                flat[f"{path}.code"] = [value["code"]]
        elif question.type in FILES:
            flat[path] = [write_flat_file(value)]
        elif question.type in (QuestionType.SELECT_MULTIPLE, QuestionType.RANK):
            flat[path] = list(value)
        elif question.type is QuestionType.ACKNOWLEDGE:
            flat[path] = [ACKNOWLEDGED]
        else:
            flat[path] = [write_number(value) if isinstance(value, float) else str(value)]


def as_typed(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Stored answers as a form post of them would be nested."""
    flat = flatten_answers(form, answers)
    return nest_answers(form, ((name, value) for name, values in flat.items() for value in values))


def flatten_typed(form: Form, given: Mapping[str, Any]) -> dict[str, list[str]]:
    """The flat shape of answers just as they were typed, right or wrong, to show them again."""
    flat: dict[str, list[str]] = {}
    _flatten_typed(given, "", flat)
    names = tuple(question.name for question in form.questions)
    return {path: values for path, values in flat.items() if path.split(".")[0] in names}


def _flatten_typed(value: Any, path: str, flat: dict[str, list[str]]) -> None:
    if isinstance(value, Mapping) and "file" in value and not isinstance(value["file"], (Mapping, list)):
        flat[path] = [write_flat_file(value)]
    elif isinstance(value, Mapping):
        for name, part in value.items():
            inner = path if name == "text" else f"{path}.{name}" if path else str(name)
            _flatten_typed(part, inner, flat)
    elif isinstance(value, list) and any(isinstance(part, Mapping) for part in value):
        for index, row in enumerate(value):
            _flatten_typed(row, f"{path}.{index}", flat)
    elif isinstance(value, list):
        flat[path] = [str(part) for part in value]
    elif value is True:
        flat[path] = [ACKNOWLEDGED]
    elif value is not None:
        flat[path] = [str(value)]


def write_flat_file(answer: Mapping[str, Any]) -> str:
    """A file as one field of a page: `token bytes name` (domain.files)."""
    return " ".join(str(answer.get(part, "")) for part in ("file", "bytes", "name")).rstrip()


Split: TypeAlias = Callable[[Mapping[str, Any]], tuple[dict[str, Any], dict[str, Any]]]
"""From answers to (open facts, sealed identity), both in the nested shape; each repeat keeps its rows in both."""
_Put: TypeAlias = Callable[[Any, Mapping[str, Any], dict[str, Any], dict[str, Any]], None]
"""Puts one answer (value, answers beside it, facts, identity) where it belongs."""


def compile_split(questions: tuple[Question, ...]) -> Split:
    """The splitter of a level; what its questions say is looked up once."""
    puts = {question.name: _compile_put(question, questions) for question in questions}

    def split(answers: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        facts: dict[str, Any] = {}
        identity: dict[str, Any] = {}
        for name, value in answers.items():
            put = puts[name]
            if put is Openness.OPEN:
                facts[name] = value
            elif put is Openness.SEALED:
                identity[name] = value
            elif callable(put):
                put(value, answers, facts, identity)
        return facts, identity

    return split


def split_answers(
    questions: tuple[Question, ...], answers: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """For one set of answers; whoever has many compiles once."""
    return compile_split(questions)(answers)


def _compile_put(question: Question, beside: tuple[Question, ...]) -> _Put | Openness:
    """OPEN or SEALED for an answer that is simply that."""
    name = question.name
    if question.questions:
        return _compile_inner(question)
    if question.kind is Kind.PLACE:

        def put_place(value: Any, answers: Mapping[str, Any], facts: Any, identity: Any) -> None:
            code = value.get("code")
            if code is None:
                identity[name] = value
            else:
                facts[name] = {"code": code}
                identity[name] = {key: part for key, part in value.items() if key != "code"}

        return put_place
    if question.openness is Openness.BY_CONTENT:
        transport = next((other.name for other in beside if other.kind is Kind.TRANSPORT), "")

        def put_transport_number(value: Any, answers: Mapping[str, Any], facts: Any, identity: Any) -> None:
            (facts if answers.get(transport) in PUBLIC_TRANSPORT else identity)[name] = value

        return put_transport_number
    return question.openness


def _compile_inner(question: Question) -> _Put:
    name, split = question.name, compile_split(question.questions)

    def put_rows(value: Any, answers: Mapping[str, Any], facts: Any, identity: Any) -> None:
        pairs = [split(row) for row in value]
        facts[name] = [pair[0] for pair in pairs]
        identity[name] = [pair[1] for pair in pairs]

    def put_group(value: Any, answers: Mapping[str, Any], facts: Any, identity: Any) -> None:
        facts[name], identity[name] = split(value)

    return put_rows if question.type is QuestionType.REPEAT else put_group


def join_answers(facts: Mapping[str, Any], identity: Mapping[str, Any]) -> Answers:
    """The inverse of `split_answers`."""
    joined: Answers = dict(facts)
    for name, sealed in identity.items():
        known = joined.get(name)
        if isinstance(known, list) and isinstance(sealed, list) and len(known) == len(sealed):
            joined[name] = [
                join_answers(fact, rest) if isinstance(fact, dict) else fact
                for fact, rest in zip(known, sealed, strict=True)
            ]
        elif isinstance(known, dict) and isinstance(sealed, dict):
            joined[name] = join_answers(known, sealed)
        else:
            joined[name] = sealed
    return joined
