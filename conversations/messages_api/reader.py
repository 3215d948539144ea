"""From the bytes of a response body to the events of one message."""

from typing import Protocol

from conversations.messages_api.errors import ProviderError, StreamError
from conversations.messages_api.events import (
    DONE,
    ContentBlockDelta,
    ErrorEvent,
    Event,
    MessageDelta,
    MessageStop,
    UnknownEvent,
    parse_event,
)
from conversations.messages_api.failures import error_from_event
from conversations.messages_api.sse import SseDecoder, SseRecord

ANSWER_LIMIT_BYTES = 64 * 1024 * 1024


class Decoder(Protocol):
    """From bytes to records; see `SseDecoder`."""

    def feed(self, chunk: bytes) -> list[SseRecord]: ...

    def finish(self) -> None: ...


class EventReader:
    """Reads up to `message_stop` (`ended`) or to the first fault.

    A fault is raised once every event before it has been handed out: an error event
    as the error it names, everything else as `StreamError`. With `strict_end` off, a
    body that ends cleanly after a stop reason or `[DONE]` counts as ended too.
    """

    def __init__(
        self, *, strict_end: bool = True, decoder: Decoder | None = None
    ) -> None:
        self.ended = False
        self._strict_end = strict_end
        self._may_end = False
        self._decoder = decoder or SseDecoder()
        self._bytes = 0
        self._fault: ProviderError | None = None

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that this chunk completes."""
        self.raise_fault()
        events: list[Event] = []
        try:
            self._read(chunk, events)
        except ProviderError as fault:
            self._fault = fault
        if not events:
            self.raise_fault()
        return events

    def finish(self) -> list[Event]:
        """The body is over: the events that end it, or `stream_cut`."""
        self.raise_fault()
        self._decoder.finish()
        if self.ended:
            return []
        if self._strict_end or not self._may_end:
            raise StreamError(
                "stream_cut", "The answer broke off before its end.", retryable=True
            )
        self.ended = True
        return [MessageStop()]

    def raise_fault(self) -> None:
        """Raise what went wrong behind the events handed out so far."""
        if self._fault is not None:
            raise self._fault

    def _read(self, chunk: bytes, events: list[Event]) -> None:
        self._bytes += len(chunk)
        if self._bytes > ANSWER_LIMIT_BYTES:
            raise StreamError(
                "malformed_stream", f"More than {ANSWER_LIMIT_BYTES} bytes."
            )
        for record in self._decoder.feed(chunk):
            event = parse_event(record)
            if isinstance(event, ErrorEvent):
                raise error_from_event(event)
            events.append(event)
            if isinstance(event, ContentBlockDelta):
                continue
            self._note(event)
            if self.ended:
                return

    def _note(self, event: Event) -> None:
        match event:
            case MessageStop():
                self.ended = True
            case MessageDelta(delta):
                self._may_end = self._may_end or delta.get("stop_reason") is not None
            case UnknownEvent(type=kind):
                self._may_end = self._may_end or kind == DONE
