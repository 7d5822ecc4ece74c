"""A site's form: its page ready in memory, and everything that is posted to it.

Between the app's routing, `edge.site_pages` and `edge.intake`. A JSON post and a form post take the same way
and differ only in how they are read and answered. Must not know: how answers are judged or stored.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import brotli
import msgspec

from tianbao.domain import rows
from tianbao.domain.answers import Answers, as_typed, flatten_typed, nest_answers
from tianbao.domain.files import without_files
from tianbao.domain.forms import Form, Path, QuestionType, describe_questions, text_in
from tianbao.domain.ids import read_uuid7, short_number, write_number, write_uuid
from tianbao.domain.masking import mask_answers, restore_masked
from tianbao.domain.places import Gazetteer
from tianbao.domain.problems import Code, Problem, refuse
from tianbao.domain.receipts import Receipt, derive_receipt, read_secret
from tianbao.domain.sealing import RevisionKind
from tianbao.domain.validation import Validation
from tianbao.edge import errors
from tianbao.edge.archive import OwnRegistration
from tianbao.edge.context import (
    LANGUAGE_ACTION,
    Context,
    Reader,
    give_nonce,
    keep_language,
    new_receipt,
    now_ms,
    read_nonce,
    read_reader,
    read_receipts,
    remember_language,
    remember_receipts,
)
from tianbao.edge.drafts import Source, Target, canonical_content
from tianbao.edge.form_posts import read_posted
from tianbao.edge.http import Request, Response, redirect
from tianbao.edge.intake import Accepted, Invalid, Outcome, local_moment
from tianbao.edge.sections import Walk, row_at
from tianbao.edge.throttle import WORK_COOKIE
from tianbao.render.form_page import Filled, form_page, gzip_page, page_csp
from tianbao.render.plain_page import wait_page
from tianbao.render.receipt_page import confirm_page

PAGE_CACHE_MAX: Final = 512
"""Ready pages in memory, each about 60 kB in all its encodings."""

_CARRIED_FIELDS: Final = frozenset({"_prefilled", "_asked_places", "_told_unasked", "_begun"})
"""Fields of a page, not of the form, that the next page has again."""

_decode_json = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class ReadyPage:
    """The same page in the encodings browsers take."""

    etag: str
    csp: str
    plain: bytes
    brotli: bytes
    gzip: bytes

    def response(self, request: Request) -> Response:
        headers = [
            ("etag", self.etag),
            ("cache-control", "no-cache"),
            ("vary", "accept-encoding, accept-language, cookie"),
            ("content-security-policy", self.csp),
            ("referrer-policy", "no-referrer"),
        ]
        if self.etag in request.header(b"if-none-match"):
            return Response(304, headers=headers)
        accepted = request.header(b"accept-encoding")
        if "br" in accepted:
            return Response(200, self.brotli, headers=[*headers, ("content-encoding", "br")])
        if "gzip" in accepted:
            return Response(200, self.gzip, headers=[*headers, ("content-encoding", "gzip")])
        return Response(200, self.plain, headers=headers)


class FormPages:
    """The handlers of a form's address."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ready: OrderedDict[tuple[int, str, str, str], asyncio.Task[ReadyPage]] = OrderedDict()

    async def get(self, request: Request, target: Target) -> Response:
        """The page, or for a phone that holds a receipt the question whether all is still right."""
        reader = read_reader(request, target.published.form.languages)
        has_cookies = bool(request.header(b"cookie"))
        own = None
        if has_cookies and b"new=" not in request.scope["query_string"]:
            own = await self._own(read_receipts(request), target.published.form)
        if own is not None:
            response = self._prefilled(request, target, reader, own)
        else:
            response = (await self._ready_page(target, reader)).response(request)
        if not has_cookies or read_nonce(request) is None:
            give_nonce(request, response, now_ms())
        remember_language(request, response, reader)
        return response

    async def _own(self, known: list[Receipt], form: Form) -> OwnRegistration | None:
        """What the next registration with a form begins with: the phone's newest with the same."""
        if not any(question.carried for question in form.questions):
            return None
        for receipt in known:
            own = await self._context.archive.open(receipt)
            if own is not None and own.first.form == form.name:
                return None if own.kind is RevisionKind.WITHDRAWN else own
        return None

    def describe(self, request: Request, target: Target) -> Response:
        """`/S/{CODE}.json`: the form for programs, and the forms beside it."""
        form = target.published.form
        reader = read_reader(request, form.languages)
        body = {
            "site": {"code": target.site.code, "name": target.site.name, "area": target.site.area},
            "form": form.name,
            "version": form.version,
            "forms": [
                {
                    "form": (other := beside.published.form).name,
                    "title": text_in(other.title, reader.language),
                    "path": beside.path,
                    "state": beside.phase(now_ms()).value,
                }
                for beside in self._context.targets(target.site.code)
            ],
            "questions": describe_questions(form.questions, reader.language),
        }
        headers = [("cache-control", "no-cache"), ("access-control-allow-origin", "*")]
        return Response(200, msgspec.json.encode(body), "application/json", headers)

    async def post(self, request: Request, code: str, form: str = "") -> Response:
        """A submission, as JSON or as a form post. Under overload it is refused before it is read."""
        target = self._context.target(code, form)
        media_type = request.header(b"content-type").partition(";")[0].strip().lower()
        if request.header(b"content-encoding"):
            raise refuse(Code.MEDIA_TYPE)
        if not request.is_let_in and not self._is_staff(request):
            is_scripted = media_type == "application/json"
            refused = self._judge(request, code, is_scripted=is_scripted)
            if refused is Code.WORK_ASKED:
                return self._ask_for_work(request, target)
            if refused is Code.SLOWER_PLEASE and media_type == "application/x-www-form-urlencoded":
                action = f"{target.path}{'?new=1' if b'new=' in request.scope['query_string'] else ''}"
                return await ask_to_wait(self._context, request, target, action=action)
            if refused:
                raise refuse(refused)
        if media_type == "application/json":
            return await self._post_json(request, target)
        if media_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
            return await self._post_form(request, target)
        raise refuse(Code.MEDIA_TYPE)

    def _judge(self, request: Request, code: str, *, is_scripted: bool) -> Code | None:
        return self._context.throttle.judge(
            code,
            request.address,
            key=request.header(b"idempotency-key"),
            work=request.cookies.get(WORK_COOKIE, ""),
            is_scripted=is_scripted,
        )

    def _ask_for_work(self, request: Request, target: Target) -> Response:
        reader = read_reader(request, target.published.form.languages)
        work = self._context.throttle.work_url(request.header(b"idempotency-key"))
        return errors.problem_details([Problem(Code.WORK_ASKED)], reader._, work=work)

    async def _post_json(self, request: Request, target: Target) -> Response:
        form = target.published.form
        try:
            posted = _decode_json(await request.read_body())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise refuse(Code.MALFORMED_JSON) from None
        answers = posted.get("answers")
        submission, secret = read_uuid7(posted.get("id")), read_secret(posted.get("secret"))
        if submission is None:
            raise refuse(Code.INVALID_ID)
        if secret is None:
            raise refuse(Code.INVALID_SECRET)
        if not isinstance(answers, dict):
            raise refuse(Code.NOT_AN_OBJECT, "answers")
        version = posted.get("version", form.version)
        published = self._context.catalogue.forms.get((form.name, version)) if type(version) is int else None
        if published is None:
            raise refuse(Code.UNKNOWN_VERSION)
        if published is not target.published:
            target = replace(target, published=published)
        source = Source.STAFF if self._is_staff(request) else Source.PHONE
        try:
            accepted = await self._context.intake.register(
                target, Receipt(submission, secret), answers, source=source, now_ms=now_ms()
            )
        except RecursionError:  # what could be read need not be shallow enough to be written
            raise refuse(Code.MALFORMED_JSON) from None
        except Invalid as invalid:
            reader = read_reader(request, form.languages)
            return errors.problem_details(
                invalid.validation.problems, reader._, form=published.form, language=reader.language
            )
        return Response(
            201 if accepted.outcome is Outcome.ACCEPTED else 200,
            msgspec.json.encode(describe_accepted(target, accepted)),
            "application/json",
            [("cache-control", "no-store")],
        )

    def _is_staff(self, request: Request) -> bool:
        token = request.header(b"x-tianbao-staff")
        return bool(token) and _same(token, self._context.staff_token)

    async def _post_form(self, request: Request, target: Target) -> Response:
        form = target.published.form
        posted = await read_posted(request, self._context.uploads, target)
        fields = {name: value for name, value in posted.pairs if name.startswith("_")}
        action = fields.get("_action", "submit")
        known = read_receipts(request)
        own = None
        if known and (action == "confirm" or fields.get("_prefilled")):
            own = await self._own(known, form)
        typed = nest_answers(form, posted.pairs)
        if action == "confirm":
            if own is None:
                return redirect(f"{target.path}?new=1")
            answers = confirm_answers(form, own, typed)
            typed = mask_answers(form, answers)
            fields |= {"_prefilled": "1", "_asked_places": "1"}
        else:
            answers = restore_masked(form, typed, own.answers) if own else typed
        reader = read_reader(request, form.languages, action=action)
        moment = local_moment(now_ms(), target.time_zone)
        begun: dict[str, str] = {}
        if not fields.keys() & {"_shown", "_begun", "_prefilled"}:
            # From the first page, which is the same for everyone and has no default that is worked out.
            left_empty = [name for name, value in posted.pairs if not value.strip()]
            begun = target.published.shower.begin_late(typed, left_empty, moment)
            pairs = [(name, begun.get(name, value)) for name, value in posted.pairs]
            typed = answers = nest_answers(form, pairs)
            fields |= {"_begun": "1"} if begun else {}
        walk = None
        if target.published.shower.last or own:
            walk = Walk(target.published, typed, answers, fields, moment, is_one_page=own is not None)
            answers = walk.answers
        if action.startswith(("add:", "remove:")):
            changed = walk.change_rows(action) if walk else change_rows(form, typed, action)
            return await self._page(target, reader, changed, fields)
        if action.startswith(LANGUAGE_ACTION):
            typed_so_far = Filled(values=flatten_typed(form, typed), rows=rows.count_rows(typed))
            response = await self._page(target, reader, walk.again() if walk else typed_so_far, fields)
            keep_language(request, response, reader)
            return response
        validation = target.published.validate(answers, moment)
        validation.prefer(posted.problems)
        filled = filled_with(form, typed, validation, self._context.places, reader.language)
        if walk and (action == "continue" or "_shown" in fields) and (following := walk.go_on(filled)):
            return await self._page(target, reader, following, fields)
        if (walk is None or (own and "_shown" in fields)) and "_told_unasked" not in fields:
            unasked = target.published.shower.find_unasked(answers, moment)
            fields |= {"_told_unasked": "1"} if unasked else {}
            filled = tell_unasked(filled, validation, unasked)
        accepted = None
        if begun and not validation.problems:
            # Nothing is registered that nobody saw.
            return await self._page(target, reader, replace(filled, goes_on_at=next(iter(begun))), fields)
        if validation.problems or (validation.unclear and not fields.get("_asked_places")):
            self._context.intake.outcomes[Outcome.INVALID] += 1
        else:
            nonce = read_nonce(request)
            receipt = derive_receipt(nonce, canonical_content(target, answers)) if nonce else new_receipt(now_ms())
            try:
                accepted = await self._context.intake.register(target, receipt, answers, now_ms=now_ms())
            except Invalid as invalid:  # a file that is gone
                filled = filled_with(form, typed, invalid.validation, self._context.places, reader.language)
        if accepted is None:
            fields = {**fields, "_asked_places": "1"}
            return await self._page(target, reader, walk.end(filled) if walk else filled, fields)
        response = redirect("/R")
        others = [other for other in known if other.id != accepted.receipt.id]
        deletion_days = target.installation.deletion_days
        remember_receipts(request, response, [accepted.receipt, *others], deletion_days=deletion_days)
        give_nonce(request, response, now_ms())
        return response

    async def _ready_page(self, target: Target, reader: Reader) -> ReadyPage:
        """The page that is the same for everyone, rendered and compressed once, off the loop.

        However many phones ask in the moment after something was published: they wait for the same task.
        """
        key = (self._context.catalogue.generation, target.site.code, target.published.form.name, reader.language)
        if key not in self._ready:
            self._ready[key] = asyncio.create_task(asyncio.to_thread(render_ready, target, reader))
            if len(self._ready) > PAGE_CACHE_MAX:
                self._ready.popitem(last=False)
        self._ready.move_to_end(key)
        try:
            return await asyncio.shield(self._ready[key])
        except Exception:
            self._ready.pop(key, None)
            raise

    def _prefilled(self, request: Request, target: Target, reader: Reader, own: OwnRegistration) -> Response:
        form = target.published.form
        carried = carry_answers(form, mask_answers(form, own.answers))
        if "edit" in request.query:
            moment = local_moment(now_ms(), target.time_zone)
            kept = as_typed(form, carry_answers(form, own.answers))
            shown = as_typed(form, carried)
            filled = Walk(target.published, shown, kept, {}, moment, is_one_page=True).end()
            html = form_page(
                installation=target.installation,
                site=target.site,
                form=form,
                language=reader.language,
                _=reader._,
                action=target.path,
                filled=filled,
                hidden={"_prefilled": "1"},
            )
        else:
            html = confirm_page(
                installation=target.installation,
                site=target.site,
                form=form,
                language=reader.language,
                _=reader._,
                answers=carried,
            )
        return private_page(html)

    async def _page(
        self,
        target: Target,
        reader: Reader,
        filled: Filled,
        fields: dict[str, str],
    ) -> Response:
        """A page that comes back from a form post."""
        html = await asyncio.to_thread(
            form_page,
            installation=target.installation,
            site=target.site,
            form=target.published.form,
            language=reader.language,
            _=reader._,
            action=target.path,
            filled=filled,
            hidden={name: value for name, value in fields.items() if name in _CARRIED_FIELDS},
        )
        return private_page(html, 422 if filled.problems or filled.candidates else 200)


def render_ready(target: Target, reader: Reader) -> ReadyPage:
    """Renders the page of a site's form and compresses it as well as the encodings can."""
    html = form_page(
        installation=target.installation,
        site=target.site,
        form=target.published.form,
        language=reader.language,
        _=reader._,
        action=target.path,
    )
    plain = html.encode()
    return ReadyPage(
        etag=f'"{hashlib.sha256(plain).hexdigest()[:20]}"',
        csp=page_csp(html),
        plain=plain,
        brotli=brotli.compress(plain, quality=11, mode=brotli.MODE_TEXT),
        gzip=gzip_page(html),
    )


def private_page(html: str, status: int = 200) -> Response:
    """A page made for one reader: kept nowhere."""
    return Response(
        status,
        html.encode(),
        headers=[*private_headers(page_csp(html)), *errors.retry_headers(status)],
    )


def private_headers(csp: str) -> list[tuple[str, str]]:
    """What the browser is told with a page made for one reader."""
    return [("cache-control", "no-store"), ("content-security-policy", csp), ("referrer-policy", "no-referrer")]


def filled_with(
    form: Form, answers: dict[str, Any], validation: Validation, places: Gazetteer, language: str
) -> Filled:
    """What somebody typed, with every problem and every place or long list's choice to choose from."""
    candidates = {
        path: tuple((place.code, places.full_name(place.code)) for place in found)
        for path, found in validation.unclear.items()
    }
    candidates |= {
        path: tuple((choice.name, text_in(choice.label, language)) for choice in found)
        for path, found in validation.meant.items()
        if found
    }
    return Filled(
        values=flatten_typed(form, answers),
        rows=rows.count_rows(answers),
        problems=tuple(validation.problems),
        candidates=candidates,
    )


def tell_unasked(filled: Filled, validation: Validation, unasked: Sequence[Path]) -> Filled:
    """Says of what was typed where nothing is asked that it will not be kept; to be said once."""
    validation.prefer([Problem(Code.NOT_ASKED, path) for path in unasked])
    return replace(filled, problems=tuple(validation.problems))


def change_rows(form: Form, answers: dict[str, Any], action: str) -> Filled:
    """One row more or less, by a button of a page without script; everything typed is kept."""
    changed, shown = rows.change_rows(form, answers, action)
    count = {**rows.count_rows(changed), **shown}
    return Filled(values=flatten_typed(form, changed), rows=count, goes_on_at=row_at(action, shown))


def carry_answers(form: Form, answers: Answers) -> Answers:
    """The answers the next registration begins with: without those of the moment, and without files."""
    answers = without_files(form, answers)
    return {
        question.name: answers[question.name]
        for question in form.questions
        if question.carried and answers.get(question.name) is not None
    }


def confirm_answers(form: Form, own: OwnRegistration, given: dict[str, Any]) -> dict[str, Any]:
    """What a confirming tap says: everything carried, what was asked anew, the acknowledgement at the button."""
    answers = dict(carry_answers(form, own.answers))
    for question in form.questions:
        if question.type is QuestionType.ACKNOWLEDGE:
            answers[question.name] = True
        elif not question.carried and question.name in given:
            answers[question.name] = given[question.name]
    return answers


def describe_accepted(target: Target, accepted: Accepted) -> dict[str, Any]:
    """The answer to a JSON post (DESIGN, contract)."""
    number = short_number(accepted.row.record)
    return {
        "id": write_uuid(accepted.row.id),
        "number": write_number(number),
        "receipt": accepted.receipt.token,
        "status": "registered",
        "reasons": [],
        "pass": pass_url(target.installation.address, number),
    }


def pass_url(address: str, number: str) -> str:
    """What staff scan: it leads to the record for whoever is signed in, and opens nothing for anybody else."""
    return f"{address}/P/{number}"


async def ask_to_wait(context: Context, request: Request, target: Target, *, action: str) -> Response:
    """The answers in a page of their own, to be sent again to `action` by a tap."""
    reader = read_reader(request, target.published.form.languages)
    html = wait_page(
        installation=target.installation,
        site=target.site,
        pairs=await request.read_form(),
        wait_s=(wait_s := context.throttle.unscripted_wait_s(target.site.code)),
        language=reader.language,
        _=reader._,
        action=action,
    )
    response = private_page(html, 429)
    response.headers = [pair for pair in response.headers if pair[0] != "retry-after"]
    response.headers.append(("retry-after", str(wait_s)))
    return response


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
