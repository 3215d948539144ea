"""Streams of Chat Completions as servers send them, and the messages they become."""

import json
from collections.abc import Iterable
from typing import Any

from conversations.chat_completions.reader import ChunkReader
from conversations.messages_api import Accumulator

type Json = dict[str, Any]

DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
OUR_USAGE = {"input_tokens": 9, "output_tokens": 5}


def record(value: Json) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def chunk(delta: Json | None, finish: str | None = None, **more: Any) -> bytes:
    """One chunk of the first choice; without a delta one without choices."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    return record(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1795383669,
            "model": "gpt-test",
            "choices": [] if delta is None else [choice],
            **more,
        }
    )


def call(index: int, arguments: str, **first: Any) -> Json:
    """A piece of a tool call; the first one also has its id and its name."""
    function = {"arguments": arguments}
    if "name" in first:
        function["name"] = first.pop("name")
    return {"index": index, **first, "function": function}


def calls(*pieces: Json) -> bytes:
    return chunk({"tool_calls": list(pieces)})


def message(
    *content: Json, stop_reason: str = "end_turn", usage: Json | None = None
) -> Json:
    """The message that a stream must become."""
    return {
        "id": "chatcmpl-1",
        "type": "message",
        "role": "assistant",
        "model": "gpt-test",
        "content": list(content),
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": OUR_USAGE if usage is None else usage,
    }


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def thinking(words: str) -> Json:
    return {"type": "thinking", "thinking": words, "signature": ""}


def tool_use(call_id: str, name: str, **given: Any) -> Json:
    return {"type": "tool_use", "id": call_id, "name": name, "input": given}


FIRST = chunk({"role": "assistant", "content": "", "refusal": None})
LAST = chunk(None, usage=USAGE) + DONE
NOW = call(0, "", id="call_1", type="function", name="now")

STREAMS: dict[str, tuple[bytes, Json]] = {
    "text": (
        FIRST
        + chunk({"content": "Grüße"}, usage=None)
        + chunk({"content": " an 👩‍👩‍👧 alle\u2028hier"}, obfuscation="x8fK")
        + chunk({}, "stop")
        + LAST,
        message(text("Grüße an 👩‍👩‍👧 alle\u2028hier")),
    ),
    "crlf, comments and records of nothing": (
        b": keep-alive\r\n\r\n"
        + (FIRST + chunk({"content": "Hi"})).replace(b"\n\n", b"\r\n\r\n")
        + b": OPENROUTER PROCESSING\r\n\r\ndata:\r\n\r\n"
        + chunk({}, "stop")
        + LAST,
        message(text("Hi")),
    ),
    "all in one chunk": (
        chunk({"role": "assistant", "content": "Hi"}, "stop", usage=USAGE) + DONE,
        message(text("Hi")),
    ),
    "an end without its mark": (
        FIRST + chunk({"content": "Hi"}) + chunk({}, "stop", usage=USAGE),
        message(text("Hi")),
    ),
    "a mark without a finish reason": (
        FIRST + chunk({"content": "Hi"}) + LAST,
        message(text("Hi")),
    ),
    "no usage": (
        FIRST + chunk({"content": "Hi"}) + chunk({}, "stop") + DONE,
        message(text("Hi"), usage={}),
    ),
    "usage in every chunk": (
        chunk({"content": "H"}, usage={**USAGE, "completion_tokens": 1})
        + chunk({"content": "i"}, "stop", usage=USAGE)
        + DONE,
        message(text("Hi")),
    ),
    "usage with caches and reasoning": (
        FIRST
        + chunk({"content": "Hi"}, "stop")
        + chunk(
            None,
            usage={
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "total_tokens": 150,
                "prompt_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 6},
                "completion_tokens_details": {"reasoning_tokens": 32},
            },
        )
        + DONE,
        message(
            text("Hi"),
            usage={
                "input_tokens": 30,
                "cache_read_input_tokens": 64,
                "cache_creation_input_tokens": 6,
                "output_tokens": 50,
                "output_tokens_details": {"thinking_tokens": 32},
            },
        ),
    ),
    "Azure's first chunk and filters": (
        chunk(None, id="", model="", object="", prompt_filter_results=[{"index": 0}])
        + FIRST
        + chunk({"content": "Hi"}, content_filter_results={"hate": {}})
        + chunk({}, "stop")
        + LAST,
        message(text("Hi")),
    ),
    "llama.cpp": (
        chunk({"role": "assistant", "content": None})
        + chunk({"content": "The"})
        + chunk({"content": " sea"})
        + chunk({}, "length")
        + chunk(None, usage=USAGE, timings={"cache_n": 0, "prompt_n": 32})
        + DONE,
        message(text("The sea"), stop_reason="max_tokens"),
    ),
    "DeepSeek's reasoning": (
        chunk({"role": "assistant", "content": None, "reasoning_content": ""})
        + chunk({"content": None, "reasoning_content": "Well,"})
        + chunk({"content": None, "reasoning_content": " so."})
        + chunk({"content": "Yes.", "reasoning_content": None})
        + chunk({"content": ""}, "stop")
        + chunk(None, usage={**USAGE, "prompt_cache_hit_tokens": 4})
        + DONE,
        message(
            thinking("Well, so."),
            text("Yes."),
            usage={
                "input_tokens": 5,
                "cache_read_input_tokens": 4,
                "output_tokens": 5,
            },
        ),
    ),
    "OpenRouter's reasoning, told twice": (
        chunk(
            {
                "content": "",
                "reasoning": "Hm.",
                "reasoning_content": "Hm.",
                "reasoning_details": [{"type": "reasoning.text", "text": "Hm."}],
            }
        )
        + chunk({"content": "Yes.", "reasoning": None}, "stop")
        + LAST,
        message(thinking("Hm."), text("Yes.")),
    ),
    "Mistral's parts": (
        chunk({"content": [{"type": "thinking", "thinking": [text("Hm")]}, text("Ye")]})
        + chunk({"content": [text("s."), {"type": "reference", "reference_ids": [1]}]})
        + chunk({"content": ""}, "stop")
        + LAST,
        message(thinking("Hm"), text("Yes.")),
    ),
    "Kimi's usage in the choice": (
        record(
            {
                "id": "chatcmpl-1",
                "model": "gpt-test",
                "choices": [
                    {
                        "index": 0,
                        "delta": {"content": "Hi"},
                        "finish_reason": "stop",
                        "usage": USAGE,
                    }
                ],
            }
        )
        + DONE,
        message(text("Hi")),
    ),
    "Groq's usage in its own field": (
        chunk({"content": "Hi"})
        + chunk({}, "stop", x_groq={"id": "req_1", "usage": USAGE})
        + DONE,
        message(text("Hi")),
    ),
    "a call in pieces": (
        FIRST
        + chunk({"content": "Let me look."})
        + calls(NOW)
        + calls(call(0, '{"zone": "Eur'))
        + calls(call(0, 'ope/Berlin"}'))
        + chunk({}, "tool_calls")
        + LAST,
        message(
            text("Let me look."),
            tool_use("call_1", "now", zone="Europe/Berlin"),
            stop_reason="tool_use",
        ),
    ),
    "calls that interleave": (
        FIRST
        + calls(NOW)
        + calls(call(1, "", id="call_2", type="function", name="then"))
        + calls(call(1, '{"b":'), call(0, '{"a":'))
        + calls(call(0, "1}"), call(1, "2}"))
        + chunk({}, "tool_calls")
        + LAST,
        message(
            tool_use("call_1", "now", a=1),
            tool_use("call_2", "then", b=2),
            stop_reason="tool_use",
        ),
    ),
    "calls that are all numbered 0, with a wrong finish reason": (
        FIRST
        + calls(call(0, '{"a": 1}', id="call_1", name="now"))
        + calls(call(0, '{"b": 2}', id="call_2", name="then"))
        + chunk({}, "stop")
        + LAST,
        message(
            tool_use("call_1", "now", a=1),
            tool_use("call_2", "then", b=2),
            stop_reason="tool_use",
        ),
    ),
    "calls without numbers, whole, with an object for arguments": (
        chunk(
            {
                "tool_calls": [
                    {"id": "call_1", "function": {"name": "now", "arguments": {}}},
                    {
                        "id": "call_2",
                        "function": {"name": "then", "arguments": {"b": 2}},
                    },
                ]
            }
        )
        + chunk({}, "tool_calls")
        + LAST,
        message(
            tool_use("call_1", "now"),
            tool_use("call_2", "then", b=2),
            stop_reason="tool_use",
        ),
    ),
    "an id and a name that are repeated": (
        calls(call(0, '{"a"', id="call_1", name="now"))
        + calls(call(0, ": 1}", id="call_1", name="now"))
        + chunk({}, "tool_calls")
        + LAST,
        message(tool_use("call_1", "now", a=1), stop_reason="tool_use"),
    ),
    "a name that comes after its id": (
        calls({"index": 0, "id": "call_1", "type": "function"})
        + calls(call(0, '{"a"', name="now"))
        + calls(call(0, ": 1}"))
        + chunk({}, "tool_calls")
        + LAST,
        message(tool_use("call_1", "now", a=1), stop_reason="tool_use"),
    ),
    "a call without arguments": (
        calls(NOW) + chunk({}, "tool_calls") + LAST,
        message(tool_use("call_1", "now"), stop_reason="tool_use"),
    ),
    "a call cut by the limit": (
        calls(NOW) + calls(call(0, '{"zone": "Eu')) + chunk({}, "length") + LAST,
        message(tool_use("call_1", "now"), stop_reason="max_tokens"),
    ),
    "a refusal": (
        FIRST
        + chunk({"refusal": "I cannot"})
        + chunk({"refusal": " do that."})
        + chunk({}, "stop")
        + LAST,
        message(text("I cannot do that."), stop_reason="refusal"),
    ),
    "a filter in mid-text": (
        FIRST + chunk({"content": "Once"}) + chunk({}, "content_filter") + LAST,
        message(text("Once"), stop_reason="refusal"),
    ),
    "several choices": (
        FIRST
        + record({"choices": [{"index": 1, "delta": {"content": "No"}}]})
        + chunk({"content": "Yes"}, "stop")
        + LAST,
        message(text("Yes")),
    ),
}


def read(pieces: Iterable[bytes]) -> Accumulator:
    """What a stream that comes in these pieces becomes; raises where it is faulty."""
    reader, told = ChunkReader(), Accumulator()
    for piece in pieces:
        for event in reader.feed(piece):
            told.feed(event)
    for event in reader.finish():
        told.feed(event)
    return told
