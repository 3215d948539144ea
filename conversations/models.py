"""What is kept: conversations, their tree of messages, turns and attachments."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import PurePath
from typing import Any, override

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from conversations.querysets import (
    AttachmentQuerySet,
    ConversationQuerySet,
    MessageQuerySet,
    TurnQuerySet,
)

TITLE_LENGTH = 200  # characters
PDF = "application/pdf"
# Each page of a PDF is seen as a picture, beside its text.
TOKENS_PER_PAGE = 1600
KIND_LENGTH = 5  # characters


class Conversation(models.Model):
    """A tree of messages that belongs to one person."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="conversations",
    )
    title = models.CharField(max_length=TITLE_LENGTH, blank=True)
    # A title that a person gave is never replaced by one that a model made.
    is_renamed = models.BooleanField(default=False)
    model = models.CharField(max_length=200, blank=True)
    # How it is answered: system, effort, thinking, max_tokens, temperature, tools, as
    # far as they were chosen.
    settings = models.JSONField(null=True, blank=True, default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    trashed_at = models.DateTimeField(null=True, blank=True)
    # The last message of the branch that is shown.
    leaf = models.ForeignKey(
        "Message", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Counts the changes that open pages must hear of; `branch_version` is the count
    # at the last change that was more than messages added at the end.
    version = models.PositiveBigIntegerField(default=0)
    branch_version = models.PositiveBigIntegerField(default=0)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        """The list of a person's conversations reads one index."""

        indexes = (
            # Read by the list beside every conversation page.
            models.Index(
                fields=("owner", "-updated_at", "-id"),
                condition=Q(trashed_at=None),
                name="conversation_list",
            ),
            # Read by the job that empties the trash.
            models.Index(
                fields=("trashed_at",),
                condition=~Q(trashed_at=None),
                name="conversation_trash",
            ),
        )

    @override
    def __str__(self) -> str:
        """Which one; never its title, which quotes what was said in it."""
        return f"conversation {self.pk}"

    @property
    def live_group(self) -> str:
        """The channel group of every open page of this conversation."""
        return f"conversation.{self.pk}"


class Message(models.Model):
    """What a person said or a model answered, in the wire's own shape."""

    class Role(models.TextChoices):
        """Whose words these are."""

        USER = "user"
        ASSISTANT = "assistant"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages"
    )
    parent = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="children",
    )
    role = models.CharField(max_length=10, choices=Role)
    # Content blocks as the Messages API has them; the source of a
    # picture or document names the attachment instead of holding its bytes.
    content = models.JSONField(default=list)
    text = models.TextField(blank=True)
    # A cache of the rendered body, worth something only for its renderer version.
    html = models.TextField(blank=True)
    renderer_version = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    objects = MessageQuerySet.as_manager()

    # Filled by whoever reads messages to show them: see `MessageQuerySet.branch`.
    pictures: list[Attachment]
    asked_turns: list[Turn]

    class Meta:
        """In the order in which they were written."""

        ordering = ("created_at", "id")
        # Read by the admin's list, the newest first.
        indexes = (models.Index(fields=("-created_at", "-id"), name="message_recent"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(role__in=("user", "assistant")), name="message_role"
            ),
            models.CheckConstraint(
                condition=Q(role="user") | Q(parent__isnull=False),
                name="message_answer_has_a_question",
            ),
        )

    @override
    def __str__(self) -> str:
        """Whose it is; never what it says."""
        return f"{self.role} {self.pk}"


class Turn(models.Model):
    """One answer being made, or made: the state machine around an assistant message.

    queued -> pending -> streaming -> complete | stopped | interrupted | failed
    """

    class Status(models.TextChoices):
        """Where the turn stands."""

        QUEUED = "queued"
        PENDING = "pending"
        STREAMING = "streaming"
        COMPLETE = "complete"
        STOPPED = "stopped"
        INTERRUPTED = "interrupted"
        FAILED = "failed"

    RUNNING = (Status.PENDING, Status.STREAMING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Minted by the page, so that a repeated POST finds the turn that it made.
    key = models.UUIDField(unique=True)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="turns"
    )
    question = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="turns"
    )
    answer = models.OneToOneField(
        Message, on_delete=models.CASCADE, related_name="turn"
    )
    status = models.CharField(max_length=12, choices=Status)
    # The conversation's version at the last transition of this turn.
    version = models.PositiveBigIntegerField()
    provider = models.CharField(max_length=64, blank=True)
    model = models.CharField(max_length=200)
    # The model that was asked for, where another one answers; and the error for which.
    asked_model = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 - old code writes rows without it
    fallback_reason = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 - as above
    # What the conversation's settings were when it was claimed; null if it never was.
    settings = models.JSONField(null=True, blank=True)
    parameters = models.JSONField(default=dict)
    stop_reason = models.CharField(max_length=64, blank=True)
    stop_requested_at = models.DateTimeField(null=True, blank=True)
    usage = models.JSONField(default=dict)
    # Of all its calls, 10^-12 US dollars; null where it is not known.
    cost_picodollars = models.PositiveBigIntegerField(null=True, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_detail = models.TextField(blank=True)
    # Until when a rate limit asks to wait, or the next attempt waits.
    retry_at = models.DateTimeField(null=True, blank=True)
    request_id = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # How many older messages were left out to fit the model's window.
    omitted_messages = models.PositiveIntegerField(default=0)
    worker = models.UUIDField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    first_delta_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = TurnQuerySet.as_manager()

    class Meta:
        """The database refuses a second running answer in one conversation."""

        constraints = (
            models.UniqueConstraint(
                fields=("conversation",),
                condition=Q(status__in=("pending", "streaming")),
                name="turn_runs_once_in_a_conversation",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=(
                        "queued",
                        "pending",
                        "streaming",
                        "complete",
                        "stopped",
                        "interrupted",
                        "failed",
                    )
                ),
                name="turn_status",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=("queued", "pending", "streaming"), finished_at=None
                )
                | (
                    ~Q(status__in=("queued", "pending", "streaming"))
                    & ~Q(finished_at=None)
                ),
                name="turn_is_finished_once_it_ended",
            ),
        )
        indexes = (
            # Read by the sweep that finds turns whose process has died.
            models.Index(
                fields=("heartbeat_at",),
                condition=Q(status__in=("pending", "streaming")),
                name="turn_running",
            ),
            # Read by whoever counts what runs and waits.
            models.Index(
                fields=("status", "model"),
                condition=Q(status__in=("queued", "pending", "streaming")),
                name="turn_unfinished",
            ),
            # Read when a socket or a poll asks what has changed.
            models.Index(fields=("conversation", "version"), name="turn_changes"),
            # Read with every question: what runs or waits there, however long it is.
            models.Index(fields=("conversation", "status"), name="turn_in_hand"),
            # Read by the admin's list, the newest first.
            models.Index(fields=("-created_at", "-id"), name="turn_recent"),
        )

    @override
    def __str__(self) -> str:
        """Its state and model."""
        return f"{self.status} by {self.model}"

    @property
    def shown_compaction(self) -> Compaction | None:
        """The summary that ends with this turn, if it was read together with it."""
        found = self._state.fields_cache.get("compaction")
        return found if isinstance(found, Compaction) else None

    @property
    def is_running(self) -> bool:
        """Whether a process has, or should have, this turn in hand."""
        return self.status in self.RUNNING

    @property
    def live_group(self) -> str:
        """The channel group that the running process listens to."""
        return f"turn.{self.pk}"


class Compaction(models.Model):
    """A summary that stands for a branch up to an answer in what models are sent.

    pending -> complete <-> undone, or pending -> failed -> pending. What it stands for
    stays as it is.
    """

    class Status(models.TextChoices):
        """Where the summary stands."""

        PENDING = "pending"
        COMPLETE = "complete"
        UNDONE = "undone"
        FAILED = "failed"

    # After so long a process that makes a summary has died.
    PATIENCE = timedelta(minutes=10)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Minted by the page; whoever ends the making of the summary names it.
    key = models.UUIDField(unique=True)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="compactions"
    )
    turn = models.OneToOneField(
        Turn, on_delete=models.CASCADE, related_name="compaction"
    )
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    text = models.TextField(blank=True)
    provider = models.CharField(max_length=64, blank=True)
    model = models.CharField(max_length=200)
    error_code = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """In the order in which they were asked for."""

        ordering = ("created_at", "id")

    @override
    def __str__(self) -> str:
        """Its state; never what it says."""
        return f"{self.status} compaction {self.pk}"

    @property
    def is_in_hand(self) -> bool:
        """Whether a process is making it, as far as one can tell."""
        young = timezone.now() - self.created_at < self.PATIENCE
        return self.status == self.Status.PENDING and young


class Attachment(models.Model):
    """A picture or document that a person uploaded, as it is kept and sent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="attachments"
    )
    # None until the message that it belongs to is sent.
    message = models.ForeignKey(
        Message,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="attachments",
    )
    position = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(max_length=255)
    media_type = models.CharField(max_length=100)
    # SHA-256 of the kept bytes, in hex: the name of the file under the data folder.
    digest = models.CharField(max_length=64, db_index=True)
    size_bytes = models.PositiveBigIntegerField()
    # Pictures have these; the thumbnail's are blank for documents.
    width_px = models.PositiveIntegerField(null=True, blank=True)
    height_px = models.PositiveIntegerField(null=True, blank=True)
    thumbnail_digest = models.CharField(max_length=64, db_index=True, blank=True)
    thumbnail_media_type = models.CharField(max_length=100, blank=True)
    # Documents have these: the file of their text in UTF-8 (blank where there is
    # none), its tokens as a rule of thumb has them, and the pages of a PDF.
    text_digest = models.CharField(
        max_length=64, db_index=True, blank=True, default="", db_default=""
    )
    text_tokens = models.PositiveIntegerField(null=True, blank=True)
    pages = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        """In the order in which they were attached."""

        ordering = ("position", "created_at", "id")
        indexes = (
            # Read by the job that erases uploads that were never sent.
            models.Index(
                fields=("created_at",),
                condition=Q(message=None),
                name="attachment_unsent",
            ),
        )

    @override
    def __str__(self) -> str:
        """Which one; never the name that a person gave the file."""
        return f"{self.media_type} {self.pk}"

    @property
    def is_picture(self) -> bool:
        """Whether it is seen, and not read."""
        return self.media_type.startswith("image/")

    @property
    def is_pdf(self) -> bool:
        """Whether it has pages that a model may see."""
        return self.media_type == PDF

    @property
    def digests(self) -> tuple[str, ...]:
        """Every file that is kept for it."""
        named = (self.digest, self.thumbnail_digest, self.text_digest)
        return tuple(digest for digest in named if digest)

    @property
    def kind(self) -> str:
        """What a person calls such a file: PDF, or the end of its name, or Text."""
        if self.is_pdf:
            return "PDF"
        end = PurePath(self.name).suffix[1:]
        is_short = end.isalnum() and len(end) <= KIND_LENGTH
        return end.upper() if is_short else "Text"

    @property
    def tokens(self) -> int:
        """About how much of a model's window a document takes, its pages as seen."""
        return (self.text_tokens or 0) + (self.pages or 0) * TOKENS_PER_PAGE

    @property
    def about_tokens(self) -> int:
        """The same with the two digits that an estimate is worth."""
        return round(self.tokens, 2 - len(str(self.tokens)))

    @property
    def content_block(self) -> dict[str, Any]:
        """The block that stands for this file in a stored message."""
        return {
            "type": "image" if self.is_picture else "document",
            "source": {"type": "attachment", "attachment_id": str(self.pk)},
        }
