"""The key folder: officers' wrapped private keys, and one file a day with what opens that day.

Outside the database and outside data backups on purpose: destroying a day's file erases that day wherever
its rows were copied to. Written by the edge (a new day) and by `services.keys` (officers); read by both.
Must not know: how keys are made or what they open (`domain.sealing`).

    keys/officers.json                {"officers": [{"id", "public", "salt", "wrapped", "cost": {...}}]}
    keys/2026-11-23_2026-12-07.json   {"public", "pepper", "wraps": {officer id: sealed private key}}
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tianbao.domain.sealing import PasswordCost


@dataclass(frozen=True, slots=True)
class Officer:
    """Somebody who may open identities: the private half lies wrapped under a password."""

    id: str
    public: bytes
    salt: bytes
    wrapped: bytes
    cost: PasswordCost


@dataclass(frozen=True, slots=True)
class DayKey:
    """What opens the registrations of one day that are deleted on one date.

    `name` is `{day}_{delete_on}`, both ISO 8601; `wraps` the private half sealed to each officer.
    """

    name: str
    public: bytes
    pepper: bytes = field(repr=False)
    wraps: dict[str, bytes]


def read_officers(folder: Path) -> list[Officer]:
    """All officers; empty before the first-run guide made one."""
    try:
        data = json.loads((folder / "officers.json").read_bytes())
    except FileNotFoundError:
        return []
    return [
        Officer(
            id=entry["id"],
            public=_bytes(entry["public"]),
            salt=_bytes(entry["salt"]),
            wrapped=_bytes(entry["wrapped"]),
            cost=PasswordCost(**entry["cost"]),
        )
        for entry in data["officers"]
    ]


def write_officers(folder: Path, officers: list[Officer]) -> None:
    """Replaces the list in one step."""
    entries = [
        {
            "id": officer.id,
            "public": _text(officer.public),
            "salt": _text(officer.salt),
            "wrapped": _text(officer.wrapped),
            "cost": {
                "memory_kib": officer.cost.memory_kib,
                "passes": officer.cost.passes,
                "lanes": officer.cost.lanes,
            },
        }
        for officer in officers
    ]
    _replace(folder / "officers.json", {"officers": entries})


def read_day(folder: Path, name: str) -> DayKey | None:
    """One day's keys; None once they are destroyed, or before they are made."""
    try:
        data = json.loads((folder / f"{name}.json").read_bytes())
    except FileNotFoundError:
        return None
    return DayKey(
        name=name,
        public=_bytes(data["public"]),
        pepper=_bytes(data["pepper"]),
        wraps={officer: _bytes(wrap) for officer, wrap in data["wraps"].items()},
    )


def create_day(folder: Path, day: DayKey) -> DayKey:
    """Writes one day's keys if nobody has yet, and answers those that stand; on disk when it returns.

    Two processes may want the same day in the same moment: only the first one's keys may ever be used.
    """
    path = folder / f"{day.name}.json"
    wraps = {officer: _text(wrap) for officer, wrap in day.wraps.items()}
    beside = path.with_suffix(f".{os.getpid()}.new")
    _write(beside, {"public": _text(day.public), "pepper": _text(day.pepper), "wraps": wraps})
    try:
        if os.name == "nt":
            beside.rename(path)  # refuses where the name is taken
        else:
            path.hardlink_to(beside)
    except FileExistsError:
        pass
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(folder)
    standing = read_day(folder, day.name)
    if standing is None:
        raise RuntimeError(f"the keys of {day.name} vanished while they were made")
    return standing


def list_days(folder: Path) -> Iterator[str]:
    """The names of the days whose keys exist."""
    for path in sorted(folder.glob("????-??-??_????-??-??.json")):
        yield path.stem


def destroy_day(folder: Path, name: str) -> None:
    """Overwrites and removes one day's keys. What they sealed is unreadable from then on."""
    path = folder / f"{name}.json"
    with suppress(FileNotFoundError):
        with path.open("r+b") as file:
            file.write(b"\0" * path.stat().st_size)
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        sync_folder(folder)


def copy_keys(folder: Path, copy: Path) -> None:
    """Brings a second folder up to what the first holds. Nothing is removed there but by `destroy_day`."""
    for name in ("officers.json", *(f"{day}.json" for day in list_days(folder))):
        try:
            data = (folder / name).read_bytes()
        except FileNotFoundError:
            continue
        target = copy / name
        if not target.is_file() or target.read_bytes() != data:
            _replace(target, json.loads(data))


def _replace(path: Path, data: dict[str, Any]) -> None:
    beside = path.with_suffix(".new")
    _write(beside, data)
    beside.replace(path)
    sync_folder(path.parent)


def _write(path: Path, data: dict[str, Any]) -> None:
    make_folder(path.parent)
    with path.open("w", encoding="utf-8") as file:
        json.dump(data, file)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o600)


def make_folder(folder: Path) -> None:
    """A folder for its owner alone, its name on disk when it returns."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """The names in a folder, on disk when it returns."""
    if os.name == "nt":  # Windows has no handle to sync a folder by; its rename is journaled
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
