"""A second step at sign-in, asking again before exports, and the list of sessions."""

from __future__ import annotations

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.conf import settings
from django.test import Client
from tests import cast

from tianbao.console.keyring import KEYRING
from tianbao.console.sessions import read_device
from tianbao.domain.sign_in import PROOF_MS_MAX, Demand
from tianbao.services.organisation import change_second_factor
from tianbao.store.models import Act, Staff

LOGIN = {"username": cast.USERNAME, "password": cast.PASSWORD}
OUTSIDE = "1.2.4.8"


def code_of(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


@pytest.fixture
def secret(installed: cast.Cast) -> str:
    """The administrator's authenticator app."""
    made = generate_totp_secret()
    TOTP.activate(installed.administrator, made)
    return made


def forget_proofs(client: Client) -> None:
    """As if the sign-in were long ago."""
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] = time.time() - PROOF_MS_MAX / 1000 - 1
    session.save()


def test_the_password_alone_neither_signs_in_nor_opens_names(client: Client, secret: str) -> None:
    answer = client.post("/console/login", LOGIN)
    assert answer.url == "/console/account/factors/authenticate/"
    assert client.get("/console/records").url.startswith("/console/login")
    assert not KEYRING.is_unlocked
    page = client.get(answer.url)
    assert page.status_code == 200
    assert client.post(answer.url, {"code": "000000"}).status_code == 200
    assert not KEYRING.is_unlocked
    done = client.post(answer.url, {"code": code_of(secret)})
    assert done.url == "/console/"
    assert KEYRING.is_unlocked
    assert client.get("/console/records").status_code == 200
    assert Act.objects.filter(verb="sign_in", staff__username=cast.USERNAME).count() == 1


def test_the_app_is_set_up_on_the_page(signed_in: Client, installed: cast.Cast) -> None:
    page = signed_in.get("/console/account/factors/totp/activate/")
    assert page.status_code == 200
    secret = re.search(r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', page.content.decode())[1]
    answer = signed_in.post("/console/account/factors/totp/activate/", {"code": code_of(secret)})
    assert answer.status_code == 302
    assert Authenticator.objects.filter(user=installed.administrator, type="totp").exists()


def test_an_export_asks_again_after_a_while(signed_in: Client) -> None:
    assert signed_in.get("/console/export").status_code == 200
    forget_proofs(signed_in)
    asked = signed_in.get("/console/export?look=symptoms")
    assert asked.url.startswith("/console/account/reauthenticate/?next=")
    assert signed_in.post("/console/export/download", {"shape": "csv"}).status_code == 302
    assert signed_in.post(asked.url, {"password": "wrong"}).status_code == 200
    back = signed_in.post(asked.url, {"password": cast.PASSWORD})
    assert back.url == "/console/export?look=symptoms"
    assert signed_in.get(back.url).status_code == 200


def test_who_has_an_app_proves_it_before_an_export(client: Client, secret: str) -> None:
    client.post(client.post("/console/login", LOGIN).url, {"code": code_of(secret)})
    assert client.get("/console/export").status_code == 200
    forget_proofs(client)
    assert client.get("/console/export").url.startswith("/console/account/factors/reauthenticate/")


def test_where_it_counts_everybody_needs_one(signed_in: Client, installed: cast.Cast) -> None:
    change_second_factor(demand=Demand.COUNTS, staff=installed.administrator, now_ms=cast.NOW_MS)
    assert signed_in.get("/console/records").status_code == 200
    assert signed_in.get("/console/export").url.startswith("/console/account/factors/")


def test_always_means_before_anything_else(signed_in: Client, installed: cast.Cast) -> None:
    change_second_factor(demand=Demand.ALWAYS, staff=installed.administrator, now_ms=cast.NOW_MS)
    assert signed_in.get("/console/records").url == "/console/account/factors/"
    assert signed_in.get("/console/account/factors/").status_code == 200
    TOTP.activate(installed.administrator, generate_totp_secret())
    assert signed_in.get("/console/records").status_code == 200


def test_from_the_internet_a_password_alone_is_not_enough(signed_in: Client, installed: cast.Cast) -> None:
    assert signed_in.get("/console/records", REMOTE_ADDR=OUTSIDE).url == "/console/account/factors/"
    assert signed_in.get("/console/records", REMOTE_ADDR="192.168.1.7").status_code == 200


def test_sessions_are_listed_and_ended_from_elsewhere(signed_in: Client, installed: cast.Cast) -> None:
    other = Client(headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0) Gecko Firefox/140"})
    other.post("/console/login", LOGIN)
    html = signed_in.get("/console/account/sessions").content.decode()
    assert "Firefox, Windows" in html
    row = re.search(r'name="end" value="(\d+)"', html)[1]
    assert signed_in.post("/console/account/sessions", {"end": row}).status_code == 302
    assert other.get("/console/records").url.startswith("/console/login")
    assert signed_in.get("/console/records").status_code == 200


def test_a_device_in_words() -> None:
    chrome = "Mozilla/5.0 (Linux; Android 8.0) AppleWebKit/537.36 Chrome/70.0 Mobile Safari/537.36"
    assert read_device(chrome) == "Chrome, Android"
    assert read_device(chrome + " MicroMessenger/8.0") == "WeChat, Android"
    assert read_device("curl/8") == ""


def test_a_pending_officer_waits_five_minutes(installed: cast.Cast) -> None:
    from tianbao.console.accounts import PENDING, PENDING_MS_MAX

    opened = KEYRING.open_officer(officer_id=str(installed.administrator.pk), password=cast.PASSWORD)
    PENDING.keep(opened, now_ms=1_000)
    assert PENDING.take(opened.id, now_ms=1_000 + PENDING_MS_MAX) is None
    PENDING.keep(opened, now_ms=1_000)
    assert PENDING.take(opened.id, now_ms=PENDING_MS_MAX) == opened
    assert PENDING.take(opened.id, now_ms=PENDING_MS_MAX) is None
    assert settings.CONFIG.keys.is_dir()
    assert Staff.objects.filter(username=cast.USERNAME).exists()
