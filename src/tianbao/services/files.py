"""The files of records: opened for who may read names, claimed by a correction, swept, dropped with their day.

The edge takes files and claims those of a submission; here is the rest of their life (docs/adr/0008). Must not
know: HTTP, how a file is sealed.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from tianbao.domain.files import files_in, has_files, token_of
from tianbao.domain.forms import Form
from tianbao.domain.problems import Code, Problem, Refused
from tianbao.domain.sealing import CannotOpen
from tianbao.services.audit import record_act
from tianbao.services.keys import Keyring, Locked
from tianbao.services.records import load_form_once
from tianbao.store.file_folder import FileFolder, SealedReader
from tianbao.store.key_file import list_days
from tianbao.store.models import Record, Revision, Staff


def open_file(*, record: Record, file_id: str, keyring: Keyring, staff: Staff, now_ms: int) -> SealedReader | None:
    """A file of a record, of whichever revision, and a line in the log. None if there is none. Raises Locked."""
    if not keyring.is_unlocked:
        raise Locked
    reader = find_file(record, _find_answer(record, file_id, keyring))
    if reader is not None:
        record_act(at_ms=now_ms, staff=staff, verb="record.file", subject=record.id.hex, detail={"file": file_id})
    return reader


def find_file(record: Record, answer: object) -> SealedReader | None:
    """The file of an answer; None if it is not there or its token does not open it."""
    token = token_of(answer)
    try:
        return file_folder().open(token, day=record.day, record=record.id.hex) if token else None
    except CannotOpen:
        return None


def claim_files(*, record: Record, form: Form, answers: dict[str, Any]) -> dict[str, Any]:
    """The answers of a correction with what their files say of themselves, now the record's own.

    Refused: a file that is not there, is another's, or is not what its question asks for.
    """
    if not has_files(form):
        return answers
    folder, day, owner = file_folder(), record.day, record.id.hex
    settled, problems, files = folder.settle(form, answers, site=record.site.code, day=day, record=owner)
    if not problems and files and not folder.claim(files, day=day, record=owner):
        problems = [Problem(Code.NOT_A_FILE, path) for path, _ in files_in(form, settled)]
    if problems:
        raise Refused(*problems)
    return settled


def sweep_files() -> int:
    """Removes what nobody submitted, and the files of days whose keys are gone; how many of the first."""
    return file_folder().sweep(days=list_days(settings.CONFIG.keys))


def keep_files_after_clock_jump() -> None:
    """Nobody's file is swept because the clock was set."""
    file_folder().wait_anew()


def file_folder() -> FileFolder:
    """Where this installation keeps its files."""
    return FileFolder(settings.CONFIG.files)


def _find_answer(record: Record, file_id: str, keyring: Keyring) -> object:
    form = load_form_once(record.form)
    revisions = Revision.objects.filter(record=record).select_related("data_key").order_by("-revision")
    for revision in revisions:
        try:
            answers = keyring.open_revision(revision, revision.data_key).answers
        except CannotOpen:
            continue
        for _path, file in files_in(form, answers):
            token = token_of(file)
            if token is not None and token.id == file_id:
                return file
    return None
