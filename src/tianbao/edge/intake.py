"""One submission from its answers to its place on disk: validate, seal, queue, one named outcome.

Between the pages and the commit queue; the JSON and the form post, the confirming tap and the correction all
end here. Must not know: HTTP, cookies, HTML.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, tzinfo
from enum import StrEnum
from hmac import compare_digest
from random import SystemRandom
from typing import Any, NamedTuple

import msgspec

from tianbao.domain import receipts
from tianbao.domain.files import files_in
from tianbao.domain.ids import unix_ms_of
from tianbao.domain.problems import Code, Problem, Refused, refuse
from tianbao.domain.receipts import Receipt
from tianbao.domain.sealing import RevisionKind
from tianbao.domain.sites import Phase, SiteState
from tianbao.domain.validation import Moment, Validation
from tianbao.edge.archive import Archive
from tianbao.edge.commit_queue import CommitQueue
from tianbao.edge.drafts import Draft, Judged, Source, Target, canonical_content, draft_mac, seal_rows
from tianbao.edge.sealer import DataKey, Sealer
from tianbao.edge.uploads import Uploads
from tianbao.store.hot_sql import SubmissionRow
from tianbao.store.key_file import DayKey

log = logging.getLogger(__name__)
_chance = SystemRandom()
_sorted_json = msgspec.json.Encoder(order="sorted").encode
_json = msgspec.json.Encoder().encode


class Outcome(StrEnum):
    """How a post ended; every post ends in exactly one."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    CONFLICTING = "conflicting"
    INVALID = "invalid"
    REFUSED = "refused"
    BUSY = "busy"
    WORK_ASKED = "work_asked"
    """In a flood: its phone has to work first."""
    SLOWED = "slowed"
    """The same, from a page without script."""
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


class Plain(NamedTuple):
    """A first submission that came by the short way, and who waits for it."""

    target: Target
    receipt: Receipt
    answers: dict[str, Any]
    done: Callable[[Accepted | None], None]


class _Gate(NamedTuple):
    moment: Moment
    day: DayKey
    data_key: DataKey


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

    def take_plain(self, arrived: Sequence[Plain], *, now_ms: int) -> None:
        """Takes first submissions with which nothing is wrong, many at a time and stage by stage.

        `done` of each is called with what stands on disk; with None for one that is not plain, that stood there
        before, or that could not be written.
        """
        judged: list[Judged] = []
        dones: list[Callable[[Accepted | None], None]] = []
        gates: dict[int, _Gate | None] = {}
        for target, receipt, answers, done in arrived:
            if id(target) not in gates:
                gates[id(target)] = self._open_gate(target, now_ms)
            gate = gates[id(target)]
            validation = gate and _validate(target, answers, gate.moment)
            if gate is None or validation is None or validation.problems:
                done(None)
                continue
            draft = Draft(receipt, answers, receipt.id, 1, RevisionKind.REGISTERED, Source.PHONE, None, now_ms)
            judged.append(Judged(target, draft, validation, gate.day, gate.data_key))
            dones.append(done)
        try:
            rows = seal_rows(judged)
        except Exception:
            log.exception("%d submissions could not be sealed together", len(judged))
            for done in dones:
                done(None)
            return
        for one, row, done in zip(judged, rows, dones, strict=True):
            self._put(one, row, done)

    def _open_gate(self, target: Target, now_ms: int) -> _Gate | None:
        """What all plain registrations of a moment have in common; None where there are none."""
        if target.published.has_files or target.phase(now_ms) is not Phase.OPEN:
            return None
        moment = local_moment(now_ms, target.time_zone)
        try:
            day = self._sealer.open_day(moment.today, target.installation.deletion_days)
            return _Gate(moment, day, self._sealer.data_key(day, now_ms))
        except Exception:
            log.exception("the keys of the day cannot be opened")
            return None

    def _judge(self, target: Target, draft: Draft) -> Judged:
        moment = local_moment(draft.now_ms, target.time_zone)
        validation = target.published.validate(draft.answers, moment)
        day = draft.day or self._sealer.open_day(moment.today, target.installation.deletion_days)
        return Judged(target, draft, validation, day, self._sealer.data_key(day, draft.now_ms))

    def _put(self, judged: Judged, row: SubmissionRow, done: Callable[[Accepted | None], None]) -> None:
        data_key = judged.data_key

        def finish(standing: SubmissionRow | None, is_stored: bool) -> None:
            if standing is not None or not is_stored:
                done(None)
                return
            data_key.row = None
            self.outcomes[Outcome.ACCEPTED] += 1
            done(Accepted(Outcome.ACCEPTED, judged.draft.receipt, row))

        try:
            self.queue.put(row, data_key.row, finish)
        except Refused:
            done(None)

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
        closed = _closed(target, draft) if draft.kind is RevisionKind.REGISTERED else None
        if closed or target.published.has_files:
            # a retry of what came before the site closed, or whose files are its own since the day it came
            standing = await self._archive.find(draft.receipt.id, draft.revision)
            if standing is not None:
                return _repeated(target, draft, standing)
        if closed:
            raise refuse(closed)
        judged = self._judge(target, draft)
        validation, data_key = judged.validation, judged.data_key
        if validation.problems:
            raise Invalid(validation)
        if target.published.has_files:
            await self._uploads.work(self._claim_files, target, validation, judged.day.name, draft.receipt.id)
            if validation.problems:
                raise Invalid(validation)
        (row,) = seal_rows([judged])
        standing = await self.queue.submit(row, data_key.row)
        data_key.row = None
        if standing is None:
            return Accepted(Outcome.ACCEPTED, draft.receipt, row)
        return _repeated(target, draft, standing)

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


def _validate(target: Target, answers: dict[str, Any], moment: Moment) -> Validation | None:
    try:
        return target.published.validate(answers, moment)
    except Exception:
        log.exception("a submission could not be judged")
        return None


def _closed(target: Target, draft: Draft) -> Code | None:
    """Why a new registration is not taken, if it is not."""
    if target.site.state is SiteState.CLOSED:
        return Code.SITE_CLOSED
    if target.hours.takes(begun_ms=unix_ms_of(draft.receipt.id), now_ms=draft.now_ms):
        return None
    is_early = target.hours.phase(draft.now_ms) is Phase.SCHEDULED
    return Code.FORM_NOT_OPEN_YET if is_early else Code.FORM_CLOSED


def _repeated(target: Target, draft: Draft, standing: SubmissionRow) -> Accepted:
    if standing.id != draft.submission:  # another correction of the same revision came first
        raise refuse(Code.CHANGED_MEANWHILE)
    same_secret = compare_digest(standing.secret_digest, receipts.secret_digest(draft.receipt.secret))
    if not same_secret or not compare_digest(standing.mac, draft_mac(target, draft)):
        raise refuse(Code.CONTENT_DIFFERS)
    return Accepted(Outcome.REPEATED, draft.receipt, standing)


_OUTCOMES = {
    Code.BUSY: Outcome.BUSY,
    Code.STORAGE: Outcome.FAILED,
    Code.CONTENT_DIFFERS: Outcome.CONFLICTING,
    Code.CHANGED_MEANWHILE: Outcome.CONFLICTING,
}


def local_moment(now_ms: int, time_zone: tzinfo) -> Moment:
    """The time at the installation, and chance, for what a form works out."""
    return Moment(datetime.fromtimestamp(now_ms / 1000, time_zone), _chance.random)
