"""`/R`: one's own registration, by the receipt: see it, correct it, withdraw it, forget it on this phone.

Between the app's routing and `edge.archive` and `edge.intake`. A link sets the cookie and redirects; a GET
changes nothing. Must not know: how a receipt opens what it opens.
"""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from functools import partial
from typing import Final

from tianbao.domain.answers import as_typed, nest_answers
from tianbao.domain.files import by_content, files_in, hide_tokens, restore_tokens, token_of
from tianbao.domain.forms import Form, Kind, answer_at
from tianbao.domain.ids import short_number, write_number
from tianbao.domain.masking import mask_answers, restore_masked
from tianbao.domain.names import mask_name
from tianbao.domain.problems import Code, refuse
from tianbao.domain.receipts import Receipt, read_receipt
from tianbao.domain.sealing import RevisionKind
from tianbao.edge.archive import OwnRegistration
from tianbao.edge.catalogue import Catalogue
from tianbao.edge.context import (
    LANGUAGE_ACTION,
    Context,
    Reader,
    keep_language,
    now_ms,
    read_reader,
    read_receipts,
    remember_language,
    remember_receipts,
)
from tianbao.edge.drafts import Target
from tianbao.edge.form_pages import ask_to_wait, filled_with, pass_url, private_headers, private_page, tell_unasked
from tianbao.edge.form_posts import read_posted
from tianbao.edge.http import Download, Request, Response, redirect
from tianbao.edge.intake import Invalid, local_moment
from tianbao.edge.sections import Walk
from tianbao.render.form_page import Filled, Purpose, form_page
from tianbao.render.mould import Mould, Poured
from tianbao.render.qr import qr_png
from tianbao.render.receipt_page import (
    ReceiptState,
    ReceiptView,
    forgotten_page,
    pour_receipt,
    receipt_mould,
    withdraw_page,
)

QR_SCALE: Final = 8
"""Pixels a module: large enough for a photograph of the screen."""

MOULDS_MAX: Final = 500
"""Receipt pages that are ready but for somebody's own words, some 40 kB each."""

_STATES: Final = {
    RevisionKind.REGISTERED: ReceiptState.REGISTERED,
    RevisionKind.CORRECTED: ReceiptState.CORRECTED,
    RevisionKind.STAFF_CORRECTED: ReceiptState.CORRECTED,
    RevisionKind.WITHDRAWN: ReceiptState.WITHDRAWN,
}


class ReceiptPages:
    """The handlers of /R."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._moulds: tuple[Catalogue, dict[tuple[object, ...], Mould]] = (Catalogue(), {})

    async def enter(self, request: Request, token: str) -> Response:
        """A receipt link: the cookie, and on to the page without the secret in its address."""
        receipt = read_receipt(token)
        own = await self._context.archive.open(receipt) if receipt else None
        if own is None:
            raise refuse(Code.UNKNOWN_RECEIPT)
        response = redirect("/R")
        others = [other for other in read_receipts(request) if other.id != own.receipt.id]
        self._remember(request, response, [own.receipt, *others])
        return response

    async def get(self, request: Request) -> Response:
        """The registration, and the others of this phone."""
        known = read_receipts(request)
        all_own = await self._context.archive.open_all(known)
        index = _index(request)
        own = all_own[index] if index < len(known) else None
        if own is None:
            raise refuse(Code.UNKNOWN_RECEIPT)
        target = self._standing_target(own)
        reader = read_reader(request, target.published.form.languages)
        others = tuple(
            (place, mask_name(_name_of(other, target)), _number(other.receipt))
            for place, other in enumerate(all_own)
            if other is not None and place != index
        )
        view = self._view(own, target, others, index=index)
        mould = self._mould(target, reader, view.state, is_named=bool(_name_of(own, target)))
        form = target.published.form
        page = pour_receipt(mould, form=form, language=reader.language, _=reader._, receipt=view)
        response = _poured_page(request, page)
        remember_language(request, response, reader)
        return response

    async def get_qr(self, request: Request) -> Response:
        """The QR that staff scan, as a PNG that a long press saves."""
        _, own, target = await self._own(request)
        text = pass_url(target.installation.address, short_number(own.receipt.id))
        png = await asyncio.to_thread(qr_png, text, QR_SCALE)
        return Response(200, png, "image/png", [("cache-control", "private, no-store")])

    async def get_file(self, request: Request, file_id: str) -> Download:
        """A file of one's own, to keep."""
        _, own, target = await self._own(request)
        files = files_in(target.published.form, own.answers)
        token = next((token for _, file in files if (token := token_of(file)) and token.id == file_id), None)
        if token is None:
            raise refuse(Code.NOT_FOUND)
        uploads = self._context.uploads
        find = partial(uploads.folder.open, token, day=own.day.name, record=own.receipt.id)
        reader = await uploads.work(find)
        if reader is None:
            raise refuse(Code.NOT_FOUND)
        return Download(reader.head.name, reader.head.bytes, reader.pieces(), uploads.work)

    async def get_correction(self, request: Request) -> Response:
        """The form with one's own answers, numbers masked."""
        _, own, target = await self._own(request)
        _refuse_withdrawn(own)
        form = target.published.form
        reader = read_reader(request, form.languages)
        moment = local_moment(now_ms(), target.time_zone)
        shown = as_typed(form, hide_tokens(form, mask_answers(form, own.answers)))
        kept = as_typed(form, own.answers)
        filled = Walk(target.published, shown, kept, {}, moment, is_one_page=True).end()
        return await self._correction_page(request, target, reader, own, filled, own.revision)

    async def get_withdrawal(self, request: Request) -> Response:
        """Asks once more."""
        known, own, target = await self._own(request)
        _refuse_withdrawn(own)
        reader = read_reader(request, target.published.form.languages)
        html = withdraw_page(
            installation=target.installation,
            site=target.site,
            form=target.published.form,
            language=reader.language,
            _=reader._,
            receipt=self._view(own, target, (), index=known.index(own.receipt)),
        )
        return private_page(html)

    async def post(self, request: Request) -> Response:
        """A correction or a withdrawal, on top of the revision the page showed."""
        known, own, target = await self._own(request)
        refused = self._context.throttle.judge(
            target.site.code, request.address, key="", work="", is_scripted=False
        )
        if refused is Code.SLOWER_PLEASE and "urlencoded" in request.header(b"content-type"):
            action = f"/R{_query(known.index(own.receipt))}"
            return await ask_to_wait(self._context, request, target, action=action)
        if refused:
            raise refuse(refused)
        posted = await read_posted(request, self._context.uploads, target)
        fields = {name: value for name, value in posted.pairs if name.startswith("_")}
        back = f"/R{_query(known.index(own.receipt))}"
        action = fields.get("_action", "correct")
        shown = fields.get("_revision", "")
        revision = int(shown) if shown.isascii() and shown.isdecimal() and len(shown) < 9 else own.revision
        form = target.published.form
        if action == "withdraw":
            _refuse_withdrawn(own)
            await self._context.intake.revise(
                target,
                own.receipt,
                own.answers,
                kind=RevisionKind.WITHDRAWN,
                revision=own.revision,
                day=own.day,
                now_ms=now_ms(),
            )
            return redirect(back)
        typed = nest_answers(form, posted.pairs)
        answers = restore_tokens(form, restore_masked(form, typed, own.answers), own.answers)
        reader = read_reader(request, form.languages, action=action)
        moment = local_moment(now_ms(), target.time_zone)
        walk = Walk(target.published, typed, answers, fields, moment, is_one_page=True)
        answers = walk.answers
        if action.startswith(("add:", "remove:")):
            changed = walk.change_rows(action)
            return await self._correction_page(request, target, reader, own, changed, revision)
        if action.startswith(LANGUAGE_ACTION):
            response = await self._correction_page(request, target, reader, own, walk.again(), revision)
            keep_language(request, response, reader)
            return response
        validation = target.published.validate(answers, moment)
        validation.prefer(posted.problems)
        filled = filled_with(form, typed, validation, self._context.places, reader.language)
        if "_shown" in fields and (following := walk.go_on(filled)):
            return await self._correction_page(request, target, reader, own, following, revision)
        if "_shown" in fields and "_told_unasked" not in fields:
            filled = tell_unasked(filled, validation, target.published.shower.find_unasked(answers, moment))
        if validation.problems or (validation.unclear and not fields.get("_asked_places")):
            return await self._correction_page(request, target, reader, own, walk.end(filled), revision)
        if revision != own.revision and not _was_sent_twice(form, own, validation.answers, revision):
            raise refuse(Code.CHANGED_MEANWHILE)
        _refuse_withdrawn(own)
        if revision == own.revision:
            try:
                await self._context.intake.revise(
                    target,
                    own.receipt,
                    answers,
                    kind=RevisionKind.CORRECTED,
                    revision=revision,
                    day=own.day,
                    now_ms=now_ms(),
                )
            except Invalid as invalid:  # a file that is gone
                filled = filled_with(form, typed, invalid.validation, self._context.places, reader.language)
                return await self._correction_page(request, target, reader, own, walk.end(filled), revision)
        return redirect(back)

    async def forget(self, request: Request) -> Response:
        """Removes one registration, or all, from this phone's memory; nothing changes on the server."""
        await request.read_form()
        reader = read_reader(request)
        installation = self._context.catalogue.installation
        if installation is None:
            raise refuse(Code.NOT_READY)
        html = forgotten_page(installation=installation, language=reader.language, _=reader._)
        response = private_page(html)
        self._remember(request, response, [])
        return response

    async def _own(self, request: Request) -> tuple[list[Receipt], OwnRegistration, Target]:
        known = read_receipts(request)
        index = _index(request)
        chosen = known[index] if index < len(known) else None
        own = await self._context.archive.open(chosen) if chosen else None
        if own is None:
            raise refuse(Code.UNKNOWN_RECEIPT)
        return known, own, self._standing_target(own)

    def _standing_target(self, own: OwnRegistration) -> Target:
        return self._context.standing_target(own.first.site, own.first.form, own.first.version)

    def _mould(self, target: Target, reader: Reader, state: ReceiptState, *, is_named: bool) -> Mould:
        """Made when first asked for after something was published."""
        catalogue = self._context.catalogue
        if catalogue is not self._moulds[0]:
            self._moulds = catalogue, {}
        form = target.published.form
        key = (target.site.code, form.name, form.version, reader.language, state, is_named)
        mould = self._moulds[1].get(key)
        if mould is None:
            if len(self._moulds[1]) >= MOULDS_MAX:
                self._moulds[1].clear()
            mould = self._moulds[1][key] = receipt_mould(
                installation=target.installation,
                site=target.site,
                form=form,
                language=reader.language,
                _=reader._,
                state=state,
                is_named=is_named,
            )
        return mould

    async def _correction_page(
        self,
        request: Request,
        target: Target,
        reader: Reader,
        own: OwnRegistration,
        filled: Filled,
        revision: int,
    ) -> Response:
        status = 422 if filled.problems or filled.candidates else 200
        hidden = {"_revision": str(revision)}
        if status == 422:
            hidden["_asked_places"] = "1"
        if any(problem.code is Code.NOT_ASKED for problem in filled.problems):
            hidden["_told_unasked"] = "1"
        html = await asyncio.to_thread(
            form_page,
            installation=target.installation,
            site=target.site,
            form=target.published.form,
            language=reader.language,
            _=reader._,
            action=f"/R{_query(_index(request))}",
            filled=filled,
            purpose=Purpose.CORRECT,
            hidden=hidden,
        )
        return private_page(html, status)

    def _view(
        self, own: OwnRegistration, target: Target, others: tuple[tuple[int, str, str], ...], *, index: int
    ) -> ReceiptView:
        return ReceiptView(
            number=_number(own.receipt),
            state=_STATES[own.kind],
            registered_at=datetime.fromtimestamp(own.first.received_ms / 1000, target.time_zone),
            revision=own.revision,
            answers=own.answers,
            marks=own.marks,
            own_link=f"{target.installation.address}/R/{own.receipt.token}",
            others=others,
            delete_on=date.fromisoformat(own.delete_on),
            index=index,
        )

    def _remember(self, request: Request, response: Response, known: list[Receipt]) -> None:
        installation = self._context.catalogue.installation
        days = installation.deletion_days if installation else 1
        remember_receipts(request, response, known, deletion_days=days)


def _poured_page(request: Request, page: Poured) -> Response:
    headers = private_headers(page.mould.csp)
    if "gzip" not in request.header(b"accept-encoding"):
        return Response(200, page.html, headers=headers)
    return Response(200, page.gzip, headers=[*headers, ("content-encoding", "gzip")])


def _was_sent_twice(form: Form, own: OwnRegistration, answers: dict[str, object], revision: int) -> bool:
    return own.revision == revision + 1 and by_content(form, own.answers) == by_content(form, answers)


def _refuse_withdrawn(own: OwnRegistration) -> None:
    if own.kind is RevisionKind.WITHDRAWN:
        raise refuse(Code.WITHDRAWN)


def _index(request: Request) -> int:
    """Which of this phone's registrations is meant."""
    index = request.query.get("i", "0")
    return int(index) if index.isascii() and index.isdecimal() and len(index) < 3 else 0


def _query(index: int) -> str:
    return f"?i={index}" if index else ""


def _number(receipt: Receipt) -> str:
    return write_number(short_number(receipt.id))


def _name_of(own: OwnRegistration, target: Target) -> str:
    return str(answer_at(own.answers, target.published.form.path_of(Kind.PERSON_NAME)) or "")
