"""The newest messages and turns of a large site are listed without sorting all."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0002_turn_unfinished")]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["-created_at", "-id"], name="message_recent"),
        ),
        migrations.AddIndex(
            model_name="turn",
            index=models.Index(fields=["-created_at", "-id"], name="turn_recent"),
        ),
    ]
