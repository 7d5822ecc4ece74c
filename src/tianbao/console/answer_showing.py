"""What of a form applies by the answers typed so far, for `static/console/answer_showing.js`.

Must not know: whether somebody is registered or corrected, what is valid.
"""

from __future__ import annotations

import time
from uuid import UUID

from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from tianbao.console.answer_fields import Filled, describe_fields, make_fields, read_posted
from tianbao.console.context import reader_language
from tianbao.console.door import needs
from tianbao.console.middleware import StaffRequest
from tianbao.domain.access import Permission
from tianbao.domain.answers import flatten_typed
from tianbao.services.answering import show_answers
from tianbao.services.records import load_form_once
from tianbao.store.models import FormVersion


@needs(Permission.CORRECT, Permission.REGISTER)
@sensitive_post_parameters()
@require_POST
def show_showing(request: StaffRequest, form_id: UUID) -> JsonResponse:
    """`{"fields": [{"path", "applies", "required", "label", "hint", "offered", "value", "rows"}]}`."""
    version = get_object_or_404(FormVersion, id=form_id)
    form = load_form_once(version)
    given = read_posted(form, request.POST)
    showing = show_answers(form=version, answers=given, now_ms=time.time_ns() // 1_000_000)
    filled = Filled(values=flatten_typed(form, given), showing=showing)
    return JsonResponse({"fields": describe_fields(make_fields(form.questions, filled, reader_language()))})
