"""The channel layer of a site that runs as one process: in that process's memory."""

import asyncio
import time
from typing import Any, override

from channels.layers import InMemoryChannelLayer

CLEANING_INTERVAL_S = 5.0


class MemoryLayer(InMemoryChannelLayer):
    """Channels' own layer, without what it does again for every single message.

    That one walks all channels and groups at each send, makes a task for each listener
    and a deep copy for each message. Here events are plain dictionaries that nobody
    changes, and walking them now and then is enough.
    """

    _cleaned_at_s = 0.0

    @override
    async def receive(self, channel: str) -> dict[str, Any]:
        """Wait for the next message of a channel."""
        queue = self._queue(channel)
        try:
            _, message = await queue.get()
        finally:
            if queue.empty():
                self.channels.pop(channel, None)
        # What Channels' types leave open.
        heard: dict[str, Any] = message
        return heard

    def _queue(self, channel: str) -> asyncio.Queue[Any]:
        queue: asyncio.Queue[Any] | None = self.channels.get(channel)
        if queue is None:
            queue = asyncio.Queue(maxsize=self.get_capacity(channel))
            self.channels[channel] = queue
        return queue

    @override
    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Put the message before every listener of the group that has room for it."""
        self._clean_expired()
        for channel in list(self.groups.get(group, ())):
            queue = self._queue(channel)
            if not queue.full():
                queue.put_nowait((time.time() + self.expiry, message))

    def _clean_expired(self) -> None:
        now_s = time.monotonic()
        if now_s - self._cleaned_at_s >= CLEANING_INTERVAL_S:
            self._cleaned_at_s = now_s
            super()._clean_expired()  # type: ignore[misc] # private, so the stubs lack it
