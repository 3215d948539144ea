"""Any server of the Messages API: a base URL, and a credential if it wants one."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from conversations.messages_api import (
    CredentialError,
    MessageRequest,
    MessagesClient,
    MessagesDialect,
    MessageStream,
    ModelRecord,
    ProviderError,
)
from conversations.messages_api.attempts import OnAttempt
from conversations.messages_api.endpoint import AuthStyle
from conversations.providers.base import ModelInfo
from conversations.providers.clients import Clients
from conversations.providers.unlisted import (
    MAX_OUTPUT_TOKENS,
    TITLES_LINE,
    UNKNOWN_SIGHT,
    UNTOLD_OUTPUT_TOKENS,
    has_no_endpoint,
    line_in,
    unlisted_model,
)

BASE_URL = "https://api.anthropic.com"

_DEPRECATED = "This model will be retired soon."


class AnthropicProvider:
    """Anthropic, or whoever answers at `base_url` (with or without `/v1`).

    `default_model` is offered whatever the server lists; without a list it is all.
    `headers` go with every request, before those of the same name that usually do.
    """

    name = "anthropic"

    def __init__(
        self,
        *,
        base_url: str = "",
        credential: str = "",
        auth_style: AuthStyle = "x-api-key",
        default_model: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._base_url = base_url or BASE_URL
        # Some of the others forget to say that they are at the end.
        self._dialect = MessagesDialect(strict_end=not base_url)
        self._headers = dict(headers or {})
        self._credential = credential
        self._auth_style: AuthStyle = auth_style
        self._clients = Clients()
        self.known: Sequence[ModelInfo] = (
            [unlisted_model(default_model, self.name)] if default_model else []
        )

    async def models(self) -> Sequence[ModelInfo]:
        """The models listed, those to be retired soon last; retired ones are not."""
        client = await self._client()
        try:
            records = await client.list_models()
        except ProviderError as error:
            if not has_no_endpoint(error):
                raise
            records = []
        active = [each for each in records if each.lifecycle != "retired"]
        active.sort(key=lambda each: each.lifecycle == "deprecated")
        listed = [_listed(each, _titles_model(active)) for each in active]
        ids = {model.id for model in listed}
        return [*(model for model in self.known if model.id not in ids), *listed]

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
        client = await self._client()
        try:
            return await client.count_tokens(request)
        except ProviderError as error:
            if has_no_endpoint(error):
                return None
            raise

    async def aclose(self) -> None:
        """Close this event loop's connections."""
        await self._clients.close()

    async def _client(self) -> MessagesClient:
        return await self._clients.at(self._base_url, self._connected)

    def _connected(self) -> MessagesClient:
        try:
            return MessagesClient(
                base_url=self._base_url,
                credential=self._credential,
                auth_style=self._auth_style,
                headers=self._headers,
                dialect=self._dialect,
            )
        except ValueError as error:
            raise CredentialError("base_url", str(error)) from None


def _titles_model(records: Sequence[ModelRecord]) -> str | None:
    """The newest of the cheapest line, None if there is none."""
    cheap = [record for record in records if _line_of(record) == TITLES_LINE]
    newest = max(cheap, key=lambda record: record.created_at or "", default=None)
    return newest.id if newest else None


def _listed(record: ModelRecord, titles_model: str | None) -> ModelInfo:
    limit = record.max_output_tokens or UNTOLD_OUTPUT_TOKENS
    is_deprecated = record.lifecycle == "deprecated"
    capabilities = record.capabilities
    notes = [
        UNKNOWN_SIGHT if record.image_input is None else "",
        _DEPRECATED if is_deprecated else "",
    ]
    return ModelInfo(
        id=record.id,
        name=record.display_name,
        provider=AnthropicProvider.name,
        images=record.image_input is not False,
        max_output_tokens=min(limit, MAX_OUTPUT_TOKENS),
        context_tokens=record.max_input_tokens,
        note=" ".join(filter(None, notes)),
        titles=True,
        titles_model=titles_model,
        created_at=record.created_at or "",
        line=_line_of(record),
        deprecated=is_deprecated,
        retires_at=record.retires_at,
        documents=_reads_documents(record),
        thinking=capabilities.thinking or frozenset(),
        efforts=capabilities.effort or frozenset(),
        server_tools=capabilities.server_tools or frozenset(),
        # Other servers pass over the marks: their usual clients send them too.
        caching=True,
        output_limit_tokens=record.max_output_tokens,
    )


def _reads_documents(record: ModelRecord) -> bool:
    """As the server says; where it says nothing, as Claude does."""
    told = record.capabilities.pdf_input
    return told if told is not None else _line_of(record) is not None


def _line_of(record: ModelRecord) -> str | None:
    return record.line or line_in(record.id)
