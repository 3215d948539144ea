"""How long an answer may take, and who gives up when it takes longer.

A provider that drips pings or single bytes never trips a read limit, so silence, lack
of progress and length are watched apart. All clocks are monotonic.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass

from conversations.messages_api.errors import StreamError


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Limits in seconds.

    `first_byte` counts until the head of the response, `idle` between two arrivals of
    bytes, `content` between two events that are more than a sign of life, `total` for
    a streamed answer with its retries, `whole` the same for one that is not streamed.
    """

    connect: float = 5.0
    write: float = 60.0
    first_byte: float = 120.0
    idle: float = 90.0
    content: float = 180.0
    total: float = 1800.0
    whole: float = 600.0


class Watchdog:
    """The three deadlines of one response body, on the clock of the event loop."""

    def __init__(self, timeouts: Timeouts, *, now: float, ends_at: float) -> None:
        self._timeouts = timeouts
        self._ends_at = ends_at
        self._content_at = now + timeouts.content

    def saw_content(self, now: float) -> None:
        self._content_at = now + self._timeouts.content

    def deadline(self, now: float) -> float:
        """When to give up if nothing arrives from now on."""
        return min(now + self._timeouts.idle, self._content_at, self._ends_at)

    def verdict(self, now: float) -> StreamError:
        """The error that names the deadline which has passed."""
        if now >= self._ends_at:
            words = "The answer took longer than it may."
        elif now >= self._content_at:
            words = f"No content came for {self._timeouts.content:g} seconds."
        else:
            words = f"Nothing came for {self._timeouts.idle:g} seconds."
        return StreamError("stalled", words)


class Alarm:
    """Ends a wait at its deadline, as `asyncio.timeout_at` does, at less cost.

    One timer serves many waits one after the other: it looks, when it rings, whether
    the deadline of the present wait has come. So no deadline may be before the last.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None
        self._deadline = 0.0
        self._rang = False

    async def wait[Result](
        self, awaitable: Awaitable[Result], deadline: float
    ) -> Result:
        """What `awaitable` returns; raises `TimeoutError` when it takes too long."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a wait needs a task")
        asked_to_stop = task.cancelling()
        self._task, self._deadline = task, deadline
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._ring)
        try:
            return await awaitable
        except asyncio.CancelledError:
            # Somebody else's wish to stop the task goes before this one.
            if self._rang and task.cancelling() - 1 <= asked_to_stop:
                raise TimeoutError from None
            raise
        finally:
            self._task = None
            if self._rang:
                self._rang = False
                task.uncancel()

    def close(self) -> None:
        """Let go of the timer; there is no wait any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        if self._task is None:
            return
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._ring)
            return
        self._rang = True
        self._task.cancel()
