"""Whether a registration is let in now: too many at once wait outside, and a flood has to work.

Asked by `edge.protocol` before the short way and by `edge.form_pages` before anything is read. In ordinary times it
costs two microseconds; docs/adr/0012 has the figures. Must not know: answers, how anything is stored.
"""

from __future__ import annotations

import ipaddress
import re
import time
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from secrets import randbelow
from typing import Final

import msgspec

from tianbao.config import Limits
from tianbao.domain.floods import Limit, is_solved, make_challenge
from tianbao.domain.ids import read_uuid7, unix_ms_of
from tianbao.domain.problems import Code, Problem
from tianbao.edge.errors import RETRY_S_MAX
from tianbao.edge.intake import Outcome
from tianbao.render.messages import message
from tianbao.texts import translator

NEWCOMERS_MAX: Final = 1_024
"""Registrations that may wait; one that waited outside already may be one of twice as many."""
PATIENCE_S: Final = 3
"""A phone makes the id when its holder sends: one that is older was turned away before, or could not be sent."""
BUCKETS_MAX: Final = 65_536
ANSWERS_MAX: Final = 100_000
"""Work that is remembered so that it counts for one registration; twice this many at most."""
SENDINGS_MAX: Final = 3
"""How often one registration may be sent for one work: its answer may be lost on the way."""
HEAD_BYTES_MAX: Final = 8_192
"""In which something is looked for."""
WORK_RETRY_S: Final = 5
WORK_COOKIE: Final = "w"
FLOOD_S: Final = 60
"""A site counts as flooded for this long after the last one that was not let in at once."""
_OUTCOMES: Final = {
    Code.BUSY: Outcome.BUSY,
    Code.WORK_ASKED: Outcome.WORK_ASKED,
    Code.SLOWER_PLEASE: Outcome.SLOWED,
}

_START = re.compile(rb"POST /S/([0-9A-Za-z]{1,16})")
_KEYS: Final = (b"\r\nIdempotency-Key: ", b"\r\nidempotency-key: ")
_WORK = re.compile(rb"\r\ncookie: (?:[^\r]{0,4000}; ?)?w=([!-:<-~]{1,120})", re.IGNORECASE)


class Buckets:
    """One bucket each for many names, of which only those that are not full are remembered."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._full_at_s: dict[str, float] = {}

    def take(self, name: str, now_s: float) -> bool:
        full_s = self._limit.take(self._full_at_s.get(name, 0.0), now_s)
        if full_s is None:
            return False
        self._full_at_s[name] = full_s
        if len(self._full_at_s) > BUCKETS_MAX:
            self._forget(now_s)
        return True

    def wait_s(self, name: str, now_s: float) -> float:
        return self._limit.wait_s(self._full_at_s.get(name, 0.0), now_s)

    def _forget(self, now_s: float) -> None:
        """Those that are full; and if that is not enough, those that were touched longest ago."""
        left = [(name, full_s) for name, full_s in self._full_at_s.items() if full_s > now_s]
        self._full_at_s = dict(left[-BUCKETS_MAX // 2 :])


class Throttle:
    """One for an edge process, used from its event loop. `count_waiting` says how many registrations wait."""

    def __init__(
        self, limits: Limits, key: bytes, outcomes: Counter[Outcome], count_waiting: Callable[[], int]
    ) -> None:
        self._limits = limits
        self._key = key
        self._count_waiting = count_waiting
        self._sites = Buckets(limits.site)
        self._addresses = Buckets(limits.address)
        self._unscripted = Buckets(limits.unscripted)
        self._sendings: tuple[dict[str, int], dict[str, int]] = {}, {}
        self._outcomes = outcomes
        self._flooded_until_s: dict[str, float] = {}

    def refusal(self, request: bytes, address: str) -> bytes:
        """For a JSON registration in one piece: empty if it is let in, else its whole answer, after whose first
        line the server's own headers come. `address` is where it comes from.
        """
        start = _START.match(request)
        if start is None:
            return b""
        key = ""
        if (waiting := self._count_waiting()) >= NEWCOMERS_MAX:
            key = _key(request)
            if self._is_crowded(waiting, key):
                self._outcomes[Outcome.BUSY] += 1
                return _busy_answers(_language(request))[randbelow(RETRY_S_MAX)]
        code, now_s = start[1].decode().upper(), time.monotonic()
        if self._flows(code, address, now_s):
            return b""
        key = key or _key(request)
        if self._has_worked(key, _group(_WORK, request)):
            return b""
        self._flooded_until_s[code] = now_s + FLOOD_S
        self._outcomes[Outcome.WORK_ASKED] += 1
        problem = _problem(Code.WORK_ASKED, 429, _language(request))
        body = msgspec.json.encode({**problem, "work": self.work_url(key)})
        return _answer(b"429 Too Many Requests", body, 1 + randbelow(WORK_RETRY_S))

    def judge(self, code: str, address: str, *, key: str, work: str, is_scripted: bool) -> Code | None:
        """For a registration of which only the head was read: None if it is let in, else BUSY, WORK_ASKED or
        SLOWER_PLEASE.
        """
        refused = self._judge(code.upper(), address, key, work, is_scripted)
        if refused:
            self._outcomes[_OUTCOMES[refused]] += 1
        return refused

    def judge_file(self, code: str, address: str) -> Code | None:
        """For a file that is sent before its registration: None, BUSY or SLOWER_PLEASE."""
        return self._judge(code.upper(), address, "", "", is_scripted=False)

    def _judge(self, code: str, address: str, key: str, work: str, is_scripted: bool) -> Code | None:
        if self._is_crowded(self._count_waiting(), key):
            return Code.BUSY
        now_s = time.monotonic()
        if self._flows(code, address, now_s):
            return None
        if is_scripted and self._has_worked(key, work):
            return None
        self._flooded_until_s[code] = now_s + FLOOD_S
        if is_scripted:
            return Code.WORK_ASKED
        return None if self._unscripted.take(code, now_s) else Code.SLOWER_PLEASE

    def work_url(self, key: str) -> str:
        """The address of the script that works for a registration."""
        made = make_challenge(self._key, subject=key, bits=self._limits.work_bits, now_s=int(time.time()))
        return f"/work.js?{made}"

    def unscripted_wait_s(self, code: str) -> int:
        """After how many seconds a page without script has a chance, with a little chance in it."""
        wait_s = self._unscripted.wait_s(code.upper(), time.monotonic())
        return 1 + int(min(RETRY_S_MAX, wait_s)) + randbelow(WORK_RETRY_S)

    def flooded_sites(self) -> list[str]:
        """The sites at which phones have to work at the moment."""
        now_s = time.monotonic()
        self._flooded_until_s = {code: end_s for code, end_s in self._flooded_until_s.items() if end_s > now_s}
        return sorted(self._flooded_until_s)[:1_000]

    def _flows(self, code: str, address: str, now_s: float) -> bool:
        """The address first: one that is in a flood leaves its site to the others."""
        return self._addresses.take(_network(address), now_s) and self._sites.take(code, now_s)

    def _is_crowded(self, waiting: int, key: str) -> bool:
        """Whether there is no room for one more; a newcomer finds none sooner."""
        if waiting < NEWCOMERS_MAX:
            return False
        plain = read_uuid7(key)
        has_waited = plain is not None and time.time() - unix_ms_of(plain) / 1000 > PATIENCE_S
        return not has_waited or waiting >= 2 * NEWCOMERS_MAX

    def _has_worked(self, key: str, work: str) -> bool:
        if not work or not is_solved(self._key, work, subject=key, now_s=int(time.time())):
            return False
        recent, earlier = self._sendings
        sendings = recent.pop(work, 0) or earlier.pop(work, 0)
        if len(recent) >= ANSWERS_MAX:
            self._sendings = recent, earlier = {}, recent
        recent[work] = sendings + 1
        return sendings < SENDINGS_MAX


def _group(pattern: re.Pattern[bytes], request: bytes) -> str:
    found = pattern.search(request, 0, HEAD_BYTES_MAX)
    return found[1].decode("latin-1") if found else ""


def _key(request: bytes) -> str:
    """The id as the head says it; the shortest way there, since all that are refused are asked for it."""
    for name in _KEYS:
        if (at := request.find(name, 0, HEAD_BYTES_MAX)) > 0:
            return request[at + 19 : at + 55].decode("latin-1")
    return ""


def _problem(code: Code, status: int, language: str) -> dict[str, object]:
    title = message(Problem(code), translator(language))
    errors = [{"question": "", "code": code.value, "message": title}]
    return {"type": "about:blank", "title": title, "status": status, "code": code.value, "errors": errors}


@lru_cache
def _busy_answers(language: str) -> tuple[bytes, ...]:
    body = msgspec.json.encode(_problem(Code.BUSY, 503, language))
    return tuple(_answer(b"503 Service Unavailable", body, 1 + wait_s) for wait_s in range(RETRY_S_MAX))


def _language(request: bytes) -> str:
    """As the page says it in the address; who reads nothing else gets the first language."""
    return "en" if b"lang=en" in request[:120] else "zh-Hans"


def _answer(status: bytes, body: bytes, retry_s: int) -> bytes:
    return (
        b"HTTP/1.1 %s\r\ncontent-type: application/problem+json\r\nx-content-type-options: nosniff\r\n"
        b"cache-control: no-store\r\nretry-after: %d\r\ncontent-length: %d\r\n\r\n%s"
    ) % (status, retry_s, len(body), body)


@lru_cache(4_096)
def _network(address: str) -> str:
    """An address as far as it tells people apart: of IPv6 the first 64 bits, which one household may have alone."""
    if ":" not in address:
        return address
    try:
        network = ipaddress.ip_network((address.partition("%")[0], 64), strict=False)
    except ValueError:
        return address[:45]
    return str(network)
