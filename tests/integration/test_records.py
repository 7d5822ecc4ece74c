"""The line list, search, one record, corrections and the export, over the console's real addresses.

Registrations come the real way: through an edge on the same data folder and the projection.
"""

from __future__ import annotations

import asyncio
import csv
import io
import os
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

import openpyxl
import pytest
from django.conf import settings
from django.test import Client
from tests import cast
from tests.integration.world import PEOPLE, World

from tianbao.console.finding import SEARCH
from tianbao.console.keyring import KEYRING
from tianbao.domain.ids import short_number, uuid7, write_number
from tianbao.domain.receipts import Receipt
from tianbao.domain.sealing import RevisionKind
from tianbao.edge.app import Edge
from tianbao.services.forms import built_in_form, publish_form
from tianbao.services.projection import Projector
from tianbao.store.models import Act, Export, HourCount, Leg, Record, Revision, Submission


def text_of(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def names_in(html: str) -> list[str]:
    return re.findall(r"<strong>([^<]+)</strong></bdi>", html)


# --- projection


def test_everything_projected_stands_once(world: World) -> None:
    assert Record.objects.count() == len(PEOPLE) == Submission.objects.count()
    assert Projector().project_batch() == 0
    assert sum(HourCount.objects.values_list("count", flat=True)) == len(PEOPLE)
    assert Leg.objects.filter(record=world.record(1)).count() == 2
    sick = world.record(2)
    assert (sick.has_symptoms, sick.temperature) == (True, 38.2)


# --- the line list


def test_the_list_shows_the_newest_first_and_only_ends_of_numbers(world: World) -> None:
    html = text_of(world.client.get("/console/records"))
    assert names_in(html) == ["Anna Schmidt", "𠮷野家䶮", "=SUM(A1)", "单雄信", "买买提·艾力"]
    assert "13900001111" not in html
    assert "…1111" in html


def test_pages_follow_each_other_without_gap_or_repeat(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from tianbao.services import records

    monkeypatch.setattr(records.list_records, "__kwdefaults__", {"after": None, "limit": 2})
    seen, url = [], "/console/records"
    while url:
        html = text_of(world.client.get(url))
        seen += names_in(html)
        following = re.search(r'rel="next" href="([^"]+)"', html)
        url = "/console/records" + following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == len(PEOPLE)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"origin": "新疆"}, ["买买提·艾力"]),
        ({"origin": "乌鲁木齐市天山区"}, ["买买提·艾力"]),
        ({"origin": "保定顺平"}, ["单雄信", "=SUM(A1)", "𠮷野家䶮"]),
        ({"look": "symptoms"}, ["=SUM(A1)"]),
        ({"look": "marked", "origin": "河北"}, ["单雄信", "=SUM(A1)"]),
        ({"state": "withdrawn"}, []),
        ({"from": "2000-01-01", "to": "2000-01-02"}, []),
        ({"site": "NOWHERE"}, []),
        ({"q": "shanxiongxin"}, ["单雄信"]),
        ({"q": "dxx"}, ["单雄信"]),
        ({"q": "maimaiti"}, ["买买提·艾力"]),  # eight letters, as a short number has
        ({"q": "买买提"}, ["买买提·艾力"]),
        ({"q": "schmidt"}, ["Anna Schmidt"]),
        ({"q": "𠮷野"}, ["𠮷野家䶮"]),
        ({"q": "㐱小明"}, ["𠮷野家䶮"]),
        ({"q": "3333"}, ["=SUM(A1)"]),
        ({"q": "45678"}, ["Anna Schmidt"]),
        ({"q": "002x"}, ["买买提·艾力", "单雄信", "=SUM(A1)", "𠮷野家䶮"]),
        ({"q": "不存在的人"}, []),
    ],
    ids=str,
)
def test_filters_and_search(world: World, query: dict[str, str], found: list[str]) -> None:
    world.client.get("/console/records")
    wait_for_search()
    assert set(names_in(text_of(world.client.get("/console/records", query)))) == set(found)


def test_an_unclear_place_is_offered_as_links_and_does_not_filter(world: World) -> None:
    page = world.client.get("/console/records", {"origin": "朝阳区", "look": "marked"})
    assert {name for _, name in page.context["asked"].origins} >= {"北京市朝阳区", "吉林省长春市朝阳区"}
    assert 'href="?look=marked&amp;origin=110105"' in text_of(page)
    assert names_in(text_of(page)) == names_in(text_of(world.client.get("/console/records", {"look": "marked"})))
    chosen = text_of(world.client.get("/console/records", {"origin": "650102"}))
    assert 'value="新疆维吾尔自治区乌鲁木齐市天山区"' in chosen
    assert names_in(chosen) == ["买买提·艾力"]


def wait_for_search() -> None:
    for _ in range(200):
        if SEARCH.is_ready:
            return
        time.sleep(0.02)
    raise AssertionError("the search did not get ready")


def test_a_short_number_is_found_while_names_are_sealed(world: World) -> None:
    KEYRING.lock()
    number = write_number(short_number(world.receipts[1].id))
    html = text_of(world.client.get("/console/records", {"q": number}))
    assert html.count("<tr data-id=") == 1
    assert "单雄信" not in html
    assert world.client.get(f"/console/n/{number}").headers["location"].endswith(str(world.record(1).id))


def test_what_is_new_comes_without_a_reload(world: World) -> None:
    since = time.time_ns() // 1_000_000
    world.register(name="刚到的人")
    said = world.client.get("/console/records/changes", {"since": since}).json()
    assert "刚到的人" in said["html"]
    assert said["count"] == str(len(PEOPLE) + 1)


def test_a_stranger_sees_nothing(world: World) -> None:
    for path in ("records", "records/changes", f"records/{world.record(0).id}", "export"):
        answer = Client().get(f"/console/{path}")
        assert answer.status_code == 302
        assert "/console/login" in answer.headers["location"]


# --- one record


def test_a_record_shows_everything_and_is_written_down(world: World) -> None:
    html = text_of(world.client.get(f"/console/records/{world.record(1).id}"))
    for shown in ("单雄信", "13900002222", "11010519491231002X", "外婆家"):
        assert shown in html
    assert Act.objects.filter(verb="record.open", subject=world.record(1).id.hex).count() == 1


def correction(world: World, index: int) -> dict[str, Any]:
    html = text_of(world.client.get(f"/console/records/{world.record(index).id}/correct"))
    html = html[html.index('name="_revision"') - 100 :]
    fields: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", html):
        name, value = re.search(r' name="([^"]+)"', tag), re.search(r' value="([^"]*)"', tag)
        if name and (("checkbox" not in tag and "radio" not in tag) or " checked" in tag):
            fields.setdefault(name[1], []).append(value[1] if value else "")
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        fields[name] = [chosen[1] if chosen else ""]
    return {**fields, "_action": ["save"]}


def test_staffs_correction_is_a_revision_that_the_registrant_sees(world: World) -> None:
    record = world.record(1)
    fields = {**correction(world, 1), "name": ["单雄信（改）"], "_reason": ["本人来电"]}
    answer = world.client.post(f"/console/records/{record.id}/correct", fields)
    assert answer.status_code == 302
    html = text_of(world.client.get(f"/console/records/{record.id}"))
    for shown in ("单雄信（改）", "本人来电", cast.USERNAME, "<del>单雄信</del>"):
        assert shown in html
    assert [row.kind for row in Revision.objects.filter(record=record).order_by("revision")] == [
        RevisionKind.REGISTERED,
        RevisionKind.STAFF_CORRECTED,
    ]
    own = open_receipt(world.receipts[1])
    assert (own.answers["name"], own.revision) == ("单雄信（改）", 2)


def open_receipt(receipt: Receipt) -> Any:
    async def run() -> Any:
        edge = Edge(settings.CONFIG)
        await edge.start()
        own = await edge.context.archive.open(receipt)
        await edge.stop()
        return own

    return asyncio.run(run())


def test_a_correction_needs_a_reason_and_loses_nothing(world: World) -> None:
    record = world.record(1)
    fields = {**correction(world, 1), "name": ["没有原因"], "temperature": ["99"]}
    answer = world.client.post(f"/console/records/{record.id}/correct", fields)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "没有原因" in html
    assert html.count('class="problem"') == 2  # the temperature and the reason
    assert Revision.objects.filter(record=record).count() == 1


def test_saving_twice_or_without_a_change_makes_no_revision(world: World) -> None:
    page = f"/console/records/{world.record(0).id}/correct"
    same = {**correction(world, 0), "_reason": ["本人来电"]}
    changed = {**same, "name": ["买买提·艾则孜"]}
    for fields, kept in ((same, 1), (changed, 2), (changed, 2)):
        saved = world.client.post(page, fields, follow=True)
        assert Revision.objects.filter(record=world.record(0)).count() == kept
        assert ("没有改动" in saved.content.decode()) == (kept == 1)


def test_two_corrections_of_the_same_revision_do_not_overwrite_each_other(world: World) -> None:
    record = world.record(1)
    fields = {**correction(world, 1), "_reason": ["一"]}
    url = f"/console/records/{record.id}/correct"
    assert world.client.post(url, {**fields, "name": ["先"]}).status_code == 302
    assert world.client.post(url, {**fields, "name": ["后"]}).status_code == 422
    assert "先" in text_of(world.client.get(f"/console/records/{record.id}"))


def test_whoever_comes_second_sees_what_the_first_changed_and_may_go_on_from_there(world: World) -> None:
    record = world.record(1)
    fields = {**correction(world, 1), "_reason": ["一"]}
    url = f"/console/records/{record.id}/correct"
    assert world.client.post(url, {**fields, "reason": ["work"]}).status_code == 302
    refused = world.client.post(url, {**fields, "name": ["后"]})
    [theirs] = refused.context["theirs"]
    assert [(change.before, change.after) for change in theirs.changes] == [("返乡回家", "务工上班")]
    assert 'value="后"' in refused.content.decode()
    again = {**fields, "name": ["后"], "_revision": [str(refused.context["revision"])]}
    assert world.client.post(url, again).status_code == 302
    assert [row.revision for row in Revision.objects.filter(record=record).order_by("revision")] == [1, 2, 3]


def test_an_unclear_place_of_a_correction_is_asked_about_once_and_the_choice_stands_in_the_history(
    world: World,
) -> None:
    record = world.record(1)
    url = f"/console/records/{record.id}/correct"
    fields = {**correction(world, 1), "_reason": ["本人来电"], "itinerary.0.place": ["朝阳区"]}
    fields["itinerary.0.place.code"] = [""]
    asked = world.client.post(url, fields)
    assert asked.status_code == 422
    assert "北京市朝阳区" in asked.content.decode()
    assert world.client.post(url, {**fields, "_asked": ["1"]}).status_code == 302, "it may stay as typed"
    later = {**correction(world, 1), "_reason": ["查明"], "itinerary.0.place.code": ["110105"], "_asked": ["1"]}
    assert world.client.post(url, later).status_code == 302
    newest = world.client.get(f"/console/records/{record.id}").context["entries"][0]
    assert [(change.before, change.after) for change in newest.changes] == [("", "北京市朝阳区")]
    assert Leg.objects.get(record=record, position=0).place == "110105"


def test_a_correction_that_takes_other_answers_with_it_says_which_and_asks_once(world: World) -> None:
    record = world.record(4)
    url = f"/console/records/{record.id}/correct"
    fields = {**correction(world, 4), "_reason": ["写错了"], "id_type": [""]}
    asked = world.client.post(url, fields)
    assert asked.status_code == 422
    html = asked.content.decode()
    assert "<li>证件号码: <strong>E12345678</strong></li>" in html
    assert not Revision.objects.filter(record=record, revision=2).exists()
    told = re.findall(r'name="_told" value="([^"]+)"', html)
    assert told == ["id_number"]
    mended = {**fields, "id_type": ["other"], "_told": told}
    assert world.client.post(url, mended).status_code == 302
    newest = world.client.get(f"/console/records/{record.id}").context["entries"][0]
    assert [change.before for change in newest.changes] == ["护照"]
    leg = {"itinerary.0.transport_no": ["G123"], "itinerary.0.place": ["河北"], "itinerary.0.transport": [""]}
    fields = {**correction(world, 4), "_reason": ["又错了"], "id_type": [""], **leg}
    more = world.client.post(url, {**fields, "_told": ["id_number"]})
    assert re.findall(r'name="_told" value="([^"]+)"', more.content.decode()) == [
        "id_number",
        "itinerary.0.transport_no",
    ]


def test_rows_grow_and_go_by_buttons(world: World) -> None:
    record = world.record(1)
    url = f"/console/records/{record.id}/correct"
    fields = correction(world, 1)
    more = world.client.post(url, {**fields, "_action": ["add:itinerary"]}).content.decode()
    assert 'name="itinerary.2.place"' in more
    less = world.client.post(url, {**fields, "_action": ["remove:itinerary.0"]}).content.decode()
    assert 'name="itinerary.1.place"' not in less
    assert "外婆家" in less


def test_a_card_shows_a_masked_name(world: World) -> None:
    html = text_of(world.client.get(f"/console/records/{world.record(1).id}/card"))
    assert "单雄信" not in html
    assert "单**" in html


# --- the export


def download(world: World, **fields: str) -> bytes:
    answer = world.client.post("/console/export/download", fields)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_a_workbook_holds_every_character_as_it_was_typed(world: World) -> None:
    book = openpyxl.load_workbook(io.BytesIO(download(world, shape="xlsx")))
    main, legs, companions = book.worksheets
    rows = list(main.iter_rows(values_only=True))
    assert [row[9] for row in rows[1:]] == [person["name"] for person in PEOPLE]
    assert [row[10] for row in rows[1:]][2] == "+86 139 0000 3333"
    assert main.cell(4, 10).data_type == "s"  # =SUM(A1) is a text
    assert all(isinstance(row[12], str) for row in rows[1:])
    places = [row[4] for row in legs.iter_rows(min_row=2, values_only=True)]
    assert places == ["650102", "130636", None, "130636", "130636"]
    assert "外婆家" in [row[5] for row in legs.iter_rows(min_row=2, values_only=True)]
    assert "㐱小明" in [row[3] for row in companions.iter_rows(min_row=2, values_only=True)]


@pytest.mark.parametrize(("shape", "encoding"), [("csv", "utf-8-sig"), ("csv-gb18030", "gb18030")])
def test_csv_in_both_encodings(world: World, shape: str, encoding: str) -> None:
    rows = list(csv.reader(io.StringIO(download(world, shape=shape).decode(encoding), newline="")))
    names = list(dict.fromkeys(row[9] for row in rows[1:]))
    assert names == ["买买提·艾力", "单雄信", "'=SUM(A1)", "𠮷野家䶮", "Anna Schmidt"]


def test_a_long_number_in_csv_has_an_apostrophe_on_request(world: World) -> None:
    world.register(name="十八位", id_number="110105194912310021")
    for guard, written in (("", "110105194912310021"), ("1", "'110105194912310021")):
        text = download(world, shape="csv", **({"guard": guard} if guard else {})).decode("utf-8-sig")
        (row,) = [row for row in csv.reader(io.StringIO(text, newline="")) if row[9] == "十八位"]
        assert row[12] == written


def test_csv_and_what_is_said_of_it_are_offered_for_one_form_alone(world: World) -> None:
    Record.objects.filter(id=world.receipts[0].id).update(
        form=publish_form(form=built_in_form("gate_visit"), staff=None, now_ms=1)
    )
    several = text_of(world.client.get("/console/export"))
    alone = text_of(world.client.get("/console/export?form=migrant"))
    for only_alone in ('value="csv"', 'value="csv-gb18030"', 'name="guard"'):
        assert (only_alone in several, only_alone in alone) == (False, True)


def test_no_two_headings_of_the_first_columns_can_be_taken_for_each_others_answers(world: World) -> None:
    headings, first, *_ = csv.reader(io.StringIO(download(world, shape="csv").decode("utf-8-sig"), newline=""))
    assert headings[3:5] == ["状态", "登记方式"]
    assert not set(headings) & set(first[:9])


def test_the_file_bears_the_day_and_hour_of_the_place(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    late = datetime(2026, 11, 23, 17, 5, tzinfo=UTC)
    monkeypatch.setattr("tianbao.console.exports.datetime", StoppedClock(late))
    answer = world.client.post("/console/export/download", {"shape": "csv"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="tianbao-20261124-010500.csv"'


@dataclass
class StoppedClock:
    moment: datetime

    def now(self, zone: tzinfo) -> datetime:
        return self.moment.astimezone(zone)


def test_an_export_takes_what_the_filters_show_and_says_how_far_it_is(world: World) -> None:
    export_id = str(uuid7(time.time_ns() // 1_000_000, os.urandom(10)))
    rows = list(
        csv.reader(io.StringIO(download(world, shape="csv", look="symptoms", id=export_id).decode("utf-8-sig")))
    )
    assert len(rows) == 2
    said = world.client.get(f"/console/export/{export_id}/progress").json()
    assert said == {"done": 1, "total": 1, "finished": True}
    export = Export.objects.get()
    assert (export.staff.username, export.rows_total) == (cast.USERNAME, 1)
    assert Act.objects.filter(verb="export").count() == 1


def test_nothing_is_exported_while_names_are_sealed(world: World) -> None:
    KEYRING.lock()
    answer = world.client.post("/console/export/download", {"shape": "csv"})
    assert answer.status_code == 302
    assert "/console/unlock" in answer.headers["location"]
    assert not Export.objects.exists()
