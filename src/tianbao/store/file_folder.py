"""The folder of sealed files: where they wait for their submission, and where they lie until their day is deleted.

    files/waiting/<file>                   sent, and not yet part of a registration; swept after 72 hours
    files/<day>/<record>-<file>            part of a registration; <day> names the key file that opens it

Between `edge.files` (which writes and claims), `services.files` (which reads, sweeps and drops days) and
`domain.file_sealing`. The claim is one rename within one file system: of two submissions that refer to the
same file, one gets it. Everything is on disk before it is answered. Must not know: who may read a file, what
is in it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path as FilePath
from typing import Any, BinaryIO, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tianbao.domain import file_sealing
from tianbao.domain.file_sealing import PIECE_BYTES, PIECES_AT, SEALED_HEAD_BYTES, SEALED_PIECE_BYTES, FileHead
from tianbao.domain.files import (
    DIGEST_BYTES,
    FILE_ID_BYTES,
    FILES_MAX,
    KEY_BYTES,
    FileToken,
    FileType,
    map_files,
    token_of,
)
from tianbao.domain.forms import Form, Path, QuestionType
from tianbao.domain.problems import Code, Problem
from tianbao.domain.sealing import CannotOpen
from tianbao.store.key_file import make_folder, sync_folder

WAITING: Final = "waiting"
WAITING_S_MAX: Final = 72 * 3_600
"""As long as a phone keeps what it did not send yet (page/store.js)."""
PARTIAL: Final = ".part"


class FileFolder:
    """`DATA/files`. Blocking; safe to use from several threads and processes."""

    def __init__(self, folder: FilePath) -> None:
        self._folder = folder
        self._waiting = folder / WAITING

    def begin(self) -> SealedWriter:
        """A new file, to be written piece by piece."""
        make_folder(self._waiting)
        return SealedWriter(self._waiting)

    def free_bytes(self) -> int:
        """Room on the disk."""
        make_folder(self._folder)
        return shutil.disk_usage(self._folder).free

    def find(self, token: FileToken, *, day: str, record: str) -> SealedReader | None:
        """A file that waits, or belongs to this record already; None where there is none. CannotOpen: another
        key.
        """
        for path in (self._waiting / token.id, self._place(token.id, day, record)):
            try:
                return SealedReader(path.open("rb"), token)
            except FileNotFoundError:
                continue
        return None

    def open(self, token: FileToken, *, day: str, record: str) -> SealedReader | None:
        """A file of a record."""
        try:
            return SealedReader(self._place(token.id, day, record).open("rb"), token)
        except FileNotFoundError:
            return None

    def settle(
        self, form: Form, answers: Mapping[str, Any], *, site: str, day: str, record: str
    ) -> tuple[dict[str, Any], list[Problem], list[str]]:
        """(answers with what each file says of itself, what is wrong, the files to claim).

        A file counts only where it was sent for this form at this site, waits or is this record's already, and is
        what its question asks for.
        """
        problems: list[Problem] = []
        found: list[str] = []

        def settle_one(path: Path, answer: Any) -> Any:
            token = token_of(answer)
            head = self._head(token, day, record) if token else None
            question = form.question_at(path)
            is_fitting = head is not None and (head.site, head.form) == (site, form.name)
            if token is None or head is None or question is None or not is_fitting:
                problems.append(Problem(Code.NOT_A_FILE, path))
                return answer
            if question.type is QuestionType.IMAGE and head.type != FileType.JPEG:
                problems.append(Problem(Code.IMAGE_TYPE, path))
            found.append(token.id)
            return {"file": token.text, "name": head.name, "type": head.type, "bytes": head.bytes}

        settled = map_files(form.questions, answers, settle_one)
        files = list(dict.fromkeys(found))
        if len(files) > FILES_MAX:
            problems.append(Problem(Code.TOO_MANY_FILES, parameters={"files_max": FILES_MAX}))
        return settled, problems, files

    def _head(self, token: FileToken, day: str, record: str) -> FileHead | None:
        try:
            reader = self.find(token, day=day, record=record)
        except CannotOpen:
            return None
        if reader is None:
            return None
        reader.close()
        return reader.head

    def claim(self, files: list[str], *, day: str, record: str) -> bool:
        """Makes waiting files this record's, on disk when it returns; False if one of them is gone.

        Those that are this record's already stay so.
        """
        folder = self._folder / day
        make_folder(folder)
        for file_id in files:
            place = self._place(file_id, day, record)
            try:
                (self._waiting / file_id).rename(place)
            except FileNotFoundError:
                if not place.is_file():
                    return False
        sync_folder(folder)
        sync_folder(self._waiting)
        return True

    def wait_anew(self) -> None:
        """After the clock was set nobody knows for how long a file has waited: it has its whole time again."""
        for path in self._waiting.iterdir() if self._waiting.is_dir() else ():
            with suppress(FileNotFoundError):  # claimed in this moment
                os.utime(path)

    def sweep(self, *, days: Iterable[str], now_s: float | None = None) -> int:
        """Removes what has waited for too long (how many files), and whole days whose keys are gone.

        `days` are those that still have keys: without them nobody could read their files.
        """
        if self._folder.is_dir():
            living = {WAITING, *days}
            for path in self._folder.iterdir():
                if path.is_dir() and path.name not in living:
                    shutil.rmtree(path, ignore_errors=True)
        before_s = (time.time() if now_s is None else now_s) - WAITING_S_MAX
        swept = 0
        for path in self._waiting.iterdir() if self._waiting.is_dir() else ():
            try:
                if path.stat().st_mtime < before_s:
                    path.unlink()
                    swept += 1
            except FileNotFoundError:  # claimed in this moment
                continue
        return swept

    def _place(self, file_id: str, day: str, record: str) -> FilePath:
        return self._folder / day / f"{record}-{file_id}"


class SealedWriter:
    """One file on its way to disk. `finish` or `discard` ends it."""

    def __init__(self, waiting: FilePath) -> None:
        entropy = os.urandom(FILE_ID_BYTES + KEY_BYTES)
        self.id = entropy[:FILE_ID_BYTES].hex()
        self.bytes = 0
        self._key = entropy[FILE_ID_BYTES:]
        self._cipher = AESGCM(self._key)
        self._hash = hashlib.sha256()
        self._index = 0
        self._held = bytearray()
        self._path = waiting / f"{self.id}{PARTIAL}"
        self._file: BinaryIO = self._path.open("xb")
        self._path.chmod(0o600)
        self._file.seek(PIECES_AT)

    def write(self, data: bytes) -> None:
        """Seals every whole piece; the last is held back until it is known to be the last."""
        self._held += data
        self.bytes += len(data)
        self._hash.update(data)
        while len(self._held) > PIECE_BYTES:
            self._write_piece(bytes(self._held[:PIECE_BYTES]), is_last=False)
            del self._held[:PIECE_BYTES]

    def read(self, offset: int, length: int) -> bytes:
        """What was written, read back before the file is finished, to look into it."""
        first, skip = divmod(offset, PIECE_BYTES)
        found = bytearray()
        for index in range(first, self._index + 1):
            if len(found) >= skip + length:
                break
            found += bytes(self._held) if index == self._index else self._read_piece(index)
        return bytes(found[skip : skip + length])

    def finish(self, *, site: str, form: str, name: str, media_type: str) -> FileToken:
        """Writes the rest and the head; the file is on disk and waits when it returns."""
        self._write_piece(bytes(self._held), is_last=True)
        digest = self._hash.digest()
        head = FileHead(site, form, name, media_type, self.bytes, digest.hex())
        self._file.seek(0)
        self._file.write(file_sealing.MARK + file_sealing.seal_head(self._cipher, head, file_id=self.id))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._path.rename(self._path.with_suffix(""))
        sync_folder(self._path.parent)
        return FileToken(self.id, self._key, digest[:DIGEST_BYTES])

    def discard(self) -> None:
        """Removes what was written."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _write_piece(self, piece: bytes, *, is_last: bool) -> None:
        sealed = file_sealing.seal_piece(self._cipher, piece, file_id=self.id, index=self._index, is_last=is_last)
        self._file.write(sealed)
        self._index += 1

    def _read_piece(self, index: int) -> bytes:
        self._file.flush()
        with self._path.open("rb") as file:
            file.seek(PIECES_AT + index * SEALED_PIECE_BYTES)
            sealed = file.read(SEALED_PIECE_BYTES)
        return file_sealing.open_piece(self._cipher, sealed, file_id=self.id, index=index, is_last=False)


class SealedReader:
    """One finished file: its head at once, its content piece by piece. Closes itself at the end of `pieces`."""

    def __init__(self, file: BinaryIO, token: FileToken) -> None:
        self._file = file
        self._id = token.id
        self._cipher = AESGCM(token.key)
        try:
            if file.read(len(file_sealing.MARK)) != file_sealing.MARK:
                raise CannotOpen
            self.head = file_sealing.open_head(self._cipher, file.read(SEALED_HEAD_BYTES), file_id=self._id)
            if self.head.digest[: 2 * DIGEST_BYTES] != token.digest.hex():
                raise CannotOpen
        except CannotOpen:
            file.close()
            raise

    def pieces(self) -> Iterator[bytes]:
        """The content. CannotOpen as soon as a piece is not what was written."""
        with self._file:
            count = file_sealing.piece_count(os.fstat(self._file.fileno()).st_size)
            self._file.seek(PIECES_AT)
            for index in range(count):
                sealed = self._file.read(SEALED_PIECE_BYTES)
                is_last = index == count - 1
                yield file_sealing.open_piece(self._cipher, sealed, file_id=self._id, index=index, is_last=is_last)
            if not count:
                raise CannotOpen

    def close(self) -> None:
        self._file.close()
