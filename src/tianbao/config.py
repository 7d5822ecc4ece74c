"""Where this installation keeps its things: the data folder and the database, from arguments or `TIANBAO_…`.

Shared by every process of one installation. Must not know: Django, what is in the files it names.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from tianbao.domain.floods import BITS_MAX, Limit


@dataclass(frozen=True, slots=True)
class Limits:
    """What an edge process lets in before phones have to work, or wait (docs/adr/0012)."""

    site: Limit = Limit(100, 6_000)  # noqa: RUF009 - frozen
    """Of registrations at one site: 20,000 in an evening, and most of them within minutes."""
    address: Limit = Limit(20, 1_200)  # noqa: RUF009 - frozen
    """Of those from one address: a carrier's has thousands of people behind it."""
    unscripted: Limit = Limit(5, 60)  # noqa: RUF009 - frozen
    """Of those from pages without script at one site, while it is in a flood."""
    work_bits: int = 16
    """Tries that a phone needs, as a power of two: some tenths of a second."""
    connections: int = 12_000
    """Open at once."""


@dataclass(frozen=True, slots=True)
class Config:
    """`database_url` is empty for SQLite in the data folder, else `postgresql://…`."""

    data: Path
    database_url: str = field(default="", repr=False)
    limits: Limits = Limits()
    keys_copy: Path | None = None
    """Where the key files are kept a second time, on another disk; None for nowhere."""

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
    copy = os.environ.get("TIANBAO_KEYS_COPY")
    return Config(
        data=data.resolve(),
        database_url=os.environ.get("TIANBAO_DATABASE_URL", ""),
        limits=_read_limits(),
        keys_copy=Path(copy).resolve() if copy else None,
    )


def _read_limits() -> Limits:
    """`TIANBAO_SITE_RATE` (a second), `TIANBAO_SITE_BURST` and so on; what is no number above 0 is left out."""
    default = Limits()

    def number(name: str, otherwise: float) -> float:
        try:
            given = float(os.environ.get(f"TIANBAO_{name}", ""))
        except ValueError:
            return otherwise
        return given if 0 < given < float("inf") else otherwise

    def limit(name: str, otherwise: Limit) -> Limit:
        return Limit(number(f"{name}_RATE", otherwise.rate_per_s), max(1, number(f"{name}_BURST", otherwise.burst)))

    return Limits(
        site=limit("SITE", default.site),
        address=limit("ADDRESS", default.address),
        unscripted=limit("UNSCRIPTED", default.unscripted),
        work_bits=min(BITS_MAX, int(number("WORK_BITS", default.work_bits))),
        connections=max(64, int(number("CONNECTIONS", default.connections))),
    )


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
