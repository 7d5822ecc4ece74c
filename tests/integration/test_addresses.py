"""The address phones open: its one spelling, its proof, its change."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.cast import ADDRESS, NOW_MS, Cast

from tianbao.domain.problems import Refused
from tianbao.services import addresses
from tianbao.services.addresses import Proof, Reach, read_address
from tianbao.services.sites import mark_posters_printed
from tianbao.store.models import Act, Address, Organisation

PHONE = "223.104.3.17"
NEW = "https://new.example.org"


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("https://Tianbao.Example.gov.cn/", "https://tianbao.example.gov.cn"),
        ("  tianbao.example.gov.cn ", "https://tianbao.example.gov.cn"),
        ("http://192.168.1.5:8000", "http://192.168.1.5:8000"),
        ("192.168.1.5:8000", "http://192.168.1.5:8000"),
        ("HTTPS://a.example:443", "https://a.example"),
        ("http://a.example:80", "http://a.example"),
        ("https://填报.example", "https://xn--cnsw1v.example"),
        ("http://[2001:db8::5]:8000", "http://[2001:db8::5]:8000"),
        ("localhost:8000", "http://localhost:8000"),
        ("http://clerk-pc:8000", "http://clerk-pc:8000"),
    ],
)
def test_an_address_has_one_spelling(typed: str, address: str) -> None:
    assert read_address(typed) == address
    assert read_address(address) == address


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "ftp://a.example",
        "javascript:alert(1)",
        "https://a.example/path",
        "https://a.example?x=1",
        "https://a.example#x",
        "https://user:secret@a.example",
        "https://a_b.example",
        "https://-a.example",
        "https://a..example",
        "https://a.example:0",
        "https://a.example:99999",
        "https://a.example:port",
        "http://0.0.0.0:8000",
        "http://224.0.0.1",
        "http://256.1.1.1",
        "http://[::1",
        "https://a b.example",
        "https://" + "a" * 200 + ".example",
        "https://a\n.example",
        "https://ex\x00ample.org",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(Refused):
        read_address(typed)


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("https://tianbao.example.gov.cn", Reach.PUBLIC),
        ("http://8.8.8.8", Reach.PUBLIC),
        ("http://192.168.1.5:8000", Reach.LOCAL_NETWORK),
        ("http://10.1.2.3", Reach.LOCAL_NETWORK),
        ("http://clerk-pc:8000", Reach.LOCAL_NETWORK),
        ("http://clerk.local", Reach.LOCAL_NETWORK),
        ("http://localhost:8000", Reach.THIS_COMPUTER),
        ("http://127.0.0.1", Reach.THIS_COMPUTER),
        ("http://[::1]:8000", Reach.THIS_COMPUTER),
    ],
)
def test_how_far_an_address_reaches(address: str, reach: Reach) -> None:
    assert addresses.reach_of(address) is reach


def test_proposals_put_the_far_reaching_first_and_name_each_once() -> None:
    own = "http://127.0.0.1:8000"
    proposals = addresses.find_addresses(known=[own, NEW, own, ""], port=8000)
    assert proposals[0].address == NEW
    assert proposals[-1].address == own
    assert len({proposal.address for proposal in proposals}) == len(proposals)


def test_an_arrival_proves_an_address_and_one_from_here_does_not(database: None) -> None:
    row = addresses.offer_address(address=NEW, now_ms=NOW_MS)
    assert addresses.proof_of(row) is Proof.NONE
    assert addresses.record_arrival(token=row.token, network_address="127.0.0.1", now_ms=NOW_MS)
    row.refresh_from_db()
    assert addresses.proof_of(row) is Proof.FROM_HERE
    addresses.record_arrival(token=row.token, network_address=PHONE, now_ms=NOW_MS)
    row.refresh_from_db()
    assert addresses.proof_of(row, seen_from="10.0.0.2") is Proof.ARRIVED
    assert addresses.proof_of(row, seen_from=PHONE) is Proof.FROM_HERE
    assert addresses.is_address_proved(NEW)
    addresses.record_arrival(token=row.token, network_address="127.0.0.1", now_ms=NOW_MS)
    assert addresses.is_address_proved(NEW), "a look from here hides nothing"


def test_the_arrival_page_needs_no_sign_in_and_speaks_both_languages(database: None) -> None:
    row = addresses.offer_address(address=NEW, now_ms=NOW_MS)
    page = Client(REMOTE_ADDR=PHONE).get(f"/console/arrive/{row.token}")
    assert page.status_code == 200
    assert "可以用" in page.content.decode()
    assert "It works" in page.content.decode()
    row.refresh_from_db()
    assert row.arrived_from == PHONE
    assert Client().get("/console/arrive/unknown").status_code == 404


def test_a_change_of_address_is_tried_first(signed_in: Client) -> None:
    typed = {"choice": "other", "other": NEW, "go": "save"}
    refused = signed_in.post("/console/settings/address", typed)
    assert refused.status_code == 422
    assert Organisation.objects.get().address == ADDRESS
    row = Address.objects.get(address=NEW)
    assert row.token in refused.context["test"].url
    Client(REMOTE_ADDR=PHONE).get(f"/console/arrive/{row.token}")
    state = signed_in.get(f"/console/settings/address/test/{row.pk}")
    assert "data-done" in state.content.decode()
    assert PHONE in state.content.decode()
    assert signed_in.post("/console/settings/address", typed).status_code == 302
    assert Organisation.objects.get().address == NEW


def test_a_change_of_address_names_the_posters_that_hang(signed_in: Client, installed: Cast) -> None:
    before = Organisation.objects.get().generation
    hanging = installed.sites[:2]
    mark_posters_printed(sites=hanging, address=ADDRESS, staff=installed.administrator, now_ms=NOW_MS)
    typed = {"choice": "other", "other": NEW, "is_untested": "1", "go": "save"}
    page = signed_in.post("/console/settings/address", typed, follow=True)
    text = page.content.decode()
    assert [site.code for site in page.context["outdated"]] == [site.code for site in hanging]
    assert all(site.name in text for site in hanging)
    assert installed.sites[2].name not in text
    assert "which=outdated" in text
    assert [row.address for row in page.context["history"]] == [NEW, ADDRESS]
    assert Organisation.objects.get().generation == before + 1
    assert Act.objects.get(verb="change_address").detail == {"old": ADDRESS, "new": NEW}


def test_an_address_that_was_only_tried_is_no_history(signed_in: Client, installed: Cast) -> None:
    signed_in.post("/console/settings/address", {"choice": "other", "other": "tried.example", "go": "test"})
    assert [row.address for row in addresses.list_addresses()] == [ADDRESS]
    addresses.change_address(address=NEW, staff=installed.administrator, now_ms=NOW_MS + 10**9)
    assert sorted(Address.objects.values_list("address", flat=True)) == [NEW, ADDRESS]
    addresses.change_address(address=ADDRESS, staff=installed.administrator, now_ms=NOW_MS + 2 * 10**9)
    assert [row.address for row in addresses.list_addresses()] == [ADDRESS, NEW]
