"""The vendor's own clients of the clouds as a second opinion, on the same servers."""

from contextlib import aclosing
from typing import Any

import anthropic
import pytest

from conversations.messages_api import Accumulator, MessageRequest, MessagesClient
from conversations.providers.bedrock import bedrock
from conversations.providers.foundry import foundry
from conversations.providers.vertex import VertexDialect
from tests import aws_frames, corpus
from tests.scripted_server import (
    Request,
    ScriptedServer,
    event_stream,
    scripted_server,
)

REGION = "eu-west-1"
KEY = "canary-key-0123456789"
ASKED: dict[str, Any] = {
    "model": "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "messages": [{"role": "user", "content": "Hello"}],
    "max_tokens": 100,
    "system": "Answer briefly.",
}
REQUEST = MessageRequest(**ASKED)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIACANARYCANARY0001")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)


async def said_to_us(provider: Any) -> dict[str, Any]:
    accumulator = Accumulator()
    async with aclosing(provider), provider.stream(REQUEST) as stream:
        async for event in stream:
            accumulator.feed(event)
    return accumulator.message


async def said_to_sdk(client: Any) -> dict[str, Any]:
    async with client, client.messages.stream(**ASKED) as stream:
        message: dict[str, Any] = (await stream.get_final_message()).to_dict()
    return message


def text_of(message: dict[str, Any]) -> str:
    return corpus.visible_text(message)


def what_matters(request: Request) -> tuple[str, dict[str, Any]]:
    # The version of the body is the older one here, which all models take.
    body = {**request.json, "anthropic_version": ""}
    return f"{request.method} {request.target}", body


def signed_names(request: Request) -> set[str]:
    value = request.headers["authorization"].partition("SignedHeaders=")[2]
    return {*value.partition(",")[0].split(";")}


def same(server: ScriptedServer) -> bool:
    ours, theirs = map(what_matters, server.requests)
    return ours == theirs


async def test_bedrock_is_asked_and_heard_as_the_sdk_does() -> None:
    frames = aws_frames.of_events(corpus.body("text"))
    async with scripted_server(aws_frames.streamed(*frames)) as server:
        ours = await said_to_us(
            bedrock([ASKED["model"]], region=REGION, endpoint_url=server.url)
        )
        theirs = await said_to_sdk(
            anthropic.AsyncAnthropicBedrock(
                aws_region=REGION, base_url=server.url, max_retries=0
            )
        )
    assert text_of(ours) == text_of(theirs) != ""
    assert same(server)
    assert {"host", "x-amz-date"} <= signed_names(server.requests[0])
    assert signed_names(server.requests[0]) <= signed_names(server.requests[1])


async def test_vertex_is_asked_and_heard_as_the_sdk_does() -> None:
    async with scripted_server(event_stream([corpus.body("text")])) as server:
        ours = await said_to_us(
            MessagesClient(
                base_url=server.url,
                credential=KEY,
                auth_style="bearer",
                version="",
                dialect=VertexDialect(project="team-1", region=REGION),
            )
        )
        theirs = await said_to_sdk(
            anthropic.AsyncAnthropicVertex(
                region=REGION,
                project_id="team-1",
                access_token=KEY,
                base_url=f"{server.url}/v1",
                max_retries=0,
            )
        )
    assert text_of(ours) == text_of(theirs) != ""
    assert same(server)
    first, second = server.requests
    assert first.headers["authorization"] == second.headers["authorization"]


async def test_foundry_is_asked_and_heard_as_the_sdk_does() -> None:
    async with scripted_server(event_stream([corpus.body("text")])) as server:
        base_url = f"{server.url}/anthropic"
        ours = await said_to_us(foundry(["m"], base_url=base_url, api_key=KEY))
        theirs = await said_to_sdk(
            anthropic.AsyncAnthropicFoundry(
                api_key=KEY, base_url=f"{base_url}/", max_retries=0
            )
        )
    assert text_of(ours) == text_of(theirs) != ""
    assert same(server)
    for name in ("x-api-key", "api-key"):
        assert {sent.headers.get(name) for sent in server.requests} == {KEY}
