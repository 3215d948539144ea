"""A conversation says how it is answered, and a turn what it was asked with."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0008_turn_in_hand")]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="settings",
            field=models.JSONField(blank=True, default=dict, null=True),
        ),
        migrations.AddField(
            model_name="turn",
            name="settings",
            field=models.JSONField(blank=True, null=True),
        ),
    ]
