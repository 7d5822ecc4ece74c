from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0002_one_submission_a_revision")]

    operations = [
        migrations.CreateModel(
            name="Fact",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("county", models.CharField(max_length=6)),
                ("question", models.CharField(max_length=200)),
                ("value", models.CharField(blank=True, max_length=64)),
                ("number", models.FloatField(null=True)),
                ("record", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="store.record")),
            ],
            options={
                "db_table": "fact",
                "indexes": [
                    models.Index(fields=["question", "value", "record"], name="fact_by_value"),
                    models.Index(
                        condition=models.Q(("number__isnull", False)),
                        fields=["question", "number", "record"],
                        name="fact_by_number",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="record",
            index=models.Index(fields=["form", "-registered_ms", "-id"], name="record_by_form"),
        ),
    ]
