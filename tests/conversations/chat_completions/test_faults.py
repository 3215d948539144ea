"""What goes wrong between here and a server of Chat Completions, on both transports."""

import logging
import socket
import traceback
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from conversations.chat_completions import ChatCompletionsDialect
from conversations.messages_api import (
    MessagesClient,
    ProviderError,
    Timeouts,
    default_transport,
)
from conversations.messages_api.sse import LINE_LIMIT_BYTES
from tests.chat_streams import DONE, FIRST, LAST, chunk, message, record, text
from tests.provider_faults import CANARY, HTML, REQUEST, Outcome, drip, outcome
from tests.scripted_server import (
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

type OpenClient = Callable[..., MessagesClient]

HALF = FIRST + chunk({"content": "Three"})
WHOLE = HALF + chunk({}, "stop") + LAST
MESSAGE = message(text("Three"))


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
                auth_style="bearer",
                version="",
                transport=transport,
                timeouts=Timeouts(**timeouts),
                dialect=ChatCompletionsDialect(),
            )
        )
        return clients[-1]

    yield opened
    for client in clients:
        await client.aclose()


def error(**fields: Any) -> dict[str, Any]:
    return {"error": {"message": f"No: {CANARY}", "param": None, **fields}}


def refused(status: int, *headers: str, **fields: Any) -> Script:
    return answer(status, error(**fields), "x-request-id: req_chat", *headers)


INVALID = "invalid_request_error"
# What answers, the error that it is, and whether to try again.
STATUSES: dict[str, tuple[Script, str, bool]] = {
    "400": (refused(400, type=INVALID), "invalid_request", False),
    "400 too long": (
        refused(400, type=INVALID, code="context_length_exceeded"),
        "context_too_long",
        False,
    ),
    "400 of llama.cpp": (
        refused(400, type="exceed_context_size_error", code=400),
        "context_too_long",
        False,
    ),
    "401": (
        refused(401, type=INVALID, code="invalid_api_key"),
        "authentication",
        False,
    ),
    "402": (refused(402, code=402), "billing", False),
    "403": (refused(403), "permission", False),
    "404": (refused(404, type=INVALID, code="model_not_found"), "not_found", False),
    "408": (answer(408, b""), "timeout", True),
    "409": (refused(409), "conflict", True),
    "413 HTML": (answer(413, HTML, kind="text/html"), "too_large", False),
    "422 of FastAPI": (answer(422, {"detail": [{}]}), "invalid_request", False),
    "429": (
        refused(429, "retry-after: 1", type="tokens", code="rate_limit_exceeded"),
        "rate_limited",
        True,
    ),
    "429 spent": (
        refused(429, type="insufficient_quota", code="insufficient_quota"),
        "spend_limit",
        False,
    ),
    "500": (refused(500, type="server_error"), "api_error", True),
    "500 words": (answer(500, {"error": "Out of memory"}), "api_error", True),
    "502 HTML": (answer(502, HTML, kind="text/html"), "api_error", True),
    "503": (refused(503, type="unavailable_error"), "overloaded", True),
    "529": (answer(529, b""), "overloaded", True),
    "302": (answer(302, b"", "location: /"), "unexpected_response", False),
    "200 HTML": (answer(200, HTML, kind="text/html"), "unexpected_response", False),
    "200 other JSON": (answer(200, {"ok": True}), "unexpected_response", False),
    "200 with an error": (
        answer(200, error(code=429, type="rate_limit")),
        "rate_limited",
        True,
    ),
    "a body that is cut": (
        raw(head(500, "content-length: 100") + b'{"error"'),
        "api_error",
        True,
    ),
}
NOT_BEGUN: dict[str, tuple[Script, str]] = {
    "closed without a word": (hang_up, "connection_lost"),
    "reset without a word": (reset, "connection_lost"),
    "silence": (hang, "timeout"),
    "reset before content": (event_stream([FIRST], reset), "stream_cut"),
    "ended before content": (event_stream([FIRST]), "stream_cut"),
    "nothing but its end": (event_stream([DONE]), "stream_cut"),
    "an error first of all": (
        event_stream([record(error(type="server_error"))]),
        "api_error",
    ),
    "an error before content": (
        event_stream([FIRST + record(error(code=503))]),
        "overloaded",
    ),
}
IN_MIDSTREAM: dict[str, tuple[Script, str]] = {
    "reset": (event_stream([HALF], reset), "stream_cut"),
    "cut chunks": (event_stream([HALF], hang_up), "stream_cut"),
    "a clean end without a finish reason": (event_stream([HALF]), "stream_cut"),
    "stall": (event_stream([HALF], hang), "stalled"),
    "signs of life without content": (event_stream([HALF], drip), "stalled"),
    "an error behind the text": (
        event_stream([HALF + record(error(type="server_error"))]),
        "api_error",
    ),
    "spent in the midst": (
        event_stream([HALF + record(error(code="insufficient_quota"))]),
        "spend_limit",
    ),
    "malformed JSON": (
        event_stream([HALF + b'data: {"choices": [\n\n']),
        "malformed_stream",
    ),
    "truncated UTF-8": (event_stream([HALF + b"data: \xc3\n\n"]), "malformed_stream"),
    "a huge line": (
        event_stream([HALF] + [b"x" * 2**20] * (LINE_LIMIT_BYTES // 2**20 + 1), hang),
        "malformed_stream",
    ),
}
LIMITS_S: dict[str, dict[str, float]] = {
    "silence": {"first_byte": 0.5},
    "stall": {"idle": 0.3},
    "signs of life without content": {"content": 0.6},
}
ALL = {
    **{name: script for name, (script, *_) in STATUSES.items()},
    **{name: script for name, (script, _) in NOT_BEGUN.items()},
    **{name: script for name, (script, _) in IN_MIDSTREAM.items()},
}


async def met(open_client: OpenClient, name: str) -> Outcome:
    """What comes of the fault of this name."""
    async with scripted_server(ALL[name]) as server:
        found = await outcome(open_client(server.url, **LIMITS_S.get(name, {})))
    assert len(server.requests) == 1
    return found


@pytest.mark.parametrize("name", STATUSES)
async def test_a_status_becomes_its_error(open_client: OpenClient, name: str) -> None:
    _, code, retryable = STATUSES[name]
    found = await met(open_client, name)
    assert found.error is not None
    assert (found.code, found.error.retryable) == (code, retryable)
    assert found.accumulator.text == ""


@pytest.mark.parametrize("name", NOT_BEGUN)
async def test_what_fails_before_content_may_be_tried_again(
    open_client: OpenClient, name: str
) -> None:
    found = await met(open_client, name)
    assert found.error is not None
    assert (found.code, found.error.retryable) == (NOT_BEGUN[name][1], True)


@pytest.mark.parametrize("name", IN_MIDSTREAM)
async def test_what_fails_in_midstream_keeps_the_text(
    open_client: OpenClient, name: str
) -> None:
    found = await met(open_client, name)
    assert found.code == IN_MIDSTREAM[name][1]
    assert found.accumulator.text == "Three"
    assert not found.accumulator.done


@pytest.mark.parametrize("name", ALL)
async def test_no_error_and_no_log_line_holds_the_key(
    open_client: OpenClient, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    found = await met(open_client, name)
    assert found.error is not None
    shown = [*traceback.format_exception(found.error), repr(vars(found.error))]
    assert CANARY not in "".join(shown) + caplog.text
    assert found.error.__context__ is None


async def test_nothing_listening_is_a_failed_connection(
    open_client: OpenClient,
) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        found = await outcome(open_client(f"http://127.0.0.1:{held.getsockname()[1]}"))
    assert found.code == "connect_failed"


async def test_an_answer_arrives_whole(open_client: OpenClient) -> None:
    async with scripted_server(event_stream([WHOLE])) as server:
        found = await outcome(open_client(server.url))
    assert found.error is None
    assert found.accumulator.message == MESSAGE
    assert server.requests[0].target == "/v1/chat/completions"
    assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"
    assert "anthropic-version" not in server.requests[0].headers


async def test_an_answer_that_is_not_streamed_is_read_too(
    open_client: OpenClient,
) -> None:
    said = {"role": "assistant", "content": "Three", "refusal": None}
    whole = {
        "id": "chatcmpl-1",
        "model": "gpt-test",
        "choices": [{"index": 0, "message": said, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 5},
    }
    async with scripted_server(answer(200, whole)) as server:
        client = open_client(server.url)
        found = await outcome(client)
        created = await client.create(REQUEST)
    assert found.accumulator.message == created == MESSAGE


async def test_the_limits_of_a_server_are_waited_for(open_client: OpenClient) -> None:
    busy = refused(429, "retry-after-ms: 1", code="rate_limit_exceeded")
    async with (
        scripted_server(busy, event_stream([WHOLE])) as server,
        open_client(server.url).stream(REQUEST) as stream,
    ):
        assert await stream.gathered()
    assert stream.attempt == 2


async def test_a_spent_quota_is_not_asked_again(open_client: OpenClient) -> None:
    spent = refused(429, "retry-after-ms: 1", code="insufficient_quota")
    async with scripted_server(spent) as server:
        with pytest.raises(ProviderError) as caught:
            await open_client(server.url).create(REQUEST)
    assert (caught.value.code, caught.value.request_id) == ("spend_limit", "req_chat")
    assert len(server.requests) == 1


async def test_an_error_instead_of_a_whole_answer_does_not_quote_the_key(
    open_client: OpenClient,
) -> None:
    async with scripted_server(answer(200, error(code=402))) as server:
        with pytest.raises(ProviderError) as caught:
            await open_client(server.url).create(REQUEST)
    assert caught.value.code == "billing"
    assert caught.value.provider_message == "No: [redacted]"
