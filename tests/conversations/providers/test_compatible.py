"""Servers that speak the Messages API nearly: each known deviation, on loopback."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from conversations.messages_api import Accumulator, MessageRequest, ProviderError
from conversations.providers.anthropic import AnthropicProvider
from tests.scripted_server import (
    Script,
    ScriptedServer,
    answer,
    event_stream,
    scripted_server,
)

type Json = dict[str, Any]

CANARY = "canary-key-0123456789"
REQUEST = MessageRequest(
    model="qwen", messages=[{"role": "user", "content": "Hello"}], max_tokens=100
)
START: Json = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "qwen",
        "content": [],
        "stop_reason": None,
        "usage": {"input_tokens": 4, "output_tokens": 1},
    },
}
TEXT_START: Json = {
    "type": "content_block_start",
    "index": 0,
    "content_block": {"type": "text", "text": ""},
}
TEXT: Json = {
    "type": "content_block_delta",
    "index": 0,
    "delta": {"type": "text_delta", "text": "Hi."},
}
BLOCK_STOP: Json = {"type": "content_block_stop", "index": 0}
END: Json = {
    "type": "message_delta",
    "delta": {"stop_reason": "end_turn", "stop_sequence": None},
    "usage": {"output_tokens": 2},
}
STOP: Json = {"type": "message_stop"}
WHOLE = (START, TEXT_START, TEXT, BLOCK_STOP, END, STOP)
TOOL: Json = {"type": "tool_use", "id": "toolu_1", "name": "now", "input": {}}


def named(*events: Json) -> bytes:
    return b"".join(
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
        for event in events
    )


def unnamed(*events: Json) -> bytes:
    return b"".join(f"data: {json.dumps(event)}\n\n".encode() for event in events)


def started(**more: Any) -> Json:
    """The first event, with other fields of its message; None takes one away."""
    message = {**START["message"], **more}
    kept = {key: value for key, value in message.items() if value is not None}
    return {**START, "message": kept}


def block(start: Json, *deltas: Json) -> bytes:
    """An answer of one block."""
    events = [
        {"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas
    ]
    first = {**TEXT_START, "content_block": start}
    return named(START, first, *events, BLOCK_STOP, END, STOP)


@asynccontextmanager
async def served(
    *scripts: Script, **options: Any
) -> AsyncIterator[tuple[AnthropicProvider, ScriptedServer]]:
    async with scripted_server(*scripts) as server:
        provider = AnthropicProvider(base_url=server.url, **options)
        try:
            yield provider, server
        finally:
            await provider.aclose()


async def told(*scripts: Script) -> Accumulator:
    accumulator = Accumulator()
    async with (
        served(*scripts) as (provider, _),
        provider.stream(REQUEST) as stream,
    ):
        async for event in stream:
            accumulator.feed(event)
    return accumulator


async def failure_of(script: Script) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await told(script)
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(named(*WHOLE), id="nothing is missing, not even a ping"),
        pytest.param(unnamed(*WHOLE), id="no names of events"),
        pytest.param(named(*WHOLE).replace(b"\n", b"\r\n"), id="other line ends"),
        pytest.param(named(*WHOLE) + b"data: [DONE]\n\n", id="an end mark behind"),
        pytest.param(named(*WHOLE[:-1]) + b"data: [DONE]\n\n", id="only an end mark"),
        pytest.param(named(*WHOLE[:-1]), id="no end said at all"),
        pytest.param(
            named(started(id=None, model=None), *WHOLE[1:]), id="no id, no model"
        ),
        pytest.param(named(started(usage=None), *WHOLE[1:]), id="no usage at first"),
        pytest.param(
            named(started(type=None, role=None), *WHOLE[1:]), id="no type, no role"
        ),
        pytest.param(
            named(*WHOLE[:4], {**END, "usage": None}, STOP), id="no usage at last"
        ),
        pytest.param(
            named(*WHOLE[:4], {"type": END["type"], "delta": END["delta"]}, STOP),
            id="nothing of usage at last",
        ),
        pytest.param(
            named(*WHOLE[:3], {"type": "vendor_extra", "x": 1}, *WHOLE[3:]),
            id="events of their own",
        ),
        pytest.param(b": hello\n\n" + named(*WHOLE), id="comments"),
    ],
)
async def test_an_answer_is_read_though(body: bytes) -> None:
    message = await told(event_stream([body]))
    [content] = message.content
    assert (content["type"], content["text"]) == ("text", "Hi.")
    assert message.stop_reason == "end_turn"
    assert message.done


@pytest.mark.parametrize(
    "message",
    [
        {"type": "message", "role": "assistant"},
        {"usage": None},
        {"id": None, "model": None},
    ],
)
async def test_an_answer_that_is_not_streamed_is_read(message: Json) -> None:
    content = [{"type": "text", "text": "Hi."}]
    whole = {**message, "content": content, "stop_reason": "end_turn"}
    heard = await told(answer(200, whole))
    assert heard.content == content
    assert heard.done


async def test_tokens_that_are_told_only_at_the_end_are_kept() -> None:
    end = {**END, "usage": {"input_tokens": 9, "output_tokens": 2}}
    body = named(started(usage=None), *WHOLE[1:4], end, STOP)
    usage = (await told(event_stream([body]))).usage
    assert (usage["input_tokens"], usage["output_tokens"]) == (9, 2)


async def test_zeros_at_first_are_no_last_word() -> None:
    zeros = started(usage={"input_tokens": 0, "output_tokens": 0})
    end = {**END, "usage": {"input_tokens": 9, "output_tokens": 2}}
    body = named(zeros, *WHOLE[1:4], end, STOP)
    assert (await told(event_stream([body]))).usage["input_tokens"] == 9


async def test_caches_counted_as_null_do_no_harm() -> None:
    usage = {"input_tokens": 4, "output_tokens": 1, "cache_read_input_tokens": None}
    body = named(started(usage=usage), *WHOLE[1:])
    assert (await told(event_stream([body]))).done


async def test_thinking_without_a_signature_is_thinking() -> None:
    delta = {"type": "thinking_delta", "thinking": "Hm."}
    body = block({"type": "thinking", "thinking": ""}, delta)
    [content] = (await told(event_stream([body]))).content
    assert content["thinking"] == "Hm."


@pytest.mark.parametrize(
    "body",
    [
        block(TOOL, {"type": "input_json_delta", "partial_json": '{"zone": "CET"}'}),
        block({**TOOL, "input": {"zone": "CET"}}),
        block(
            TOOL,
            {"type": "input_json_delta", "partial_json": ""},
            {"type": "input_json_delta", "partial_json": '{"zone": '},
            {"type": "input_json_delta", "partial_json": '"CET"}'},
        ),
    ],
    ids=["in one piece", "with the block", "in pieces"],
)
async def test_the_input_of_a_tool_comes(body: bytes) -> None:
    [content] = (await told(event_stream([body]))).content
    assert content["input"] == {"zone": "CET"}


@pytest.mark.parametrize(
    ("status", "body", "code", "words"),
    [
        (400, {"error": {"message": "m", "type": None}}, "invalid_request", "m"),
        (400, {"error": "m"}, "invalid_request", "m"),
        (400, {"message": "m"}, "invalid_request", "m"),
        (400, {"detail": "m"}, "invalid_request", "m"),
        (
            404,
            {"error": {"message": "m", "code": "model_not_found", "param": None}},
            "not_found",
            "m",
        ),
        (
            401,
            {"error": {"message": "m", "code": "invalid_api_key"}},
            "authentication",
            "m",
        ),
        (
            400,
            {"error": {"code": 400, "message": "m", "type": "invalid_request_error"}},
            "invalid_request",
            "m",
        ),
        (
            400,
            {"error": {"message": "m", "type": "exceed_context_size_error"}},
            "context_too_long",
            "m",
        ),
        (422, {"detail": [{"msg": "m"}]}, "invalid_request", ""),
        (403, b"<html>no</html>", "permission", ""),
        (413, b"", "too_large", ""),
    ],
)
async def test_an_error_is_understood(
    status: int, body: bytes | Json, code: str, words: str
) -> None:
    error = await failure_of(answer(status, body))
    assert (error.code, error.provider_message) == (code, words)


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (b'data: {"error": {"message": "m", "code": 500}}\n\n', "api_error"),
        (b'data: {"error": "m"}\n\n', "api_error"),
        (b'event: error\ndata: {"message": "m"}\n\n', "api_error"),
        (
            b'data: {"error": {"message": "m", "type": "rate_limit_exceeded"}}\n\n',
            "rate_limited",
        ),
    ],
)
async def test_an_error_in_the_stream_is_one_without_a_type_too(
    event: bytes, code: str
) -> None:
    error = await failure_of(event_stream([named(*WHOLE[:3]), event]))
    assert error.code == code


async def test_an_answer_that_breaks_off_is_no_answer() -> None:
    error = await failure_of(event_stream([named(*WHOLE[:4])]))
    assert error.code == "stream_cut"


@pytest.mark.parametrize(
    "no_such_place",
    [
        answer(404, b"404 page not found", kind="text/plain"),
        answer(404, {"error": {"message": "File Not Found", "code": 404}}),
        answer(405, {"detail": "Method Not Allowed"}),
        answer(501, b"", "x-should-retry: false"),
        answer(200, b"<!doctype html>", kind="text/html"),
    ],
)
@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda provider: provider.count_tokens(REQUEST), id="count"),
        pytest.param(lambda provider: provider.models(), id="models"),
    ],
)
async def test_an_endpoint_that_is_not_there_is_done_without(
    no_such_place: Script, ask: Callable[[AnthropicProvider], Any]
) -> None:
    async with served(no_such_place, default_model="qwen") as (provider, _):
        found = await ask(provider)
    assert found is None or [model.id for model in found] == ["qwen"]


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("x-api-key", {"x-api-key": CANARY}),
        ("bearer", {"authorization": f"Bearer {CANARY}"}),
        ("none", {}),
    ],
)
async def test_the_key_goes_where_the_server_looks_for_it(
    style: str, expected: dict[str, str]
) -> None:
    whole = answer(200, {"content": []})
    async with served(whole, credential=CANARY, auth_style=style) as (
        provider,
        server,
    ):
        await provider.create(REQUEST)
    headers = server.requests[0].headers
    names = ("x-api-key", "authorization")
    assert {name: headers[name] for name in names if name in headers} == expected


@pytest.mark.parametrize("path", ["", "/v1", "/api/anthropic", "/api/anthropic/v1/"])
async def test_the_base_url_is_taken_with_or_without_its_version(path: str) -> None:
    whole = answer(200, {"content": []})
    async with scripted_server(whole) as server:
        provider = AnthropicProvider(base_url=server.url + path)
        await provider.create(REQUEST)
        await provider.aclose()
    root = path.rstrip("/").removesuffix("/v1")
    assert server.requests[0].target == f"{root}/v1/messages"


async def test_further_headers_go_along_and_before_the_usual_ones() -> None:
    extra = {"X-Team": "blue", "Anthropic-Version": "2023-06-01"}
    async with served(answer(200, {"content": []}), headers=extra) as (
        provider,
        server,
    ):
        await provider.create(REQUEST)
    headers = server.requests[0].headers
    assert headers["x-team"] == "blue"
    assert headers["anthropic-version"] == "2023-06-01"


async def test_a_header_that_the_server_echoes_is_not_repeated() -> None:
    echo = answer(400, {"error": {"message": f"You sent {CANARY}."}})
    async with served(echo, headers={"x-gateway-key": CANARY}) as (provider, _):
        with pytest.raises(ProviderError) as caught:
            await provider.create(REQUEST)
    assert CANARY not in f"{caught.value!r} {caught.value}"
