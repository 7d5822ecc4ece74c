"""Many colleagues at once: a list from Excel or a paste, how each line was read, then all their invitations.

Must not know: how lines are read.
"""

from __future__ import annotations

import time

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tianbao.console.colleagues import describe_link
from tianbao.console.door import needs
from tianbao.console.labels import LABELS, label_of
from tianbao.console.middleware import StaffRequest
from tianbao.console.notices import sentences_of
from tianbao.console.posts import ROLES, role_label
from tianbao.domain.access import Permission, Role
from tianbao.domain.problems import Refused
from tianbao.services import colleague_list as services
from tianbao.services.areas import full_name
from tianbao.services.refusals import message


@needs(Permission.MANAGE_STAFF)
@require_http_methods(["GET", "POST"])
def show_list(request: StaffRequest) -> HttpResponse:
    """First how each line was read, then an invitation for each."""
    text, problems = request.POST.get("colleagues", ""), {}
    listed: list[services.ListedColleague] = []
    if request.method == "POST":
        try:
            if upload := request.FILES.get("file"):
                text = services.read_file(upload.read(services.FILE_BYTES_MAX + 1), upload.name or "")
            listed = services.read_lines(text, roles=_role_words(), access=request.access)
            if request.POST.get("go") == "invite":
                sent = services.invite_all(
                    listed=listed, access=request.access, staff=request.user, now_ms=_now_ms()
                )
                links = [describe_link(request, one) for one in sent]
                return render(request, "console/invited.html", {"sent": links})
        except Refused as refused:
            if not listed:
                problems = sentences_of(refused)
    context = {
        "text": text,
        "labels": LABELS,
        "rows": [_show(one) for one in listed],
        "is_ready": bool(listed) and not any(one.problems for one in listed),
        "problems": problems,
        "lines_max": services.LINES_MAX,
        "roles": [role_label(role) for role in request.access.roles_to_hand_out()],
    }
    return render(request, "console/colleague_list.html", context, status=422 if problems else 200)


def _show(one: services.ListedColleague) -> dict[str, object]:
    place = ""
    if one.post is not None:
        place = one.post.site.name if one.post.site else full_name(one.post.area)
    return {
        "line": one,
        "role": role_label(one.post.role) if one.post else one.role_text,
        "place": place or one.place_text,
        "sentences": [message(problem, _, label_of(problem.question)) for problem in one.problems],
    }


def _role_words() -> dict[str, Role]:
    """Every word for a role, in both languages and as the API has it."""
    words = {role.value: role for role in Role}
    for language in ("zh-hans", "en"):
        with translation.override(language):
            words |= {str(label).lower(): role for role, (label, _hint) in ROLES.items()}
    return words


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
