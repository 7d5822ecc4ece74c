"""Posters: one site's, or those of many in one print job; and the form on paper for when no phone works.

A print job is a POST, because it writes down which address now hangs on the walls; the preview is a GET that
changes nothing. Must not know: what a poster looks like (`render.poster`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from tianbao.console.door import needs
from tianbao.console.middleware import POLICY, StaffRequest
from tianbao.domain.access import Permission
from tianbao.domain.forms import load_form
from tianbao.domain.problems import Code, refuse
from tianbao.domain.sites import SiteState
from tianbao.render.pages import page_csp
from tianbao.render.paper_form import paper_form_page
from tianbao.render.poster import Paper, poster_page
from tianbao.services.access import reachable_sites
from tianbao.services.addresses import is_address_proved
from tianbao.services.site_forms import find_site_form
from tianbao.services.sites import find_site, load_installation, mark_posters_printed, to_domain_site
from tianbao.store.models import Site
from tianbao.texts import LANGUAGES as TEXT_LANGUAGES
from tianbao.texts import translator

PAPERS: Final = {
    Paper.A4: _("A4 poster"),
    Paper.A3: _("A3 poster"),
    Paper.CARD: _("Table card (A4, folded)"),
}
LANGUAGES: Final = {
    "zh-Hans": "中文",
    "zh-Hans,en": "中文 + English",
    "en,zh-Hans": "English + 中文",
    "en": "English",
}


class Which(StrEnum):
    """Whose posters to print."""

    ALL = "all"
    NEVER = "never"
    OUTDATED = "outdated"
    CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class Style:
    """How to print: as typed in the query or the form, anything unknown being the default."""

    paper: Paper
    languages: str

    @property
    def query(self) -> str:
        return f"paper={self.paper.value}&languages={self.languages}"


@needs(Permission.READ_SITES)
@require_GET
def show_site_poster(request: StaffRequest, code: str) -> HttpResponse:
    """One site's poster on the screen, with a choice of paper and language."""
    site = find_site(code, access=request.access)
    url = f"{load_installation().address}{to_domain_site(site).path()}"
    context = {"site": site, "sites": [site], "url": url}
    return _show(request, "console/poster.html", context)


@needs(Permission.READ_SITES)
@require_GET
def show_posters(request: StaffRequest) -> HttpResponse:
    """Many posters: all, those never printed, those with an old address, or chosen ones."""
    rows = list(_sites(request).filter(state=SiteState.OPEN.value).order_by("created_ms", "id"))
    typed = request.GET.get("which", "")
    which = Which(typed) if typed in list(Which) else Which.ALL
    counts = [(choice.value, label, len(_choose(rows, choice, []))) for choice, label in WHICH.items()]
    context = {"sites": rows, "which": which.value, "counts": counts}
    return _show(request, "console/posters.html", context)


@needs(Permission.READ_SITES)
@require_GET
@xframe_options_sameorigin
def show_preview(request: StaffRequest, code: str) -> HttpResponse:
    """The poster itself inside the screen about it."""
    answer = _posters([find_site(code, access=request.access)], _style(request.GET))
    policy = answer["Content-Security-Policy"]
    answer["Content-Security-Policy"] = policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    return answer


@needs(Permission.READ_SITES)
@require_GET
def show_paper_form(request: StaffRequest, code: str, language: str) -> HttpResponse:
    """The site's form as empty pages to print."""
    row = find_site(code, access=request.access)
    if language not in TEXT_LANGUAGES:
        raise refuse(Code.NOT_FOUND)
    return _page(
        paper_form_page(
            installation=load_installation(),
            site=to_domain_site(row),
            form=load_form(find_site_form(row, request.GET.get("form", "")).definition),
            language=language,
            _=translator(language),
        )
    )


@needs(Permission.READ_SITES)
@require_POST
def print_posters(request: StaffRequest) -> HttpResponse:
    """The print page, one sheet a site; remembers that these posters carry today's address."""
    rows = list(_sites(request).order_by("created_ms", "id"))
    typed = request.POST.get("which", "")
    which = Which(typed) if typed in list(Which) else Which.CHOSEN
    chosen = _choose(rows, which, request.POST.getlist("code"))
    if not chosen:
        raise refuse(Code.UNKNOWN_SITE)
    address = load_installation().address
    answer = _posters(chosen, _style(request.POST))
    mark_posters_printed(sites=chosen, address=address, staff=request.user, now_ms=_now_ms())
    return answer


WHICH: Final = {
    Which.ALL: _("All open sites"),
    Which.NEVER: _("Those never printed"),
    Which.OUTDATED: _("Those with an old address"),
    Which.CHOSEN: _("Those I choose"),
}


def _sites(request: StaffRequest) -> QuerySet[Site]:
    return reachable_sites(request.access.reach(Permission.READ_SITES))


def _choose(rows: list[Site], which: Which, codes: list[str]) -> list[Site]:
    address = load_installation().address
    match which:
        case Which.ALL:
            return [row for row in rows if row.state == SiteState.OPEN]
        case Which.NEVER:
            return [row for row in rows if row.state == SiteState.OPEN and row.poster_printed_ms is None]
        case Which.OUTDATED:
            return [row for row in rows if row.poster_printed_ms is not None and row.poster_address != address]
        case Which.CHOSEN:
            return [row for row in rows if row.code in codes]


def _show(request: StaffRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    installation, style = load_installation(), _style(request.GET)
    context |= {
        "papers": [(paper.value, label) for paper, label in PAPERS.items()],
        "languages": LANGUAGES.items(),
        "style": style,
        "is_proved": is_address_proved(installation.address),
        "address": installation.address,
    }
    answer = render(request, template, context)
    answer["Content-Security-Policy"] = f"{POLICY}; frame-src 'self'"
    return answer


def _posters(rows: list[Site], style: Style) -> HttpResponse:
    languages = tuple(style.languages.split(","))
    return _page(
        poster_page(
            installation=load_installation(),
            sites=[to_domain_site(row) for row in rows],
            paper=style.paper,
            languages=languages,
            translators={language: translator(language) for language in languages},
        )
    )


def _page(html: str) -> HttpResponse:
    """A print page as `render` made it, with the policy that its own script and style need."""
    return HttpResponse(html, headers={"Content-Security-Policy": page_csp(html)})


def _style(typed: Any) -> Style:
    paper, languages = typed.get("paper", ""), typed.get("languages", "")
    return Style(
        paper=Paper(paper) if paper in list(Paper) else Paper.A4,
        languages=languages if languages in LANGUAGES else "zh-Hans,en",
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
