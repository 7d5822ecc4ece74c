"""Reading records: the line list page by page, what is new in it, one record with its history.

Every question is answered by an index and stops after a page, at a million rows as at ten. Names are opened
here for whoever asks with an unlocked keyring. Must not know: who may ask, HTML.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from tianbao.domain.access import Reach
from tianbao.domain.answers import Answers, Flat, flatten_answers
from tianbao.domain.form_versions import merge_versions
from tianbao.domain.forms import Form, Kind, Path, answer_at, load_form
from tianbao.domain.ids import read_number
from tianbao.domain.sealing import CannotOpen
from tianbao.services.access import record_condition
from tianbao.services.keys import Keyring, Locked
from tianbao.services.selection import Filters, Position, Selection, select_changed
from tianbao.store.models import DataKey, FormVersion, Record, Revision, Site

PAGE: Final = 50
OVERLAP_MS: Final = 10_000
"""How far a question for what is new reaches back: rows may appear a little after their own time."""


@dataclass(frozen=True, slots=True)
class Line:
    """A record as the line list shows it.

    `answers` is None while names are sealed or their day was destroyed; `facts` then holds those in the open.
    """

    record: Record
    form: Form
    revision: int
    answers: Answers | None
    facts: Answers
    marks: dict[str, list[str]]

    def text(self, kind: Kind) -> str:
        """The answer of the first question of a kind."""
        return str(answer_at(self.answers or {}, self.form.path_of(kind)) or "")


def list_records(
    *, filters: Filters, keyring: Keyring, after: Position | None = None, limit: int = PAGE
) -> tuple[list[Line], Position | None]:
    """A page of the list, newest first, and where the next one begins (None at the end)."""
    found = Selection(filters).newest(after=after, limit=limit + 1)
    page = found[:limit]
    last = Position(page[-1].registered_ms, page[-1].id) if len(found) > limit else None
    return open_lines(page, keyring), last


def count_records(filters: Filters) -> int:
    """How many a filter keeps, counted up to COUNT_MAX + 1."""
    return Selection(filters).count()


def list_changes(*, filters: Filters, keyring: Keyring, since_ms: int, limit: int = PAGE) -> list[Line]:
    """Records that came or changed since a time, newest first; a few may be known already."""
    return open_lines(select_changed(filters, since_ms=since_ms - OVERLAP_MS, limit=limit), keyring)


def open_lines(records: Sequence[Record], keyring: Keyring) -> list[Line]:
    """Records with their newest answers. Sites, forms and data keys are few: each is fetched once, not a row."""
    newest = Revision.objects.in_bulk([record.latest for record in records])
    _attach_sites_and_forms(records)
    _attach_data_keys(newest.values())
    return [_open_line(record, newest.get(record.latest), keyring) for record in records]


def _attach_sites_and_forms(records: Iterable[Record]) -> None:
    """Gives records their site and form version without a join."""
    records = list(records)
    sites = Site.objects.in_bulk({record.site_id for record in records})
    missing = {record.form_id for record in records} - _form_versions.keys()
    _form_versions.update(FormVersion.objects.in_bulk(missing) if missing else {})
    for record in records:
        record.site = sites[record.site_id]
        record.form = _form_versions[record.form_id]


def _attach_data_keys(revisions: Iterable[Revision]) -> None:
    """Gives revisions their data key without a join."""
    revisions = list(revisions)
    keys = DataKey.objects.in_bulk({revision.data_key_id for revision in revisions})
    for revision in revisions:
        revision.data_key = keys[revision.data_key_id]


def _open_line(record: Record, revision: Revision | None, keyring: Keyring) -> Line:
    form = load_form_once(record.form)
    if revision is None:
        return Line(record, form, 0, None, {}, {})
    try:
        opened = keyring.open_revision(revision, revision.data_key)
    except (Locked, CannotOpen):
        facts = json.loads(revision.facts)
        return Line(record, form, revision.revision, None, facts["answers"], facts.get("marks", {}))
    return Line(record, form, revision.revision, opened.answers, {}, opened.marks)


_forms: dict[UUID, Form] = {}
_form_versions: dict[UUID, FormVersion] = {}


def load_form_once(row: FormVersion) -> Form:
    """A published form, which never changes."""
    if row.id not in _forms:
        _forms[row.id] = load_form(row.definition)
    return _forms[row.id]


def merged_form(name: str) -> Form:
    """A form with whatever any of its versions asked."""
    return merge_versions([load_form_once(row) for row in FormVersion.objects.filter(name=name)])


def forms_with_records() -> list[str]:
    """The names of the forms that somebody registered with; of those that sites carry while nobody has."""
    versions: dict[str, list[UUID]] = {}
    for name, version in FormVersion.objects.order_by("name").values_list("name", "id"):
        versions.setdefault(name, []).append(version)
    used = [name for name, ids in versions.items() if Record.objects.filter(form__in=ids).exists()]
    return used or list(versions)[:1]


@dataclass(frozen=True, slots=True)
class Change:
    """One answer that a revision changed: its values before and after, as `flatten_answers` writes them.

    A place's code has a path of its own (`itinerary.0.place.code`); it counts as changed where its text did not.
    """

    path: Path
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One revision of a record. `reason` is staff's; `changes` are against the revision before."""

    revision: Revision
    reason: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class RecordHistory:
    """A record opened: its line and its revisions, newest first."""

    line: Line
    entries: tuple[HistoryEntry, ...]


def find_records(number: str, *, reach: Reach) -> list[Record]:
    """The records of a short number as somebody typed or scanned it, within `reach`; seldom more than one."""
    read = read_number(number)
    if read is None:
        return []
    rows = Record.objects.filter(record_condition(reach), number=read).select_related("site")
    return list(rows.order_by("-registered_ms")[:20])


def open_record(*, record: Record, keyring: Keyring) -> RecordHistory:
    """The whole history. Raises Locked while names are sealed."""
    if not keyring.is_unlocked:
        raise Locked
    form = load_form_once(record.form)
    revisions = list(
        Revision.objects.filter(record=record).select_related("data_key", "staff").order_by("at_ms", "revision")
    )
    entries: list[HistoryEntry] = []
    before: Flat = {}
    for revision in revisions:
        try:
            opened = keyring.open_revision(revision, revision.data_key)
        except CannotOpen:
            continue
        after = flatten_answers(form, opened.answers)
        entries.append(HistoryEntry(revision, opened.reason, _changes(before, after) if entries else ()))
        before = after
    line = open_lines([record], keyring)[0]
    return RecordHistory(line, tuple(reversed(entries)))


def _changes(before: Flat, after: Flat) -> tuple[Change, ...]:
    paths = dict.fromkeys([*before, *after])
    changed = [path for path in paths if before.get(path) != after.get(path)]
    return tuple(
        Change(path, tuple(before.get(path, ())), tuple(after.get(path, ())))
        for path in changed
        if path.removesuffix(".code") == path or path.removesuffix(".code") not in changed
    )
