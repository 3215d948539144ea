"""One answer as it arrives: an asynchronous iterator of events."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Self

from conversations.messages_api.dialect import Reader
from conversations.messages_api.errors import ProviderError
from conversations.messages_api.events import (
    Event,
    MessageStart,
    Ping,
    UnknownEvent,
)
from conversations.messages_api.rate_limits import RateLimit
from conversations.messages_api.timeouts import Alarm, Watchdog

DRAIN_S = 0.25
_SIGNS_OF_LIFE = (MessageStart, Ping, UnknownEvent)

type Chunks = AsyncIterator[bytes]


class MessageStream:
    """Events up to `MessageStop`; whatever else ends them is raised.

    Raises `ProviderError`; every event received before it has been given out. `close`
    lets go of the connection at once. `told` are the events of an answer that was not
    streamed; with them `chunks` are not read. `rate_limits` are those of its head.
    """

    def __init__(
        self,
        chunks: Chunks,
        *,
        close: Callable[[], Awaitable[None]],
        watchdog: Watchdog,
        reader: Reader,
        attempt: int = 1,
        request_id: str | None = None,
        secrets: Sequence[str] = (),
        told: Sequence[Event] = (),
    ) -> None:
        self.attempt = attempt
        self.request_id = request_id
        self.rate_limits: Sequence[RateLimit] = ()
        self._chunks = chunks
        self._close = close
        self._watchdog = watchdog
        self._reader = reader
        self._secrets = secrets
        self._pending = deque(told)
        self._is_told = bool(told)
        self._has_content = self._is_told
        self._alarm = Alarm()
        self._now = asyncio.get_running_loop().time

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._pending:
            if self._is_told or self._reader.ended:
                await self._drain()
                raise StopAsyncIteration
            await self._read()
        return self._pending.popleft()

    async def gathered(self) -> list[Event]:
        """The next event and all that came with it; nothing at the end.

        What arrives while nobody waits here comes together, and costs as much as one.
        """
        while not self._pending:
            if self._is_told or self._reader.ended:
                await self._drain()
                break
            await self._read()
        events = [*self._pending]
        self._pending.clear()
        return events

    async def reach_content(self) -> None:
        """Read on until the first event that carries something of the answer."""
        while not self._has_content:
            await self._read()

    async def aclose(self) -> None:
        """Close the connection, which also stops generation at the provider."""
        self._alarm.close()
        await self._close()

    async def _read(self) -> None:
        try:
            events = await self._next_events()
        except ProviderError as error:
            error.redact(self._secrets)
            error.request_id = error.request_id or self.request_id
            raise
        for event in events:
            if not isinstance(event, _SIGNS_OF_LIFE):
                self._has_content = True
                self._watchdog.saw_content(self._now())
                break
        self._pending.extend(events)

    async def _next_events(self) -> list[Event]:
        self._reader.raise_fault()
        stall: ProviderError | None = None
        chunk: bytes | None = None
        try:
            deadline = self._watchdog.deadline(self._now())
            chunk = await self._alarm.wait(anext(self._chunks, None), deadline)
        except TimeoutError:
            stall = self._watchdog.verdict(self._now())
        if stall is not None:
            raise stall
        return self._reader.finish() if chunk is None else self._reader.feed(chunk)

    async def _drain(self) -> None:
        """Read the end of the body, so that the connection can serve again."""
        with contextlib.suppress(TimeoutError, ProviderError):
            async with asyncio.timeout(DRAIN_S):
                async for _chunk in self._chunks:
                    pass
