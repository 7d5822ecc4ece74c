"""A record's file, to keep: always a download, never a page of the console's origin.

Must not know: how files are sealed, where they lie.
"""

from __future__ import annotations

import time
from uuid import UUID

from django.http import Http404, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET

from tianbao.console.door import needs
from tianbao.console.keyring import KEYRING
from tianbao.console.middleware import StaffRequest
from tianbao.domain.access import Permission
from tianbao.domain.files import download_headers
from tianbao.services.access import find_record
from tianbao.services.files import open_file


@needs(Permission.UNMASK)
@require_GET
def download_file(request: StaffRequest, record_id: UUID, file_id: str) -> HttpResponseBase:
    """The file, piece by piece; the log says who took it."""
    reader = open_file(
        record=find_record(access=request.access, permission=Permission.UNMASK, record_id=record_id),
        file_id=file_id,
        keyring=KEYRING,
        staff=request.user,
        now_ms=time.time_ns() // 1_000_000,
    )
    if reader is None:
        raise Http404
    response = StreamingHttpResponse(reader.pieces())
    for name, value in download_headers(reader.head.name):
        response[name] = value
    response["content-length"] = str(reader.head.bytes)
    return response
