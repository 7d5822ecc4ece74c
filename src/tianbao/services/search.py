"""Finding people by name, pinyin, initials or last digits: a flat buffer in memory, never on a disk (DESIGN 5).

Built by a thread of the console once its keyring is unlocked, newest people first, and kept up to date from
what changed. One line a revision; a line whose revision is no longer the newest finds nothing, because the
caller looks records up by their newest revision. Must not know: HTTP, who searches.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django.db import connections
from django.db.models import Max

from tianbao.domain.access import EVERYWHERE
from tianbao.domain.forms import Form, Kind, Question
from tianbao.domain.numerals import compact
from tianbao.services.deletion import count_deletions
from tianbao.services.keys import Keyring, Locked
from tianbao.services.records import open_lines
from tianbao.services.search_keys import name_keys
from tianbao.services.selection import Filters, Position, Selection, walk_changed
from tianbao.store.models import Record

FOUND_MAX: Final = 200
QUERY_MAX: Final = 60
DIGITS_KEPT: Final = 8
"""Last characters of a phone or document number that can be searched."""
CHUNK: Final = 500
REFRESH_S: Final = 2.0
OVERLAP_MS: Final = 10_000

_END = "\x02"
"""Stands after each number, so that last digits are found at the end only."""

log = logging.getLogger(__name__)


class NameBuffer:
    """Lines of UTF-8, where each begins, and whose each is. Not thread-safe by itself."""

    def __init__(self) -> None:
        self._text = bytearray()
        self._starts = array("Q")
        self._ids = bytearray()

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def bytes_used(self) -> int:
        return len(self._text) + len(self._starts) * 8 + len(self._ids)

    def add(self, revision: UUID, line: str) -> None:
        self._starts.append(len(self._text))
        self._text += line.encode() + b"\n"
        self._ids += revision.bytes

    def find_first(self, needle: str, limit: int) -> list[UUID]:
        """The revisions whose line holds the needle, in the order in which they were added."""
        wanted, found, position = needle.encode(), [], 0
        while len(found) < limit and (position := self._text.find(wanted, position)) >= 0:
            index = self._line_at(position)
            found.append(self._id(index))
            position = self._starts[index + 1] if index + 1 < len(self) else len(self._text)
        return found

    def find_last(self, needle: str, limit: int) -> list[UUID]:
        """The same, from the line that was added last."""
        wanted, found, end = needle.encode(), [], len(self._text)
        while len(found) < limit and (position := self._text.rfind(wanted, 0, end)) >= 0:
            index = self._line_at(position)
            found.append(self._id(index))
            end = self._starts[index]
        return found

    def _line_at(self, position: int) -> int:
        return bisect_right(self._starts, position) - 1

    def _id(self, index: int) -> UUID:
        return UUID(bytes=bytes(self._ids[index * 16 : index * 16 + 16]))


class Search:
    """The search of one console process: `start` after unlocking, `stop` after locking."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._lock = threading.Lock()
        self._buffer = NameBuffer()
        self._fresh = NameBuffer()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._total = self._done = 0
        self.is_ready = False

    @property
    def percent(self) -> int:
        """How far the building is; 100 only once it is ready."""
        return 100 if self.is_ready else min(self._done * 100 // max(self._total, 1), 99)

    def start(self) -> None:
        """Begins to build, once; a later call does nothing while the thread lives."""
        with self._lock:
            if (self._thread is not None and self._thread.is_alive()) or not self._keyring.is_unlocked:
                return
            self._stopping.clear()
            self._buffer, self._fresh = NameBuffer(), NameBuffer()
            self._done, self.is_ready = 0, False
            self._thread = threading.Thread(target=self._run, name="search", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Forgets every name."""
        self._stopping.set()
        with self._lock:
            self._thread, self.is_ready = None, False
            self._buffer, self._fresh = NameBuffer(), NameBuffer()

    def find(self, query: str) -> list[UUID]:
        """Newest revisions that match, newest people first; at most FOUND_MAX."""
        needle = read_query(query)
        if not needle:
            return []
        with self._lock:
            newest = self._fresh.find_last(needle, FOUND_MAX)
            return list(dict.fromkeys([*newest, *self._buffer.find_first(needle, FOUND_MAX)]))[:FOUND_MAX]

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._run_until_deletion()
        except Locked:
            self.stop()
        except Exception:
            log.exception("the search stopped; it starts again with the next request")
        finally:
            connections.close_all()

    def _run_until_deletion(self) -> None:
        """Builds, and follows what changes. Once a day is deleted its names leave the buffer: it is built anew."""
        with self._lock:
            self._buffer, self._fresh = NameBuffer(), NameBuffer()
        deletions = count_deletions()
        since_ms = Record.objects.aggregate(newest=Max("changed_ms"))["newest"] or 0
        self._done, self._total = 0, Record.objects.count()
        self._add_all()
        self.is_ready = True
        known: set[UUID] = set()
        while count_deletions() == deletions and not self._stopping.wait(REFRESH_S):
            since_ms, known = self._add_changes(since_ms, known)
        self.is_ready = False
        self._keyring.forget_days()

    def _add_all(self) -> None:
        """Everybody, newest first."""
        everybody, after = Selection(Filters(reach=EVERYWHERE)), None
        while (page := everybody.newest(after=after, limit=CHUNK)) and not self._stopping.is_set():
            self._add(self._buffer, page)
            self._done += len(page)
            after = Position(page[-1].registered_ms, page[-1].id)
            time.sleep(0)  # staff's requests come first

    def _add_changes(self, since_ms: int, known: set[UUID]) -> tuple[int, set[UUID]]:
        """What changed since, told by its revision from what the last round saw."""
        self._check_unlocked()
        seen: set[UUID] = set()
        for page in walk_changed(since_ms=since_ms - OVERLAP_MS, size=CHUNK):
            self._add(self._fresh, [record for record in page if record.latest not in known])
            seen.update(record.latest for record in page)
            since_ms = max(since_ms, page[-1].changed_ms)
        return since_ms, seen

    def _add(self, buffer: NameBuffer, records: list[Record]) -> None:
        self._check_unlocked()
        opened = open_lines(records, self._keyring)
        lines = [(one.record.latest, make_line(one.form, one.answers)) for one in opened if one.answers is not None]
        with self._lock:
            for revision, line in lines:
                buffer.add(revision, line)

    def _check_unlocked(self) -> None:
        if not self._keyring.is_unlocked:
            raise Locked


def make_line(form: Form, answers: dict[str, Any]) -> str:
    """What can be found of one registration: names (companions' too) and ends of numbers."""
    return "\t".join(_parts(form.questions, answers))


def _parts(questions: tuple[Question, ...], answers: dict[str, Any]) -> Iterator[str]:
    for question in questions:
        value = answers.get(question.name)
        if value is None:
            continue
        if isinstance(value, list) and question.questions:
            for row in value:
                yield from _parts(question.questions, row)
        elif isinstance(value, dict) and question.questions:
            yield from _parts(question.questions, value)
        elif question.kind is Kind.PERSON_NAME:
            keys = name_keys(value)
            yield f"{keys.folded} {keys.pinyin} {keys.initials}"
        elif question.kind in (Kind.PHONE, Kind.DOCUMENT):
            yield compact(value)[-DIGITS_KEPT:].lower() + _END


def read_query(query: str) -> str:
    """The needle of what somebody typed: the end of a number, or a folded name."""
    text = "".join(filter(str.isprintable, query)).strip()[:QUERY_MAX]
    digits = re.sub(r"[\s\-]", "", text).lower()
    if re.fullmatch(r"\+?[0-9]{2,}x?", digits):
        return digits[-DIGITS_KEPT:] + _END
    return name_keys(text).folded if text else ""
