"""What a poster opens where there is not just one form: which one, or when there will be one.

Called by `edge.site_pages`. Must not know: HTTP, clocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tianbao.domain.sites import Installation, Phase, Site
from tianbao.render.pages import queue_script, render_page
from tianbao.texts import Translator


@dataclass(frozen=True, slots=True)
class FormLine:
    """A form of the site: `opens_at` at the installation, `word` what staff say while it is not open."""

    title: str
    path: str
    phase: Phase
    opens_at: datetime | None
    word: str


def site_page(
    *,
    installation: Installation,
    site: Site,
    is_closed: bool,
    has_receipt: bool,
    lines: Sequence[FormLine],
    languages: tuple[str, ...],
    language: str,
    _: Translator,
) -> str:
    """The open forms as large buttons, the coming ones with their time; `is_closed` is the site itself.

    A phone that `has_receipt` gets a way to its registration.
    """
    by_phase = {phase: [line for line in lines if line.phase is phase] for phase in Phase}
    return render_page(
        "site.html.j2",
        installation=installation,
        language=language,
        _=_,
        languages=languages,
        styles=("page.css", "form.css", "receipt.css"),
        scripts=queue_script(_),
        site=site,
        is_closed=is_closed,
        has_receipt=has_receipt,
        open=by_phase[Phase.OPEN],
        scheduled=[] if is_closed else by_phase[Phase.SCHEDULED],
        closed=by_phase[Phase.CLOSED],
    )
