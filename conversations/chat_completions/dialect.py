"""The spelling of Chat Completions: where to ask, with what, and how to read it."""

from conversations.chat_completions.chunks import Chunks
from conversations.chat_completions.errors import error_in
from conversations.chat_completions.reader import ChunkReader
from conversations.chat_completions.requests import body_of
from conversations.messages_api import Accumulator, MessageRequest, Reader
from conversations.messages_api.events import Json
from conversations.messages_api.requests import REQUEST_LIMIT_BYTES


class ChatCompletionsDialect:
    """Chat Completions at `prefix`, the part of the path before `/chat/completions`.

    `official` servers take the newer words (`max_completion_tokens`, `developer`,
    files), which others refuse or do not know.
    """

    stream_type = "text/event-stream"
    limit_bytes = REQUEST_LIMIT_BYTES

    def __init__(self, *, prefix: str = "/v1", official: bool = False) -> None:
        self._prefix = prefix
        self._official = official
        self.models_path = f"{prefix}/models"

    def path(self, request: MessageRequest, *, stream: bool) -> str:
        return f"{self._prefix}/chat/completions"

    def body(self, request: MessageRequest, *, stream: bool) -> Json:
        return body_of(request, stream=stream, official=self._official)

    def count(self, request: MessageRequest) -> tuple[str, Json]:
        """As the Messages API counts: this one cannot, but some servers speak both."""
        return f"{self._prefix}/messages/count_tokens", request.count_body()

    def reader(self) -> Reader:
        return ChunkReader()

    def message(self, answer: Json) -> Json | None:
        """The message of a whole answer, told as if it had been one chunk."""
        error = error_in(answer)
        if error is not None:
            raise error
        choices = answer.get("choices")
        if not isinstance(choices, list) or not choices:
            return None
        chunks, told = Chunks(), Accumulator()
        for event in [*chunks.take(answer), *chunks.end()]:
            told.feed(event)
        return told.message
