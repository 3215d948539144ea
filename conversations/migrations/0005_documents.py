"""Documents beside pictures: their text and pages; no pixels and no thumbnail."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0004_turn_cost_picodollars")]

    operations = [
        migrations.AlterField(
            model_name="attachment",
            name="width_px",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="attachment",
            name="height_px",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="attachment",
            name="thumbnail_digest",
            field=models.CharField(blank=True, db_index=True, max_length=64),
        ),
        migrations.AlterField(
            model_name="attachment",
            name="thumbnail_media_type",
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddField(
            model_name="attachment",
            name="text_digest",
            field=models.CharField(
                blank=True, db_default="", db_index=True, default="", max_length=64
            ),
        ),
        migrations.AddField(
            model_name="attachment",
            name="text_tokens",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="attachment",
            name="pages",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
    ]
