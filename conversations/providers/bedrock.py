"""Claude on Amazon Bedrock: its paths, its bodies, its signatures."""

import asyncio
import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, override
from urllib.parse import quote

from conversations.messages_api import (
    CredentialError,
    EventReader,
    MessageRequest,
    MessagesClient,
    Unsigned,
)
from conversations.messages_api.eventstream import MEDIA_TYPE, EventStreamDecoder
from conversations.providers.clouds import CloudProvider, lacks_extra

NAME = "bedrock"
VERSION = "bedrock-2023-05-31"
SERVICE = "bedrock"
# Whoever may invoke a model need not be allowed to count, and not all models can.
UNCOUNTED_STATUSES = frozenset({400, 403})


def bedrock(
    models: Sequence[str], *, region: str, endpoint_url: str = "", api_key: str = ""
) -> CloudProvider:
    """Bedrock in a region; signed with the machine's credentials without an API key.

    `models` are ids of models or inference profiles, or their ARNs.
    """

    def connect() -> MessagesClient:
        if not region:
            raise CredentialError("region", "AWS_REGION is not set.")
        return MessagesClient(
            base_url=endpoint_url or f"https://bedrock-runtime.{region}.amazonaws.com",
            credential=api_key or AmazonSignature(region=region),
            auth_style="bearer",
            version="",
            dialect=BedrockDialect(),
        )

    return CloudProvider(NAME, models, connect, uncounted=UNCOUNTED_STATUSES)


class BedrockDialect:
    """The model is in the path, and answers stream in Amazon's frames."""

    stream_type = MEDIA_TYPE
    limit_bytes = 20 * 1000 * 1000

    def path(self, request: MessageRequest, *, stream: bool) -> str:
        action = "invoke-with-response-stream" if stream else "invoke"
        return f"{_model_path(request)}/{action}"

    def body(self, request: MessageRequest, *, stream: bool) -> dict[str, Any]:
        body = request.body(stream=False)
        del body["model"]
        # Only marks on blocks are known here; the wish to set one by itself is refused.
        body.pop("cache_control", None)
        if request.betas:
            body["anthropic_beta"] = list(request.betas)
        return {"anthropic_version": VERSION, **body}

    def count(self, request: MessageRequest) -> tuple[str, dict[str, Any]]:
        body = json.dumps(self.body(request, stream=False)).encode()
        invocation = {"body": base64.b64encode(body).decode()}
        path = f"{_model_path(request)}/count-tokens"
        return path, {"input": {"invokeModel": invocation}}

    def reader(self) -> EventReader:
        return EventReader(decoder=EventStreamDecoder())

    def message(self, answer: dict[str, Any]) -> dict[str, Any] | None:
        return answer if "content" in answer else None


class AmazonSignature:
    """Signs with what the usual chain finds: environment, profile, role.

    One for each event loop. What blocks runs on a thread, one request after the other.
    """

    def __init__(self, *, region: str) -> None:
        self._region = region
        self._lock = asyncio.Lock()
        self._credentials: Any = None
        self._secrets: Sequence[str] = ()

    @override
    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._region}>"

    async def headers(self, request: Unsigned) -> Mapping[str, str]:
        async with self._lock:
            return await asyncio.to_thread(self._signed, request)

    async def renew(self) -> bool:
        # Credentials that end are renewed before they do, by their own clock.
        return False

    def secrets(self) -> Sequence[str]:
        return self._secrets

    def _signed(self, request: Unsigned) -> dict[str, str]:
        try:
            from botocore.auth import SigV4Auth
            from botocore.awsrequest import AWSRequest
        except ImportError:
            raise lacks_extra("botocore") from None
        kind = {"content-type": request.content_type} if request.content_type else {}
        signed = AWSRequest(request.method, request.url, kind, request.content)
        SigV4Auth(self._frozen(), SERVICE, self._region).add_auth(signed)
        return {name.lower(): value for name, value in signed.headers.items()}

    def _frozen(self) -> Any:
        """The credentials of this moment; `CredentialError` without any."""
        from botocore.exceptions import BotoCoreError, ClientError

        frozen, fault = None, "none were found"
        try:
            if self._credentials is None:
                self._credentials = _found()
            if self._credentials is not None:
                frozen = self._credentials.get_frozen_credentials()
        except (BotoCoreError, ClientError) as error:
            fault = type(error).__name__
        # Raised out here: the words of the error below may hold what they are about.
        if frozen is None:
            words = f"No credentials of Amazon: {fault}."
            raise CredentialError("authentication", words)
        self._secrets = [each for each in frozen if isinstance(each, str) and each]
        return frozen


def _found() -> Any:
    from botocore.session import Session

    return Session().get_credentials()


def _model_path(request: MessageRequest) -> str:
    return f"/model/{quote(request.model, safe=':')}"
