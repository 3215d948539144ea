"""Any order of events that the API allows makes the message its own client makes."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import anthropic
import httpx2
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import corpus

type Json = dict[str, Any]

# NUL and half characters are replaced here, and taken over there.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
NUMBERS = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
    ),
    max_leaves=6,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=4)
CITATIONS = st.builds(
    lambda text, start: {
        "type": "char_location",
        "cited_text": text,
        "document_index": 0,
        "document_title": None,
        "start_char_index": start,
        "end_char_index": start + 1,
    },
    TEXTS,
    st.integers(0, 99),
)
WHOLE_BLOCKS: Sequence[Json] = (
    {"type": "redacted_thinking", "data": "opaque"},
    {"type": "container_upload", "file_id": "file_1"},
    {
        "type": "web_search_tool_result",
        "tool_use_id": "srvtoolu_1",
        "content": [
            {
                "type": "web_search_result",
                "url": "https://example.org",
                "title": "A page",
                "encrypted_content": "Eo8B",
                "page_age": None,
            }
        ],
    },
    {
        "type": "web_search_tool_result",
        "tool_use_id": "srvtoolu_2",
        "content": {
            "type": "web_search_tool_result_error",
            "error_code": "max_uses_exceeded",
        },
    },
    {
        "type": "web_fetch_tool_result",
        "tool_use_id": "srvtoolu_3",
        "content": {
            "type": "web_fetch_result",
            "url": "https://example.org",
            "retrieved_at": "2026-11-22T12:00:00Z",
            "content": {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "Hello"},
                "title": "A page",
                "citations": {"enabled": True},
            },
        },
    },
    {
        "type": "bash_code_execution_tool_result",
        "tool_use_id": "srvtoolu_4",
        "content": {
            "type": "bash_code_execution_result",
            "stdout": "1\n",
            "stderr": "",
            "return_code": 0,
            "content": [{"type": "bash_code_execution_output", "file_id": "file_2"}],
        },
    },
    {
        "type": "code_execution_tool_result",
        "tool_use_id": "srvtoolu_5",
        "content": {
            "type": "encrypted_code_execution_result",
            "encrypted_stdout": "Zz",
            "stderr": "",
            "return_code": 1,
            "content": [],
        },
    },
    {
        "type": "text_editor_code_execution_tool_result",
        "tool_use_id": "srvtoolu_6",
        "content": {
            "type": "text_editor_code_execution_create_result",
            "is_file_update": False,
        },
    },
    {
        "type": "tool_search_tool_result",
        "tool_use_id": "srvtoolu_7",
        "content": {
            "type": "tool_search_tool_search_result",
            "tool_references": [{"type": "tool_reference", "tool_name": "weather"}],
        },
    },
    {
        "type": "mcp_tool_result",
        "tool_use_id": "mcptoolu_1",
        "is_error": False,
        "content": [{"type": "text", "text": "done"}],
    },
    {"type": "hologram", "light": {"b": [1, {"a": None}]}},
)
SIGNS_OF_LIFE: Sequence[Json] = ({"type": "ping"}, {"type": "a_later_event", "a": 1})


@st.composite
def pieces(draw: st.DrawFn, text: str) -> list[str]:
    """`text`, cut anywhere."""
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    bounds = zip([0, *cuts], [*cuts, len(text)], strict=True)
    return [text[start:end] for start, end in bounds]


@st.composite
def text_blocks(draw: st.DrawFn) -> tuple[Json, list[Json]]:
    text = draw(pieces(draw(TEXTS)))
    deltas: list[Json] = [{"type": "text_delta", "text": each} for each in text]
    for citation in draw(st.lists(CITATIONS, max_size=2)):
        place = draw(st.integers(0, len(deltas)))
        deltas.insert(place, {"type": "citations_delta", "citation": citation})
    start: Json = {"type": "text", "text": ""}
    return draw(st.sampled_from([start, {**start, "citations": []}])), deltas


@st.composite
def thinking_blocks(draw: st.DrawFn) -> tuple[Json, list[Json]]:
    deltas: list[Json] = [
        {"type": "thinking_delta", "thinking": piece}
        for piece in draw(pieces(draw(TEXTS)))
    ]
    deltas.append({"type": "signature_delta", "signature": draw(TEXTS)})
    return {"type": "thinking", "thinking": "", "signature": ""}, deltas


@st.composite
def tool_blocks(draw: st.DrawFn) -> tuple[Json, list[Json]]:
    raw = json.dumps(draw(OBJECTS), ensure_ascii=draw(st.booleans()))
    deltas = [
        {"type": "input_json_delta", "partial_json": piece}
        for piece in ["", *draw(pieces(raw))]
    ]
    start: Json = {"id": "toolu_1", "name": "web_search", "input": {}}
    kinds = ("tool_use", "server_tool_use", "mcp_tool_use")
    kind = draw(st.sampled_from(kinds))
    more = {"server_name": "s"} if kind == "mcp_tool_use" else {}
    untouched = draw(st.booleans())
    return {"type": kind, **start, **more}, [] if untouched else deltas


@st.composite
def summaries(draw: st.DrawFn) -> tuple[Json, list[Json]]:
    delta: Json = {
        "type": "compaction_delta",
        "content": draw(TEXTS),
        "encrypted_content": draw(TEXTS),
    }
    return {"type": "compaction", "content": None}, [delta]


BLOCKS = st.one_of(
    text_blocks(),
    thinking_blocks(),
    tool_blocks(),
    summaries(),
    st.sampled_from(WHOLE_BLOCKS).map(lambda block: (block, [])),
)


@st.composite
def endings(draw: st.DrawFn) -> list[Json]:
    """What closes a message: one or more news of it as a whole."""
    reason = st.sampled_from(
        [
            "end_turn",
            "max_tokens",
            "stop_sequence",
            "tool_use",
            "pause_turn",
            "refusal",
            "model_context_window_exceeded",
            "compaction",
        ]
    )
    usage = st.fixed_dictionaries(
        {"output_tokens": st.integers(0, 10**6)},
        optional={
            "input_tokens": st.integers(0, 10**6) | st.none(),
            "cache_read_input_tokens": st.integers(0, 10**6) | st.none(),
            "cache_creation_input_tokens": st.integers(0, 10**6),
            "server_tool_use": st.just(
                {"web_search_requests": 1, "web_fetch_requests": 0}
            ),
            "output_tokens_details": st.just({"thinking_tokens": 3}),
            "iterations": st.just(
                [{"type": "message", "input_tokens": 1, "output_tokens": 2}]
            ),
        },
    )
    delta: Json = {"stop_reason": draw(reason), "stop_sequence": None}
    if draw(st.booleans()):
        delta["container"] = {"id": "c1", "expires_at": "2026-11-22T12:00:00Z"}
    news: Json = {"type": "message_delta", "delta": delta, "usage": draw(usage)}
    if draw(st.booleans()):
        news["context_management"] = {"applied_edits": []}
    repeated = draw(st.integers(1, 2))
    return [*[news] * repeated, {"type": "message_stop"}]


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """The bytes of an answer: blocks one after the other, signs of life between."""
    usage = {"input_tokens": 9, "cache_read_input_tokens": 4, "output_tokens": 1}
    message: Json = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    events: list[Json] = [{"type": "message_start", "message": message}]
    for index, (start, deltas) in enumerate(draw(st.lists(BLOCKS, max_size=4))):
        events += [
            {"type": "content_block_start", "index": index, "content_block": start},
            *(
                {"type": "content_block_delta", "index": index, "delta": delta}
                for delta in deltas
            ),
            {"type": "content_block_stop", "index": index},
        ]
    events += draw(endings())
    for sign in draw(st.lists(st.sampled_from(SIGNS_OF_LIFE), max_size=3)):
        events.insert(draw(st.integers(0, len(events) - 1)), sign)
    escaped = draw(st.booleans())
    return b"".join(_record(event, escaped=escaped) for event in events)


def _record(event: Json, *, escaped: bool) -> bytes:
    data = json.dumps(event, ensure_ascii=escaped)
    return f"event: {event['type']}\ndata: {data}\n\n".encode()


@contextmanager
def official_client(body: bytes) -> Iterator[anthropic.Anthropic]:
    kind = {"content-type": "text/event-stream"}
    transport = httpx2.MockTransport(
        lambda _request: httpx2.Response(200, headers=kind, content=body)
    )
    with (
        httpx2.Client(transport=transport) as http,
        anthropic.Anthropic(
            api_key="k", base_url="http://test", max_retries=0, http_client=http
        ) as client,
    ):
        yield client


def made_officially(body: bytes) -> Json:
    with (
        official_client(body) as client,
        client.beta.messages.stream(
            model="m",
            max_tokens=9,
            messages=[{"role": "user", "content": "Hello"}],
        ) as stream,
    ):
        return stream.get_final_message().to_dict(mode="json", warnings=False)


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: without_nulls(item) for key, item in value.items() if item is not None
        }
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


@settings(max_examples=60, deadline=None)
@given(body=streams(), size=st.integers(1, 200))
def test_both_make_the_same_message_of_the_same_bytes(body: bytes, size: int) -> None:
    ours = corpus.accumulated(corpus.chunked(body, size))

    assert ours.done
    assert ours.partial_inputs == {}
    assert without_nulls(ours.message) == without_nulls(made_officially(body))
