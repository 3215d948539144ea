"""A provider whose models go by longer ids, where another has models of the same."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from conversations.messages_api import MessageRequest
from conversations.messages_api.attempts import OnAttempt
from conversations.providers.base import ModelInfo, Provider, ProviderStream


class RenamedProvider:
    """Another provider, each of whose ids has its name and a colon in front."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.name = provider.name

    def renamed(self, model: ModelInfo) -> ModelInfo:
        """The model under its longer id, and with a name that tells them apart."""
        return replace(
            model,
            id=f"{self.name}:{model.id}",
            name=f"{model.name} ({self.name})",
        )

    @property
    def known(self) -> Sequence[ModelInfo]:
        return [self.renamed(model) for model in self._provider.known]

    async def models(self) -> Sequence[ModelInfo]:
        return [self.renamed(model) for model in await self._provider.models()]

    @asynccontextmanager
    async def stream(
        self, request: MessageRequest, *, on_attempt: OnAttempt | None = None
    ) -> AsyncIterator[ProviderStream]:
        meant = self._meant(request)
        async with self._provider.stream(meant, on_attempt=on_attempt) as stream:
            yield stream

    async def create(self, request: MessageRequest) -> dict[str, Any]:
        return await self._provider.create(self._meant(request))

    async def count_tokens(self, request: MessageRequest) -> int | None:
        return await self._provider.count_tokens(self._meant(request))

    async def aclose(self) -> None:
        await self._provider.aclose()

    def _meant(self, request: MessageRequest) -> MessageRequest:
        """The same request under the id that the server knows."""
        return replace(request, model=request.model.removeprefix(f"{self.name}:"))
