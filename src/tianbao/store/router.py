"""Which file a table lies in: the edge's own in `intake.db` on SQLite, all in one on PostgreSQL."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from tianbao.store.models import INTAKE_MODELS


class IntakeRouter:
    """Django's router protocol; None means no opinion."""

    def db_for_read(self, model: type[Any], **hints: Any) -> str | None:
        return self._home(model._meta.app_label, model._meta.model_name)

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool | None:
        if "intake" not in settings.DATABASES:
            return None
        if model_name is None:
            return app_label == "store" or db == "default"
        return db == self._home(app_label, model_name)

    def _home(self, app_label: str, model_name: str | None) -> str:
        is_intake = app_label == "store" and model_name in INTAKE_MODELS
        return "intake" if is_intake and "intake" in settings.DATABASES else "default"
