"""The admin of messages: that they are there, whose they are, not what they say."""

from typing import override

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from conversations.admin.columns import short_id
from conversations.audit.readonly import never, offered_filters_only
from conversations.models import Message


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin[Message]):
    """Messages by owner and conversation."""

    list_display = (short_id, "conversation", "owner", "role", "created_at")
    list_filter = ("role", "created_at")
    search_fields = (
        "id__exact",
        "conversation__id__exact",
        "conversation__owner__username",
        "conversation__owner__email",
    )
    fields = ("id", "conversation", "owner", "role", "parent", "created_at")
    readonly_fields = fields
    ordering = ("-created_at", "-id")
    show_full_result_count = False

    has_add_permission = never
    has_change_permission = never
    has_delete_permission = never
    lookup_allowed = offered_filters_only

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """What was said does not even leave the database."""
        rows = super().get_queryset(request).select_related("conversation__owner")
        return rows.defer("content", "text", "html", "conversation__title")

    @admin.display(ordering="conversation__owner__username")
    def owner(self, message: Message) -> str:
        """Whose conversation it is in."""
        return message.conversation.owner.get_username()
