"""`tianbao bench validation`: what validating a form of thirty questions takes of the whole intake of a submission.

One process, one installation in a folder that goes away: each round times the bare decoding of some bodies, their
validation, and the whole way of as many through the edge's application, from the bytes of a request to the answer
that stands on disk. Time is the processor's, of all threads, so that other work on the machine does not count.
Neither the web server nor waiting for the disk is in it: the share of validation is larger here than in a running
edge.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

import msgspec

from tianbao.bench.site import set_up_bench
from tianbao.config import read_config
from tianbao.domain.forms import Form
from tianbao.domain.ids import uuid7, write_uuid
from tianbao.domain.receipts import encode_base64url
from tianbao.domain.validation import Moment, Validator
from tianbao.edge.app import Edge
from tianbao.xlsform import open_form, read_form

BODIES: Final = 1_000
"""Submissions a round; each is another family."""
AT_ONCE: Final = 64
"""Submissions that are under way together, as the commit queue takes them."""
FORM: Final = "bench/form.md"


@dataclass(frozen=True, slots=True)
class ValidationTable:
    """Medians over the rounds, in microseconds a submission; `share` is the median of validation to intake."""

    questions: int
    conditions: int
    rounds: int
    decode_us: float
    validate_us: float
    intake_us: float
    share: float

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    def as_text(self) -> str:
        parts = (
            ("decoding the JSON", self.decode_us),
            ("validation", self.validate_us),
            ("whole intake", self.intake_us),
        )
        lines = [f"{name:<20}{figure:>8.1f} µs" for name, figure in parts]
        lines.append(
            f"validation is {self.share:.0%} of the intake   ({self.questions} questions, {self.conditions} "
            f"expressions, {self.rounds} rounds of {BODIES:,} submissions, {AT_ONCE} at once, one process)"
        )
        return "\n".join(lines)


def run_validation_bench(*, seconds: float) -> ValidationTable:
    """As many rounds as fit into `seconds`, three at least."""
    with tempfile.TemporaryDirectory(prefix="tianbao-bench-") as folder:
        os.environ["TIANBAO_DATA"] = folder
        form = _bench_form()
        site = set_up_bench(Path(folder), form)
        return asyncio.run(_measure(site, form, seconds))


def _bench_form() -> Form:
    understood = read_form(open_form(Path(str(files("tianbao").joinpath(FORM)))))
    if understood.form is None:
        raise RuntimeError(f"{FORM}: {understood.problems}")
    return understood.form


async def _measure(site: str, form: Form, seconds: float) -> ValidationTable:
    edge = Edge(read_config())
    await edge.start()
    try:
        published = edge.context.target(site.rpartition("/")[2], form.name).published
        rounds: list[tuple[float, float, float]] = []
        random = Random(1)  # noqa: S311 - sample answers
        until = time.perf_counter() + seconds
        while len(rounds) < 3 or time.perf_counter() < until:
            bodies = [_body(make_answers(random)) for _ in range(BODIES)]
            decode, answers = _time_decoding(bodies)
            rounds.append(
                (decode, _time_validation(published.validate, answers), await _time_intake(edge, site, bodies))
            )
    finally:
        await edge.stop()
    decode_us, validate_us, intake_us = (median(figures) * 1e6 for figures in zip(*rounds, strict=True))
    return ValidationTable(
        questions=len(form.questions),
        conditions=sum(1 for question in form.questions for _ in question.expressions),
        rounds=len(rounds),
        decode_us=round(decode_us, 1),
        validate_us=round(validate_us, 1),
        intake_us=round(intake_us, 1),
        share=round(median(validate / intake for _, validate, intake in rounds), 3),
    )


def make_answers(random: Random) -> dict[str, Any]:
    """A family's answers as the page sends them: texts, and only what applies."""
    chance = random.random
    born = date(2020, 1, 1) - timedelta(days=random.randrange(1_000, 30_000))
    age = (date.today() - born).days // 366  # noqa: DTZ011 - any day will do
    members = random.randint(2, 8)
    moved, injured = chance() < 0.5, chance() < 0.2
    works = random.choice(("farming", "employed", "retired"))
    ill = chance() < 0.4
    answers: dict[str, Any] = {
        "name": random.choice("王李张刘陈") + random.choice("伟芳娜敏静") + random.choice("华军平"),
        "phone": f"138{random.randrange(10**8):08}",
        "id_type": "passport",
        "id_number": f"E{random.randrange(10**8):08}",
        "address": f"北关村{random.randint(1, 300)}号",
        "village": random.choice(("beiguan", "dongguan", "xiguan", "nanguan")),
        "born_on": born.isoformat(),
        "members": str(members),
        "elderly": str(random.randint(0, 1)),
        "children": str(random.randint(0, 1)),
        "moved": "yes" if moved else "no",
        "injured": "yes" if injured else "no",
        "illness": "heart diabetes" if ill else "none",
        "temperature": f"36.{random.randint(0, 9)}",
        "need": " ".join(random.sample(("water", "food", "doctor", "quilts"), random.randint(1, 3))),
        "remark": "房屋进水，需要帮助转移家具和粮食。",
        "consent": "OK",
    }
    if age >= 16:
        answers["work"] = works
        answers |= {"employer": "顺平县果品公司"} if works == "employed" else {}
        answers |= {"area": f"{random.randint(1, 30)}.5"} if works == "farming" else {}
    if moved:
        answers |= {"moved_on": "2026-01-02", "moved_by": "car", "plate": f"F{random.randrange(10**5):05}"}
    if injured:
        answers["injured_count"] = "1"
    if ill:
        answers["medicine"] = "二甲双胍，阿司匹林"
    return answers


def _body(answers: dict[str, Any]) -> bytes:
    entropy = os.urandom(26)
    submission = {
        "id": write_uuid(uuid7(time.time_ns() // 1_000_000, entropy[:10]).hex),
        "secret": encode_base64url(entropy[10:]),
        "version": 1,
        "answers": answers,
    }
    return json.dumps(submission, ensure_ascii=False).encode()


def _time_decoding(bodies: list[bytes]) -> tuple[float, list[dict[str, Any]]]:
    """Seconds a body, and the answers."""
    decode: Callable[[bytes], dict[str, Any]] = msgspec.json.Decoder(dict[str, Any]).decode
    start = time.process_time()
    decoded = [decode(body) for body in bodies]
    return (time.process_time() - start) / len(bodies), [one["answers"] for one in decoded]


def _time_validation(validate: Validator, answers: list[dict[str, Any]]) -> float:
    """Seconds a submission."""
    moment = Moment(datetime.now(UTC), Random(1).random)  # noqa: S311 - a sample
    start = time.process_time()
    outcomes = [validate(one, moment) for one in answers]
    took = time.process_time() - start
    if refused := [problem for outcome in outcomes for problem in outcome.problems]:
        raise RuntimeError(f"refused: {refused[0]}")
    return took / len(answers)


async def _time_intake(edge: Edge, site: str, bodies: list[bytes]) -> float:
    """Seconds a submission, until all of them are answered."""
    waiting = iter(bodies)

    async def post() -> None:
        for body in waiting:
            await _post(edge, site, body)

    start = time.process_time()
    await asyncio.gather(*(post() for _ in range(AT_ONCE)))
    return (time.process_time() - start) / len(bodies)


async def _post(edge: Edge, site: str, body: bytes) -> None:
    """One request as a web server hands it over. Raises RuntimeError where it was not taken."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    scope = {
        "type": "http",
        "method": "POST",
        "path": site,
        "raw_path": site.encode(),
        "query_string": b"",
        "headers": [(b"host", b"bench"), (b"accept", b"application/json"), *headers],
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "http_version": "1.1",
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and message["status"] != 201:
            raise RuntimeError(f"answered {message['status']}")

    await edge(scope, receive, send)
