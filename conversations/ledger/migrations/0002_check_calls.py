"""Calls that an operator makes to see whether a back end answers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="call",
            name="purpose",
            field=models.CharField(
                choices=[("answer", "Answer"), ("title", "Title"), ("check", "Check")],
                max_length=20,
            ),
        ),
    ]
