"""Requests that are signed, or carry a token that does not last."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, override

import httpx
import pytest

from conversations.messages_api import MessageStream, ProviderError, Timeouts, Unsigned
from tests import corpus
from tests.mock_provider import REQUEST, Provider, stream_of

TOKEN = "canary-token-0123456789"
REFUSED = httpx.Response(
    401, json={"error": {"type": "authentication_error", "message": f"No {TOKEN}-1"}}
)
COUNTED = httpx.Response(200, json={"input_tokens": 3})


class Tokens:
    """Gives a new token after each that was refused, as long as there are more."""

    def __init__(self, count: int) -> None:
        self.number = 1
        self.count = count
        self.asked: list[Unsigned] = []

    async def headers(self, request: Unsigned) -> Mapping[str, str]:
        self.asked.append(request)
        return {"authorization": f"Bearer {TOKEN}-{self.number}"}

    async def renew(self) -> bool:
        self.number += 1
        return self.number <= self.count

    def secrets(self) -> Sequence[str]:
        return [f"{TOKEN}-1"]


class Slow(Tokens):
    """Gives none at all."""

    @override
    async def headers(self, request: Unsigned) -> Mapping[str, str]:
        await asyncio.get_running_loop().create_future()
        return {}


async def read_all(stream: MessageStream) -> None:
    async for _ in stream:
        pass


def options(tokens: Tokens) -> dict[str, Any]:
    return {"credential": tokens}


async def test_what_travels_is_what_was_signed() -> None:
    provider, tokens = Provider(COUNTED), Tokens(1)
    await provider.client(**options(tokens)).count_tokens(REQUEST)
    [sent], [signed] = provider.requests, tokens.asked
    assert signed == Unsigned("POST", str(sent.url), sent.content, "application/json")
    assert sent.headers["authorization"] == f"Bearer {TOKEN}-1"


async def test_a_refused_token_is_renewed_once_and_without_a_wait() -> None:
    provider, tokens = Provider(REFUSED, COUNTED), Tokens(2)
    assert await provider.client(**options(tokens)).count_tokens(REQUEST) == 3
    assert [each.headers["authorization"] for each in provider.requests] == [
        f"Bearer {TOKEN}-1",
        f"Bearer {TOKEN}-2",
    ]


async def test_a_stream_is_asked_for_again_with_the_new_token() -> None:
    provider = Provider(REFUSED, stream_of(corpus.body("text")))
    async with provider.client(**options(Tokens(2))).stream(REQUEST) as stream:
        assert [event async for event in stream]
        assert stream.attempt == 1


@pytest.mark.parametrize(("count", "requests"), [(1, 1), (9, 2)])
async def test_a_token_that_stays_refused_is_an_error_without_the_token(
    count: int, requests: int
) -> None:
    provider = Provider(REFUSED)
    with pytest.raises(ProviderError) as caught:
        await provider.client(**options(Tokens(count))).count_tokens(REQUEST)
    assert caught.value.code == "authentication"
    assert TOKEN not in f"{caught.value!r} {caught.value}"
    assert len(provider.requests) == requests


async def test_an_error_in_the_stream_does_not_repeat_the_token() -> None:
    event = b'data: {"type":"error","error":{"type":"x","message":"' + (
        f"{TOKEN}-1".encode() + b'"}}\n\n'
    )
    body = corpus.body("text").partition(b"event: message_delta")[0] + event
    client = Provider(stream_of(body)).client(**options(Tokens(1)))
    async with client.stream(REQUEST) as stream:
        with pytest.raises(ProviderError, match="redacted"):
            await read_all(stream)


async def test_a_credential_is_waited_for_no_longer_than_a_head() -> None:
    client = Provider(COUNTED).client(
        credential=Slow(1), timeouts=Timeouts(first_byte=0.05)
    )
    with pytest.raises(ProviderError, match="timeout"):
        await client.count_tokens(REQUEST)


async def test_authorizing_alone_sends_nothing() -> None:
    provider, tokens = Provider(COUNTED), Tokens(1)
    await provider.client(**options(tokens)).authorize()
    assert len(tokens.asked) == 1
    assert provider.requests == []
