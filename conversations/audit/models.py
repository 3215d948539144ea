"""Who read what of whom, when and why: rows that are only ever added.

Conversations and attachments are named by plain keys and people by name as well, so
that a row outlives what it speaks of.
"""

import uuid
from typing import override

from django.conf import settings
from django.db import models
from django.utils import timezone

REASON_LENGTH = 1000  # characters


class Reading(models.Model):
    """One act of reading another person's conversation or picture."""

    class Subject(models.TextChoices):
        """What kind of thing was read."""

        CONVERSATION = "conversation"
        ATTACHMENT = "attachment"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    read_at = models.DateTimeField(default=timezone.now, db_index=True)
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
    subject_id = models.UUIDField()
    conversation_id = models.UUIDField()
    reason = models.CharField(max_length=REASON_LENGTH)
    # The reading that was given a reason, where this one went on under it.
    first = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="later"
    )
    address = models.CharField(max_length=45, blank=True)

    class Meta:
        """Newest first; nothing but looking at the rows can be permitted."""

        ordering = ("-read_at", "-id")
        default_permissions = ("view",)
        permissions = (("read_others", "Can read other people's conversations"),)
        indexes = (
            # Read when somebody asks who has opened a conversation.
            models.Index(
                fields=("conversation_id", "-read_at"), name="reading_conversation"
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="reading_has_a_reason"
            ),
            models.CheckConstraint(
                condition=models.Q(subject__in=("conversation", "attachment")),
                name="reading_subject",
            ),
            models.CheckConstraint(
                condition=models.Q(subject="attachment")
                | models.Q(subject_id=models.F("conversation_id")),
                name="reading_of_a_conversation_names_it",
            ),
        )

    @override
    def __str__(self) -> str:
        """Who read whose."""
        return f"{self.reader_name} read {self.owner_name}"
