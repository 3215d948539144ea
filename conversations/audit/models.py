"""Who read what of whom, when and why: rows that are only ever added."""

import uuid
from typing import override

from django.conf import settings
from django.db import models
from django.utils import timezone


class Reading(models.Model):
    """One act of reading another person's conversation or picture."""

    class Subject(models.TextChoices):
        """What kind of thing was read."""

        CONVERSATION = "conversation"
        ATTACHMENT = "attachment"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    read_at = models.DateTimeField(default=timezone.now, db_index=True)
    # Names stand beside the keys so that a row outlives the people it speaks of.
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    reader_name = models.CharField(max_length=150)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    owner_name = models.CharField(max_length=150)
    subject = models.CharField(max_length=20, choices=Subject)
    subject_id = models.UUIDField(db_index=True)
    reason = models.TextField()
    address = models.CharField(max_length=45, blank=True)

    class Meta:
        """Newest first; the right to read is a permission of this table."""

        ordering = ("-read_at",)
        permissions = (("read_others", "Can read other people's conversations"),)
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="reading_has_a_reason"
            ),
        )

    @override
    def __str__(self) -> str:
        """Who read whose."""
        return f"{self.reader_name} read {self.owner_name}"
