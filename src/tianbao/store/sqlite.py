"""The SQLite that Tianbao brings, in place of the one Python came with.

Imported before anything that imports `sqlite3`: two SQLite libraries in one process break each other's
locks. Versions 3.7.0 to 3.51.2 can corrupt a database in WAL mode (the WAL-reset bug); they are refused.
"""

from __future__ import annotations

import sys
from typing import Final

import pysqlite3
import pysqlite3.dbapi2

VERSION_MIN: Final = (3, 51, 3)


class AffectedSqlite(SystemExit):
    """The SQLite at hand has the WAL-reset bug: the program ends and says so in plain words."""

    def __init__(self, version: str) -> None:
        wanted = ".".join(map(str, VERSION_MIN))
        super().__init__(
            f"SQLite {version} 可能损坏数据，需要 {wanted} 或更新；请重新安装依赖（make setup）。 "
            f"SQLite {version} can corrupt data; {wanted} or newer is needed: "
            "install the dependencies again (make setup)."
        )


def bring_recent_sqlite() -> None:
    """Puts `pysqlite3` in the place of `sqlite3`; raises AffectedSqlite if even that one is too old."""
    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2
    if pysqlite3.sqlite_version_info < VERSION_MIN:
        raise AffectedSqlite(pysqlite3.sqlite_version)
