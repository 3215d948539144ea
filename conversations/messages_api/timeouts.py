"""How long an answer may take, and who gives up when it takes longer.

A provider that drips pings or single bytes never trips a read limit, so silence, lack
of progress and length are watched apart. All clocks are monotonic.
"""

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
