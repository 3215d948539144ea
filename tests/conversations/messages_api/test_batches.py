"""Many requests are handed in at once, and their results come line by line."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from conversations.messages_api import (
    Batch,
    BatchCounts,
    InvalidRequestError,
    ProviderError,
    StreamError,
    Timeouts,
    UnexpectedResponseError,
)
from conversations.messages_api.batches import BATCH_LIMIT_REQUESTS
from conversations.messages_api.downloads import lines_of
from tests import corpus
from tests.mock_provider import REQUEST, Provider, stream_of
from tests.scripted_server import event_stream, hang, scripted_server

RECORD: dict[str, Any] = {
    "id": "msgbatch_1",
    "type": "message_batch",
    "processing_status": "ended",
    "request_counts": {"processing": 0, "succeeded": 2, "errored": 1},
    "created_at": "2026-11-22T12:00:00Z",
    "expires_at": "2026-11-23T12:00:00Z",
    "ended_at": "2026-11-22T13:00:00Z",
    "results_url": "https://api.example/v1/messages/batches/msgbatch_1/results",
}
MESSAGE = {"type": "message", "content": []}
REFUSED = {
    "type": "error",
    "error": {"type": "invalid_request_error", "message": "words"},
    "request_id": "req_1",
}
LINES = [
    {"custom_id": "b", "result": {"type": "succeeded", "message": MESSAGE}},
    {"custom_id": "a", "result": {"type": "errored", "error": REFUSED}},
    {"custom_id": "c", "result": {"type": "expired"}},
]
BODY = b"\n".join(json.dumps(line).encode() for line in LINES)


def answering(*records: Any) -> Provider:
    return Provider(*(httpx.Response(200, json=record) for record in records))


async def ended(**more: Any) -> Batch:
    return await answering({**RECORD, **more}).client().batches.get("msgbatch_1")


async def test_requests_are_handed_in_by_their_ids() -> None:
    provider = answering(RECORD)

    batch = await provider.client().batches.create({"a1": REQUEST})

    assert provider.requests[0].url.path == "/v1/messages/batches"
    assert json.loads(provider.requests[0].content) == {
        "requests": [{"custom_id": "a1", "params": REQUEST.body(stream=False)}]
    }
    assert batch == Batch(
        id="msgbatch_1",
        status="ended",
        counts=BatchCounts(processing=0, succeeded=2, errored=1, canceled=0, expired=0),
        created_at=datetime(2026, 11, 22, 12, tzinfo=UTC),
        expires_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
        ended_at=datetime(2026, 11, 22, 13, tzinfo=UTC),
        results_url=RECORD["results_url"],
        raw=RECORD,
    )


@pytest.mark.parametrize("custom_id", ["", "with space", "x" * 65, "é"])
async def test_an_id_that_is_refused_is_not_sent(custom_id: str) -> None:
    provider = answering(RECORD)

    with pytest.raises(InvalidRequestError) as caught:
        await provider.client().batches.create({"fine": REQUEST, custom_id: REQUEST})

    assert caught.value.field == "requests.1.custom_id"
    assert provider.requests == []


@pytest.mark.parametrize("number", [0, BATCH_LIMIT_REQUESTS + 1])
async def test_a_batch_has_a_number_of_requests(number: int) -> None:
    requests = {str(each): REQUEST for each in range(number)}

    with pytest.raises(InvalidRequestError, match="requests"):
        await answering(RECORD).client().batches.create(requests)


async def test_a_batch_is_canceled_and_deleted_by_its_id() -> None:
    provider = answering(RECORD, {"id": "msgbatch_1"})
    batches = provider.client().batches

    await batches.cancel("msgbatch_1")
    await batches.delete("msgbatch_1")

    assert [(each.method, each.url.path) for each in provider.requests] == [
        ("POST", "/v1/messages/batches/msgbatch_1/cancel"),
        ("DELETE", "/v1/messages/batches/msgbatch_1"),
    ]


@pytest.mark.parametrize("batch_id", ["", "..", "a/b", "a?b"])
async def test_what_is_no_id_goes_into_no_path(batch_id: str) -> None:
    provider = answering(RECORD)

    with pytest.raises(InvalidRequestError, match="batch_id"):
        await provider.client().batches.get(batch_id)

    assert provider.requests == []


async def test_a_record_that_is_no_batch_is_unexpected() -> None:
    with pytest.raises(UnexpectedResponseError):
        await answering({"id": "x"}).client().batches.get("x")


async def test_pages_of_batches_are_followed_to_their_end() -> None:
    pages = [
        {"data": [RECORD], "has_more": True, "last_id": "msgbatch_1"},
        {"data": [{**RECORD, "id": "msgbatch_0"}], "has_more": False},
    ]
    provider = answering(*pages)

    ids = [batch.id async for batch in provider.client().batches.list()]

    assert ids == ["msgbatch_1", "msgbatch_0"]
    assert provider.requests[1].url.params["after_id"] == "msgbatch_1"


async def test_pages_that_repeat_themselves_end() -> None:
    page = {"data": [RECORD], "has_more": True, "last_id": "msgbatch_1"}
    provider = answering(page)

    found = [batch async for batch in provider.client().batches.list()]

    assert len(found) == len(provider.requests) == 2


@pytest.mark.parametrize("size", [1, 7, 4096])
async def test_results_come_in_the_order_of_their_lines(size: int) -> None:
    provider = Provider(stream_of(*corpus.chunked(BODY, size), headers={}))

    async with provider.client().batches.results(await ended()) as results:
        found = [result async for result in results]

    assert [(each.custom_id, each.kind) for each in found] == [
        ("b", "succeeded"),
        ("a", "errored"),
        ("c", "expired"),
    ]
    assert found[0].message == MESSAGE
    assert found[1].error is not None
    assert (found[1].error.code, found[1].error.request_id) == (
        "invalid_request",
        "req_1",
    )


@pytest.mark.parametrize(
    ("results_url", "path"),
    [
        ("https://api.example/elsewhere?x=1", "/elsewhere?x=1"),
        ("https://other.example/secret", "/v1/messages/batches/msgbatch_1/results"),
        ("https://api.example.evil/x", "/v1/messages/batches/msgbatch_1/results"),
        (None, "/v1/messages/batches/msgbatch_1/results"),
    ],
)
async def test_results_are_asked_of_the_same_server_alone(
    results_url: str | None, path: str
) -> None:
    provider = Provider(stream_of(BODY, headers={}))
    batch = await ended(results_url=results_url)

    async with provider.client().batches.results(batch):
        pass

    assert str(provider.requests[0].url) == f"https://api.example{path}"


@pytest.mark.parametrize("line", [b"[]", b"\xff", b"{}", b'{"custom_id": "a"}'])
async def test_a_line_that_is_no_result_is_malformed(line: bytes) -> None:
    provider = Provider(stream_of(line, headers={}))

    async with provider.client().batches.results(await ended()) as results:
        with pytest.raises(StreamError, match="malformed_stream"):
            await anext(results)


async def test_results_that_stop_coming_are_given_up() -> None:
    line = BODY[: BODY.index(b"\n") + 1]

    async with scripted_server(event_stream([line], hang)) as server:
        client = Provider().client(
            base_url=server.url, transport=None, timeouts=Timeouts(idle=0.2)
        )
        async with client.batches.results(await ended()) as results:
            assert (await anext(results)).custom_id == "b"
            with pytest.raises(ProviderError, match="stalled"):
                await anext(results)
        await client.aclose()


async def test_a_line_without_end_is_malformed() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 10

    with pytest.raises(StreamError, match="malformed_stream"):
        await anext(lines_of(endless(), limit_bytes=100))
