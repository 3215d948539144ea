"""The websocket addresses."""

from typing import Any

from django.urls import path

from conversations.consumers import ConversationConsumer

# Channels routes ASGI applications by Django's `path`, which is typed for views.
_conversation: Any = ConversationConsumer.as_asgi()

websocket_urlpatterns: list[Any] = [
    path("ws/", _conversation),
    path("ws/c/<uuid:conversation_id>/", _conversation),
]
