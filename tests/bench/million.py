"""A million records in a throw-away folder: how long the line list, its filters, the search and the export take.

    .venv/bin/python tests/bench/million.py 1000000

Rows are made straight in the tables, sealed under a real day's key; everything measured is the program's own.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
FOLDER = Path(tempfile.mkdtemp(prefix="tianbao-million-"))
os.environ["TIANBAO_DATA"] = str(FOLDER)
os.environ["DJANGO_SETTINGS_MODULE"] = "tianbao.settings"

from tianbao.config import read_config  # noqa: E402
from tianbao.server import migrate  # noqa: E402

CONFIG = read_config()
migrate(CONFIG)

from django.db import connection  # noqa: E402

from tianbao.data import read_divisions  # noqa: E402
from tianbao.domain.access import EVERYWHERE  # noqa: E402
from tianbao.domain.answers import split_answers  # noqa: E402
from tianbao.domain.ids import short_number, uuid7  # noqa: E402
from tianbao.domain.places import Gazetteer  # noqa: E402
from tianbao.domain.records import project_facts  # noqa: E402
from tianbao.domain.sealing import RevisionKind  # noqa: E402
from tianbao.domain.validation import Moment, compile_form  # noqa: E402
from tianbao.edge.sealer import Sealer, seal_identity  # noqa: E402
from tianbao.samples import People  # noqa: E402
from tianbao.services.exporting import Asked, Shape, stream_table  # noqa: E402
from tianbao.services.forms import newest_form  # noqa: E402
from tianbao.services.keys import Keyring  # noqa: E402
from tianbao.services.records import count_records, list_changes, list_records, load_form_once  # noqa: E402
from tianbao.services.search import Search  # noqa: E402
from tianbao.services.selection import Filters  # noqa: E402
from tianbao.services.setup import set_up_installation  # noqa: E402
from tianbao.services.sites import create_site  # noqa: E402
from tianbao.store.models import DataKey, Record, Site, Staff  # noqa: E402

MOMENT = Moment(datetime.now(UTC), random.random)
TODAY = MOMENT.today
VARIETY = 20_000
CHUNK = 20_000
PASSWORD = "twelve calm nights"
DAY_MS = 86_400_000


def fill() -> Keyring:
    """COUNT records over fourteen days at twenty sites."""
    now_ms = time.time_ns() // 1_000_000
    set_up_installation(
        organisation="million", area="130636", address="http://127.0.0.1", contact="", username="million",
        password=PASSWORD, site_name="site 0", site_area="130636", keys=CONFIG.keys, now_ms=now_ms,
    )  # fmt: skip
    for number in range(1, 20):
        create_site(name=f"site {number}", area="130636", reach=EVERYWHERE, staff=None, now_ms=now_ms)
    keyring = Keyring(CONFIG.keys)
    assert keyring.unlock(officer_id=str(Staff.objects.get().pk), password=PASSWORD)
    sealer = Sealer(CONFIG.keys)
    day = sealer.open_day(TODAY, 14)
    data_key = sealer.data_key(day, now_ms)
    DataKey.objects.create(id=data_key.id, day=day.name, sealed=data_key.row.sealed)
    sites = list(Site.objects.all())
    version = newest_form()
    form = load_form_once(version)
    places = Gazetteer.from_bytes(read_divisions())
    validate = compile_form(form, places)
    people = People(places, seed=7, today=TODAY)
    made = []
    for _ in range(min(VARIETY, COUNT)):
        found = validate(next(people), MOMENT)
        facts, identity = split_answers(form.questions, found.answers)
        stored = {"answers": facts, **({"marks": found.marks} if found.marks else {})}
        made.append(
            (
                json.dumps({"answers": identity}, ensure_ascii=False).encode(),
                json.dumps(stored),
                project_facts(form, stored),
            )
        )
    chance = random.Random(7)
    start_ms = now_ms - 14 * DAY_MS
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=OFF")
        for begin in range(0, COUNT, CHUNK):
            records, revisions = [], []
            for number in range(begin, min(begin + CHUNK, COUNT)):
                plaintext, facts_text, facts = made[number % len(made)]
                at_ms = start_ms + number * 14 * DAY_MS // COUNT
                record = uuid7(at_ms, chance.randbytes(10)).hex
                sealed_key, sealed = seal_identity(
                    plaintext, data_key=data_key, content_key=chance.randbytes(32), record=record, revision=1,
                    kind=RevisionKind.REGISTERED,
                )  # fmt: skip
                site = chance.choice(sites)
                records.append((
                    record, site.id.hex, site.county, short_number(record), version.id.hex, 1, 1, at_ms, at_ms,
                    day.name, facts.origin, facts.origin[:2], facts.origin[:4], facts.temperature,
                    facts.has_symptoms, facts.is_marked, facts.companions, record,
                ))  # fmt: skip
                revisions.append(
                    (record, record, site.county, 1, 1, at_ms, None, data_key.id, sealed_key, sealed, facts_text)
                )
            cursor.execute("BEGIN")
            cursor.executemany(
                "INSERT INTO record (id, site_id, county, number, form_id, state, source, registered_ms, changed_ms,"
                " day, origin, origin_province, origin_city, temperature, has_symptoms, is_marked, companions, latest)"
                f" VALUES ({', '.join(['%s'] * 18)})",
                records,
            )
            cursor.executemany(
                "INSERT INTO revision (id, record_id, county, revision, kind, at_ms, staff_id, data_key_id, sealed_key,"
                f" sealed, facts) VALUES ({', '.join(['%s'] * 11)})",
                revisions,
            )
            cursor.execute("COMMIT")
    return keyring


def say(name: str, work: Callable[[], object], times: int = 5) -> object:
    """The median of several runs, milliseconds."""
    took, result = [], None
    for _ in range(times):
        begin = time.perf_counter()
        result = work()
        took.append((time.perf_counter() - begin) * 1000)
    print(f"{name:<44}{sorted(took)[times // 2]:>12,.1f} ms", flush=True)
    return result


def forget_peak() -> float:
    """The memory in use; `peak_mb` counts from here."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_mb()


def peak_mb() -> float:
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def main() -> None:
    begin = time.perf_counter()
    keyring = fill()
    print(
        f"{COUNT:,} records in {time.perf_counter() - begin:.0f} s, main.db {CONFIG.main_db.stat().st_size / 1e6:,.0f} MB"
    )
    site = Site.objects.order_by("created_ms")[3].code
    rare, common = Record.objects.values_list("origin", flat=True).exclude(origin="")[0], "130000"
    cases = {
        "first page": Filters(reach=EVERYWHERE),
        "one site": Filters(reach=EVERYWHERE, site=site),
        "a province": Filters(reach=EVERYWHERE, origin=common),
        "a county or township": Filters(reach=EVERYWHERE, origin=rare),
        "a site and a province": Filters(reach=EVERYWHERE, site=site, origin=common),
        "with symptoms": Filters(reach=EVERYWHERE, has_symptoms=True),
        "doubtful, one site": Filters(reach=EVERYWHERE, is_marked=True, site=site),
        "withdrawn (none)": Filters(reach=EVERYWHERE, state=3),
        "a week ago, one day": Filters(
            reach=EVERYWHERE,
            since_ms=time.time_ns() // 1_000_000 - 8 * DAY_MS,
            until_ms=time.time_ns() // 1_000_000 - 7 * DAY_MS,
        ),
    }
    for name, filters in cases.items():
        say(f"line list: {name}", lambda filters=filters: list_records(filters=filters, keyring=keyring))
        say(f"    counted: {name}", lambda filters=filters: count_records(filters))
    _, after = list_records(filters=Filters(reach=EVERYWHERE), keyring=keyring, limit=50)
    for _ in range(200):
        _, after = list_records(filters=Filters(reach=EVERYWHERE), keyring=keyring, after=after)
    say(
        "line list: page 202", lambda: list_records(filters=Filters(reach=EVERYWHERE), keyring=keyring, after=after)
    )
    now_ms = time.time_ns() // 1_000_000
    say("what is new", lambda: list_changes(filters=Filters(reach=EVERYWHERE), keyring=keyring, since_ms=now_ms))
    for shape in (Shape.WORKBOOK, Shape.CSV):
        before, begin, size = forget_peak(), time.perf_counter(), 0
        for chunk in stream_table(
            Asked(Filters(reach=EVERYWHERE), shape, "zh-Hans"), keyring=keyring, now=datetime.now(UTC)
        ):
            size += len(chunk)
        took = time.perf_counter() - begin
        print(
            f"export {shape.value}: {took:.0f} s, {COUNT / took:,.0f} records/s, {size / 1e6:,.0f} MB, peak +{peak_mb() - before:.0f} MB"
        )
    before = forget_peak()
    search = Search(keyring)
    begin = time.perf_counter()
    search.start()
    while not search.is_ready:
        time.sleep(0.1)
    size_mb = search._buffer.bytes_used / 1e6
    print(
        f"search ready in {time.perf_counter() - begin:.0f} s, buffer {size_mb:.0f} MB, peak +{peak_mb() - before:.0f} MB"
    )
    for query in ("张伟", "zhangwei", "zw", "买买提", "1234", "nobody at all"):
        say(f"search: {query} → {len(search.find(query))}", lambda query=query: search.find(query))
    search.stop()


if __name__ == "__main__":
    try:
        main()
    finally:
        import shutil

        shutil.rmtree(FOLDER, ignore_errors=True)
