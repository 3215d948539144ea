"""What runs and what waits is counted without reading every turn."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("conversations", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="turn",
            index=models.Index(
                fields=["status", "model"],
                condition=Q(status__in=("queued", "pending", "streaming")),
                name="turn_unfinished",
            ),
        ),
    ]
