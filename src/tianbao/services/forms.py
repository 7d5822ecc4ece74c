"""Publishing forms: a definition becomes a version that never changes; kits and spreadsheets on their way there.

Called by set-up, the designer and the command line. Must not know: how a form is shown or answered, how a
spreadsheet is read (`tianbao.xlsform`, which is loaded only when one is: it takes half a second).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from django.db import transaction

from tianbao.domain.form_checks import check_form
from tianbao.domain.form_openness import settle_openness
from tianbao.domain.form_problems import FormProblem
from tianbao.domain.forms import Form, dump_form, load_form
from tianbao.domain.ids import uuid7
from tianbao.services.audit import record_act
from tianbao.services.organisation import bump_generation
from tianbao.store.models import FormVersion, Staff

FORM_DEFAULT: Final = "migrant"
"""The form that a new site carries."""


class FormRefused(Exception):
    """Raised where a form with problems is to be published."""

    def __init__(self, problems: tuple[FormProblem, ...]) -> None:
        super().__init__(", ".join(problem.code.value for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Published:
    """A stored version; `is_new` is False where the newest said the same already."""

    version: FormVersion
    is_new: bool


def built_in_forms() -> Iterator[Form]:
    """The forms that come with the program, by name."""
    for name in sorted(file.name for file in _kits().iterdir() if file.name.endswith(".md")):
        yield built_in_form(name.removesuffix(".md"))


@cache
def built_in_form(name: str = FORM_DEFAULT) -> Form:
    """One of the forms that come with the program. Raises FileNotFoundError."""
    from tianbao.xlsform import given_bytes, read_form

    data = (_kits() / f"{name}.md").read_bytes()
    understood = read_form(given_bytes(data, f"{name}.md"))
    if understood.form is None:
        raise FormRefused(understood.problems)
    return understood.form


def import_form(*, form: Form, staff: Staff | None, now_ms: int) -> Published:
    """Publishes the form of a spreadsheet file; open pages learn of it. Raises FormRefused."""
    with transaction.atomic():
        published = _publish(form, staff, now_ms)
        if published.is_new:
            bump_generation()
    return published


def publish_form(*, form: Form, staff: Staff | None, now_ms: int) -> FormVersion:
    """The stored version: the next one, or the newest where it says the same. Raises FormRefused."""
    return _publish(form, staff, now_ms).version


def newest_form(name: str = FORM_DEFAULT) -> FormVersion:
    """The newest published version of a form."""
    return FormVersion.objects.filter(name=name).order_by("-version")[0]


def newest_forms(names: Collection[str]) -> dict[str, FormVersion]:
    """The newest published version of each, by name."""
    return {row.name: row for row in FormVersion.objects.filter(name__in=names).order_by("version")}


def find_form(name: str) -> Form | None:
    """The newest version of a form as it was published, None where there is none of the name."""
    row = FormVersion.objects.filter(name=name).order_by("-version").first()
    return load_form(row.definition) if row else None


@transaction.atomic
def _publish(form: Form, staff: Staff | None, now_ms: int) -> Published:
    if problems := check_form(form):
        raise FormRefused(tuple(problems))
    newest = FormVersion.objects.filter(name=form.name).order_by("-version").first()
    version = newest.version + 1 if newest else 1
    form = replace(settle_openness(form), version=version)
    definition = dump_form(form)
    if newest and {**definition, "version": newest.version} == newest.definition:
        return Published(newest, is_new=False)
    row = FormVersion.objects.create(
        id=uuid7(now_ms, os.urandom(10)),
        name=form.name,
        version=version,
        definition=definition,
        published_ms=now_ms,
    )
    record_act(at_ms=now_ms, staff=staff, verb="publish_form", subject=form.name, detail={"version": version})
    return Published(row, is_new=True)


def _kits() -> Traversable:
    return resources.files("tianbao") / "data" / "kits"
