"""Signing in and out, names that open with the password, patience with wrong ones, one's own password."""

from __future__ import annotations

import pytest
from django.test import Client
from tests import cast
from tests.cast import PASSWORD, USERNAME, Cast

from tianbao.console.keyring import KEYRING
from tianbao.console.middleware import POLICY
from tianbao.domain.problems import Refused
from tianbao.services import keys as officer_keys
from tianbao.services import staff as services
from tianbao.services.staff import SignInPatience
from tianbao.store.models import Act, Staff

NEW_PASSWORD = "another quiet evening 2026"


def sign_in(client: Client, password: str = PASSWORD, username: str = USERNAME, **extra: str):
    return client.post("/console/login", {"username": username, "password": password, **extra})


def text_of(answer) -> str:
    return answer.content.decode()


def test_before_set_up_every_page_says_so(client: Client) -> None:
    for path in ("/console/", "/console/login", "/console/sites"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert "还没有设置" in text_of(answer) or "Not set up yet" in text_of(answer)


def test_signing_in_opens_the_names(installed: Cast, client: Client) -> None:
    assert not KEYRING.is_unlocked
    answer = sign_in(client, next="/console/sites")
    assert (answer.status_code, answer["location"]) == (302, "/console/sites")
    assert KEYRING.is_unlocked
    assert Act.objects.filter(verb="sign_in", staff=installed.administrator).exists()


def test_a_wrong_password_does_neither(installed: Cast, client: Client) -> None:
    answer = sign_in(client, "a calm night at the gat")
    assert answer.status_code == 422
    assert f'value="{USERNAME}"' in text_of(answer)
    assert not KEYRING.is_unlocked
    assert "_auth_user_id" not in client.session
    assert Act.objects.filter(verb="sign_in_refused").count() == 1


def test_a_page_asks_to_sign_in_and_comes_back(installed: Cast, client: Client) -> None:
    answer = client.get("/console/sites?q=1")
    assert answer["location"] == "/console/login?next=/console/sites%3Fq%3D1"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "/S/AAAAA", "javascript:1"])
def test_the_way_back_stays_in_the_console(installed: Cast, client: Client, elsewhere: str) -> None:
    assert sign_in(client, next=elsewhere)["location"] == "/console/"


def test_many_wrong_passwords_wait_for_that_user_there_alone(installed: Cast, client: Client) -> None:
    for _ in range(SignInPatience.FREE):
        assert sign_in(client, "wrong wrong wrong").status_code == 422
    held_up = sign_in(client)
    assert held_up.status_code == 422
    assert "_auth_user_id" not in client.session
    colleague = Staff.objects.create_user(username="li.na", password=NEW_PASSWORD)
    assert sign_in(Client(), NEW_PASSWORD, "li.na").status_code == 302, colleague
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert sign_in(elsewhere).status_code == 302


def test_patience_ends_by_itself_and_is_bounded() -> None:
    patience = SignInPatience()
    pair = {"username": "a", "network_address": "b"}
    for _ in range(40):
        patience.count_failure(**pair, now_ms=0)
    with pytest.raises(Refused):
        patience.check(**pair, now_ms=SignInPatience.WAIT_MS_MAX - 1)
    patience.check(**pair, now_ms=SignInPatience.WAIT_MS_MAX)


def test_after_a_restart_facts_stay_and_names_wait_for_the_password(signed_in: Client) -> None:
    KEYRING.lock()
    page = signed_in.get("/console/sites")
    assert page.status_code == 200
    assert "/console/unlock?next=/console/sites" in text_of(page)
    assert signed_in.post("/console/unlock", {"password": "not it at all"}).status_code == 422
    assert not KEYRING.is_unlocked
    answer = signed_in.post("/console/unlock", {"password": PASSWORD, "next": "/console/sites"})
    assert answer["location"] == "/console/sites"
    assert KEYRING.is_unlocked
    assert "/console/unlock" not in text_of(signed_in.get("/console/sites"))


def test_a_new_password_lets_in_and_opens_the_names(signed_in: Client, keys) -> None:
    answer = signed_in.post("/console/password", {"old": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD})
    assert answer.status_code == 302
    assert signed_in.get("/console/sites").status_code == 200, "the session goes on"
    KEYRING.lock()
    assert sign_in(Client()).status_code == 422
    assert sign_in(Client(), NEW_PASSWORD).status_code == 302
    assert KEYRING.is_unlocked


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"old": "wrong", "new": NEW_PASSWORD, "again": NEW_PASSWORD}, "old"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "new"),
        ({"old": PASSWORD, "new": "password123", "again": "password123"}, "new"),
        ({"old": PASSWORD, "new": USERNAME + "12", "again": USERNAME + "12"}, "new"),
        ({"old": PASSWORD, "new": NEW_PASSWORD, "again": "else"}, "again"),
    ],
)
def test_a_refused_change_of_password_changes_nothing(signed_in: Client, keys, typed: dict, field: str) -> None:
    answer = signed_in.post("/console/password", typed)
    assert answer.status_code == 422
    assert f'id="{field}-problem"' in text_of(answer)
    assert_password_is(PASSWORD, keys)


def test_a_password_never_changes_by_half(installed: Cast, keys, monkeypatch: pytest.MonkeyPatch) -> None:
    staff = Staff.objects.get()

    def fail(**_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(officer_keys, "change_password", fail)
    with pytest.raises(OSError):
        services.change_password(staff=staff, old=PASSWORD, new=NEW_PASSWORD, keys=keys, now_ms=cast.NOW_MS)
    monkeypatch.undo()
    assert_password_is(PASSWORD, keys)


def assert_password_is(password: str, keys) -> None:
    staff = Staff.objects.get()
    assert staff.check_password(password)
    assert officer_keys.Keyring(keys).unlock(officer_id=str(staff.pk), password=password)


def test_signing_out_ends_the_session(signed_in: Client) -> None:
    assert signed_in.get("/console/logout").status_code == 405
    assert signed_in.post("/console/logout")["location"] == "/console/login"
    assert signed_in.get("/console/sites").status_code == 302


def test_a_change_needs_the_token_of_the_page(installed: Cast) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert sign_in(strict).status_code == 403


def test_the_language_of_the_browser_the_choice_and_the_person(installed: Cast, client: Client) -> None:
    assert 'lang="zh-Hans"' in text_of(client.get("/console/login"))
    assert 'lang="en"' in text_of(client.get("/console/login", headers={"accept-language": "en-GB,en"}))
    answer = client.post("/console/language", {"language": "en", "next": "/console/login"})
    assert answer["location"] == "/console/login"
    assert answer.cookies["lang"].value == "en"
    assert 'lang="en"' in text_of(client.get("/console/login"))
    sign_in(client)
    client.post("/console/language", {"language": "en"})
    assert Staff.objects.get().language == "en"
    other_computer = Client()
    sign_in(other_computer)
    assert 'lang="en"' in text_of(other_computer.get("/console/sites"))


def test_every_answer_is_kept_nowhere_and_runs_nothing_foreign(signed_in: Client) -> None:
    for path in ("/console/sites", "/console/settings", "/console/sites/new"):
        answer = signed_in.get(path)
        assert answer["cache-control"] == "no-store"
        assert answer["content-security-policy"] == POLICY
        assert answer["x-content-type-options"] == "nosniff"
        assert answer["x-frame-options"] == "DENY"
        assert "style=" not in text_of(answer)
        assert "<script>" not in text_of(answer)
