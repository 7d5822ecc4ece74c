"""`tianbao bench stages`: where the microseconds of one registration go, stage by stage, in one process.

Each stage is repeated for some hundred registrations and timed by the processor, the best of the rounds: what a
stage takes with warm caches. Then come all stages together, from the bytes of the requests to the rows that
wait for their batch, and the writing of a batch. A running edge, in which stages push each other out of the caches
and the load shares the processor's units, takes about half as much again for each.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from tianbao.bench.site import make_answers, registrations, set_up_bench
from tianbao.config import read_config
from tianbao.domain import receipts, sealing
from tianbao.domain.ids import read_uuid7
from tianbao.domain.receipts import Receipt, read_secret
from tianbao.domain.sealing import RevisionKind
from tianbao.edge.app import Edge
from tianbao.edge.drafts import canonical_content
from tianbao.edge.form_pages import describe_accepted
from tianbao.edge.intake import Accepted, Outcome, local_moment
from tianbao.edge.ledger import open_ledger
from tianbao.edge.sealer import seal_identity
from tianbao.store.hot_sql import SubmissionRow

SAMPLE: Final = 320
BATCH: Final = 64
_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class StageTable:
    """Microseconds of a processor a registration, by stage in the order of the way."""

    stages: dict[str, float]

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    def as_text(self) -> str:
        return "\n".join(f"{name:<44}{us:>8.1f} µs" for name, us in self.stages.items())


def run_stage_bench(*, seconds: float) -> StageTable:
    """Each stage gets its share of `seconds`."""
    with tempfile.TemporaryDirectory(prefix="tianbao-bench-") as folder:
        os.environ["TIANBAO_DATA"] = folder
        site = set_up_bench(Path(folder))
        return StageTable(asyncio.run(_measure(site, seconds / 14)))


async def _measure(site: str, each_s: float) -> dict[str, float]:
    edge = Edge(read_config())
    await edge.start()
    try:
        return _time_stages(edge, site, each_s)
    finally:
        await edge.stop()


def _time_stages(edge: Edge, site: str, each_s: float) -> dict[str, float]:
    context = edge.context
    target = context.target(site.rpartition("/")[2])
    sealer, now_ms = context.intake._sealer, time.time_ns() // 1_000_000
    moment = local_moment(now_ms, target.time_zone)
    day = sealer.open_day(moment.today, target.installation.deletion_days)
    data_key = sealer.data_key(day, now_ms)
    make = registrations(site, 80, make_answers())
    requests = [make() for _ in range(SAMPLE)]
    bodies = [request.partition(b"\r\n\r\n")[2] for request in requests]
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    posts = [decode(body) for body in bodies]
    own = [Receipt(read_uuid7(post["id"]) or "", read_secret(post["secret"]) or b"") for post in posts]
    answers = [post["answers"] for post in posts]
    judged = [target.published.validate(one, moment).answers for one in answers]
    parts = [target.published.split(one) for one in judged]

    def seal(receipt: Receipt, identity: Any) -> tuple[bytes, bytes]:
        return seal_identity(
            _json({"answers": identity}),
            data_key=data_key,
            content_key=sealing.content_key_from(receipt.secret, day.pepper, receipt.id),
            record=receipt.id,
            revision=1,
            kind=RevisionKind.REGISTERED,
        )

    taken = _Taken()
    queue, context.intake.queue = context.intake.queue, taken  # type: ignore[assignment]
    stages = {
        "decode the JSON": _time(decode, zip(bodies), each_s),
        "read id and secret": _time(
            lambda post: (read_uuid7(post["id"]), read_secret(post["secret"])), zip(posts), each_s
        ),
        "validate": _time(target.published.validate, ((one, moment) for one in answers), each_s),
        "recognise the content (sort, MAC)": _time(
            lambda receipt, one: receipts.content_mac(receipt.secret, canonical_content(target, one)),
            zip(own, answers, strict=True),
            each_s,
        ),
        "part open facts from identity": _time(target.published.split, zip(judged), each_s),
        "derive the key, seal": _time(seal, ((one, part[1]) for one, part in zip(own, parts, strict=True)), each_s),
        f"all, from the requests' bytes to the rows, {BATCH} together": _time(
            _go_together, ((edge, requests[at : at + BATCH]) for at in range(0, SAMPLE, BATCH)), each_s, BATCH
        ),
        "all, one by one": _time(_go_together, ((edge, [request]) for request in requests), each_s),
    }
    rows = taken.rows[:SAMPLE]
    accepted = [Accepted(Outcome.ACCEPTED, one, row) for one, row in zip(own, rows, strict=True)]
    stages["write the answer"] = _time(
        lambda one: msgspec.json.encode(describe_accepted(target, one)), zip(accepted), each_s
    )
    context.intake.queue = queue
    stages[f"commit, a row of a batch of {BATCH}"] = _time_commits(rows, each_s)
    return stages


def _go_together(edge: Edge, requests: Sequence[bytes]) -> None:
    for request in requests:
        edge.fast_path.take(request, print)
    edge.fast_path._go_on()


class _Taken:
    """Stands in for the queue: keeps the rows and writes none."""

    is_full = False

    def __init__(self) -> None:
        self.rows: list[SubmissionRow] = []

    def put(self, row: SubmissionRow, key: Any, done: Any) -> None:
        if len(self.rows) < SAMPLE:
            self.rows.append(row)


def _time(stage: Callable[..., Any], given: Any, each_s: float, calls_of: int = 1) -> float:
    """Microseconds of one call, or of each registration that a call is made of; the best round."""
    arguments: Sequence[tuple[Any, ...]] = list(given)
    best, until = float("inf"), time.perf_counter() + each_s
    while time.perf_counter() < until:
        start = time.thread_time_ns()
        for each in arguments:
            stage(*each)
        best = min(best, (time.thread_time_ns() - start) / len(arguments) / calls_of / 1_000)
    return round(best, 2)


def _time_commits(rows: Sequence[SubmissionRow], each_s: float) -> float:
    ledger = open_ledger(read_config())
    ledger.append([], rows[:1])
    best, until = float("inf"), time.perf_counter() + each_s
    while time.perf_counter() < until:
        batch = [row._replace(id=(fresh := os.urandom(16).hex()), record=fresh) for row in rows[:BATCH]]
        start = time.thread_time_ns()
        ledger.append([], batch)
        best = min(best, (time.thread_time_ns() - start) / BATCH / 1_000)
    ledger.close()
    return round(best, 2)
