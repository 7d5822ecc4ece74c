"""The receipt over HTTP: see, correct, withdraw, come back with one tap, a family on one phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from tests.edge_client import GOOD, EdgeClient, changed, make_installation

from tianbao.config import Config
from tianbao.domain.receipts import read_receipt


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeClient]:
    data: Path = tmp_path_factory.mktemp("receipt")
    client = EdgeClient(Config(data), make_installation(data))
    yield client
    client.close()


@pytest.fixture
def edge(shared: EdgeClient) -> EdgeClient:
    shared.new_phone()
    return shared


def register(edge: EdgeClient, **changes: object) -> str:
    """Registers by script and opens the receipt, as the page does; its token."""
    token = edge.submit(changed(**changes)).json()["receipt"]
    assert edge.get(f"/R/{token}").headers["location"] == "/R"
    return token


def own(edge: EdgeClient, token: str) -> object:
    return edge.run(edge.edge.context.archive.open(read_receipt(token)))


def posted(page: str) -> dict[str, list[str]]:
    """The fields of a page's main form, as a browser would post them."""
    fields: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="(\w+)"', tag)
        if name and (kind is None or kind[1] not in ("checkbox", "radio") or " checked" in tag):
            fields.setdefault(name[1], []).append(value[1] if value else "")
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        fields[name] = [chosen[1] if chosen else ""]
    return fields


def test_one_sees_ones_own(edge: EdgeClient) -> None:
    register(edge, name="张三丰")
    page = edge.get("/R")
    assert page.headers["cache-control"] == "no-store"
    assert "张三丰" in page.text
    assert "13812345678" not in page.text  # somebody may look over the shoulder
    assert "138****5678" in page.text


def test_the_qr_is_the_pass_and_not_the_receipt(edge: EdgeClient) -> None:
    import io

    token = register(edge)
    png = edge.get("/R/pass.png")
    assert png.headers["content-type"] == "image/png"
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(png.content)))
    assert re.fullmatch(r"http://tianbao\.test/P/[0-9A-Z]{8}", code.text)
    assert token not in code.text


def test_a_wrong_secret_opens_nothing_and_says_nothing(edge: EdgeClient) -> None:
    token = register(edge)
    edge.new_phone()
    wrong = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "AAAE")
    unknown = "A" * 43
    assert edge.get(f"/R/{wrong}").status_code == edge.get(f"/R/{unknown}").status_code == 404
    assert edge.get(f"/R/{wrong}").text == edge.get(f"/R/{unknown}").text


def test_a_correction_is_a_new_revision_and_keeps_masked_numbers(edge: EdgeClient) -> None:
    token = register(edge)
    fields = posted(edge.get("/R/correct").text)
    assert fields["phone"] == ["138****5678"]
    fields["name"] = ["张三（更正）"]
    assert edge.post("/R", data={**fields, "_action": ["submit"]}).headers["location"] == "/R"
    found = own(edge, token)
    assert found.revision == 2
    assert found.answers["name"] == "张三（更正）"
    assert found.answers["phone"] == GOOD["phone"]
    assert found.answers["id_number"] == GOOD["id_number"]
    assert "张三（更正）" in edge.get("/R").text


def test_a_correction_without_script_says_what_goes_with_another_answer(edge: EdgeClient) -> None:
    leg = {"place": "上海", "transport": "train", "transport_no": "G1234"}
    token = register(edge, itinerary=[{**GOOD["itinerary"][0], **leg}])
    fields = posted(edge.get("/R/correct").text)
    fields["itinerary.0.transport"] = [""]
    told = edge.post("/R", data={**fields, "_action": ["submit"]})
    assert told.status_code == 422
    assert "“车次、航班号或车牌号”" in re.search(r'role="alert".*?</ul>', told.text, re.DOTALL)[0]
    assert own(edge, token).answers["itinerary"][0]["transport_no"]
    again = posted(told.text)
    assert edge.post("/R", data={**again, "_action": ["submit"]}).status_code == 303
    assert "transport_no" not in own(edge, token).answers["itinerary"][0]
    by_script = {name: value for name, value in posted(edge.get("/R/correct").text).items() if name != "_shown"}
    by_script["id_type"] = [""]
    assert edge.post("/R", data={**by_script, "_action": ["submit"]}).status_code == 303


def test_a_wrong_correction_comes_back_with_everything_kept(edge: EdgeClient) -> None:
    token = register(edge)
    fields = posted(edge.get("/R/correct").text)
    fields["temperature"] = ["很高"]
    response = edge.post("/R", data={**fields, "_action": ["submit"]})
    assert response.status_code == 422
    assert "很高" in response.text
    assert GOOD["id_number"] not in response.text
    assert own(edge, token).revision == 1


def test_a_correction_sent_twice_is_one(edge: EdgeClient) -> None:
    token = register(edge)
    fields = {**posted(edge.get("/R/correct").text), "name": ["两次"], "_action": ["submit"]}
    assert [edge.post("/R", data=fields).status_code for _ in range(2)] == [303, 303]
    assert own(edge, token).revision == 2


def test_a_correction_of_what_changed_meanwhile_is_refused(edge: EdgeClient) -> None:
    token = register(edge)
    page = posted(edge.get("/R/correct").text)
    edge.post("/R", data={**page, "name": ["先"], "_action": ["submit"]})
    late = edge.post("/R", data={**page, "name": ["后"], "_action": ["submit"]})
    assert late.status_code == 409
    assert own(edge, token).answers["name"] == "先"


def test_withdrawing_asks_once_more_and_ends_it(edge: EdgeClient) -> None:
    token = register(edge)
    assert 'value="withdraw"' in edge.get("/R/withdraw").text
    assert own(edge, token).revision == 1  # looking changes nothing
    edge.post("/R", data={"_action": "withdraw"})
    assert own(edge, token).kind.name == "WITHDRAWN"
    assert edge.get("/R/correct").status_code == 422
    assert 'name="name"' in edge.get(edge.site).text  # the next form is a fresh one


def test_coming_back_takes_one_tap(edge: EdgeClient) -> None:
    token = register(edge, name="回来的人")
    page = edge.get(edge.site)
    assert "回来的人" in page.text
    assert GOOD["phone"] not in page.text
    assert page.headers["cache-control"] == "no-store"
    response = edge.post(edge.site, data={"_action": "confirm"})
    assert (response.status_code, response.headers["location"]) == (303, "/R")
    second = edge._client.cookies["r"].split(".")[0]
    assert second != token
    answers = own(edge, second).answers
    assert answers["id_number"] == GOOD["id_number"]
    assert "temperature" not in answers  # that was yesterday's


def test_two_taps_are_one_and_tomorrows_tap_is_another(edge: EdgeClient) -> None:
    register(edge)
    edge.get(edge.site)
    cookies = dict(edge._client.cookies)
    before = edge.edge.context.intake.outcomes["accepted"]
    for _ in range(2):
        edge.post(
            edge.site,
            data={"_action": "confirm"},
            headers={"cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())},
        )
    assert edge.edge.context.intake.outcomes["accepted"] == before + 1
    edge.post(edge.site, data={"_action": "confirm"})
    assert edge.edge.context.intake.outcomes["accepted"] == before + 2


def test_a_page_filled_in_from_the_receipt_gives_back_whole_numbers(edge: EdgeClient) -> None:
    register(edge)
    fields = posted(edge.get(f"{edge.site}?edit=1").text)
    assert fields["id_number"] == ["**************002X"]
    fields |= {"address": ["新地址"], "consent": ["OK"], "_action": ["submit"]}
    assert edge.post(edge.site, data=fields).status_code == 303
    answers = own(edge, edge._client.cookies["r"].split(".")[0]).answers
    assert (answers["id_number"], answers["address"]) == (GOOD["id_number"], "新地址")


def test_somebody_else_and_not_me(edge: EdgeClient) -> None:
    register(edge, name="前一个人")
    assert "前一个人" not in edge.get(f"{edge.site}?new=1").text
    edge.post("/R/forget")
    assert "前一个人" not in edge.get(edge.site).text
    assert edge.get("/R").status_code == 404


def test_a_family_on_one_phone_each_with_their_own_pass(edge: EdgeClient) -> None:
    first = register(edge, name="父亲")
    register(edge, name="母亲")
    assert "母亲" in edge.get("/R").text
    assert "父亲" in edge.get("/R?i=1").text
    assert edge.get("/R/pass.png").content != edge.get("/R/pass.png?i=1").content
    fields = {**posted(edge.get("/R/correct?i=1").text), "name": ["父亲改"], "_action": ["submit"]}
    assert edge.post("/R?i=1", data=fields).headers["location"] == "/R?i=1"
    assert own(edge, first).answers["name"] == "父亲改"


def test_a_receipt_works_on_another_phone(edge: EdgeClient) -> None:
    token = register(edge, name="换手机")
    edge.new_phone()
    edge.get(f"/R/{token}")
    assert "换手机" in edge.get("/R").text
