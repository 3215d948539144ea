"""The admin of attachments: whose, of which type and size; not what they show."""

from typing import override

from django.contrib import admin
from django.urls import URLPattern, path

from conversations.admin import transcripts
from conversations.admin.columns import short_id
from conversations.audit.readonly import never, offered_filters_only
from conversations.models import Attachment


@admin.register(Attachment)
class AttachmentAdmin(admin.ModelAdmin[Attachment]):
    """Attachments without the names of their files, which are words of a person."""

    list_display = (
        short_id,
        "owner",
        "media_type",
        "size_bytes",
        "pixels",
        "pages",
        "sent",
        "created_at",
    )
    list_filter = ("media_type", "created_at")
    list_select_related = ("owner",)
    search_fields = (
        "id__exact",
        "message__conversation__id__exact",
        "owner__username",
        "owner__email",
    )
    fields = ("id", *list_display[1:], "message")
    readonly_fields = fields
    ordering = ("-created_at", "-id")
    show_full_result_count = False

    has_add_permission = never
    has_change_permission = never
    has_delete_permission = never
    lookup_allowed = offered_filters_only

    @override
    def get_urls(self) -> list[URLPattern]:
        shown = self.admin_site.admin_view(transcripts.picture)
        name = "conversations_attachment_picture"
        return [
            path("<uuid:attachment_id>/picture/", shown, name=name),
            *super().get_urls(),
        ]

    @admin.display
    def pixels(self, attachment: Attachment) -> str:
        """Width and height of a picture."""
        if not attachment.is_picture:
            return "-"
        return f"{attachment.width_px} x {attachment.height_px}"

    @admin.display(boolean=True)
    def sent(self, attachment: Attachment) -> bool:
        """Whether it belongs to a message."""
        return attachment.message_id is not None
