"""`/S/{CODE}`: the form that is meant, the question which one, or when there will be one.

Between the app's routing and `edge.form_pages`. Must not know: what a form asks.
"""

from __future__ import annotations

from datetime import datetime

from tianbao.domain.forms import text_in
from tianbao.domain.sites import Phase, SiteState
from tianbao.edge.context import Context, now_ms, read_reader, read_receipts, remember_language
from tianbao.edge.drafts import Target
from tianbao.edge.form_pages import FormPages, private_page
from tianbao.edge.http import Request, Response
from tianbao.render.site_page import FormLine, site_page


class SitePages:
    """The handler of what a poster opens."""

    def __init__(self, context: Context, forms: FormPages) -> None:
        self._context = context
        self._forms = forms

    async def get(self, request: Request, code: str, form: str) -> Response:
        """The page of the one form that is open; else a choice, or a page that says when something opens."""
        targets = [self._context.target(code, form)] if form else self._context.targets(code)
        now = now_ms()
        is_open = [target for target in targets if target.phase(now) is Phase.OPEN]
        if len(is_open) == 1:
            return await self._forms.get(request, is_open[0])
        reader = read_reader(request, tuple(targets[0].published.form.languages))
        site = targets[0].site
        html = site_page(
            installation=targets[0].installation,
            site=site,
            is_closed=site.state is SiteState.CLOSED,
            has_receipt=bool(read_receipts(request)),
            lines=[_line(target, reader.language, now) for target in targets],
            languages=tuple(dict.fromkeys(one for target in targets for one in target.published.form.languages)),
            language=reader.language,
            _=reader._,
        )
        response = private_page(html)
        remember_language(request, response, reader)
        return response


def _line(target: Target, language: str, now_ms: int) -> FormLine:
    hours = target.hours
    opens_at = datetime.fromtimestamp(hours.opens_ms / 1000, target.time_zone) if hours.opens_ms else None
    title = text_in(target.published.form.title, language)
    return FormLine(title, target.path, target.phase(now_ms), opens_at, text_in(hours.word, language))
