"""Files in one ZIP archive, streamed: neither an archive nor a file of it is ever whole in memory.

Called by `services.exporting`. What goes in is packed already (JPEG, PDF, office files) and is not packed again.
Must not know: whose files they are.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Member:
    """One file: its path within the archive, when it came, its content."""

    path: str
    at: datetime
    pieces: Iterable[bytes]


def stream_archive(members: Iterable[Member]) -> Iterator[bytes]:
    """The bytes of the archive. A member of more than 4 GiB is none of ours."""
    written = _Written()
    with zipfile.ZipFile(written, "w") as archive:  # type: ignore[call-overload]  # it can do without seeking
        for member in members:
            info = zipfile.ZipInfo(member.path, member.at.timetuple()[:6])
            with archive.open(info, "w") as file:
                for piece in member.pieces:
                    file.write(piece)
                    yield written.take()
            yield written.take()
    yield written.take()


class _Written:
    """What `zipfile` needs of a file that cannot seek."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
