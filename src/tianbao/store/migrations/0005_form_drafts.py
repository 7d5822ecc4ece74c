from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0004_form_model")]

    operations = [
        migrations.CreateModel(
            name="FormDraft",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=64, unique=True)),
                ("definition", models.JSONField()),
                ("revision", models.IntegerField(default=1)),
                ("base_version", models.IntegerField(default=0)),
                ("updated_ms", models.BigIntegerField()),
                (
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"db_table": "form_draft"},
        ),
    ]
