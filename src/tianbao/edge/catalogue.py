"""What is published now: the organisation, its sites and their forms, in memory and refreshed by itself.

Read from `main.db` (or PostgreSQL) by a thread of its own whenever the generation moved; everything else of
the edge looks sites up here. Must not know: HTTP, who publishes.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from tianbao.config import Config
from tianbao.domain.forms import Form, load_form
from tianbao.domain.places import Gazetteer
from tianbao.domain.sites import Installation, Site, SiteState
from tianbao.domain.validation import Validator, compile_form
from tianbao.store.hot_sql import POSTGRESQL, SQLITE
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

REFRESH_S: Final = 0.5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PublishedForm:
    """A form version and its compiled validator."""

    form: Form
    validate: Validator


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One consistent reading. `installation` is None before set-up."""

    generation: int = 0
    installation: Installation | None = None
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    sites: Mapping[str, tuple[Site, PublishedForm]] = field(default_factory=dict)
    forms: Mapping[tuple[str, int], PublishedForm] = field(default_factory=dict)


class CatalogueReader:
    """Reads the catalogue again when its generation has moved; one instance belongs to one thread."""

    def __init__(self, config: Config, places: Gazetteer) -> None:
        self._config = config
        self._places = places
        self._query: Callable[..., list[Any]] | None = None
        self._forms: dict[tuple[str, int], PublishedForm] = {}
        self._statements = SQLITE if config.is_sqlite else POSTGRESQL

    def read(self, known: Catalogue) -> Catalogue:
        """The catalogue now: `known` itself where nothing changed."""
        try:
            query = self._query or self._connect()
            generation = query(self._statements.read_generation)
            if not generation or generation[0][0] == known.generation:
                return known
            return self._read_all(query)
        except Exception:
            self._query = None
            log.exception("the catalogue could not be read; the last one stays")
            return known

    def staff_revision(self, record: str) -> tuple[int, int, int, bytes, str] | None:
        """(revision, kind, at_ms, sealed, facts) of staff's newest correction of a record."""
        query = self._query or self._connect()
        found = query(self._statements.find_staff_revision, (record,))
        return (*found[0][:3], bytes(found[0][3]), found[0][4]) if found else None

    def _connect(self) -> Callable[..., list[Any]]:
        if self._config.is_sqlite:
            connection = sqlite3.connect(
                f"file:{self._config.main_db.as_posix()}?mode=ro",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
            )
            connection.execute("PRAGMA busy_timeout=5000")
            self._query = lambda sql, args=(): connection.execute(sql, args).fetchall()
        else:
            import psycopg  # only where PostgreSQL is used

            server = psycopg.connect(self._config.database_url, autocommit=True)
            self._query = lambda sql, args=(): server.execute(sql, args).fetchall()
        return self._query

    def _read_all(self, query: Callable[..., list[Any]]) -> Catalogue:
        row = query(self._statements.read_organisation)[0]
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
        for name, version, definition in query(self._statements.read_forms):
            if (name, version) not in self._forms:
                form = load_form(_json(definition))
                self._forms[name, version] = PublishedForm(form, compile_form(form, self._places))
        sites = {
            code: (Site(code, name, area, area_name, SiteState(state)), self._forms[form, version])
            for code, name, area, area_name, state, form, version in query(self._statements.read_sites)
        }
        return Catalogue(row[9], installation, ZoneInfo(row[8]), sites, dict(self._forms))


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
