"""Claude on Microsoft Foundry: the Messages API at a resource's own address."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import override
from urllib.parse import quote, urlencode

from conversations.messages_api import (
    CredentialError,
    MessagesClient,
    ProviderError,
    RequestError,
    Unsigned,
)
from conversations.messages_api.connection import Call, Connection
from conversations.messages_api.endpoint import root_of
from conversations.providers.clouds import CloudProvider

NAME = "foundry"
SCOPE = "https://ai.azure.com/.default"
AUTHORITY = "https://login.microsoftonline.com"
TOKEN_PATIENCE_S = 30.0
# How long before its end a token is replaced.
TOKEN_MARGIN_S = 300.0
TOKEN_LIFE_S = 3600.0


def foundry(
    models: Sequence[str],
    *,
    resource: str = "",
    base_url: str = "",
    api_key: str = "",
    application: Mapping[str, str] | None = None,
) -> CloudProvider:
    """The deployments of a resource, or of `base_url`.

    Without an API key the `application` is let in by Entra ID; its keys are `tenant`,
    `client_id`, `client_secret` and, where it is not Microsoft's own, `authority`.
    """

    def connect() -> MessagesClient:
        if not (resource or base_url):
            words = "ANTHROPIC_FOUNDRY_RESOURCE is not set."
            raise CredentialError("resource", words)
        return MessagesClient(
            base_url=base_url or f"https://{resource}.services.ai.azure.com/anthropic",
            credential=api_key or EntraTokens(**(application or {})),
            # Older gateways in front of it know this name only.
            headers={"api-key": api_key} if api_key else {},
        )

    return CloudProvider(NAME, models, connect)


class EntraTokens:
    """Tokens that Entra ID gives an application for its secret. One per event loop."""

    def __init__(
        self,
        *,
        tenant: str = "",
        client_id: str = "",
        client_secret: str = "",
        authority: str = "",
    ) -> None:
        self._root = root_of(authority or AUTHORITY)
        self._path = f"/{quote(tenant, safe='')}/oauth2/v2.0/token"
        self._client_id = client_id
        self._client_secret = client_secret
        self._lock = asyncio.Lock()
        self._token = ""
        self._ends_at = 0.0

    @override
    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._root}>"

    async def headers(self, request: Unsigned) -> Mapping[str, str]:
        async with self._lock:
            if not self._token or _now() >= self._ends_at:
                await self._fetch()
            return {"authorization": f"Bearer {self._token}"}

    async def renew(self) -> bool:
        self._ends_at = 0.0
        return True

    def secrets(self) -> Sequence[str]:
        return [each for each in (self._token, self._client_secret) if each]

    async def _fetch(self) -> None:
        if not (self._client_id and self._client_secret):
            words = "Neither a key of Foundry nor AZURE_CLIENT_SECRET is set."
            raise CredentialError("authentication", words)
        failure: ProviderError | None = None
        answer: dict[str, object] = {}
        try:
            answer = await self._asked()
        except RequestError as error:
            failure = error
        token = answer.get("access_token")
        if failure is not None and failure.retryable:
            raise failure
        if not isinstance(token, str) or not token:
            status = failure.status if failure else 200
            words = f"Entra ID gives no token (HTTP {status})."
            raise CredentialError("authentication", words)
        life = answer.get("expires_in")
        life_s = float(life) if isinstance(life, int) else TOKEN_LIFE_S
        self._token = token
        self._ends_at = _now() + life_s - TOKEN_MARGIN_S

    async def _asked(self) -> dict[str, object]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "scope": SCOPE,
        }
        call = Call(
            method="POST",
            path=self._path,
            content=urlencode(form).encode(),
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        secrets = [self._client_secret]
        connection = Connection(self._root, headers=headers, secrets=secrets)
        try:
            return await connection.json(call, patience_s=TOKEN_PATIENCE_S)
        finally:
            await connection.aclose()


def _now() -> float:
    return asyncio.get_running_loop().time()
