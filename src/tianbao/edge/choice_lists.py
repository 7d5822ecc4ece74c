"""`/S/{CODE}/lists/{LIST}`: choices of a list too long for the page, asked for while somebody types.

Must not know: how the page asks, what is done with the choice.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, TypeAlias

import msgspec

from tianbao.domain.binding import bind_filter
from tianbao.domain.evaluation import Moment, Row, compile_filter
from tianbao.domain.expressions import parse
from tianbao.domain.forms import Choice, Form, text_in
from tianbao.domain.levels import Level, level_of, make_levels
from tianbao.domain.long_lists import find_choices
from tianbao.domain.problems import Code, refuse
from tianbao.edge.context import Context, now_ms, read_reader
from tianbao.edge.http import Request, Response
from tianbao.edge.intake import local_moment

TYPED_MAX: Final = 60
ANSWERS_MAX: Final = 4_096
"""Answers that are remembered."""
_CACHE: Final = [("cache-control", "public, max-age=300")]
_Key: TypeAlias = tuple[object, ...]


class ChoiceLists:
    """The handler of /S/{CODE}/lists/{LIST}."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._answers: OrderedDict[_Key, bytes] = OrderedDict()

    def get(self, request: Request, code: str, name: str) -> Response:
        """`?q=bei&for=village&township=t1`: `[{"code", "full"}]`, what begins with the text first.

        `for` is the question, by its template path, whose filter counts; the answers that it asks for come under
        their own template paths.
        """
        target = self._context.target(code)
        form = target.published.form
        if name not in form.lists:
            raise refuse(Code.NOT_FOUND)
        query = request.query
        typed, language = query.get("q", "")[:TYPED_MAX], read_reader(request, form.languages).language
        moment = local_moment(now_ms(), target.time_zone)
        key = (form.name, form.version, name, language, moment.today, typed, *sorted(query.items()))
        if key not in self._answers:
            choices = _offered(form, name, query, moment)
            found = find_choices(choices, typed, language) if typed.strip() else []
            self._answers[key] = msgspec.json.encode(
                [{"code": choice.name, "full": text_in(choice.label, language)} for choice in found]
            )
            if len(self._answers) > ANSWERS_MAX:
                self._answers.popitem(last=False)
        return Response(200, self._answers[key], "application/json", [*_CACHE])


def _offered(form: Form, name: str, query: Mapping[str, str], moment: Moment) -> list[Choice]:
    """The choices of a list that a question offers with these answers beside it."""
    choices = form.lists[name]
    asked_by = query.get("for", "")
    question = form.question_at(asked_by) if asked_by else None
    if question is None or not question.choice_filter:
        return list(choices)
    levels = make_levels(form)
    bound = bind_filter(parse(question.choice_filter), levels, asked_by)
    rows: dict[str, Row] = {}
    row = _row_of(level_of(levels, asked_by)[0], rows, moment)
    for template in bound.references:
        around, path = level_of(levels, template)
        if around.path in rows:
            rows[around.path].values[path] = query.get(template, "")
    offers = compile_filter(bound.tree, form.lists)
    return [choice for choice in choices if offers(row, choice)]


def _row_of(level: Level, rows: dict[str, Row], moment: Moment) -> Row:
    """An empty row of a level and of those around it, noted under their paths."""
    outer = _row_of(level.outer, rows, moment) if level.outer else None
    row = rows[level.path] = Row({}, outer, {}, 0, moment)
    return row
