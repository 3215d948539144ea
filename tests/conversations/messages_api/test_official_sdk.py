"""The vendor's own client as a second opinion: same requests, same messages."""

from contextlib import aclosing
from typing import Any

import anthropic
import pytest

from conversations.messages_api import Accumulator, MessageRequest, MessagesClient
from tests import corpus
from tests.scripted_server import Request, ScriptedServer, event_stream, scripted_server

KEY = "sk-test-0123456789"
NAMED = ("model", "messages", "max_tokens", "system", "stop_sequences")


def our_request(name: str) -> MessageRequest:
    wire = {
        key: value for key, value in corpus.request(name).items() if key != "stream"
    }
    named = {key: wire.pop(key) for key in NAMED if key in wire}
    return MessageRequest(**named, parameters=wire)


async def said_to_us(server: ScriptedServer, request: MessageRequest) -> Accumulator:
    client = MessagesClient(base_url=server.url, credential=KEY, auth_style="bearer")
    accumulator = Accumulator()
    async with aclosing(client), client.stream(request) as stream:
        async for event in stream:
            accumulator.feed(event)
    return accumulator


async def said_to_sdk(server: ScriptedServer, wire: dict[str, Any]) -> dict[str, Any]:
    arguments = {key: value for key, value in wire.items() if key != "stream"}
    async with (
        anthropic.AsyncAnthropic(
            api_key=KEY, base_url=server.url, max_retries=0
        ) as client,
        client.messages.stream(**arguments) as stream,
    ):
        message: dict[str, Any] = (await stream.get_final_message()).to_dict(
            mode="json", warnings=False
        )
    return message


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: without_nulls(item)
            for key, item in corpus.without_future(value).items()
            if item is not None
        }
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def what_matters(request: Request) -> dict[str, Any]:
    names = ("anthropic-version", "authorization", "content-type", "x-api-key")
    return {
        "line": (request.method, request.target.partition("?")[0]),
        "headers": {name: request.headers.get(name) for name in names},
        "body": request.json,
    }


@pytest.mark.parametrize("name", corpus.WHOLE_NAMES)
async def test_both_ask_alike_and_make_the_same_message(name: str) -> None:
    async with scripted_server(event_stream([corpus.body(name)])) as server:
        ours = await said_to_us(server, our_request(name))
        theirs = await said_to_sdk(server, corpus.request(name))

    assert what_matters(server.requests[0]) == what_matters(server.requests[1])
    assert without_nulls(ours.message) == without_nulls(theirs)


async def test_both_raise_for_an_error_in_midstream() -> None:
    name = "overloaded_midstream"

    async with scripted_server(event_stream([corpus.body(name)])) as server:
        with pytest.raises(anthropic.APIStatusError) as theirs:
            await said_to_sdk(server, corpus.request(name))
        with pytest.raises(Exception, match="overloaded") as ours:
            await said_to_us(server, our_request(name))

    assert getattr(ours.value, "error_type", None) == theirs.value.type
