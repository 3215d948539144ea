"""Claude on Google's Vertex AI: its paths, its bodies, its tokens."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, override
from urllib.parse import quote

from conversations.messages_api import (
    CredentialError,
    EventReader,
    MessageRequest,
    MessagesClient,
    ProviderConnectionError,
    Unsigned,
)
from conversations.providers.clouds import CloudProvider, lacks_extra

NAME = "vertex"
VERSION = "vertex-2023-10-16"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"

_HOSTS = {
    "global": "aiplatform.googleapis.com",
    "us": "aiplatform.us.rep.googleapis.com",
    "eu": "aiplatform.eu.rep.googleapis.com",
}


def vertex(
    models: Sequence[str], *, project: str, region: str, base_url: str = ""
) -> CloudProvider:
    """Vertex AI in a region, `global`, `us` or `eu`, paid by a project."""

    def connect() -> MessagesClient:
        if not project:
            words = "ANTHROPIC_VERTEX_PROJECT_ID is not set."
            raise CredentialError("project", words)
        return MessagesClient(
            base_url=base_url or f"https://{_host(region)}",
            credential=GoogleTokens(),
            version="",
            dialect=VertexDialect(project=project, region=region),
        )

    return CloudProvider(NAME, models, connect)


class VertexDialect:
    """The model is in the path; the rest is as the Messages API has it."""

    stream_type = "text/event-stream"
    limit_bytes = 30 * 1000 * 1000

    def __init__(self, *, project: str, region: str) -> None:
        place = f"/v1/projects/{quote(project, safe='')}/locations/{quote(region)}"
        self._models = f"{place}/publishers/anthropic/models"

    def path(self, request: MessageRequest, *, stream: bool) -> str:
        action = "streamRawPredict" if stream else "rawPredict"
        return f"{self._models}/{quote(request.model, safe='@')}:{action}"

    def body(self, request: MessageRequest, *, stream: bool) -> dict[str, Any]:
        body = request.body(stream=stream)
        del body["model"]
        return {"anthropic_version": VERSION, **body}

    def count(self, request: MessageRequest) -> tuple[str, dict[str, Any]]:
        body = {"anthropic_version": VERSION, **request.count_body()}
        return f"{self._models}/count-tokens:rawPredict", body

    def reader(self) -> EventReader:
        return EventReader()

    def message(self, answer: dict[str, Any]) -> dict[str, Any] | None:
        return answer if "content" in answer else None


class GoogleTokens:
    """Access tokens of the application default credentials, fetched when they end.

    One for each event loop. What blocks runs on a thread, one request after the other.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._credentials: Any = None
        self._is_refused = False

    @override
    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    async def headers(self, request: Unsigned) -> Mapping[str, str]:
        async with self._lock:
            if self._is_refused or not self._is_valid():
                await asyncio.to_thread(self._fetch)
                self._is_refused = False
            return {"authorization": f"Bearer {self._credentials.token}"}

    async def renew(self) -> bool:
        self._is_refused = True
        return True

    def secrets(self) -> Sequence[str]:
        return [self._credentials.token] if self._is_valid() else []

    def _is_valid(self) -> bool:
        return self._credentials is not None and bool(self._credentials.valid)

    def _fetch(self) -> None:
        try:
            import google.auth
            from google.auth.exceptions import GoogleAuthError, TransportError
            from google.auth.transport.requests import Request
        except ImportError:
            raise lacks_extra("google-auth") from None
        fault = ""
        is_unreachable = False
        try:
            if self._credentials is None:
                self._credentials, _ = google.auth.default(scopes=[SCOPE])
            self._credentials.refresh(Request())
        except GoogleAuthError as error:
            fault = type(error).__name__
            is_unreachable = isinstance(error, TransportError)
        # Raised out here: the words of the error below may hold what they are about.
        if is_unreachable:
            words = "Google, asked for a token, cannot be reached."
            raise ProviderConnectionError("connect_failed", words, retryable=True)
        if fault:
            words = f"Google gives no token: {fault}."
            raise CredentialError("authentication", words)


def _host(region: str) -> str:
    return _HOSTS.get(region, f"{region}-aiplatform.googleapis.com")
