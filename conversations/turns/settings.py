"""How a conversation is answered from now on."""

from collections.abc import Mapping
from typing import Any

from conversations.models import Conversation
from conversations.turns.start import TRASHED, Conflict


def change_settings(conversation: Conversation, settings: Mapping[str, Any]) -> None:
    """Keep what was chosen; an answer that runs is not changed by it.

    Raises Conflict in the trash.
    """
    outside = Conversation.objects.filter(pk=conversation.pk, trashed_at=None)
    if not outside.update(settings=dict(settings)):
        raise Conflict(TRASHED)
