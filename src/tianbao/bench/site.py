"""An installation to measure, and people to register there."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import date
from itertools import cycle
from pathlib import Path
from typing import Final

from tianbao.bench.load import HOST
from tianbao.data import read_divisions
from tianbao.domain.forms import Form
from tianbao.domain.ids import uuid7, write_uuid
from tianbao.domain.places import Gazetteer
from tianbao.domain.receipts import Receipt, encode_base64url
from tianbao.edge.context import RECEIPTS_COOKIE
from tianbao.samples import People
from tianbao.server import migrate

BODIES: Final = 2_000


def set_up_bench(folder: Path, form: Form | None = None) -> str:
    """An installation in an empty folder whose site asks a form, the built-in one where none is given; its path.

    All phones of a bench come from one address to one site: what would be a flood elsewhere is let in, in processes
    that are started from now on.
    """
    os.environ |= {
        f"TIANBAO_{name}_{measure}": "1e9" for name in ("SITE", "ADDRESS") for measure in ("RATE", "BURST")
    }
    from tianbao.config import read_config

    config = read_config()
    migrate(config)
    from django.db import connections

    from tianbao.services.forms import publish_form
    from tianbao.services.organisation import bump_generation
    from tianbao.services.setup import set_up_installation

    site = set_up_installation(
        organisation="bench",
        area="130636",
        address=f"http://{HOST}",
        contact="",
        username="bench",
        password="bench-password-2020",  # noqa: S106 - of a folder that goes away
        site_name="bench",
        site_area="130636",
        keys=config.keys,
        now_ms=time.time_ns() // 1_000_000,
    )
    if form is not None:
        publish_form(form=form, staff=None, now_ms=time.time_ns() // 1_000_000)
        site.forms.update(name=form.name)
        bump_generation()
    connections.close_all()
    return f"/S/{site.code}"


def make_answers() -> list[bytes]:
    """Answers to the form `migrant` as JSON, with two legs of an itinerary each."""
    places = Gazetteer.from_bytes(read_divisions())
    people = People(places, seed=1, today=date.today())  # noqa: DTZ011 - any day will do
    answers = []
    for _ in range(BODIES):
        one = next(people)
        one["itinerary"] = [people.make_leg(1), people.make_leg(2)]
        answers.append(json.dumps(one, ensure_ascii=False).encode())
    return answers


def registrations(
    path: str, port: int, answers: list[bytes], tokens: list[str] | None = None
) -> Callable[[], bytes]:
    """A maker of requests as a phone sends them: every one a new registration. `tokens` gets their receipts."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {HOST}:{port}\r\ncontent-type: application/json\r\n"
        "accept: application/json\r\nidempotency-key: "
    ).encode()

    def bodies() -> Iterator[bytes]:
        while True:
            yield from answers

    supply = bodies()

    def make() -> bytes:
        entropy = os.urandom(26)
        receipt = Receipt(uuid7(time.time_ns() // 1_000_000, entropy[:10]).hex, entropy[10:])
        if tokens is not None:
            tokens.append(receipt.token)
        submission = write_uuid(receipt.id).encode()
        secret = encode_base64url(entropy[10:]).encode()
        body = b'{"id":"%s","secret":"%s","version":1,"answers":%s}' % (submission, secret, next(supply))
        return b"%s%s\r\ncontent-length: %d\r\n\r\n%s" % (head, submission, len(body), body)

    return make


def receipt_readings(port: int, tokens: list[str], path: str) -> Callable[[], bytes]:
    """A maker of requests for one's own registration, as phones that hold these receipts send them."""
    requests = cycle(
        f"GET {path} HTTP/1.1\r\nhost: {HOST}:{port}\r\naccept: text/html,*/*;q=0.8\r\n"
        "accept-encoding: gzip, deflate, br\r\naccept-language: zh-CN,zh;q=0.9,en;q=0.8\r\n"
        f"cookie: {RECEIPTS_COOKIE}={token}\r\n\r\n"
        for token in tokens
    )
    return lambda: next(requests).encode()


def openings(path: str, port: int) -> Callable[[], bytes]:
    """A maker of requests for the form page, as a phone's browser that opens it for the first time."""
    request = (
        f"GET {path} HTTP/1.1\r\nhost: {HOST}:{port}\r\naccept: text/html,*/*;q=0.8\r\n"
        "accept-encoding: gzip, deflate, br\r\naccept-language: zh-CN,zh;q=0.9,en;q=0.8\r\n"
        "user-agent: Mozilla/5.0 (Linux; Android 9) AppleWebKit/537.36 Chrome/70.0.3538.110 Mobile\r\n\r\n"
    ).encode()
    return lambda: request
