"""The provider of Chat Completions, against a server on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from conversations.messages_api import (
    Accumulator,
    MessageRequest,
    ProviderError,
    RequestError,
)
from conversations.providers import ModelInfo
from conversations.providers.chat_completions import ChatCompletionsProvider
from tests.chat_streams import FIRST, LAST, STREAMS, chunk
from tests.scripted_server import (
    Script,
    ScriptedServer,
    answer,
    event_stream,
    hang,
    scripted_server,
)

REQUEST = MessageRequest(
    model="gpt-test",
    messages=[{"role": "user", "content": "Hello"}],
    max_tokens=100,
)


@asynccontextmanager
async def served(
    *scripts: Script, path: str = "", **options: Any
) -> AsyncIterator[tuple[ChatCompletionsProvider, ScriptedServer]]:
    """A provider and the server behind it."""
    async with scripted_server(*scripts) as server:
        provider = ChatCompletionsProvider(base_url=f"{server.url}{path}", **options)
        try:
            yield provider, server
        finally:
            await provider.aclose()


async def models_of(*records: dict[str, Any], **options: Any) -> list[ModelInfo]:
    listing = {"object": "list", "data": records}
    async with served(answer(200, listing), **options) as (provider, _):
        return list(await provider.models())


def listed(model_id: str, **more: Any) -> dict[str, Any]:
    return {"id": model_id, "object": "model", "created": 1_700_000_000, **more}


async def test_a_bare_record_is_offered_with_what_is_assumed_and_said() -> None:
    [model] = await models_of(listed("nobody-knows-it"))
    assert model == ModelInfo(
        id="nobody-knows-it",
        name="nobody-knows-it",
        provider="openai",
        images=True,
        max_output_tokens=8_192,
        note="Whether this model sees pictures is not known; it is sent them.",
        titles=True,
        created_at="2023-11-14T22:13:20+00:00",
    )


@pytest.mark.parametrize(
    ("model_id", "images"),
    [
        ("gpt-4o-mini", True),
        ("gpt-4.1", True),
        ("gpt-5", True),
        ("o3", True),
        ("o3-mini", False),
        ("gpt-4", False),
        ("gpt-3.5-turbo", False),
        ("gpt-oss:20b", False),
        ("llama3.2-vision:11b", True),
        ("meta-llama/llama-3.3-70b-instruct", False),
        ("meta-llama/Llama-4-Scout", True),
        ("Qwen/Qwen2.5-VL-7B-Instruct", True),
        ("qwen2.5-coder", False),
        ("deepseek-chat", False),
        ("deepseek-vl2", True),
        ("google/gemini-2.5-pro", True),
        ("gemma3:4b", True),
        ("mixtral-8x7b", False),
        ("pixtral-12b", True),
        ("anthropic/claude-sonnet-5.5", True),
    ],
)
async def test_sight_is_assumed_from_a_known_name_and_said(
    model_id: str, *, images: bool
) -> None:
    [model] = await models_of(listed(model_id))
    assert model.images is images
    assert "assumed from its name" in model.note


@pytest.mark.parametrize(
    ("facts", "images"),
    [
        ({"architecture": {"input_modalities": ["text", "image"]}}, True),
        ({"architecture": {"input_modalities": ["text"]}}, False),
        ({"capabilities": {"vision": False}}, False),
        ({"capabilities": {"image_input": {"supported": True}}}, True),
    ],
)
async def test_what_a_list_says_of_sight_counts_before_the_name(
    facts: dict[str, Any], *, images: bool
) -> None:
    [model] = await models_of(listed("gpt-4o", **facts))
    assert (model.images, model.note) == (images, "")


@pytest.mark.parametrize(
    ("facts", "context", "output"),
    [
        ({"context_length": 131_072}, 131_072, 8_192),
        ({"max_model_len": 8_192}, 8_192, 4_096),
        ({"meta": {"n_ctx": 4_096, "n_ctx_train": 32_768}}, 4_096, 2_048),
        ({"context_window": 65_536, "max_completion_tokens": 32_768}, 65_536, 16_384),
        ({"max_context_length": 32_768}, 32_768, 8_192),
        (
            {
                "context_length": 200_000,
                "top_provider": {"max_completion_tokens": 4_096},
            },
            200_000,
            4_096,
        ),
        ({"context_length": None, "meta": None, "top_provider": "x"}, None, 8_192),
    ],
)
async def test_the_room_of_a_model_is_read_however_it_is_told(
    facts: dict[str, Any], context: int | None, output: int
) -> None:
    [model] = await models_of(listed("some", **facts))
    assert (model.context_tokens, model.max_output_tokens) == (context, output)


@pytest.mark.parametrize(
    ("model_id", "output"), [("gpt-4", 4_096), ("o3", 16_384), ("gpt-4o", 8_192)]
)
async def test_the_length_of_an_answer_is_known_of_old_and_of_thinking_models(
    model_id: str, output: int
) -> None:
    [model] = await models_of(listed(model_id))
    assert model.max_output_tokens == output


async def test_models_of_other_trades_are_not_offered() -> None:
    others = ("text-embedding-3-large", "whisper-1", "tts-1", "dall-e-3", "gpt-image-1")
    more = ("omni-moderation-latest", "gpt-4o-realtime-preview", "davinci-002")
    models = await models_of(*map(listed, (*others, *more, "gpt-4o")))
    assert [model.id for model in models] == ["gpt-4o"]


async def test_the_newest_models_come_first() -> None:
    old, new = listed("old"), listed("new", created=1_800_000_000)
    models = await models_of(old, new, {"id": "undated"})
    assert [model.id for model in models] == ["new", "old", "undated"]


async def test_the_default_model_is_offered_before_and_beside_the_list() -> None:
    provider = ChatCompletionsProvider(default_model="mine")
    assert [model.id for model in provider.known] == ["mine"]
    models = await models_of(listed("other"), default_model="mine")
    assert [model.id for model in models] == ["mine", "other"]
    assert len(await models_of(listed("mine"), default_model="mine")) == 1


@pytest.mark.parametrize(
    "no_list",
    [
        answer(404, {"error": {"message": "Not found"}}),
        answer(405, b""),
        answer(200, b"<!doctype html>", kind="text/html"),
    ],
)
async def test_a_server_without_a_list_offers_the_default_model(
    no_list: Script,
) -> None:
    async with served(no_list, default_model="mine") as (provider, _):
        assert [model.id for model in await provider.models()] == ["mine"]


async def test_a_refused_key_is_an_error() -> None:
    refused = answer(401, {"error": {"code": "invalid_api_key"}})
    async with served(refused) as (provider, _):
        with pytest.raises(RequestError) as caught:
            await provider.models()
    assert caught.value.code == "authentication"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", "/v1"),
        ("/", "/v1"),
        ("/v1", "/v1"),
        ("/api/v1/", "/api/v1"),
        ("/v1beta/openai/", "/v1beta/openai"),
        ("/api/paas/v4", "/api/paas/v4"),
    ],
)
async def test_the_path_of_the_base_url_is_kept(path: str, expected: str) -> None:
    scripts = answer(200, {"data": []}), event_stream([STREAMS["text"][0]])
    async with served(*scripts, path=path) as (provider, server):
        await provider.models()
        async with provider.stream(REQUEST) as stream:
            await stream.gathered()
    targets = [request.target.partition("?")[0] for request in server.requests]
    assert targets == [f"{expected}/models", f"{expected}/chat/completions"]


async def test_an_answer_streams_as_the_server_sends_it() -> None:
    body, expected = STREAMS["a call in pieces"]
    told = Accumulator()
    async with (
        served(event_stream([body]), credential="sk-1") as (provider, server),
        provider.stream(REQUEST) as stream,
    ):
        async for event in stream:
            told.feed(event)
    assert told.message == expected
    assert stream.request_id == "req_scripted"
    assert server.requests[0].headers["authorization"] == "Bearer sk-1"
    assert server.requests[0].json["max_tokens"] == 100


async def test_leaving_the_stream_closes_the_connection() -> None:
    async with served(event_stream([FIRST, chunk({"content": "A"})], hang)) as (
        provider,
        server,
    ):
        async with provider.stream(REQUEST) as stream:
            await anext(aiter(stream))
        await server.closed_by_client.wait()


async def test_a_message_is_created_whole() -> None:
    said = {"role": "assistant", "content": "Hi"}
    whole = {"choices": [{"message": said, "finish_reason": "length"}]}
    async with served(answer(200, whole)) as (provider, _):
        message = await provider.create(REQUEST)
    assert message["content"] == [{"type": "text", "text": "Hi"}]
    assert message["stop_reason"] == "max_tokens"


async def test_prompts_are_counted_where_the_server_also_speaks_the_messages_api() -> (
    None
):
    async with served(answer(200, {"input_tokens": 12})) as (provider, server):
        assert await provider.count_tokens(REQUEST) == 12
    assert server.requests[0].target == "/v1/messages/count_tokens"


async def test_a_server_that_cannot_count_gives_no_number() -> None:
    async with served(answer(404, b"")) as (provider, _):
        assert await provider.count_tokens(REQUEST) is None


async def test_a_refused_count_is_an_error() -> None:
    async with served(answer(400, b"")) as (provider, _):
        with pytest.raises(RequestError):
            await provider.count_tokens(REQUEST)


@pytest.mark.parametrize("base_url", ["ftp://h", "h", "http://u:p@h", "http://[::1"])
async def test_a_base_url_that_is_none_is_a_provider_error(base_url: str) -> None:
    provider = ChatCompletionsProvider(base_url=base_url)
    with pytest.raises(ProviderError) as caught:
        await provider.models()
    assert caught.value.code == "base_url"


async def test_an_answer_cut_behind_its_finish_reason_is_whole() -> None:
    body = FIRST + chunk({"content": "Hi"}, "stop")
    told = Accumulator()
    async with (
        served(event_stream([body])) as (provider, _),
        provider.stream(REQUEST) as stream,
    ):
        async for event in stream:
            told.feed(event)
    assert told.done
    assert LAST not in body
