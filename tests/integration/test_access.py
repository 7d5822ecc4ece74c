"""Every address of the console, with every role, of the place and from the next county.

A new address fails here until it stands in EXPECTED with the roles that may open it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from tests import cast
from tests.edge_client import changed
from tests.integration.world import World, register_people

from tianbao.console.door import needed_permissions
from tianbao.domain.access import EVERYWHERE, Role
from tianbao.domain.ids import uuid7
from tianbao.services.form_drafts import start_empty
from tianbao.services.projection import Projector
from tianbao.services.sites import create_site
from tianbao.store.models import Act, Export, Record, Site, Staff

GUARD, WORKER, CLERK = Role.GUARD, Role.WORKER, Role.CLERK
SUPERVISOR, OFFICER, UPPER, ADMINISTRATOR = (
    Role.SUPERVISOR,
    Role.DATA_OFFICER,
    Role.UPPER_LEVEL,
    Role.ADMINISTRATOR,
)
EVERYBODY = frozenset(Role)
OFFICE = frozenset({WORKER, CLERK, SUPERVISOR})
READERS = OFFICE | {GUARD, OFFICER}
SITE_KEEPERS = frozenset({CLERK, ADMINISTRATOR})
STAFF_KEEPERS = frozenset({SUPERVISOR, ADMINISTRATOR})
FORM_MAKERS = frozenset({CLERK, ADMINISTRATOR})

PUBLIC = frozenset({"login", "language", "setup", "setup_test", "setup_step", "arrive", "join"})
"""Whoever has the address: signing in, one-time links, proof of an address."""

EXPECTED: dict[str, frozenset[Role]] = {
    "logout": EVERYBODY,
    "unlock": EVERYBODY,
    "password": EVERYBODY,
    "home": EVERYBODY,  # and from there to the first screen that is theirs
    "home_numbers": OFFICE | {OFFICER},
    "sites": READERS | {ADMINISTRATOR},
    "site_new": SITE_KEEPERS,
    "sites_many": SITE_KEEPERS,
    "site": SITE_KEEPERS,
    "site_state": SITE_KEEPERS,
    "site_forms": SITE_KEEPERS,
    "site_poster": READERS | {ADMINISTRATOR},
    "site_preview": READERS | {ADMINISTRATOR},
    "site_paper": READERS | {ADMINISTRATOR},
    "sites_posters": READERS | {ADMINISTRATOR},
    "posters_print": READERS | {ADMINISTRATOR},
    "form_sites": FORM_MAKERS,
    "settings": frozenset({ADMINISTRATOR}),
    "settings_organisation": frozenset({ADMINISTRATOR}),
    "settings_texts": frozenset({ADMINISTRATOR}),
    "settings_emergency": frozenset({ADMINISTRATOR, OFFICER}),
    "settings_clock": frozenset({OFFICER}),
    "settings_sign_in": frozenset({ADMINISTRATOR}),
    "settings_address": frozenset({ADMINISTRATOR}),
    "settings_test": frozenset({ADMINISTRATOR}),
    "forms": FORM_MAKERS,
    "forms_start": FORM_MAKERS,
    "forms_draft": FORM_MAKERS,
    "forms_draft_save": FORM_MAKERS,
    "forms_draft_picture": FORM_MAKERS,
    "forms_draft_merge": FORM_MAKERS,
    "forms_draft_preview": FORM_MAKERS,
    "forms_draft_publish": FORM_MAKERS,
    "forms_draft_discard": FORM_MAKERS,
    "forms_draft_xlsform": FORM_MAKERS,
    "forms_form": FORM_MAKERS,
    "forms_change": FORM_MAKERS,
    "forms_xlsform": FORM_MAKERS,
    "forms_difference": FORM_MAKERS,
    "aggregates": frozenset({UPPER, OFFICER, ADMINISTRATOR}),
    "areas": SITE_KEEPERS,
    "area": SITE_KEEPERS,
    "colleagues": STAFF_KEEPERS,
    "colleagues_invite": STAFF_KEEPERS,
    "colleagues_list": STAFF_KEEPERS,
    "colleagues_withdraw": STAFF_KEEPERS,
    "colleague": STAFF_KEEPERS,
    "colleague_take": STAFF_KEEPERS,
    "colleague_let_go": STAFF_KEEPERS,
    "answer_showing": READERS - {OFFICER},
    "line_list": READERS,
    "line_list_changes": READERS,
    "record": OFFICE | {OFFICER},
    "record_correct": OFFICE,
    "record_card": READERS - {OFFICER},
    "record_file": OFFICE | {OFFICER},
    "register": READERS - {OFFICER},
    "register_number": READERS - {OFFICER},
    "register_card": READERS - {OFFICER},
    "record_by_number": READERS,
    "export": frozenset({CLERK, OFFICER}),
    "export_download": frozenset({CLERK, OFFICER}),
    "export_progress": frozenset({CLERK, OFFICER}),
}

PLACED = frozenset(
    {"site", "site_state", "site_forms", "site_poster", "site_preview", "site_paper"}
    | {"record", "record_correct", "record_card", "record_file", "colleague"}
)
"""What is about one place: from the next county it is not there."""


@dataclass
class Place:
    """What addresses need, of one installation with a site in each of two counties."""

    arguments: dict[str, list[object]]
    site: Site
    elsewhere: Site


@pytest.fixture
def place(world: World) -> Iterator[Place]:
    elsewhere = create_site(name="邻县检查点", area="130635", reach=EVERYWHERE, staff=None, now_ms=cast.NOW_MS)
    register_people([changed(name="邻县的人")], elsewhere.code, time.time_ns() // 1_000_000)
    Projector().project_batch()
    record = world.record(2)
    draft = start_empty(title="新表", languages=("zh-Hans",), staff=world.cast.administrator, now_ms=cast.NOW_MS)
    export = Export.objects.create(
        id=uuid7(1, os.urandom(10)), staff=world.cast.administrator, asked_ms=1, question={}
    )
    site, form = world.cast.sites[0], record.form
    by_draft, some_id = [draft.id], uuid7(1, os.urandom(10))
    yield Place(
        {
            **{name: [site.code] for name in ("site", "site_state", "site_forms", "site_poster", "site_preview")},
            "area": ["130636100.1"],
            "colleagues_withdraw": [some_id],
            "colleague": [world.cast.administrator.pk],
            "colleague_take": [world.cast.administrator.pk, some_id],
            "colleague_let_go": [world.cast.administrator.pk],
            "site_paper": [site.code, "en"],
            "form_sites": ["migrant"],
            "settings_test": [some_id],
            **{name: by_draft for name in EXPECTED if name.startswith("forms_draft")},
            "forms_form": ["migrant"],
            "forms_change": ["migrant"],
            "forms_xlsform": ["migrant", 1],
            "forms_difference": ["migrant", 1, 1],
            "answer_showing": [form.id],
            **{name: [record.id] for name in ("record", "record_correct", "record_card", "register_card")},
            "record_file": [record.id, "none"],
            "record_by_number": [record.number],
            "export_progress": [export.id],
        },
        site,
        elsewhere,
    )


ACCOUNT = frozenset({"account_reauthenticate", "usersessions_list"})
"""Pages about one's own account, for whoever is signed in; allauth's own beside these begin with "mfa_"."""
PUBLIC_ACCOUNT = frozenset({"account_login", "account_logout", "mfa_authenticate"})


WITH_KEY = frozenset({"mfa_remove_webauthn", "mfa_edit_webauthn"})


def addresses(patterns: list[Any] | None = None) -> list[Any]:
    """Every address of the console's process."""
    found = []
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        found += addresses(pattern.url_patterns) if isinstance(pattern, URLResolver) else [pattern]
    return found


def is_public(pattern: Any) -> bool:
    return not getattr(pattern.callback, "login_required", True)


def browser_of(person: object) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_every_address_has_an_expectation() -> None:
    names = {str(pattern.name) for pattern in addresses()}
    factors = {name for name in names if name.startswith("mfa_")}
    assert names - factors == EXPECTED.keys() | PUBLIC | ACCOUNT | PUBLIC_ACCOUNT - factors


def test_every_screen_says_its_permission() -> None:
    for pattern in addresses():
        assert is_public(pattern) == (pattern.name in PUBLIC | PUBLIC_ACCOUNT), pattern.name
        assert is_public(pattern) or needed_permissions(pattern.callback) is not None, pattern.name


def test_nobody_gets_in_who_is_not_signed_in(place: Place) -> None:
    for name in EXPECTED:
        url = reverse(f"console:{name}", args=place.arguments.get(name, ()))
        assert Client().get(url).url.startswith("/console/login?next="), name
    for pattern in addresses():
        if pattern.name.startswith("mfa_") and not is_public(pattern):
            arguments = [1] if "<int:pk>" in str(pattern.pattern) or pattern.name in WITH_KEY else []
            assert Client().get(reverse(pattern.name, args=arguments)).status_code == 302, pattern.name


def test_every_address_with_every_role(place: Place) -> None:
    wrong = []
    for role in Role:
        person = cast.hire(f"own-{role}", role, site=place.site if role is GUARD else None)
        client = browser_of(person)
        for name in EXPECTED.keys() - {"logout"}:
            url = reverse(f"console:{name}", args=place.arguments.get(name, ()))
            status = client.get(url).status_code
            if (status != 403) is not (role in EXPECTED[name]) or status >= 500:
                wrong.append((role.value, name, status))
    assert not wrong, "\n".join(map(str, wrong))


def test_a_stranger_from_the_next_county_finds_nothing_of_ours(place: Place) -> None:
    wrong = []
    ours, numbers = (
        [cast.SITE_NAMES[1], "买买提"],
        [record.number for record in Record.objects.filter(site=place.site)],
    )
    for role in Role:
        person = cast.hire(f"far-{role}", role, area="130635", site=place.elsewhere if role is GUARD else None)
        client = browser_of(person)
        for name in EXPECTED.keys() - {"logout"}:
            url = reverse(f"console:{name}", args=place.arguments.get(name, ()))
            answer = client.get(url)
            allowed = {403, 404, 405} if name in PLACED else {200, 302, 403, 404, 405, 422}
            if name in PLACED and role not in EXPECTED[name]:
                allowed = {403}
            text = b"" if answer.streaming else answer.content
            shown = [word for word in (*ours, *numbers) if word.encode() in text]
            if name in ("record_by_number", "forms", "forms_form"):
                shown = []  # the number that was asked for; and who makes a form is told where it goes
            if answer.status_code not in allowed or shown:
                wrong.append((role.value, name, answer.status_code, shown))
    assert not wrong, "\n".join(map(str, wrong))


def test_a_stranger_from_the_next_county_changes_nothing_of_ours(place: Place) -> None:
    client = browser_of(cast.hire("far-clerk", CLERK, area="130635"))
    before = Site.objects.get(pk=place.site.pk)
    assert client.post(reverse("console:site_state", args=[before.code]), {"state": "closed"}).status_code == 404
    for_form = {"name": "别人的", "area": "", "area_code": "130636100"}
    assert client.post(reverse("console:site", args=[before.code]), for_form).status_code == 404
    assert "超出了您负责的区域" in client.post(reverse("console:site_new"), for_form).content.decode()
    assert (
        client.post(reverse("console:posters_print"), {"which": "chosen", "code": before.code}).status_code == 404
    )
    after = Site.objects.get(pk=place.site.pk)
    assert (after.name, after.state) == (before.name, before.state)
    assert Site.objects.filter(name="别人的").count() == 0


def test_the_list_the_search_and_the_export_stop_at_the_border(place: Place) -> None:
    cast.hire("far-officer", OFFICER, area="130635")
    client = Client()
    client.post("/console/login", {"username": "far-officer", "password": cast.PASSWORD})
    html = client.get("/console/records").content.decode()
    assert "邻县" in html
    assert "单雄信" not in html
    assert "单雄信" not in client.get("/console/records", {"q": "单雄信"}).content.decode().split("</form>")[-1]
    table = b"".join(client.post("/console/export/download", {"shape": "csv"}).streaming_content).decode()
    assert table.count("邻县检查点") == 1
    assert "单雄信" not in table


def test_a_guard_sees_masked_names_of_today_at_the_own_site(place: Place, world: World) -> None:
    client = browser_of(cast.hire("guard", GUARD, site=place.site))
    html = client.get("/console/records").content.decode()
    assert "单雄信" not in html
    assert "单**" in html
    Record.objects.filter(id=world.record(1).id).update(registered_ms=time.time_ns() // 1_000_000 - 90_000_000)
    assert "单**" not in client.get("/console/records").content.decode()
    assert client.get(reverse("console:record_card", args=[world.record(1).id])).status_code == 404


def test_who_has_left_is_out_at_once(place: Place) -> None:
    person = cast.hire("leaving", CLERK)
    client = browser_of(person)
    assert client.get("/console/records").status_code == 200
    Staff.objects.filter(pk=person.pk).update(is_active=False)
    assert client.get("/console/records").url.startswith("/console/login")


def test_a_refusal_says_so_and_is_written_down(place: Place) -> None:
    client = browser_of(cast.hire("worker", WORKER))
    answer = client.get("/console/settings", headers={"accept-language": "en"})
    assert (answer.status_code, "Your role does not allow this" in answer.content.decode()) == (403, True)
    act = Act.objects.get(verb="access_refused")
    assert (act.staff.username, act.subject) == ("worker", "/console/settings")


def test_the_bar_shows_what_somebody_may_open(place: Place) -> None:
    html = browser_of(cast.hire("upper", UPPER)).get("/console/password").content.decode()
    assert reverse("console:line_list") not in html
    html = browser_of(cast.hire("worker", WORKER)).get("/console/records").content.decode()
    assert f'href="{reverse("console:line_list")}"' in html
    assert f'href="{reverse("console:export")}"' not in html.split("</header>")[0]
