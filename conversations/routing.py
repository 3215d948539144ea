"""The websocket addresses."""

from typing import Any

from django.urls import path

from conversations.consumers import ConversationConsumer

websocket_urlpatterns: list[Any] = [
    path("ws/c/<uuid:conversation_id>/", ConversationConsumer.as_asgi()),
]
