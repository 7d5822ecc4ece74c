"""The edge's one mapping from problems to HTTP: problem details for programs, a page for people.

RFC 9457 for the first. Must not know: which handler a problem comes from.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

import msgspec

from tianbao.domain.forms import Form
from tianbao.domain.problems import Code, Problem
from tianbao.edge.http import Response
from tianbao.render.messages import answer_message, message
from tianbao.texts import Translator

RETRY_S_MAX: Final = 30

_STATUS: Final = {
    Code.MALFORMED_JSON: 400,
    Code.MALFORMED_FORM: 400,
    Code.NOT_UTF8: 400,
    Code.NOT_FOUND: 404,
    Code.UNKNOWN_SITE: 404,
    Code.UNKNOWN_RECEIPT: 404,
    Code.METHOD: 405,
    Code.CHANGED_MEANWHILE: 409,
    Code.SITE_CLOSED: 409,
    Code.FORM_CLOSED: 409,
    Code.FORM_NOT_OPEN_YET: 409,
    Code.BODY_TOO_LARGE: 413,
    Code.FILE_TOO_LARGE: 413,
    Code.MEDIA_TYPE: 415,
    Code.WORK_ASKED: 429,
    Code.SLOWER_PLEASE: 429,
    Code.BUSY: 503,
    Code.STORAGE: 503,
    Code.NOT_READY: 503,
}
"""All others are 422: what was sent could not be taken as it is."""


def status_of(problem: Problem) -> int:
    """The HTTP status that says this problem."""
    return _STATUS.get(problem.code, 422)


def retry_headers(status: int) -> list[tuple[str, str]]:
    """A randomised Retry-After on 429 and 503, so that phones do not come back in step."""
    return [("retry-after", str(1 + secrets.randbelow(RETRY_S_MAX)))] if status in (429, 503) else []


def problem_details(
    problems: Sequence[Problem],
    _: Translator,
    *,
    form: Form | None = None,
    language: str = "en",
    work: str = "",
) -> Response:
    """`application/problem+json` with `errors` for what concerns questions, and the script that `work` names."""
    status = status_of(problems[0])
    errors = [
        {
            "question": problem.question,
            "code": problem.code.value,
            "message": answer_message(problem, _, form, language),
        }
        for problem in problems
    ]
    body = {
        "type": "about:blank",
        "title": message(problems[0], _) if len(problems) == 1 else _("Some answers need another look."),
        "status": status,
        "code": problems[0].code.value,
        "errors": errors,
        **({"work": work} if work else {}),
    }
    return Response(
        status,
        msgspec.json.encode(body),
        "application/problem+json",
        [("cache-control", "no-store"), *retry_headers(status)],
    )
