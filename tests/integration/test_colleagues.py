"""Inviting, joining, giving and taking roles, letting go; and the areas made by hand."""

from __future__ import annotations

import io
import re
import time

import openpyxl
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from tests import cast
from tests.cast import Cast

from tianbao.domain.access import EVERYWHERE, Role
from tianbao.services.areas import create_area, full_name, rename_area
from tianbao.services.colleagues import INVITATION_MS
from tianbao.services.sites import create_site
from tianbao.store import key_file
from tianbao.store.models import Act, Area, Grant, Invitation, Site, Staff

PASSWORD = "the river bends at dawn"


def invite(client: Client, **changes: str) -> str:
    """An invitation made on the screen; the path of its link."""
    form = {"person": "李雪", "role": "worker", "area": "", "area_code": "130636100", **changes}
    answer = client.post("/console/colleagues/invite", form)
    assert answer.status_code == 200, answer.content.decode()
    return re.search(r"(/console/join/[\w-]+)", answer.content.decode())[1]


def join(path: str, username: str = "li.xue", password: str = PASSWORD) -> tuple[Client, int]:
    browser = Client()
    answer = browser.post(path, {"username": username, "password": password, "again": password})
    return browser, answer.status_code


def test_an_invited_worker_is_in_with_the_role_and_opens_names(signed_in: Client, installed: Cast) -> None:
    path = invite(signed_in)
    page = Client().get(path).content.decode()
    assert "李雪" in page
    assert "蒲阳镇" in page
    browser, status = join(path)
    assert status == 302
    person = Staff.objects.get(username="li.xue")
    grant = Grant.objects.get(staff=person)
    assert (grant.role, grant.area, grant.made_by.username) == ("worker", "130636100", cast.USERNAME)
    assert str(person.pk) in {officer.id for officer in key_file.read_officers(settings.CONFIG.keys)}
    assert browser.get("/console/records").status_code == 200
    assert browser.get("/console/settings").status_code == 403


def test_a_link_works_once_and_for_a_week(signed_in: Client) -> None:
    path = invite(signed_in)
    assert join(path)[1] == 302
    assert join(path, username="second")[1] == 422
    late = invite(signed_in)
    Invitation.objects.update(expires_ms=time.time_ns() // 1_000_000 - 1)
    assert Client().get(late).status_code == 422
    assert Client().get("/console/join/never-sent").status_code == 422
    assert not Staff.objects.filter(username="second").exists()
    assert INVITATION_MS == 7 * 86_400_000


def test_a_withdrawn_link_does_nothing(signed_in: Client) -> None:
    path = invite(signed_in)
    row = Invitation.objects.get()
    assert signed_in.post(reverse("console:colleagues_withdraw", args=[row.id])).status_code == 302
    assert Client().get(path).status_code == 422


def test_the_secret_of_a_link_is_stored_nowhere(signed_in: Client) -> None:
    token = invite(signed_in).rpartition("/")[2]
    assert token.encode() not in bytes(Invitation.objects.get().token_digest)
    assert not any(token in str(act.detail) + act.subject for act in Act.objects.all())


@pytest.mark.parametrize(
    ("username", "password", "says"),
    [("", PASSWORD, "username"), (cast.USERNAME, PASSWORD, "username"), ("li.xue", "short", "password")],
)
def test_a_bad_account_is_said_at_its_field_and_the_link_stays(
    signed_in: Client, username: str, password: str, says: str
) -> None:
    path = invite(signed_in)
    answer = Client().post(path, {"username": username, "password": password, "again": password})
    assert answer.status_code == 422
    assert f'id="{says}-problem"' in answer.content.decode()
    assert join(path)[1] == 302


def test_a_supervisor_invites_below_and_within(installed: Cast) -> None:
    browser = Client()
    browser.force_login(cast.hire("boss", Role.SUPERVISOR, area="130636"))
    assert "administrator" not in browser.get("/console/colleagues/invite").content.decode()
    invite(browser)
    for role, area in (("administrator", "130636100"), ("worker", "130635")):
        form = {"person": "李雪", "role": role, "area": "", "area_code": area}
        assert browser.post("/console/colleagues/invite", form).status_code == 422
    assert Invitation.objects.count() == 1


def test_a_guard_needs_a_site(signed_in: Client, installed: Cast) -> None:
    form = {"person": "老周", "role": "guard", "area": "", "area_code": "130636100"}
    answer = signed_in.post("/console/colleagues/invite", form)
    assert (answer.status_code, "请选择" in answer.content.decode()) == (422, True)
    path = invite(signed_in, person="老周", role="guard", site=installed.sites[0].code)
    browser, _ = join(path, "lao.zhou")
    person = Staff.objects.get(username="lao.zhou")
    assert Grant.objects.get(staff=person).site == installed.sites[0]
    assert str(person.pk) not in {officer.id for officer in key_file.read_officers(settings.CONFIG.keys)}
    assert browser.get("/console/").url == "/console/records"


def test_a_role_is_given_and_taken(signed_in: Client) -> None:
    person = cast.hire("wu", Role.WORKER)
    page = reverse("console:colleague", args=[person.pk])
    given = signed_in.post(page, {"role": "clerk", "area": "", "area_code": "130636100", "until": "2030-01-31"})
    assert given.status_code == 302
    clerk = Grant.objects.get(staff=person, role="clerk")
    assert clerk.until_ms == 1_896_105_600_000  # midnight after 2030-01-31 in Shanghai
    assert signed_in.post(page, {"role": "clerk", "area": "", "area_code": "130636100"}).status_code == 302
    assert Grant.objects.filter(staff=person, role="clerk").count() == 1, "the same again is the same"
    taken = signed_in.post(reverse("console:colleague_take", args=[person.pk, clerk.id]))
    assert taken.status_code == 302
    assert list(Grant.objects.filter(staff=person).values_list("role", flat=True)) == ["worker"]


def test_nobody_gives_themselves_a_role(signed_in: Client, installed: Cast) -> None:
    page = reverse("console:colleague", args=[installed.administrator.pk])
    assert signed_in.post(page, {"role": "worker", "area": "", "area_code": ""}).status_code == 422
    assert not Grant.objects.filter(role="worker").exists()


def test_who_is_let_go_is_out_at_once(signed_in: Client) -> None:
    path = invite(signed_in)
    browser, _ = join(path)
    person = Staff.objects.get(username="li.xue")
    assert browser.get("/console/records").status_code == 200
    assert signed_in.post(reverse("console:colleague_let_go", args=[person.pk])).status_code == 302
    assert browser.get("/console/records").url.startswith("/console/login")
    assert str(person.pk) not in {officer.id for officer in key_file.read_officers(settings.CONFIG.keys)}
    refused = Client().post("/console/login", {"username": "li.xue", "password": PASSWORD})
    assert refused.status_code == 422


def test_the_last_administrator_stays(signed_in: Client, installed: Cast) -> None:
    cast.hire("second", Role.ADMINISTRATOR, area="")
    second = Client()
    second.force_login(Staff.objects.get(username="second"))
    grant = Grant.objects.get(staff=installed.administrator, role="data_officer")
    answer = second.post(reverse("console:colleague_take", args=[installed.administrator.pk, grant.id]))
    assert answer.status_code == 422
    assert Grant.objects.filter(pk=grant.pk).exists()
    administrator = Grant.objects.get(staff=installed.administrator, role="administrator")
    answer = second.post(reverse("console:colleague_take", args=[installed.administrator.pk, administrator.id]))
    assert answer.status_code == 302


def test_a_list_invites_all_or_none(signed_in: Client, installed: Cast) -> None:
    lines = f"姓名,角色,地点\n王芳,工作人员,蒲阳镇\n老周，值守员，{cast.SITE_NAMES[1]}\nJane Roe,clerk,"
    bad = lines + "\n赵六,国王,蒲阳镇\n钱七,工作人员,不存在的地方"
    answer = signed_in.post("/console/colleagues/list", {"colleagues": bad, "go": "invite"})
    assert Invitation.objects.count() == 0
    assert answer.content.decode().count('class="problem"') == 2
    answer = signed_in.post("/console/colleagues/list", {"colleagues": lines, "go": "invite"})
    rows = {row.name: (row.role, row.area, row.site) for row in Invitation.objects.all()}
    assert rows == {
        "王芳": ("worker", "130636100", None),
        "老周": ("guard", "", installed.sites[1]),
        "Jane Roe": ("clerk", "", None),
    }
    assert len(set(re.findall(r"/console/join/[\w-]+", answer.content.decode()))) == 3


def test_a_workbook_is_read_into_lines(signed_in: Client) -> None:
    book = openpyxl.Workbook()
    book.active.append(["姓名", "角色", "地点"])
    book.active.append(["王芳", "工作人员", "蒲阳镇"])
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    file.name = "staff.xlsx"
    answer = signed_in.post("/console/colleagues/list", {"file": file, "go": "check"})
    assert "王芳\t工作人员\t蒲阳镇" in answer.content.decode()
    broken = io.BytesIO(b"PK\x03\x04 nothing")
    broken.name = "staff.xlsx"
    assert signed_in.post("/console/colleagues/list", {"file": broken}).status_code == 422


def test_areas_made_by_hand_hold_sites_and_people(signed_in: Client, installed: Cast) -> None:
    form = {"area_name": "北关村", "parent": "", "parent_code": "130636100"}
    assert signed_in.post("/console/areas", form).status_code == 302
    village = Area.objects.get()
    assert (village.code, full_name(village.code)) == ("130636100.1", "河北省保定市顺平县蒲阳镇 北关村")
    assert signed_in.post("/console/areas", form).status_code == 422, "the name is taken there"
    below = {"area_name": "三号楼", "parent": "", "parent_code": "", "part": village.code}
    assert signed_in.post("/console/areas", below).status_code == 302
    site = {"name": "三号楼大门", "area": "", "area_code": "130636100", "part": "130636100.1.1"}
    assert signed_in.post("/console/sites/new", site).status_code == 302
    made = Site.objects.get(name="三号楼大门")
    assert (made.area, made.county, made.area_name.endswith("北关村 三号楼")) == ("130636100.1.1", "130636", True)
    worker = Client()
    worker.force_login(cast.hire("village", Role.WORKER, area=village.code))
    html = worker.get("/console/sites").content.decode()
    assert "三号楼大门" in html
    assert cast.SITE_NAMES[1] not in html


def test_an_area_in_use_stays_and_a_new_name_reaches_its_sites(installed: Cast) -> None:
    who = {"reach": EVERYWHERE, "staff": installed.administrator, "now_ms": cast.NOW_MS}
    village = create_area(parent="130636100", name="北关村", **who)
    site = create_site(name="村口", area=village.code, **who)
    browser = Client()
    browser.force_login(installed.administrator)
    assert browser.post(reverse("console:area", args=[village.code]), {"go": "remove"}).status_code == 422
    rename_area(code=village.code, name="新北关村", **who)
    site.refresh_from_db()
    assert site.area_name.endswith("新北关村")
    Site.objects.filter(pk=site.pk).delete()
    assert browser.post(reverse("console:area", args=[village.code]), {"go": "remove"}).status_code == 302
    assert not Area.objects.exists()


def test_a_company_has_a_tree_without_divisions(installed: Cast) -> None:
    who = {"reach": EVERYWHERE, "staff": installed.administrator, "now_ms": cast.NOW_MS}
    plant = create_area(parent="", name="一厂", **who)
    site = create_site(name="东门", area=plant.code, **who)
    assert (plant.code, site.county, site.area_name) == (".1", "", "一厂")
