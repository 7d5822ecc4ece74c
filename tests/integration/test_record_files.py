"""A record's files in the console: taken home, kept, replaced and removed by a correction, exported by their names."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import openpyxl
import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from PIL import Image
from tests import cast
from tests import file_samples as samples
from tests.integration.test_files import NOMINATION

from tianbao.console.finding import SEARCH
from tianbao.console.keyring import KEYRING
from tianbao.domain.answers import write_flat_file
from tianbao.domain.files import read_token
from tianbao.domain.ids import uuid7, write_number
from tianbao.domain.receipts import Receipt
from tianbao.edge.app import Edge
from tianbao.edge.uploads import Destination
from tianbao.services.forms import built_in_form, publish_form
from tianbao.services.projection import Projector
from tianbao.store import key_file
from tianbao.store.models import Act, Record, Site


@dataclass
class Desk:
    """Somebody signed in, and an edge at a site that asks for evidence."""

    client: Client
    site: Site

    def run(self, work: Any) -> Any:
        async def within() -> Any:
            edge = Edge(settings.CONFIG)
            await edge.start()
            try:
                return await work(edge)
            finally:
                await edge.stop()

        return asyncio.run(within())

    def send(self, content: bytes, name: str = "现场.jpg", question: str = "evidence.photo") -> dict[str, Any]:
        async def pieces() -> Any:
            yield content

        async def take(edge: Edge) -> Any:
            form = edge.context.target(self.site.code).published.form
            asked = form.question_at(question)
            assert asked
            destination = Destination(self.site.code, form.name, asked, question)
            return await edge.context.uploads.take(pieces(), name=name, destination=destination)

        sent: dict[str, Any] = self.run(take)
        return sent

    def register(self, file: dict[str, Any]) -> Record:
        answers = {**NOMINATION, "evidence": [{"evidence_type": "photo", "photo": file}]}
        now_ms = time.time_ns() // 1_000_000
        receipt = Receipt(uuid7(now_ms, os.urandom(10)).hex, os.urandom(16))

        async def register(edge: Edge) -> Any:
            target = edge.context.target(self.site.code)
            await edge.context.intake.register(target, receipt, answers, now_ms=now_ms)

        self.run(register)
        Projector().project_batch()
        return Record.objects.get(id=receipt.id)

    def page(self, record: Record) -> str:
        return str(self.client.get(f"/console/records/{record.id}").content.decode())

    def take_home(self, record: Record, file: dict[str, Any]) -> HttpResponse:
        return self.client.get(address(record, file))  # type: ignore[return-value]

    def correct(self, record: Record, **changes: str) -> HttpResponse:
        page = self.client.get(f"/console/records/{record.id}/correct").content.decode()
        revision = page.split('name="_revision" value="')[1].split('"')[0]
        flat = {name: "OK" if value is True else str(value) for name, value in NOMINATION.items()}
        posted = {
            **flat,
            "evidence.0.evidence_type": "photo",
            "_revision": revision,
            "_reason": "核实",
            "_asked": "1",
        }
        return self.client.post(f"/console/records/{record.id}/correct", {**posted, **changes})  # type: ignore[return-value]


def address(record: Record, file: dict[str, Any]) -> str:
    token = read_token(file["file"])
    assert token
    return f"/console/records/{record.id}/files/{token.id}"


@pytest.fixture
def desk(migrated: None) -> Iterator[Desk]:
    """Without the rolled-back transaction of the other tests: two processes' worth of connections look at it."""
    from django.core.management import call_command

    made = cast.make_cast(keys=settings.CONFIG.keys)
    site = made.sites[0]
    publish_form(form=built_in_form("commendation"), staff=None, now_ms=1)
    site.forms.update(name="commendation")
    client = Client()
    assert client.post("/console/login", {"username": cast.USERNAME, "password": cast.PASSWORD}).status_code == 302
    yield Desk(client, site)
    SEARCH.stop()
    KEYRING.lock()
    for alias in settings.DATABASES:
        call_command("flush", database=alias, verbosity=0, interactive=False)
    shutil.rmtree(settings.CONFIG.keys, ignore_errors=True)
    shutil.rmtree(settings.CONFIG.files, ignore_errors=True)


def content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_a_file_is_a_download_and_the_log_says_who_took_it(desk: Desk) -> None:
    file = desk.send(samples.jpeg(400, 300))
    record = desk.register(file)
    assert f'href="{address(record, file)}" download' in desk.page(record)
    answer = desk.take_home(record, file)
    assert answer["content-type"] == "application/octet-stream"
    assert answer["content-disposition"].startswith("attachment;")
    assert answer["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer["x-content-type-options"] == "nosniff"
    whole = content(answer)
    assert (Image.open(io.BytesIO(whole)).size, len(whole)) == ((400, 300), int(answer["content-length"]))
    assert Act.objects.filter(verb="record.file", subject=record.id.hex).count() == 1


def test_no_file_without_the_key_the_record_or_the_day(desk: Desk) -> None:
    file = desk.send(samples.jpeg())
    record, other = desk.register(file), desk.register(desk.send(samples.jpeg(90)))
    assert desk.take_home(other, file).status_code == 404
    assert desk.client.get(f"/console/records/{record.id}/files/{'0' * 32}").status_code == 404
    assert Client().get(address(record, file)).status_code == 302
    KEYRING.lock()
    assert desk.take_home(record, file).status_code == 302
    assert desk.client.post("/console/unlock", {"password": cast.PASSWORD}).status_code == 302
    key_file.destroy_day(settings.CONFIG.keys, record.day)
    KEYRING.lock()
    assert desk.client.post("/console/unlock", {"password": cast.PASSWORD}).status_code == 302
    assert desk.take_home(record, file).status_code == 404


def test_a_correction_keeps_replaces_and_removes(desk: Desk) -> None:
    first = desk.send(samples.jpeg(), name="一.jpg")
    record = desk.register(first)
    kept = desk.correct(record, **{"evidence.0.photo": write_flat_file(first), "nominee": "李建军"})
    assert kept.status_code == 302, kept.content.decode()
    assert desk.take_home(record, first).status_code == 200

    second = desk.send(samples.jpeg(90), name="二.jpg")
    assert desk.correct(record, **{"evidence.0.photo": write_flat_file(second)}).status_code == 302
    page = desk.page(record)
    assert address(record, second) in page and "二.jpg" in page
    assert address(record, first) in page  # in the history
    assert content(desk.take_home(record, first)) != content(desk.take_home(record, second))

    removed = {"evidence.0.evidence_type": "witness", "evidence.0.witness_name": "张三"}
    removed |= {"evidence.0.witness_phone": "13900000000", "evidence.0.photo": ""}
    assert desk.correct(record, **removed).status_code == 302
    assert desk.take_home(record, second).status_code == 200  # the old revision stays readable


def test_a_correction_takes_no_file_of_somebody_else(desk: Desk) -> None:
    mine, theirs = desk.send(samples.jpeg()), desk.send(samples.jpeg(90))
    record = desk.register(mine)
    desk.register(theirs)
    answer = desk.correct(record, **{"evidence.0.photo": write_flat_file(theirs)})
    assert answer.status_code == 422
    assert Record.objects.get(id=record.id).latest == record.latest


def test_the_correction_shows_the_file_and_where_another_goes(desk: Desk) -> None:
    file = desk.send(samples.jpeg(), name="一.jpg")
    record = desk.register(file)
    page = desk.client.get(f"/console/records/{record.id}/correct").content.decode()
    assert "一.jpg (1 kB)" in page
    assert f'data-upload="/S/{desk.site.code}/commendation/files?for=evidence.0.photo"' in page
    assert f'value="{write_flat_file(file)}"' in page


def test_the_table_has_names_and_sizes(desk: Desk) -> None:
    desk.register(desk.send(samples.jpeg(), name="=1+1.jpg"))
    answer = desk.client.post("/console/export/download", {"shape": "xlsx", "form": "commendation"})
    workbook = openpyxl.load_workbook(io.BytesIO(content(answer)))
    cells = [str(cell.value) for sheet in workbook for row in sheet for cell in row]
    assert "=1+1.jpg (1 kB)" in cells


def test_all_files_come_home_in_one_archive(desk: Desk) -> None:
    first, second = desk.send(samples.jpeg(), name="一.jpg"), desk.send(samples.jpeg(90), name="一.jpg")
    record, other = desk.register(first), desk.register(second)
    assert 'value="zip"' in desk.client.get("/console/export").content.decode()
    answer = desk.client.post("/console/export/download", {"shape": "zip"})
    assert answer["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(content(answer)))
    assert archive.testzip() is None
    assert archive.namelist() == [f"{write_number(each.number)}/01 一.jpg" for each in (record, other)]
    assert archive.read(archive.namelist()[0]) == content(desk.take_home(record, first))
    shutil.rmtree(settings.CONFIG.files)
    again = zipfile.ZipFile(io.BytesIO(content(desk.client.post("/console/export/download", {"shape": "zip"}))))
    assert all(name.endswith(" (missing)") for name in again.namelist()) and again.namelist()
