"""The live preview: the page that phones will get, made of the draft as it was saved last.

It runs in a frame that is sandboxed away from the console; `forms/inside.js` in it keeps answers from being sent
and tells the designer which question was touched. Must not know: how a draft is edited.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET
from markupsafe import escape

from tianbao.console.door import needs
from tianbao.domain.access import Permission
from tianbao.domain.expressions import ExpressionError
from tianbao.domain.form_checks import check_form
from tianbao.domain.form_editing import all_references, without_references
from tianbao.domain.forms import Form, load_form
from tianbao.domain.sites import Site
from tianbao.render.form_page import form_page
from tianbao.render.pages import page_csp, script_json
from tianbao.services.form_drafts import carrying_sites, find_draft
from tianbao.services.sites import load_installation, to_domain_site
from tianbao.texts import translator

_FOLDER = resources.files("tianbao") / "console" / "static" / "console" / "forms"


@needs(Permission.CHANGE_FORMS)
@require_GET
@xframe_options_sameorigin
def show_preview(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The page of a draft in one of its languages. What cannot be read is left out and said."""
    draft = find_draft(draft_id)
    form = load_form(draft.definition)
    asked = request.GET.get("lang", "")
    language = asked if asked in form.languages else form.languages[0]
    notices = [_("This is a preview. Nothing is sent.")]
    broken = [(problem.question, problem.field) for problem in check_form(form) if not problem.is_notice]
    shown = without_references(form, broken)
    if shown != form:
        notices.append(_("What has problems is left out."))
    try:
        html = _render(shown, draft.name, language)
    except ExpressionError:  # no field could be told, as in a ring of conditions
        html = _render(without_references(form, all_references(form)), draft.name, language)
        notices.append(_("All conditions are left out until their problems are solved."))
    html = _with_inside(html, notices)
    policy = page_csp(html).replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    return HttpResponse(html, headers={"Content-Security-Policy": policy})


def _render(form: Form, name: str, language: str) -> str:
    rows = carrying_sites(name)
    installation = load_installation()
    site = to_domain_site(rows[0]) if rows else Site("", installation.organisation, installation.area, "")
    return form_page(
        installation=installation,
        site=site,
        form=form,
        language=language,
        _=translator(language),
        action="",
        hidden={"_preview": "1"},
    )


def _with_inside(html: str, notices: list[str]) -> str:
    style, code = _inside()
    said = " ".join(notices)
    html = html.replace("</head>", f"<style>{style}</style></head>", 1)
    banner = f'<p id="_preview" role="status">{escape(said)}</p>'
    html = html.replace("<main>", f"<main>{banner}", 1)
    return html.replace("</body>", f"<script>const NOTICE={script_json(said)};{code}</script></body>", 1)


@cache
def _inside() -> tuple[str, str]:
    return (_FOLDER / "inside.css").read_text("utf-8"), (_FOLDER / "inside.js").read_text("utf-8")
