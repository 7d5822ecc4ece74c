"""What is published now: the organisation, its sites and their forms, in memory and refreshed by itself.

Read from `main.db` (or PostgreSQL) by a thread of its own whenever the generation moved; everything else of
the edge looks sites up here. Must not know: HTTP, who publishes.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from tianbao.config import Config
from tianbao.domain.answers import Split, compile_split
from tianbao.domain.files import has_files
from tianbao.domain.forms import Form, load_form
from tianbao.domain.long_lists import LongList, make_long_lists
from tianbao.domain.places import Gazetteer
from tianbao.domain.showing import Shower
from tianbao.domain.sites import Hours, Installation, Site, SiteState
from tianbao.domain.validation import Resolver, Validator, compile_form
from tianbao.store.hot_sql import POSTGRESQL, SQLITE
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

REFRESH_S: Final = 0.5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PublishedForm:
    """A form version: its validator, what parts open answers from sealed ones, what says what is asked, the lists
    that its page does not hold by name, whether it asks for files."""

    form: Form
    validate: Validator
    split: Split
    shower: Shower
    long_lists: Mapping[str, LongList]
    has_files: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """A form that a site carries, in its newest version, and when it is open there."""

    published: PublishedForm
    hours: Hours


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One consistent reading. `installation` is None before set-up."""

    generation: int = 0
    installation: Installation | None = None
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    sites: Mapping[str, tuple[Site, tuple[Offer, ...]]] = field(default_factory=dict)
    forms: Mapping[tuple[str, int], PublishedForm] = field(default_factory=dict)
    retentions: Mapping[str, int] = field(default_factory=dict)
    """Days until deletion of the forms that have a period of their own."""

    def installation_of(self, form: str) -> Installation | None:
        """The organisation as pages about a form show it: with that form's own period, where it has one."""
        if self.installation is None or form not in self.retentions:
            return self.installation
        return replace(self.installation, deletion_days=self.retentions[form])


def compile_published(form: Form, places: Resolver) -> PublishedForm:
    """Everything that is worked out once for a form version."""
    long_lists = make_long_lists(form)
    return PublishedForm(
        form,
        validate=compile_form(form, places, long_lists),
        split=compile_split(form.questions),
        shower=Shower(form, places, long_lists),
        long_lists=long_lists,
        has_files=has_files(form),
    )


class CatalogueReader:
    """Reads the catalogue again when its generation has moved; asked and closed by any thread, one at a time.

    It connects when first asked, and anew after `close`. A cancelled task leaves its thread reading, and closing a
    connection that is in use ends the process: so `close` waits.
    """

    def __init__(self, config: Config, places: Gazetteer) -> None:
        self._config = config
        self._places = places
        self._connection: Any = None
        self._lock = threading.RLock()
        self._is_failing = False
        self._forms: dict[tuple[str, int], PublishedForm] = {}
        self._statements = SQLITE if config.is_sqlite else POSTGRESQL

    def read(self, known: Catalogue) -> Catalogue:
        """The catalogue now: `known` itself where nothing changed, or where the database does not answer."""
        try:
            with self._lock:
                generation = self._ask(self._statements.read_generation)
                is_new = bool(generation) and generation[0][0] != known.generation
                found = self._read_all_at_once() if is_new else known
        except Exception:
            self.close()
            if not self._is_failing:  # said once, not twice a second
                log.exception("the catalogue cannot be read; the last one stays until it can")
            self._is_failing = True
            return known
        self._is_failing = False
        return found

    def staff_revisions(self, records: Sequence[str]) -> dict[str, tuple[int, int, int, bytes, str]]:
        """(revision, kind, at_ms, sealed, facts) of staff's newest correction of each record that has one."""
        ids = json.dumps(records) if self._config.is_sqlite else list(records)
        found = self._ask(self._statements.find_staff_revisions, (ids,))
        return {
            record if isinstance(record, str) else record.hex: (revision, kind, at_ms, bytes(sealed), facts)
            for record, revision, kind, at_ms, sealed, facts in found
        }

    def projected_seq(self) -> int:
        """The sequence number up to which submissions are in records."""
        found = self._ask(self._statements.read_cursor)
        return int(found[0][0]) if found else 0

    def deleted_days(self) -> list[str]:
        """The days whose keys were destroyed on purpose; a key folder that is not there says nothing."""
        return [row[0] for row in self._ask(self._statements.read_deleted_days)]

    def find_picture(self, name: str) -> bytes | None:
        """A picture of some form."""
        found = self._ask(self._statements.find_picture, (name,))
        return bytes(found[0][0]) if found else None

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _ask(self, sql: str, arguments: tuple[Any, ...] = ()) -> list[Any]:
        with self._lock:
            if self._connection is None:
                self._connection = self._connect()
            rows: list[Any] = self._connection.execute(sql, arguments).fetchall()
        return rows

    def _connect(self) -> Any:
        if not self._config.is_sqlite:
            from tianbao.store.postgresql import connect

            return connect(self._config.database_url)
        address = f"file:{self._config.main_db.as_posix()}?mode=ro"
        connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA busy_timeout=5000")
        return connection

    def _read_all_at_once(self) -> Catalogue:
        """What stands at one moment: a site that is made meanwhile is there with its forms, or not at all."""
        self._connection.execute(self._statements.begin_reading)
        found = self._read_all()
        self._connection.execute("COMMIT")
        return found

    def _read_all(self) -> Catalogue:
        row = self._ask(self._statements.read_organisation)[0]
        installation = Installation(
            organisation=row[0],
            area=row[1],
            address=row[2].rstrip("/"),
            purpose=_json(row[3]),
            legal_basis=_json(row[4]),
            notice=_json(row[5]),
            contact=row[6],
            deletion_days=row[7],
        )
        for name, version, definition in self._ask(self._statements.read_forms):
            if (name, version) not in self._forms:
                self._forms[name, version] = compile_published(load_form(_json(definition)), self._places)
        retentions = dict(self._ask(self._statements.read_retentions))
        newest = {name: self._forms[name, version] for name, version in sorted(self._forms)}
        offers: dict[str, tuple[Offer, ...]] = {}
        for code, name, state, opens_ms, closes_ms, word in self._ask(self._statements.read_site_forms):
            hours = Hours(SiteState(state), opens_ms, closes_ms, _json(word))
            offers[code] = (*offers.get(code, ()), Offer(newest[name], hours))
        sites = {
            code: (Site(code, name, area, area_name, SiteState(state)), offers[code])
            for code, name, area, area_name, state in self._ask(self._statements.read_sites)
        }
        return Catalogue(row[9], installation, ZoneInfo(row[8]), sites, dict(self._forms), retentions)


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
