"""The few statements of the edge, by name, one dialect each; tests/contract runs all of them on both.

Called by `edge.ledger` and `edge.catalogue`, which import no Django; the tables are `store.models`'s. Must
not know: connections, threads, what the rows mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple


class IntakeKeyRow(NamedTuple):
    """One row of `intake_key`, in the order of `add_key`."""

    id: str
    day: str
    sealed: bytes
    made_ms: int


class SubmissionRow(NamedTuple):
    """One row of `submission` without its `seq`, in the order of `append`; ids are 32 hex digits."""

    id: str
    record: str
    revision: int
    kind: int
    source: int
    site: str
    county: str
    form: str
    version: int
    received_ms: int
    secret_digest: bytes
    mac: bytes
    data_key: str
    sealed_key: bytes
    sealed: bytes
    facts: str


SUBMISSION_COLUMNS: Final = ", ".join(SubmissionRow._fields)


@dataclass(frozen=True, slots=True)
class Statements:
    """Each by its name.

    `begin_reading` begins a transaction that sees one state of all tables. `keep_order` makes batches of several
    edges commit in the order of their sequence numbers, so that whoever follows them skips none; SQLite has one
    writer and needs nothing. `append` takes columns and answers the ids that were new; SQLite has `sqlite_append`.
    `find_histories` and `find_staff_revisions` take ids: as JSON on SQLite, as a list on PostgreSQL.
    `find_dead_days`, `forget_submissions` and `forget_keys` take days alike; the second also a range of sequence
    numbers, its first excluded: it leaves id and digests, the tombstone.
    """

    keep_order: str
    add_key: str
    append: str
    find_submission: str
    find_histories: str
    count_submissions: str
    received_after: str
    read_cursor: str
    begin_reading: str
    read_generation: str
    read_organisation: str
    read_sites: str
    read_site_forms: str
    read_forms: str
    find_picture: str
    find_staff_revisions: str
    read_deleted_days: str
    read_retentions: str
    find_dead_days: str
    forget_submissions: str
    forget_keys: str


_FIND_SUBMISSION = f"SELECT {SUBMISSION_COLUMNS} FROM submission WHERE record = ? AND revision = ?"  # noqa: S608
_AMONG = "IN (SELECT value FROM json_each(?))"
_FIND_HISTORIES = (
    f"SELECT {', '.join('s.' + name for name in SubmissionRow._fields)}, k.day "  # noqa: S608
    f"FROM submission s JOIN intake_key k ON k.id = s.data_key WHERE s.record {_AMONG} ORDER BY s.seq"
)
_COUNT_SUBMISSIONS = "SELECT coalesce(max(seq), 0) FROM submission"
_RECEIVED_AFTER = "SELECT received_ms FROM submission WHERE seq > ? ORDER BY seq LIMIT 1"
_READ_CURSOR = "SELECT seq FROM cursor WHERE name = 'records'"
_READ_GENERATION = "SELECT generation FROM organisation"
_READ_ORGANISATION = (
    "SELECT name, area, address, purpose, legal_basis, notice, contact, deletion_days, time_zone, generation "
    "FROM organisation"
)
_READ_SITES = "SELECT code, name, area, area_name, state FROM site"
_READ_SITE_FORMS = (
    "SELECT s.code, f.name, f.state, f.opens_ms, f.closes_ms, f.word "
    "FROM site_form f JOIN site s ON s.id = f.site_id ORDER BY s.code, f.position, f.id"
)
_READ_FORMS = "SELECT name, version, definition FROM form_version"
_FIND_PICTURE = "SELECT data FROM form_picture WHERE name = ?"
_FIND_STAFF_REVISIONS = (
    "SELECT record_id, revision, kind, at_ms, sealed, facts FROM revision "  # noqa: S608
    f"WHERE record_id {_AMONG} AND kind = 4 ORDER BY revision"
)

_READ_DELETED_DAYS = "SELECT name FROM deleted_day WHERE destroyed_ms IS NOT NULL"
_READ_RETENTIONS = "SELECT name, days FROM retention"
_FIND_DEAD_DAYS = f"SELECT DISTINCT day FROM intake_key WHERE day {_AMONG}"  # noqa: S608
_FORGET_SUBMISSIONS = (
    "UPDATE submission SET sealed = '', sealed_key = '', facts = '' WHERE seq > ? AND seq <= ? AND facts <> '' "  # noqa: S608
    f"AND data_key IN (SELECT id FROM intake_key WHERE day {_AMONG})"
)
_FORGET_KEYS = f"DELETE FROM intake_key WHERE day {_AMONG}"  # noqa: S608

SQLITE_ROWS_MAX: Final = 64
"""Rows of one insert: fewer kinds than the statements that Python keeps prepared for a connection (128)."""


@cache
def sqlite_append(rows: int) -> str:
    """The insert of so many rows at once; those that stand already are left out."""
    values = ", ".join([f"({', '.join('?' * len(SubmissionRow._fields))})"] * rows)
    return f"INSERT INTO submission ({SUBMISSION_COLUMNS}) VALUES {values} ON CONFLICT DO NOTHING"  # noqa: S608


SQLITE: Final = Statements(
    keep_order="",
    add_key="INSERT INTO intake_key (id, day, sealed, made_ms) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
    append="",
    find_submission=_FIND_SUBMISSION,
    find_histories=_FIND_HISTORIES,
    count_submissions=_COUNT_SUBMISSIONS,
    received_after=_RECEIVED_AFTER,
    read_cursor=_READ_CURSOR,
    begin_reading="BEGIN",
    read_generation=_READ_GENERATION,
    read_organisation=_READ_ORGANISATION,
    read_sites=_READ_SITES,
    read_site_forms=_READ_SITE_FORMS,
    read_forms=_READ_FORMS,
    find_picture=_FIND_PICTURE,
    find_staff_revisions=_FIND_STAFF_REVISIONS,
    read_deleted_days=_READ_DELETED_DAYS,
    read_retentions=_READ_RETENTIONS,
    find_dead_days=_FIND_DEAD_DAYS,
    forget_submissions=_FORGET_SUBMISSIONS.replace("sealed = ''", "sealed = x''").replace("key = ''", "key = x''"),
    forget_keys=_FORGET_KEYS,
)

_UNNEST = (
    "%s::uuid[], %s::uuid[], %s::int[], %s::smallint[], %s::smallint[], %s::text[], %s::text[], %s::text[], "
    "%s::int[], %s::bigint[], %s::bytea[], %s::bytea[], %s::uuid[], %s::bytea[], %s::bytea[], %s::text[]"
)

_AMONG_POSTGRESQL = "= ANY(%s::uuid[])"
_AMONG_TEXTS = "= ANY(%s::text[])"

POSTGRESQL: Final = Statements(
    keep_order="SELECT pg_advisory_xact_lock(20200201)",
    add_key="INSERT INTO intake_key (id, day, sealed, made_ms) VALUES (%s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
    append=(
        f"INSERT INTO submission ({SUBMISSION_COLUMNS}) "  # noqa: S608
        f"SELECT * FROM unnest({_UNNEST}) ON CONFLICT DO NOTHING RETURNING id"
    ),
    find_submission=_FIND_SUBMISSION.replace("?", "%s"),
    find_histories=_FIND_HISTORIES.replace(_AMONG, _AMONG_POSTGRESQL),
    count_submissions=_COUNT_SUBMISSIONS,
    received_after=_RECEIVED_AFTER.replace("?", "%s"),
    read_cursor=_READ_CURSOR,
    begin_reading="BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    read_generation=_READ_GENERATION,
    read_organisation=_READ_ORGANISATION,
    read_sites=_READ_SITES,
    read_site_forms=_READ_SITE_FORMS,
    read_forms=_READ_FORMS,
    find_picture=_FIND_PICTURE.replace("?", "%s"),
    find_staff_revisions=_FIND_STAFF_REVISIONS.replace(_AMONG, _AMONG_POSTGRESQL),
    read_deleted_days=_READ_DELETED_DAYS,
    read_retentions=_READ_RETENTIONS,
    find_dead_days=_FIND_DEAD_DAYS.replace(_AMONG, _AMONG_TEXTS),
    forget_submissions=_FORGET_SUBMISSIONS.replace(_AMONG, _AMONG_TEXTS).replace("?", "%s"),
    forget_keys=_FORGET_KEYS.replace(_AMONG, _AMONG_TEXTS),
)
