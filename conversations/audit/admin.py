"""The admin of readings: a list to look at, for whoever watches the readers."""

from django.contrib import admin

from conversations.audit.models import Reading
from conversations.audit.readonly import never, offered_filters_only


@admin.register(Reading)
class ReadingAdmin(admin.ModelAdmin[Reading]):
    """Who read what of whom, when and why."""

    list_display = (
        "read_at",
        "reader_name",
        "owner_name",
        "subject",
        "reason",
        "subject_id",
        "address",
    )
    list_filter = ("subject", "read_at", "reader_name", "owner_name")
    search_fields = (
        "reader_name",
        "owner_name",
        "subject_id__exact",
        "conversation_id__exact",
        "reason",
    )
    fields = (*list_display, "conversation_id", "reader", "owner", "first")
    list_select_related = ("reader", "owner", "first")
    show_full_result_count = False

    has_add_permission = never
    has_change_permission = never
    has_delete_permission = never
    lookup_allowed = offered_filters_only
