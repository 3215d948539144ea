"""One answer while it is made: what has arrived, and what the pages have of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from conversations import feed, measures
from conversations.messages_api import (
    Accumulator,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    Event,
    TextDelta,
    ThinkingDelta,
    ending_of,
    usage_of_both,
)
from conversations.rendering import LiveAnswer, frame_markup
from conversations.turns import Checkpoint

if TYPE_CHECKING:
    import uuid

    from conversations.generation.answer import Claimed
    from conversations.generation.pace import Pace
    from conversations.models import Turn
    from conversations.providers.base import ProviderStream
    from conversations.rendering import AnswerUpdate

# A read that takes longer than this has waited for bytes to come.
NOTICEABLE_S = 0.001


@dataclass(slots=True)
class Run:
    """The live state of one turn; a thread may only render what is shown of it."""

    turn_id: uuid.UUID
    # What was claimed together with the question, if it was.
    claimed: Claimed | None = None
    task: asyncio.Task[None] | None = None
    # The part of the task that reads from the provider, and may be cut short.
    receiving: asyncio.Task[None] | None = None
    turn: Turn | None = None
    call_id: uuid.UUID | None = None
    # How the answer ends once it was cut short.
    cut: Turn.Status | None = None
    # Whether an answer has begun: from here on no other model is asked.
    reached: bool = False
    request_id: str = ""
    first_delta_at: datetime | None = None
    received: Accumulator = field(default_factory=Accumulator)
    # What an answer that paused had said and used before `received` went on with it;
    # `sent_back` is what of it was sent back for that.
    paused: list[dict[str, Any]] = field(default_factory=list)
    paused_usage: dict[str, Any] = field(default_factory=dict)
    sent_back: list[dict[str, Any]] = field(default_factory=list)
    shown: LiveAnswer = field(default_factory=LiveAnswer)
    sequence: int = 0
    # Held while an update is rendered: a thread may do it.
    _rendering: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def content(self) -> list[dict[str, Any]]:
        """All blocks so far, apart from what goes on arriving."""
        return [*self.paused, *(dict(block) for block in self.received.content)]

    @property
    def usage(self) -> dict[str, Any]:
        """What all calls of this turn have used."""
        return usage_of_both(self.paused_usage, self.received.usage)

    @property
    def is_paused(self) -> bool:
        """Whether the model waits to be asked to go on with what it said."""
        ending = ending_of(self.received.stop_reason or "")
        return ending == "paused" and bool(self.received.sendable_content())

    def go_on(self) -> None:
        """Be ready to take the continuation of a paused answer."""
        self.sent_back = [*self.sent_back, *self.received.sendable_content()]
        self.paused, self.paused_usage = self.content, self.usage
        self.received = Accumulator()

    def take(self, event: Event) -> None:
        """Fold one event in; its text waits for the next frame."""
        self.received.feed(event)
        match event:
            case ContentBlockDelta(delta=TextDelta(text=text)) if text:
                self._note_word()
                self.shown.feed(text)
            case ContentBlockDelta(delta=ThinkingDelta(thinking=text)):
                self.shown.steps.think(text)
            case ContentBlockStart(content_block=block):
                # Some servers put the first words into the start of a block.
                if block.get("text"):
                    self._note_word()
                self.shown.begin(block)
            case ContentBlockStop(index=index):
                self.shown.complete(self.received.block(index))

    def _note_word(self) -> None:
        if self.first_delta_at is None:
            self.first_delta_at = timezone.now()

    def cut_short(self, status: Turn.Status) -> None:
        """Read no further. Only once: a second time would cut off the clearing up."""
        if self.cut is None:
            self.cut = status
            if self.receiving is not None:
                self.receiving.cancel()

    def checkpoint(self, turn: Turn) -> Checkpoint:
        """What has arrived."""
        return Checkpoint(
            turn_id=turn.pk, answer_id=turn.answer_id, content=self.content
        )

    async def read(self, stream: ProviderStream, turn: Turn, pace: Pace) -> None:
        """Take all that comes, and send a frame for it: the first at once, then paced.

        Between two frames nothing is read: what arrives meanwhile is gathered by the
        connection, and one wake-up of this task serves all of it.
        """
        rested_at_s = asked_at_s = time.perf_counter()
        while events := await stream.gathered():
            came_at_s = time.perf_counter()
            self.request_id = stream.request_id or self.request_id
            for event in events:
                self.take(event)
            if await self._publish_frame(turn):
                # What need not be waited for had come at any time since the last frame.
                waited = came_at_s - asked_at_s > NOTICEABLE_S
                arrived_at_s = came_at_s if waited else rested_at_s
                rested_at_s = time.perf_counter()
                measures.FRAME_DELAY.observe(rested_at_s - arrived_at_s)
                if not self.received.done:
                    await pace.wait(self.shown.markdown.last_render_s)
            asked_at_s = time.perf_counter()

    async def _publish_frame(self, turn: Turn) -> bool:
        """Send what no page has yet; returns whether there was any."""
        async with self._rendering:
            update = await self._updated()
            if update is None:
                return False
            self.sequence += 1
        await feed.publish(
            feed.conversation_group(turn.conversation_id), self._frame(turn, update)
        )
        return True

    async def _updated(self) -> AnswerUpdate | None:
        if not self.shown.markdown.heavy:
            return self.shown.update()
        rendering = asyncio.ensure_future(asyncio.to_thread(self.shown.update))
        try:
            return await asyncio.shield(rendering)
        except asyncio.CancelledError:
            # No snapshot is taken while the thread is still at it.
            await asyncio.wait([rendering])
            raise

    async def send_snapshot(self, turn: Turn, channel: str) -> None:
        """Send everything that pages have been sent so far to one listener."""
        async with self._rendering:
            update = self.shown.snapshot()
        snapshot = self._frame(turn, update, snapshot=True)
        await feed.reply(channel, {**snapshot, "type": "turn.snapshot"})

    def _frame(
        self, turn: Turn, update: AnswerUpdate, *, snapshot: bool = False
    ) -> feed.TurnFrame:
        # Ready to be passed on, however many pages there are.
        html = frame_markup(str(turn.answer_id), update, snapshot=snapshot)
        return {
            "type": "turn.frame",
            "turn": str(turn.pk),
            "sequence": self.sequence,
            "base": update.base,
            "end": update.end,
            "html": html,
        }
