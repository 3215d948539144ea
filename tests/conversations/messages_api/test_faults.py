"""What goes wrong between here and a provider, on both transports.

The server is real and on loopback; each fault must come out as the error that names
it, with the text that had arrived, and without the credential.
"""

import asyncio
import gzip
import logging
import socket
import ssl
import traceback
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from cryptography.x509.oid import NameOID

from conversations.messages_api import (
    Attempt,
    MessagesClient,
    MessageStop,
    ProviderError,
    Timeouts,
)
from conversations.messages_api.connection import default_transport
from tests import corpus
from tests.provider_faults import (
    ALL_FAULTS,
    BODY,
    CANARY,
    ERROR_EVENT,
    HALF,
    IN_MIDSTREAM,
    LIMITS_S,
    NOT_STARTED,
    REQUEST,
    START,
    STATUS_FAULTS,
    TEXT,
    UNTIL_CLOSE,
    json_error,
    outcome,
)
from tests.scripted_server import (
    Connection,
    answer,
    event_stream,
    hang,
    head,
    raw,
    scripted_server,
)

type OpenClient = Callable[..., MessagesClient]


@pytest.fixture(params=["aiohttp", "httpcore"])
async def open_client(request: pytest.FixtureRequest) -> AsyncIterator[OpenClient]:
    clients: list[MessagesClient] = []

    def opened(url: str, **timeouts: float) -> MessagesClient:
        plain = httpx.AsyncHTTPTransport(trust_env=False)
        transport = default_transport() if request.param == "aiohttp" else plain
        clients.append(
            MessagesClient(
                base_url=url,
                credential=CANARY,
                transport=transport,
                timeouts=Timeouts(**timeouts),
            )
        )
        return clients[-1]

    yield opened
    for client in clients:
        await client.aclose()


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's context with a fresh certificate of its own making."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.mark.parametrize("name", STATUS_FAULTS)
async def test_a_status_becomes_its_error(open_client: OpenClient, name: str) -> None:
    script, code, retryable = STATUS_FAULTS[name]

    async with scripted_server(script) as server:
        found = await outcome(open_client(server.url))

    assert found.error is not None
    assert (found.code, found.error.retryable) == (code, retryable)
    assert found.error.status == int(name[:3]) if name[0].isdigit() else 500
    assert found.accumulator.text == ""


@pytest.mark.parametrize("name", NOT_STARTED)
async def test_what_fails_before_content_may_be_tried_again(
    open_client: OpenClient, name: str
) -> None:
    script, code = NOT_STARTED[name]

    async with scripted_server(script) as server:
        found = await outcome(open_client(server.url, **LIMITS_S.get(name, {})))

    assert found.error is not None
    assert (found.code, found.error.retryable) == (code, True)


@pytest.mark.parametrize("name", IN_MIDSTREAM)
async def test_what_fails_in_midstream_keeps_the_text(
    open_client: OpenClient, name: str
) -> None:
    script, code = IN_MIDSTREAM[name]

    async with scripted_server(script) as server:
        found = await outcome(open_client(server.url, **LIMITS_S.get(name, {})))

    assert found.code == code
    assert found.accumulator.text.startswith("Three")
    assert not found.accumulator.done
    assert len(server.requests) == 1


@pytest.mark.parametrize("size", [1, 7, 4096])
async def test_an_answer_arrives_whole(open_client: OpenClient, size: int) -> None:
    async with scripted_server(event_stream(corpus.chunked(BODY, size))) as server:
        found = await outcome(open_client(server.url))

    assert found.error is None
    assert found.accumulator.message == corpus.expected("text")


async def test_an_answer_with_until_close_framing_arrives_whole(
    open_client: OpenClient,
) -> None:
    async with scripted_server(raw(UNTIL_CLOSE + BODY)) as server:
        found = await outcome(open_client(server.url))

    assert found.accumulator.done


async def test_nothing_listening_is_a_failed_connection(
    open_client: OpenClient,
) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        found = await outcome(open_client(f"http://127.0.0.1:{held.getsockname()[1]}"))

    assert found.error is not None
    assert (found.code, found.error.retryable) == ("connect_failed", True)
    assert found.error.provider_message == (
        "No connection to the provider (ConnectionRefusedError)."
    )


async def test_tls_to_a_plain_port_is_a_failed_connection(
    open_client: OpenClient,
) -> None:
    async with scripted_server(hang) as server:
        url = server.url.replace("http:", "https:")
        found = await outcome(open_client(url, connect=0.3))

    assert found.code == "connect_failed"


async def test_a_certificate_nobody_vouches_for_is_refused_for_good(
    open_client: OpenClient, self_signed: ssl.SSLContext
) -> None:
    async with scripted_server(answer(200, {}), tls=self_signed) as server:
        found = await outcome(open_client(server.url))

    assert found.error is not None
    assert (found.code, found.error.retryable) == ("connect_failed", False)
    assert "certificate" in found.error.provider_message
    assert server.requests == []


async def test_a_whole_answer_that_stops_arriving_is_given_up(
    open_client: OpenClient,
) -> None:
    begun = raw(head(200, "content-type: application/json", "content-length: 9") + b"{")

    async def begin_and_hang(connection: Connection) -> None:
        await connection.send(head(200, "content-length: 9") + b"{")
        await hang(connection)

    async with scripted_server(begin_and_hang, begun) as server:
        with pytest.raises(ProviderError, match="stalled"):
            await open_client(server.url, whole=0.2).create(REQUEST)
        with pytest.raises(ProviderError, match="stream_cut"):
            await open_client(server.url, whole=0.2).create(REQUEST)


async def test_a_whole_answer_that_never_begins_is_given_up(
    open_client: OpenClient,
) -> None:
    async with scripted_server(hang) as server:
        with pytest.raises(ProviderError, match="timeout"):
            await open_client(server.url, whole=0.2).create(REQUEST)

    assert len(server.requests) == 1


async def test_compression_is_not_asked_for_and_not_taken(
    open_client: OpenClient,
) -> None:
    script = answer(
        200, gzip.compress(BODY), "content-encoding: gzip", kind="text/event-stream"
    )

    async with scripted_server(script) as server:
        found = await outcome(open_client(server.url))

    assert server.requests[0].headers["accept-encoding"] == "identity"
    assert found.code == "unexpected_response"


async def test_a_redirect_is_not_followed(open_client: OpenClient) -> None:
    async with (
        scripted_server(answer(200, {})) as elsewhere,
        scripted_server(answer(307, b"", f"location: {elsewhere.url}/")) as server,
    ):
        found = await outcome(open_client(server.url))

    assert found.code == "unexpected_response"
    assert elsewhere.connections == 0


async def test_cancelling_the_reader_closes_the_connection_upstream(
    open_client: OpenClient,
) -> None:
    async with scripted_server(event_stream([HALF], hang)) as server:
        reading = asyncio.Event()

        async def read() -> None:
            async with open_client(server.url).stream(REQUEST) as stream:
                async for _event in stream:
                    reading.set()

        task = asyncio.create_task(read())
        await reading.wait()
        task.cancel()
        async with asyncio.timeout(5):
            await server.closed_by_client.wait()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_cancelling_before_the_first_word_closes_the_connection_upstream(
    open_client: OpenClient,
) -> None:
    arrived = asyncio.Event()

    async def start_and_hang(connection: Connection) -> None:
        arrived.set()
        await event_stream([START], hang)(connection)

    async with scripted_server(start_and_hang) as server:
        task = asyncio.create_task(outcome(open_client(server.url)))
        await arrived.wait()
        task.cancel()
        async with asyncio.timeout(5):
            await server.closed_by_client.wait()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_leaving_the_context_closes_the_connection_upstream(
    open_client: OpenClient,
) -> None:
    async with scripted_server(event_stream([HALF], hang)) as server:
        async with open_client(server.url).stream(REQUEST) as stream:
            await anext(stream)
        async with asyncio.timeout(5):
            await server.closed_by_client.wait()


async def test_a_connection_serves_the_next_answer_too(open_client: OpenClient) -> None:
    async with scripted_server(event_stream([BODY, b": farewell\n\n"])) as server:
        client = open_client(server.url)
        texts = [(await outcome(client)).accumulator.text for _ in range(3)]

    assert texts == [TEXT] * 3
    assert server.connections == 1


async def test_a_server_that_keeps_the_body_open_does_not_hold_up_the_end(
    open_client: OpenClient,
) -> None:
    async with scripted_server(event_stream([BODY], hang)) as server:
        found = await outcome(open_client(server.url))

    assert found.accumulator.done
    assert found.error is None


async def test_an_answer_after_two_failures_is_the_answer(
    open_client: OpenClient,
) -> None:
    busy = answer(529, json_error("overloaded_error"), "retry-after-ms: 1")
    early_error = event_stream([START + ERROR_EVENT])
    news: list[Attempt] = []

    async with (
        scripted_server(busy, early_error, event_stream([BODY])) as server,
        open_client(server.url).stream(REQUEST, on_attempt=news.append) as stream,
    ):
        events = [event async for event in stream]

    assert stream.attempt == 3
    assert stream.request_id == "req_scripted"
    assert events[-1] == MessageStop()
    assert [(step.number, step.error and step.error.code) for step in news] == [
        (1, None),
        (2, "overloaded"),
        (2, None),
        (3, "overloaded"),
        (3, None),
    ]
    assert news[1].wait_s == 0.001
    assert 0.75 <= news[3].wait_s <= 1


async def test_retries_end(open_client: OpenClient) -> None:
    busy = answer(529, json_error("overloaded_error"), "retry-after-ms: 1")

    async with scripted_server(busy) as server:
        with pytest.raises(ProviderError, match="overloaded"):
            async with open_client(server.url).stream(REQUEST):
                pass

    assert len(server.requests) == 3


async def test_no_wait_reaches_beyond_the_whole_time(open_client: OpenClient) -> None:
    busy = answer(529, json_error("overloaded_error"), "retry-after: 10")

    async with scripted_server(busy) as server:
        with pytest.raises(ProviderError, match="overloaded"):
            async with open_client(server.url, total=5).stream(REQUEST):
                pass

    assert len(server.requests) == 1


@pytest.mark.parametrize("name", ALL_FAULTS)
async def test_no_error_and_no_log_line_holds_the_credential(
    open_client: OpenClient, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async with scripted_server(ALL_FAULTS[name]) as server:
        client = open_client(server.url, **LIMITS_S.get(name, {}))
        found = await outcome(client)

    assert found.error is not None
    assert CANARY in str(server.requests[0].headers)
    shown = [*traceback.format_exception(found.error), repr(vars(found.error))]
    assert CANARY not in "".join(shown) + repr(client) + caplog.text
    assert found.error.__context__ is None
    assert found.error.__cause__ is None
