"""`tianbao doctor`: what is well with an installation and what is not, found out without changing anything.

Each check gives findings: a code, how serious it is, and parameters; the sentences are made in
`tianbao.doctor_command`. Reads the databases directly and read-only, since it is asked about installations that do
not start. Must not know: languages, the terminal.
"""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tianbao.config import Config, Limits
from tianbao.server import connections_possible, file_limit
from tianbao.store import key_file
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

SYNCS: Final = 40
SYNC_MS_MIN: Final = 0.04
"""A journalled file system on the fastest disk needs more to have a new block and its length on it."""
SYNC_MS_MAX: Final = 100.0
FREE_BYTES_MIN: Final = 1 << 29
FREE_BYTES_FEW: Final = 5 << 30
CLOCK_BACK_S_MAX: Final = 300
CLOCK_EARLIEST: Final = datetime(2026, 1, 1, tzinfo=UTC)
CLOCK_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
CERTIFICATE_DAYS_FEW: Final = 21
LAG_S_MAX: Final = 60
PROBE_WAIT_S: Final = 3.0
NETWORK_DISKS: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs"})
_MIGRATIONS: Final = Path(key_file.__file__).parent / "migrations"

Ask: TypeAlias = Callable[[str, str], list[Any]]
"""(name of the SQLite file, SQL) → rows"""


class Level(StrEnum):
    """How serious a finding is."""

    GOOD = "good"
    WARNING = "warning"
    PROBLEM = "problem"


class Found(StrEnum):
    """Everything the doctor can find."""

    NO_INSTALLATION = "no_installation"
    DATABASE_UNREADABLE = "database_unreadable"
    DATABASE_DAMAGED = "database_damaged"
    DATABASE_SOUND = "database_sound"
    POSTGRESQL_UNSAFE = "postgresql_unsafe"
    FOLDER_OPEN = "folder_open"
    NETWORK_DISK = "network_disk"
    SYNC_GOOD = "sync_good"
    SYNC_TOO_FAST = "sync_too_fast"
    SYNC_SLOW = "sync_slow"
    SYNC_FAILED = "sync_failed"
    SPACE_GOOD = "space_good"
    SPACE_FEW = "space_few"
    SPACE_NONE = "space_none"
    CLOCK_GOOD = "clock_good"
    CLOCK_IMPLAUSIBLE = "clock_implausible"
    CLOCK_BACK = "clock_back"
    CERTIFICATE_GOOD = "certificate_good"
    CERTIFICATE_UNREADABLE = "certificate_unreadable"
    CERTIFICATE_OTHER_KEY = "certificate_other_key"
    CERTIFICATE_NOT_YET = "certificate_not_yet"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_EXPIRES = "certificate_expires"
    CERTIFICATE_OTHER_HOST = "certificate_other_host"
    KEYS_GOOD = "keys_good"
    KEYS_NO_OFFICER = "keys_no_officer"
    KEYS_UNREADABLE = "keys_unreadable"
    KEYS_OPEN = "keys_open"
    KEYS_MISSING = "keys_missing"
    KEYS_NOT_FOR_ALL = "keys_not_for_all"
    MIGRATIONS_GOOD = "migrations_good"
    MIGRATIONS_PENDING = "migrations_pending"
    MIGRATIONS_NEWER = "migrations_newer"
    RECORDS_GOOD = "records_good"
    RECORDS_BEHIND = "records_behind"
    CONNECTIONS_GOOD = "connections_good"
    CONNECTIONS_FEW = "connections_few"
    LIMITS = "limits"
    PORT_FREE = "port_free"
    PORT_OURS = "port_ours"
    PORT_TAKEN = "port_taken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    found: Found
    level: Level
    parameters: dict[str, str | int | float] = field(default_factory=dict)


def good(found: Found, **parameters: str | int | float) -> Finding:
    return Finding(found, Level.GOOD, parameters)


def warning(found: Found, **parameters: str | int | float) -> Finding:
    return Finding(found, Level.WARNING, parameters)


def problem(found: Found, **parameters: str | int | float) -> Finding:
    return Finding(found, Level.PROBLEM, parameters)


def examine(
    config: Config, *, tls_cert: Path | None, tls_key: Path | None, port: int, now_ms: int
) -> Iterator[Finding]:
    """Everything that was found, in the order in which somebody would look."""
    if not config.data.is_dir() or (config.is_sqlite and not config.main_db.exists()):
        yield problem(Found.NO_INSTALLATION, folder=str(config.data))
        return
    yield from examine_disk(config.data)
    try:
        with closing(_Databases(config)) as databases:
            yield from databases.examine()
            yield from examine_migrations(databases.ask)
            yield from examine_clock(databases.ask, now_ms=now_ms)
            yield from examine_keys(config.keys, databases.ask, now_ms=now_ms)
            yield from examine_records(databases.ask, now_ms=now_ms)
            if tls_cert and tls_key:
                ((address,),) = databases.ask("main.db", "SELECT max(address) FROM organisation")
                host = urlsplit(address or "").hostname or ""
                yield from examine_certificate(tls_cert, tls_key, host=host, now_ms=now_ms)
    except Exception as error:  # whatever a driver raises: that it cannot be read is the finding
        yield problem(Found.DATABASE_UNREADABLE, reason=str(error).strip().splitlines()[0] if str(error) else "")
    yield from examine_limits(config.limits)
    yield examine_port(port, is_https=tls_cert is not None)


class _Databases:
    def __init__(self, config: Config) -> None:
        self._config = config
        self._opened: dict[str, Any] = {}

    def ask(self, file: str, sql: str) -> list[Any]:
        rows: list[Any] = self._open(file).execute(sql).fetchall()
        return rows

    def examine(self) -> Iterator[Finding]:
        """What holds the data, and whether it keeps what it says it keeps."""
        if self._config.is_sqlite:
            for file in ("main.db", "intake.db"):
                said = self.ask(file, "PRAGMA quick_check(1)")
                if said != [("ok",)]:
                    yield problem(Found.DATABASE_DAMAGED, file=file, reason=str(said[0][0])[:200])
                    return
            yield good(Found.DATABASE_SOUND, kind="SQLite", version=sqlite3.sqlite_version)
            return
        said = {
            name: self.ask("", f"SHOW {name}")[0][0] for name in ("fsync", "synchronous_commit", "server_version")
        }
        if "off" in (said["fsync"], said["synchronous_commit"]):
            yield problem(Found.POSTGRESQL_UNSAFE, fsync=said["fsync"], commit=said["synchronous_commit"])
        else:
            yield good(Found.DATABASE_SOUND, kind="PostgreSQL", version=said["server_version"])

    def close(self) -> None:
        for connection in self._opened.values():
            connection.close()

    def _open(self, file: str) -> Any:
        if not self._config.is_sqlite:
            from tianbao.store.postgresql import connect

            file = ""
            self._opened[file] = self._opened.get(file) or connect(self._config.database_url)
        elif file not in self._opened:
            if not (self._config.data / file).exists():
                raise FileNotFoundError(file)  # SQLite would make one
            self._opened[file] = sqlite3.connect(
                self._config.data / file, isolation_level=None, timeout=PROBE_WAIT_S
            )
            self._opened[file].execute("PRAGMA query_only=ON")
        return self._opened[file]


def examine_disk(data: Path) -> Iterator[Finding]:
    """Who may look in, what kind of disk, how it syncs, how much is free."""
    if os.name != "nt" and data.stat().st_mode & 0o077:
        yield warning(Found.FOLDER_OPEN, folder=str(data))
    if (kind := _disk_kind(data)) in NETWORK_DISKS:
        yield problem(Found.NETWORK_DISK, kind=kind)
    try:
        yield judge_syncs(sync_times_ms(data))
    except OSError as error:
        yield problem(Found.SYNC_FAILED, reason=error.strerror or str(error))
    yield judge_space(shutil.disk_usage(data).free)


def sync_times_ms(folder: Path) -> list[float]:
    """How long it takes to have 4 KiB more of a file on the disk, again and again."""
    times: list[float] = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(SYNCS):
            file.write(b"\xa5" * 4096)
            begun_s = time.perf_counter()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - begun_s) * 1000)
    return times


def judge_syncs(times_ms: list[float]) -> Finding:
    """A sync that takes no time did not reach a disk."""
    middle = max(0.001, round(statistics.median(times_ms), 3))
    if middle < SYNC_MS_MIN:
        return warning(Found.SYNC_TOO_FAST, ms=middle)
    return warning(Found.SYNC_SLOW, ms=middle) if middle > SYNC_MS_MAX else good(Found.SYNC_GOOD, ms=middle)


def judge_space(free_bytes: int) -> Finding:
    gigabytes = round(free_bytes / (1 << 30), 1)
    if free_bytes < FREE_BYTES_MIN:
        return problem(Found.SPACE_NONE, gigabytes=gigabytes)
    few = free_bytes < FREE_BYTES_FEW
    return warning(Found.SPACE_FEW, gigabytes=gigabytes) if few else good(Found.SPACE_GOOD, gigabytes=gigabytes)


def _disk_kind(folder: Path) -> str:
    """The file system's name where the system tells (Linux)."""
    with suppress(OSError):
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
        holding = [mount for mount in mounts if folder.resolve().is_relative_to(mount[1])]
        return max(holding, key=lambda mount: len(mount[1]))[2] if holding else ""
    return ""


def examine_clock(ask: Ask, *, now_ms: int) -> Iterator[Finding]:
    """Whether the time can be right, and what the clock on the wall should show."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    ((zone,),) = ask("main.db", "SELECT max(time_zone) FROM organisation")
    zone = zone or "Asia/Shanghai"
    shown = {"time": f"{now.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}", "zone": zone}
    newest = ask("intake.db", "SELECT received_ms FROM submission ORDER BY seq DESC LIMIT 1")
    ahead_s = (newest[0][0] - now_ms) // 1000 if newest else 0
    if not CLOCK_EARLIEST <= now < CLOCK_LATEST:
        yield problem(Found.CLOCK_IMPLAUSIBLE, **shown)
    elif ahead_s > CLOCK_BACK_S_MAX:
        yield problem(Found.CLOCK_BACK, minutes=ahead_s // 60, **shown)
    else:
        yield good(Found.CLOCK_GOOD, **shown)


def examine_certificate(cert: Path, key: Path, *, host: str, now_ms: int) -> Iterator[Finding]:
    """The first certificate of the chain: its dates, its names, its key."""
    try:
        certificate = x509.load_pem_x509_certificates(cert.read_bytes())[0]
        private_key = load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError, IndexError) as error:
        yield problem(Found.CERTIFICATE_UNREADABLE, reason=str(error)[:200])
        return
    if private_key.public_key() != certificate.public_key():
        yield problem(Found.CERTIFICATE_OTHER_KEY)
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    names = _names(certificate)
    until = certificate.not_valid_after_utc
    dated: dict[str, str | int] = {"date": f"{until:%Y-%m-%d}", "days": (until - now).days}
    if now < certificate.not_valid_before_utc:
        yield problem(Found.CERTIFICATE_NOT_YET, date=f"{certificate.not_valid_before_utc:%Y-%m-%d}")
    elif now >= until:
        yield problem(Found.CERTIFICATE_EXPIRED, **dated)
    elif until - now < timedelta(days=CERTIFICATE_DAYS_FEW):
        yield warning(Found.CERTIFICATE_EXPIRES, **dated)
    elif _is_named(host, names):
        yield good(Found.CERTIFICATE_GOOD, host=host, **dated)
    if not _is_named(host, names):
        yield problem(Found.CERTIFICATE_OTHER_HOST, host=host, names=", ".join(names))


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = [str(address) for address in found.get_values_for_type(x509.IPAddress)]
    return [*found.get_values_for_type(x509.DNSName), *addresses]


def _is_named(host: str, names: list[str]) -> bool:
    above = host.partition(".")[2]
    return any(name.lower() in (host, f"*.{above}") for name in names)


def examine_keys(folder: Path, ask: Ask, *, now_ms: int) -> Iterator[Finding]:
    """Officers, days, and whether each day that has registrations can still be opened by every officer."""
    try:
        officers = {officer.id for officer in key_file.read_officers(folder)}
        days = {name: key_file.read_day(folder, name) for name in key_file.list_days(folder)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield problem(Found.KEYS_UNREADABLE, reason=str(error)[:200])
        return
    if not officers:
        yield problem(Found.KEYS_NO_OFFICER)
        return
    paths = [folder, *folder.glob("*.json")]
    if os.name != "nt" and any(path.stat().st_mode & 0o077 for path in paths):
        yield warning(Found.KEYS_OPEN, folder=str(folder))
    today = f"{datetime.fromtimestamp(now_ms / 1000, UTC):%Y-%m-%d}"
    used = {day for (day,) in ask("intake.db", "SELECT DISTINCT day FROM intake_key")}
    missing = sorted(day for day in used - days.keys() if day.partition("_")[2] >= today)
    partial = sorted(name for name, day in days.items() if day and officers - day.wraps.keys())
    if missing:
        yield problem(Found.KEYS_MISSING, days=", ".join(missing[:5]), count=len(missing))
    elif partial:
        yield warning(Found.KEYS_NOT_FOR_ALL, days=", ".join(partial[:5]), count=len(partial))
    else:
        yield good(Found.KEYS_GOOD, officers=len(officers), days=len(days))


def examine_migrations(ask: Ask) -> Iterator[Finding]:
    """Whether the tables are those of this version."""
    own = {path.stem for path in _MIGRATIONS.glob("[0-9]*.py")}
    applied = {name for (name,) in ask("main.db", "SELECT name FROM django_migrations WHERE app = 'store'")}
    if applied - own:
        yield problem(Found.MIGRATIONS_NEWER, name=max(applied - own))
    elif own - applied:
        yield warning(Found.MIGRATIONS_PENDING, count=len(own - applied))
    else:
        yield good(Found.MIGRATIONS_GOOD, name=max(own))


def examine_records(ask: Ask, *, now_ms: int) -> Iterator[Finding]:
    """Whether the line list has caught up with what came in."""
    found = ask("main.db", "SELECT seq FROM cursor WHERE name = 'records'")
    done = int(found[0][0]) if found else 0
    waiting = ask("intake.db", f"SELECT received_ms FROM submission WHERE seq > {done} ORDER BY seq LIMIT 1")  # noqa: S608
    ((newest,),) = ask("intake.db", "SELECT coalesce(max(seq), 0) FROM submission")
    seconds = max(0, now_ms - waiting[0][0]) // 1000 if waiting else 0
    if seconds > LAG_S_MAX:
        yield warning(Found.RECORDS_BEHIND, count=newest - done, minutes=max(1, seconds // 60))
    else:
        yield good(Found.RECORDS_GOOD, count=newest)


def examine_limits(limits: Limits) -> Iterator[Finding]:
    """How many connections an edge has room for, and what it lets in before phones have to work or wait."""
    possible, files = connections_possible(limits.connections), file_limit()
    if possible < limits.connections:
        yield warning(Found.CONNECTIONS_FEW, connections=possible, wanted=limits.connections, files=files)
    else:
        yield good(Found.CONNECTIONS_GOOD, connections=possible)
    yield good(
        Found.LIMITS,
        site_rate=f"{limits.site.rate_per_s:g}",
        site_burst=f"{limits.site.burst:g}",
        address_rate=f"{limits.address.rate_per_s:g}",
        address_burst=f"{limits.address.burst:g}",
        unscripted_rate=f"{limits.unscripted.rate_per_s:g}",
        bits=limits.work_bits,
    )


def examine_port(port: int, *, is_https: bool) -> Finding:
    """Whether `serve` could listen there, or does."""
    with closing(socket.socket()) as probe:
        probe.settimeout(PROBE_WAIT_S)
        if probe.connect_ex(("127.0.0.1", port)):
            return good(Found.PORT_FREE, port=port)
    any_name = ssl._create_unverified_context() if is_https else None  # noqa: S323 - of this machine
    asking = (
        HTTPSConnection("127.0.0.1", port, timeout=PROBE_WAIT_S, context=any_name)
        if is_https
        else HTTPConnection("127.0.0.1", port, timeout=PROBE_WAIT_S)
    )
    with closing(asking), suppress(OSError, HTTPException):
        asking.request("GET", "/healthz")
        if asking.getresponse().read(16) == b"ok":
            return good(Found.PORT_OURS, port=port)
    return warning(Found.PORT_TAKEN, port=port)
