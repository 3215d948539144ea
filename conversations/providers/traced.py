"""A provider whose calls are spans: model, attempt, tokens, outcome; never a text.

Names are those of OpenTelemetry's conventions for generative models.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from conversations import spans
from conversations.messages_api import (
    Event,
    MessageDelta,
    MessageRequest,
    MessageStart,
    RateLimit,
    token_count,
)
from conversations.messages_api.attempts import Attempt, OnAttempt
from conversations.providers.base import ModelInfo, Provider, ProviderStream

_USAGE = {
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "cache_read_input_tokens": "gen_ai.usage.cache_read.input_tokens",
    "cache_creation_input_tokens": "gen_ai.usage.cache_creation.input_tokens",
}


class TracedProvider:
    """Another provider, with a span around each of its calls."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.name = provider.name

    @property
    def known(self) -> Sequence[ModelInfo]:
        return self._provider.known

    async def models(self) -> Sequence[ModelInfo]:
        return await self._provider.models()

    @asynccontextmanager
    async def stream(
        self, request: MessageRequest, *, on_attempt: OnAttempt | None = None
    ) -> AsyncIterator[ProviderStream]:
        def noted(attempt: Attempt) -> None:
            if attempt.error is None:
                spans.note(attempt=attempt.number)
            else:
                spans.note(retried_for=attempt.error.code)
            if on_attempt is not None:
                on_attempt(attempt)

        with self._span("chat", request):
            async with self._provider.stream(request, on_attempt=noted) as stream:
                yield _TracedStream(stream)
                spans.note(provider_request=stream.request_id)

    async def create(self, request: MessageRequest) -> dict[str, Any]:
        with self._span("chat", request):
            message = await self._provider.create(request)
            _note_usage(message.get("usage"))
            return message

    async def count_tokens(self, request: MessageRequest) -> int | None:
        with self._span("count_tokens", request):
            return await self._provider.count_tokens(request)

    async def aclose(self) -> None:
        await self._provider.aclose()

    def _span(self, operation: str, request: MessageRequest) -> Any:
        about = {
            "gen_ai.operation.name": operation,
            "gen_ai.provider.name": self.name,
            "gen_ai.request.model": request.model,
            "gen_ai.request.max_tokens": request.max_tokens,
        }
        return spans.span(f"{operation} {request.model}", **about)


class _TracedStream:
    """Another stream, whose usage is noted as it is told."""

    def __init__(self, stream: ProviderStream) -> None:
        self._stream = stream

    @property
    def request_id(self) -> str | None:
        return self._stream.request_id

    @property
    def attempt(self) -> int:
        return self._stream.attempt

    @property
    def rate_limits(self) -> Sequence[RateLimit]:
        return self._stream.rate_limits

    async def __aiter__(self) -> AsyncIterator[Event]:
        async for event in self._stream:
            _note(event)
            yield event

    async def gathered(self) -> Sequence[Event]:
        events = await self._stream.gathered()
        for event in events:
            _note(event)
        return events


def _note(event: Event) -> None:
    if isinstance(event, MessageStart):
        _note_usage(event.message.get("usage"))
    elif isinstance(event, MessageDelta):
        _note_usage(event.usage)
        reason = event.delta.get("stop_reason")
        if reason:
            finished = {"gen_ai.response.finish_reasons": [str(reason)]}
            spans.note(**finished)


def _note_usage(usage: Mapping[str, Any] | None) -> None:
    counts = {name: token_count(usage or {}, key) for key, name in _USAGE.items()}
    spans.note(**counts)
