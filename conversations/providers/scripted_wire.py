"""A prepared answer as the bytes of an event stream, cut where a network might."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

# Words with the blanks behind them; a long word comes in pieces as from a model.
_PIECES = re.compile(r"\S{1,12}\s*|\s+")
# Where a record is cut in two, as parts of a hundred: mid-name, mid-JSON, mid-letter.
_CUTS = (7, 31, 52, 68, 83, 97)
_PING_EVERY = 50
# How long a tool takes, in intervals between two pieces of text.
_TOOL_TAKES_PIECES = 20
_EMPTY: dict[str, dict[str, Any]] = {
    "text": {"text": ""},
    "thinking": {"thinking": "", "signature": ""},
    "server_tool_use": {"input": {}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What is played: texts, their pace in seconds, and how it ends.

    `ending` is `stop`, `cut` (the body ends without its end) or `error` (an overloaded
    error in the stream); the last two come after the text. `blocks` are what the answer
    holds, if it is more than its thinking and its text.
    """

    text: str = ""
    thinking: str = ""
    blocks: Sequence[dict[str, Any]] = ()
    first_wait_s: float = 0.25
    interval_s: float = 1 / 30
    stop_reason: str = "end_turn"
    ending: str = "stop"


def pieces_of(text: str) -> list[str]:
    """The deltas of a text; joined they are the text again."""
    return _PIECES.findall(text)


def play(script: Script, head: dict[str, Any]) -> Iterator[tuple[float, bytes]]:
    """Pairs of seconds to wait and bytes to send then.

    `head` holds `id`, `model` and `usage` of the message.
    """
    yield 0.0, _record(_message_start(head))
    yield script.first_wait_s, _record({"type": "ping"})
    deltas = 0
    for index, block in enumerate(script.blocks or _blocks(script)):
        is_result = str(block["type"]).endswith("_tool_result")
        wait_s = script.interval_s * _TOOL_TAKES_PIECES if is_result else 0.0
        yield wait_s, _record(_block_start(index, block))
        for delta in _deltas(block):
            deltas += 1
            yield from _cut(_block_delta(index, delta), script.interval_s, deltas)
            if deltas % _PING_EVERY == 0:
                yield 0.0, _record({"type": "ping"})
        if script.ending == "stop":
            yield 0.0, _record({"type": "content_block_stop", "index": index})
    yield 0.0, b"".join(map(_record, _ending(script, deltas)))


def _blocks(script: Script) -> Iterator[dict[str, Any]]:
    if script.thinking:
        signature = "c2NyaXB0ZWQ="
        yield {
            "type": "thinking",
            "thinking": script.thinking,
            "signature": signature,
        }
    if script.text:
        yield {"type": "text", "text": script.text}


def _message_start(head: dict[str, Any]) -> dict[str, Any]:
    message = {
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        **head,
    }
    return {"type": "message_start", "message": message}


def _block_start(index: int, block: dict[str, Any]) -> dict[str, Any]:
    """A block as it begins: what comes in pieces is empty, all else is there."""
    begun = {**block, **_EMPTY.get(block["type"], {})}
    if block.get("citations"):
        begun["citations"] = []
    return {"type": "content_block_start", "index": index, "content_block": begun}


def _deltas(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    match block["type"]:
        case "thinking" | "text" as kind:
            for citation in block.get("citations") or ():
                yield {"type": "citations_delta", "citation": citation}
            for piece in pieces_of(block[kind]):
                yield {"type": f"{kind}_delta", kind: piece}
        case "server_tool_use":
            for piece in pieces_of(json.dumps(block["input"], ensure_ascii=False)):
                yield {"type": "input_json_delta", "partial_json": piece}
    if block["type"] == "thinking":
        yield {"type": "signature_delta", "signature": block["signature"]}


def _block_delta(index: int, delta: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def _ending(script: Script, deltas: int) -> Iterable[dict[str, Any]]:
    match script.ending:
        case "cut":
            return []
        case "error":
            error = {"type": "overloaded_error", "message": "Overloaded, on demand."}
            return [{"type": "error", "error": error}]
    delta: dict[str, Any] = {"stop_reason": script.stop_reason, "stop_sequence": None}
    if script.stop_reason == "refusal":
        delta["stop_details"] = {
            "type": "refusal",
            "category": None,
            "explanation": "Refused, on demand.",
        }
    usage = {"output_tokens": deltas}
    return [
        {"type": "message_delta", "delta": delta, "usage": usage},
        {"type": "message_stop"},
    ]


def _cut(
    event: dict[str, Any], wait_s: float, count: int
) -> Iterator[tuple[float, bytes]]:
    record = _record(event)
    at = len(record) * _CUTS[count % len(_CUTS)] // 100
    yield wait_s, record[:at]
    yield 0.0, record[at:]


def _record(event: dict[str, Any]) -> bytes:
    data = json.dumps(event, ensure_ascii=False)
    return f"event: {event['type']}\ndata: {data}\n\n".encode()
