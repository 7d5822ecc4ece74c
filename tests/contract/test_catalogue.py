"""What the edge reads of the console's tables, on both databases: sites with their forms in order and their hours,
pictures, staff's corrections; and what those tables refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest
from tests.contract.test_projection import run
from tests.unit.test_places import PLACES

from tianbao.config import Config
from tianbao.domain.sites import Hours, SiteState
from tianbao.edge.catalogue import Catalogue, CatalogueReader

MAKE = """
import django, json, os, sys
django.setup()
from django.db import IntegrityError, transaction
from tianbao.domain.ids import uuid7
from tianbao.domain.sites import Hours, SiteState
from tianbao.services.forms import built_in_form, publish_form
from tianbao.services.site_forms import CarriedForm, set_site_forms
from tianbao.store.models import FormPicture, Record, Revision, Site, SiteForm, Staff
staff, site = Staff.objects.get(), Site.objects.get()
publish_form(form=built_in_form("errand"), staff=staff, now_ms=1)
hours = Hours(SiteState.OPEN, 2_000, 3_000, {"en": "Soon."})
set_site_forms(site=site, forms=[CarriedForm("errand", hours), CarriedForm("migrant", Hours())], staff=staff, now_ms=1)
FormPicture.objects.create(name="a" * 32 + ".jpg", data=b"picture")
refused = []
for more in ({"name": "errand"}, {"name": "x", "opens_ms": 5, "closes_ms": 5}):
    try:
        with transaction.atomic():
            SiteForm.objects.create(id=uuid7(1, os.urandom(10)), site=site, position=9, **more)
    except IntegrityError:
        refused.append(True)
print(json.dumps({"site": site.code, "refused": refused}))
"""


@pytest.fixture(scope="module")
def installation(config: Config, tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, str, list[bool]]:
    own = Config(tmp_path_factory.mktemp("catalogue"))
    if not config.is_sqlite:
        with psycopg.connect(config.database_url, autocommit=True) as server:
            server.execute("CREATE DATABASE catalogue")
        own = Config(own.data, config.database_url.replace("/postgres?", "/catalogue?"))
    run(
        own, "-m", "tianbao", "init", "--data", str(own.data), "--organisation", "蒲阳镇", "--area", "130636",
        "--site", "北关村", "--user", "clerk", "--password", "a calm night at the gate",
    )  # fmt: skip
    said = json.loads(run(own, "-c", MAKE))
    return own, said["site"], said["refused"]


@pytest.fixture
def reader(installation: tuple[Config, str, list[bool]]) -> Iterator[CatalogueReader]:
    reader = CatalogueReader(installation[0], PLACES)
    yield reader
    reader.close()


def test_a_site_has_its_forms_in_order_with_their_hours(
    reader: CatalogueReader, installation: tuple[Config, str, list[bool]]
) -> None:
    catalogue = reader.read(Catalogue())
    site, offers = catalogue.sites[installation[1]]
    assert (site.name, site.area, site.state) == ("北关村", "130636", SiteState.OPEN)
    assert [(one.published.form.name, one.hours) for one in offers] == [
        ("errand", Hours(SiteState.OPEN, 2_000, 3_000, {"en": "Soon."})),
        ("migrant", Hours()),
    ]
    assert catalogue.installation is not None
    assert catalogue.installation.organisation == "蒲阳镇"
    assert reader.read(catalogue) is catalogue, "nothing has changed"


def test_a_site_that_is_made_while_sites_are_read_is_not_half_there(
    reader: CatalogueReader, installation: tuple[Config, str, list[bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    known, read_sites = reader.read(Catalogue()), reader._statements.read_sites
    ask = reader._ask

    def ask_slowly(sql: str, arguments: tuple[str, ...] = ()) -> list[object]:
        if sql == read_sites:
            run(
                installation[0],
                "-m",
                "tianbao",
                "site",
                "add",
                "--name",
                "东口",
                "--data",
                str(installation[0].data),
            )
        return ask(sql, arguments)

    run(installation[0], "-m", "tianbao", "site", "add", "--name", "西口", "--data", str(installation[0].data))
    monkeypatch.setattr(reader, "_ask", ask_slowly)
    found = reader.read(known)
    assert len(found.sites) == len(known.sites) + 1
    monkeypatch.undo()
    assert len(reader.read(found).sites) == len(known.sites) + 2


def test_pictures_and_corrections_are_found_or_not(reader: CatalogueReader) -> None:
    assert reader.find_picture("a" * 32 + ".jpg") == b"picture"
    assert reader.find_picture("b" * 32 + ".jpg") is None
    assert reader.staff_revisions(["0" * 32]) == {}


def test_a_form_stands_once_at_a_site_and_closes_after_it_opens(
    installation: tuple[Config, str, list[bool]],
) -> None:
    assert installation[2] == [True, True]
