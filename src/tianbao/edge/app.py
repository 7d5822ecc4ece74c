"""The edge as an ASGI application: one table of routes, one mapping from problems to answers.

docs/life-of-a-registration.md walks through it. Must not know: what the handlers do.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable
from contextlib import suppress
from typing import Final
from unicodedata import normalize

from tianbao.config import Config, read_or_make_secret
from tianbao.data import read_divisions
from tianbao.domain.places import Gazetteer
from tianbao.domain.problems import Code, Problem, Refused, refuse
from tianbao.edge import errors, metrics
from tianbao.edge.archive import Archive
from tianbao.edge.catalogue import REFRESH_S, Catalogue, CatalogueReader
from tianbao.edge.choice_lists import ChoiceLists
from tianbao.edge.commit_queue import CommitQueue
from tianbao.edge.context import Context, now_ms, read_reader
from tianbao.edge.fast_path import FastPath
from tianbao.edge.file_pages import FilePages
from tianbao.edge.forgetting import forget_always
from tianbao.edge.form_pages import FormPages, private_page
from tianbao.edge.form_pictures import FormPictures
from tianbao.edge.http import Disconnected, Download, Receive, Request, Response, Scope, Send, redirect
from tianbao.edge.intake import Intake
from tianbao.edge.lag import LagReader
from tianbao.edge.ledger import open_ledger
from tianbao.edge.places_api import PlacesApi
from tianbao.edge.receipt_pages import ReceiptPages
from tianbao.edge.sealer import Sealer
from tianbao.edge.site_pages import SitePages
from tianbao.edge.throttle import Throttle
from tianbao.edge.uploads import Uploads
from tianbao.render.messages import message
from tianbao.render.pages import work_script
from tianbao.render.plain_page import front_page, problem_page
from tianbao.store.file_folder import FileFolder
from tianbao.store.flood_notes import write_note

_SITE: Final = re.compile(r"/[Ss]/([0-9A-Za-z]{1,16})(?:/([^/]{1,200}?))?(\.json)?/?")
_LIST: Final = re.compile(r"/[Ss]/([0-9A-Za-z]{1,16})/([^/]{1,200})/lists/([^/]{1,200})")
_FILES: Final = re.compile(r"/[Ss]/([0-9A-Za-z]{1,16})/([^/]{1,200})/files")
_PICTURE: Final = re.compile(r"/M/([0-9a-f]{32}\.jpg)")
_OWN_FILE: Final = re.compile(r"/R/files/([0-9a-f]{32})")
_TREE: Final = re.compile(r"/places/([0-9]{2}|provinces)")
_PASS: Final = re.compile(r"/[Pp]/([0-9A-Za-z-]{1,16})")

NOTE_MS: Final = 60_000
"""How long the console believes a note of this edge."""

log = logging.getLogger(__name__)


class Edge:
    """`start` and `stop` run inside the event loop that serves it."""

    def __init__(self, config: Config, *, staff_token: str = "") -> None:
        self._config = config
        self._staff_token = staff_token
        self._refreshing: asyncio.Task[None] | None = None
        self._forgetting: asyncio.Task[None] | None = None
        self.connections_max = config.limits.connections
        self.is_stopping = False
        """Connections that begin now are for one request."""

    async def start(self) -> None:
        """Opens the databases, loads the divisions and the catalogue; ready when it returns."""
        config = self._config
        places = await asyncio.to_thread(lambda: Gazetteer.from_bytes(read_divisions()))
        sealer = Sealer(config.keys)
        self._reader = CatalogueReader(config, places)
        archive = Archive(lambda: open_ledger(config), CatalogueReader(config, places), sealer)
        queue = CommitQueue(lambda: open_ledger(config))
        uploads = Uploads(FileFolder(config.files))
        intake = Intake(queue, sealer, archive, uploads)
        self.throttle = Throttle(
            config.limits,
            read_or_make_secret(config.data / "secret-key").encode(),
            intake.outcomes,
            lambda: self.fast_path.waiting + queue.depth,
        )
        self.context = Context(
            catalogue=await asyncio.to_thread(self._reader.read, Catalogue()),
            places=places,
            intake=intake,
            archive=archive,
            uploads=uploads,
            throttle=self.throttle,
            staff_token=self._staff_token,
        )
        self.fast_path = FastPath(self.context)
        self._forms = FormPages(self.context)
        self._sites = SitePages(self.context, self._forms)
        self._receipts = ReceiptPages(self.context)
        self._files = FilePages(self.context)
        self._lists = ChoiceLists(self.context)
        self._pictures = FormPictures(CatalogueReader(config, places))
        self._places = PlacesApi(places)
        self._lag = LagReader(config, CatalogueReader(config, places))
        self._refreshing = asyncio.create_task(self._refresh())
        self._forgetting = asyncio.create_task(forget_always(queue, CatalogueReader(config, places)))

    async def stop(self) -> None:
        """Writes what waits and closes everything."""
        for task in filter(None, (self._refreshing, self._forgetting)):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self.context.intake.queue.stop()
        self.context.archive.close()
        await asyncio.to_thread(self.context.uploads.close)
        self._pictures.close()
        self._lag.close()
        self._reader.close()

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            self.context.catalogue = await asyncio.to_thread(self._reader.read, self.context.catalogue)
            flooded, until_ms = self.throttle.flooded_sites(), now_ms() + NOTE_MS
            with suppress(OSError):  # a note is not worth an edge
                await asyncio.to_thread(write_note, self._config.data, flooded, until_ms=until_ms)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            try:
                response: Response | Download = await self._route(request)
            except Refused as refused:
                response = self._answer_problem(request, refused.problems[0])
        except Disconnected:
            return
        except Exception:
            log.exception("unexpected failure of %s %s", request.method, _route_name(request.path))
            response = self._answer_problem(request, Problem(Code.STORAGE))
        if isinstance(response, Response):
            response.shrink(request)
        await response.send(send, is_head=request.method == "HEAD")

    async def _route(self, request: Request) -> Response | Download:
        path = request.path
        reads = request.method in ("GET", "HEAD")
        if site := _SITE.fullmatch(path):
            code, form = site[1], site[2] or ""
            if request.method == "POST" and not site[3]:
                return await self._forms.post(request, code, form)
            _require(reads)
            if site[3]:
                return self._forms.describe(request, self.context.target(code, form))
            return await self._sites.get(request, code, form)
        if files := _FILES.fullmatch(path):
            _require(request.method == "POST")
            return await self._files.post(request, *files.groups())
        if listed := _LIST.fullmatch(path):
            _require(reads)
            return await self._lists.get(request, *listed.groups())
        if picture := _PICTURE.fullmatch(path):
            _require(reads)
            return await self._pictures.get(picture[1])
        if path == "/R" and request.method == "POST":
            return await self._receipts.post(request)
        if path == "/R/forget":
            _require(request.method == "POST")
            return await self._receipts.forget(request)
        _require(reads)
        if own_file := _OWN_FILE.fullmatch(path):
            return await self._receipts.get_file(request, own_file[1])
        if path == "/R" or path.startswith("/R/"):
            return await self._route_receipt(request, path[3:])
        if path == "/places":
            return self._places.get_suggestions(request)
        if tree := _TREE.fullmatch(path):
            return await self._places.get_tree(request, tree[1])
        if scanned := _PASS.fullmatch(path):
            return redirect(f"/console/n/{scanned[1]}")
        if path == "/metrics":
            exposition = metrics.exposition(self.context, await asyncio.to_thread(self._lag.read))
            return Response(200, exposition, "text/plain; version=0.0.4")
        return self._route_service(request)

    def _route_receipt(self, request: Request, rest: str) -> Awaitable[Response]:
        pages = {
            "": self._receipts.get,
            "pass.png": self._receipts.get_qr,
            "correct": self._receipts.get_correction,
            "withdraw": self._receipts.get_withdrawal,
        }
        handler = pages.get(rest)
        return handler(request) if handler else self._receipts.enter(request, rest)

    def _route_service(self, request: Request) -> Response:
        context = self.context
        match request.path:
            case "/" | "/S" | "/s":
                return self._front(request)
            case "/healthz":
                return Response(200, b"ok", "text/plain")
            case "/readyz":
                ready = context.catalogue.installation is not None and not context.intake.queue.is_full
                return Response(200 if ready else 503, b"ready" if ready else b"not ready", "text/plain")
            case "/robots.txt":
                return Response(200, b"User-agent: *\nDisallow: /\n", "text/plain")
            case "/work.js":
                return self._get_work_script()
            case "/files.js":
                return self._files.get_script(request)
            case "/favicon.ico":
                return Response(204)
        raise refuse(Code.NOT_FOUND)

    def _get_work_script(self) -> Response:
        headers = [("cache-control", "public, max-age=3600")]
        return Response(200, work_script().encode(), "text/javascript; charset=utf-8", headers)

    def _front(self, request: Request) -> Response:
        installation = self.context.catalogue.installation
        if installation is None:
            return redirect("/console/")
        if typed := request.query.get("code", "").strip():
            letters = normalize("NFKC", typed).upper()  # a Chinese keyboard types full-width letters
            code = "".join(letter for letter in letters if letter.isascii() and letter.isalnum())[:16]
            if not code:
                raise refuse(Code.UNKNOWN_SITE)
            return redirect(f"/S/{code}")
        reader = read_reader(request)
        return private_page(front_page(installation=installation, language=reader.language, _=reader._))

    def _answer_problem(self, request: Request, problem: Problem) -> Response:
        reader = read_reader(request)
        wants_json = "json" in request.header(b"content-type") or (
            "json" in request.header(b"accept") or request.path.endswith(".json")
        )
        if wants_json:
            return errors.problem_details([problem], reader._)
        status = errors.status_of(problem)
        html = problem_page(
            installation=self.context.catalogue.installation,
            problem=problem,
            text=message(problem, reader._),
            language=reader.language,
            _=reader._,
        )
        return private_page(html, status)


def _require(is_allowed: bool) -> None:
    if not is_allowed:
        raise refuse(Code.METHOD)


def _route_name(path: str) -> str:
    """The path without what identifies somebody."""
    return "/".join(part if len(part) < 12 else "…" for part in path.split("/"))[:80]
