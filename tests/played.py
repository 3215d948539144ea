"""A provider that answers with given events, through the real client and its bytes."""

import json
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx

from conversations.messages_api import MessageRequest, MessagesClient
from conversations.messages_api.attempts import OnAttempt
from conversations.providers.base import ModelInfo, ProviderStream

type Json = dict[str, Any]

MODEL = ModelInfo(
    id="scripted", name="Played", provider="played", images=False, max_output_tokens=100
)


def told(
    *texts: str, usage: Json | None = None, stop_reason: str = "end_turn"
) -> Iterable[Json]:
    """The events of an answer with one block for each of `texts`."""
    message = {"type": "message", "role": "assistant", "content": []}
    yield {"type": "message_start", "message": {**message, "usage": usage or {}}}
    for index, text in enumerate(texts):
        block, delta = {"type": "text", "text": ""}, {"type": "text_delta"}
        yield {"type": "content_block_start", "index": index, "content_block": block}
        yield {
            "type": "content_block_delta",
            "index": index,
            "delta": {**delta, "text": text},
        }
        yield {"type": "content_block_stop", "index": index}
    yield {"type": "message_delta", "delta": {"stop_reason": stop_reason}}
    yield {"type": "message_stop"}


class PlayedProvider:
    """Plays one answer, again and again."""

    name = "played"
    known: Sequence[ModelInfo] = (MODEL,)

    def __init__(self, events: Iterable[Json]) -> None:
        body = "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode()
        head = {"content-type": "text/event-stream"}
        self._client = MessagesClient(
            base_url="http://provider.test",
            transport=httpx.MockTransport(
                lambda _: httpx.Response(200, headers=head, content=body)
            ),
        )

    async def models(self) -> Sequence[ModelInfo]:
        return self.known

    def stream(
        self, request: MessageRequest, *, on_attempt: OnAttempt | None = None
    ) -> AbstractAsyncContextManager[ProviderStream]:
        return self._client.stream(request, on_attempt=on_attempt)

    async def create(self, request: MessageRequest) -> Json:
        return await self._client.create(request)

    async def count_tokens(self, request: MessageRequest) -> int | None:
        return None

    async def aclose(self) -> None:
        await self._client.aclose()


class OverloadedProvider(PlayedProvider):
    """Takes nothing, and asks to be left alone for longer than any test waits."""

    def __init__(self) -> None:
        super().__init__(())
        body = {"type": "error", "error": {"type": "overloaded_error", "message": ""}}
        self._client = MessagesClient(
            base_url="http://provider.test",
            transport=httpx.MockTransport(
                lambda _: httpx.Response(529, headers={"retry-after": "20"}, json=body)
            ),
        )
