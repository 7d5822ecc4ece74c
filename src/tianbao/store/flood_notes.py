"""What an edge process notes for the console: the sites at which phones have to work or wait at the moment.

One small file for each edge process in the data folder, written by `edge.app`, read by `services.floods`; each says
until when it holds. Must not know: why a site is in a flood.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

NOTE_BYTES_MAX = 65_536
_PREFIX = "flood-"


def write_note(data: Path, sites: Sequence[str], *, until_ms: int) -> None:
    """This process's note, in place of its last; none where no site is in a flood."""
    path = data / f"{_PREFIX}{os.getpid()}.json"
    if not sites:
        path.unlink(missing_ok=True)
        return
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps({"sites": sites, "until_ms": until_ms}), "utf-8")
    unfinished.replace(path)


def read_notes(data: Path, *, now_ms: int) -> frozenset[str]:
    """The codes of the sites that any process noted."""
    found: set[str] = set()
    for path in data.glob(f"{_PREFIX}*.json"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            note = json.loads(path.read_bytes()[:NOTE_BYTES_MAX])
            if note["until_ms"] > now_ms:
                found |= set(note["sites"])
    return frozenset(found)
