"""Forms in the making: begun from a kit, a copy, a file or nothing, saved at every change, published or dropped.

A draft has the name that its form is published under; there is one a name. Whoever saves says which revision they
saw, and the database takes the save only if it still is the newest. Must not know: screens, how a form is edited
(`services.form_acts`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from tianbao.domain.form_checks import check_form
from tianbao.domain.form_editing import unique_name
from tianbao.domain.form_merging import Merged, merge_forms
from tianbao.domain.forms import Form, Text, dump_form, load_form, text_in
from tianbao.domain.ids import uuid7
from tianbao.domain.problems import Code, refuse
from tianbao.services.audit import record_act
from tianbao.services.form_acts import make_name
from tianbao.services.forms import publish_form
from tianbao.services.organisation import bump_generation
from tianbao.services.refusals import StaffCode, refuse_staff
from tianbao.store.models import FormDraft, FormVersion, Site, Staff

TITLE_LENGTH_MAX: Final = 100
_NAME_DEFAULT: Final = "form"


@dataclass(frozen=True, slots=True)
class FormLine:
    """A form as the list of forms shows it. `version` is 0 while nothing was published yet."""

    name: str
    title: Text
    version: int
    published_ms: int | None
    sites: Sequence[Site]
    draft: FormDraft | None


def list_forms() -> list[FormLine]:
    """Every form that was published or begun, by title."""
    drafts = {draft.name: draft for draft in FormDraft.objects.select_related("staff")}
    lines = [
        FormLine(
            name=row.name,
            title=row.definition["title"],
            version=row.version,
            published_ms=row.published_ms,
            sites=carrying_sites(row.name),
            draft=drafts.pop(row.name, None),
        )
        for row in newest_versions()
    ]
    begun = [FormLine(name, draft.definition["title"], 0, None, (), draft) for name, draft in drafts.items()]
    return sorted([*begun, *lines], key=lambda line: text_in(line.title, "zh-Hans"))


def newest_versions() -> list[FormVersion]:
    """The newest version of every form."""
    newest = dict(FormVersion.objects.values_list("name").annotate(Max("version")))
    return [row for row in FormVersion.objects.order_by("name", "version") if newest[row.name] == row.version]


def newest_version(name: str) -> int:
    """The number of a form's newest version, 0 if there is none."""
    return FormVersion.objects.filter(name=name).aggregate(Max("version"))["version__max"] or 0


def published_form(draft: FormDraft) -> Form | None:
    """The newest version of a draft's form."""
    row = FormVersion.objects.filter(name=draft.name).order_by("-version").first()
    return load_form(row.definition) if row else None


def versions_of(name: str) -> list[FormVersion]:
    """Every version of a form, the newest first. Raises Refused for a form that there is not."""
    rows = list(FormVersion.objects.filter(name=name).order_by("-version"))
    if not rows:
        raise refuse(Code.NOT_FOUND)
    return rows


def carrying_sites(name: str) -> list[Site]:
    """The sites that a new version of a form reaches."""
    return list(Site.objects.filter(forms__name=name).order_by("name"))


def find_draft(draft_id: UUID) -> FormDraft:
    """Raises Refused for one that there is not, or no more."""
    draft = FormDraft.objects.select_related("staff").filter(id=draft_id).first()
    if draft is None:
        raise refuse(Code.NOT_FOUND)
    return draft


def find_draft_of(name: str) -> FormDraft | None:
    """The draft of a form, if there is one."""
    return FormDraft.objects.select_related("staff").filter(name=name).first()


def check_title(text: str) -> str:
    """A title as it is kept. Raises Refused."""
    text = text.strip()
    if not text:
        raise refuse(Code.REQUIRED, "title")
    if len(text) > TITLE_LENGTH_MAX:
        raise refuse(Code.TOO_LONG, "title", length_max=TITLE_LENGTH_MAX)
    return text


def start_empty(*, title: str, languages: tuple[str, ...], staff: Staff, now_ms: int) -> FormDraft:
    """A draft without questions."""
    title = check_title(title)
    form = Form(name=_free_name(title), version=0, title={languages[0]: title}, questions=(), languages=languages)
    return _begin(form, base_version=0, staff=staff, now_ms=now_ms)


def start_copy(*, form: Form, title: str, staff: Staff, now_ms: int) -> FormDraft:
    """A draft with the questions of another form (published, of a kit, from a file) under a title of its own."""
    title = check_title(title)
    titles = (
        {**form.title, form.languages[0]: title} if title != text_in(form.title, form.languages[0]) else form.title
    )
    copy = replace(form, name=_free_name(title), version=0, title=titles)
    return _begin(copy, base_version=0, staff=staff, now_ms=now_ms)


def start_version(*, name: str, staff: Staff, now_ms: int) -> FormDraft:
    """The draft of a form's next version: the one that is there, or one that begins with the newest version."""
    if draft := find_draft_of(name):
        return draft
    row = versions_of(name)[0]
    return _begin(load_form(row.definition), base_version=row.version, staff=staff, now_ms=now_ms)


def start_upload(*, form: Form, staff: Staff | None, now_ms: int) -> FormDraft:
    """A draft from a file: of a new form, or the next version of the one that it names.

    Raises Refused if somebody has begun that next version already.
    """
    if find_draft_of(form.name):
        raise refuse_staff(StaffCode.NAME_TAKEN, "file")
    return _begin(form, base_version=newest_version(form.name), staff=staff, now_ms=now_ms)


def save_draft(*, draft_id: UUID, revision: int, form: Form, staff: Staff, now_ms: int) -> FormDraft:
    """The draft with this definition, if nobody saved it since `revision`; else Refused (CHANGED_MEANWHILE)."""
    draft = find_draft(draft_id)
    definition = dump_form(replace(form, name=draft.name, version=draft.base_version))
    taken = FormDraft.objects.filter(id=draft_id, revision=revision).update(
        definition=definition, revision=revision + 1, updated_ms=now_ms, staff=staff
    )
    if not taken:
        raise refuse(Code.CHANGED_MEANWHILE)
    draft.definition, draft.revision, draft.updated_ms, draft.staff = definition, revision + 1, now_ms, staff
    return draft


def merge_draft(*, draft_id: UUID, base: Form, mine: Form) -> tuple[FormDraft, Merged]:
    """The draft as it is now, and what becomes of it together with `mine`, which began from `base`."""
    draft = find_draft(draft_id)
    return draft, merge_forms(base, mine, load_form(draft.definition))


def discard_draft(*, draft_id: UUID, staff: Staff, now_ms: int) -> None:
    """The draft is gone; what was published stays."""
    with transaction.atomic():
        draft = find_draft(draft_id)
        draft.delete()
        record_act(at_ms=now_ms, staff=staff, verb="discard_form_draft", subject=draft.name)


def publish_draft(*, draft_id: UUID, revision: int, newest: int, staff: Staff, now_ms: int) -> FormVersion:
    """The draft as the form's next version, which never changes again; the draft is gone.

    `revision` and `newest` are the draft and the published version (0: none) that were compared before. Raises
    Refused: NOT_READY while the form has problems, CHANGED_MEANWHILE if somebody saved or published since.
    """
    with transaction.atomic():
        draft = find_draft(draft_id)
        form = load_form(draft.definition)
        if not form.questions or any(not problem.is_notice for problem in check_form(form)):
            raise refuse(Code.NOT_READY)
        gone, _ = FormDraft.objects.filter(id=draft_id, revision=revision).delete()
        if not gone or newest_version(draft.name) != newest:
            raise refuse(Code.CHANGED_MEANWHILE)
        row = publish_form(form=replace(form, version=newest + 1), staff=staff, now_ms=now_ms)
        bump_generation()
    return row


def _begin(form: Form, *, base_version: int, staff: Staff | None, now_ms: int) -> FormDraft:
    with transaction.atomic():
        draft = FormDraft.objects.create(
            id=uuid7(now_ms, os.urandom(10)),
            name=form.name,
            definition=dump_form(replace(form, version=base_version)),
            base_version=base_version,
            updated_ms=now_ms,
            staff=staff,
        )
        record_act(at_ms=now_ms, staff=staff, verb="begin_form_draft", subject=form.name)
    return draft


def _free_name(title: str) -> str:
    taken = {*FormVersion.objects.values_list("name", flat=True), *FormDraft.objects.values_list("name", flat=True)}
    return unique_name(make_name(title) or _NAME_DEFAULT, taken)
