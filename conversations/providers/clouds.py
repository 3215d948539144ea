"""Claude's models in somebody's cloud, which lists none: the settings name them."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from conversations.messages_api import (
    CredentialError,
    MessageRequest,
    MessagesClient,
    MessageStream,
    ProviderError,
)
from conversations.messages_api.attempts import OnAttempt
from conversations.providers.base import ModelInfo
from conversations.providers.clients import Clients
from conversations.providers.unlisted import claude_models, has_no_endpoint

EXTRA = "clouds"


class CloudProvider:
    """The models of these ids, at one cloud.

    `connect` makes a client for the running event loop; of its errors `ValueError`
    means that the address is none. With one of the statuses `uncounted` the cloud
    says that it does not count the tokens of a model.
    """

    def __init__(
        self,
        name: str,
        models: Sequence[str],
        connect: Callable[[], MessagesClient],
        *,
        uncounted: frozenset[int] = frozenset(),
    ) -> None:
        self.name = name
        self.known: Sequence[ModelInfo] = claude_models(models, name)
        self._connect = connect
        self._uncounted = uncounted
        self._clients = Clients()

    async def models(self) -> Sequence[ModelInfo]:
        """The models named, once there is a credential to ask them with."""
        client = await self._client()
        await client.authorize()
        return self.known

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
            if has_no_endpoint(error) or error.status in self._uncounted:
                return None
            raise

    async def aclose(self) -> None:
        """Close this event loop's connections."""
        await self._clients.close()

    async def _client(self) -> MessagesClient:
        return await self._clients.at(self.name, self._connected)

    def _connected(self) -> MessagesClient:
        try:
            return self._connect()
        except ValueError as error:
            raise CredentialError("cloud_url", str(error)) from None


def lacks_extra(package: str) -> CredentialError:
    """The error of a package that is not installed."""
    words = f"{package} is not installed: it comes with the extra `{EXTRA}`."
    return CredentialError("missing_extra", words)
