from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0001_initial")]

    operations = [
        migrations.AlterField(model_name="submission", name="record", field=models.UUIDField()),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.UniqueConstraint(fields=["record", "revision"], name="one_submission_a_revision"),
        ),
    ]
