"""Numbers for an upper level: a table by place and day in which small numbers are hidden.

Must not know: which are hidden, and why.
"""

from __future__ import annotations

import time

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from tianbao.console.door import needs
from tianbao.console.middleware import StaffRequest
from tianbao.domain.access import Permission
from tianbao.domain.suppression import SMALL
from tianbao.services.aggregates import count_places


@needs(Permission.READ_AGGREGATES)
@require_GET
def show_aggregates(request: StaffRequest) -> HttpResponse:
    """The table."""
    reach = request.access.reach(Permission.READ_AGGREGATES)
    table = count_places(reach=reach, now_ms=time.time_ns() // 1_000_000)
    return render(request, "console/aggregates.html", {"table": table, "small": SMALL})
