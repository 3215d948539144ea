"""HTTP to one server: the only module that knows how bytes travel.

Requests go straight to an httpx transport, beneath httpx's client: no redirects, no
cookies, no proxies from the environment, no request lines in the log.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from conversations.messages_api.attempts import with_retries
from conversations.messages_api.authorization import Authorizer, Unsigned
from conversations.messages_api.errors import (
    ProviderConnectionError,
    ProviderError,
    RequestError,
    StreamError,
    UnexpectedResponseError,
)
from conversations.messages_api.events import Json, load_object
from conversations.messages_api.failures import error_from_response, request_id_in
from conversations.messages_api.rate_limits import rate_limits
from conversations.messages_api.reader import ANSWER_LIMIT_BYTES
from conversations.messages_api.timeouts import Timeouts

POOL_LIMIT = 1000
KEEPALIVE_S = 30.0
ERROR_LIMIT_BYTES = 64 * 1024
ERROR_BODY_S = 5.0
JSON_HEADERS = {"content-type": "application/json"}

type Transport = httpx.AsyncBaseTransport
type Chunks = AsyncGenerator[bytes]

_FAULTS = (httpx.TransportError, aiohttp.ClientError, OSError)
_NOT_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: `path` follows the root; `headers` go before the connection's.

    `content` is JSON unless the headers name another type.
    """

    method: str
    path: str
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Response:
    """A response whose head is good; its body comes as `chunks`.

    `headers` are looked up in lower case. Whoever has it lets go of it by `aclose`.
    """

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.headers: Mapping[str, str] = response.headers
        self.request_id = request_id_in(response.headers)
        self.rate_limits = rate_limits(self.headers, now=datetime.now(UTC))
        self.chunks = _chunks(response)

    @property
    def media_type(self) -> str:
        kind = self.headers.get("content-type", "")
        return kind.partition(";")[0].strip().lower()

    async def object(self, ends_at: float) -> Json:
        """The body as a JSON object."""
        body = await _body(self.chunks, ends_at, ANSWER_LIMIT_BYTES)
        with suppress(StreamError, UnicodeDecodeError):
            return load_object(body.decode())
        raise self.unexpected(f"The answer is {self.media_type}, not JSON.")

    def unexpected(self, words: str) -> UnexpectedResponseError:
        """The error for a body that is not what was asked for."""
        return _unexpected(self._response, words)

    async def aclose(self) -> None:
        """Let go of the connection, which ends what still comes."""
        await _let_go(self._response, self.chunks)


class Connection:
    """One server, the headers that every request to it carries, and its pool.

    Times are those of the event loop's clock. Every failure is a `ProviderError`.
    """

    def __init__(
        self,
        root: str,
        *,
        headers: Mapping[str, str],
        secrets: Sequence[str] = (),
        authorizer: Authorizer | None = None,
        transport: Transport | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self.root = root
        self._secrets = secrets
        self._authorizer = authorizer
        self.timeouts = timeouts or Timeouts()
        self._headers = dict(headers)
        self._transport = transport or default_transport()

    @property
    def secrets(self) -> Sequence[str]:
        """What no error may repeat."""
        own = self._authorizer.secrets() if self._authorizer else ()
        return [*self._secrets, *own]

    async def send(self, call: Call, *, head_at: float) -> Response:
        """A response whose head came by `head_at` and is good; others are raised.

        One that is not let in is sent once more with what lets it in by now.
        """
        try:
            return await self._sent(self._request(call), head_at)
        except RequestError as error:
            if error.status != 401 or not await self._renewed():
                raise
        return await self._sent(self._request(call), head_at)

    async def authorize(self, patience_s: float) -> None:
        """Have a request authorized that is not sent."""
        ends_at = asyncio.get_running_loop().time() + patience_s
        await self._authorize(self._request(Call(method="GET", path="")), ends_at)

    async def _authorize(self, request: httpx.Request, ends_at: float) -> None:
        if self._authorizer is None:
            return
        unsigned = Unsigned(
            request.method,
            str(request.url),
            request.content or None,
            request.headers.get("content-type"),
        )
        with suppress(TimeoutError):
            async with asyncio.timeout_at(ends_at):
                request.headers.update(await self._authorizer.headers(unsigned))
                return
        raise _late("No credential came in time.")

    async def _renewed(self) -> bool:
        return self._authorizer is not None and await self._authorizer.renew()

    async def _sent(self, request: httpx.Request, head_at: float) -> Response:
        await self._authorize(request, head_at)
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
            refusal = await _refusal(response)
            refusal.redact(self.secrets)
            raise refusal
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise _unexpected(response, "The answer is compressed, unasked.")
        return Response(response)

    async def json(self, call: Call, *, patience_s: float) -> Json:
        """The JSON object that is answered, after retries if need be."""
        ends_at = asyncio.get_running_loop().time() + patience_s

        async def attempt(_number: int) -> Json:
            response = await self.send(call, head_at=ends_at)
            try:
                return await response.object(ends_at)
            finally:
                await response.aclose()

        return await with_retries(attempt, ends_at=ends_at, secrets=self.secrets)

    async def aclose(self) -> None:
        """Close all connections of the pool."""
        await self._transport.aclose()

    def _request(self, call: Call) -> httpx.Request:
        limits = self.timeouts
        timeout = {
            "connect": limits.connect,
            "pool": limits.connect,
            "write": limits.write,
            # Silence is watched per stream, and a head may take its time.
            "read": None,
        }
        kind = {} if call.content is None else JSON_HEADERS
        return httpx.Request(
            call.method,
            self.root + call.path,
            headers={**self._headers, **kind, **call.headers},
            content=call.content,
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


async def _refusal(response: httpx.Response) -> ProviderError:
    """The error that another status stands for, with the body if it can be read."""
    chunks = _chunks(response)
    body = b""
    ends_at = asyncio.get_running_loop().time() + ERROR_BODY_S
    with suppress(StreamError):
        body = await _body(chunks, ends_at, ERROR_LIMIT_BYTES)
    await _let_go(response, chunks)
    return error_from_response(
        response.status_code, response.headers, body, now=datetime.now(UTC)
    )


def _unexpected(response: httpx.Response, words: str) -> UnexpectedResponseError:
    return UnexpectedResponseError(
        "unexpected_response",
        words,
        status=response.status_code,
        request_id=request_id_in(response.headers),
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
        return _late("The provider did not begin to answer in time.")
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


def _late(words: str) -> ProviderConnectionError:
    return ProviderConnectionError("timeout", words, retryable=True)


def _lost(words: str) -> ProviderConnectionError:
    return ProviderConnectionError("connection_lost", words, retryable=True)
