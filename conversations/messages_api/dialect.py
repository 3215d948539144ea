"""How a server wants to be asked, and how its answers become our events.

`MessagesClient` carries the bytes of every dialect; this one is the API's own.
"""

from typing import Protocol

from conversations.messages_api.events import Event, Json
from conversations.messages_api.reader import EventReader
from conversations.messages_api.requests import REQUEST_LIMIT_BYTES, MessageRequest


class Reader(Protocol):
    """From the bytes of one streamed answer to its events; see `EventReader`."""

    @property
    def ended(self) -> bool: ...

    def feed(self, chunk: bytes) -> list[Event]: ...

    def finish(self) -> list[Event]: ...

    def raise_fault(self) -> None: ...


class Dialect(Protocol):
    """The spelling of one kind of server.

    `path` follows the root of the base URL. `count` is the path and the body that
    ask for the size of a prompt. `stream_type` is the media type of a streamed answer,
    `limit_bytes` the most that a request may have. `message` is a whole answer in the
    shape of the Messages API, or None if it is no answer at all; it may raise the error
    that the answer holds.
    """

    @property
    def stream_type(self) -> str: ...

    @property
    def limit_bytes(self) -> int: ...

    def path(self, request: MessageRequest, *, stream: bool) -> str: ...

    def body(self, request: MessageRequest, *, stream: bool) -> Json: ...

    def count(self, request: MessageRequest) -> tuple[str, Json]: ...

    def reader(self) -> Reader: ...

    def message(self, answer: Json) -> Json | None: ...


class MessagesDialect:
    """The Messages API itself."""

    stream_type = "text/event-stream"
    limit_bytes = REQUEST_LIMIT_BYTES

    def __init__(self, *, strict_end: bool = True) -> None:
        self._strict_end = strict_end

    def path(self, request: MessageRequest, *, stream: bool) -> str:
        return "/v1/messages"

    def body(self, request: MessageRequest, *, stream: bool) -> Json:
        return request.body(stream=stream)

    def count(self, request: MessageRequest) -> tuple[str, Json]:
        return "/v1/messages/count_tokens", request.count_body()

    def reader(self) -> Reader:
        return EventReader(strict_end=self._strict_end)

    def message(self, answer: Json) -> Json | None:
        # Some servers leave the type out, and it says no more than the content does.
        is_message = answer.get("type") == "message" or "content" in answer
        return answer if is_message else None
