"""The Messages API over HTTP: the only module that knows how bytes travel.

Requests go straight to an httpx transport, beneath httpx's client: no redirects, no
cookies, no proxies from the environment, no request lines in the log.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import cast, override

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from conversations.messages_api.attempts import OnAttempt, with_retries
from conversations.messages_api.dialect import Dialect, MessagesDialect
from conversations.messages_api.endpoint import (
    AuthStyle,
    authentication,
    check_sendable,
    root_of,
    secrets_in,
)
from conversations.messages_api.errors import (
    ProviderConnectionError,
    ProviderError,
    StreamError,
    UnexpectedResponseError,
)
from conversations.messages_api.events import Event, Json, events_of, load_object
from conversations.messages_api.failures import error_from_response
from conversations.messages_api.model_records import ModelRecord, model_records
from conversations.messages_api.reader import ANSWER_LIMIT_BYTES
from conversations.messages_api.requests import MessageRequest, encoded_aside
from conversations.messages_api.stream import MessageStream
from conversations.messages_api.timeouts import Timeouts, Watchdog

POOL_LIMIT = 1000
KEEPALIVE_S = 30.0
ERROR_LIMIT_BYTES = 64 * 1024
ERROR_BODY_S = 5.0
MODELS_PER_PAGE = 1000
MODEL_PAGES_LIMIT = 10

type Chunks = AsyncGenerator[bytes]

_FAULTS = (httpx.TransportError, aiohttp.ClientError, OSError)
_NOT_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class MessagesClient:
    """Speaks to one provider, with one credential, over one pool of connections.

    Retries and their waits happen inside, and only before the first content. Every
    failure is a `ProviderError`. Raises `CredentialError` for a credential or header
    that no request can carry, `ValueError` for a base URL that is none. Servers that
    speak otherwise are spoken to in their `dialect`.
    """

    def __init__(
        self,
        *,
        base_url: str,
        credential: str = "",
        auth_style: AuthStyle = "x-api-key",
        version: str = "2026-10-21",
        headers: Mapping[str, str] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        timeouts: Timeouts | None = None,
        dialect: Dialect | None = None,
    ) -> None:
        extra = dict(headers or {})
        check_sendable(credential, extra)
        self._base_url = root_of(base_url)
        self._headers = {
            "accept": "application/json",
            "accept-encoding": "identity",
            "user-agent": "chatsite",
            **({"anthropic-version": version} if version else {}),
            **authentication(auth_style, credential),
            **{name.lower(): value for name, value in extra.items()},
        }
        self._secrets = secrets_in(credential, extra)
        self._transport = transport or default_transport()
        self._timeouts = timeouts or Timeouts()
        self._dialect = dialect or MessagesDialect()

    @override
    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._base_url}>"

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
        path = self._dialect.path(request, stream=False)
        body = self._dialect.body(request, stream=False)
        answer = await self._json("POST", path, body, self._timeouts.whole)
        message = self._dialect.message(answer)
        if message is None:
            raise UnexpectedResponseError("unexpected_response", "No message.")
        return message

    async def count_tokens(self, request: MessageRequest) -> int:
        """The size of the prompt in tokens; not every provider can tell."""
        path, body = "/v1/messages/count_tokens", request.count_body()
        answer = await self._json("POST", path, body, self._timeouts.first_byte)
        count = answer.get("input_tokens")
        if type(count) is not int:
            raise UnexpectedResponseError("unexpected_response", "No token count.")
        return count

    async def list_models(self) -> list[ModelRecord]:
        """The models on offer, newest first where the provider sorts them."""
        records: list[ModelRecord] = []
        query: dict[str, str | int] = {"limit": MODELS_PER_PAGE}
        for _ in range(MODEL_PAGES_LIMIT):
            path = f"/v1/models?{httpx.QueryParams(query)}"
            page = await self._json("GET", path, None, self._timeouts.first_byte)
            records += model_records(page)
            if page.get("has_more") is not True or not page.get("last_id"):
                break
            query["after_id"] = str(page["last_id"])
        return records

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    @asynccontextmanager
    async def _streamed(
        self, request: MessageRequest, on_attempt: OnAttempt | None
    ) -> AsyncIterator[MessageStream]:
        path = self._dialect.path(request, stream=True)
        content = await encoded_aside(self._dialect.body(request, stream=True))
        ends_at = _now() + self._timeouts.total
        stream = await with_retries(
            lambda number: self._open(path, content, number, ends_at),
            ends_at=ends_at,
            secrets=self._secrets,
            on_attempt=on_attempt,
        )
        try:
            yield stream
        finally:
            await stream.aclose()

    async def _open(
        self, path: str, content: bytes, number: int, ends_at: float
    ) -> MessageStream:
        head_at = min(_now() + self._timeouts.first_byte, ends_at)
        response = await self._send("POST", path, content, head_at)
        chunks = _chunks(response)
        try:
            stream = MessageStream(
                chunks,
                close=lambda: _let_go(response, chunks),
                watchdog=Watchdog(self._timeouts, now=_now(), ends_at=ends_at),
                reader=self._dialect.reader(),
                attempt=number,
                request_id=_request_id(response),
                secrets=self._secrets,
                told=await self._told(response, chunks, ends_at),
            )
            await stream.reach_content()
        except BaseException:
            await _let_go(response, chunks)
            raise
        return stream

    async def _told(
        self, response: httpx.Response, chunks: Chunks, ends_at: float
    ) -> list[Event]:
        """The events of an answer that came whole though a stream was asked for."""
        kind = _media_type(response)
        if kind in {self._dialect.stream_type, ""}:
            return []
        if kind != "application/json":
            raise _unexpected(response, f"The answer is {kind}, not an event stream.")
        answer = await _object(response, chunks, ends_at)
        message = self._dialect.message(answer)
        if message is None:
            raise _unexpected(response, "The answer is JSON, but no message.")
        return events_of(message)

    async def _json(
        self, method: str, path: str, body: Json | None, patience_s: float
    ) -> Json:
        content = None if body is None else await encoded_aside(body)
        ends_at = _now() + patience_s

        async def attempt(_number: int) -> Json:
            response = await self._send(method, path, content, ends_at)
            chunks = _chunks(response)
            try:
                return await _object(response, chunks, ends_at)
            finally:
                await _let_go(response, chunks)

        return await with_retries(attempt, ends_at=ends_at, secrets=self._secrets)

    async def _send(
        self, method: str, path: str, content: bytes | None, head_at: float
    ) -> httpx.Response:
        """A response whose head is good; every other one is raised."""
        request = self._request(method, path, content)
        response: httpx.Response | None = None
        failure: ProviderError | None = None
        try:
            async with asyncio.timeout_at(head_at):
                response = await self._transport.handle_async_request(request)
        except _FAULTS as error:
            failure = _connection_failure(error)
        # Raised out here, an error does not carry the one below as its context, whose
        # words may hold a header.
        if response is None:
            raise failure or _lost("No response.")
        if not response.is_success:
            raise await _refusal(response)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise _unexpected(response, "The answer is compressed, unasked.")
        return response

    def _request(self, method: str, path: str, content: bytes | None) -> httpx.Request:
        limits = self._timeouts
        timeout = {
            "connect": limits.connect,
            "pool": limits.connect,
            "write": limits.write,
            # Silence is watched per stream, and a head may take its time.
            "read": None,
        }
        headers = dict(self._headers)
        if content is not None:
            headers["content-type"] = "application/json"
        return httpx.Request(
            method,
            self._base_url + path,
            headers=headers,
            content=content,
            extensions={"timeout": timeout},
        )


def default_transport() -> httpx.AsyncBaseTransport:
    """httpx over aiohttp, with a pool that queues nobody unseen, and no cookies."""
    context = httpx.create_ssl_context(trust_env=False)
    return AiohttpTransport(verify=context, trust_env=False, client=_session(context))


def _session(context: ssl.SSLContext) -> Callable[[], aiohttp.ClientSession]:
    def opened() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=POOL_LIMIT, keepalive_timeout=KEEPALIVE_S, ssl=context
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    return opened


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _chunks(response: httpx.Response) -> Chunks:
    """The body as it comes; its end too early is `stream_cut`."""
    failure: StreamError | None = None
    try:
        async for chunk in cast("httpx.AsyncByteStream", response.stream):
            yield chunk
    except _FAULTS as error:
        words = f"The connection was lost ({_name_of(error)})."
        failure = StreamError("stream_cut", words, retryable=True)
    if failure is not None:
        raise failure


async def _let_go(response: httpx.Response, chunks: Chunks) -> None:
    # A connection that fails while it is closed is closed.
    with suppress(*_FAULTS):
        await chunks.aclose()
    with suppress(*_FAULTS):
        await response.aclose()


async def _body(chunks: Chunks, ends_at: float, limit: int) -> bytes:
    """The whole body, cut at `limit` bytes."""
    body = bytearray()
    with suppress(TimeoutError):
        async with asyncio.timeout_at(ends_at):
            async for chunk in chunks:
                body += chunk
                if len(body) > limit:
                    return bytes(body[:limit])
            return bytes(body)
    raise StreamError("stalled", "The answer took longer than it may.")


async def _object(response: httpx.Response, chunks: Chunks, ends_at: float) -> Json:
    body = await _body(chunks, ends_at, ANSWER_LIMIT_BYTES)
    with suppress(StreamError, UnicodeDecodeError):
        return load_object(body.decode())
    raise _unexpected(response, f"The answer is {_media_type(response)}, not JSON.")


async def _refusal(response: httpx.Response) -> ProviderError:
    """The error that another status stands for, with the body if it can be read."""
    chunks = _chunks(response)
    body = b""
    with suppress(StreamError):
        body = await _body(chunks, _now() + ERROR_BODY_S, ERROR_LIMIT_BYTES)
    await _let_go(response, chunks)
    return error_from_response(
        response.status_code, response.headers, body, now=datetime.now(UTC)
    )


def _media_type(response: httpx.Response) -> str:
    kind: str = response.headers.get("content-type", "")
    return kind.partition(";")[0].strip().lower()


def _request_id(response: httpx.Response) -> str | None:
    names = ("request-id", "x-request-id")
    return next(filter(None, map(response.headers.get, names)), None)


def _unexpected(response: httpx.Response, words: str) -> UnexpectedResponseError:
    return UnexpectedResponseError(
        "unexpected_response",
        words,
        status=response.status_code,
        request_id=_request_id(response),
    )


def _connection_failure(error: BaseException) -> ProviderConnectionError:
    """What befell a request before its response.

    The transport over aiohttp calls all of it a connect time-out, so the errors
    beneath decide. Their words are not taken over: they may quote a header.
    """
    errors = list(_causes(error))
    name = _name_of(error)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in errors):
        words = f"The provider's certificate is not trusted ({name})."
        return ProviderConnectionError("connect_failed", words)
    if _is_unconnected(errors):
        words = f"No connection to the provider ({name})."
        return ProviderConnectionError("connect_failed", words, retryable=True)
    if any(isinstance(cause, TimeoutError) for cause in errors):
        words = "The provider did not begin to answer in time."
        return ProviderConnectionError("timeout", words, retryable=True)
    return _lost(f"The connection was lost before an answer ({name}).")


def _is_unconnected(errors: list[BaseException]) -> bool:
    if any(isinstance(error, aiohttp.ClientError) for error in errors):
        return any(isinstance(error, _NOT_CONNECTED) for error in errors)
    kinds = httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout
    return isinstance(errors[0], kinds)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        # httpcore hides what it raises from, and yet keeps it.
        hidden = error.__context__ if error.__suppress_context__ else None
        error = error.__cause__ or hidden


def _name_of(error: BaseException) -> str:
    return type(list(_causes(error))[-1]).__name__


def _lost(words: str) -> ProviderConnectionError:
    return ProviderConnectionError("connection_lost", words, retryable=True)
