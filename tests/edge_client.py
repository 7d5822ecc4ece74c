"""An edge in this process with a client beside it, for tests that speak HTTP without a socket.

`installations` are made by the command line, in a process of their own, so that these tests need no Django.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn

from tianbao.config import Config
from tianbao.domain.forms import Form
from tianbao.domain.ids import uuid7, write_uuid
from tianbao.domain.receipts import encode_base64url, read_receipt
from tianbao.domain.sites import Hours
from tianbao.edge.app import Edge
from tianbao.edge.catalogue import Offer, compile_published
from tianbao.server import edge_protocol

T = TypeVar("T")

USER = "clerk"
PASSWORD = "蒲阳镇-checkpoint-2020"
HOST = "http://tianbao.test"


def make_installation(data: Path, *, area: str = "130636", site: str = "北关村东口检查点") -> str:
    """An installation in an empty folder; the path of its first site."""
    said = subprocess.run(
        [
            sys.executable, "-m", "tianbao", "init", "--data", str(data), "--organisation", "顺平县蒲阳镇人民政府",
            "--area", area, "--site", site, "--user", USER, "--password", PASSWORD, "--address", HOST, "--json",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    path: str = json.loads(said.stdout)["site"]
    return path


_ADD_SITE = """
import sys, django; django.setup()
from tianbao.services.forms import built_in_form, publish_form
from tianbao.services.organisation import bump_generation
from tianbao.services.sites import create_site
from tianbao.domain.access import EVERYWHERE
site = create_site(name=sys.argv[1], area="130636", reach=EVERYWHERE, staff=None, now_ms=1)
publish_form(form=built_in_form(sys.argv[1]), staff=None, now_ms=1)
site.forms.update(name=sys.argv[1])
bump_generation()
print(site.code)
"""


def add_site(data: Path, kit: str) -> str:
    """A further site of an installation, with the form of a kit; its path."""
    said = subprocess.run(
        [sys.executable, "-c", _ADD_SITE, kit],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "TIANBAO_DATA": str(data), "DJANGO_SETTINGS_MODULE": "tianbao.settings"},
    )
    return f"/S/{said.stdout.strip()}"


class EdgeClient:
    """`get` and `post` against an edge that runs in a thread of its own; cookies are kept as a phone would."""

    def __init__(self, config: Config, site: str) -> None:
        self.site = site
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.edge = Edge(config, staff_token="staff-token")
        self.run(self.edge.start())
        self.new_phone()

    def new_phone(self) -> None:
        """Another phone: no cookies."""
        transport = httpx.ASGITransport(app=self.edge)  # type: ignore[arg-type]
        self._client = httpx.AsyncClient(transport=transport, base_url=HOST)

    @property
    def cookies(self) -> httpx.Cookies:
        """What the phone keeps."""
        return self._client.cookies

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.run(self._client.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def submit(self, answers: Any, **changes: Any) -> httpx.Response:
        """A submission as the page's script sends it."""
        return self.post(self.site, json={**new_submission(), "answers": answers, **changes})

    def publish(self, form: Form) -> None:
        """Another form at the site, without a console; the edge no longer looks for what was published."""
        assert self.edge._refreshing
        self._loop.call_soon_threadsafe(self.edge._refreshing.cancel)
        context = self.edge.context
        published = compile_published(form, context.places)
        code = self.site.rpartition("/")[2]
        site = context.catalogue.sites[code][0]
        forms = {**context.catalogue.forms, (form.name, form.version): published}
        sites = {code: (site, (Offer(published, Hours()),))}
        context.catalogue = replace(context.catalogue, sites=sites, forms=forms)
        self.edge._forms._ready.clear()

    def stored(self, token: str) -> Any:
        """The answers behind a receipt."""
        receipt = read_receipt(token)
        assert receipt
        found = self.run(self.edge.context.archive.open(receipt))
        assert found
        return found.answers

    @contextmanager
    def serving(self, **options: Any) -> Iterator[str]:
        """Listens on 127.0.0.1 for a browser; gives the address. At the end it goes as a server does."""
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(self.edge, http=edge_protocol(self.edge), lifespan="off", log_level="warning", **options)
        )
        running = asyncio.run_coroutine_threadsafe(server.serve(sockets=[listener]), self._loop)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            running.result(60)

    def close(self) -> None:
        self.run(self._client.aclose())
        self.run(self.edge.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


def new_submission(unix_ms: int = 1_790_000_000_000) -> dict[str, Any]:
    """A fresh id and secret."""
    return {
        "id": write_uuid(uuid7(unix_ms, os.urandom(10)).hex),
        "secret": encode_base64url(os.urandom(16)),
        "version": 1,
    }


GOOD = {
    "name": "张三",
    "phone": "13812345678",
    "id_type": "resident_id",
    "id_number": "11010519491231002X",
    "address": "北关村12号",
    "reason": "return_home",
    "itinerary": [
        {
            "place": "130636",
            "arrived_on": "2026-11-18",
            "left_on": "2026-11-20",
            "transport": "train",
            "transport_no": "G6701",
        }
    ],
    "companions": [{"name": "李四", "relation": "spouse"}],
    "symptoms": ["none"],
    "temperature": 36.5,
    "consent": True,
}


def changed(**changes: Any) -> dict[str, Any]:
    """GOOD with some answers changed; `...` removes one."""
    return {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
