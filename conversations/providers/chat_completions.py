"""Any server of Chat Completions: OpenAI, or whoever answers at a base URL."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from conversations.chat_completions import ChatCompletionsDialect
from conversations.messages_api import (
    CredentialError,
    MessageRequest,
    MessagesClient,
    MessageStream,
    ModelRecord,
    ProviderError,
)
from conversations.messages_api.attempts import OnAttempt
from conversations.providers.base import ModelInfo
from conversations.providers.chat_completions_models import (
    answers_questions,
    listed,
    unlisted,
)
from conversations.providers.clients import Clients

BASE_URL = "https://api.openai.com/v1"
# Whose own servers know the newer words of the format.
OFFICIAL_HOSTS = ("api.openai.com", ".openai.azure.com", ".services.ai.azure.com")

_NO_ENDPOINT_STATUSES = frozenset({404, 405, 501})


class ChatCompletionsProvider:
    """OpenAI, or whoever answers at `base_url`.

    The path of the base URL is taken as it is, as other clients do; without one it is
    `/v1`. `default_model` is offered whatever the server lists.
    """

    name = "openai"

    def __init__(
        self, *, base_url: str = "", credential: str = "", default_model: str = ""
    ) -> None:
        self._base_url = (base_url or BASE_URL).strip().rstrip("/")
        self._credential = credential
        self._clients = Clients()
        self.known: Sequence[ModelInfo] = (
            [self._reading(unlisted(default_model, self.name))] if default_model else []
        )

    async def models(self) -> Sequence[ModelInfo]:
        """The models that answer questions, newest first; before them the default."""
        records = [each for each in await self._records() if answers_questions(each.id)]
        records.sort(key=lambda each: each.created_at or "", reverse=True)
        found = [self._reading(listed(each, self.name)) for each in records]
        ids = {model.id for model in found}
        return [*(model for model in self.known if model.id not in ids), *found]

    @asynccontextmanager
    async def stream(
        self, request: MessageRequest, *, on_attempt: OnAttempt | None = None
    ) -> AsyncIterator[MessageStream]:
        client = await self._client()
        async with client.stream(request, on_attempt=on_attempt) as stream:
            yield stream

    async def create(self, request: MessageRequest) -> dict[str, Any]:
        client = await self._client()
        return await client.create(request)

    async def count_tokens(self, request: MessageRequest) -> int | None:
        """The size of a prompt, where the server speaks the Messages API as well."""
        client = await self._client()
        try:
            return await client.count_tokens(request)
        except ProviderError as error:
            if _has_no_endpoint(error):
                return None
            raise

    async def aclose(self) -> None:
        """Close this event loop's connections."""
        await self._clients.close()

    def _reading(self, model: ModelInfo) -> ModelInfo:
        """The model with what is known of documents: at OpenAI who sees reads PDF."""
        host = urlsplit(self._base_url).hostname or ""
        return replace(model, documents=_is_official(host) and model.images)

    async def _records(self) -> Sequence[ModelRecord]:
        client = await self._client()
        try:
            return await client.list_models(
                path=_dialect_of(self._base_url).models_path
            )
        except ProviderError as error:
            if _has_no_endpoint(error):
                return []
            raise

    async def _client(self) -> MessagesClient:
        return await self._clients.at(self._base_url, self._connected)

    def _connected(self) -> MessagesClient:
        try:
            return MessagesClient(
                base_url=self._base_url,
                credential=self._credential,
                auth_style="bearer",
                version="",
                dialect=_dialect_of(self._base_url),
            )
        except ValueError as error:
            raise CredentialError("base_url", str(error)) from None


def _has_no_endpoint(error: ProviderError) -> bool:
    no_json = error.code == "unexpected_response" and error.status == 200
    return no_json or error.status in _NO_ENDPOINT_STATUSES


def _dialect_of(base_url: str) -> ChatCompletionsDialect:
    url = urlsplit(base_url)
    host = url.hostname or ""
    # The client takes a /v1 off the base URL.
    is_usual = not url.path or url.path.endswith("/v1")
    return ChatCompletionsDialect(
        prefix="/v1" if is_usual else "", official=_is_official(host)
    )


def _is_official(host: str) -> bool:
    return host.endswith(OFFICIAL_HOSTS)
