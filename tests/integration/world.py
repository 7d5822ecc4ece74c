"""An installation where people have registered, for tests of what staff see.

Registrations come the real way: through an edge on the same data folder and the projection.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from tests import cast
from tests.edge_client import changed

from tianbao.console.finding import SEARCH
from tianbao.console.keyring import KEYRING
from tianbao.domain.ids import uuid7
from tianbao.domain.receipts import Receipt
from tianbao.edge.app import Edge
from tianbao.services.projection import Projector
from tianbao.store.models import Record

PEOPLE: tuple[dict[str, Any], ...] = (
    {"name": "买买提·艾力", "phone": "13900001111", "itinerary": [{"place": "650102"}]},
    {"name": "单雄信", "phone": "13900002222", "itinerary": [{"place": "130636"}, {"place": "外婆家"}]},
    {"name": "=SUM(A1)", "phone": "+86 139 0000 3333", "symptoms": ["fever"], "temperature": 38.2},
    {"name": "𠮷野家䶮", "phone": ..., "companions": [{"name": "㐱小明", "relation": "child"}]},
    {"name": "Anna Schmidt", "id_type": "passport", "id_number": "E12345678", "itinerary": []},
)


@dataclass
class World:
    """A signed-in browser and what was registered, oldest first."""

    client: Client
    cast: cast.Cast
    receipts: list[Receipt]

    def record(self, index: int) -> Record:
        return Record.objects.get(id=self.receipts[index].id)

    def register(self, **changes: Any) -> Receipt:
        receipt = register_people([changed(**changes)], self.cast.sites[0].code, time.time_ns() // 1_000_000)[0]
        Projector().project_batch()
        return receipt


def register_people(people: list[dict[str, Any]], code: str, start_ms: int) -> list[Receipt]:
    """Registers people at a site through an edge of their own, a second apart."""

    async def run() -> list[Receipt]:
        edge = Edge(settings.CONFIG)
        await edge.start()
        made = []
        for number, answers in enumerate(people):
            receipt = Receipt(uuid7(start_ms + number * 1000, os.urandom(10)).hex, os.urandom(16))
            target = edge.context.target(code)
            await edge.context.intake.register(target, receipt, answers, now_ms=start_ms + number * 1000)
            made.append(receipt)
        await edge.stop()
        return made

    return asyncio.run(run())


@pytest.fixture
def world(migrated: None) -> Iterator[World]:
    """Without the rolled-back transaction of the other tests: two processes' worth of connections look at it."""
    from django.core.management import call_command

    made = cast.make_cast(keys=settings.CONFIG.keys)
    client = Client()
    assert client.post("/console/login", {"username": cast.USERNAME, "password": cast.PASSWORD}).status_code == 302
    start_ms = time.time_ns() // 1_000_000 - 60_000
    receipts = register_people([changed(**person) for person in PEOPLE], made.sites[0].code, start_ms)
    assert Projector().project_batch() == len(PEOPLE)
    yield World(client, made, receipts)
    SEARCH.stop()
    KEYRING.lock()
    for alias in settings.DATABASES:
        call_command("flush", database=alias, verbosity=0, interactive=False)
    shutil.rmtree(settings.CONFIG.keys, ignore_errors=True)
