"""The first-run guide and the one service behind it: from nothing to a first poster."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from tests import cast
from tests.cast import ADDRESS, AREA, NOW_MS, ORGANISATION, PASSWORD, USERNAME
from tests.page_samples import INSTALLATION, KITS, SITE, kit

from tianbao.console.keyring import KEYRING
from tianbao.console.text_fields import write_texts
from tianbao.domain.forms import walk_questions
from tianbao.domain.problems import Refused
from tianbao.render.form_page import form_page, gzip_page
from tianbao.services.addresses import list_addresses
from tianbao.services.keys import Keyring
from tianbao.services.organisation import check_texts
from tianbao.services.setup import set_up_installation
from tianbao.services.sites import load_installation
from tianbao.services.wording import Occasion, wording_of
from tianbao.store.models import Act, Address, FormVersion, Organisation, Site, Staff
from tianbao.texts import translator

TOKEN = "the-link-of-this-start"
PHONE = "223.104.3.17"
GUIDE = f"/console/setup/{TOKEN}"
GOOD: dict[str, Any] = {
    "organisation": ORGANISATION,
    "area": AREA,
    "address": ADDRESS,
    "username": USERNAME,
    "password": PASSWORD,
    "site_name": "北关村东口检查点",
    "site_area": AREA,
}


def set_up(**changes: Any) -> Site:
    given = {**GOOD, "keys": settings.CONFIG.keys, "now_ms": NOW_MS, "password_cost": cast.CHEAP, **changes}
    return set_up_installation(**given)


def text_of(answer: Any) -> str:
    return answer.content.decode()


# --- the service


def test_set_up_makes_everything_at_once(database: None) -> None:
    site = set_up(contact="0312-7690000", deletion_days=30)
    organisation, staff = Organisation.objects.get(), Staff.objects.get()
    assert (organisation.name, organisation.area, organisation.deletion_days) == (ORGANISATION, AREA, 30)
    assert organisation.time_zone == "Asia/Shanghai"
    assert organisation.purpose == wording_of(Occasion.EPIDEMIC, area=AREA).purpose
    assert staff.check_password(PASSWORD)
    assert Keyring(settings.CONFIG.keys).unlock(officer_id=str(staff.pk), password=PASSWORD)
    assert FormVersion.objects.filter(name="migrant", version=1).exists()
    assert (site.county, site.area_name) == ("130636", "河北省保定市顺平县蒲阳镇")
    assert [row.address for row in list_addresses()] == [ADDRESS]
    assert load_installation().address == ADDRESS
    assert set(Act.objects.values_list("verb", flat=True)) >= {"set_up", "create_staff", "create_site"}


def test_a_second_set_up_is_refused(database: None) -> None:
    set_up()
    with pytest.raises(Refused) as refused:
        set_up(organisation="别的单位", username="other")
    assert [str(problem.code) for problem in refused.value.problems] == ["already_set_up"]
    assert (Organisation.objects.count(), Staff.objects.count(), Site.objects.count()) == (1, 1, 1)


OFFICIAL = " ".join(
    text["zh-Hans"]
    for name in sorted(KITS)
    for _, question in walk_questions(kit(name).questions)
    for text in (question.label, question.hint)
    if "zh-Hans" in text
)[:330]
"""Chinese as offices write it, without repetitions."""


def test_texts_as_long_as_they_may_be_leave_the_page_small() -> None:
    texts = {"purpose": OFFICIAL[:150], "legal_basis": OFFICIAL[150:], "notice": OFFICIAL[::-1]}
    given: Any = {name: {"zh-Hans": text, "en": "x"} for name, text in texts.items()}
    assert check_texts(**given, deletion_days=14) == []
    given["notice"]["zh-Hans"] = OFFICIAL[::-1] + OFFICIAL[::-2] + OFFICIAL[1::2]
    assert [problem.question for problem in check_texts(**given, deletion_days=14)] == ["notice.zh-Hans"]
    installation = replace(INSTALLATION, **{name: {"zh-Hans": text} for name, text in texts.items()})
    form, _ = kit("migrant"), translator("zh-Hans")
    html = form_page(installation=installation, site=SITE, form=form, language="zh-Hans", _=_, action=SITE.path())
    assert len(gzip_page(html)) <= 14_000


@pytest.mark.parametrize(
    ("changes", "question", "code"),
    [
        ({"organisation": "  "}, "organisation", "required"),
        ({"organisation": "长" * 101}, "organisation", "too_long"),
        ({"organisation": "a\x00b"}, "organisation", "forbidden_character"),
        ({"area": "999999"}, "area", "unknown_place_code"),
        ({"site_area": "130000"}, "site_area", "county_needed"),
        ({"site_area": "130600"}, "site_area", "county_needed"),
        ({"address": "not an address"}, "address", "not_an_address"),
        ({"username": ""}, "username", "required"),
        ({"username": "a b"}, "username", "forbidden_character"),
        ({"password": "nine-char"}, "password", "password_short"),
        ({"password": "password1234"}, "password", "password_common"),
        ({"password": "1029384756019"}, "password", "password_common"),
        ({"password": f"{USERNAME}2026"}, "password", "password_similar"),
        ({"password": f"{ORGANISATION}!"}, "password", "password_similar"),
        ({"deletion_days": 0}, "deletion_days", "too_small"),
        ({"deletion_days": 367}, "deletion_days", "too_large"),
        ({"deletion_days": None}, "deletion_days", "not_an_integer"),
        ({"time_zone": "Asia/Nowhere"}, "time_zone", "unknown_time_zone"),
        ({"notice": {"zh-Hans": "有", "en": ""}}, "notice.en", "required"),
        (
            {"notice": {"zh-Hans": "".join(chr(0x4E00 + 37 * n % 20_000) for n in range(900)), "en": "x"}},
            "notice.zh-Hans",
            "texts_too_long",
        ),
        ({"site_name": ""}, "site_name", "required"),
    ],
)
def test_set_up_names_what_is_wrong_and_writes_nothing(
    database: None, changes: dict[str, Any], question: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        set_up(**changes)
    assert (question, code) in [(problem.question, str(problem.code)) for problem in refused.value.problems]
    assert not Organisation.objects.exists()
    assert not Staff.objects.exists()
    assert not settings.CONFIG.keys.exists()


def test_outside_the_divisions_no_countrys_law_is_named(database: None) -> None:
    site = set_up(area="", site_area="", time_zone="Africa/Nairobi", organisation="Nairobi County")
    installation = load_installation()
    assert (site.area, site.county, installation.area) == ("", "", "")
    assert "Personal Information Protection Law" not in installation.legal_basis["en"]
    assert Organisation.objects.get().time_zone == "Africa/Nairobi"


@pytest.mark.parametrize(("area", "zone"), [("810000", "Asia/Hong_Kong"), (AREA, "Asia/Shanghai"), ("", "UTC")])
def test_the_time_zone_comes_from_the_area(database: None, area: str, zone: str) -> None:
    set_up(area=area, site_area=area)
    assert Organisation.objects.get().time_zone == zone


# --- the guide


@pytest.fixture
def guide(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setenv("TIANBAO_SETUP_TOKEN", TOKEN)
    return client


def step(guide: Client, name: str, go: str = "next", **typed: str) -> Any:
    return guide.post(f"{GUIDE}/{name}", {"go": go, **typed})


def texts() -> dict[str, str]:
    wording = wording_of(Occasion.EPIDEMIC, area=AREA)
    return {
        "deletion_days": "14",
        **write_texts({"purpose": wording.purpose, "legal_basis": wording.legal_basis, "notice": wording.notice}),
    }


def go_to_address(guide: Client) -> None:
    step(
        guide, "organisation", organisation=ORGANISATION, area="顺平县蒲阳镇", contact="0312-7690000", time_zone=""
    )
    step(guide, "administrator", username=USERNAME, password=PASSWORD, again=PASSWORD)
    step(guide, "texts", **texts())


def go_to_site(guide: Client) -> None:
    go_to_address(guide)
    step(guide, "address", choice="other", other=ADDRESS, is_untested="1")


def test_the_guide_ends_signed_in_at_the_poster(guide: Client) -> None:
    go_to_site(guide)
    answer = step(guide, "site", site_name="北关村东口检查点", site_area="顺平县蒲阳镇")
    site = Site.objects.get()
    assert answer["location"] == f"/console/sites/{site.code}/poster"
    assert KEYRING.is_unlocked
    page = guide.get(answer["location"])
    assert page.status_code == 200
    assert site.code in text_of(page)
    organisation = Organisation.objects.get()
    assert (organisation.name, organisation.area, organisation.address) == (ORGANISATION, AREA, ADDRESS)
    assert "setup" not in guide.session


def test_the_link_works_once(guide: Client) -> None:
    assert guide.get(GUIDE)["location"] == f"{GUIDE}/organisation"
    go_to_site(guide)
    step(guide, "site", site_name="东口", site_area="顺平县")
    for path in (GUIDE, f"{GUIDE}/organisation", f"{GUIDE}/site"):
        assert guide.get(path).status_code == 410
        assert Client().get(path).status_code == 410
    assert Client().post(f"{GUIDE}/organisation", {"go": "next"}).status_code == 410


@pytest.mark.parametrize("token", ["wrong", TOKEN + "x", TOKEN[:-1], "链接"])
def test_another_link_opens_nothing(guide: Client, token: str) -> None:
    assert guide.get(f"/console/setup/{token}/organisation").status_code == 410
    assert guide.get(f"/console/setup/{token}").status_code == 410


def test_without_a_printed_link_there_is_no_guide(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIANBAO_SETUP_TOKEN", "")
    assert client.get("/console/setup/x/organisation").status_code == 410


def test_an_error_stands_beside_its_field_and_nothing_is_lost(guide: Client) -> None:
    answer = step(
        guide, "organisation", organisation="很长的名字" * 30, area="没有这个地方", contact="0312-7690000"
    )
    assert answer.status_code == 422
    text = text_of(answer)
    assert 'id="organisation-problem"' in text
    assert 'id="area-problem"' in text
    assert "没有这个地方" in text
    assert "0312-7690000" in text
    again = text_of(guide.get(f"{GUIDE}/organisation"))
    assert "没有这个地方" in again


def test_an_unclear_area_offers_what_it_may_be(guide: Client) -> None:
    typed = {"organisation": "朝阳区政府", "area": "朝阳区"}
    answer = step(guide, "organisation", **typed)
    assert answer.status_code == 422
    candidates = dict(answer.context["area"].candidates)
    assert "110105" in candidates
    assert len(candidates) > 1
    assert 'type="radio" name="area_code" value="110105"' in text_of(answer)
    assert step(guide, "organisation", **typed, area_code="110105").status_code == 302


def test_back_keeps_what_was_typed_however_wrong(guide: Client) -> None:
    step(guide, "organisation", organisation=ORGANISATION, area=AREA)
    answer = step(guide, "administrator", go="back", username="half typ")
    assert answer["location"] == f"{GUIDE}/organisation"
    assert ORGANISATION in text_of(guide.get(answer["location"]))
    assert "half typ" in text_of(guide.get(f"{GUIDE}/administrator"))


def test_a_step_cannot_be_skipped(guide: Client) -> None:
    assert guide.get(f"{GUIDE}/site")["location"] == f"{GUIDE}/organisation"
    step(guide, "organisation", organisation=ORGANISATION, area=AREA)
    assert guide.get(f"{GUIDE}/site")["location"] == f"{GUIDE}/administrator"


def test_the_password_is_kept_in_memory_only_and_never_shown(guide: Client) -> None:
    step(guide, "organisation", organisation=ORGANISATION, area=AREA)
    differing = step(guide, "administrator", username=USERNAME, password=PASSWORD, again="something else")
    assert 'id="again-problem"' in text_of(differing)
    assert step(guide, "administrator", username=USERNAME).status_code == 422, "an unconfirmed one is not kept"
    assert step(guide, "administrator", username=USERNAME, password=PASSWORD, again=PASSWORD).status_code == 302
    assert PASSWORD not in text_of(guide.get(f"{GUIDE}/administrator"))
    assert PASSWORD not in str(dict(guide.session))
    assert step(guide, "administrator", username=USERNAME, password="", again="").status_code == 302


def test_a_weak_password_is_not_said_to_be_kept(guide: Client) -> None:
    step(guide, "organisation", organisation=ORGANISATION, area=AREA)
    kept = "密码已记下"
    assert kept not in text_of(
        step(guide, "administrator", username=USERNAME, password="12345678", again="12345678")
    )
    assert kept not in text_of(guide.get(f"{GUIDE}/administrator"))
    step(guide, "administrator", username=USERNAME, password=PASSWORD, again=PASSWORD)
    assert kept in text_of(guide.get(f"{GUIDE}/administrator"))


def test_the_wording_of_another_occasion(guide: Client) -> None:
    step(guide, "organisation", organisation=ORGANISATION, area=AREA)
    step(guide, "administrator", username=USERNAME, password=PASSWORD, again=PASSWORD)
    assert wording_of(Occasion.EPIDEMIC, area=AREA).purpose["zh-Hans"] in text_of(guide.get(f"{GUIDE}/texts"))
    step(guide, "texts", go="wording", occasion="shelter", deletion_days="7")
    page = text_of(guide.get(f"{GUIDE}/texts"))
    assert wording_of(Occasion.SHELTER, area=AREA).purpose["zh-Hans"] in page
    assert 'value="7"' in page


def test_an_address_is_proved_by_a_phone(guide: Client) -> None:
    go_to_address(guide)
    page = guide.get(f"{GUIDE}/address")
    assert page.context["test"].address == page.context["proposals"][0].address
    typed = {"choice": "other", "other": "tianbao.example.gov.cn"}
    assert step(guide, "address", **typed).status_code == 422
    row = Address.objects.get(address=ADDRESS)
    state = f"{GUIDE}/test/{row.pk}"
    assert "data-done" not in text_of(guide.get(state))
    assert Client(REMOTE_ADDR=PHONE).get(f"/console/arrive/{row.token}").status_code == 200
    assert "data-done" in text_of(guide.get(state))
    assert step(guide, "address", **typed)["location"] == f"{GUIDE}/site"


def test_without_a_phone_one_goes_on_by_saying_so(guide: Client) -> None:
    go_to_address(guide)
    refused = step(guide, "address", choice="other", other=ADDRESS)
    assert refused.status_code == 422
    assert 'name="is_untested"' in text_of(refused)
    assert step(guide, "address", choice="other", other=ADDRESS, is_untested="1").status_code == 302


def test_an_address_that_is_none_is_said_beside_its_field(guide: Client) -> None:
    go_to_address(guide)
    answer = step(guide, "address", choice="other", other="ht!tp:/x", is_untested="1")
    assert answer.status_code == 422
    assert 'id="other-problem"' in text_of(answer)
    assert 'value="ht!tp:/x"' in text_of(answer)


def test_only_the_chosen_address_stays_after_the_guide(guide: Client) -> None:
    go_to_address(guide)
    step(guide, "address", go="test", choice="other", other="tried.example")
    step(guide, "address", choice="other", other=ADDRESS, is_untested="1")
    step(guide, "site", site_name="东口", site_area="顺平县")
    assert [row.address for row in Address.objects.all()] == [ADDRESS]


def test_elsewhere_needs_a_time_zone_and_no_area(guide: Client) -> None:
    typed = {"organisation": "Nairobi County", "is_elsewhere": "1"}
    answer = step(guide, "organisation", **typed, time_zone="")
    assert 'id="time_zone-problem"' in text_of(answer)
    assert step(guide, "organisation", **typed, time_zone="Africa/Nairobi").status_code == 302


def test_after_a_restart_the_password_is_asked_again(guide: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from tianbao.console import setup_guide

    go_to_site(guide)
    setup_guide._passwords.clear()
    answer = step(guide, "site", site_name="东口", site_area="顺平县")
    assert answer["location"] == f"{GUIDE}/administrator"
    assert not Organisation.objects.exists()
    step(guide, "administrator", username=USERNAME, password=PASSWORD, again=PASSWORD)
    assert step(guide, "site", site_name="东口", site_area="顺平县").status_code == 302
    assert Organisation.objects.exists()
