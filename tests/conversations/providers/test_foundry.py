"""Microsoft Foundry, and the tokens of Entra ID, played on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import pytest

from conversations.messages_api import Accumulator, MessageRequest, ProviderError
from conversations.providers.clouds import CloudProvider
from conversations.providers.foundry import EntraTokens, foundry
from tests import corpus
from tests.scripted_server import (
    Script,
    ScriptedServer,
    answer,
    event_stream,
    scripted_server,
)

KEY = "canary-foundry-0123456789"
SECRET = "canary-secret-0123456789"
REQUEST = MessageRequest(
    model="our-sonnet", messages=[{"role": "user", "content": "Hello"}], max_tokens=100
)
WHOLE = answer(200, {"content": []})


def token(number: int, **more: Any) -> Script:
    return answer(200, {"access_token": f"canary-token-{number}", **more})


@asynccontextmanager
async def served(
    *scripts: Script, **options: Any
) -> AsyncIterator[tuple[CloudProvider, ScriptedServer]]:
    async with scripted_server(*scripts) as server:
        options = {"base_url": f"{server.url}/anthropic", **options}
        provider = foundry(["our-sonnet"], **options)
        try:
            yield provider, server
        finally:
            await provider.aclose()


@asynccontextmanager
async def with_entra(
    *scripts: Script, tokens: tuple[Script, ...] = (token(1), token(2))
) -> AsyncIterator[tuple[CloudProvider, ScriptedServer, ScriptedServer]]:
    async with scripted_server(*tokens) as giver:
        application = {
            "tenant": "team",
            "client_id": "chat",
            "client_secret": SECRET,
            "authority": giver.url,
        }
        async with served(*scripts, application=application) as (provider, server):
            yield provider, server, giver


async def failure_of(provider: CloudProvider) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await provider.create(REQUEST)
    return caught.value


async def test_an_answer_streams_from_the_resources_own_path() -> None:
    told = Accumulator()
    async with (
        served(event_stream([corpus.body("text")]), api_key=KEY) as (provider, server),
        provider.stream(REQUEST) as stream,
    ):
        async for event in stream:
            told.feed(event)
    assert told.message == corpus.expected("text")
    [sent] = server.requests
    assert sent.target == "/anthropic/v1/messages"
    assert sent.json["model"] == "our-sonnet"
    assert "anthropic-version" in sent.headers


async def test_a_key_is_sent_under_both_its_names() -> None:
    async with served(WHOLE, api_key=KEY) as (provider, server):
        await provider.create(REQUEST)
    headers = server.requests[0].headers
    assert (headers["x-api-key"], headers["api-key"]) == (KEY, KEY)
    assert "authorization" not in headers


async def test_an_application_gets_a_token_that_serves_many_requests() -> None:
    async with with_entra(WHOLE) as (provider, server, giver):
        for _ in range(3):
            await provider.create(REQUEST)
    assert {sent.headers["authorization"] for sent in server.requests} == {
        "Bearer canary-token-1"
    }
    assert not {"x-api-key", "api-key"} & server.requests[0].headers.keys()
    [asked] = giver.requests
    assert asked.target == "/team/oauth2/v2.0/token"
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["chat"],
        "client_secret": [SECRET],
        "scope": ["https://ai.azure.com/.default"],
    }


async def test_requests_at_once_wait_for_one_token() -> None:
    async with with_entra(WHOLE) as (provider, server, giver):
        await asyncio.gather(*(provider.create(REQUEST) for _ in range(8)))
    assert len(giver.requests) == 1
    assert len(server.requests) == 8


async def test_a_token_that_is_about_to_end_is_replaced() -> None:
    tokens = (token(1, expires_in=60), token(2, expires_in=3600))
    async with with_entra(WHOLE, tokens=tokens) as (provider, server, _):
        await provider.create(REQUEST)
        await provider.create(REQUEST)
    assert server.requests[1].headers["authorization"] == "Bearer canary-token-2"


async def test_a_token_that_was_refused_is_replaced_at_once() -> None:
    refused = answer(401, {"error": {"code": "401", "message": "no"}})
    async with with_entra(refused, WHOLE) as (provider, server, _):
        await provider.create(REQUEST)
    assert server.requests[1].headers["authorization"] == "Bearer canary-token-2"


@pytest.mark.parametrize("status", [400, 401])
async def test_an_application_that_is_refused_is_said_without_words(
    status: int,
) -> None:
    told = {"error": "invalid_client", "error_description": f"Wrong: {SECRET}"}
    refused = answer(status, told)
    async with with_entra(WHOLE, tokens=(refused,)) as (provider, server, giver):
        error = await failure_of(provider)
    assert error.code == "authentication"
    assert f"HTTP {status}" in str(error)
    assert "canary" not in f"{error!r} {error}"
    assert server.requests == []
    assert len(giver.requests) == 1


async def test_a_busy_authority_is_asked_again() -> None:
    busy = answer(503, b"", "retry-after-ms: 1")
    async with with_entra(WHOLE, tokens=(busy, token(1))) as (provider, _, giver):
        await provider.create(REQUEST)
    assert len(giver.requests) == 2


async def test_an_answer_without_a_token_is_no_token() -> None:
    async with with_entra(WHOLE, tokens=(answer(200, {}),)) as (provider, _, _):
        assert (await failure_of(provider)).code == "authentication"


async def test_no_error_repeats_key_or_token() -> None:
    told = {"error": {"code": "403", "message": f"{KEY} canary-token-1"}}
    async with served(answer(403, told), api_key=KEY) as (provider, _):
        keyed = await failure_of(provider)
    async with with_entra(answer(403, told)) as (provider, _, _):
        tokened = await failure_of(provider)
    assert KEY not in f"{keyed!r} {keyed}"
    assert "canary-token-1" not in f"{tokened!r} {tokened}"
    assert "canary" not in repr(EntraTokens(client_secret=SECRET))


async def test_azures_own_name_of_a_request_is_kept() -> None:
    gone = answer(
        404,
        {"error": {"code": "DeploymentNotFound", "message": "no such"}},
        "apim-request-id: apim-1",
    )
    async with served(gone, api_key=KEY) as (provider, _):
        error = await failure_of(provider)
    assert (error.code, error.request_id) == ("not_found", "apim-1")


async def test_the_models_are_the_deployments_named() -> None:
    provider = foundry(["our-sonnet", "two"], resource="team", api_key=KEY)
    assert [model.id for model in await provider.models()] == ["our-sonnet", "two"]
    client: Any = await provider._client()
    assert (
        repr(client) == "<MessagesClient https://team.services.ai.azure.com/anthropic>"
    )
    await provider.aclose()


async def test_without_a_key_and_a_secret_the_error_names_the_variables() -> None:
    with pytest.raises(ProviderError, match="AZURE_CLIENT_SECRET"):
        await foundry(["m"], resource="team").models()


async def test_without_a_resource_the_error_names_the_variable() -> None:
    with pytest.raises(ProviderError, match="ANTHROPIC_FOUNDRY_RESOURCE"):
        await foundry(["m"], api_key=KEY).models()


@pytest.mark.parametrize("base_url", ["ftp://h", "http://u:p@h"])
async def test_an_address_that_is_none_is_a_provider_error(base_url: str) -> None:
    with pytest.raises(ProviderError, match="base URL"):
        await foundry(["m"], base_url=base_url, api_key=KEY).models()
