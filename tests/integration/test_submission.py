"""One submission over HTTP: accepted once, whatever happens on the way, with script and without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.edge_client import GOOD, EdgeClient, changed, make_installation, new_submission
from tests.page_samples import MIGRANT
from tests.plain_phone import PlainPhone

from tianbao.config import Config
from tianbao.domain.answers import flatten_answers
from tianbao.domain.ids import read_uuid7
from tianbao.domain.receipts import read_receipt


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeClient]:
    data: Path = tmp_path_factory.mktemp("submission")
    client = EdgeClient(Config(data), make_installation(data))
    yield client
    client.close()


@pytest.fixture
def edge(shared: EdgeClient) -> EdgeClient:
    """The same edge, opened by another phone."""
    shared.new_phone()
    return shared


def own(edge: EdgeClient, token: str) -> object:
    return edge.run(edge.edge.context.archive.open(read_receipt(token)))


def accepted(edge: EdgeClient) -> int:
    return edge.edge.context.intake.outcomes["accepted"]


def form_of(**answers: object) -> dict[str, list[str]]:
    """GOOD as a form post, with changes."""
    flat = flatten_answers(MIGRANT, changed(itinerary=[{"place": {"text": "130636"}}], **answers))
    return {**flat, "_action": ["submit"]}


# --- with script


def test_the_answer_is_the_contracts(edge: EdgeClient) -> None:
    submission = new_submission()
    response = edge.submit(GOOD, **submission)
    body = response.json()
    assert response.status_code == 201
    assert set(body) == {"id", "number", "receipt", "status", "reasons", "pass"}
    assert body["id"] == submission["id"]
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", body["number"])
    assert body["status"] == "registered"


def test_the_same_again_gets_the_first_answer(edge: EdgeClient) -> None:
    submission = new_submission()
    first = edge.submit(GOOD, **submission)
    before = accepted(edge)
    again = edge.submit(dict(reversed(GOOD.items())), **submission)  # the order of keys means nothing
    assert (again.status_code, again.json()) == (200, first.json())
    assert accepted(edge) == before


@pytest.mark.parametrize("change", [{"answers": changed(name="李四")}, {"secret": "A" * 21 + "Q"}])
def test_the_same_id_with_other_content_is_refused_and_the_first_stands(
    edge: EdgeClient, change: dict[str, object]
) -> None:
    submission = {**new_submission(), "answers": GOOD}
    token = edge.post(edge.site, json=submission).json()["receipt"]
    response = edge.post(edge.site, json={**submission, **change})
    assert (response.status_code, response.json()["code"]) == (422, "content_differs")
    assert own(edge, token).answers["name"] == GOOD["name"]


def test_twenty_at_once_are_one(edge: EdgeClient) -> None:
    submission = new_submission()
    before = accepted(edge)
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: edge.submit(GOOD, **submission), range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.text for answer in answers}) == 1
    assert accepted(edge) == before + 1


def test_an_id_may_be_written_in_upper_case(edge: EdgeClient) -> None:
    submission = new_submission()
    assert edge.submit(GOOD, **submission).status_code == 201
    assert edge.submit(GOOD, **{**submission, "id": submission["id"].upper()}).status_code == 200


def test_a_code_in_lower_case_is_the_same_site(edge: EdgeClient) -> None:
    path = edge.site.replace("/S/", "/s/").lower()
    assert edge.get(path).status_code == 200


def test_staff_are_known_by_their_token_alone(edge: EdgeClient) -> None:
    for token, source in (("staff-token", 2), ("guess", 1)):
        submission = {**new_submission(), "answers": GOOD}
        edge.post(edge.site, json=submission, headers={"x-tianbao-staff": token})
        row = edge.run(edge.edge.context.archive.find(read_uuid7(submission["id"]), 1))
        assert row.source == source


# --- the page


def test_the_page_is_the_same_for_everyone_and_small(edge: EdgeClient) -> None:
    first = edge.get(edge.site)
    edge.new_phone()
    second = edge.get(edge.site)
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    assert first.headers["set-cookie"] != second.headers["set-cookie"]
    for encoding in ("br", "gzip"):
        response = edge.get(edge.site, headers={"accept-encoding": encoding})
        assert response.headers["content-encoding"] == encoding
        assert int(response.headers["content-length"]) <= 14_000


def test_a_page_that_is_known_is_not_sent_again(edge: EdgeClient) -> None:
    etag = edge.get(edge.site).headers["etag"]
    response = edge.get(edge.site, headers={"if-none-match": etag})
    assert (response.status_code, response.content) == (304, b"")


def test_the_language_is_the_readers(edge: EdgeClient) -> None:
    assert 'lang="en"' in edge.get(edge.site, headers={"accept-language": "en-GB,zh;q=0.5"}).text
    assert 'lang="zh-Hans"' in edge.get(edge.site, headers={"accept-language": "zh-CN"}).text
    assert 'lang="en"' in edge.get(edge.site + "?lang=en", headers={"accept-language": "zh-CN"}).text
    assert 'lang="en"' in edge.get(edge.site, headers={"accept-language": "zh-CN"}).text  # it was chosen


# --- without script


def post_form(edge: EdgeClient, data: dict[str, list[str]]) -> httpx.Response:
    return edge.post(edge.site, data=data)


def test_a_form_post_leads_to_the_receipt(edge: EdgeClient) -> None:
    edge.get(edge.site)
    response = post_form(edge, form_of(name="无脚本"))
    assert (response.status_code, response.headers["location"]) == (303, "/R")
    assert "无脚本" in edge.get("/R").text


def test_a_double_tap_is_one_registration(edge: EdgeClient) -> None:
    edge.get(edge.site)
    cookies = dict(edge._client.cookies)
    before = accepted(edge)
    for _ in range(2):  # both taps leave with the cookie the page came with
        edge._client.cookies = httpx.Cookies(cookies)
        assert post_form(edge, form_of(name="双击")).status_code == 303
    assert accepted(edge) == before + 1


def test_the_next_family_member_is_another_registration(edge: EdgeClient) -> None:
    edge.get(edge.site)
    before = accepted(edge)
    post_form(edge, form_of(name="父亲"))
    post_form(edge, form_of(name="母亲"))
    assert accepted(edge) == before + 2


def test_the_same_person_tomorrow_is_another_registration(edge: EdgeClient) -> None:
    edge.get(edge.site)
    before = accepted(edge)
    post_form(edge, form_of())
    post_form(edge, form_of())
    assert accepted(edge) == before + 2


def test_a_wrong_answer_comes_back_with_everything_kept(edge: EdgeClient) -> None:
    edge.get(edge.site)
    response = post_form(edge, form_of(name="留着我", temperature="发烧"))
    assert response.status_code == 422
    for kept in ("留着我", "发烧", "北关村12号", "11010519491231002X"):
        assert kept in response.text
    assert 'id="temperature:e"' in response.text


def test_a_row_more_and_a_row_less_by_buttons(edge: EdgeClient) -> None:
    edge.get(edge.site)
    data = form_of()
    more = post_form(edge, {**data, "_action": ["add:itinerary"]})
    assert 'name="itinerary.1.place"' in more.text
    two = {**data, "itinerary.1.place": ["石家庄"], "_action": ["remove:itinerary.0"]}
    less = post_form(edge, two)
    assert 'name="itinerary.1.place"' not in less.text
    assert "石家庄" in less.text


def test_an_unclear_place_is_asked_about_once_and_then_taken(edge: EdgeClient) -> None:
    edge.get(edge.site)
    data = {**form_of(), "itinerary.0.place": ["鼓楼区"]}
    asked = post_form(edge, data)
    assert asked.status_code == 422
    codes = re.findall(r'name="itinerary\.0\.place\.code" value="(\d{6})"', asked.text)
    assert len(codes) > 1
    taken = post_form(edge, {**data, "itinerary.0.place.code": [codes[1]], "_asked_places": ["1"]})
    assert taken.status_code == 303
    token = edge._client.cookies["r"].split(".")[0]
    assert own(edge, token).answers["itinerary"][0]["place"] == {"text": "鼓楼区", "code": codes[1]}


def test_an_unclear_place_may_stay_as_it_was_written(edge: EdgeClient) -> None:
    edge.get(edge.site)
    data = {**form_of(), "itinerary.0.place": ["鼓楼区"], "itinerary.0.place.code": [""], "_asked_places": ["1"]}
    assert post_form(edge, data).status_code == 303
    found = own(edge, edge._client.cookies["r"].split(".")[0])
    assert found.answers["itinerary"][0]["place"] == {"text": "鼓楼区"}
    assert found.marks["itinerary.0.place"] == ["unclear"]


def test_a_phone_that_keeps_no_cookies_can_register(edge: EdgeClient) -> None:
    response = post_form(edge, form_of(name="无饼干"))
    assert response.status_code == 303
    assert "r=" in response.headers["set-cookie"]


def test_what_would_not_be_kept_is_said_before_it_is_lost(edge: EdgeClient) -> None:
    phone = PlainPhone(edge)
    phone.type({"name": "王五", "address": "北关村3号", "reason": "work", "symptoms": ["none"], "consent": "OK"})
    phone.type(
        {"id_number": "11010519491231002X", "itinerary.0.place": "130636", "itinerary.0.transport_no": "G6701"}
    )
    phone.press("submit")
    assert phone.sheet.status == 422
    for path in ("id_number", "itinerary.0.transport_no"):
        assert f'id="{path}:e"' in phone.sheet.text
    assert phone.sheet.values()["id_number"] == ["11010519491231002X"]
    phone.type({"id_type": "resident_id", "itinerary.0.transport": "train"})
    phone.press("submit")
    stored = phone.stored()
    assert stored["id_number"] == "11010519491231002X"
    assert stored["itinerary"][0]["transport_no"] == "G6701"


def test_whoever_was_told_what_is_not_kept_may_go_on(edge: EdgeClient) -> None:
    phone = PlainPhone(edge)
    phone.type({"name": "王五", "address": "北关村3号", "reason": "work", "symptoms": ["none"], "consent": "OK"})
    phone.type({"id_number": "不记得"})
    phone.press("submit")
    assert phone.sheet.status == 422
    phone.press("submit")
    assert "id_number" not in phone.stored()
