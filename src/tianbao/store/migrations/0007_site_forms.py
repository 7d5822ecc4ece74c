from __future__ import annotations

import os
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from tianbao.domain.ids import uuid7


def carry_over(apps: Any, schema_editor: Any) -> None:
    """Each site carries the form that it had."""
    database = schema_editor.connection.alias
    sites = apps.get_model("store", "Site").objects.using(database).select_related("form")
    apps.get_model("store", "SiteForm").objects.using(database).bulk_create(
        apps.get_model("store", "SiteForm")(
            id=uuid7(site.created_ms, os.urandom(10)), site=site, name=site.form.name, position=0
        )
        for site in sites
    )


class Migration(migrations.Migration):
    dependencies = [("store", "0006_form_pictures")]

    operations = [
        migrations.CreateModel(
            name="SiteForm",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "site",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="forms",
                        to="store.site",
                    ),
                ),
                ("name", models.CharField(db_index=True, max_length=64)),
                ("position", models.SmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "OPEN"), ("closed", "CLOSED")], default="open", max_length=8
                    ),
                ),
                ("opens_ms", models.BigIntegerField(null=True)),
                ("closes_ms", models.BigIntegerField(null=True)),
                ("word", models.JSONField(default=dict)),
            ],
            options={"db_table": "site_form", "ordering": ("position", "id")},
        ),
        migrations.AddConstraint(
            model_name="siteform",
            constraint=models.UniqueConstraint(fields=("site", "name"), name="one_site_form"),
        ),
        migrations.AddConstraint(
            model_name="siteform",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("opens_ms__isnull", True),
                    ("closes_ms__isnull", True),
                    ("closes_ms__gt", models.F("opens_ms")),
                    _connector="OR",
                ),
                name="site_form_closes_after_it_opens",
            ),
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop, hints={"model_name": "siteform"}),
        migrations.RemoveField(model_name="site", name="form"),
    ]
