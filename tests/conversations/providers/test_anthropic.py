"""The Messages API provider, against a server on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from conversations.messages_api import (
    Accumulator,
    MessageRequest,
    ProviderError,
    RequestError,
)
from conversations.providers import ModelInfo
from conversations.providers.anthropic import AnthropicProvider
from tests import corpus
from tests.scripted_server import (
    Script,
    ScriptedServer,
    answer,
    event_stream,
    hang,
    scripted_server,
)

SONNET = {
    "type": "model",
    "id": "claude-sonnet-5-5",
    "display_name": "Claude Sonnet 5.5",
    "created_at": "2026-09-28T00:00:00Z",
    "lifecycle": "active",
    "line": "sonnet",
    "max_input_tokens": 1_000_000,
    "max_tokens": 128_000,
    "capabilities": {"image_input": {"supported": True}},
}
HAIKU = {**SONNET, "id": "claude-haiku-5-5", "line": "haiku"}
OLD_HAIKU = {**HAIKU, "id": "claude-haiku-4-5", "created_at": "2025-10-15T00:00:00Z"}
REQUEST = MessageRequest(
    model="claude-sonnet-5-5",
    messages=[{"role": "user", "content": "Hello"}],
    max_tokens=100,
)


@asynccontextmanager
async def served(
    *scripts: Script, **options: Any
) -> AsyncIterator[tuple[AnthropicProvider, ScriptedServer]]:
    """A provider and the server behind it."""
    async with scripted_server(*scripts) as server:
        provider = AnthropicProvider(base_url=server.url, **options)
        try:
            yield provider, server
        finally:
            await provider.aclose()


async def models_of(*records: dict[str, Any], **options: Any) -> list[ModelInfo]:
    async with served(answer(200, {"data": records}), **options) as (provider, _):
        return list(await provider.models())


async def test_a_listed_model_is_offered_with_what_the_list_says() -> None:
    [model] = await models_of(SONNET)
    assert model == ModelInfo(
        id="claude-sonnet-5-5",
        name="Claude Sonnet 5.5",
        provider="anthropic",
        images=True,
        max_output_tokens=16_384,
        context_tokens=1_000_000,
        titles=True,
        created_at="2026-09-28T00:00:00Z",
        line="sonnet",
        caching=True,
        output_limit_tokens=128_000,
        documents=True,
    )


async def test_what_a_model_can_do_is_told_as_its_server_says_it() -> None:
    yes, no = {"supported": True}, {"supported": False}
    capabilities = {
        "pdf_input": yes,
        "effort": {**yes, "low": yes, "max": no},
        "thinking": {**yes, "types": {"adaptive": yes, "enabled": no}},
        "server_tools": {**yes, "web_search": yes},
    }
    retires = {"retires_at": "2027-03-01T00:00:00Z"}
    [model] = await models_of({**SONNET, **retires, "capabilities": capabilities})
    assert model.documents
    assert model.efforts == {"low"}
    assert model.thinking == {"adaptive"}
    assert model.server_tools == {"web_search"}
    assert model.retires_at == datetime(2027, 3, 1, tzinfo=UTC)


async def test_a_model_that_sees_no_pictures_is_said_to() -> None:
    blind = {**SONNET, "capabilities": {"image_input": {"supported": False}}}
    [model] = await models_of(blind)
    assert not model.images
    assert model.note == ""


@pytest.mark.parametrize("capabilities", [None, {}, {"image_input": None}])
async def test_unknown_sight_is_assumed_and_said(capabilities: object) -> None:
    [model] = await models_of({**SONNET, "capabilities": capabilities})
    assert model.images
    assert "not known" in model.note


async def test_a_list_of_another_vendor_offers_its_models() -> None:
    [model] = await models_of({"id": "qwen", "object": "model", "created": 1_700_000})
    assert (model.id, model.name, model.line) == ("qwen", "qwen", None)
    assert model.max_output_tokens == 8_192
    assert model.context_tokens is None


async def test_a_small_model_keeps_its_own_limit() -> None:
    [model] = await models_of({**SONNET, "max_tokens": 4096})
    assert model.max_output_tokens == 4096


async def test_a_line_is_read_from_the_id_where_the_list_names_none() -> None:
    [model] = await models_of({"id": "anthropic/claude-sonnet-5.5"})
    assert model.line == "sonnet"


async def test_titles_are_asked_of_the_newest_haiku() -> None:
    models = await models_of(SONNET, OLD_HAIKU, HAIKU)
    assert {model.titles_model for model in models} == {"claude-haiku-5-5"}


async def test_models_to_be_retired_come_last_and_retired_ones_not_at_all() -> None:
    leaving = {**SONNET, "id": "leaving", "lifecycle": "deprecated"}
    gone = {**SONNET, "id": "gone", "lifecycle": "retired"}
    models = await models_of(leaving, gone, SONNET)
    assert [model.id for model in models] == ["claude-sonnet-5-5", "leaving"]
    assert [model.deprecated for model in models] == [False, True]
    assert "retired soon" in models[1].note


async def test_the_default_model_is_offered_before_the_list_is_known() -> None:
    provider = AnthropicProvider(default_model="claude-sonnet-5-5")
    [model] = provider.known
    assert (model.id, model.line) == ("claude-sonnet-5-5", "sonnet")


async def test_a_default_model_that_is_not_listed_is_offered_first() -> None:
    models = await models_of(SONNET, default_model="mine")
    assert [model.id for model in models] == ["mine", "claude-sonnet-5-5"]


async def test_a_default_model_that_is_listed_is_offered_once() -> None:
    [model] = await models_of(SONNET, default_model="claude-sonnet-5-5")
    assert model.name == "Claude Sonnet 5.5"


@pytest.mark.parametrize(
    "no_list",
    [
        answer(404, {"error": {"type": "not_found_error"}}),
        answer(405, b""),
        answer(501, b"", "x-should-retry: false"),
        answer(200, b"<!doctype html>", kind="text/html"),
    ],
)
async def test_a_server_without_a_list_offers_the_default_model(
    no_list: Script,
) -> None:
    async with served(no_list, default_model="mine") as (provider, _):
        assert [model.id for model in await provider.models()] == ["mine"]


async def test_a_refused_credential_is_an_error() -> None:
    refused = answer(401, {"error": {"type": "authentication_error"}})
    async with served(refused, default_model="mine") as (provider, _):
        with pytest.raises(RequestError) as caught:
            await provider.models()
    assert caught.value.code == "authentication"


@pytest.mark.parametrize(
    ("style", "header", "value"),
    [("x-api-key", "x-api-key", "sk-1"), ("bearer", "authorization", "Bearer sk-1")],
)
async def test_the_credential_travels_in_the_header_of_its_style(
    style: str, header: str, value: str
) -> None:
    script = answer(200, {"data": []})
    async with served(script, credential="sk-1", auth_style=style) as (
        provider,
        server,
    ):
        await provider.models()
    sent = server.requests[0].headers
    assert sent[header] == value
    assert len({"x-api-key", "authorization"} & sent.keys()) == 1


async def test_without_a_credential_none_is_sent() -> None:
    async with served(answer(200, {"data": []})) as (provider, server):
        await provider.models()
    assert not {"x-api-key", "authorization"} & server.requests[0].headers.keys()


async def test_an_answer_streams_as_the_server_sends_it() -> None:
    told = Accumulator()
    async with (
        served(event_stream([corpus.body("text")])) as (provider, server),
        provider.stream(REQUEST) as stream,
    ):
        async for event in stream:
            told.feed(event)
    assert told.message == corpus.expected("text")
    assert stream.request_id == "req_scripted"
    assert server.requests[0].json["stream"] is True


async def test_leaving_the_stream_closes_the_connection() -> None:
    body = corpus.body("text")
    async with served(event_stream([body[: len(body) // 2]], hang)) as (
        provider,
        server,
    ):
        async with provider.stream(REQUEST) as stream:
            await anext(aiter(stream))
        await server.closed_by_client.wait()


async def test_a_message_is_created_whole() -> None:
    async with served(answer(200, {"content": []})) as (provider, server):
        assert await provider.create(REQUEST) == {"content": []}
    assert "stream" not in server.requests[0].json


async def test_prompts_are_counted() -> None:
    async with served(answer(200, {"input_tokens": 12})) as (provider, _):
        assert await provider.count_tokens(REQUEST) == 12


async def test_a_server_that_cannot_count_gives_no_number() -> None:
    async with served(answer(404, b"")) as (provider, _):
        assert await provider.count_tokens(REQUEST) is None


async def test_a_refused_count_is_an_error() -> None:
    async with served(answer(400, b"")) as (provider, _):
        with pytest.raises(RequestError):
            await provider.count_tokens(REQUEST)


@pytest.mark.parametrize(
    "base_url",
    [
        "ftp://h",
        "h",
        "http://",
        "http://u:p@h",
        "http://[::1",
    ],
)
async def test_a_base_url_that_is_none_is_a_provider_error(base_url: str) -> None:
    provider = AnthropicProvider(base_url=base_url)
    with pytest.raises(ProviderError):
        await provider.models()
    await provider.aclose()


async def test_a_credential_that_cannot_be_sent_is_not_quoted() -> None:
    provider = AnthropicProvider(credential="sk-höchst geheim")
    with pytest.raises(ProviderError) as caught:
        await provider.models()
    assert caught.value.code == "authentication"
    assert "geheim" not in str(caught.value)
