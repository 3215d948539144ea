"""The events that open pages hear of, and the one door through which they leave.

Events carry keys, counts and rendered fragments as opaque strings. A channel layer
may lose them, repeat them or deliver them late, so each says what it builds upon
and a listener that lacks that asks again.
"""

import logging
import uuid
from functools import partial
from typing import Any, Literal, TypedDict

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

logger = logging.getLogger(__name__)


class TurnChanged(TypedDict):
    """Turns changed outside the process that renders them: look at the store."""

    type: Literal["turn.changed"]
    version: int


class TurnArticles(TypedDict):
    """Rendered articles that bring a page from `version - 1` to `version`."""

    type: Literal["turn.articles"]
    version: int
    # Answers that start with this version, and so stand at offset 0.
    started: list[str]
    html: str


class TurnFrame(TypedDict):
    """What is new since the last frame; offsets are places in the answer.

    They count its text and its steps together, see `AnswerUpdate`. `snapshot` frames
    hold everything from offset 0 on.
    """

    type: Literal["turn.frame", "turn.snapshot"]
    turn: str
    sequence: int
    base: int
    end: int
    html: str


class TurnWaiting(TypedDict):
    """No word has come yet: the attempt of this number is made in some seconds."""

    type: Literal["turn.waiting"]
    message: str
    attempt: int
    wait_s: float


class ConversationChanged(TypedDict):
    """The title changed, or the conversation went to the trash or came back."""

    type: Literal["conversation.changed"]
    conversation: str


class ConversationListed(TypedDict):
    """Rows of a person's list are new, or say something new, or are gone."""

    type: Literal["conversation.listed"]
    html: str


class SnapshotWanted(TypedDict):
    """A listener of `channel` lost count and asks for a snapshot."""

    type: Literal["snapshot.wanted"]
    turn: str
    channel: str


class StopWanted(TypedDict):
    """Someone asked to stop a turn: the column says so too, this is only faster."""

    type: Literal["stop.wanted"]
    turn: str


type Event = (
    TurnChanged
    | TurnArticles
    | TurnFrame
    | TurnWaiting
    | ConversationChanged
    | ConversationListed
    | SnapshotWanted
    | StopWanted
)


def conversation_group(conversation_id: uuid.UUID | str) -> str:
    """The group of every open page of a conversation."""
    return f"conversation.{conversation_id}"


def turn_group(turn_id: uuid.UUID | str) -> str:
    """The group of the process that runs a turn."""
    return f"turn.{turn_id}"


def layer() -> Any:
    """The channel layer that the site is configured with."""
    return get_channel_layer()


async def publish(group: str, event: Event) -> None:
    """Send `event` to a group; a layer that fails costs liveliness, never a write."""
    try:
        await layer().group_send(group, event)
    except Exception:  # noqa: BLE001 - what a broken layer raises is its own affair
        logger.warning("An event of type %s was not delivered", event["type"])


async def reply(channel: str, event: Event) -> None:
    """Send `event` to the one listener that asked for it."""
    try:
        await layer().send(channel, event)
    except Exception:  # noqa: BLE001 - as above; the asker falls back on the store
        logger.warning("A reply of type %s was not delivered", event["type"])


def publish_on_commit(group: str, event: Event) -> None:
    """Send `event` once the running transaction is committed, and not otherwise."""
    transaction.on_commit(partial(async_to_sync(publish), group, event), robust=True)
