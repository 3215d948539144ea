"""Google's Vertex AI and its tokens, played on loopback; google-auth fetches them."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from conversations.messages_api import Accumulator, MessageRequest, ProviderError
from conversations.providers.clouds import CloudProvider
from conversations.providers.vertex import GoogleTokens, vertex
from tests import corpus
from tests.scripted_server import (
    Script,
    ScriptedServer,
    answer,
    event_stream,
    scripted_server,
)

MODEL = "claude-sonnet-4-5@20250929"
PLACE = "/v1/projects/team-1/locations/europe-west1/publishers/anthropic/models"
REQUEST = MessageRequest(
    model=MODEL, messages=[{"role": "user", "content": "Hello"}], max_tokens=100
)
WHOLE = answer(200, {"content": []})
REFUSED = answer(
    401, {"error": {"code": 401, "message": "canary-1", "status": "UNAUTHENTICATED"}}
)


@pytest.fixture(scope="session")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture(autouse=True)
def account(private_key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a service account, whose tokens come from a closed port."""
    path = tmp_path / "account.json"
    told = {
        "type": "service_account",
        "client_email": "chat@team-1.iam.gserviceaccount.com",
        "private_key": private_key,
        "private_key_id": "1",
        "project_id": "team-1",
        "token_uri": "http://127.0.0.1:1/token",
    }
    path.write_text(json.dumps(told))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return path


def point(account: Path, token_uri: str) -> None:
    told = json.loads(account.read_text())
    account.write_text(json.dumps({**told, "token_uri": token_uri}))


def token(number: int, life_s: int = 3600) -> Script:
    given = {"access_token": f"canary-token-{number}", "expires_in": life_s}
    return answer(200, {**given, "token_type": "Bearer"})


@asynccontextmanager
async def served(
    account: Path, *scripts: Script, tokens: tuple[Script, ...] = (token(1), token(2))
) -> AsyncIterator[tuple[CloudProvider, ScriptedServer, ScriptedServer]]:
    """A provider, the server of the models, and the one that gives tokens."""
    async with scripted_server(*scripts) as server, scripted_server(*tokens) as giver:
        point(account, f"{giver.url}/token")
        provider = vertex(
            [MODEL], project="team-1", region="europe-west1", base_url=server.url
        )
        try:
            yield provider, server, giver
        finally:
            await provider.aclose()


async def failure_of(provider: CloudProvider) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await provider.create(REQUEST)
    return caught.value


async def test_an_answer_streams_from_the_path_of_its_model(account: Path) -> None:
    told = Accumulator()
    async with (
        served(account, event_stream([corpus.body("text")])) as (provider, server, _),
        provider.stream(REQUEST) as stream,
    ):
        async for event in stream:
            told.feed(event)
    assert told.message == corpus.expected("text")
    [sent] = server.requests
    assert sent.target == f"{PLACE}/{MODEL}:streamRawPredict"
    assert sent.json == {
        "anthropic_version": "vertex-2023-10-16",
        "messages": [{"role": "user", "content": "Hello"}],
        "max_tokens": 100,
        "stream": True,
    }
    assert "anthropic-version" not in sent.headers
    assert sent.headers["authorization"] == "Bearer canary-token-1"


async def test_a_whole_answer_comes_from_another_path(account: Path) -> None:
    async with served(account, WHOLE) as (provider, server, _):
        await provider.create(replace(REQUEST, model="a/b"))
    assert server.requests[0].target == f"{PLACE}/a%2Fb:rawPredict"
    assert "stream" not in server.requests[0].json


async def test_prompts_are_counted_with_the_model_in_the_body(account: Path) -> None:
    counted = answer(200, {"input_tokens": 9})
    async with served(account, counted) as (provider, server, _):
        assert await provider.count_tokens(REQUEST) == 9
    [sent] = server.requests
    assert sent.target == f"{PLACE}/count-tokens:rawPredict"
    assert sent.json["model"] == MODEL
    assert "max_tokens" not in sent.json


async def test_a_model_that_is_not_counted_gives_no_number(account: Path) -> None:
    body = {"error": {"code": 404, "message": "no", "status": "NOT_FOUND"}}
    async with served(account, answer(404, body)) as (provider, _, _):
        assert await provider.count_tokens(REQUEST) is None


async def test_one_token_serves_many_requests(account: Path) -> None:
    async with served(account, WHOLE) as (provider, _, giver):
        for _ in range(3):
            await provider.create(REQUEST)
    [asked] = giver.requests
    assert "assertion" in parse_qs(asked.body.decode())


async def test_requests_at_once_wait_for_one_token(account: Path) -> None:
    async with served(account, WHOLE) as (provider, server, giver):
        await asyncio.gather(*(provider.create(REQUEST) for _ in range(8)))
    assert len(giver.requests) == 1
    assert len(server.requests) == 8


async def test_a_token_that_ended_is_replaced(account: Path) -> None:
    tokens = (token(1, life_s=1), token(2))
    async with served(account, WHOLE, tokens=tokens) as (provider, server, _):
        await provider.create(REQUEST)
        await provider.create(REQUEST)
    assert [sent.headers["authorization"] for sent in server.requests] == [
        "Bearer canary-token-1",
        "Bearer canary-token-2",
    ]


async def test_a_token_that_was_refused_is_replaced_at_once(account: Path) -> None:
    async with served(account, REFUSED, WHOLE) as (provider, server, giver):
        await provider.create(REQUEST)
    assert server.requests[1].headers["authorization"] == "Bearer canary-token-2"
    assert len(giver.requests) == 2


async def test_a_refusal_that_stays_is_an_error_without_the_token(
    account: Path,
) -> None:
    body = {"error": {"message": "canary-token-2", "status": "UNAUTHENTICATED"}}
    async with served(account, answer(401, body)) as (provider, server, _):
        error = await failure_of(provider)
    assert error.code == "authentication"
    assert len(server.requests) == 2
    assert "canary" not in f"{error!r} {error}"


@pytest.mark.parametrize("status", [400, 401])
async def test_an_account_that_gets_no_token_is_said_without_words(
    account: Path, status: int
) -> None:
    refused = answer(status, {"error": "invalid_grant", "error_description": "canary"})
    async with served(account, WHOLE, tokens=(refused,)) as (provider, server, _):
        error = await failure_of(provider)
    assert error.code == "authentication"
    assert "RefreshError" in str(error)
    assert "canary" not in f"{error!r} {error}"
    assert server.requests == []


async def test_a_token_server_out_of_reach_is_a_fault_of_the_network() -> None:
    provider = vertex([MODEL], project="team-1", region="eu")
    error = await failure_of(provider)
    await provider.aclose()
    assert (error.code, error.retryable) == ("connect_failed", True)


async def test_without_credentials_no_models_are_offered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    provider = vertex([MODEL], project="team-1", region="global")
    with pytest.raises(ProviderError, match="DefaultCredentialsError") as caught:
        await provider.models()
    await provider.aclose()
    assert caught.value.code == "authentication"


async def test_the_models_are_those_named(account: Path) -> None:
    async with served(account, WHOLE) as (provider, server, _):
        assert [model.id for model in await provider.models()] == [MODEL]
    assert server.requests == []


async def test_without_a_project_the_error_names_the_variable() -> None:
    with pytest.raises(ProviderError, match="ANTHROPIC_VERTEX_PROJECT_ID"):
        await vertex([MODEL], project="", region="eu").models()


async def test_without_google_auth_the_error_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "google.auth.transport.requests", None)
    provider = vertex([MODEL], project="team-1", region="eu")
    with pytest.raises(ProviderError, match="extra `clouds`") as caught:
        await provider.models()
    await provider.aclose()
    assert caught.value.code == "missing_extra"


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("global", "aiplatform.googleapis.com"),
        ("us", "aiplatform.us.rep.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("us-east5", "us-east5-aiplatform.googleapis.com"),
    ],
)
def test_a_region_has_its_host(region: str, host: str) -> None:
    connect: Any = vertex([MODEL], project="team-1", region=region)._connect
    assert repr(connect()) == f"<MessagesClient https://{host}>"


def test_tokens_are_not_in_what_is_printed() -> None:
    assert repr(GoogleTokens()) == "<GoogleTokens>"
