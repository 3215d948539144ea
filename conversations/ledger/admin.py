"""The admin of the ledger: every provider call, to look at."""

from django.contrib import admin

from conversations.audit.readonly import never, offered_filters_only
from conversations.ledger.filters import KeptValues
from conversations.ledger.models import Call
from conversations.ledger.prices import dollars


@admin.register(Call)
class CallAdmin(admin.ModelAdmin[Call]):
    """Who had which model called, for what, and how many tokens it took."""

    list_display = (
        "reserved_at",
        "person_name",
        "purpose",
        "provider",
        "model",
        "status",
        "input_tokens",
        "cache_read_tokens",
        "output_tokens",
        "cost",
        "duration_ms",
        "error_code",
    )
    list_filter = (
        "status",
        "purpose",
        ("provider", KeptValues),
        ("model", KeptValues),
        "reserved_at",
    )
    search_fields = (
        "person_name",
        "id__exact",
        "conversation_id__exact",
        "turn_id__exact",
        "=request_id",
    )
    # The provider's own words on usage stay out: they may hold anything.
    fields = (
        "person",
        *list_display,
        "cache_write_5m_tokens",
        "cache_write_1h_tokens",
        "first_token_ms",
        "settled_at",
        "attempt",
        "request_id",
        "conversation_id",
        "turn_id",
    )
    readonly_fields = ("cost",)
    show_full_result_count = False

    has_add_permission = never
    has_change_permission = never
    has_delete_permission = never
    lookup_allowed = offered_filters_only

    @admin.display(ordering="cost_picodollars")
    def cost(self, call: Call) -> str | None:
        """In US dollars, at the price in force on the day of the call."""
        cost = call.cost_picodollars
        return None if cost is None else dollars(cost)
