"""The Django app of the conversations."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    """Conversations, messages, turns and attachments."""

    name = "conversations"
