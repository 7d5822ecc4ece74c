"""Sites made, changed, closed, pasted by the hundred; their posters; the settings the public pages show."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from tests.cast import ADDRESS, AREA, NOW_MS, SITE_NAMES, Cast

from tianbao.domain.access import EVERYWHERE
from tianbao.domain.sites import CODE_ALPHABET, CODE_LENGTH, SiteState
from tianbao.services import sites as services
from tianbao.services.addresses import offer_address, record_arrival
from tianbao.services.forms import FORM_DEFAULT, built_in_forms, publish_form
from tianbao.services.site_forms import list_site_forms
from tianbao.services.sites import list_sites, load_installation, read_pasted_sites, to_domain_site
from tianbao.store.models import Act, FormVersion, HourCount, Organisation, Site

HOUR_MS = 3_600_000


def text_of(answer: Any) -> str:
    return answer.content.decode()


def generation() -> int:
    return Organisation.objects.get().generation


# --- making and changing


def test_a_site_is_made_with_a_code_and_its_poster_comes_next(signed_in: Client) -> None:
    before = generation()
    answer = signed_in.post("/console/sites/new", {"name": " 南门 ", "area": "顺平县", "area_code": ""})
    site = Site.objects.get(name="南门")
    assert answer["location"] == f"/console/sites/{site.code}/poster"
    assert len(site.code) == CODE_LENGTH
    assert set(site.code) <= set(CODE_ALPHABET)
    assert (site.county, site.area, site.state) == ("130636", "130636", "open")
    assert [one.name for one in list_site_forms(site)] == [FORM_DEFAULT]
    assert generation() == before + 1
    assert Act.objects.filter(verb="create_site", subject=site.code).exists()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": "", "area": AREA}, "name"),
        ({"name": "长" * 61, "area": AREA}, "name"),
        ({"name": "南门", "area": "没有这个地方"}, "area"),
        ({"name": "南门", "area": "河北省"}, "area"),
    ],
)
def test_a_refused_site_keeps_what_was_typed(signed_in: Client, typed: dict[str, str], field: str) -> None:
    answer = signed_in.post("/console/sites/new", typed)
    assert answer.status_code == 422
    assert f'id="{field}-problem"' in text_of(answer)
    assert typed["area"] in text_of(answer)
    assert Site.objects.count() == len(SITE_NAMES)


def test_a_code_that_is_taken_is_drawn_again(installed: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([installed.sites[0].code, installed.sites[1].code, "ZZZZZ"])
    monkeypatch.setattr(services, "site_code", lambda _: next(drawn))
    made = services.create_site(
        name="南门", area=AREA, reach=EVERYWHERE, staff=installed.administrator, now_ms=NOW_MS
    )
    assert made.code == "ZZZZZ"


def test_a_site_changes_name_and_township_and_never_its_county(signed_in: Client, installed: Cast) -> None:
    site = installed.sites[0]
    path = f"/console/sites/{site.code}"
    assert signed_in.post(path, {"name": "北门", "area": "河北省保定市顺平县"}).status_code == 302
    site.refresh_from_db()
    assert (site.name, site.area, site.county) == ("北门", "130636", "130636")
    refused = signed_in.post(path, {"name": "北门", "area": "河北省保定市望都县"})
    assert refused.status_code == 422
    assert 'id="area-problem"' in text_of(refused)
    site.refresh_from_db()
    assert site.county == "130636"


def test_a_site_closes_and_opens_again(signed_in: Client, installed: Cast) -> None:
    site, before = installed.sites[0], generation()
    for state, verb in (("closed", "close_site"), ("open", "open_site")):
        page = signed_in.post(f"/console/sites/{site.code}/state", {"state": state}, follow=True)
        assert site.name in text_of(page)
        site.refresh_from_db()
        assert to_domain_site(site).state == SiteState(state)
        assert Act.objects.filter(verb=verb, subject=site.code).count() == 1
    assert generation() == before + 2


def test_an_unknown_site_is_a_page_that_says_so(signed_in: Client) -> None:
    for path in ("/console/sites/ZZZZZ", "/console/sites/ZZZZZ/poster"):
        assert signed_in.get(path).status_code == 404


def test_the_list_counts_today_in_the_organisations_time_zone(signed_in: Client, installed: Cast) -> None:
    midnight_ms = NOW_MS - 16 * HOUR_MS  # NOW_MS is 16:00 in Shanghai
    site = installed.sites[0]
    for hour_ms, count in ((midnight_ms - HOUR_MS, 100), (midnight_ms, 3), (NOW_MS, 4)):
        HourCount.objects.create(site=site, hour_ms=hour_ms, origin="1306", count=count)
    HourCount.objects.create(site=site, hour_ms=NOW_MS, origin="1301", count=5)
    today = {line.site.code: line.today for line in list_sites(reach=EVERYWHERE, now_ms=NOW_MS)}
    assert today[site.code] == 12
    assert sum(today.values()) == 12


def test_a_long_name_stands_in_the_list(signed_in: Client) -> None:
    name = "顺平县蒲阳镇北关村东口第一疫情防控检查点兼返乡人员临时登记处"
    signed_in.post("/console/sites/new", {"name": name, "area": AREA})
    assert name in text_of(signed_in.get("/console/sites"))


def test_without_a_site_the_list_says_what_to_do(signed_in: Client) -> None:
    Site.objects.all().delete()
    page = text_of(signed_in.get("/console/sites"))
    assert "/console/sites/new" in page
    assert "<table" not in page


# --- many at once


def test_two_hundred_sites_from_a_paste(signed_in: Client) -> None:
    lines = "\n".join(f"{number} 号卡点\t顺平县蒲阳镇" for number in range(200))
    before = Site.objects.count()
    read = signed_in.post("/console/sites/many", {"lines": lines, "go": "check"})
    assert read.status_code == 200
    assert read.context["is_ready"]
    assert Site.objects.count() == before, "reading makes nothing"
    assert signed_in.post("/console/sites/many", {"lines": lines, "go": "create"}).status_code == 302
    made = list(Site.objects.order_by("created_ms", "id"))[before:]
    assert [site.name for site in made] == [f"{number} 号卡点" for number in range(200)]
    assert len({site.code for site in made}) == 200
    assert {site.area for site in made} == {AREA}


def test_a_paste_with_one_wrong_line_makes_nothing(signed_in: Client) -> None:
    lines = "东口，顺平县\n西口，没有这个地方\n，顺平县"
    before = Site.objects.count()
    for go in ("check", "create"):
        answer = signed_in.post("/console/sites/many", {"lines": lines, "go": go})
        assert not answer.context["is_ready"]
        assert text_of(answer).count('class="problem"') == 2
        assert "西口" in text_of(answer)
    assert Site.objects.count() == before


def test_how_a_line_is_read(installed: Cast) -> None:
    text = "东口\n西口, 顺平县\n南口\t望都县\n\n北口，朝阳区"
    lines = read_pasted_sites(text, area_default=AREA, reach=EVERYWHERE)
    assert [(line.line, line.name, line.area) for line in lines[:3]] == [
        (1, "东口", AREA),
        (2, "西口", "130636"),
        (3, "南口", "130631"),
    ]
    assert lines[3].problems
    assert any("北京" in name for name in lines[3].candidates)


@pytest.mark.parametrize("lines", ["", "  \n ", "\n".join("点" for _ in range(501))])
def test_a_paste_of_nothing_or_too_much_is_refused(signed_in: Client, lines: str) -> None:
    answer = signed_in.post("/console/sites/many", {"lines": lines, "go": "create"})
    assert answer.status_code == 422
    assert 'id="lines-problem"' in text_of(answer)


# --- posters


def test_a_poster_is_previewed_without_a_trace_and_printed_with_one(signed_in: Client, installed: Cast) -> None:
    site = installed.sites[0]
    preview = signed_in.get(f"/console/sites/{site.code}/preview?paper=a3&languages=en")
    assert site.code in text_of(preview)
    assert preview["x-frame-options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in preview["content-security-policy"]
    site.refresh_from_db()
    assert site.poster_printed_ms is None
    printed = signed_in.post("/console/posters/print", {"code": site.code, "paper": "a4"})
    assert site.name in text_of(printed)
    assert "sha256-" in printed["content-security-policy"]
    site.refresh_from_db()
    assert site.poster_printed_ms is not None
    assert site.poster_address == ADDRESS
    assert Act.objects.get(verb="print_posters").detail == {"sites": 1, "address": ADDRESS}


def test_many_posters_are_one_print_job(signed_in: Client, installed: Cast) -> None:
    everything = text_of(signed_in.post("/console/posters/print", {"which": "all", "paper": "card"}))
    assert all(site.code in everything for site in installed.sites)
    assert not signed_in.get("/console/posters").context["counts"][1][2], "none is left that was never printed"
    chosen = [site.code for site in installed.sites[1:]]
    some = text_of(signed_in.post("/console/posters/print", {"which": "chosen", "code": chosen}))
    assert installed.sites[0].code not in some
    assert all(code in some for code in chosen)
    assert signed_in.post("/console/posters/print", {"which": "chosen"}).status_code == 404


def test_before_printing_an_untried_address_is_warned_of(signed_in: Client, installed: Cast) -> None:
    path = f"/console/sites/{installed.sites[0].code}/poster"
    assert signed_in.get(path).context["is_proved"] is False
    assert ADDRESS in text_of(signed_in.get(path))
    token = offer_address(address=ADDRESS, now_ms=NOW_MS).token
    record_arrival(token=token, network_address="223.104.3.17", now_ms=NOW_MS)
    assert signed_in.get(path).context["is_proved"] is True


@pytest.mark.parametrize("query", ["paper=xx&languages=fr", "paper=&languages=", "languages=../../etc"])
def test_an_unknown_paper_or_language_is_the_default(signed_in: Client, installed: Cast, query: str) -> None:
    code = installed.sites[0].code
    assert signed_in.get(f"/console/sites/{code}/preview?{query}").status_code == 200
    assert signed_in.get(f"/console/sites/{code}/poster?{query}").status_code == 200


def test_the_form_on_paper(signed_in: Client, installed: Cast) -> None:
    site = installed.sites[0]
    page = signed_in.get(f"/console/sites/{site.code}/paper/zh-Hans")
    assert site.name in text_of(page)
    assert "姓名" in text_of(page)
    assert "sha256-" in page["content-security-policy"]
    assert "Full name" in text_of(signed_in.get(f"/console/sites/{site.code}/paper/en"))
    assert signed_in.get(f"/console/sites/{site.code}/paper/fr").status_code == 404


# --- settings and forms


def test_the_settings_change_what_phones_see(signed_in: Client) -> None:
    before = generation()
    typed = {"organisation": "蒲阳镇政府", "area": "顺平县", "contact": "12345", "time_zone": "Asia/Urumqi"}
    assert signed_in.post("/console/settings/organisation", typed)["location"] == "/console/settings"
    installation = load_installation()
    assert (installation.organisation, installation.area) == ("蒲阳镇政府", "130636")
    assert generation() == before + 1
    page = signed_in.get("/console/settings/texts")
    texts = {field.name: field.value for field in page.context["texts"]}
    signed_in.post("/console/settings/texts", {**texts, "purpose.en": "To count.", "deletion_days": "7"})
    installation = load_installation()
    assert (installation.purpose["en"], installation.deletion_days) == ("To count.", 7)
    assert generation() == before + 2
    assert Act.objects.get(verb="change_texts").detail == {"changed": ["purpose", "deletion_days"]}


@pytest.mark.parametrize(
    ("path", "typed", "field"),
    [
        ("organisation", {"organisation": "", "area": "顺平县", "time_zone": "UTC"}, "organisation"),
        ("organisation", {"organisation": "a", "area": "没有这个地方", "time_zone": "UTC"}, "area"),
        ("organisation", {"organisation": "a", "is_elsewhere": "1", "time_zone": "Mars"}, "time_zone"),
        ("texts", {"deletion_days": "0"}, "deletion_days"),
        ("texts", {"deletion_days": "1.5"}, "deletion_days"),
        ("texts", {"deletion_days": "14", "purpose.en": ""}, "purpose.en"),
    ],
)
def test_refused_settings_change_nothing(signed_in: Client, path: str, typed: dict[str, str], field: str) -> None:
    before = generation()
    answer = signed_in.post(f"/console/settings/{path}", typed)
    assert answer.status_code == 422
    assert f'id="{field}-problem"' in text_of(answer)
    assert generation() == before


def test_saving_the_same_again_is_no_change(signed_in: Client) -> None:
    page = signed_in.get("/console/settings/organisation")
    values = {name: value for name, value in page.context["values"].items() if value}
    before = generation()
    assert signed_in.post("/console/settings/organisation", values).status_code == 302
    assert generation() == before


def test_a_form_is_published_once(installed: Cast) -> None:
    form = next(form for form in built_in_forms() if form.name == "migrant")
    before = FormVersion.objects.count()
    first = publish_form(form=form, staff=None, now_ms=NOW_MS)
    assert publish_form(form=form, staff=None, now_ms=NOW_MS + 1) == first
    assert FormVersion.objects.count() == before
