"""Publishing forms: a definition becomes a version that never changes.

Called by set-up for the built-in forms. Must not know: how a form is shown or answered.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from importlib import resources
from typing import Final

from django.db import transaction

from tianbao.domain.forms import Form, dump_form, load_form
from tianbao.domain.ids import uuid7
from tianbao.services.audit import record_act
from tianbao.store.models import FormVersion, Staff

FORM_DEFAULT: Final = "migrant"
"""The form that a new site carries."""


def built_in_forms() -> Iterator[Form]:
    """The forms that come with the program, by name."""
    folder = resources.files("tianbao") / "data" / "forms"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".json"):
            yield load_form(json.loads(file.read_text("utf-8")))


def publish_form(*, form: Form, staff: Staff | None, now_ms: int) -> FormVersion:
    """The stored version; the same version published before is given back as it stands."""
    with transaction.atomic():
        row, is_new = FormVersion.objects.get_or_create(
            name=form.name,
            version=form.version,
            defaults={
                "id": uuid7(now_ms, os.urandom(10)),
                "definition": dump_form(form),
                "published_ms": now_ms,
            },
        )
        if is_new:
            record_act(
                at_ms=now_ms,
                staff=staff,
                verb="publish_form",
                subject=form.name,
                detail={"version": form.version},
            )
    return row


def newest_form(name: str = FORM_DEFAULT) -> FormVersion:
    """The newest published version of a form."""
    return FormVersion.objects.filter(name=name).order_by("-version")[0]
