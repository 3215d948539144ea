"""One row for every call of a provider: reserved before it, settled after it.

Rows name conversation and turn by plain keys and the person by name as well, so
that they outlive what they speak of.
"""

import uuid
from typing import override

from django.conf import settings
from django.db import models
from django.utils import timezone


class Call(models.Model):
    """One provider call and the tokens that it used."""

    class Purpose(models.TextChoices):
        """What the call was made for."""

        ANSWER = "answer"
        TITLE = "title"
        CHECK = "check"
        COMPACTION = "compaction"

    class Status(models.TextChoices):
        """What became of the call."""

        RESERVED = "reserved"
        SETTLED = "settled"
        STOPPED = "stopped"
        FAILED = "failed"
        UNKNOWN = "unknown"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    person_name = models.CharField(max_length=150)
    conversation_id = models.UUIDField(null=True, db_index=True)
    turn_id = models.UUIDField(null=True, db_index=True)
    purpose = models.CharField(max_length=20, choices=Purpose)
    status = models.CharField(max_length=20, choices=Status, default=Status.RESERVED)
    provider = models.CharField(max_length=64)
    model = models.CharField(max_length=200)
    attempt = models.PositiveSmallIntegerField(default=1)
    request_id = models.CharField(max_length=200, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    input_tokens = models.PositiveBigIntegerField(null=True)
    cache_write_5m_tokens = models.PositiveBigIntegerField(null=True)
    cache_write_1h_tokens = models.PositiveBigIntegerField(null=True)
    cache_read_tokens = models.PositiveBigIntegerField(null=True)
    output_tokens = models.PositiveBigIntegerField(null=True)
    # At the price in force that day, 10^-12 US dollars; null where it is not known.
    cost_picodollars = models.PositiveBigIntegerField(null=True)
    # The provider's own words on usage, for classes of tokens yet unknown.
    usage = models.JSONField(default=dict)
    reserved_at = models.DateTimeField(default=timezone.now, db_index=True)
    settled_at = models.DateTimeField(null=True)
    first_token_ms = models.PositiveIntegerField(null=True)
    duration_ms = models.PositiveIntegerField(null=True)

    class Meta:
        """Newest first."""

        ordering = ("-reserved_at",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(status="reserved", settled_at=None)
                | (~models.Q(status="reserved") & ~models.Q(settled_at=None)),
                name="call_is_settled_once_it_ended",
            ),
        )

    @override
    def __str__(self) -> str:
        """The purpose and the model."""
        return f"{self.purpose} by {self.model}"
