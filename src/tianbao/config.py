"""Where this installation keeps its things: the data folder and the database, from arguments or `TIANBAO_…`.

Shared by every process of one installation. Must not know: Django, what is in the files it names.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Config:
    """`database_url` is empty for SQLite in the data folder, else `postgresql://…`."""

    data: Path
    database_url: str = field(default="", repr=False)

    @property
    def main_db(self) -> Path:
        return self.data / "main.db"

    @property
    def intake_db(self) -> Path:
        return self.data / "intake.db"

    @property
    def keys(self) -> Path:
        return self.data / "keys"

    @property
    def files(self) -> Path:
        return self.data / "files"

    @property
    def is_sqlite(self) -> bool:
        return not self.database_url

    def environment(self) -> dict[str, str]:
        """The environment in which a child process finds the same installation."""
        return {**os.environ, "TIANBAO_DATA": str(self.data), "TIANBAO_DATABASE_URL": self.database_url}


def read_config() -> Config:
    """The configuration in the environment; the folder `tianbao-data` beside the caller by default."""
    data = Path(os.environ.get("TIANBAO_DATA") or "tianbao-data")
    return Config(data=data.resolve(), database_url=os.environ.get("TIANBAO_DATABASE_URL", ""))


def read_or_make_secret(path: Path) -> str:
    """A random text of the installation, made the first time and readable by its owner only."""
    try:
        return path.read_text("ascii")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        secret = secrets.token_urlsafe(48)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secret)
        return secret
