"""A form post as pairs of flat path and text, in either of the encodings a browser knows.

A form that asks for files comes as `multipart/form-data` (RFC 7578): its files are taken while they arrive, and
stand among the pairs as the answers they became (`domain.answers.write_flat_file`). A file is posted as
`_file:PATH`; the field PATH holds the one that was taken before, and `_remove` names the paths of those that go.
Must not know: what the answers mean.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from tianbao.domain.answers import write_flat_file
from tianbao.domain.files import FILES_MAX
from tianbao.domain.forms import FILES, Path
from tianbao.domain.problems import Code, Problem, Refused, refuse
from tianbao.edge.drafts import Target
from tianbao.edge.http import BODY_BYTES_MAX, FIELDS_MAX, Request
from tianbao.edge.uploads import Destination, Uploads

POST_BYTES_MAX: Final = 128 * 1_048_576
"""Of a post with files. They go to disk as they come."""
FILE_FIELD: Final = "_file:"
REMOVE_FIELD: Final = "_remove"

_Event: TypeAlias = MultipartSegment | bytes | bytearray | None


@dataclass(slots=True)
class Posted:
    """What a form post holds. `problems` are those of files that were not taken."""

    pairs: list[tuple[str, str]]
    problems: list[Problem] = field(default_factory=list)
    files: dict[Path, str] = field(default_factory=dict)

    def settle_files(self) -> None:
        """Puts each new file in the place of the one before, and takes away those that go."""
        removed = {value for name, value in self.pairs if name == REMOVE_FIELD} | self.files.keys()
        self.pairs = [pair for pair in self.pairs if pair[0] not in removed] + list(self.files.items())


async def read_posted(request: Request, uploads: Uploads, target: Target) -> Posted:
    """Refuses what a page of another site posts, and what is no form."""
    media_type, options = parse_options_header(request.header(b"content-type"))
    if media_type != "multipart/form-data":
        posted = Posted(await request.read_form())
    else:
        request.refuse_from_elsewhere()
        posted = await _Reader(uploads, target).read(request, options.get("boundary", ""))
    posted.settle_files()
    return posted


class _Reader:
    """Reads one multipart body."""

    def __init__(self, uploads: Uploads, target: Target) -> None:
        self._uploads = uploads
        self._target = target
        self._posted = Posted([])
        self._text_bytes = 0

    async def read(self, request: Request, boundary: str) -> Posted:
        try:
            parser = PushMultipartParser(boundary, max_segment_count=FIELDS_MAX)
            events = _events(request, parser)
            async for segment in events:
                if isinstance(segment, MultipartSegment):
                    await self._read_segment(segment, _body(events))
        except MultipartError:
            raise refuse(Code.MALFORMED_FORM) from None
        return self._posted

    async def _read_segment(self, segment: MultipartSegment, body: AsyncIterator[bytes]) -> None:
        name = segment.name or ""
        if segment.filename is None:
            self._posted.pairs.append((name, await self._read_text(body)))
            return
        if segment.filename and name.startswith(FILE_FIELD):
            await self._take(name.removeprefix(FILE_FIELD), segment.filename, body)
        async for _rest in body:  # of a file that nobody asked for, or that was refused half-way
            pass

    async def _read_text(self, body: AsyncIterator[bytes]) -> str:
        parts = bytearray()
        async for piece in body:
            self._text_bytes += len(piece)
            if self._text_bytes > BODY_BYTES_MAX:
                raise refuse(Code.BODY_TOO_LARGE, bytes_max=BODY_BYTES_MAX)
            parts += piece
        try:
            return parts.decode()
        except UnicodeDecodeError:
            raise refuse(Code.NOT_UTF8) from None

    async def _take(self, path: Path, name: str, body: AsyncIterator[bytes]) -> None:
        form, posted = self._target.published.form, self._posted
        question = form.question_at(path)
        if question is None or question.type not in FILES:
            return
        if len(posted.files) == FILES_MAX:
            posted.problems.append(Problem(Code.TOO_MANY_FILES, path, {"files_max": FILES_MAX}))
            return
        destination = Destination(self._target.site.code, form.name, question, path)
        try:
            posted.files[path] = write_flat_file(await self._uploads.take(body, name=name, destination=destination))
        except Refused as refused:
            if not refused.problems[0].question:  # not the file's fault
                raise
            posted.problems += refused.problems


async def _events(request: Request, parser: PushMultipartParser) -> AsyncIterator[_Event]:
    with parser:
        async for piece in request.pieces(POST_BYTES_MAX):
            for event in parser.parse(piece):
                yield event


async def _body(events: AsyncIterator[_Event]) -> AsyncIterator[bytes]:
    """The pieces of a segment, up to its end; what is left can be read on."""
    async for event in events:
        if not isinstance(event, (bytes, bytearray)):
            return
        yield bytes(event)
