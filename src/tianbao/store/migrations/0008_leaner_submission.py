"""The id of a submission needs no index of its own: record and revision tell submissions apart."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0007_site_forms")]

    operations = [
        migrations.AlterField(model_name="submission", name="id", field=models.UUIDField()),
    ]
