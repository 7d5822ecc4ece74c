"""Files on their way in: looked at while they arrive, sealed to disk piece by piece, pictures made anew.

Between the handlers of files (one by itself, or several in a form post) and `store.file_folder`. No readable
byte of a file touches the disk, and memory does not grow with it: a picture waits sealed, too, until one of the few
decoders is free. Must not know: HTTP, who sends.
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from tianbao.domain.files import (
    HEAD_BYTES,
    IMAGES,
    KEPT,
    PIXELS_MAX,
    FileType,
    TextCheck,
    bytes_max,
    file_name,
    side_pixels,
    sniff,
    text_type,
)
from tianbao.domain.forms import Path, Question, QuestionType
from tianbao.domain.office_files import office_type
from tianbao.domain.problems import Code, Refused, refuse
from tianbao.store.file_folder import FileFolder, SealedWriter

T = TypeVar("T")

RECEIVING_MAX: Final = 64
"""Files that arrive at once; each takes some hundred kilobytes of memory."""
DECODERS: Final = 2
WRITERS: Final = 4
FREE_BYTES_MIN: Final = 512 * 1_048_576
"""Room on the disk that files leave to the registrations."""
PICTURE_WAIT_S: Final = 60.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Destination:
    """What a file answers: a question (at `path`) of a form, at a site."""

    site: str
    form: str
    question: Question
    path: Path


class UploadOutcome(StrEnum):
    """How a file's way in ended; every file ends in exactly one."""

    STORED = "stored"
    REFUSED = "refused"
    BROKEN_OFF = "broken_off"


class Uploads:
    """One for an edge process, used from its event loop."""

    def __init__(self, folder: FileFolder) -> None:
        self.folder = folder
        self._receiving = 0
        self.outcomes: Counter[UploadOutcome] = Counter()
        self.stored_bytes = 0
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="files")
        self._decoders = ThreadPoolExecutor(DECODERS, thread_name_prefix="pictures")

    def close(self) -> None:
        self._writers.shutdown()
        self._decoders.shutdown()

    async def work(self, task: Callable[..., T], *arguments: Any) -> T:
        """Runs what reads or writes the disk on a thread for it."""
        return await asyncio.get_running_loop().run_in_executor(self._writers, task, *arguments)

    async def take(self, pieces: AsyncIterator[bytes], *, name: str, destination: Destination) -> dict[str, Any]:
        """The answer that a file is, on disk when it returns.

        Refused: BUSY, STORAGE, FILE_EMPTY, FILE_TOO_LARGE, FILE_TYPE, FILE_MACROS, IMAGE_TYPE, IMAGE_DAMAGED.
        """
        outcome = UploadOutcome.BROKEN_OFF
        try:
            with self._room():
                answer = await self._take(pieces, name, destination)
            outcome = UploadOutcome.STORED
            self.stored_bytes += answer["bytes"]
            return answer
        except Refused:
            outcome = UploadOutcome.REFUSED
            raise
        finally:
            self.outcomes[outcome] += 1

    async def _take(self, pieces: AsyncIterator[bytes], name: str, destination: Destination) -> dict[str, Any]:
        arriving = await self._begin(destination)
        try:
            async for piece in pieces:
                await self._store(arriving.write, piece)
            return await self._finish(arriving, name, destination)
        finally:
            await self.work(arriving.discard)

    async def _begin(self, destination: Destination) -> _Arriving:
        return await self._store(lambda: _Arriving(self.folder, destination))

    async def _finish(self, arriving: _Arriving, name: str, destination: Destination) -> dict[str, Any]:
        kind = await self._store(arriving.whole_type, name)
        whole = arriving.writer
        if kind in IMAGES:
            loop = asyncio.get_running_loop()
            made = await loop.run_in_executor(self._decoders, _make_anew, whole, destination)
            kind, whole = FileType.JPEG, await self._store(self._write_all, made)
        kept_name = file_name(name, kind)
        try:
            token = await self._store(
                lambda: whole.finish(site=destination.site, form=destination.form, name=kept_name, media_type=kind)
            )
        finally:
            await self.work(whole.discard)
        return {"file": token.text, "name": kept_name, "type": kind.value, "bytes": whole.bytes}

    def _write_all(self, data: bytes) -> SealedWriter:
        writer = self.folder.begin()
        try:
            writer.write(data)
        except OSError:
            writer.discard()
            raise
        return writer

    async def _store(self, task: Callable[..., T], *arguments: Any) -> T:
        try:
            return await self.work(task, *arguments)
        except OSError:
            log.exception("a file could not be written")
            raise refuse(Code.STORAGE) from None

    @contextmanager
    def _room(self) -> Iterator[None]:
        if self._receiving >= RECEIVING_MAX:
            raise refuse(Code.BUSY)
        self._receiving += 1
        try:
            yield
        finally:
            self._receiving -= 1


class _Arriving:
    """One file while it arrives; refuses as soon as it is known what is wrong. Works in a thread."""

    def __init__(self, folder: FileFolder, destination: Destination) -> None:
        if folder.free_bytes() < FREE_BYTES_MIN:
            log.error("the disk is nearly full: no more files are taken")
            raise refuse(Code.STORAGE)
        self._question = destination.question
        self._path = destination.path
        self._head = b""
        self._kind: FileType | None = None
        self._text = TextCheck()
        self.writer = folder.begin()

    def write(self, piece: bytes) -> None:
        most = bytes_max(self._question)
        if self.writer.bytes + len(piece) > most:
            raise refuse(Code.FILE_TOO_LARGE, self._path, megabytes_max=most // 1_048_576)
        if len(self._head) < HEAD_BYTES:
            self._head += piece[: HEAD_BYTES - len(self._head)]
            if len(self._head) == HEAD_BYTES:
                self._kind = self._judge_head()
        if self._kind in (None, FileType.TEXT) and not self._text.takes(piece) and self._kind:
            raise self._wrong_type()
        self.writer.write(piece)

    def whole_type(self, name: str) -> FileType:
        """What the file is, once all of it is here."""
        if not self.writer.bytes:
            raise refuse(Code.FILE_EMPTY, self._path)
        kind = self._kind or self._judge_head()
        if kind is FileType.TEXT:
            if not self._text.takes(b"", is_last=True):
                raise self._wrong_type()
            return text_type(name)
        if kind is FileType.ZIP:
            found = office_type(self.writer.bytes, self.writer.read)
            if isinstance(found, Code):
                raise refuse(found, self._path)
            return found
        return kind

    def discard(self) -> None:
        """Removes what was written, unless it was finished."""
        self.writer.discard()

    def _judge_head(self) -> FileType:
        kind = sniff(self._head)
        is_picture = self._question.type is QuestionType.IMAGE
        if kind is None or (kind not in IMAGES and (is_picture or kind not in KEPT | {FileType.ZIP})):
            raise self._wrong_type()
        return kind

    def _wrong_type(self) -> Exception:
        is_picture = self._question.type is QuestionType.IMAGE
        return refuse(Code.IMAGE_TYPE if is_picture else Code.FILE_TYPE, self._path)


def _make_anew(writer: SealedWriter, destination: Destination) -> bytes:
    """The picture through a process of its own. Refused: IMAGE_DAMAGED."""
    command = [sys.executable, "-m", "tianbao.render.picture"]
    limits = [str(side_pixels(destination.question)), str(PIXELS_MAX)]
    data = writer.read(0, writer.bytes)
    try:
        done = subprocess.run(  # noqa: S603 - our own module, numbers for arguments
            [*command, *limits],
            input=data,
            capture_output=True,
            timeout=PICTURE_WAIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise refuse(Code.IMAGE_DAMAGED, destination.path) from None
    if done.returncode or not done.stdout:
        log.info("a picture of %d bytes could not be read (exit code %d)", len(data), done.returncode)
        raise refuse(Code.IMAGE_DAMAGED, destination.path)
    return done.stdout
