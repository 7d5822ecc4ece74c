"""The rows of the survey sheet into questions, groups and repeats.

Between `tables` and `understanding`. A row that cannot be understood leaves a question of its name behind, so that
what refers to it is not found wrong as well. Must not know: whether the whole makes a form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pyxform.errors import PyXFormError
from pyxform.parsing.parameters import parse as parse_parameters
from pyxform.utils import default_is_dynamic

from tianbao.domain.form_checks import CONTAINERS, OUTPUT
from tianbao.domain.form_problems import FormCode
from tianbao.domain.forms import (
    CHOSEN,
    LENGTH_MAX,
    ROWS_MAX,
    UNSEEN,
    Choice,
    Kind,
    Openness,
    Question,
    QuestionType,
    Text,
)
from tianbao.xlsform import columns as names
from tianbao.xlsform.lists import Lists, specify_label
from tianbao.xlsform.reading import Row
from tianbao.xlsform.tables import NO, YES, Tables, read_expression
from tianbao.xlsform.types import CSV_EXTERNAL, Support, TypeCell, read_type

NODES_MAX: Final = 20_000
"""Questions that loops may come to; how many a form may have is for `domain.form_checks` to say."""
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:e[+-]?[0-9]{1,2})?")
_WHOLE = re.compile(r"[0-9]{1,9}")
_MIDNIGHT: Final = " 00:00:00"
"""What a spreadsheet's own date has behind it when it becomes text."""
_LAST_SAVED = re.compile(r"\$\{\s*last-saved#([^{}\s]+)\s*\}")
_EXPRESSIONS: Final = ("relevant", "constraint", "calculation", "choice_filter", "repeat_count")
_OF_TYPES: Final = {
    "choice_filter": CHOSEN,
    "repeat_count": frozenset({QuestionType.REPEAT}),
    "constraint": frozenset(QuestionType) - UNSEEN,
}
"""The types of questions that an expression means something for."""
_SAID: Final = {
    Support.UNKNOWN: FormCode.UNKNOWN_TYPE,
    Support.NONE: FormCode.UNSUPPORTED_TYPE,
    Support.AS_FILE: FormCode.ASKED_AS_FILE,
    Support.ALWAYS_EMPTY: FormCode.ALWAYS_EMPTY,
}


@dataclass(slots=True)
class Node:
    """A question as its row says it, and what stands in it. `loop` is the list whose choices repeat the inside."""

    row: Row
    question: Question
    loop: str = ""
    inner: list[Node] = field(default_factory=list)

    def built(self) -> Question:
        return replace(self.question, questions=tuple(node.built() for node in self.inner))

    def rows(self) -> Iterator[Row]:
        """In the order of walk_questions."""
        yield self.row
        for node in self.inner:
            yield from node.rows()


class Questions:
    """Reads the survey sheet; what is wrong goes to the tables' findings."""

    def __init__(self, tables: Tables, lists: Lists) -> None:
        self._tables = tables
        self._lists = lists

    def read(self) -> list[Node]:
        top: list[Node] = []
        around: list[Node] = []
        for row in self._tables.survey.sheet.rows:
            cells = self._tables.survey.cells(row)
            if not self._is_asked(row, cells):
                continue
            type_ = read_type(cells["type"])
            held = around[-1].inner if around else top
            if type_.is_end:
                if not around or not _ends(type_, around[-1]):
                    self._say(FormCode.END_WITHOUT_BEGIN, row, "type", type=cells["type"])
                    continue
                ended = around.pop()
                ended.inner = self._expanded(ended)
                continue
            node = Node(row, self._question(row, cells, type_), type_.loop)
            held.append(node)
            if node.question.type in CONTAINERS:
                around.append(node)
            elif type_.has_other:
                held.append(self._other(node))
        for node in around:
            self._say(FormCode.BEGIN_WITHOUT_END, node.row, "type", name=node.question.name)
        return top

    def _is_asked(self, row: Row, cells: dict[str, str]) -> bool:
        """Whether the row is one to read: not switched off, no comment, nothing that a browser has no use for."""
        if cells.get("disabled", "").lower() in YES:
            self._say(FormCode.ROW_IGNORED, row, "disabled", type=cells.get("type", ""))
            return False
        if "type" not in cells:
            if "name" in cells or self._tables.text(self._tables.survey, row, "label"):
                self._say(FormCode.NO_TYPE, row, "type")
            return False
        if read_type(cells["type"]).support is Support.IGNORED:
            self._say(FormCode.ROW_IGNORED, row, "type", type=cells["type"])
            return False
        return cells["type"] != CSV_EXTERNAL

    def _say(self, code: FormCode, row: Row, column: str, /, **parameters: str | int) -> None:
        self._tables.say_row(code, row, column, **parameters)

    # loops and others

    def _expanded(self, node: Node) -> list[Node]:
        """What a group holds; for a loop a group for each choice, with %(name)s and %(label)s put in its texts."""
        if not node.loop:
            return node.inner
        choices = self._lists.choices.get(node.loop)
        if choices is None:
            self._say(FormCode.UNKNOWN_LIST, node.row, "type", list=node.loop)
            return node.inner
        size = sum(1 for inner in node.inner for _ in inner.rows())
        return [
            Node(
                node.row,
                Question(choice.name, QuestionType.GROUP, choice.label),
                inner=[_for_choice(inner, choice) for inner in node.inner],
            )
            for choice in choices[: NODES_MAX // max(size, 1)]
        ]

    def _other(self, asked: Node) -> Node:
        """The text question that `or_other` asks for."""
        if asked.question.choice_filter:
            self._say(FormCode.OTHER_WITH_FILTER, asked.row, "choice_filter")
        label = {language: specify_label(language) for language in self._tables.form_languages()}
        name = asked.question.name
        relevant = f"selected(${{{name}}}, 'other')"
        return Node(asked.row, Question(f"{name}_other", QuestionType.TEXT, label, relevant=relevant))

    # one row

    def _question(self, row: Row, cells: dict[str, str], type_: TypeCell) -> Question:
        if code := _SAID.get(type_.support):
            self._say(code, row, "type", type=cells["type"])
        kind, appearance = self._appearance(row, cells.get("appearance", ""))
        required = read_expression(cells.get("required", ""))
        is_required = required.lower() in YES
        default, initial = self._default(row, cells, type_.type)
        parameters = self._parameters(row, cells.get("parameters", ""))
        choice_list = self._choice_list(row, type_, parameters)
        name = cells.get("name", "")
        if not name and type_.type is QuestionType.NOTE:
            name = f"generated_note_name_{row.number}"
        trigger = cells.get("trigger", "")
        survey = self._tables.survey
        given: dict[str, Any] = {
            field_: self._tables.text(survey, row, column) for column, field_ in names.SURVEY_TEXTS.items()
        }
        given |= {column: read_expression(cells.get(column, "")) for column in _EXPRESSIONS}
        for column, types in _OF_TYPES.items():
            if given[column] and type_.type not in types:
                self._say(FormCode.CELL_IGNORED, row, column, type=cells["type"])
                given[column] = ""
        given |= self._from_parameters(row, type_.type, parameters)
        return Question(
            name=name,
            type=type_.type,
            kind=kind,
            appearance=appearance,
            required=is_required,
            required_if="" if is_required or required.lower() in NO else required,
            default=default,
            initial=initial,
            trigger=tuple(OUTPUT.findall(trigger)) or ((trigger,) if trigger else ()),
            read_only=self._tables.yes_or_no(survey, row, "read_only", False),
            choice_list=choice_list,
            choices=tuple(self._lists.choices.get(choice_list, ())),
            length_max=self._whole(row, names.LENGTH_MAX, LENGTH_MAX),
            rows_max=self._whole(row, names.ROWS_MAX, ROWS_MAX),
            carried=self._tables.yes_or_no(survey, row, names.CARRIED, True),
            declared=self._openness(row, cells.get(names.OPENNESS, "")),
            **given,
        )

    def _choice_list(self, row: Row, type_: TypeCell, parameters: dict[str, str]) -> str:
        if type_.file:
            value, label = parameters.get("value", ""), parameters.get("label", "")
            return self._lists.read_file(row, "type", type_.file, value, label)
        if type_.type in CHOSEN and type_.choice_list not in self._lists.choices:
            self._say(FormCode.UNKNOWN_LIST, row, "type", list=type_.choice_list)
        return type_.choice_list

    def _appearance(self, row: Row, written: str) -> tuple[Kind, tuple[str, ...]]:
        if written.replace(" ", "").startswith("search("):
            self._say(FormCode.UNSUPPORTED_APPEARANCE, row, "appearance", appearance=written)
            return Kind.PLAIN, ()
        tokens = written.split()
        kinds = [names.KIND_TOKENS[token] for token in tokens if token in names.KIND_TOKENS]
        if len(kinds) > 1:
            self._say(FormCode.SEVERAL_KINDS, row, "appearance", appearance=written)
        plain = tuple(token for token in tokens if token not in names.KIND_TOKENS)
        for token in plain:
            if token.lower() not in names.SUPPORTED_APPEARANCES:
                self._say(FormCode.APPEARANCE_IGNORED, row, "appearance", appearance=token)
        return kinds[0] if kinds else Kind.PLAIN, plain

    def _default(self, row: Row, cells: dict[str, str], type_: QuestionType) -> tuple[str, str]:
        """(`default`, `initial`): the answer as it stands, or the expression that gives it."""
        written = cells.get("default", "")
        if type_ is QuestionType.DATE:
            written = written.removesuffix(_MIDNIGHT)
        if (found := _LAST_SAVED.fullmatch(written)) and found[1] == cells.get("name"):
            return "", ""  # the last answer on this phone is what a carried question begins with
        said = cells.get(names.DEFAULT, "")
        if said not in ("", "text", "expression"):
            self._say(FormCode.NOT_ONE_OF, row, names.DEFAULT, value=said, allowed="text, expression")
        if not written or said == "text" or (not said and not looks_dynamic(written, type_)):
            return written, ""
        return "", read_expression(written)

    def _parameters(self, row: Row, written: str) -> dict[str, str]:
        try:
            return dict(parse_parameters(written, row.number))
        except PyXFormError:
            self._say(FormCode.NOT_PARAMETERS, row, "parameters", value=written)
            return {}

    def _from_parameters(self, row: Row, type_: QuestionType, parameters: dict[str, str]) -> dict[str, Any]:
        """The fields that parameters fill; one that fills none is passed over with a notice."""
        fields: dict[str, Any] = {}
        known = {"value", "label"}
        if type_ is QuestionType.RANGE:
            known = {"start", "end", "step"}
            for name, parameter, otherwise in (
                ("minimum", "start", 1),
                ("maximum", "end", 10),
                ("step", "step", 1),
            ):
                fields[name] = self._number(row, parameters.get(parameter, ""), otherwise)
        elif type_ is QuestionType.IMAGE and "max-pixels" in parameters:
            known = {"max-pixels"}
            pixels = self._number(row, parameters["max-pixels"], 0)
            fields["max_pixels"] = int(pixels) if pixels >= 1 else None
        elif type_ in CHOSEN:
            known |= {"randomize", "seed"}
            fields = {"randomize": parameters.get("randomize") == "true", "seed": parameters.get("seed", "")}
        for name in parameters.keys() - known:
            self._say(FormCode.PARAMETER_IGNORED, row, "parameters", parameter=name)
        return fields

    def _number(self, row: Row, written: str, otherwise: float) -> float:
        if not written:
            return otherwise
        if _NUMBER.fullmatch(written):
            return float(written)
        self._say(FormCode.NOT_A_NUMBER, row, "parameters", value=written)
        return otherwise

    def _whole(self, row: Row, column: str, otherwise: int) -> int:
        written = self._tables.survey.cells(row).get(column, "")
        if not written:
            return otherwise
        if _WHOLE.fullmatch(written):
            return int(written)
        self._say(FormCode.NOT_A_NUMBER, row, column, value=written)
        return otherwise

    def _openness(self, row: Row, written: str) -> Openness | None:
        if written.lower() in ("", "open", "sealed"):
            return Openness(written.lower()) if written else None
        self._say(FormCode.NOT_ONE_OF, row, names.OPENNESS, value=written, allowed="open, sealed")
        return None


def looks_dynamic(default: str, type_: QuestionType) -> bool:
    """Whether a default is an expression, by pyxform's rule."""
    try:
        return bool(default_is_dynamic(default, type_.value))
    except PyXFormError:
        return False


def _ends(type_: TypeCell, begun: Node) -> bool:
    return type_.type is begun.question.type and type_.ends_loop == bool(begun.loop)


def _for_choice(node: Node, choice: Choice) -> Node:
    """A copy with the choice's name and label where its texts have %(name)s and %(label)s."""

    def put(text: Text) -> Text:
        return {
            language: written.replace("%(label)s", choice.label.get(language, choice.name)).replace(
                "%(name)s", choice.name
            )
            for language, written in text.items()
        }

    question = replace(
        node.question,
        name=node.question.name.replace("%(name)s", choice.name),
        label=put(node.question.label),
        hint=put(node.question.hint),
    )
    return Node(node.row, question, inner=[_for_choice(inner, choice) for inner in node.inner])


def rows_of(nodes: Iterable[Node]) -> list[Row]:
    """The rows of all questions in the order of walk_questions."""
    return [row for node in nodes for row in node.rows()]
