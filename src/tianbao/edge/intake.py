"""One submission from its answers to its place on disk: validate, seal, queue, one named outcome.

Between the pages and the commit queue; the JSON and the form post, the confirming tap and the correction all
end here. Must not know: HTTP, cookies, HTML.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import IntEnum, StrEnum
from hmac import compare_digest
from random import SystemRandom
from typing import Any, NamedTuple

import msgspec

from tianbao.domain import receipts, sealing
from tianbao.domain.files import by_content, files_in
from tianbao.domain.ids import unix_ms_of
from tianbao.domain.problems import Code, Problem, Refused, refuse
from tianbao.domain.receipts import Receipt
from tianbao.domain.sealing import RevisionKind
from tianbao.domain.sites import Hours, Installation, Phase, Site, SiteState
from tianbao.domain.validation import Moment, Validation
from tianbao.edge.archive import Archive
from tianbao.edge.catalogue import PublishedForm
from tianbao.edge.commit_queue import CommitQueue
from tianbao.edge.sealer import DataKey, Sealer, seal_identity
from tianbao.edge.uploads import Uploads
from tianbao.store.hot_sql import SubmissionRow
from tianbao.store.key_file import DayKey

_chance = SystemRandom()
_sorted_json = msgspec.json.Encoder(order="sorted").encode
_json = msgspec.json.Encoder().encode


class Source(IntEnum):
    """How a submission came in; the numbers of store.models.Source."""

    PHONE = 1
    STAFF = 2


class Outcome(StrEnum):
    """How a post ended; every post ends in exactly one."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    CONFLICTING = "conflicting"
    INVALID = "invalid"
    REFUSED = "refused"
    BUSY = "busy"
    FAILED = "failed"


class Accepted(NamedTuple):
    """What stands on disk. `outcome` is ACCEPTED or REPEATED."""

    outcome: Outcome
    receipt: Receipt
    row: SubmissionRow


class Invalid(Exception):
    """The answers do not pass; carries the whole validation, so that a page can show what was unclear."""

    def __init__(self, validation: Validation) -> None:
        super().__init__(len(validation.problems))
        self.validation = validation


@dataclass(frozen=True, slots=True)
class Target:
    """Where a submission goes: the site, the form version it answers, and the installation's promises.

    `hours` say when the site takes new ones.
    """

    installation: Installation
    time_zone: tzinfo
    site: Site
    published: PublishedForm
    hours: Hours

    @property
    def path(self) -> str:
        return self.site.path(self.published.form.name)

    def phase(self, now_ms: int) -> Phase:
        return Phase.CLOSED if self.site.state is SiteState.CLOSED else self.hours.phase(now_ms)


class Draft(NamedTuple):
    """One revision before it is validated.

    `day` is the first submission's, which opens all revisions and says when they are deleted; None for a first
    submission, which takes today's.
    """

    receipt: Receipt
    answers: dict[str, Any]
    submission: str
    revision: int
    kind: RevisionKind
    source: Source
    day: DayKey | None
    now_ms: int


class Intake:
    """One for an edge process, used from its event loop."""

    def __init__(self, queue: CommitQueue, sealer: Sealer, archive: Archive, uploads: Uploads) -> None:
        self.queue = queue
        self._uploads = uploads
        self._sealer = sealer
        self._archive = archive
        self.outcomes: Counter[Outcome] = Counter()

    async def register(
        self,
        target: Target,
        receipt: Receipt,
        answers: dict[str, Any],
        *,
        source: Source = Source.PHONE,
        now_ms: int,
    ) -> Accepted:
        """A first submission. Raises Invalid, or Refused: BUSY, STORAGE, CONTENT_DIFFERS, SITE_CLOSED, FORM_CLOSED,
        FORM_NOT_OPEN_YET.
        """
        draft = Draft(receipt, answers, receipt.id, 1, RevisionKind.REGISTERED, source, None, now_ms)
        return await self._count(self._take(target, draft))

    def take_plain(
        self,
        target: Target,
        receipt: Receipt,
        answers: dict[str, Any],
        done: Callable[[Accepted | None], None],
        *,
        now_ms: int,
    ) -> bool:
        """Takes a first submission with which nothing is wrong; of any other it says False and does nothing.

        Calls `done` once it is on disk, with None where something stood there before or it could not be written.
        Refused: BUSY.
        """
        draft = Draft(receipt, answers, receipt.id, 1, RevisionKind.REGISTERED, Source.PHONE, None, now_ms)
        if target.published.has_files or _closed(target, draft):
            return False
        moment = local_moment(now_ms, target.time_zone)
        validation = target.published.validate(answers, moment)
        if validation.problems:
            return False
        mac = receipts.content_mac(receipt.secret, canonical_content(target, answers))
        day = self._sealer.open_day(moment.today, target.installation.deletion_days)
        data_key = self._sealer.data_key(day, now_ms)
        row = _seal_row(target, draft, validation, day, data_key, mac)

        def finish(standing: SubmissionRow | None, is_stored: bool) -> None:
            if standing is not None or not is_stored:
                done(None)
                return
            data_key.row = None
            self.outcomes[Outcome.ACCEPTED] += 1
            done(Accepted(Outcome.ACCEPTED, receipt, row))

        self.queue.put(row, data_key.row, finish)
        return True

    async def revise(
        self,
        target: Target,
        receipt: Receipt,
        answers: dict[str, Any],
        *,
        kind: RevisionKind,
        revision: int,
        day: DayKey,
        now_ms: int,
    ) -> Accepted:
        """The registrant's correction or withdrawal on top of `revision`; `day` is the first submission's."""
        content = b"%d " % kind + canonical_content(target, answers)
        submission = receipts.derive_revision_id(receipt, revision, content)
        draft = Draft(receipt, answers, submission, revision + 1, kind, Source.PHONE, day, now_ms)
        return await self._count(self._take(target, draft))

    async def _count(self, taking: Awaitable[Accepted]) -> Accepted:
        try:
            accepted = await taking
        except Invalid:
            self.outcomes[Outcome.INVALID] += 1
            raise
        except Refused as refused:
            self.outcomes[_OUTCOMES.get(refused.problems[0].code, Outcome.REFUSED)] += 1
            raise
        except BaseException:
            self.outcomes[Outcome.FAILED] += 1
            raise
        self.outcomes[accepted.outcome] += 1
        return accepted

    async def _take(self, target: Target, draft: Draft) -> Accepted:
        mac = receipts.content_mac(draft.receipt.secret, canonical_content(target, draft.answers))
        closed = _closed(target, draft) if draft.kind is RevisionKind.REGISTERED else None
        if closed or target.published.has_files:
            # a retry of what came before the site closed, or whose files are its own since the day it came
            standing = await self._archive.find(draft.receipt.id, draft.revision)
            if standing is not None:
                return _repeated(draft, mac, standing)
        if closed:
            raise refuse(closed)
        moment = local_moment(draft.now_ms, target.time_zone)
        validation = target.published.validate(draft.answers, moment)
        if validation.problems:
            raise Invalid(validation)
        day = draft.day or self._sealer.open_day(moment.today, target.installation.deletion_days)
        if target.published.has_files:
            await self._uploads.work(self._claim_files, target, validation, day.name, draft.receipt.id)
            if validation.problems:
                raise Invalid(validation)
        data_key = self._sealer.data_key(day, draft.now_ms)
        row = _seal_row(target, draft, validation, day, data_key, mac)
        standing = await self.queue.submit(row, data_key.row)
        data_key.row = None
        return (
            Accepted(Outcome.ACCEPTED, draft.receipt, row) if standing is None else _repeated(draft, mac, standing)
        )

    def _claim_files(self, target: Target, validation: Validation, day: str, record: str) -> None:
        """Makes the files in the answers this record's, on disk when it returns; puts what is wrong to the rest."""
        folder, form = self._uploads.folder, target.published.form
        settled, problems, files = folder.settle(
            form, validation.answers, site=target.site.code, day=day, record=record
        )
        if not problems and files and not folder.claim(files, day=day, record=record):
            problems = [Problem(Code.NOT_A_FILE, path) for path, _ in files_in(form, settled)]
        validation.answers = settled
        validation.problems += problems


def _closed(target: Target, draft: Draft) -> Code | None:
    """Why a new registration is not taken, if it is not."""
    if target.site.state is SiteState.CLOSED:
        return Code.SITE_CLOSED
    if target.hours.takes(begun_ms=unix_ms_of(draft.receipt.id), now_ms=draft.now_ms):
        return None
    is_early = target.hours.phase(draft.now_ms) is Phase.SCHEDULED
    return Code.FORM_NOT_OPEN_YET if is_early else Code.FORM_CLOSED


def _repeated(draft: Draft, mac: bytes, standing: SubmissionRow) -> Accepted:
    if standing.id != draft.submission:  # another correction of the same revision came first
        raise refuse(Code.CHANGED_MEANWHILE)
    same_secret = compare_digest(standing.secret_digest, receipts.secret_digest(draft.receipt.secret))
    if not same_secret or not compare_digest(standing.mac, mac):
        raise refuse(Code.CONTENT_DIFFERS)
    return Accepted(Outcome.REPEATED, draft.receipt, standing)


def _seal_row(
    target: Target, draft: Draft, validation: Validation, day: DayKey, data_key: DataKey, mac: bytes
) -> SubmissionRow:
    form = target.published.form
    facts, identity = target.published.split(validation.answers)
    record = draft.receipt.id
    sealed_key, sealed = seal_identity(
        _json({"answers": identity}),
        data_key=data_key,
        content_key=sealing.content_key_from(draft.receipt.secret, day.pepper, record),
        record=record,
        revision=draft.revision,
        kind=draft.kind,
    )
    marks = {"marks": validation.marks} if validation.marks else {}
    return SubmissionRow(
        id=draft.submission,
        record=record,
        revision=draft.revision,
        kind=draft.kind,
        source=draft.source,
        site=target.site.code,
        county=target.site.county,
        form=form.name,
        version=form.version,
        received_ms=draft.now_ms,
        secret_digest=receipts.secret_digest(draft.receipt.secret),
        mac=mac,
        data_key=data_key.id,
        sealed_key=sealed_key,
        sealed=sealed,
        facts=_json({"answers": facts, **marks}).decode(),
    )


_OUTCOMES = {
    Code.BUSY: Outcome.BUSY,
    Code.STORAGE: Outcome.FAILED,
    Code.CONTENT_DIFFERS: Outcome.CONFLICTING,
    Code.CHANGED_MEANWHILE: Outcome.CONFLICTING,
}


def canonical_content(target: Target, answers: dict[str, Any]) -> bytes:
    """What makes a submission the same: site, form and answers, however their keys were ordered."""
    form = target.published.form
    if target.published.has_files:
        answers = by_content(form, answers)
    return b"%s %s " % (target.site.code.encode(), form.name.encode()) + _sorted_json(answers)


def local_moment(now_ms: int, time_zone: tzinfo) -> Moment:
    """The time at the installation, and chance, for what a form works out."""
    return Moment(datetime.fromtimestamp(now_ms / 1000, time_zone), _chance.random)
