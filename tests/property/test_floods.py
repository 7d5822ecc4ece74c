"""Buckets and challenges: what a limit promises over any course of time, and that no other work counts."""

from __future__ import annotations

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from tianbao.domain.floods import CHALLENGE_S, Limit, count_zero_bits, is_solved, make_challenge

KEY = b"a key of the installation"
BITS = 6

limits = st.builds(Limit, rate_per_s=st.floats(0.1, 1_000), burst=st.integers(1, 5_000))
pauses_s = st.lists(st.floats(0, 5), min_size=1, max_size=300)


def taken_at(limit: Limit, asked_s: list[float]) -> list[float]:
    full_s, taken = 0.0, []
    for now_s in asked_s:
        after_s = limit.take(full_s, now_s)
        if after_s is not None:
            full_s = after_s
            taken.append(now_s)
    return taken


def moments(pauses: list[float]) -> list[float]:
    now_s, all_s = 1_000.0, []
    for pause_s in pauses:
        now_s += pause_s
        all_s.append(now_s)
    return all_s


@given(limits, pauses_s)
def test_no_span_of_time_has_more_than_the_limit(limit: Limit, pauses: list[float]) -> None:
    taken = taken_at(limit, moments(pauses))
    for i, begin_s in enumerate(taken):
        for more, end_s in enumerate(taken[i:], 1):
            assert more <= limit.burst + (end_s - begin_s) * limit.rate_per_s + 1e-3


@given(limits, pauses_s)
def test_whoever_keeps_to_the_rate_is_never_stopped(limit: Limit, pauses: list[float]) -> None:
    slow = moments([pause_s + 1.001 / limit.rate_per_s for pause_s in pauses])
    assert taken_at(limit, slow) == slow


@given(limits, pauses_s)
def test_after_the_wait_there_is_one(limit: Limit, pauses: list[float]) -> None:
    full_s = 0.0
    for now_s in moments(pauses):
        after_s = limit.take(full_s, now_s)
        if after_s is None:
            assert limit.take(full_s, now_s + limit.wait_s(full_s, now_s) + 1e-6) is not None
        else:
            full_s = after_s


def work(challenge: str) -> str:
    answers = (f"{challenge}.{number}" for number in count())
    return next(answer for answer in answers if count_zero_bits(answer) >= BITS)


@given(st.text("0123456789abcdef-", max_size=36), st.integers(0, 4_000_000_000), st.integers(0, CHALLENGE_S))
def test_work_counts_for_its_subject_and_its_time(subject: str, now_s: int, later_s: int) -> None:
    challenge = make_challenge(KEY, subject=subject, bits=BITS, now_s=now_s)
    answer = work(challenge)
    assert is_solved(KEY, answer, subject=subject, now_s=now_s + later_s)
    assert not is_solved(KEY, answer, subject=subject + "x", now_s=now_s)
    assert not is_solved(b"another", answer, subject=subject, now_s=now_s)
    assert not is_solved(KEY, answer, subject=subject, now_s=now_s + 2 * CHALLENGE_S + 1)
    assert not is_solved(KEY, challenge, subject=subject, now_s=now_s)


@given(st.integers(0, 4_000_000_000), st.integers(0, CHALLENGE_S - 1))
def test_asked_again_it_is_the_same_challenge(now_s: int, later_s: int) -> None:
    begin_s = now_s - now_s % CHALLENGE_S
    first = make_challenge(KEY, subject="s", bits=BITS, now_s=begin_s)
    assert make_challenge(KEY, subject="s", bits=BITS, now_s=begin_s + later_s) == first


@given(st.text(max_size=60))
def test_nothing_else_counts(answer: str) -> None:
    assert not is_solved(KEY, answer, subject="s", now_s=1_790_000_000)


@given(st.sampled_from(["until", "bits", "mac"]))
def test_an_easier_challenge_cannot_be_made_up(part: str) -> None:
    until, bits, mac = make_challenge(KEY, subject="s", bits=16, now_s=1_790_000_000).split(".")
    forged = {"until": f"{int(until) + 1}.{bits}.{mac}", "bits": f"0.{mac}", "mac": f"{until}.0.{mac}"}[part]
    assert not is_solved(KEY, f"{forged}.1", subject="s", now_s=1_790_000_000)
