"""Staff's corrections: a new revision on top of the one that was seen, with a reason, for the registrant too.

Sealed under the record's own content key, so that whoever holds the receipt sees it (docs/adr/0006). Must not
know: HTTP, who may correct.
"""

from __future__ import annotations

import json
import os
from typing import Any, Final

from django.db import transaction

from tianbao.domain import sealing
from tianbao.domain.answers import split_answers
from tianbao.domain.ids import uuid7
from tianbao.domain.problems import Code, Problem, Refused, refuse
from tianbao.domain.records import project_facts
from tianbao.domain.sealing import RevisionKind
from tianbao.services.answering import validate_answers
from tianbao.services.audit import record_act
from tianbao.services.files import claim_files
from tianbao.services.keys import Keyring
from tianbao.services.projection import CHANGING_COLUMNS, change_record, make_facts, make_legs
from tianbao.services.records import load_form_once
from tianbao.store.models import Fact, Leg, Record, RecordState, Revision, Staff

REASON_LENGTH_MAX: Final = 500


def correct_record(
    *,
    record: Record,
    answers: dict[str, Any],
    revision: int,
    reason: str,
    keyring: Keyring,
    staff: Staff,
    now_ms: int,
) -> Revision:
    """Stores a correction of `revision`. Refused: the answers' problems, CHANGED_MEANWHILE, a missing reason.

    Where the newest revision says the same already it is given back, and no other is made: nothing was changed, or
    the button was pressed twice.
    """
    validation = validate_answers(form=record.form, answers=answers, now_ms=now_ms)
    problems = [*validation.problems, *_check_reason(reason)]
    if problems:
        raise Refused(*problems)
    form = load_form_once(record.form)
    answers = claim_files(record=record, form=form, answers=validation.answers)
    facts, identity = split_answers(form.questions, answers)
    marks = {"marks": validation.marks} if validation.marks else {}
    stored_facts = {"answers": facts, **marks}
    plaintext = json.dumps({"answers": identity, "reason": reason.strip()}, ensure_ascii=False).encode()
    with transaction.atomic():
        record = Record.objects.select_for_update().select_related("form", "site").get(id=record.id)
        newest = Revision.objects.select_related("data_key").get(id=record.latest)
        if record.state == RecordState.WITHDRAWN:
            raise refuse(Code.WITHDRAWN)
        opened = keyring.open_revision(newest, newest.data_key)
        if opened.answers == answers:
            return newest
        if newest.revision != revision:
            raise refuse(Code.CHANGED_MEANWHILE)
        row = Revision.objects.create(
            id=uuid7(now_ms, os.urandom(10)),
            record=record,
            county=record.county,
            revision=revision + 1,
            kind=RevisionKind.STAFF_CORRECTED,
            at_ms=now_ms,
            staff=staff,
            data_key=newest.data_key,
            sealed_key=newest.sealed_key,
            sealed=sealing.seal_content(
                opened.content_key,
                plaintext,
                record=record.id.hex,
                revision=revision + 1,
                kind=RevisionKind.STAFF_CORRECTED,
                nonce=os.urandom(sealing.NONCE_BYTES),
            ),
            facts=json.dumps(stored_facts, ensure_ascii=False),
        )
        projected = project_facts(form, stored_facts)
        change_record(
            record,
            projected,
            kind=RevisionKind.STAFF_CORRECTED,
            revision=row.id,
            at_ms=now_ms,
            form=record.form,
        )
        record.save(update_fields=CHANGING_COLUMNS)
        Leg.objects.filter(record=record).delete()
        Leg.objects.bulk_create(make_legs(record, projected))
        Fact.objects.filter(record=record).delete()
        Fact.objects.bulk_create(make_facts(record, projected, form.name))
        record_act(at_ms=now_ms, staff=staff, verb="record.correct", subject=record.id.hex)
    return row


def _check_reason(reason: str) -> list[Problem]:
    if not reason.strip():
        return [Problem(Code.REQUIRED, "_reason")]
    if len(reason) > REASON_LENGTH_MAX:
        return [Problem(Code.TOO_LONG, "_reason", {"length_max": REASON_LENGTH_MAX})]
    return []
