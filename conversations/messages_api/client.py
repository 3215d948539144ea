"""The Messages API of one server: what can be asked, and what is answered."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import override
from urllib.parse import quote, urlencode

from conversations.messages_api.attempts import OnAttempt, with_retries
from conversations.messages_api.authorization import Authorizer
from conversations.messages_api.batches import Batches
from conversations.messages_api.checks import check_request
from conversations.messages_api.connection import Call, Connection, Response, Transport
from conversations.messages_api.dialect import Dialect, MessagesDialect
from conversations.messages_api.endpoint import (
    AuthStyle,
    authentication,
    check_sendable,
    root_of,
    secrets_in,
)
from conversations.messages_api.errors import ProviderError, UnexpectedResponseError
from conversations.messages_api.events import Event, Json, events_of
from conversations.messages_api.facts import word
from conversations.messages_api.files import Files
from conversations.messages_api.model_records import (
    ModelRecord,
    model_record,
    model_records,
)
from conversations.messages_api.requests import MessageRequest, encoded_aside
from conversations.messages_api.stream import MessageStream
from conversations.messages_api.timeouts import Timeouts, Watchdog

MODELS_PER_PAGE = 1000
MODEL_PAGES_LIMIT = 10


class MessagesClient:
    """Speaks to one provider, with one credential, over one pool of connections.

    Retries and their waits happen inside, and only before the first content. Every
    failure is a `ProviderError`. Raises `CredentialError` for a credential or header
    that no request can carry, `ValueError` for a base URL that is none. What every
    server would refuse is not sent: `check_request` says which field. Servers that
    speak otherwise are spoken to in their `dialect`. A credential that is not a word
    for good, but signs or is fetched, is an `Authorizer`.
    """

    def __init__(
        self,
        *,
        base_url: str,
        credential: str | Authorizer = "",
        auth_style: AuthStyle = "x-api-key",
        version: str = "2026-10-21",
        headers: Mapping[str, str] | None = None,
        transport: Transport | None = None,
        timeouts: Timeouts | None = None,
        dialect: Dialect | None = None,
    ) -> None:
        extra = {name.lower(): value for name, value in (headers or {}).items()}
        key = credential if isinstance(credential, str) else ""
        check_sendable(key, extra)
        self._connection = Connection(
            root_of(base_url),
            headers={
                "accept": "application/json",
                "accept-encoding": "identity",
                "user-agent": "chatsite",
                **({"anthropic-version": version} if version else {}),
                **authentication(auth_style, key),
                **extra,
            },
            secrets=secrets_in(key, extra),
            authorizer=None if isinstance(credential, str) else credential,
            transport=transport,
            timeouts=timeouts,
        )
        self._timeouts = self._connection.timeouts
        self._dialect = dialect or MessagesDialect()
        self._betas = extra.get("anthropic-beta", "")

    @override
    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._connection.root}>"

    def stream(
        self, request: MessageRequest, *, on_attempt: OnAttempt | None = None
    ) -> AbstractAsyncContextManager[MessageStream]:
        """An answer as it arrives; leaving the context closes the connection.

        Entering waits for the first content, retrying as need be. `on_attempt` hears
        of every attempt as it begins and of every wait before one.
        """
        return self._streamed(request, on_attempt)

    async def create(self, request: MessageRequest) -> Json:
        """A whole message, not streamed, in the shape of the wire."""
        call = await self._call(request, stream=False)
        answer = await self._connection.json(call, patience_s=self._timeouts.whole)
        try:
            message = self._dialect.message(answer)
        except ProviderError as error:
            error.redact(self._connection.secrets)
            raise
        if message is None:
            raise UnexpectedResponseError("unexpected_response", "No message.")
        return message

    async def count_tokens(self, request: MessageRequest) -> int:
        """The size of the prompt in tokens; not every provider can tell."""
        # One of the dialects packs the whole request into a string for it.
        path, body = await asyncio.to_thread(self._dialect.count, request)
        call = Call(
            method="POST",
            path=path,
            content=await encoded_aside(body),
            headers=self._betas_of(request),
        )
        answer = await self._connection.json(call, patience_s=self._timeouts.first_byte)
        count = answer.get("input_tokens", answer.get("inputTokens"))
        if type(count) is not int:
            raise UnexpectedResponseError("unexpected_response", "No token count.")
        return count

    @property
    def batches(self) -> Batches:
        """Requests for work that nobody watches."""
        return Batches(self._connection)

    @property
    def files(self) -> Files:
        """Files kept at the provider."""
        return Files(self._connection)

    async def get_model(self, model_id: str) -> ModelRecord:
        """One model, whatever its lifecycle."""
        call = Call(method="GET", path=f"/v1/models/{quote(model_id, safe=':@')}")
        patience_s = self._timeouts.first_byte
        raw = await self._connection.json(call, patience_s=patience_s)
        if word(raw, "id") is None:
            raise UnexpectedResponseError("unexpected_response", "No model.")
        return model_record(raw)

    async def list_models(
        self, lifecycles: Sequence[str] = (), *, path: str = "/v1/models"
    ) -> list[ModelRecord]:
        """The models on offer, newest first where the provider sorts them.

        `lifecycles` asks for those alone: active, deprecated, retired.
        """
        records: list[ModelRecord] = []
        query: dict[str, str | int | Sequence[str]] = {"limit": MODELS_PER_PAGE}
        if lifecycles:
            query["lifecycle[]"] = lifecycles
        for _ in range(MODEL_PAGES_LIMIT):
            asked = f"{path}?{urlencode(query, doseq=True)}"
            call = Call(method="GET", path=asked)
            patience_s = self._timeouts.first_byte
            page = await self._connection.json(call, patience_s=patience_s)
            records += model_records(page)
            if page.get("has_more") is not True or not page.get("last_id"):
                break
            query["after_id"] = str(page["last_id"])
        return records

    async def authorize(self) -> None:
        """Fetch what requests are authorized with; says what is wrong with it."""
        await self._connection.authorize(self._timeouts.first_byte)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._connection.aclose()

    @asynccontextmanager
    async def _streamed(
        self, request: MessageRequest, on_attempt: OnAttempt | None
    ) -> AsyncIterator[MessageStream]:
        call = await self._call(request, stream=True)
        ends_at = _now() + self._timeouts.total
        stream = await with_retries(
            lambda number: self._open(call, number, ends_at),
            ends_at=ends_at,
            secrets=self._connection.secrets,
            on_attempt=on_attempt,
        )
        try:
            yield stream
        finally:
            await stream.aclose()

    async def _open(self, call: Call, number: int, ends_at: float) -> MessageStream:
        head_at = min(_now() + self._timeouts.first_byte, ends_at)
        response = await self._connection.send(call, head_at=head_at)
        try:
            stream = MessageStream(
                response.chunks,
                close=response.aclose,
                watchdog=Watchdog(self._timeouts, now=_now(), ends_at=ends_at),
                reader=self._dialect.reader(),
                attempt=number,
                request_id=response.request_id,
                secrets=self._connection.secrets,
                told=await self._told(response, ends_at),
            )
            stream.rate_limits = response.rate_limits
            await stream.reach_content()
        except BaseException:
            await response.aclose()
            raise
        return stream

    async def _told(self, response: Response, ends_at: float) -> list[Event]:
        """The events of an answer that came whole though a stream was asked for."""
        kind = response.media_type
        if kind in {self._dialect.stream_type, ""}:
            return []
        if kind != "application/json":
            raise response.unexpected(f"The answer is {kind}, not an event stream.")
        answer = await response.object(ends_at)
        message = self._dialect.message(answer)
        if message is None:
            raise response.unexpected("The answer is JSON, but no message.")
        return events_of(message)

    async def _call(self, request: MessageRequest, *, stream: bool) -> Call:
        check_request(request, stream=stream)
        body = self._dialect.body(request, stream=stream)
        return Call(
            method="POST",
            path=self._dialect.path(request, stream=stream),
            content=await encoded_aside(body, self._dialect.limit_bytes),
            headers=self._betas_of(request),
        )

    def _betas_of(self, request: MessageRequest) -> dict[str, str]:
        """The header of the features that this request asks for beside the others."""
        if not request.betas:
            return {}
        betas = ",".join(filter(None, (self._betas, *request.betas)))
        headers = {"anthropic-beta": betas}
        check_sendable("", headers)
        return headers


def _now() -> float:
    return asyncio.get_running_loop().time()
