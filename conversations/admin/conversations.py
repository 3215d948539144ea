"""The admin of conversations: whose, by which model, how large, in which state."""

from typing import override

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path

from conversations.admin import transcripts
from conversations.admin.columns import created, minute, short_id
from conversations.admin.figures import (
    ConversationWithFigures,
    PageWithFigures,
    with_figures,
)
from conversations.admin.filters import StateFilter, TrashFilter
from conversations.audit.readonly import never, offered_filters_only
from conversations.models import Conversation


@admin.register(Conversation)
class ConversationAdmin(admin.ModelAdmin[Conversation]):
    """Conversations without what was said in them; a title quotes it too."""

    list_display = (
        short_id,
        "owner",
        "model",
        "state",
        "messages",
        "tokens_in",
        "tokens_out",
        "updated",
        created,
    )
    list_filter = (
        StateFilter,
        TrashFilter,
        "model",
        "created_at",
        "updated_at",
        ("owner", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = (
        "id__exact",
        "owner__username",
        "owner__email",
        "owner__first_name",
        "owner__last_name",
    )
    fields = (
        "id",
        "owner",
        "model",
        "state",
        "messages",
        "tokens_in",
        "tokens_out",
        "updated_at",
        "created_at",
        "trashed_at",
    )
    readonly_fields = ("id", "state", "messages", "tokens_in", "tokens_out")
    ordering = ("-updated_at", "-id")
    show_full_result_count = False

    has_add_permission = never
    has_change_permission = never
    has_delete_permission = never
    lookup_allowed = offered_filters_only

    @override
    def get_urls(self) -> list[URLPattern]:
        shown = self.admin_site.admin_view(transcripts.transcript)
        name = "conversations_conversation_transcript"
        return [
            path("<uuid:conversation_id>/transcript/", shown, name=name),
            *super().get_urls(),
        ]

    @override
    def get_changelist(
        self, request: HttpRequest, **kwargs: object
    ) -> type[PageWithFigures]:
        return PageWithFigures

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        """The detail page reads the figures here; a list reads them by page."""
        rows = super().get_queryset(request).select_related("owner")
        match = request.resolver_match
        if match is not None and "object_id" in match.kwargs:
            return with_figures(rows)
        return rows

    @admin.display
    def state(self, conversation: ConversationWithFigures) -> str:
        """The status of the newest turn, and whether it is in the trash."""
        state = conversation.state or "not started"
        return f"{state}, in the trash" if conversation.trashed_at else state

    @admin.display(description="last activity", ordering="updated_at")
    def updated(self, conversation: ConversationWithFigures) -> str:
        """When the last question was asked."""
        return minute(conversation.updated_at)

    @admin.display
    def messages(self, conversation: ConversationWithFigures) -> int:
        """How many messages all branches hold."""
        return conversation.message_count

    @admin.display(description="tokens in")
    def tokens_in(self, conversation: ConversationWithFigures) -> int:
        """What models were sent, cached or not."""
        return conversation.tokens_in

    @admin.display(description="tokens out")
    def tokens_out(self, conversation: ConversationWithFigures) -> int:
        """What models wrote."""
        return conversation.tokens_out
