"""An end to every record: what goes, what stays, and what happens when the program dies in between."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from tests import cast
from tests.edge_client import changed
from tests.integration.world import PEOPLE, World, register_people

from tianbao.console.finding import SEARCH
from tianbao.domain.receipts import Receipt
from tianbao.edge.app import Edge
from tianbao.edge.catalogue import CatalogueReader
from tianbao.edge.forgetting import forget_deleted
from tianbao.services import deletion
from tianbao.services.deletion import delete_day, delete_due, tick_deletion
from tianbao.services.projection import Projector
from tianbao.store import key_file
from tianbao.store.models import (
    Act,
    ClockReading,
    DataKey,
    DeletedDay,
    Fact,
    HourCount,
    IntakeKey,
    Leg,
    Record,
    Retention,
    Revision,
    Submission,
)

RARE = "Z9877"
"""A train nobody takes: an open fact that can be looked for in the files."""


@pytest.fixture(autouse=True)
def no_earlier_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "_earlier", None)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def forget(config: Any = None) -> int:
    async def run() -> int:
        edge = Edge(settings.CONFIG)
        await edge.start()
        try:
            reader = CatalogueReader(settings.CONFIG, edge.context.places)
            return await forget_deleted(edge.context.intake.queue, reader)
        finally:
            reader.close()
            await edge.stop()

    return asyncio.run(run())


def register_rare(world: World) -> Receipt:
    itinerary = [{"place": "650102", "transport": "train", "transport_no": RARE}]
    [receipt] = register_people([changed(itinerary=itinerary)], world.cast.sites[0].code, now_ms())
    Projector().project_batch()
    return receipt


def bytes_on_disk() -> bytes:
    data: Path = settings.CONFIG.data
    return b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())


def test_on_its_date_a_day_is_gone_and_the_counts_stay(world: World) -> None:
    receipt = register_rare(world)
    assert RARE.encode() in bytes_on_disk()
    assert delete_due(today=in_days(12), keys=settings.CONFIG.keys, now_ms=now_ms()) == 0
    assert Record.objects.count() == len(PEOPLE) + 1
    assert delete_due(today=in_days(16), keys=settings.CONFIG.keys, now_ms=now_ms()) == 1
    for model in (Record, Revision, Leg, Fact, DataKey):
        assert model.objects.count() == 0, model.__name__
    assert list(key_file.list_days(settings.CONFIG.keys)) == []
    assert sum(HourCount.objects.values_list("count", flat=True)) == len(PEOPLE) + 1
    assert forget() == 1
    assert IntakeKey.objects.count() == 0
    tombstone = Submission.objects.get(id=receipt.id)
    assert (bytes(tombstone.sealed), tombstone.facts, len(tombstone.mac) > 0) == (b"", "", True)
    assert RARE.encode() not in bytes_on_disk()
    act = Act.objects.get(verb="delete_day")
    assert act.detail == {"records": len(PEOPLE) + 1}
    assert forget() == 0, "done is done"


def test_a_receipt_of_a_deleted_day_opens_nothing_and_its_id_is_not_taken_again(world: World) -> None:
    receipt = world.receipts[0]
    delete_due(today=in_days(16), keys=settings.CONFIG.keys, now_ms=now_ms())
    forget()

    async def run() -> tuple[Any, Any]:
        edge = Edge(settings.CONFIG)
        await edge.start()
        found = await edge.context.archive.open(receipt)
        target = edge.context.target(world.cast.sites[0].code)
        again = await edge.context.intake.register(target, receipt, changed(**PEOPLE[0]), now_ms=now_ms())
        await edge.stop()
        return found, again

    before = Submission.objects.count()
    found, _again = asyncio.run(run())
    assert found is None
    assert Submission.objects.count() == before
    assert Projector().project_batch() == 0
    assert Record.objects.count() == 0


@pytest.mark.parametrize("dies_at", ["rows", "files", "log"])
def test_what_was_begun_is_finished_by_the_next_process(
    world: World, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    name = world.record(0).day

    def die(*arguments: Any, **parameters: Any) -> None:
        raise RuntimeError("killed")

    places = {
        "rows": (deletion.Revision.objects, "filter"),
        "files": (deletion.shutil, "rmtree"),
        "log": (deletion, "record_act"),
    }
    with monkeypatch.context() as patched:
        patched.setattr(*places[dies_at], die)
        with pytest.raises(RuntimeError):
            delete_day(name=name, keys=settings.CONFIG.keys, now_ms=now_ms())
    assert key_file.read_day(settings.CONFIG.keys, name) is None, "the keys go first"
    assert DeletedDay.objects.get().finished_ms is None
    assert delete_due(today=in_days(0), keys=settings.CONFIG.keys, now_ms=now_ms()) == 1
    row = DeletedDay.objects.get()
    assert (row.finished_ms is not None, row.records) == (True, len(PEOPLE))
    assert Record.objects.count() == 0


def test_an_empty_key_folder_deletes_nothing_before_its_date(world: World) -> None:
    for path in settings.CONFIG.keys.glob("*.json"):
        path.rename(path.with_suffix(".away"))
    assert delete_due(today=in_days(0), keys=settings.CONFIG.keys, now_ms=now_ms()) == 0
    assert forget() == 0
    assert Record.objects.count() == len(PEOPLE)
    assert not Submission.objects.filter(facts="").exists()


def test_the_copy_of_the_keys_goes_too(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "copy"
    object.__setattr__(settings.CONFIG, "keys_copy", copy)
    try:
        tick_deletion(now_ms=now_ms(), keys=settings.CONFIG.keys, counter_ms=0)
        assert list(key_file.list_days(copy)) == list(key_file.list_days(settings.CONFIG.keys)) != []
        delete_due(today=in_days(16), keys=settings.CONFIG.keys, now_ms=now_ms())
        assert list(key_file.list_days(copy)) == []
    finally:
        object.__setattr__(settings.CONFIG, "keys_copy", None)


def test_names_leave_memory_with_their_day(world: World) -> None:
    SEARCH.start()
    end = time.monotonic() + 20
    while not SEARCH.find("单雄信"):
        assert time.monotonic() < end
        time.sleep(0.05)
    delete_due(today=in_days(16), keys=settings.CONFIG.keys, now_ms=now_ms())
    while SEARCH.find("单雄信") or "单雄信".encode() in bytes(SEARCH._buffer._text):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_rows_that_a_restored_backup_brought_back_go_again(world: World) -> None:
    keys = settings.CONFIG.keys
    rows = [list(model.objects.all()) for model in (DataKey, Record, Revision)]
    delete_due(today=in_days(16), keys=keys, now_ms=now_ms())
    for model, kept in zip((DataKey, Record, Revision), rows, strict=True):
        model.objects.bulk_create(kept)
    assert delete_due(today=in_days(16), keys=keys, now_ms=now_ms()) == 1
    assert Record.objects.count() == 0


# --- the clock


def test_a_clock_that_jumps_halts_deletion_until_somebody_looks(world: World) -> None:
    keys, start_ms = settings.CONFIG.keys, now_ms()
    tick_deletion(now_ms=start_ms, keys=keys, counter_ms=0)
    next_year_ms = start_ms + 365 * 86_400_000
    assert tick_deletion(now_ms=next_year_ms, keys=keys, counter_ms=60_000) == 0
    assert Record.objects.count() == len(PEOPLE)
    assert tick_deletion(now_ms=next_year_ms + 60_000, keys=keys, counter_ms=120_000) == 0, "still in doubt"
    assert "时钟" in world.client.get("/console/").content.decode()
    assert world.client.post("/console/settings/clock").status_code == 302
    assert ClockReading.objects.get().doubted_ms is None
    assert list(Act.objects.filter(verb__endswith="_clock").values_list("verb", flat=True)) == [
        "doubt_clock",
        "believe_clock",
    ]


def test_a_clock_set_right_again_needs_nobody(world: World) -> None:
    keys, start_ms = settings.CONFIG.keys, now_ms()
    tick_deletion(now_ms=start_ms, keys=keys, counter_ms=0)
    tick_deletion(now_ms=start_ms - 40 * 86_400_000, keys=keys, counter_ms=60_000)
    assert ClockReading.objects.get().doubted_ms is not None
    tick_deletion(now_ms=start_ms + 120_000, keys=keys, counter_ms=120_000)
    assert ClockReading.objects.get().doubted_ms is None


def test_deletion_runs_by_the_organisations_calendar(world: World) -> None:
    keys, start_ms = settings.CONFIG.keys, now_ms()
    for day in range(0, 17, 5):  # the machine is looked after at least every ten days
        tick_deletion(now_ms=start_ms + day * 86_400_000, keys=keys, counter_ms=day * 86_400_000)
    assert Record.objects.count() == 0


# --- how long


def test_a_form_has_a_period_of_its_own(world: World) -> None:
    page = "/console/settings/emergency"
    for bad, says in (("0", "deletion_days"), ("367", "deletion_days"), ("soon", "deletion_days")):
        answer = world.client.post(page, {"form": "migrant", "deletion_days": bad})
        assert (answer.status_code, 'class="problem"' in answer.content.decode()) == (422, True), says
    assert world.client.post(page, {"form": "migrant", "deletion_days": "3"}).status_code == 302
    assert Retention.objects.get().days == 3
    [receipt] = register_people([changed()], world.cast.sites[0].code, now_ms())
    Projector().project_batch()
    day, delete_on = Record.objects.get(id=receipt.id).day.split("_")
    assert (datetime.fromisoformat(delete_on) - datetime.fromisoformat(day)).days == 3
    kept = world.record(0).day.partition("_")[2]
    assert kept > delete_on, "what was promised before stays promised"


def test_the_page_says_what_goes_when(world: World) -> None:
    html = world.client.get("/console/settings/emergency").content.decode()
    assert world.record(0).day.partition("_")[2] in html
    assert f">{len(PEOPLE)}<" in html


# --- the emergency


def test_an_installation_has_an_emergency_and_an_end(signed_in: Client, installed: cast.Cast) -> None:
    organisation = installed.organisation
    assert organisation.emergency == "疫情防控 2026-11"
    assert organisation.ends_on == "2027-02-21"
    page = "/console/settings/emergency"
    late = (datetime.now(UTC) + timedelta(days=400)).date().isoformat()
    for bad in (
        {"emergency": "", "ends_on": in_days(9)},
        {"emergency": "洪水", "ends_on": late},
        {"emergency": "洪水", "ends_on": "soon"},
    ):
        assert signed_in.post(page, bad).status_code == 422
    assert signed_in.post(page, {"emergency": "七月洪水", "ends_on": in_days(3)}).status_code == 302
    organisation.refresh_from_db()
    assert (organisation.emergency, organisation.ends_on) == ("七月洪水", in_days(3))
    assert "天后结束" in signed_in.get("/console/").content.decode()
