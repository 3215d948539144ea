"""The admin of turns: what became of each answer, and how long it took."""

from datetime import datetime

from django.contrib import admin

from conversations.admin.columns import created, short_id
from conversations.audit.readonly import never, offered_filters_only
from conversations.ledger.filters import KeptValues
from conversations.ledger.prices import dollars
from conversations.models import Turn

INPUT_KEYS = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
)


@admin.register(Turn)
class TurnAdmin(admin.ModelAdmin[Turn]):
    """Turns by state, error, provider and model; nothing of what was said.

    The words of an error stay out: a provider may quote the request in them.
    """

    list_display = (
        short_id,
        "owner",
        "outcome",
        "model",
        "tokens_in",
        "tokens_out",
        "cost",
        "first_word",
        "duration",
        created,
    )
    list_filter = (
        "status",
        ("error_code", KeptValues),
        ("provider", KeptValues),
        ("model", KeptValues),
        "created_at",
    )
    list_select_related = ("conversation__owner",)
    search_fields = (
        "id__exact",
        "conversation__id__exact",
        "=request_id",
        "conversation__owner__username",
        "conversation__owner__email",
    )
    fields = (
        "id",
        "conversation",
        "owner",
        "question",
        "answer",
        "status",
        "stop_reason",
        "error_code",
        "request_id",
        "provider",
        "model",
        "asked_model",
        "fallback_reason",
        "attempts",
        "tokens_in",
        "tokens_out",
        "cost",
        "omitted_messages",
        "first_word",
        "duration",
        "created_at",
        "started_at",
        "first_delta_at",
        "finished_at",
        "stop_requested_at",
        "retry_at",
        "heartbeat_at",
    )
    readonly_fields = fields
    ordering = ("-created_at", "-id")
    show_full_result_count = False

    has_add_permission = never
    has_change_permission = never
    has_delete_permission = never
    lookup_allowed = offered_filters_only

    @admin.display(ordering="conversation__owner__username")
    def owner(self, turn: Turn) -> str:
        """Whose conversation it is in."""
        return turn.conversation.owner.get_username()

    @admin.display(description="status", ordering="status")
    def outcome(self, turn: Turn) -> str:
        """Where it stands, and by which error if it failed."""
        return f"{turn.status}: {turn.error_code}" if turn.error_code else turn.status

    @admin.display(description="tokens in")
    def tokens_in(self, turn: Turn) -> int:
        """What the model was sent, cached or not."""
        return sum(_count(turn, key) for key in INPUT_KEYS)

    @admin.display(description="tokens out")
    def tokens_out(self, turn: Turn) -> int:
        """What the model wrote."""
        return _count(turn, "output_tokens")

    @admin.display(ordering="cost_picodollars")
    def cost(self, turn: Turn) -> str | None:
        """In US dollars, of all its calls."""
        cost = turn.cost_picodollars
        return None if cost is None else dollars(cost)

    @admin.display(description="first word (s)")
    def first_word(self, turn: Turn) -> str | None:
        """Seconds from the question to the first word."""
        return _seconds(turn.created_at, turn.first_delta_at)

    @admin.display(description="end (s)")
    def duration(self, turn: Turn) -> str | None:
        """Seconds from the question to the end."""
        return _seconds(turn.created_at, turn.finished_at)


def _count(turn: Turn, key: str) -> int:
    # Usage is kept as the provider sent it, so a figure may be null or missing.
    value = turn.usage.get(key)
    return value if isinstance(value, int) else 0


def _seconds(start: datetime, end: datetime | None) -> str | None:
    return None if end is None else f"{(end - start).total_seconds():.2f}"
