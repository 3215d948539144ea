"""The addresses of the pages and partials of the chat."""

from django.urls import path

from conversations.attachment_views import attachment_urlpatterns
from conversations.views import context, listing, pages, settings, turns

app_name = "conversations"
urlpatterns = [
    path("", pages.home, name="home"),
    path("c/new/", pages.conversation_new, name="conversation-new"),
    path("c/", turns.conversation_create, name="conversation-create"),
    path("c/<uuid:conversation_id>/", pages.conversation, name="conversation"),
    path("c/<uuid:conversation_id>/turns", turns.turn_create, name="turn-create"),
    path("c/new/context", context.context_new, name="context-new"),
    path(
        "c/<uuid:conversation_id>/compact",
        turns.conversation_compact,
        name="conversation-compact",
    ),
    path(
        "compactions/<uuid:compaction_id>/undo",
        turns.compaction_undo,
        name="compaction-undo",
    ),
    path("c/<uuid:conversation_id>/context", context.context, name="context"),
    path(
        "c/<uuid:conversation_id>/settings",
        settings.settings_change,
        name="settings-change",
    ),
    path("c/<uuid:conversation_id>/stop", turns.turn_stop, name="turn-stop"),
    path("c/<uuid:conversation_id>/older", pages.messages_older, name="messages-older"),
    path(
        "c/<uuid:conversation_id>/changes",
        pages.conversation_changes,
        name="conversation-changes",
    ),
    path(
        "c/<uuid:conversation_id>/rename",
        listing.conversation_rename,
        name="conversation-rename",
    ),
    path(
        "c/<uuid:conversation_id>/trash",
        listing.conversation_trash,
        name="conversation-trash",
    ),
    path(
        "c/<uuid:conversation_id>/restore",
        listing.conversation_restore,
        name="conversation-restore",
    ),
    path("trash/", listing.trash, name="trash"),
    path("conversations/", listing.conversation_list, name="conversation-list"),
    path("turns/<uuid:turn_id>/retry", turns.turn_retry, name="turn-retry"),
    path(
        "turns/<uuid:turn_id>/regenerate",
        turns.turn_regenerate,
        name="turn-regenerate",
    ),
    path("turns/<uuid:turn_id>/send", turns.turn_send, name="turn-send"),
    path("turns/<uuid:turn_id>/withdraw", turns.turn_withdraw, name="turn-withdraw"),
    path("messages/<uuid:message_id>/show", turns.message_show, name="message-show"),
    path("messages/<uuid:message_id>/edit", turns.question_edit, name="question-edit"),
    path(
        "messages/<uuid:message_id>/versions",
        turns.question_create,
        name="question-create",
    ),
    path("messages/<uuid:message_id>/text", pages.message_text, name="message-text"),
    path("attachments/chips", pages.attachment_chips, name="attachment-chips"),
    *attachment_urlpatterns,
]
