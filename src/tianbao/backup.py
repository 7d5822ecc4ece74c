"""`tianbao backup`: a whole installation in two files, while it goes on taking registrations.

They are ordinary ZIPs, not compressed: `main.db`, `intake.db`, `files/…` and `manifest.json` with the size and
SHA-256 of each and the rows of every table; and `keys/…` in the other, so that a day whose keys are destroyed does
not live on in every backup (DESIGN 5). What fits together is a matter of order. Both databases
are copied from a read transaction each, the one on `main.db` begun first: so every submission that was projected is
there, and the projection's cursor never points beyond what is. The edge learns of a new site a moment later than
that (`edge.catalogue.REFRESH_S`), so no submission speaks of a site that is missing. Keys and files come last:
they are on disk before the submission that needs them. Identities stay sealed. Must not know: what is in a row.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from tianbao import __version__
from tianbao.config import Config
from tianbao.processes import CannotStart
from tianbao.store.file_folder import PARTIAL, WAITING
from tianbao.store.key_file import sync_folder
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
DATABASES: Final = ("main.db", "intake.db")
COPY_BYTES: Final = 1 << 20
COPY_PAGES: Final = 1_024
SPARE_BYTES: Final = 256 * 1_048_576
"""Room that a backup leaves to the registrations of the same disk."""
NICENESS: Final = 10

OnProgress = Callable[[int, int], None]
"""(bytes done, bytes in all, as far as they are known)"""


@dataclass(slots=True)
class Manifest:
    """What a file holds. `files` says size and SHA-256 by name, `counts` the rows of each table."""

    begun_ms: int
    database: str
    format: int = FORMAT
    tianbao: str = __version__
    counts: dict[str, int] = field(default_factory=dict)
    files: dict[str, tuple[int, str]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def write_backup(config: Config, out: Path, *, keys_out: Path, on_progress: OnProgress) -> Manifest:
    """Writes `out`, and the keys into a file of their own; CannotStart in plain words."""
    if config.is_sqlite and not config.main_db.exists():
        raise CannotStart(f"这里没有数据。 There is no installation here: {config.data}")
    if hasattr(os, "nice"):
        os.nice(NICENESS)  # registrations come first
    _check_room(config, out)
    progress = _Progress(on_progress, sum(_sizes(config)))
    manifest = Manifest(time.time_ns() // 1_000_000, "sqlite" if config.is_sqlite else "postgresql")
    try:
        with _Archive(out, manifest, progress) as archive:
            if config.is_sqlite:
                _add_databases(config, archive)
            for folder in _file_folders(config.files):
                whole = (path for path in sorted(folder.iterdir()) if path.suffix != PARTIAL)
                archive.add_all(f"files/{folder.name}", whole)
        with _Archive(keys_out, Manifest(manifest.begun_ms, "keys"), progress) as archive:
            archive.add_all("keys", config.keys.glob("*.json"))
    except (OSError, sqlite3.Error) as error:
        raise CannotStart(f"备份没有完成，没有留下文件。 The backup failed and left no file: {error}") from error
    return manifest


def _sizes(config: Config) -> Iterator[int]:
    for path in (config.main_db, config.intake_db):
        if config.is_sqlite:
            yield path.stat().st_size
    for folder in (config.keys, config.files):
        yield from (path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _check_room(config: Config, out: Path) -> None:
    """A database is copied beside the archive before it goes into it."""
    databases = [path.stat().st_size for path in (config.main_db, config.intake_db) if config.is_sqlite]
    needed = sum(_sizes(config)) + max(databases, default=0) + SPARE_BYTES
    try:
        free = shutil.disk_usage(out.parent).free
    except OSError as error:
        raise CannotStart(f"没有这个文件夹。 There is no such folder: {out.parent}") from error
    if free < needed:
        raise CannotStart(
            f"磁盘空间不够：需要 {needed >> 20:,} MB，剩余 {free >> 20:,} MB。 "
            f"Too little room: {needed >> 20:,} MB needed, {free >> 20:,} MB free in {out.parent}"
        )


def _file_folders(files: Path) -> list[Path]:
    """What waits comes first: a file that is claimed meanwhile is met again in its day's folder."""
    folders = [path for path in files.iterdir() if path.is_dir()] if files.is_dir() else []
    return sorted(folders, key=lambda path: (path.name != WAITING, path.name))


def _add_databases(config: Config, archive: _Archive) -> None:
    with ExitStack() as stack:
        sources: dict[str, sqlite3.Connection] = {}
        for path in (config.main_db, config.intake_db):
            source = stack.enter_context(closing(sqlite3.connect(path, isolation_level=None)))
            source.execute("PRAGMA query_only=ON")
            source.execute("BEGIN")
            source.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()  # the snapshot begins here
            sources[path.name] = source
        for name in reversed(DATABASES):  # the intake's log grows as long as its snapshot is held
            archive.add_database(name, sources[name])
            sources[name].close()


def count_rows(connection: sqlite3.Connection) -> dict[str, int]:
    """The rows of every table of a database."""
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    return {
        name: connection.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0]  # noqa: S608 - a name of our own
        for (name,) in sorted(tables)
    }


def is_sound(connection: sqlite3.Connection) -> bool:
    """Whether SQLite finds nothing wrong with a database."""
    return bool(connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)])


class _Progress:
    def __init__(self, on_progress: OnProgress, total: int) -> None:
        self._on_progress = on_progress
        self._total = total
        self._done = 0

    def add(self, size: int) -> None:
        self._done += size
        self._on_progress(min(self._done, self._total), self._total)


class _Archive:
    """The file on its way: under another name, its owner's only, until all of it is on disk."""

    def __init__(self, out: Path, manifest: Manifest, progress: _Progress) -> None:
        self._out = out
        self._manifest = manifest
        self._progress = progress

    def __enter__(self) -> _Archive:
        self._beside = tempfile.TemporaryDirectory(dir=self._out.parent, prefix=f".{self._out.name}-")
        self._folder = Path(self._beside.name)
        descriptor = os.open(self._folder / "archive", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "w+b")
        self._zip = ZipFile(self._file, "w", ZIP_STORED)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with self._beside, self._file:
            if kind is not None:
                return
            self._zip.writestr(_entry(MANIFEST), json.dumps(self._manifest.as_dict()))
            self._zip.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()  # Windows renames no open file
            (self._folder / "archive").replace(self._out)
            sync_folder(self._out.parent)

    def add_all(self, folder: str, paths: Iterator[Path]) -> None:
        """Files under a folder's name; one that is gone by now is left out."""
        for path in paths:
            try:
                self._add(f"{folder}/{path.name}", path)
            except FileNotFoundError:
                continue

    def add_database(self, name: str, source: sqlite3.Connection) -> None:
        """A copy of what the source's open transaction sees, checked before it goes in."""
        copy = self._folder / name
        with closing(sqlite3.connect(copy, isolation_level=None)) as target:
            target.execute("PRAGMA synchronous=OFF")
            source.backup(target, pages=COPY_PAGES, sleep=0)
            target.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
            if not is_sound(target):
                raise CannotStart(
                    f"数据库 {name} 已损坏，无法备份：请运行 tianbao doctor。 "
                    f"The database {name} is damaged and was not backed up: run tianbao doctor."
                )
            self._manifest.counts.update(count_rows(target))
        self._add(name, copy)
        copy.unlink()

    def _add(self, name: str, path: Path) -> None:
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as source, self._zip.open(_entry(name), "w", force_zip64=True) as target:
            while piece := source.read(COPY_BYTES):
                digest.update(piece)
                target.write(piece)
                size += len(piece)
                self._progress.add(len(piece))
        self._manifest.files[name] = size, digest.hexdigest()


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, time.localtime()[:6])
    entry.external_attr = 0o600 << 16
    return entry
