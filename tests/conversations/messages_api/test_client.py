"""What the client sends, and how it reads whole answers and lists."""

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from conversations.messages_api import (
    Accumulator,
    CredentialError,
    Event,
    MessagesClient,
    MessagesDialect,
    MessageStop,
    ProviderError,
)
from tests import corpus
from tests.mock_provider import CANARY, REQUEST, Provider, stream_of


async def read(client: MessagesClient) -> list[Event]:
    async with client.stream(REQUEST) as stream:
        return [event async for event in stream]


async def message_from(client: MessagesClient) -> dict[str, Any]:
    accumulator = Accumulator()
    for event in await read(client):
        accumulator.feed(event)
    assert accumulator.done
    return accumulator.message


def cut(name: str, marker: bytes) -> bytes:
    data = corpus.body(name)
    return data[: data.index(marker)]


@pytest.mark.parametrize(
    "base_url",
    [
        "https://api.example",
        "https://api.example/",
        "https://api.example/v1",
        "https://api.example/v1/",
        " https://api.example ",
    ],
)
async def test_a_base_url_works_however_it_ends(base_url: str) -> None:
    provider = Provider(stream_of(corpus.body("text")))

    await read(provider.client(base_url=base_url))

    assert str(provider.requests[0].url) == "https://api.example/v1/messages"


async def test_a_base_url_may_have_a_path() -> None:
    provider = Provider(stream_of(corpus.body("text")))

    await read(provider.client(base_url="http://[::1]:8080/anthropic/v1"))

    assert str(provider.requests[0].url) == "http://[::1]:8080/anthropic/v1/messages"


@pytest.mark.parametrize(
    "base_url", ["", "api.example", "ftp://api.example", "https://u:p@api.example"]
)
def test_what_is_no_base_url_is_refused(base_url: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        MessagesClient(base_url=base_url)


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({}, {"x-api-key": CANARY}),
        ({"auth_style": "x-api-key"}, {"x-api-key": CANARY}),
        ({"auth_style": "bearer"}, {"authorization": f"Bearer {CANARY}"}),
        ({"auth_style": "none"}, {}),
        ({"credential": ""}, {}),
    ],
)
async def test_exactly_one_header_carries_the_credential(
    options: dict[str, Any], sent: dict[str, str]
) -> None:
    provider = Provider(stream_of(corpus.body("text")))

    await read(provider.client(**options))

    headers = provider.requests[0].headers
    names = ("x-api-key", "authorization")
    assert {name: headers[name] for name in names if name in headers} == sent


async def test_headers_say_version_and_kind_and_take_more() -> None:
    provider = Provider(stream_of(corpus.body("text")))

    await read(provider.client(headers={"Anthropic-Beta": "a,b", "User-Agent": "own"}))

    headers = provider.requests[0].headers
    assert headers["anthropic-version"] == "2026-10-21"
    assert headers["content-type"] == "application/json"
    assert headers["accept-encoding"] == "identity"
    assert headers["anthropic-beta"] == "a,b"
    assert headers["user-agent"] == "own"


async def test_the_version_is_a_choice() -> None:
    provider = Provider(httpx.Response(200, json=corpus.expected("text")))

    await read(provider.client(version="2023-06-01"))
    await read(provider.client(version=""))

    versions = [
        request.headers.get("anthropic-version") for request in provider.requests
    ]
    assert versions == ["2023-06-01", None]


@pytest.mark.parametrize(
    "credential", [f"{CANARY}\n", f" {CANARY}", f"{CANARY}\x00", f"{CANARY}é", "a b"]
)
def test_a_credential_that_cannot_be_sent_is_refused_unseen(credential: str) -> None:
    with pytest.raises(CredentialError) as caught:
        MessagesClient(base_url="https://api.example", credential=credential)

    assert caught.value.code == "authentication"
    assert credential.strip() not in repr(caught.value) + str(caught.value)


@pytest.mark.parametrize(
    "headers", [{"x": f"{CANARY}\r\nb: c"}, {"a b": CANARY}, {"": CANARY}, {"x": " y"}]
)
def test_a_header_that_cannot_be_sent_is_refused_unseen(
    headers: dict[str, str],
) -> None:
    with pytest.raises(CredentialError) as caught:
        MessagesClient(base_url="https://api.example", headers=headers)

    assert CANARY not in repr(caught.value) + str(caught.value)


async def test_a_credential_echoed_by_the_provider_is_blotted_out() -> None:
    other = "another-vendors-secret"
    body = {"error": {"message": f"Bad key {CANARY}, {other}.", "type": CANARY}}
    provider = Provider(httpx.Response(401, json=body))

    with pytest.raises(ProviderError) as caught:
        await read(provider.client(headers={"x-vendor": other}))

    assert caught.value.provider_message == "Bad key [redacted], [redacted]."
    assert CANARY not in repr(caught.value) + repr(vars(caught.value))


async def test_a_credential_echoed_inside_a_stream_is_blotted_out() -> None:
    error = json.dumps({"type": "error", "error": {"message": f"No {CANARY}"}}).encode()
    start = cut("text", b"event: content_block_stop")
    provider = Provider(stream_of(start, b"data: " + error + b"\n\n"))

    with pytest.raises(ProviderError, match="redacted"):
        await read(provider.client())


def test_the_client_does_not_show_its_credential() -> None:
    client = Provider().client()

    assert repr(client) == "<MessagesClient https://api.example>"


@pytest.mark.parametrize("name", corpus.WHOLE_NAMES)
async def test_the_corpus_arrives_in_chunks_of_any_kind(name: str) -> None:
    provider = Provider(stream_of(*corpus.chunked(corpus.body(name), 7)))

    message = await message_from(provider.client())

    assert corpus.without_future(message) == corpus.expected(name)


@pytest.mark.parametrize("name", ["text", "tool_use", "ping_and_unknown"])
async def test_in_gulps_come_the_same_events_as_one_by_one(name: str) -> None:
    body = corpus.body(name)
    client = Provider(stream_of(body), stream_of(body)).client()
    singly = await read(client)

    async with client.stream(REQUEST) as stream:
        gathered: list[Event] = []
        while gulp := await stream.gathered():
            gathered += gulp

    assert gathered == singly


@pytest.mark.parametrize("name", corpus.WHOLE_NAMES)
async def test_a_whole_message_in_answer_to_a_streaming_request_is_read(
    name: str,
) -> None:
    provider = Provider(httpx.Response(200, json=corpus.expected(name)))

    assert await message_from(provider.client()) == corpus.expected(name)


async def test_an_event_stream_without_a_content_type_is_read() -> None:
    provider = Provider(stream_of(corpus.body("text"), headers={}))

    assert await message_from(provider.client()) == corpus.expected("text")


async def test_the_end_mark_of_another_dialect_does_no_harm() -> None:
    whole = corpus.body("text") + b"data: [DONE]\n\n"
    provider = Provider(stream_of(whole))

    assert await message_from(provider.client()) == corpus.expected("text")


@pytest.mark.parametrize(
    "ending", [b"", b"data: [DONE]\n\n"], ids=["stop reason", "end mark"]
)
async def test_a_lenient_client_takes_a_clean_end_for_the_end(ending: bytes) -> None:
    body = cut("text", b"event: message_stop") + ending
    provider = Provider(stream_of(body))

    events = await read(provider.client(dialect=MessagesDialect(strict_end=False)))

    assert events[-1] == MessageStop()


async def test_an_end_mark_alone_ends_for_a_lenient_client() -> None:
    body = cut("text", b"event: message_delta") + b"data: [DONE]\n\n"

    assert (
        await read(
            Provider(stream_of(body)).client(dialect=MessagesDialect(strict_end=False))
        )
    )[-1] == (MessageStop())


@pytest.mark.parametrize("strict_end", [True, False])
async def test_an_answer_that_just_breaks_off_is_cut_for_everybody(
    *, strict_end: bool
) -> None:
    provider = Provider(stream_of(cut("text", b"event: message_delta")))

    with pytest.raises(ProviderError, match="stream_cut"):
        await read(provider.client(dialect=MessagesDialect(strict_end=strict_end)))


async def test_an_endless_answer_is_ended() -> None:
    comment = b": " + b"x" * 2**20 + b"\n"
    start = cut("text", b"event: content_block_stop")
    provider = Provider(stream_of(start, *[comment] * 65))

    with pytest.raises(ProviderError, match="malformed_stream"):
        await read(provider.client())


async def test_a_whole_message_can_be_asked_for() -> None:
    provider = Provider(httpx.Response(200, json=corpus.expected("text")))

    message = await provider.client().create(REQUEST)

    assert message == corpus.expected("text")
    assert json.loads(provider.requests[0].content) == REQUEST.body(stream=False)


async def test_a_whole_message_is_asked_for_again_as_a_streamed_one_is() -> None:
    busy = httpx.Response(529, headers={"retry-after-ms": "1"})
    provider = Provider(busy, busy, httpx.Response(200, json={"content": []}))

    assert await provider.client().create(REQUEST) == {"content": []}
    assert len(provider.requests) == 3


@pytest.mark.parametrize("content", [b"<html>", b"[]", b"\xff", b'{"a": NaN}'])
async def test_a_whole_answer_that_is_no_json_object_is_unexpected(
    content: bytes,
) -> None:
    provider = Provider(httpx.Response(200, content=content))

    with pytest.raises(ProviderError) as caught:
        await provider.client().create(REQUEST)

    assert caught.value.code == "unexpected_response"


async def test_a_whole_answer_that_is_no_message_is_unexpected() -> None:
    provider = Provider(httpx.Response(200, json={"ok": True}))

    with pytest.raises(ProviderError, match="unexpected_response"):
        await provider.client().create(REQUEST)


async def test_tokens_are_counted_by_the_provider() -> None:
    provider = Provider(httpx.Response(200, json={"input_tokens": 2095}))

    assert await provider.client().count_tokens(REQUEST) == 2095
    assert provider.requests[0].url.path == "/v1/messages/count_tokens"
    assert json.loads(provider.requests[0].content) == REQUEST.count_body()


async def test_a_count_that_is_none_is_unexpected() -> None:
    with pytest.raises(ProviderError, match="unexpected_response"):
        await Provider(httpx.Response(200, json={})).client().count_tokens(REQUEST)


async def test_closing_the_client_closes_its_transport() -> None:
    client = Provider(httpx.Response(200, json={})).client()

    await client.aclose()


async def test_betas_of_a_request_join_those_of_the_client() -> None:
    request = replace(REQUEST, betas=("compact-2026-01-12", "b"))
    provider = Provider(*(stream_of(corpus.body("text")) for _ in range(2)))
    client = provider.client(headers={"Anthropic-Beta": "a"})

    async with client.stream(request):
        pass
    await read(client)

    sent = [each.headers["anthropic-beta"] for each in provider.requests]
    assert sent == ["a,compact-2026-01-12,b", "a"]


async def test_a_beta_that_no_header_can_carry_is_not_sent() -> None:
    provider = Provider(stream_of(corpus.body("text")))

    with pytest.raises(CredentialError):
        await provider.client().create(replace(REQUEST, betas=("a\r\nb",)))

    assert provider.requests == []
