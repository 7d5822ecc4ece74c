"""`/S/{CODE}/{FORM}/files`: one file, sent by the page's script as soon as it is chosen; the answer is a token.

Between the app's routing and `edge.uploads`. The body is the file itself; `?for=` says which question it answers,
the header `X-File-Name` (percent-encoded UTF-8) what it is called: a name may be somebody's, and addresses stand in
logs. Must not know: what a file is.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from tianbao.domain.files import bytes_max
from tianbao.domain.forms import FILES
from tianbao.domain.problems import Code, Refused, refuse
from tianbao.edge import errors
from tianbao.edge.context import Context, read_reader
from tianbao.edge.drafts import Target
from tianbao.edge.http import Request, Response
from tianbao.edge.uploads import Destination
from tianbao.render.files_script import files_script

PATH_LENGTH_MAX: Final = 200
NAME_LENGTH_MAX: Final = 3_000
"""Of a name as it is sent, in which a Chinese character takes nine letters."""


@lru_cache
def _compressed(body: bytes) -> bytes:
    return gzip.compress(body, 9, mtime=0)


class FilePages:
    """The handlers of a site's files, and of the script that sends them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def get_script(self, request: Request) -> Response:
        """The script of pages that ask for files. Its address changes with it (render.files_script)."""
        body = files_script(read_reader(request).language).encode()
        headers = [("cache-control", "public, max-age=31536000, immutable")]
        if "gzip" in request.header(b"accept-encoding"):
            body = _compressed(body)
            headers.append(("content-encoding", "gzip"))
        return Response(200, body, "text/javascript; charset=utf-8", headers)

    async def post(self, request: Request, code: str, form_name: str) -> Response:
        """201 with the file as an answer holds it, or what is wrong with it."""
        request.refuse_from_elsewhere()
        target = self._context.standing_target(code, form_name)
        form = target.published.form
        try:
            if refused := self._context.throttle.judge_file(code, request.address):
                raise refuse(refused)
            file = await self._take(request, target)
        except Refused as refused:
            reader = read_reader(request, form.languages)
            return errors.problem_details(refused.problems, reader._, form=form, language=reader.language)
        return Response(201, msgspec.json.encode(file), "application/json", [("cache-control", "no-store")])

    async def _take(self, request: Request, target: Target) -> dict[str, Any]:
        form = target.published.form
        path = request.query.get("for", "")[:PATH_LENGTH_MAX]
        question = form.question_at(path)
        if question is None or question.type not in FILES:
            raise refuse(Code.UNKNOWN_QUESTION, path)
        most = bytes_max(question)
        length = request.header(b"content-length")
        if length.isdecimal() and int(length[:12]) > most:
            raise refuse(Code.FILE_TOO_LARGE, path, megabytes_max=most // 1_048_576)
        return await self._context.uploads.take(
            request.pieces(2 * most),
            name=unquote(request.header(b"x-file-name")[:NAME_LENGTH_MAX]),
            destination=Destination(target.site.code, form.name, question, path),
        )
