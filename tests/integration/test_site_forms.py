"""A site with several forms, and forms that open and close: over the edge's real addresses, and in the console."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from tests.cast import NOW_MS, Cast
from tests.edge_client import EdgeClient, make_installation, new_submission
from tests.page_samples import form_of

from tianbao.config import Config
from tianbao.domain.forms import Form
from tianbao.domain.problems import Code, Refused
from tianbao.domain.sites import Hours, SiteState
from tianbao.edge.catalogue import Offer, compile_published
from tianbao.services.forms import FORM_DEFAULT, publish_form
from tianbao.services.refusals import StaffCode
from tianbao.services.site_forms import (
    FORMS_MAX,
    CarriedForm,
    find_site_form,
    give_form,
    list_site_forms,
    set_site_forms,
    take_form,
)
from tianbao.store.models import Site, SiteForm

HOUR_MS = 3_600_000
WORD = {"en": "Back on Monday.", "zh-Hans": "星期一再来。"}


def form_called(name: str) -> Form:
    form = form_of({"name": "who", "type": "text", "required": True, "label": {"zh-Hans": "谁", "en": "Who"}})
    return replace(
        form, name=name, title={"zh-Hans": f"{name} 表", "en": f"{name} form"}, languages=("zh-Hans", "en")
    )


# --- the edge


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeClient]:
    data: Path = tmp_path_factory.mktemp("site-forms")
    client = EdgeClient(Config(data), make_installation(data))
    client.publish(form_called("first"))  # nothing is looked for any more
    yield client
    client.close()


def carry(edge: EdgeClient, *forms: tuple[str, Hours], state: SiteState = SiteState.OPEN) -> int:
    """The site with these forms; the time now. A new phone stands before it."""
    context = edge.edge.context
    code = edge.site.rpartition("/")[2]
    site = replace(context.catalogue.sites[code][0], state=state)
    offers = tuple(Offer(compile_published(form_called(name), context.places), hours) for name, hours in forms)
    context.catalogue = replace(
        context.catalogue,
        generation=context.catalogue.generation + 1,
        sites={code: (site, offers)},
        forms={(offer.published.form.name, 1): offer.published for offer in offers},
    )
    edge.new_phone()
    return time.time_ns() // 1_000_000


def get(edge: EdgeClient, path: str = "", **options: Any) -> Any:
    return edge.get(edge.site + path, headers={"accept-language": "en"}, **options)


def submit(edge: EdgeClient, path: str = "", *, at_ms: int = 0) -> Any:
    submission = new_submission(at_ms or time.time_ns() // 1_000_000)
    return edge.post(edge.site + path, json={**submission, "answers": {"who": "Zhang Si"}})


def test_one_form_is_the_page_itself(edge: EdgeClient) -> None:
    carry(edge, ("first", Hours()))
    page = get(edge)
    assert page.text == get(edge, "/first").text
    assert 'name="who"' in page.text
    assert f'action="{edge.site}/first#_on"' in page.text


def test_several_are_a_choice(edge: EdgeClient) -> None:
    carry(edge, ("first", Hours()), ("second", Hours()))
    page = get(edge)
    assert page.status_code == 200
    assert 'name="who"' not in page.text
    buttons = [f'<a class="button" href="{edge.site}/{name}">{name} form</a>' for name in ("first", "second")]
    assert all(button in page.text for button in buttons)
    assert page.text.index(buttons[0]) < page.text.index(buttons[1])
    assert "first 表" in edge.get(edge.site, headers={"accept-language": "zh-CN"}).text
    assert "second form" in get(edge, "/second").text


def test_what_is_posted_to_the_site_is_for_its_first_form(edge: EdgeClient) -> None:
    carry(edge, ("first", Hours()), ("second", Hours()))
    stored = [submit(edge, path) for path in ("", "/first", "/second")]
    assert [answer.status_code for answer in stored] == [201] * 3
    receipts = [answer.json()["receipt"] for answer in stored]
    assert [opened(edge, receipt).first.form for receipt in receipts] == ["first", "first", "second"]


def opened(edge: EdgeClient, token: str) -> Any:
    from tianbao.domain.receipts import read_receipt

    receipt = read_receipt(token)
    assert receipt
    return edge.run(edge.edge.context.archive.open(receipt))


def test_a_form_that_the_site_does_not_carry(edge: EdgeClient) -> None:
    carry(edge, ("first", Hours()))
    assert get(edge, "/second").status_code == 404
    assert submit(edge, "/second").status_code == 404


def test_only_one_that_is_open_is_not_asked_about(edge: EdgeClient) -> None:
    now = carry(edge, ("first", Hours(SiteState.CLOSED)), ("second", Hours()))
    assert 'name="who"' in get(edge).text
    carry(edge, ("first", Hours(opens_ms=now + HOUR_MS)), ("second", Hours()))
    assert 'name="who"' in get(edge).text


def test_a_form_that_opens_later_says_when(edge: EdgeClient) -> None:
    now = carry(edge)
    carry(edge, ("first", Hours(opens_ms=now + HOUR_MS, word=WORD)))
    for path in ("", "/first"):
        page = get(edge, path)
        assert page.status_code == 200
        assert "Opens on " in page.text
        assert "Back on Monday." in page.text
        assert 'name="who"' not in page.text
    refused = submit(edge)
    assert refused.status_code == 409
    assert refused.json()["errors"][0]["code"] == Code.FORM_NOT_OPEN_YET


def test_a_closed_form_says_so_kindly(edge: EdgeClient) -> None:
    carry(edge, ("first", Hours(SiteState.CLOSED, word=WORD)))
    assert "Closed at the moment" in get(edge).text
    assert "Back on Monday." in get(edge).text
    assert "星期一再来。" in edge.get(edge.site, headers={"accept-language": "zh-CN"}).text
    refused = submit(edge)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, Code.FORM_CLOSED)


def test_a_closed_site_is_closed_whatever_its_forms_say(edge: EdgeClient) -> None:
    carry(edge, ("first", Hours()), ("second", Hours()), state=SiteState.CLOSED)
    page = get(edge)
    assert "Closed at the moment" in page.text
    assert 'class="button" href="/S' not in page.text
    assert submit(edge).json()["errors"][0]["code"] == Code.SITE_CLOSED


def test_what_was_begun_in_time_is_taken_late(edge: EdgeClient) -> None:
    now = carry(edge)
    carry(edge, ("first", Hours(closes_ms=now - HOUR_MS)))
    assert submit(edge, at_ms=now - 2 * HOUR_MS).status_code == 201
    assert submit(edge, at_ms=now - HOUR_MS + 1).status_code == 409
    carry(edge, ("first", Hours(closes_ms=now - 73 * HOUR_MS)))
    assert submit(edge, at_ms=now - 74 * HOUR_MS).status_code == 409


def test_a_form_page_without_script_is_refused_with_the_contact(edge: EdgeClient) -> None:
    carry(edge, ("first", Hours(SiteState.CLOSED)))
    refused = edge.post(f"{edge.site}/first", data={"who": "Zhang Si"}, headers={"accept-language": "en"})
    assert refused.status_code == 409
    assert "This form takes no answers any more." in refused.text


def test_the_next_registration_begins_with_the_last_of_the_same_form(edge: EdgeClient) -> None:
    carry(edge, ("first", Hours()), ("second", Hours()))
    edge.post(f"{edge.site}/first", data={"who": "Zhang Si"})
    assert "Zhang Si" in get(edge, "/first").text
    assert "Zhang Si" not in get(edge, "/second").text
    edge.post(f"{edge.site}/second", data={"who": "Li Wu"})
    assert "Zhang Si" in get(edge, "/first").text
    assert "Li Wu" in get(edge, "/second").text


def test_programs_see_the_forms_beside_each_other(edge: EdgeClient) -> None:
    carry(edge, ("first", Hours()), ("second", Hours(SiteState.CLOSED)))
    said = edge.get(f"{edge.site}.json").json()
    assert said["form"] == "first"
    assert [(one["form"], one["path"], one["state"]) for one in said["forms"]] == [
        ("first", f"{edge.site}/first", "open"),
        ("second", f"{edge.site}/second", "closed"),
    ]
    assert edge.get(f"{edge.site}/second.json").json()["form"] == "second"


# --- the services


@pytest.fixture
def forms(installed: Cast) -> Cast:
    for name in ("second", "third"):
        publish_form(form=form_called(name), staff=installed.administrator, now_ms=NOW_MS)
    return installed


def names_at(site: Site) -> list[str]:
    return [one.name for one in list_site_forms(Site.objects.get(pk=site.pk))]


def test_a_new_site_has_the_built_in_form(forms: Cast) -> None:
    assert names_at(forms.sites[0]) == [FORM_DEFAULT]
    assert find_site_form(forms.sites[0]).name == FORM_DEFAULT
    with pytest.raises(Refused):
        find_site_form(forms.sites[0], "second")


def test_forms_are_set_in_their_order_and_keep_their_hours(forms: Cast) -> None:
    site, hours = forms.sites[0], Hours(opens_ms=1, closes_ms=2, word=WORD)
    wanted = [CarriedForm("second", hours), CarriedForm(FORM_DEFAULT, Hours())]
    set_site_forms(site=site, forms=wanted, staff=forms.administrator, now_ms=NOW_MS)
    assert list_site_forms(Site.objects.get(pk=site.pk)) == wanted
    set_site_forms(site=site, forms=wanted[::-1], staff=forms.administrator, now_ms=NOW_MS)
    assert list_site_forms(Site.objects.get(pk=site.pk)) == wanted[::-1]


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ([], ("forms", Code.REQUIRED)),
        ([CarriedForm("nothing", Hours())], ("forms", Code.NOT_A_CHOICE)),
        ([CarriedForm("second", Hours())] * 2, ("forms", Code.NOT_A_CHOICE)),
        ([CarriedForm("second", Hours())] * (FORMS_MAX + 1), ("forms", Code.TOO_MANY)),
        (
            [CarriedForm("second", Hours(opens_ms=2, closes_ms=2))],
            ("forms.0.closes", StaffCode.CLOSES_BEFORE_IT_OPENS),
        ),
        ([CarriedForm("second", Hours(word={"en": "x" * 201}))], ("forms.0.word", Code.TOO_LONG)),
    ],
)
def test_what_cannot_be_changes_nothing(forms: Cast, wanted: list[CarriedForm], problem: tuple[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        set_site_forms(site=forms.sites[0], forms=wanted, staff=forms.administrator, now_ms=NOW_MS)
    assert [(one.question, one.code) for one in refused.value.problems] == [problem]
    assert names_at(forms.sites[0]) == [FORM_DEFAULT]


def test_the_database_refuses_what_the_service_forgot(forms: Cast) -> None:
    row = forms.sites[0].forms.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        SiteForm.objects.create(id=forms.sites[1].id, site=row.site, name=row.name, position=3)
    with pytest.raises(IntegrityError), transaction.atomic():
        SiteForm.objects.filter(pk=row.pk).update(opens_ms=2, closes_ms=1)


def test_a_form_is_given_to_many_sites_and_taken_again(forms: Cast) -> None:
    given = {"name": "second", "staff": forms.administrator, "now_ms": NOW_MS}
    assert give_form(sites=forms.sites, **given) == len(forms.sites)
    assert give_form(sites=forms.sites, **given) == 0
    assert names_at(forms.sites[1]) == [FORM_DEFAULT, "second"]
    taken = {"name": FORM_DEFAULT, "staff": forms.administrator, "now_ms": NOW_MS}
    fresh = list(Site.objects.filter(pk__in=[site.pk for site in forms.sites[:2]]))
    assert take_form(sites=fresh, **taken) == 2
    assert names_at(forms.sites[1]) == ["second"]
    last = Site.objects.get(pk=forms.sites[1].pk)
    assert take_form(name="second", sites=[last], staff=forms.administrator, now_ms=NOW_MS) == 0
    assert names_at(last) == ["second"], "a site keeps its last form"


# --- the console


@pytest.fixture
def desk(signed_in: Client, forms: Cast) -> Client:
    signed_in.cookies["lang"] = "en"
    return signed_in


def posted(*names: str, **more: str) -> dict[str, Any]:
    states = {f"forms.{index}.state": "open" for index in range(len(names))}
    return {"name": list(names), **states, "_action": "save", **more}


def test_the_screen_adds_moves_and_removes_before_anything_is_saved(desk: Client, forms: Cast) -> None:
    site = forms.sites[0]
    url = f"/console/sites/{site.code}/forms"
    shown = desk.post(url, posted(FORM_DEFAULT, _action="add", add="second"))
    assert [entry["line"].name for entry in shown.context["lines"]] == [FORM_DEFAULT, "second"]
    shown = desk.post(url, posted(FORM_DEFAULT, "second", _action="up:second"))
    assert [entry["line"].name for entry in shown.context["lines"]] == ["second", FORM_DEFAULT]
    shown = desk.post(url, posted(FORM_DEFAULT, "second", _action=f"remove:{FORM_DEFAULT}"))
    assert [entry["line"].name for entry in shown.context["lines"]] == ["second"]
    shown = desk.post(url, posted("second", _action="remove:second"))
    assert [entry["line"].name for entry in shown.context["lines"]] == ["second"], "one stays"
    assert names_at(site) == [FORM_DEFAULT]


def test_hours_are_the_installations_and_are_shown_again(desk: Client, forms: Cast) -> None:
    site = forms.sites[0]
    url = f"/console/sites/{site.code}/forms"
    fields = posted("second", **{"forms.0.opens": "2026-11-25T08:00", "forms.0.word.en": "Soon."})
    assert desk.post(url, fields).status_code == 302
    [form] = list_site_forms(Site.objects.get(pk=site.pk))
    assert form.hours == Hours(opens_ms=1_795_564_800_000, word={"en": "Soon."})  # 08:00 in Shanghai
    page = desk.get(url).content.decode()
    assert 'value="2026-11-25T08:00"' in page
    assert 'value="Soon."' in page


def test_a_wrong_time_stays_on_the_screen_beside_its_sentence(desk: Client, forms: Cast) -> None:
    url = f"/console/sites/{forms.sites[0].code}/forms"
    wrong = {"forms.0.opens": "tomorrow", "forms.0.closes": "2026-11-25T08:00"}
    answer = desk.post(url, posted("second", **wrong))
    assert answer.status_code == 422
    assert 'value="tomorrow"' in answer.content.decode()
    assert answer.context["lines"][0]["problems"]["opens"]
    turned = {"forms.0.opens": "2026-11-25T08:00", "forms.0.closes": "2026-11-24T08:00"}
    answer = desk.post(url, posted("second", **turned))
    assert "It would close before it opens." in answer.content.decode()


def test_many_sites_get_a_form_at_once(desk: Client, forms: Cast) -> None:
    url = "/console/forms/named/second/sites"
    assert desk.post(url, {"site": [site.code for site in forms.sites[:2]]}).status_code == 302
    assert [names_at(site) for site in forms.sites] == [[FORM_DEFAULT, "second"]] * 2 + [[FORM_DEFAULT]]
    page = desk.get(url)
    assert [row["is_carried"] for row in page.context["rows"]] == [True, True, False]
    assert desk.post(url, {"site": [forms.sites[2].code]}).status_code == 302
    assert [names_at(site) for site in forms.sites] == [[FORM_DEFAULT]] * 2 + [[FORM_DEFAULT, "second"]]
    assert desk.get("/console/forms/named/nothing/sites").status_code == 404


def test_a_full_site_is_named_and_no_other_changes(desk: Client, forms: Cast) -> None:
    full, other, third = forms.sites
    names = [f"more-{number}" for number in range(FORMS_MAX - 1)]
    for name in names:
        publish_form(form=form_called(name), staff=forms.administrator, now_ms=NOW_MS)
    everything = [CarriedForm(name, Hours()) for name in [FORM_DEFAULT, *names]]
    set_site_forms(site=full, forms=everything, staff=forms.administrator, now_ms=NOW_MS)
    give_form(name="second", sites=[third], staff=forms.administrator, now_ms=NOW_MS)
    answer = desk.post("/console/forms/named/second/sites", {"site": [full.code, other.code]})
    assert answer.status_code == 422
    assert f"“{full.name}” takes at most {FORMS_MAX} entries" in answer.content.decode()
    assert [row["is_carried"] for row in answer.context["rows"]] == [True, True, False], "what was ticked stays"
    assert [names_at(site) for site in (other, third)] == [[FORM_DEFAULT], [FORM_DEFAULT, "second"]]


def test_somebody_is_registered_with_the_form_that_staff_choose(desk: Client, forms: Cast) -> None:
    site = forms.sites[0]
    give_form(name="second", sites=[site], staff=forms.administrator, now_ms=NOW_MS)
    page = desk.get(f"/console/register?site={site.code}/second")
    assert [field.path for field in page.context["fields"]] == ["who"]
    assert "second form" in page.content.decode()
    closed = [CarriedForm(FORM_DEFAULT, Hours()), CarriedForm("second", Hours(SiteState.CLOSED))]
    set_site_forms(site=site, forms=closed, staff=forms.administrator, now_ms=NOW_MS)
    assert desk.get(f"/console/register?site={site.code}/second").context["desk"].form.name == FORM_DEFAULT
