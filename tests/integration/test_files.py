"""Files over HTTP: sent by script and without, refused, kept over a page that comes back, claimed once, taken home."""

from __future__ import annotations

import asyncio
import html
import io
import json
import os
import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from PIL import Image
from tests import file_samples as samples
from tests.edge_client import EdgeClient, add_site, make_installation, new_submission

from tianbao.config import Config
from tianbao.domain.files import FILE_BYTES_MAX, IMAGE_BYTES_MAX, read_token
from tianbao.edge import uploads
from tianbao.store.file_folder import WAITING_S_MAX, FileFolder
from tianbao.store.key_file import list_days

NOMINATION = {
    "nominee_type": "person",
    "nominee": "李建国",
    "nominee_unit": "北关村",
    "award": "duty",
    "deed_on": time.strftime("%Y-%m-%d"),
    "deed": "7月21日夜里发大水，他背着三位老人从二楼走到高处，自己腿上划了口子也没停下。",
    "agrees": "yes",
    "name": "王秀英",
    "phone": "13812345678",
    "tie": "helped",
    "consent": True,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def shared(data: Path) -> Iterator[EdgeClient]:
    make_installation(data)
    client = EdgeClient(Config(data), add_site(data, "commendation"))
    yield client
    client.close()


@pytest.fixture
def edge(shared: EdgeClient) -> EdgeClient:
    """The same edge, opened by another phone."""
    shared.new_phone()
    return shared


def send(
    edge: EdgeClient,
    content: bytes,
    *,
    name: str = "现场.jpg",
    form: str = "commendation",
    question: str = "evidence.photo",
    **more: Any,
) -> httpx.Response:
    headers = {"x-file-name": quote(name), **more.pop("headers", {})}
    return edge.post(f"{edge.site}/{form}/files?for={question}", content=content, headers=headers, **more)


def nomination(*evidence: dict[str, Any]) -> dict[str, Any]:
    return {**NOMINATION, "evidence": list(evidence)}


def photo(file: Any) -> dict[str, Any]:
    return {"evidence_type": "photo", "photo": file}


def stored(data: Path) -> list[Path]:
    return [path for path in (data / "files").rglob("*") if path.is_file()]


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["errors"][0]["code"])


# --- with script


def test_a_photo_is_sent_submitted_and_taken_home_again(edge: EdgeClient, data: Path) -> None:
    sent = send(edge, samples.jpeg(400, 300, orientation=6))
    file = sent.json()
    assert (sent.status_code, file["name"], file["type"]) == (201, "现场.jpg", "image/jpeg")
    flat = f"{file['file']} {file['bytes']} {file['name']}"
    registered = edge.submit(nomination(photo(flat)))
    assert registered.status_code == 201, registered.text

    edge.get("/R/" + registered.json()["receipt"])
    page = edge.get("/R").text
    address = re.search(r'href="(/R/files/[0-9a-f]{32})" download>现场.jpg \(\d+ kB\)<', page)
    assert address, page
    assert read_token(file["file"]).id in address[1]
    got = edge.get(address[1])
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in got.headers["content-security-policy"]
    assert (Image.open(io.BytesIO(got.content)).size, len(got.content)) == ((300, 400), file["bytes"])
    on_disk = b"".join(path.read_bytes() for path in stored(data))
    assert got.content[:64] not in on_disk and "现场".encode() not in on_disk


def test_the_same_submission_again_is_the_same_answer(edge: EdgeClient) -> None:
    body = {**new_submission(), "answers": nomination(photo(send(edge, samples.jpeg()).json()))}
    assert [edge.post(edge.site, json=body).status_code for _ in range(3)] == [201, 200, 200]


def test_a_file_answers_one_registration_only(edge: EdgeClient) -> None:
    file = send(edge, samples.jpeg()).json()
    assert edge.submit(nomination(photo(file))).status_code == 201
    again = edge.submit(nomination(photo(file)))
    assert (again.status_code, again.json()["errors"][0]["question"]) == (422, "evidence.0.photo")
    assert code_of(again) == "not_a_file"


@pytest.mark.parametrize("text", ["", " ", "x", "A" * 86, "A" * 86 + " 9 a.jpg", "../../etc/passwd 1 a"])
def test_what_is_no_file_is_refused_beside_its_question(edge: EdgeClient, text: str) -> None:
    answer = edge.submit(nomination(photo(text)))
    assert (answer.status_code, answer.json()["errors"][0]["question"]) == (422, "evidence.0.photo")


def test_a_document_is_no_photo(edge: EdgeClient) -> None:
    paper = send(edge, samples.pdf(), name="信.pdf", question="evidence.document").json()
    assert code_of(edge.submit(nomination(photo(paper)))) == "image_type"
    assert edge.submit(nomination({"evidence_type": "document", "document": paper})).status_code == 201


def test_a_file_that_was_sent_to_another_site_is_none_here(edge: EdgeClient, data: Path) -> None:
    here = edge.site
    edge.site = add_site(data, "incident")
    edge.run(asyncio.sleep(1.2))  # the catalogue is read again
    try:
        elsewhere = send(edge, samples.jpeg(), form="incident", question="photo")
    finally:
        edge.site = here
    assert elsewhere.status_code == 201, elsewhere.text
    assert code_of(edge.submit(nomination(photo(elsewhere.json())))) == "not_a_file"


@pytest.mark.parametrize(
    ("content", "name", "question", "code"),
    [
        (b"", "a.jpg", "evidence.photo", "file_empty"),
        (samples.pdf(), "a.jpg", "evidence.photo", "image_type"),
        (samples.SVG, "a.jpg", "evidence.photo", "image_type"),
        (samples.SVG, "a.svg", "evidence.document", "file_type"),
        (samples.HTML, "a.txt", "evidence.document", "file_type"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "IMG_1.HEIC", "evidence.photo", "image_type"),
        (samples.jpeg()[:-200], "a.jpg", "evidence.photo", "image_damaged"),
        (samples.bomb(), "a.png", "evidence.photo", "image_damaged"),
        (samples.docx(**{"word/vbaProject.bin": b"x"}), "a.docx", "evidence.document", "file_macros"),
        (samples.archive({"x.exe": b"MZ"}), "a.docx", "evidence.document", "file_type"),
        (b"MZ\x90\0" * 99, "a.pdf", "evidence.document", "file_type"),
        (b"text " * 300 + b"\0", "a.txt", "evidence.document", "file_type"),
    ],
)
def test_what_is_not_taken_says_so_and_leaves_nothing(
    edge: EdgeClient, data: Path, content: bytes, name: str, question: str, code: str
) -> None:
    before = stored(data)
    answer = send(edge, content, name=name, question=question)
    assert (answer.status_code, code_of(answer), answer.json()["errors"][0]["question"]) == (422, code, question)
    assert stored(data) == before


@pytest.mark.parametrize(
    ("content", "name", "kept"),
    [
        (samples.docx(), "信.docx", "信.docx"),
        (samples.odt(), "信.odt", "信.odt"),
        ("姓名,电话\n".encode("gb18030"), "名单.csv", "名单.csv"),
        (samples.pdf() + samples.docx(), "../..\\证明.pdf", "证明.pdf"),
        (samples.png(), "截图.png", "截图.jpg"),
        (samples.pdf(), "\u202e" + "长" * 300, "_" + "长" * 119 + ".pdf"),
    ],
)
def test_a_document_is_kept_under_a_safe_name(edge: EdgeClient, content: bytes, name: str, kept: str) -> None:
    answer = send(edge, content, name=name, question="evidence.document")
    assert (answer.status_code, answer.json().get("name")) == (201, kept)


def test_limits_hold_at_the_byte(edge: EdgeClient) -> None:
    just, more = samples.pdf(FILE_BYTES_MAX), samples.pdf(FILE_BYTES_MAX + 1)
    assert (len(just), len(more)) == (FILE_BYTES_MAX, FILE_BYTES_MAX + 1)
    assert send(edge, just, question="evidence.document").json()["bytes"] == FILE_BYTES_MAX
    refused = send(edge, more, question="evidence.document")
    assert (refused.status_code, code_of(refused)) == (413, "file_too_large")
    assert "20 MB" in refused.json()["title"]


def test_a_body_that_tells_no_length_is_stopped_too(edge: EdgeClient, data: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield samples.jpeg()
        while True:
            yield b"\0" * 65_536

    before = stored(data)
    refused = edge.run(
        edge._client.post(f"{edge.site}/commendation/files?for=evidence.photo", content=endless(), timeout=60)
    )
    assert (refused.status_code, code_of(refused)) == (413, "file_too_large")
    assert stored(data) == before and IMAGE_BYTES_MAX < FILE_BYTES_MAX


def test_a_phone_that_goes_away_leaves_nothing(edge: EdgeClient, data: Path) -> None:
    before = stored(data)
    messages = iter(
        [
            {"type": "http.request", "body": samples.pdf(200_000), "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> Any:
        return next(messages)

    async def sent(message: Any) -> None:
        raise AssertionError(message)

    scope = {
        "type": "http", "method": "POST", "path": f"{edge.site}/commendation/files", "scheme": "http", "headers": [],
        "query_string": b"for=evidence.document",
    }  # fmt: skip
    edge.run(edge.edge(scope, receive, sent))
    assert stored(data) == before


def test_another_page_sends_no_file_and_no_other_question_takes_one(edge: EdgeClient) -> None:
    foreign = send(edge, samples.jpeg(), headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 405
    assert send(edge, samples.jpeg(), question="name", headers={"accept": "application/json"}).status_code == 422
    assert edge.get(f"{edge.site}/commendation/files").status_code == 405


def test_many_files_at_once_each_come_whole(edge: EdgeClient) -> None:
    async def both() -> list[httpx.Response]:
        address = f"{edge.site}/commendation/files?for=evidence.document"
        return await asyncio.gather(
            *(edge._client.post(address, content=samples.pdf(300_000 + n), timeout=60) for n in range(8))
        )

    answers = edge.run(both())
    assert [answer.json()["bytes"] for answer in answers] == [300_000 + n for n in range(8)]
    assert len({answer.json()["file"] for answer in answers}) == 8


def test_of_two_registrations_at_once_one_gets_the_file(edge: EdgeClient) -> None:
    file = send(edge, samples.jpeg()).json()

    async def both() -> list[int]:
        bodies = [{**new_submission(), "answers": nomination(photo(file))} for _ in range(2)]
        answers = await asyncio.gather(*(edge._client.post(edge.site, json=body) for body in bodies))
        return sorted(answer.status_code for answer in answers)

    assert edge.run(both()) == [201, 422]


def test_too_many_at_once_are_asked_to_come_again(edge: EdgeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "RECEIVING_MAX", 0)
    answer = send(edge, samples.jpeg())
    assert (answer.status_code, code_of(answer), "retry-after" in answer.headers) == (503, "busy", True)


def test_a_disk_that_is_nearly_full_takes_registrations_and_no_files(
    edge: EdgeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "FREE_BYTES_MIN", 1 << 62)
    refused = send(edge, samples.jpeg())
    assert (refused.status_code, code_of(refused)) == (503, "storage")
    assert edge.submit(nomination()).status_code == 201


def test_a_disk_that_fails_is_said_and_leaves_nothing(
    edge: EdgeClient, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    before = stored(data)
    monkeypatch.setattr(os, "fsync", fail)
    answer = send(edge, samples.pdf(), question="evidence.document")
    assert (answer.status_code, code_of(answer)) == (503, "storage")
    assert stored(data) == before


# --- without script


def fields(*pairs: tuple[str, str]) -> dict[str, list[str]]:
    """NOMINATION as a page without script posts it."""
    flat = {name: ["OK" if value is True else str(value)] for name, value in NOMINATION.items()}
    for name, value in pairs:
        flat.setdefault(name, []).append(value)
    return flat


PHOTO = ("evidence.0.evidence_type", "photo")


def post(
    edge: EdgeClient, data: dict[str, list[str]], path: str = "", **files: tuple[str, bytes]
) -> httpx.Response:
    """A multipart post; files by their path with `__` for dots."""
    parts = {f"_file:{name.replace('__', '.')}": file for name, file in files.items()}
    return edge.post(path or edge.site, data=data, files=parts or {"_none": ("", b"")})


def kept(page: str) -> dict[str, str]:
    """The fields of a page that hold files."""
    return {
        name: html.unescape(value)
        for name, value in re.findall(r'<input class="token" name="([^"]+)" value="([^"]+)"', page)
    }


def in_order(edge: EdgeClient, answers: dict[str, list[str]], **files: tuple[str, bytes]) -> httpx.Response:
    """Section by section until the receipt, as a phone without script goes."""
    edge.get(edge.site)
    answer = post(edge, answers, **files)
    for _ in range(4):
        if answer.status_code == 303:
            break
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.text)
        carried = {name: [html.unescape(value)] for name, value in hidden if name.startswith("_")}
        answer = post(edge, {**answers, **carried, **{name: [value] for name, value in kept(answer.text).items()}})
    return answer


def test_without_script_a_photo_comes_with_the_form(edge: EdgeClient) -> None:
    page = edge.get(edge.site).text
    assert 'enctype="multipart/form-data"' in page and 'type="file"' in page
    answer = in_order(edge, fields(PHOTO), evidence__0__photo=("现场.png", samples.png()))
    assert answer.status_code == 303, answer.text
    assert "现场.jpg" in edge.get("/R").text


def test_a_file_stays_over_a_page_with_problems(edge: EdgeClient) -> None:
    answers = fields(PHOTO)
    del answers["nominee"]
    page = post(edge, answers, evidence__0__photo=("现场.jpg", samples.jpeg())).text
    assert "现场.jpg" in page and read_token(kept(page)["evidence.0.photo"].split()[0])
    answer = in_order(edge, fields(PHOTO, ("evidence.0.photo", kept(page)["evidence.0.photo"])))
    assert answer.status_code == 303


def test_what_is_wrong_with_a_file_stands_beside_its_question(edge: EdgeClient) -> None:
    page = post(edge, fields(PHOTO), evidence__0__photo=("a.jpg", samples.SVG))
    assert page.status_code == 422
    assert re.search(r'id="evidence.0.photo:e">[^<]*JPEG', page.text)
    assert "Please fill in “Photo”" not in page.text and not kept(page.text)


def test_a_file_is_replaced_or_removed(edge: EdgeClient) -> None:
    answers = fields(PHOTO)
    del answers["nominee"]
    first = kept(post(edge, answers, evidence__0__photo=("一.jpg", samples.jpeg())).text)["evidence.0.photo"]
    answers["evidence.0.photo"] = [first]
    second = kept(post(edge, answers, evidence__0__photo=("二.jpg", samples.jpeg(90))).text)["evidence.0.photo"]
    assert second.endswith(" 二.jpg") and first.endswith(" 一.jpg")
    answers["_remove"] = ["evidence.0.photo"]
    assert not kept(post(edge, answers).text)


def test_the_same_form_with_the_same_photo_twice_is_one_registration(edge: EdgeClient) -> None:
    answers = fields(PHOTO)
    page = edge.get(edge.site)
    nonce = page.cookies["n"]

    def tap() -> str:
        edge.new_phone()
        edge._client.cookies.set("n", nonce)
        answer = in_order_with_nonce(edge, answers, nonce)
        return str(answer.cookies["r"])

    assert tap() == tap()


def in_order_with_nonce(edge: EdgeClient, answers: dict[str, list[str]], nonce: str) -> httpx.Response:
    posted = {**answers, "_asked_places": ["1"]}
    answer = post(edge, posted, evidence__0__photo=("a.jpg", samples.jpeg()))
    for _ in range(4):
        if answer.status_code == 303:
            return answer
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.text)
        carried = {name: [html.unescape(value)] for name, value in hidden if name.startswith("_")}
        answer = post(edge, {**answers, **carried, **{name: [value] for name, value in kept(answer.text).items()}})
    raise AssertionError(answer.text)


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=b", b"no part at all", 400),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx", 400),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--b--', 400),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"x" * 300_000
         + b"\r\n--b--", 413),
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused(edge: EdgeClient, content_type: str, body: bytes, status: int) -> None:
    assert edge.post(edge.site, content=body, headers={"content-type": content_type}).status_code == status


# --- afterwards


def registered(edge: EdgeClient) -> str:
    """Somebody registered with a photo; the path of the file."""
    file = send(edge, samples.jpeg(), name="一.jpg").json()
    receipt = edge.submit(nomination(photo(file))).json()["receipt"]
    edge.get("/R/" + receipt)
    return "/R/files/" + read_token(file["file"]).id


def correction(edge: EdgeClient) -> dict[str, list[str]]:
    page = edge.get("/R/correct").text
    shown = kept(page)
    hidden = re.findall(r'<input type="hidden" name="(_[^"]+)" value="([^"]*)"', page)
    pairs = [*hidden, PHOTO, *shown.items()]
    posted = fields(*((name, html.unescape(value)) for name, value in pairs))
    posted["phone"] = ["138****5678"]
    return posted


def test_a_correction_keeps_replaces_and_removes_files(edge: EdgeClient) -> None:
    path = registered(edge)
    posted = correction(edge)
    assert read_token(posted["evidence.0.photo"][0].split()[0]) is None  # the page holds no key
    posted["nominee"] = ["李建军"]
    assert post(edge, posted, "/R").status_code == 303
    assert edge.get(path).status_code == 200

    posted = correction(edge)
    assert post(edge, posted, "/R", evidence__0__photo=("二.jpg", samples.jpeg(90))).status_code == 303
    assert "二.jpg" in edge.get("/R").text
    assert edge.get(path).status_code == 404  # the registrant has the newest; staff read the old revision

    posted = correction(edge)
    posted["evidence.0.evidence_type"], posted["_remove"] = ["witness"], ["evidence.0.photo"]
    posted["evidence.0.witness_name"], posted["evidence.0.witness_phone"] = ["张三"], ["13900000000"]
    asked = post(edge, posted, "/R").text  # the witness is asked for on a page of its own
    shown = re.search(r'name="_shown" value="([^"]*)"', asked)
    assert shown and post(edge, {**posted, "_shown": [shown[1]]}, "/R").status_code == 303
    assert "二.jpg" not in edge.get("/R").text


def test_nobody_else_gets_a_file(edge: EdgeClient) -> None:
    path = registered(edge)
    edge.new_phone()
    assert edge.get(path).status_code == 404
    registered(edge)
    assert edge.get(path).status_code == 404


def test_the_next_registration_begins_without_the_files_of_the_last(edge: EdgeClient) -> None:
    registered(edge)
    page = edge.get(f"{edge.site}?edit=1").text
    assert "王秀英" in page and not kept(page)


def test_what_nobody_submitted_is_swept_and_a_day_goes_with_its_key(edge: EdgeClient, data: Path) -> None:
    send(edge, samples.jpeg())
    folder = FileFolder(data / "files")
    waiting = list((data / "files" / "waiting").iterdir())
    assert folder.sweep(days=list_days(data / "keys")) == 0
    assert folder.sweep(days=list_days(data / "keys"), now_s=time.time() + WAITING_S_MAX + 60) == len(waiting) > 0
    assert not list((data / "files" / "waiting").iterdir())
    assert stored(data)
    folder.sweep(days=[])
    assert not stored(data)


def test_answers_say_what_they_are(edge: EdgeClient) -> None:
    """Name, type and size come from the file, whatever was sent with its token."""
    file = {**send(edge, samples.jpeg()).json(), "name": "evil.exe", "bytes": 1, "type": "text/html"}
    receipt = edge.submit(nomination(photo(file))).json()["receipt"]
    edge.get("/R/" + receipt)
    assert "现场.jpg" in edge.get("/R").text and "evil" not in edge.get("/R").text
    assert json.dumps(file)
