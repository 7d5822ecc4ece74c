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
from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

from django.db import connections

from tianbao.domain.forms import Form, Kind, Question
from tianbao.domain.numerals import compact
from tianbao.domain.sealing import CannotOpen
from tianbao.services.keys import Keyring, Locked
from tianbao.services.records import attach_data_keys, attach_sites_and_forms, load_form_once
from tianbao.services.search_keys import name_keys
from tianbao.store.models import Record, Revision

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

    def find(self, needle: str, limit: int) -> list[UUID]:
        """The revisions whose line holds the needle, in the order in which they were added."""
        wanted, found, position = needle.encode(), [], 0
        while len(found) < limit:
            position = self._text.find(wanted, position)
            if position < 0:
                break
            index = bisect_right(self._starts, position) - 1
            found.append(UUID(bytes=bytes(self._ids[index * 16 : index * 16 + 16])))
            if index + 1 == len(self._starts):
                break
            position = self._starts[index + 1]
        return found


class Search:
    """The search of one console process: `start` after unlocking, `stop` after locking."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._lock = threading.Lock()
        self._buffer = NameBuffer()
        self._fresh = NameBuffer()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self.total = 0
        self.done = 0

    @property
    def is_ready(self) -> bool:
        return self._thread is not None and self.done >= self.total

    @property
    def percent(self) -> int:
        return 100 if self.is_ready else self.done * 100 // max(self.total, 1)

    def start(self) -> None:
        """Begins to build, once; a later call does nothing while the thread lives."""
        with self._lock:
            if (self._thread is not None and self._thread.is_alive()) or not self._keyring.is_unlocked:
                return
            self._stopping.clear()
            self._buffer, self._fresh = NameBuffer(), NameBuffer()
            self.total, self.done = 1, 0
            self._thread = threading.Thread(target=self._run, name="search", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Forgets every name."""
        self._stopping.set()
        with self._lock:
            self._thread = None
            self._buffer, self._fresh = NameBuffer(), NameBuffer()

    def find(self, query: str) -> list[UUID]:
        """Newest revisions that match, newest people first; at most FOUND_MAX."""
        needle = read_query(query)
        if not needle:
            return []
        with self._lock:
            fresh = self._fresh.find(needle, FOUND_MAX)
            return list(dict.fromkeys([*reversed(fresh), *self._buffer.find(needle, FOUND_MAX)]))[:FOUND_MAX]

    def _run(self) -> None:
        since_ms = 0
        known: set[UUID] = set()
        try:
            newest = Record.objects.order_by("-changed_ms").values_list("changed_ms", flat=True).first()
            since_ms = newest or 0
            self.total = Record.objects.count()
            self._add_all(self._buffer, known)
            self.done = self.total
            while not self._stopping.wait(REFRESH_S):
                since_ms, known = self._add_changes(since_ms, known)
        except Locked:
            self.stop()
        except Exception:
            log.exception("the search stopped; it starts again with the next request")
        finally:
            connections.close_all()

    def _add_all(self, buffer: NameBuffer, known: set[UUID]) -> None:
        rows = Record.objects.order_by("-registered_ms", "-id").values_list("latest", flat=True)
        for chunk in _chunked(rows.iterator(chunk_size=CHUNK), CHUNK):
            if self._stopping.is_set():
                return
            if self.done < CHUNK * 2:
                known.update(chunk)
            self._add(buffer, chunk)
            self.done += len(chunk)
            time.sleep(0)  # staff's requests come first

    def _add_changes(self, since_ms: int, known: set[UUID]) -> tuple[int, set[UUID]]:
        """What changed since, told from what is known by its revision; both grow with the changes only."""
        changed = list(
            Record.objects.filter(changed_ms__gte=since_ms - OVERLAP_MS)
            .order_by("changed_ms")
            .values_list("latest", "changed_ms")[: CHUNK * 20]
        )
        new = [latest for latest, _ in changed if latest not in known]
        self._add(self._fresh, new)
        newest_ms = changed[-1][1] if changed else since_ms
        return max(since_ms, newest_ms), {latest for latest, _ in changed}

    def _add(self, buffer: NameBuffer, revisions: Iterable[UUID]) -> None:
        wanted = list(revisions)
        rows = Revision.objects.in_bulk(wanted)
        attach_data_keys(rows.values())
        records = list(Record.objects.filter(id__in={row.record_id for row in rows.values()}))
        attach_sites_and_forms(records)
        forms = {record.latest: load_form_once(record.form) for record in records}
        lines = []
        for revision in wanted:
            row, form = rows.get(revision), forms.get(revision)
            if row is None or form is None:
                continue
            try:
                opened = self._keyring.open_revision(row, row.data_key)
            except CannotOpen:
                continue
            lines.append((revision, make_line(form, opened.answers)))
        with self._lock:
            for revision, line in lines:
                buffer.add(revision, line)


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
    text = query.strip()[:QUERY_MAX]
    digits = re.sub(r"[\s\-]", "", text).lower()
    if re.fullmatch(r"\+?[0-9]{2,}x?", digits):
        return digits[-DIGITS_KEPT:] + _END
    return name_keys(text).folded if text else ""


def _chunked(rows: Iterable[UUID], size: int) -> Iterator[list[UUID]]:
    chunk: list[UUID] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
