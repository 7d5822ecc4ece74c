"""`tianbao restore`: the file of a backup into an empty data folder, checked before anything stands there.

Everything is unpacked beside its place, compared with the manifest byte for byte and row for row, looked through by
SQLite, and only then moved: what failed leaves the folder empty. Must not know: what is in a row.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

from tianbao.backup import COPY_BYTES, DATABASES, FORMAT, MANIFEST, SPARE_BYTES, Manifest, count_rows, is_sound
from tianbao.config import Config
from tianbao.processes import CannotStart, FolderLock, make_folder
from tianbao.store.key_file import sync_folder
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

_UNPACKED: Final = "restoring"
_NAME: Final = re.compile(r"(?:main|intake)\.db|(?:keys|files/[\w-]+)/\w[\w.-]*", re.ASCII)


class _Damaged(Exception):
    """The file is not what was written."""


def restore_backup(config: Config, file: Path, *, keys_file: Path | None) -> Manifest:
    """Puts back what `file` holds, and the keys of a file of their own; CannotStart in plain words."""
    make_folder(config.data)
    if any(config.data.iterdir()):
        raise CannotStart(
            f"文件夹不是空的，没有改动任何东西：请换一个空文件夹。 "
            f"The folder is not empty and was left as it is; choose an empty one: {config.data}"
        )
    lock = FolderLock(config.data)
    unpacked = config.data / _UNPACKED
    try:
        unpacked.mkdir(mode=0o700)
        manifest = _unpack(file, unpacked)
        if keys_file is not None:
            _unpack(keys_file, unpacked)
        _check(config, manifest, unpacked)
        for path in sorted(unpacked.iterdir()):
            path.rename(config.data / path.name)
        sync_folder(config.data)
        return manifest
    except (_Damaged, BadZipFile, KeyError, TypeError, ValueError, sqlite3.Error) as error:
        raise CannotStart(
            f"备份文件已损坏或不是备份，没有恢复任何东西。 "
            f"The file is damaged or no backup; nothing was restored: {file} ({error})"
        ) from error
    except OSError as error:
        raise CannotStart(f"恢复没有完成。 Nothing was restored: {error}") from error
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
        lock.release()
        (config.data / "server.lock").unlink(missing_ok=True)


def _unpack(file: Path, folder: Path) -> Manifest:
    with ZipFile(file) as archive:
        manifest = Manifest(**json.loads(archive.read(MANIFEST)))
        if manifest.format != FORMAT:
            raise CannotStart(
                f"这个备份来自更新的版本，请先升级填报。 "
                f"This backup is of a newer Tianbao ({manifest.tianbao}); bring this one up to date first."
            )
        size = sum(size for size, _ in manifest.files.values())
        free = shutil.disk_usage(folder).free
        if free < size + SPARE_BYTES:
            raise CannotStart(
                f"磁盘空间不够：需要 {size + SPARE_BYTES >> 20:,} MB，剩余 {free >> 20:,} MB。 "
                f"Too little room: {size + SPARE_BYTES >> 20:,} MB needed, {free >> 20:,} MB free."
            )
        for name, (size, digest) in manifest.files.items():
            if not _NAME.fullmatch(name):
                raise _Damaged(name)
            if _copy(archive, name, folder / name, size) != digest:
                raise _Damaged(name)
    return manifest


def _copy(archive: ZipFile, name: str, path: Path, size: int) -> str:
    """The SHA-256 of what was unpacked; on disk when it returns."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with archive.open(name) as source, os.fdopen(descriptor, "wb") as target:
        while piece := source.read(COPY_BYTES):
            digest.update(piece)
            size -= len(piece)
            if size < 0:
                raise _Damaged(name)
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()


def _check(config: Config, manifest: Manifest, folder: Path) -> None:
    if (manifest.database == "sqlite") != config.is_sqlite:
        raise CannotStart(
            "备份和数据库种类不一致（SQLite / PostgreSQL）。 "
            f"This backup is of a {manifest.database} installation; --database-url says otherwise."
        )
    if not (folder / "keys" / "officers.json").exists():
        raise CannotStart(
            "备份里没有密钥：请用 --keys 指定密钥文件。 "
            "The keys are not in this backup: name their file with --keys. Without it nobody could read a name."
        )
    if not config.is_sqlite:
        return
    counts: dict[str, int] = {}
    for name in DATABASES:
        with _opened(folder / name) as connection:
            if not is_sound(connection):
                raise _Damaged(name)
            counts |= count_rows(connection)
    if counts != manifest.counts:
        raise _Damaged("counts")
    with _opened(folder / "main.db") as main, _opened(folder / "intake.db") as intake:
        (done,) = main.execute("SELECT coalesce(max(seq), 0) FROM cursor").fetchone()
        (newest,) = intake.execute("SELECT coalesce(max(seq), 0) FROM submission").fetchone()
        if done > newest:
            raise _Damaged("main.db is ahead of intake.db")


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection:
        yield connection
