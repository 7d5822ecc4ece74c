"""`/S/{CODE}/{FORM}/lists/{LIST}`: choices of a list too long for the page, asked for while somebody types.

Must not know: how the page asks, what is done with the choice.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

import msgspec

from tianbao.domain.binding import bind_filter
from tianbao.domain.evaluation import Moment, Row, compile_filter
from tianbao.domain.expressions import parse
from tianbao.domain.forms import Form, text_in, walk_questions
from tianbao.domain.levels import Level, level_of, make_levels
from tianbao.domain.long_lists import Offers
from tianbao.domain.problems import Code, refuse
from tianbao.edge.context import Context, now_ms, read_reader
from tianbao.edge.http import Request, Response
from tianbao.edge.intake import local_moment

TYPED_MAX: Final = 60
LABEL_MAX: Final = 200
"""Characters of a label that are shown to choose from."""
ANSWERS_MAX: Final = 2_048
"""Answers that are remembered, each of at most 12 choices."""
FILTERS_MAX: Final = 256
"""Compiled filters that are remembered."""
_Key: TypeAlias = tuple[object, ...]
_Filter: TypeAlias = Callable[[Mapping[str, str], Moment], Offers]


class ChoiceLists:
    """The handler of /S/{CODE}/{FORM}/lists/{LIST}."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._answers: OrderedDict[_Key, bytes] = OrderedDict()
        self._filters: OrderedDict[_Key, _Filter | None] = OrderedDict()

    async def get(self, request: Request, code: str, form_name: str, name: str) -> Response:
        """`?q=bei&for=village&township=t1`: `[{"code", "full"}]`, what begins with the text first.

        `for` is the question, by its template path, whose filter counts; the answers that it asks for come under
        their own template paths.
        """
        target = self._context.target(code, form_name)
        form, found = target.published.form, target.published.long_lists.get(name)
        if found is None:
            raise refuse(Code.NOT_FOUND)
        query = request.query
        typed, language = query.get("q", "")[:TYPED_MAX].strip(), read_reader(request, form.languages).language
        moment = local_moment(now_ms(), target.time_zone)
        key = (form.name, form.version, name, language, moment.today, typed, *sorted(query.items()))
        body = self._answers.get(key)
        if body is None:
            offers = self._filter(form, name, query.get("for", ""))
            by = (offers(query, moment),) if offers else ()
            choices = await asyncio.to_thread(found.find, typed, *by)  # a filter may have to look at all of them
            body = msgspec.json.encode(
                [{"code": each.name, "full": text_in(each.label, language)[:LABEL_MAX]} for each in choices]
            )
            _remember(self._answers, key, body, ANSWERS_MAX)
        etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        headers = [("etag", etag), ("cache-control", "public, max-age=300"), ("vary", "accept-language, cookie")]
        if etag in request.header(b"if-none-match"):
            return Response(304, headers=headers)
        return Response(200, body, "application/json", headers)

    def _filter(self, form: Form, name: str, asked_by: str) -> _Filter | None:
        """The filter of the question that asks, compiled once."""
        key = (form.name, form.version, name, asked_by)
        if key not in self._filters:
            question = dict(walk_questions(form.questions)).get(asked_by)
            has_filter = question is not None and question.choice_list == name and bool(question.choice_filter)
            _remember(self._filters, key, _compile_filter(form, asked_by) if has_filter else None, FILTERS_MAX)
        return self._filters[key]


def _compile_filter(form: Form, asked_by: str) -> _Filter:
    """From answers by their template paths to what they leave."""
    levels = make_levels(form)
    own, place = level_of(levels, asked_by)
    bound = bind_filter(parse(own.questions[place].choice_filter), levels, asked_by)
    offers = compile_filter(bound.tree, form.lists)

    def filter_by(answers: Mapping[str, str], moment: Moment) -> Offers:
        rows: dict[str, Row] = {}
        row = _row_of(own, rows, moment)
        for template in bound.references:
            around, path = level_of(levels, template)
            if around.path in rows:
                rows[around.path].values[path] = answers.get(template, "")
        return partial(offers, row)

    return filter_by


def _row_of(level: Level, rows: dict[str, Row], moment: Moment) -> Row:
    """An empty row of a level and of those around it, noted under their paths."""
    outer = _row_of(level.outer, rows, moment) if level.outer else None
    row = rows[level.path] = Row({}, outer, {}, 0, moment)
    return row


def _remember(known: OrderedDict[_Key, Any], key: _Key, value: object, most: int) -> None:
    known[key] = value
    if len(known) > most:
        known.popitem(last=False)
