"""A disk that loses power and that fails: what an edge wrote, in order, and what would be left of it.

`disk_shim.c` stands between an edge and its data folder; it writes down every change and every sync, and the phones of
a test write down in the same file what they were answered. So the power can be cut at any place of that file
afterwards, many times for one run: what was answered before the place must be in what is left at the place.

Left is what was synced, and of the rest whatever chance takes: nothing, everything, or single sectors of 512 bytes,
the last of them torn. A name is there once its folder was synced; of later changes of names any first part. A sync
that failed loses for ever what waited for it, as Linux does.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from struct import Struct
from tempfile import mkdtemp
from typing import Any, Final, NamedTuple

import pytest
from tests.faults.test_kill import free_port

SECTOR_BYTES: Final = 512
_HEAD: Final = Struct("<BxHIQQ")

_EDGE = """
import sys
from functools import partial
import tianbao.edge.app as app
from tianbao.edge.ledger import SqliteLedger
app.open_ledger = lambda config: SqliteLedger(config.intake_db, synchronous=sys.argv[1])
from tianbao.cli import main
sys.exit(main(sys.argv[2:]))
"""


@cache
def _shim() -> Path:
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("a C compiler on Linux is needed to stand between a program and its disk")
    library = Path(mkdtemp(prefix="tianbao-disk-")) / "shim.so"
    source = Path(__file__).with_name("disk_shim.c")
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, source, "-lpthread"], check=True)
    return library


class Change(NamedTuple):
    """One thing that was asked of the disk; `op` is the letter of disk_shim.c, or `a` for an answer."""

    op: str
    path: str
    inode: int
    offset: int
    data: bytes


class Disk:
    """A data folder on a disk that is watched; `before` is a copy of it from before."""

    def __init__(self, data: Path, beside: Path) -> None:
        self.data = data
        self.before = beside / "before"
        shutil.copytree(data, self.before)
        self._inodes = {path.stat().st_ino: str(path.relative_to(data)) for path in data.rglob("*")}
        self._log, self._faults = beside / "disk.log", beside / "disk.faults"
        self._log.write_bytes(b"")
        self.fail()
        self._answers = os.open(self._log, os.O_WRONLY | os.O_APPEND)

    def fail(self, write: int = 0, sync: int = 0) -> None:
        """From now on writes, and syncs, fail with this errno; 0: they do not."""
        with self._faults.open("r+b" if self._faults.exists() else "wb") as file:
            file.write(write.to_bytes(4, "little") + sync.to_bytes(4, "little"))

    def answered(self, what: object) -> None:
        """Writes down that a phone was told this."""
        data = json.dumps(what).encode()
        os.write(self._answers, _HEAD.pack(ord("a"), 0, len(data), 0, 0) + data)

    @property
    def environment(self) -> dict[str, str]:
        """Of a program that works on this disk."""
        return {
            **os.environ,
            "LD_PRELOAD": str(_shim()),
            "TIANBAO_DISK_FOLDER": str(self.data),
            "TIANBAO_DISK_LOG": str(self._log),
            "TIANBAO_DISK_FAULTS": str(self._faults),
        }

    @contextmanager
    def edge(self, *, synchronous: str = "FULL") -> Iterator[str]:
        """An edge in a process of its own on this disk; its address. At the end it is killed."""
        port = free_port()
        command = [sys.executable, "-c", _EDGE, synchronous, "edge", "--data", str(self.data), "--port", str(port)]
        edge = subprocess.Popen(command, env=self.environment)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            edge.kill()
            edge.wait()

    @staticmethod
    def read_answer(change: Change) -> Any:
        """What `answered` wrote down."""
        return json.loads(change.data)

    def changes(self) -> list[Change]:
        """All that was asked and answered, in order."""
        log, at, found = self._log.read_bytes(), 0, []
        while at < len(log):
            op, path_bytes, data_bytes, inode, offset = _HEAD.unpack_from(log, at)
            data_at = at + _HEAD.size + path_bytes
            path = log[at + _HEAD.size : data_at].decode()
            at = data_at + data_bytes
            found.append(Change(chr(op), path, inode, offset, log[data_at:at]))
        return found

    def replay(self) -> Replay:
        """The disk as it was before."""
        replay = Replay()
        for inode, path in self._inodes.items():
            found = self.before / path
            file = File(is_folder=found.is_dir(), durable=b"" if found.is_dir() else found.read_bytes())
            replay.inodes[inode] = file
            replay.names[path] = file
        replay.durable_names = dict(replay.names)
        return replay


@dataclass(slots=True, eq=False)
class File:
    """What is on disk, and the changes that wait for a sync: (offset, data), or (length, None)."""

    is_folder: bool = False
    durable: bytes = b""
    waiting: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        if self.waiting:
            content = bytearray(self.durable)
            for change in self.waiting:
                _apply(content, *change)
            self.durable = bytes(content)
            self.waiting.clear()

    def left(self, chance: random.Random, share: float) -> bytes:
        """What a power loss leaves: each sector that waits comes through with the probability `share`."""
        content = bytearray(self.durable)
        for offset, data in self.waiting:
            if data is None:
                if chance.random() < share:
                    _apply(content, offset, None)
                continue
            ends = range(offset - offset % SECTOR_BYTES, offset + len(data), SECTOR_BYTES)
            kept = [sector for sector in ends if chance.random() < share]
            for sector in kept:
                start, end = max(sector, offset), min(sector + SECTOR_BYTES, offset + len(data))
                if sector == kept[-1] and share < 1:
                    end = chance.randint(start, end)
                _apply(content, start, data[start - offset : end - offset])
        return bytes(content)


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
    elif data:
        content.extend(bytes(max(0, offset - len(content))))
        content[offset : offset + len(data)] = data


class Replay:
    """A disk on the way through its changes."""

    def __init__(self) -> None:
        self.inodes: dict[int, File] = {}
        self.names: dict[str, File] = {}
        self.durable_names: dict[str, File] = {}
        self._waiting_names: list[tuple[str, str, File | None]] = []
        """(folder, name, what it names from then on)"""

    def go_on(self, change: Change) -> None:
        match change.op:
            case "c":
                file = self.inodes[change.inode] = File()
                self._name(change.path, file)
            case "w":
                self.inodes[change.inode].waiting.append((change.offset, change.data))
            case "t":
                self.inodes[change.inode].waiting.append((change.offset, None))
            case "s" if not change.path or getattr(self.names.get(change.path), "is_folder", False):
                self._sync_names(change.path)
            case "s":
                self.inodes[change.inode].sync()
            case "x" if change.inode in self.inodes:
                self.inodes[change.inode].waiting.clear()
            case "r":
                moved = self.names[change.path]
                self._name(change.data.decode(), moved)
                self._name(change.path, None)
            case "l":
                self._name(change.data.decode(), self.names[change.path])
            case "u":
                self._name(change.path, None)
            case "m":
                self._name(change.path, File(is_folder=True))

    def _name(self, path: str, file: File | None) -> None:
        _put(self.names, path, file)
        self._waiting_names.append((path.rpartition("/")[0], path, file))

    def _sync_names(self, folder: str) -> None:
        for at, path, file in self._waiting_names:
            if at == folder:
                _put(self.durable_names, path, file)
        self._waiting_names = [waiting for waiting in self._waiting_names if waiting[0] != folder]

    def cut(self, folder: Path, chance: random.Random) -> None:
        """Writes what is left when the power goes now into an empty folder."""
        share = chance.choice((0.0, 0.5, 0.9, 1.0))
        names = dict(self.durable_names)
        come_through = len(self._waiting_names) if share == 1.0 else 0
        if 0 < share < 1:
            come_through = chance.randint(0, len(self._waiting_names))
        for _, path, file in self._waiting_names[:come_through]:
            _put(names, path, file)
        for path, file in sorted(names.items()):
            place = folder / path
            if any(str(parent) not in names for parent in Path(path).parents if str(parent) != "."):
                continue  # a name in a folder that has none
            if file.is_folder:
                place.mkdir(parents=True, exist_ok=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(file.left(chance, share))


def _put(names: dict[str, File], path: str, file: File | None) -> None:
    if file is None:
        names.pop(path, None)
    else:
        names[path] = file
