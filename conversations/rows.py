"""Rows of people's lists that moved: gathered, and told to their pages together.

Whoever has many pages open asks in one after the other, and each page would draw a
row for each question, before the answer's first word. So the first move waits for
those that follow it, and all are read from the store and sent as one.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Collection
from weakref import WeakKeyDictionary

from django.db import DatabaseError

from conversations import correlation, feed
from conversations.articles import listed
from conversations.database import in_thread
from conversations.models import Conversation

GATHER_S = 1.0

logger = logging.getLogger(__name__)

type _Gathered = dict[str, set[uuid.UUID]]

# By event loop, and there by the group of the person's pages.
_gathered: WeakKeyDictionary[asyncio.AbstractEventLoop, _Gathered] = WeakKeyDictionary()
_telling: set[asyncio.Task[None]] = set()


def moved(group: str, conversation_id: uuid.UUID) -> None:
    """Tell the pages of `group` within `GATHER_S` where a conversation stands now."""
    gathered = _gathered.setdefault(asyncio.get_running_loop(), {})
    if group in gathered:
        gathered[group].add(conversation_id)
        return
    gathered[group] = {conversation_id}
    task = asyncio.create_task(_tell(gathered, group), context=correlation.handed_on())
    _telling.add(task)
    task.add_done_callback(_telling.discard)


async def _tell(gathered: _Gathered, group: str) -> None:
    await asyncio.sleep(GATHER_S)
    keys = gathered.pop(group)
    try:
        html = await in_thread(_rows, keys)
    except DatabaseError:
        logger.warning("What moved in a list is not known")
        return
    if html:
        await feed.publish(group, {"type": "conversation.listed", "html": html})


def _rows(keys: Collection[uuid.UUID]) -> str:
    # As they are now: one may have been renamed or deleted since it moved.
    found = Conversation.objects.filter(pk__in=keys).order_by("updated_at")
    return "".join(listed(conversation) for conversation in found)
