"""A site in a flood: who is let in, who has to work, who has to wait; and what an ordinary evening notices of it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.edge_client import GOOD, EdgeClient, make_installation, new_submission

from tianbao.config import Config, Limits
from tianbao.domain.floods import Limit, count_zero_bits
from tianbao.edge.intake import Outcome
from tianbao.store.flood_notes import read_notes, write_note

TIGHT = Limits(site=Limit(0.001, 3), address=Limit(0.001, 5), unscripted=Limit(0.001, 2), work_bits=8)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    data = tmp_path_factory.mktemp("throttle")
    return data, make_installation(data)


@pytest.fixture
def edge(installed: tuple[Path, str]) -> Iterator[EdgeClient]:
    """Three registrations and its site is in a flood; two more from a page without script."""
    data, site = installed
    client = EdgeClient(Config(data, limits=TIGHT), site)
    yield client
    client.close()


def send(edge: EdgeClient, submission: dict[str, Any] | None = None, work: str = "") -> Any:
    posted = {**(submission or new_submission()), "answers": GOOD}
    headers = {"idempotency-key": posted["id"], **({"cookie": f"lang=en; w={work}"} if work else {})}
    return edge.post(edge.site, json=posted, headers=headers)


def flood(edge: EdgeClient) -> None:
    assert [send(edge).status_code for _ in range(3)] == [201] * 3


def worked(url: str) -> str:
    challenge = url.partition("?")[2]
    answers = (f"{challenge}.{number}" for number in count())
    return next(answer for answer in answers if count_zero_bits(answer) >= TIGHT.work_bits)


def test_in_a_flood_a_phone_works_and_is_let_in(edge: EdgeClient) -> None:
    flood(edge)
    submission = new_submission()
    refused = send(edge, submission)
    assert (refused.status_code, refused.json()["code"]) == (429, "work_asked")
    assert 1 <= int(refused.headers["retry-after"]) <= 30
    work = worked(refused.json()["work"])
    assert send(edge, submission, work).status_code == 201
    assert edge.edge.context.intake.outcomes[Outcome.WORK_ASKED] == 1
    assert edge.get(refused.json()["work"]).headers["content-type"].startswith("text/javascript")


def test_work_is_for_one_registration_and_its_repetitions(edge: EdgeClient) -> None:
    flood(edge)
    submission = new_submission()
    work = worked(send(edge, submission).json()["work"])
    assert [send(edge, submission, work).status_code for _ in range(4)] == [201, 200, 200, 429]
    assert send(edge, new_submission(), work).status_code == 429


def test_work_counts_for_the_header_that_asked_whatever_the_body_says(edge: EdgeClient) -> None:
    """The body is not read before: work made for one id lets three bodies in, and no fourth."""
    flood(edge)
    asked = new_submission()
    work = worked(send(edge, asked).json()["work"])
    headers = {"idempotency-key": asked["id"], "cookie": f"w={work}"}
    bodies = [{**new_submission(), "answers": GOOD} for _ in range(4)]
    answers = [edge.post(edge.site, json=body, headers=headers).status_code for body in bodies]
    assert answers == [201, 201, 201, 429]


def test_no_work_no_registration(edge: EdgeClient) -> None:
    flood(edge)
    submission = new_submission()
    url = send(edge, submission).json()["work"]
    for work in ("", "1", url.partition("?")[2], worked(url)[:-1] + "!", "9" * 90):
        assert send(edge, submission, work).status_code == 429


def test_a_flood_from_one_address_leaves_the_site_to_others(installed: tuple[Path, str]) -> None:
    data, site = installed
    limits = Limits(site=Limit(0.001, 8), address=Limit(0.001, 5))
    edge = EdgeClient(Config(data, limits=limits), site)
    try:
        judge = edge.edge.throttle.judge
        code = site.rpartition("/")[2]

        def come(address: str, times: int) -> list[bool]:
            return [judge(code, address, key="", work="", is_scripted=True) is None for _ in range(times)]

        assert come("203.0.113.7", 9) == [True] * 5 + [False] * 4
        assert come("198.51.100.4", 3) == [True] * 3
        assert come("2001:db8:1:2::1", 1) == [False]  # now the site's own is empty
        assert edge.edge.throttle.flooded_sites() == [code]
    finally:
        edge.close()


def test_without_script_there_is_a_low_rate_and_what_was_written_stays(edge: EdgeClient) -> None:
    flood(edge)
    written = {"_action": "submit", "name": "\n张三<\"'", "address": "一\r\n二", "symptoms": "none"}
    open_ones = [edge.post(edge.site, data=written).status_code for _ in range(2)]
    assert open_ones == [422, 422]  # let in, and looked at
    answer = edge.post(edge.site, data=written)
    assert (answer.status_code, answer.headers["cache-control"]) == (429, "no-store")
    assert int(answer.headers["retry-after"]) >= 1
    fields = re.findall(r'<textarea name="([^"]*)" hidden>\n(.*?)</textarea>', answer.text, re.DOTALL)
    kept = {name: html.unescape(value) for name, value in fields}
    assert kept == written | {"name": "\n张三<\"'"}
    assert edge.edge.context.intake.outcomes[Outcome.SLOWED] == 1


def test_corrections_and_files_count_and_wait_too(edge: EdgeClient) -> None:
    sent = send(edge)
    assert sent.status_code == 201
    assert edge.get(f"/R/{sent.json()['receipt'].rpartition('/')[2]}").status_code == 303
    correction = {"_action": "correct", "_revision": "1", "name": "李四"}
    let_in = [edge.post("/R", data=correction).status_code for _ in range(4)]
    assert let_in == [422] * 4, "two as the site flows, two as pages without script"
    slowed = edge.post("/R", data=correction)
    assert (slowed.status_code, slowed.headers["cache-control"]) == (429, "no-store")
    assert "李四" in slowed.text
    assert 'action="/R"' in slowed.text
    file = edge.post(f"{edge.site}/migrant/files?for=photo", content=b"x")
    assert (file.status_code, file.json()["code"]) == (429, "slower_please")
    assert int(file.headers["retry-after"]) >= 1
    assert edge.edge.context.intake.outcomes[Outcome.SLOWED] == 1, "a file is no submission"


def test_metrics_name_what_was_kept_out(edge: EdgeClient) -> None:
    flood(edge)
    send(edge)
    lines = edge.get("/metrics").text.splitlines()
    assert 'tianbao_submissions_total{outcome="work_asked"} 1' in lines
    assert 'tianbao_submissions_total{outcome="slowed"} 0' in lines
    assert "tianbao_flooded_sites 1" in lines


def test_staff_register_on_in_a_flood(edge: EdgeClient) -> None:
    flood(edge)
    posted = {**new_submission(), "answers": GOOD}
    assert edge.post(edge.site, json=posted, headers={"x-tianbao-staff": "staff-token"}).status_code == 201


def test_the_edge_notes_the_flood_for_the_console(edge: EdgeClient, tmp_path: Path) -> None:
    flood(edge)
    send(edge)
    assert edge.edge.throttle.flooded_sites() == [edge.site[3:]]
    write_note(tmp_path, edge.edge.throttle.flooded_sites(), until_ms=2_000)
    assert read_notes(tmp_path, now_ms=1_000) == {edge.site[3:]}
    assert read_notes(tmp_path, now_ms=3_000) == frozenset()
    (tmp_path / "flood-1.json").write_text("[")
    write_note(tmp_path, [], until_ms=2_000)
    assert read_notes(tmp_path, now_ms=1_000) == frozenset()
