"""One answer while it is made: what has arrived, and what the pages have of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone

from conversations import feed, measures
from conversations.messages_api import (
    Accumulator,
    ContentBlockDelta,
    ContentBlockStart,
    Event,
    TextDelta,
)
from conversations.rendering import IncrementalMarkdown
from conversations.turns import Checkpoint

if TYPE_CHECKING:
    import uuid

    from conversations.generation.answer import Prepared
    from conversations.generation.pace import Pace
    from conversations.models import Turn
    from conversations.rendering import Update


@dataclass(slots=True)
class Run:
    """The live state of one turn; touched on the event loop alone."""

    turn_id: uuid.UUID
    # What was claimed together with the question, if it was.
    prepared: Prepared | None = None
    task: asyncio.Task[None] | None = None
    # The part of the task that reads from the provider, and may be cut short.
    receiving: asyncio.Task[None] | None = None
    turn: Turn | None = None
    call_id: uuid.UUID | None = None
    # How the answer ends once it was cut short.
    cut: Turn.Status | None = None
    request_id: str = ""
    first_delta_at: datetime | None = None
    received: Accumulator = field(default_factory=Accumulator)
    markdown: IncrementalMarkdown = field(default_factory=IncrementalMarkdown)
    # Set while there is something that no page has yet.
    fresh: asyncio.Event = field(default_factory=asyncio.Event)
    fresh_at_s: float = 0.0
    sequence: int = 0

    def take(self, event: Event) -> None:
        """Fold one event in; its text waits for the next frame."""
        self.received.feed(event)
        match event:
            case ContentBlockDelta(delta=TextDelta(text=text)) if text:
                self._take_text(text)
            case ContentBlockStart(content_block={"type": "text", "text": str(text)}):
                # Some servers put the first words into the start of a block.
                if text:
                    self._take_text(text)

    def _take_text(self, text: str) -> None:
        if self.first_delta_at is None:
            self.first_delta_at = timezone.now()
        self.markdown.feed(text)
        if not self.fresh.is_set():
            self.fresh_at_s = time.perf_counter()
            self.fresh.set()

    def cut_short(self, status: Turn.Status) -> None:
        """Read no further. Only once: a second time would cut off the clearing up."""
        if self.cut is None:
            self.cut = status
            if self.receiving is not None:
                self.receiving.cancel()

    def checkpoint(self, turn: Turn) -> Checkpoint:
        """What has arrived, apart from what goes on arriving."""
        return Checkpoint(
            turn_id=turn.pk,
            answer_id=turn.answer_id,
            content=[dict(block) for block in self.received.content],
        )

    async def publish_frames(self, turn: Turn, pace: Pace) -> None:
        """Send frames for as long as there is news: the first at once, then paced."""
        while True:
            await self.fresh.wait()
            self.fresh.clear()
            arrived_s = self.fresh_at_s
            update = self.markdown.update()
            if update is not None:
                self.sequence += 1
                await feed.publish(
                    feed.conversation_group(turn.conversation_id),
                    self._frame(turn, update),
                )
                measures.FRAME_DELAY.observe(time.perf_counter() - arrived_s)
            await pace.wait(self.markdown.last_render_s)

    async def send_snapshot(self, turn: Turn, channel: str) -> None:
        """Send everything that pages have been sent so far to one listener."""
        snapshot = self._frame(turn, self.markdown.snapshot())
        await feed.reply(channel, {**snapshot, "type": "turn.snapshot"})

    def _frame(self, turn: Turn, update: Update) -> feed.TurnFrame:
        return {
            "type": "turn.frame",
            "turn": str(turn.pk),
            "message": str(turn.answer_id),
            "sequence": self.sequence,
            "base": update.base,
            "end": update.end,
            "closed": update.closed,
            "open": update.open,
            "grow": update.grow,
        }
