"""What goes wrong between here and a provider, on both transports.

The server is real and on loopback; each fault must come out as the error that names
it, with the text that had arrived, and without the credential.
"""

import asyncio
import gzip
import json
import logging
import socket
import ssl
import traceback
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from cryptography.x509.oid import NameOID

from conversations.messages_api import (
    Accumulator,
    Attempt,
    MessageRequest,
    MessagesClient,
    MessageStop,
    ProviderError,
    Timeouts,
)
from conversations.messages_api.client import default_transport
from conversations.messages_api.sse import LINE_LIMIT_BYTES
from tests import corpus
from tests.scripted_server import (
    Connection,
    Script,
    answer,
    event_stream,
    hang,
    hang_up,
    head,
    raw,
    reset,
    scripted_server,
)

CANARY = "sk-canary-0123456789abcdef"
REQUEST = MessageRequest(
    model="m", messages=[{"role": "user", "content": "Hello"}], max_tokens=64
)
BODY = corpus.body("text")
TEXT = corpus.visible_text(corpus.expected("text"))
START = BODY[: BODY.index(b"event: content_block_start")]
HALF = BODY[: BODY.index(b"**green**")]
EARLY = BODY[: BODY.index(b"event: content_block_delta", BODY.index(b"Three"))]
MIDSTREAM = corpus.body("overloaded_midstream")
ERROR_EVENT = MIDSTREAM[MIDSTREAM.index(b"event: error") :]

# Only what waits for a limit gets a short one: elsewhere a slow machine would turn
# the fault that is meant into another.
LIMITS_S: dict[str, dict[str, float]] = {
    "silence": {"first_byte": 0.5},
    "stall": {"idle": 0.3},
    "signs of life without content": {"content": 0.6},
    "content without end": {"total": 1.2},
}

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


@dataclass
class Outcome:
    error: ProviderError | None
    accumulator: Accumulator

    @property
    def code(self) -> str | None:
        return self.error.code if self.error else None


def stop_at_the_first_error(attempt: Attempt) -> None:
    if attempt.error is not None:
        raise attempt.error


async def outcome(client: MessagesClient) -> Outcome:
    """How the first attempt ended, and what it had brought."""
    accumulator = Accumulator()
    error = None
    try:
        async with client.stream(REQUEST, on_attempt=stop_at_the_first_error) as stream:
            async for event in stream:
                accumulator.feed(event)
    except ProviderError as caught:
        error = caught
    return Outcome(error, accumulator)


def json_error(kind: str, **more: Any) -> dict[str, Any]:
    error = {"type": kind, "message": f"No: {CANARY}", **more}
    return {"type": "error", "error": error, "request_id": "req_body"}


HTML = b"<!doctype html><title>413</title>"
SPENT = json_error(
    "rate_limit_error", details={"error_code": "enforced_spend_limit_reached"}
)
STATUS_FAULTS: dict[str, tuple[Script, str, bool]] = {
    "400": (answer(400, json_error("invalid_request_error")), "invalid_request", False),
    "401": (answer(401, json_error("authentication_error")), "authentication", False),
    "403": (answer(403, json_error("permission_error")), "permission", False),
    "404": (answer(404, json_error("not_found_error")), "not_found", False),
    "408": (answer(408, b""), "timeout", True),
    "409": (answer(409, json_error("conflict_error")), "conflict", True),
    "413 HTML": (answer(413, HTML, kind="text/html"), "too_large", False),
    "429": (answer(429, json_error("rate_limit_error")), "rate_limited", True),
    "429 spent": (answer(429, SPENT), "spend_limit", False),
    "500": (answer(500, json_error("api_error")), "api_error", True),
    "500 long": (answer(500, b"x" * 200_000, kind="text/plain"), "api_error", True),
    "502 HTML": (answer(502, HTML, kind="text/html"), "api_error", True),
    "529": (answer(529, json_error("overloaded_error")), "overloaded", True),
    "529 HTML": (answer(529, HTML, kind="text/html"), "overloaded", True),
    "302": (
        answer(302, b"", "location: http://127.0.0.1:1/"),
        "unexpected_response",
        False,
    ),
    "200 HTML": (answer(200, HTML, kind="text/html"), "unexpected_response", False),
    "200 other JSON": (answer(200, {"ok": True}), "unexpected_response", False),
    "200 half JSON": (
        answer(200, b'{"type": "mess', kind="application/json"),
        "unexpected_response",
        False,
    ),
    "a body that is cut": (
        raw(head(500, "content-length: 100") + b'{"error"'),
        "api_error",
        True,
    ),
}


@pytest.mark.parametrize("name", STATUS_FAULTS)
async def test_a_status_becomes_its_error(open_client: OpenClient, name: str) -> None:
    script, code, retryable = STATUS_FAULTS[name]

    async with scripted_server(script) as server:
        found = await outcome(open_client(server.url))

    assert found.error is not None
    assert (found.code, found.error.retryable) == (code, retryable)
    assert found.error.status == int(name[:3]) if name[0].isdigit() else 500
    assert found.accumulator.text == ""


NOT_STARTED: dict[str, tuple[Script, str]] = {
    "closed without a word": (hang_up, "connection_lost"),
    "reset without a word": (reset, "connection_lost"),
    "not HTTP": (raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "connection_lost"),
    "closed in the head": (raw(b"HTTP/1.1 200 OK\r\ncontent-ty"), "connection_lost"),
    "silence": (hang, "timeout"),
    "closed before content": (event_stream([START], hang_up), "stream_cut"),
    "ended before content": (event_stream([START]), "stream_cut"),
    "empty": (event_stream([]), "stream_cut"),
    "error event before content": (event_stream([START + ERROR_EVENT]), "overloaded"),
    "error event first of all": (event_stream([ERROR_EVENT]), "overloaded"),
}


@pytest.mark.parametrize("name", NOT_STARTED)
async def test_what_fails_before_content_may_be_tried_again(
    open_client: OpenClient, name: str
) -> None:
    script, code = NOT_STARTED[name]

    async with scripted_server(script) as server:
        found = await outcome(open_client(server.url, **LIMITS_S.get(name, {})))

    assert found.error is not None
    assert (found.code, found.error.retryable) == (code, True)


async def drip(connection: Connection) -> None:
    for _ in range(1000):
        await connection.send_chunk(b": still here\n\n")
        await asyncio.sleep(0.02)


async def drip_text(connection: Connection) -> None:
    delta = {"type": "text_delta", "text": "."}
    event = {"type": "content_block_delta", "index": 0, "delta": delta}
    for _ in range(1000):
        await connection.send_chunk(b"data: %s\n\n" % json.dumps(event).encode())
        await asyncio.sleep(0.02)


UNTIL_CLOSE = head(200, "content-type: text/event-stream", "connection: close")
IN_MIDSTREAM: dict[str, tuple[Script, str]] = {
    "reset": (event_stream([HALF], reset), "stream_cut"),
    "cut chunks": (event_stream([HALF], hang_up), "stream_cut"),
    "a cut body without length": (raw(UNTIL_CLOSE + HALF), "stream_cut"),
    "a clean end without message_stop": (event_stream([HALF]), "stream_cut"),
    "stall": (event_stream([HALF], hang), "stalled"),
    "signs of life without content": (event_stream([EARLY], drip), "stalled"),
    "content without end": (event_stream([EARLY], drip_text), "stalled"),
    "a line cut before an error event": (
        event_stream([HALF + b"\n\n", ERROR_EVENT]),
        "malformed_stream",
    ),
    "error event after text": (event_stream([EARLY + ERROR_EVENT]), "overloaded"),
    "malformed JSON": (
        event_stream([EARLY + b'data: {"type": "content\n\n']),
        "malformed_stream",
    ),
    "truncated UTF-8": (event_stream([EARLY + b"data: \xc3\n\n"]), "malformed_stream"),
    "a huge line": (
        event_stream([EARLY] + [b"x" * 2**20] * (LINE_LIMIT_BYTES // 2**20 + 1), hang),
        "malformed_stream",
    ),
}


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


ALL_FAULTS = {
    **{name: script for name, (script, *_) in STATUS_FAULTS.items()},
    **{name: script for name, (script, _) in NOT_STARTED.items()},
    **{name: script for name, (script, _) in IN_MIDSTREAM.items()},
}


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
