"""A Messages API server made elsewhere, that also judges how its faults are taken."""

from collections.abc import AsyncIterator

import pytest
from llmock.pytest_plugin import LLMock

from conversations.messages_api import (
    Accumulator,
    Attempt,
    MessageRequest,
    MessagesClient,
    ProviderError,
    Timeouts,
)

REQUEST = MessageRequest(
    model="claude-haiku-5-5",
    messages=[{"role": "user", "content": "Say something."}],
    max_tokens=64,
)


@pytest.fixture
async def client(llmock: LLMock) -> AsyncIterator[MessagesClient]:
    opened = MessagesClient(
        base_url=llmock.base_url("anthropic"),
        credential="sk-test-0123456789",
        timeouts=Timeouts(idle=0.5),
    )
    yield opened
    await opened.aclose()


async def read(client: MessagesClient, news: list[Attempt]) -> Accumulator:
    accumulator = Accumulator()
    async with client.stream(REQUEST, on_attempt=news.append) as stream:
        async for event in stream:
            accumulator.feed(event)
    return accumulator


async def test_its_answer_is_read(llmock: LLMock, client: MessagesClient) -> None:
    llmock.reply("The sea is blue, says the mock.")

    answer = await read(client, [])

    assert answer.text == "The sea is blue, says the mock."
    assert answer.done
    assert answer.stop_reason == "end_turn"
    assert answer.usage["output_tokens"] > 0
    llmock.assert_resilient(strict=True)


async def test_a_whole_answer_is_read_too(
    llmock: LLMock, client: MessagesClient
) -> None:
    llmock.reply("Whole.")

    message = await client.create(REQUEST)

    assert message["content"] == [{"type": "text", "text": "Whole."}]


async def test_its_wish_to_wait_is_followed(
    llmock: LLMock, client: MessagesClient
) -> None:
    llmock.rate_limit(times=2, retry_after=0.2)
    news: list[Attempt] = []

    answer = await read(client, news)

    assert answer.done
    assert [step.wait_s for step in news] == [0.0, 0.2, 0.0, 0.2, 0.0]
    llmock.assert_resilient(strict=True)


async def test_an_overload_is_waited_out(
    llmock: LLMock, client: MessagesClient
) -> None:
    llmock.fail(529)
    news: list[Attempt] = []

    answer = await read(client, news)

    assert answer.done
    assert [step.error.code for step in news if step.error] == ["overloaded"]
    llmock.assert_resilient(strict=True)


async def test_an_outage_makes_no_storm(llmock: LLMock, client: MessagesClient) -> None:
    llmock.fail(529, times=None, retry_after=0.05)
    news: list[Attempt] = []

    with pytest.raises(ProviderError, match="overloaded"):
        await read(client, news)

    assert news[-1].number == 3
    assert "retry_storm" not in {finding.code for finding in llmock.verdict().findings}


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_what_cannot_succeed_is_asked_once(
    llmock: LLMock, client: MessagesClient, status: int
) -> None:
    llmock.fail(status, times=None)
    news: list[Attempt] = []

    with pytest.raises(ProviderError):
        await read(client, news)

    assert len(news) == 1
    llmock.assert_resilient(strict=True)


async def test_a_truncated_stream_is_not_taken_for_an_answer(
    llmock: LLMock, client: MessagesClient
) -> None:
    llmock.reply("One two three four five six.").truncate(after_chunks=4)
    news: list[Attempt] = []

    with pytest.raises(ProviderError, match="stream_cut"):
        await read(client, news)

    assert len(news) == 1


@pytest.mark.parametrize(
    ("kind", "code"), [("disconnect", "stream_cut"), ("corrupt", "malformed_stream")]
)
async def test_a_broken_stream_is_named(
    llmock: LLMock, client: MessagesClient, kind: str, code: str
) -> None:
    getattr(llmock.reply("One two three four five six."), kind)(after_chunks=4)

    with pytest.raises(ProviderError, match=code):
        await read(client, [])


async def test_a_stalled_stream_is_given_up(
    llmock: LLMock, client: MessagesClient
) -> None:
    llmock.reply("One two three four five six.").stall(after_chunks=4, seconds=3)

    with pytest.raises(ProviderError, match="stalled"):
        await read(client, [])
