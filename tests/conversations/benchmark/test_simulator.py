"""The simulated provider, as our own reading of the wire understands it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from conversations.management.benchmark import simulator
from conversations.management.benchmark.answers import is_whole
from conversations.management.benchmark.processes import free_port
from conversations.management.benchmark.simulator import MODEL, Script
from conversations.messages_api import (
    Accumulator,
    MessageRequest,
    MessagesClient,
    RequestError,
)


@pytest.fixture
async def client() -> AsyncIterator[MessagesClient]:
    port = free_port()
    serving = asyncio.create_task(simulator.serve(port))
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0)
        else:
            writer.close()
            break
    client = MessagesClient(base_url=f"http://127.0.0.1:{port}", credential="k")
    yield client
    await client.aclose()
    serving.cancel()


def request(script: Script) -> MessageRequest:
    question = {"role": "user", "content": f"Hello {script.words}"}
    return MessageRequest(model=MODEL, max_tokens=10, messages=[question])


async def test_a_stream_is_a_whole_message(client: MessagesClient) -> None:
    received = Accumulator()
    async with client.stream(request(Script(deltas=50, rate=5000))) as stream:
        async for event in stream:
            received.feed(event)
    assert is_whole(received.text, 50)
    assert received.stop_reason == "end_turn"
    assert received.usage["output_tokens"] == 50


async def test_a_model_is_listed(client: MessagesClient) -> None:
    assert [model.id for model in await client.list_models()] == [MODEL]


async def test_a_message_may_be_asked_for_whole(client: MessagesClient) -> None:
    message = await client.create(request(Script()))
    assert message["content"] == [{"type": "text", "text": "Rivers and maps"}]


def test_a_script_is_steered_by_the_words_that_it_says() -> None:
    script = Script(deltas=7, rate=12.5, wait_s=0.25)
    assert Script.of_question(script.words.encode()) == script


def test_the_newest_question_steers() -> None:
    body = b'"deltas=5 rate=10 wait=1", "deltas=8 rate=20 wait=0"'
    assert Script.of_question(body) == Script(deltas=8, rate=20, wait_s=0)


async def test_a_question_may_ask_to_be_refused(client: MessagesClient) -> None:
    with pytest.raises(RequestError):
        async with client.stream(request(Script(fails=True))):
            pass
