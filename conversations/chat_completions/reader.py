"""From the bytes of a streamed chat completion to the events of one message."""

from conversations.chat_completions.chunks import Chunks
from conversations.chat_completions.errors import error_in
from conversations.messages_api import Event, ProviderError, SseDecoder, StreamError
from conversations.messages_api.events import DONE, load_object
from conversations.messages_api.reader import ANSWER_LIMIT_BYTES


class ChunkReader:
    """Reads up to `[DONE]` (`ended`) or to the first fault.

    A fault is raised once every event before it has been handed out. A body that ends
    without `[DONE]` is whole if a finish reason came, and `stream_cut` otherwise.
    """

    def __init__(self) -> None:
        self.ended = False
        self._decoder = SseDecoder()
        self._chunks = Chunks()
        self._bytes = 0
        self._fault: ProviderError | None = None

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that these bytes complete."""
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
        if not self._chunks.finished:
            raise _cut("The answer broke off before its end.")
        self.ended = True
        return self._chunks.end()

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
            data = record.data.strip()
            if data == DONE:
                self._end(events)
                return
            # Some servers keep a connection alive with records of nothing.
            if data:
                self._take(data, events)

    def _take(self, data: str, events: list[Event]) -> None:
        raw = load_object(data)
        error = error_in(raw)
        if error is not None:
            raise error
        events += self._chunks.take(raw)

    def _end(self, events: list[Event]) -> None:
        if not self._chunks.started:
            raise _cut("The answer ended before it began.")
        events += self._chunks.end()
        self.ended = True


def _cut(words: str) -> StreamError:
    return StreamError("stream_cut", words, retryable=True)
