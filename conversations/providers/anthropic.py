"""Any server of the Messages API: a base URL, and a credential if it wants one."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from conversations.messages_api import (
    CredentialError,
    MessageRequest,
    MessagesClient,
    MessageStream,
    ModelRecord,
    ProviderError,
)
from conversations.messages_api.attempts import OnAttempt
from conversations.messages_api.endpoint import AuthStyle
from conversations.providers.base import ModelInfo
from conversations.providers.clients import Clients

BASE_URL = "https://api.anthropic.com"
# Thinking counts as output and is on by default: room for it and a long answer.
MAX_OUTPUT_TOKENS = 16_384
# For models that do not tell their limit, most of them small.
UNTOLD_OUTPUT_TOKENS = 8_192
TITLES_LINE = "haiku"

_LINES = ("haiku", "sonnet", "opus", "fable", "mythos")
_UNKNOWN_SIGHT = "Whether this model sees pictures is not known; it is sent them."
_DEPRECATED = "This model will be retired soon."
# How servers say that they have no such endpoint.
_NO_ENDPOINT_STATUSES = frozenset({404, 405, 501})


class AnthropicProvider:
    """Anthropic, or whoever answers at `base_url` (with or without `/v1`).

    `default_model` is offered whatever the server lists; without a list it is all.
    """

    name = "anthropic"

    def __init__(
        self,
        *,
        base_url: str = "",
        credential: str = "",
        auth_style: AuthStyle = "x-api-key",
        default_model: str = "",
    ) -> None:
        self._base_url = base_url or BASE_URL
        self._credential = credential
        self._auth_style: AuthStyle = auth_style
        self._clients = Clients()
        self.known: Sequence[ModelInfo] = (
            [_unlisted(default_model)] if default_model else []
        )

    async def models(self) -> Sequence[ModelInfo]:
        """The models listed, those to be retired soon last; retired ones are not."""
        client = await self._client()
        try:
            records = await client.list_models()
        except ProviderError as error:
            if not _has_no_endpoint(error):
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
            if _has_no_endpoint(error):
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
            )
        except ValueError as error:
            raise CredentialError("base_url", str(error)) from None


def _has_no_endpoint(error: ProviderError) -> bool:
    no_json = error.code == "unexpected_response" and error.status == 200
    return no_json or error.status in _NO_ENDPOINT_STATUSES


def _titles_model(records: Sequence[ModelRecord]) -> str | None:
    """The newest of the cheapest line, None if there is none."""
    cheap = [record for record in records if _line_of(record) == TITLES_LINE]
    newest = max(cheap, key=lambda record: record.created_at or "", default=None)
    return newest.id if newest else None


def _listed(record: ModelRecord, titles_model: str | None) -> ModelInfo:
    limit = record.max_output_tokens or UNTOLD_OUTPUT_TOKENS
    is_deprecated = record.lifecycle == "deprecated"
    notes = [
        _UNKNOWN_SIGHT if record.image_input is None else "",
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
    )


def _unlisted(model_id: str) -> ModelInfo:
    return ModelInfo(
        id=model_id,
        name=model_id,
        provider=AnthropicProvider.name,
        images=True,
        max_output_tokens=UNTOLD_OUTPUT_TOKENS,
        note=_UNKNOWN_SIGHT,
        titles=True,
        line=_line_in(model_id),
    )


def _line_of(record: ModelRecord) -> str | None:
    return record.line or _line_in(record.id)


def _line_in(model_id: str) -> str | None:
    return next((line for line in _LINES if line in model_id.lower()), None)
