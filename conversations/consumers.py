"""The websocket of one open page: it authorises, subscribes, renders; writes nothing.

Every page hears of its person's list; one without a conversation hears of that alone.
A page holds a version of the conversation and an offset in each running answer. What
builds on exactly that is passed on; anything else makes the consumer ask again.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, override
from urllib.parse import parse_qs

from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError

from conversations import correlation, feed
from conversations.articles import (
    Changes,
    changes_since,
    heading,
    stored_snapshot,
    unlisted,
    waiting,
)
from conversations.database import in_thread
from conversations.models import Conversation, Turn
from conversations.rendering import frame_markup

if TYPE_CHECKING:
    from conversations.rendering import AnswerUpdate

SIGNED_OUT = 4401
NOT_FOUND = 4404
# How long the process that runs an answer has to send a snapshot of it.
SNAPSHOT_PATIENCE_S = 0.5
# Sign-out and deactivation close sockets at once; this catches a lost message.
RECHECK_INTERVAL_S = 30.0
# After so long without a word of a running answer the store is asked whether it ended:
# the event that said so may have been lost.
SILENCE_S = 2.0


class ConversationConsumer(AsyncWebsocketConsumer):
    """Keeps one page up to date, of one conversation or of none."""

    groups: list[str]

    def __init__(self, *, recheck_interval_s: float = RECHECK_INTERVAL_S) -> None:
        """Look every `recheck_interval_s` whether the person may still see this."""
        super().__init__()
        self.recheck_interval_s = recheck_interval_s
        self._is_over = False

    @override
    async def connect(self) -> None:
        named = self.scope["url_route"]["kwargs"]
        self.conversation_id: uuid.UUID | None = named.get("conversation_id")
        person: Any = self.scope["user"]
        correlation.add(conversation=self.conversation_id, person=person.pk)
        self.version = _version_of(self.scope)
        # Offsets up to which this page holds each running answer; None while a
        # snapshot of it is on its way.
        self.held: dict[str, int | None] = {}
        self._waits: dict[str, asyncio.Task[None]] = {}
        self._rechecks: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._frames = 0
        # A refusal before the handshake would look like a broken line to the page,
        # which would try again for ever.
        await self.accept()
        # A sign-out during the check is told to the group.
        for group in self._live_groups():
            await self.channel_layer.group_add(group, self.channel_name)
        if await self._refused():
            return
        self._rechecks = asyncio.create_task(self._recheck())
        await self._catch_up(always=True)

    @override
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Live through one connection, as Channels has it.

        Channels makes and awaits a task for every message, and a page gets many of
        them a second; here one task hears all that the feed says.
        """
        self.scope, self.base_send = scope, send
        self.channel_layer = feed.layer()
        self.channel_name = await self.channel_layer.new_channel()
        # A page is greeted before it hears any news.
        await self.dispatch(await receive())
        both = [
            asyncio.create_task(self._dispatch_all(receive)),
            asyncio.create_task(self._dispatch_all(self._news)),
        ]
        try:
            ended, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.wait(both)
        with suppress(StopConsumer):
            ended.pop().result()

    async def _dispatch_all(self, receive: Callable[[], Awaitable[Any]]) -> None:
        while True:
            await self.dispatch(await receive())

    async def _news(self) -> Any:
        return await self.channel_layer.receive(self.channel_name)

    @override
    async def dispatch(self, message: Any) -> None:
        """Hand an event to its method.

        Channels would first close old connections of the database, on a thread and
        for every frame; here the threads that use connections look after them.
        """
        handler = getattr(self, get_handler_name(message), None)
        # During an upgrade a newer process may speak of what is not known here.
        if handler is not None:
            await handler(message)

    @override
    async def disconnect(self, code: int) -> None:
        for task in (*self._waits.values(), self._rechecks, self._listening):
            if task is not None:
                task.cancel()
        for group in self._live_groups():
            await self.channel_layer.group_discard(group, self.channel_name)

    @override
    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        """Whatever a page may say is ignored: it asks by POST."""

    @override
    async def send(self, *args: Any, **kwargs: Any) -> None:
        """Send, unless the socket was closed: what was under way then is dropped."""
        if not self._is_over:
            await super().send(*args, **kwargs)

    @override
    async def close(self, *args: Any, **kwargs: Any) -> None:
        """Close, once."""
        if not self._is_over:
            self._is_over = True
            await super().close(*args, **kwargs)

    def _live_groups(self) -> list[str]:
        person: Any = self.scope["user"]
        groups = [person.live_group] if person.is_authenticated else []
        if self.conversation_id is not None:
            groups.append(feed.conversation_group(self.conversation_id))
        return groups

    async def _refused(self) -> bool:
        if not await in_thread(_is_signed_in, self.scope):
            await self.close(SIGNED_OUT)
        elif not await in_thread(_may_see, self.scope["user"], self.conversation_id):
            await self.close(NOT_FOUND)
        else:
            return False
        return True

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(self.recheck_interval_s)
            with suppress(DatabaseError):  # one that is away is asked the next time
                if await self._refused():
                    return
                await self._catch_up_if_behind()

    def _listen(self) -> None:
        """See to it that the end of a running answer is not missed."""
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen_for_silence())

    async def _listen_for_silence(self) -> None:
        while self.held:
            heard = self._frames
            await asyncio.sleep(SILENCE_S)
            if heard == self._frames:
                with suppress(DatabaseError):  # as above
                    await self._catch_up_if_behind()

    async def _catch_up_if_behind(self) -> None:
        if self.conversation_id is None:
            return
        if await in_thread(_newest_version, self.conversation_id) > self.version:
            await self._catch_up()

    async def _catch_up(self, *, always: bool = False) -> None:
        if self.conversation_id is None:
            return
        changes, named = await in_thread(_changes, self.conversation_id, self.version)
        if always or changes.version > self.version:
            self.version = changes.version
            self.held = {}
            await self.send(changes.html + named)
        if changes.running is not None:
            await self._want_snapshot(str(changes.running.pk))

    async def _want_snapshot(self, turn_id: str) -> None:
        if turn_id in self._waits:
            return
        self.held[turn_id] = None
        self._listen()
        self._waits[turn_id] = asyncio.create_task(self._fall_back(turn_id))
        await feed.publish(
            feed.turn_group(turn_id),
            {"type": "snapshot.wanted", "turn": turn_id, "channel": self.channel_name},
        )

    async def _fall_back(self, turn_id: str) -> None:
        await asyncio.sleep(SNAPSHOT_PATIENCE_S)
        try:
            stored = await in_thread(_stored, turn_id)
        finally:
            # Whatever became of it, the page may ask once more.
            self._waits.pop(turn_id, None)
        if stored is not None and self.held.get(turn_id) is None:
            message_id, update = stored
            self.held[turn_id] = update.end
            await self.send(frame_markup(message_id, update, snapshot=True))

    # What the feed sends: one method for each type of event.

    async def turn_frame(self, event: feed.TurnFrame) -> None:
        """Pass a frame on if it builds on what the page holds."""
        self._frames += 1
        held = self.held.get(event["turn"])
        if event["base"] == held:
            self.held[event["turn"]] = event["end"]
            await self.send(event["html"])
        elif held is None or held < event["end"]:
            await self._want_snapshot(event["turn"])

    async def turn_snapshot(self, event: feed.TurnFrame) -> None:
        """Put the page where the running process is."""
        waiting_task = self._waits.pop(event["turn"], None)
        if waiting_task is not None:
            waiting_task.cancel()
        self.held[event["turn"]] = event["end"]
        await self.send(event["html"])

    async def turn_articles(self, event: feed.TurnArticles) -> None:
        """Bring the page to the next version, or to the newest if it missed one."""
        if event["version"] <= self.version:
            return
        if event["version"] != self.version + 1:
            await self._catch_up()
            return
        self.version = event["version"]
        self.held = dict.fromkeys(event["started"], 0)
        if self.held:
            self._listen()
        await self.send(event["html"])

    async def turn_changed(self, event: feed.TurnChanged) -> None:
        """Look at the store: the change was made where nothing is rendered."""
        if event["version"] > self.version:
            await self._catch_up()

    async def turn_waiting(self, event: feed.TurnWaiting) -> None:
        """Say what is being waited for."""
        if "wait_s" in event:  # as a process of the version before said nothing of it
            html = waiting(event["message"], event["wait_s"], event["attempt"])
            await self.send(html)

    async def conversation_changed(self, event: feed.ConversationChanged) -> None:
        """Show the new title, or that the conversation is in the trash."""
        await self.send(await in_thread(_heading, event["conversation"]))

    async def conversation_listed(self, event: feed.ConversationListed) -> None:
        """Show what the list says of a conversation now, this one's or another."""
        await self.send(event["html"])

    async def layer_restored(self, _event: dict[str, Any]) -> None:
        """Look at the store: while the layer was away anything may have happened."""
        await self._catch_up()
        await self.send(unlisted())

    async def person_signed_out(self, event: dict[str, Any]) -> None:
        """Close, if it is this page's session that ended, or all of the person's."""
        session = event.get("session")
        if session is None or session == self.scope["session"].session_key:
            await self.close(SIGNED_OUT)


def _version_of(scope: Mapping[str, Any]) -> int:
    query = parse_qs(scope["query_string"].decode("ascii", "replace"))
    with suppress(KeyError, ValueError):
        return max(0, int(query["version"][0]))
    return 0


def _is_signed_in(scope: Mapping[str, Any]) -> bool:
    user = scope["user"]
    return bool(user.is_authenticated and user.is_signed_in_by(scope["session"]))


def _may_see(user: Any, conversation_id: uuid.UUID | None) -> bool:
    if conversation_id is None:
        return True
    return Conversation.objects.visible_to(user).filter(pk=conversation_id).exists()


def _newest_version(conversation_id: uuid.UUID) -> int:
    rows = Conversation.objects.filter(pk=conversation_id)
    return rows.values_list("version", flat=True).first() or 0


def _changes(conversation_id: uuid.UUID, version: int) -> tuple[Changes, str]:
    conversation = Conversation.objects.get(pk=conversation_id)
    # Titles are no part of the version: who missed one is told with the rest.
    return changes_since(conversation, version), heading(conversation)


def _stored(turn_id: str) -> tuple[str, AnswerUpdate] | None:
    running = Turn.objects.running().select_related("answer").filter(pk=turn_id)
    turn = running.first()
    if turn is None:
        return None
    return str(turn.answer_id), stored_snapshot(turn)


def _heading(conversation_id: str) -> str:
    return heading(Conversation.objects.get(pk=conversation_id))
