"""OpenAI's own client as a second opinion: the same bytes, the same message."""

import json
from itertools import pairwise
from typing import Any

import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai._models import construct_type
from openai._streaming import SSEDecoder
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk

from conversations.messages_api import MessageRequest, MessageStop, ProviderError
from conversations.providers.chat_completions import ChatCompletionsProvider
from tests.chat_streams import DONE, call, chunk, read, record
from tests.scripted_server import Request, event_stream, scripted_server

KEY = "sk-test-0123456789"

type Json = dict[str, Any]

REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}
# NUL is replaced on the way in, as no database keeps it.
letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
words = st.text(letters, min_size=1, max_size=6)
counts = st.integers(0, 100_000)


def usage(numbers: tuple[int, int, int, int]) -> Json:
    uncached, cached, completion, reasoning = numbers
    return {
        "prompt_tokens": uncached + cached,
        "completion_tokens": completion,
        "total_tokens": uncached + cached + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }


@st.composite
def pieces_of_calls(draw: st.DrawFn) -> list[Json]:
    """The pieces of up to three calls, each begun in turn, then in any order."""
    arguments = draw(st.lists(st.dictionaries(words, words, max_size=3), max_size=3))
    waiting: list[list[str]] = []
    begun: list[Json] = []
    for index, given_ in enumerate(arguments):
        text = json.dumps(given_, ensure_ascii=False)
        cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=4)))
        edges = [0, *cuts, len(text)]
        waiting.append([text[a:b] for a, b in pairwise(edges)])
        first = {"id": f"call_{index}", "type": "function", "name": f"tool{index}"}
        begun.append(call(index, "", **first))
    order: list[Json] = []
    while begun or any(waiting):
        open_calls = range(len(arguments) - len(begun))
        ready = [index for index in open_calls if waiting[index]]
        if begun and (not ready or draw(st.booleans())):
            order.append(begun.pop(0))
        else:
            chosen = draw(st.sampled_from(ready))
            order.append(call(chosen, waiting[chosen].pop(0)))
    return order


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """Chunks in any order that the format allows, usage behind the finish reason."""
    kinds = {"content": words, "refusal": words, "reasoning_content": words}
    deltas: list[Json] = [
        {kind: draw(kinds[kind])}
        for kind in draw(st.lists(st.sampled_from(sorted(kinds)), max_size=8))
    ]
    calls = draw(pieces_of_calls())
    while calls:
        some = [calls.pop(0)]
        some += [calls.pop(0) for _ in range(draw(st.integers(0, len(calls))))]
        deltas.append({"tool_calls": some})
    role: Json = {"role": "assistant"}
    role |= draw(st.sampled_from([{}, {"content": ""}, {"content": None}]))
    reason = draw(st.sampled_from(sorted(REASONS)))
    told = usage(draw(st.tuples(counts, counts, counts, counts)))
    chunks = [chunk(role), *map(chunk, deltas), chunk({}, reason)]
    return [*chunks, chunk(None, usage=told), DONE]


def official(body: bytes) -> Json:
    """What OpenAI's package makes of the bytes: its decoder, its accumulator."""
    state: ChatCompletionStreamState[None] = ChatCompletionStreamState()
    for event in SSEDecoder().iter_bytes(iter([body])):
        if event.data == "[DONE]":
            break
        made = construct_type(type_=ChatCompletionChunk, value=event.json())
        assert isinstance(made, ChatCompletionChunk)
        state.handle_chunk(made)
    return state.current_completion_snapshot.to_dict(mode="json")


def told_texts(message: Json, kind: str) -> str:
    return "".join(
        block.get(kind, "") for block in message["content"] if block["type"] == kind
    )


def told_calls(message: Json) -> list[tuple[str, str, Json]]:
    return [
        (block["id"], block["name"], block["input"])
        for block in message["content"]
        if block["type"] == "tool_use"
    ]


def official_calls(message: Json) -> list[tuple[str, str, Json]]:
    return [
        (
            each["id"],
            each["function"]["name"],
            json.loads(each["function"]["arguments"]),
        )
        for each in message.get("tool_calls") or ()
    ]


@settings(max_examples=200, deadline=None)
@given(streams(), st.lists(st.integers(1, 400), max_size=20))
def test_any_order_that_the_format_allows_makes_the_same_message(
    chunks: list[bytes], sizes: list[int]
) -> None:
    body = b"".join(chunks)
    ends = [sum(sizes[:count]) for count in range(1, len(sizes) + 1)]
    edges = [0, *ends, len(body)]
    ours = read(body[a:b] for a, b in pairwise(edges)).message
    theirs = official(body)

    [choice] = theirs["choices"]
    message, usage = choice["message"], theirs["usage"]
    texts = [message.get("content") or "", message.get("refusal") or ""]
    assert sorted(told_texts(ours, "text")) == sorted("".join(texts))
    assert told_texts(ours, "thinking") == (message.get("reasoning_content") or "")
    assert told_calls(ours) == official_calls(message)
    assert (
        ours["usage"]["input_tokens"] + ours["usage"]["cache_read_input_tokens"]
        == (usage["prompt_tokens"])
    )
    assert ours["usage"]["output_tokens"] == usage["completion_tokens"]
    assert ours["stop_reason"] == reason_of(choice)


def reason_of(choice: Json) -> str:
    if choice["message"].get("refusal"):
        return "refusal"
    if choice["message"].get("tool_calls") and choice["finish_reason"] == "stop":
        return "tool_use"
    return REASONS[choice["finish_reason"]]


REQUEST = MessageRequest(
    model="gpt-test",
    max_tokens=64,
    system="Be brief.",
    messages=[{"role": "user", "content": "Hello"}],
    stop_sequences=["END"],
    parameters={"temperature": 0.5},
)
BODY = (
    chunk({"role": "assistant", "content": ""})
    + chunk({"content": "Hi"})
    + chunk({}, "stop")
    + chunk(None, usage=usage((9, 0, 5, 0)))
    + DONE
)


def what_matters(request: Request) -> Json:
    names = ("authorization", "content-type")
    return {
        "line": (request.method, request.target),
        "headers": {name: request.headers.get(name) for name in names},
        "body": request.json,
    }


async def test_both_ask_alike() -> None:
    async with scripted_server(event_stream([BODY])) as server:
        url = f"{server.url}/v1"
        provider = ChatCompletionsProvider(base_url=url, credential=KEY)
        async with provider.stream(REQUEST) as stream:
            ours = [event async for event in stream]
        await provider.aclose()
        async with openai.AsyncOpenAI(
            api_key=KEY, base_url=url, max_retries=0
        ) as client:
            chunks = await client.chat.completions.create(
                model="gpt-test",
                max_tokens=64,
                messages=[
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": "Hello"},
                ],
                stop=["END"],
                temperature=0.5,
                stream=True,
                stream_options={"include_usage": True},
            )
            theirs = [each async for each in chunks]

    assert what_matters(server.requests[0]) == what_matters(server.requests[1])
    assert ours[-1] == MessageStop()
    assert theirs[-1].usage is not None


async def read_by_sdk(body: bytes) -> None:
    async with (
        scripted_server(event_stream([body])) as server,
        openai.AsyncOpenAI(
            api_key=KEY, base_url=f"{server.url}/v1", max_retries=0
        ) as client,
    ):
        chunks = await client.chat.completions.create(
            model="m", messages=[], stream=True
        )
        async for _ in chunks:
            pass


async def test_both_raise_for_an_error_in_midstream() -> None:
    error = record({"error": {"message": "No", "type": "server_error"}})
    body = chunk({"content": "Hi"}) + error
    with pytest.raises(openai.APIError):
        await read_by_sdk(body)
    with pytest.raises(ProviderError, match="api_error"):
        read([body, b""])
