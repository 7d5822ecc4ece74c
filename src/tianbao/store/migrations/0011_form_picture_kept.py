from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0010_second_factor")]

    operations = [
        migrations.AddField("FormPicture", "kept_ms", models.BigIntegerField(default=0)),
    ]
