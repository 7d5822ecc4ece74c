from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0005_form_drafts")]

    operations = [
        migrations.CreateModel(
            name="FormPicture",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("data", models.BinaryField()),
            ],
            options={"db_table": "form_picture"},
        ),
    ]
