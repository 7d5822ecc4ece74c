"""What the command line says of backups: `tianbao backup` and `tianbao restore`.

Must not know: how a backup is made (`tianbao.backup`) or put back (`tianbao.restore`).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from tianbao.backup import Manifest, write_backup
from tianbao.config import Config
from tianbao.restore import restore_backup

_SAID: Final = ("submission", "record", "revision", "site", "form_version", "staff")
"""Tables whose rows are told; the manifest has them all."""
_PG_DUMP: Final = (
    "数据库不在这个文件里：PostgreSQL 请用 pg_dump，先做 pg_dump，再做这个备份。\n"
    "The database is not in this file: PostgreSQL is backed up with pg_dump. Run pg_dump first, then this command, "
    "so that no key and no file is missing for what the dump holds."
)
_PG_RESTORE: Final = (
    "数据库不在这个文件里：请用 pg_restore 恢复 PostgreSQL。\n"
    "The database is not in this file: restore PostgreSQL's dump with pg_restore."
)


def back_up(config: Config, arguments: argparse.Namespace) -> int:
    """`tianbao backup FILE`."""
    on_progress = _say_progress if sys.stderr.isatty() else lambda _done, _total: None
    out = arguments.file.resolve()
    keys_out = (arguments.keys or _keys_beside(out)).resolve()
    manifest = write_backup(config, out, keys_out=keys_out, on_progress=on_progress)
    text = (
        f"备份完成。 Backed up: {out} ({out.stat().st_size >> 20:,} MB)\n"
        f"钥匙另存，请放在别处，只留最新的一份。 The keys, to be kept elsewhere, the newest alone: {keys_out}"
    )
    _say(arguments, manifest, text, _PG_DUMP)
    return 0


def restore(config: Config, arguments: argparse.Namespace) -> int:
    """`tianbao restore FILE`."""
    beside = _keys_beside(arguments.file)
    keys_file = arguments.keys or (beside if beside.is_file() else None)
    manifest = restore_backup(config, arguments.file, keys_file=keys_file)
    text = f"已恢复并核对无误。 Restored, and checked to be the same: {config.data}"
    _say(arguments, manifest, text, _PG_RESTORE)
    if not arguments.json:
        print(f"启动 Start it with: tianbao serve --data {config.data}")
    return 0


def _keys_beside(file: Path) -> Path:
    """Keys stand in a file of their own (DESIGN 5): a day that is destroyed must not live on in every backup."""
    return file.with_suffix(".keys.zip")


def _say(arguments: argparse.Namespace, manifest: Manifest, text: str, about_postgresql: str) -> None:
    keys = sum(name.startswith("keys/") for name in manifest.files)
    files = sum(name.startswith("files/") for name in manifest.files)
    if arguments.json:
        said = {"database": manifest.database, "counts": manifest.counts, "keys": keys, "files": files}
        print(json.dumps(said | {"begun_ms": manifest.begun_ms}))
    else:
        print(text)
        counts = {name: manifest.counts[name] for name in _SAID if name in manifest.counts}
        for name, count in (counts | {"keys": keys, "files": files}).items():
            print(f"  {name:<14}{count:>12,}")
    if manifest.database == "postgresql":
        print(about_postgresql, file=sys.stderr)


def _say_progress(done: int, total: int) -> None:
    print(f"\r{done >> 20:,} / {total >> 20:,} MB", end="" if done < total else "\n", file=sys.stderr, flush=True)
