"""A submission on its way to the disk: where it goes, what it holds, and the row it becomes.

Between `edge.intake`, which says what becomes of it, and `edge.sealer`. Rows are made many at a time, stage by
stage: what a stage needs stays in the processor's caches (docs/adr/0011). Must not know: HTTP, queues, outcomes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from enum import IntEnum
from typing import Any, NamedTuple

import msgspec

from tianbao.domain import receipts, sealing
from tianbao.domain.files import by_content
from tianbao.domain.receipts import Receipt
from tianbao.domain.sealing import RevisionKind
from tianbao.domain.sites import Hours, Installation, Phase, Site, SiteState
from tianbao.domain.validation import Validation
from tianbao.edge.catalogue import PublishedForm
from tianbao.edge.sealer import DataKey, seal_identity
from tianbao.store.hot_sql import SubmissionRow
from tianbao.store.key_file import DayKey

_sorted_json = msgspec.json.Encoder(order="sorted").encode
_json = msgspec.json.Encoder().encode


class Source(IntEnum):
    """How a submission came in; the numbers of store.models.Source."""

    PHONE = 1
    STAFF = 2


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


class Judged(NamedTuple):
    """A draft that may be stored, and the keys that seal it."""

    target: Target
    draft: Draft
    validation: Validation
    day: DayKey
    data_key: DataKey


def canonical_content(target: Target, answers: dict[str, Any]) -> bytes:
    """What makes a submission the same: site, form and answers, however their keys were ordered."""
    form = target.published.form
    if target.published.has_files:
        answers = by_content(form, answers)
    return b"%s %s " % (target.site.code.encode(), form.name.encode()) + _sorted_json(answers)


def draft_mac(target: Target, draft: Draft) -> bytes:
    """By which the same content is recognised."""
    return receipts.content_mac(draft.receipt.secret, canonical_content(target, draft.answers))


def seal_rows(judged: Sequence[Judged]) -> list[SubmissionRow]:
    """The rows of drafts, in their order."""
    parts = [one.target.published.split(one.validation.answers) for one in judged]
    identities = [_json({"answers": identity}) for _, identity in parts]
    facts = [_write_facts(open_part, one.validation) for (open_part, _), one in zip(parts, judged, strict=True)]
    macs = [draft_mac(one.target, one.draft) for one in judged]
    sealed = [_seal(one, identity) for one, identity in zip(judged, identities, strict=True)]
    return [
        SubmissionRow(
            id=draft.submission,
            record=draft.receipt.id,
            revision=draft.revision,
            kind=draft.kind,
            source=draft.source,
            site=target.site.code,
            county=target.site.county,
            form=target.published.form.name,
            version=target.published.form.version,
            received_ms=draft.now_ms,
            secret_digest=receipts.secret_digest(draft.receipt.secret),
            mac=mac,
            data_key=data_key.id,
            sealed_key=sealed_key,
            sealed=content,
            facts=open_part,
        )
        for (target, draft, _, _, data_key), open_part, mac, (sealed_key, content) in zip(
            judged, facts, macs, sealed, strict=True
        )
    ]


def _write_facts(facts: dict[str, Any], validation: Validation) -> str:
    marks = {"marks": validation.marks} if validation.marks else {}
    return _json({"answers": facts, **marks}).decode()


def _seal(judged: Judged, identity: bytes) -> tuple[bytes, bytes]:
    receipt = judged.draft.receipt
    return seal_identity(
        identity,
        data_key=judged.data_key,
        content_key=sealing.content_key_from(receipt.secret, judged.day.pepper, receipt.id),
        record=receipt.id,
        revision=judged.draft.revision,
        kind=judged.draft.kind,
    )
