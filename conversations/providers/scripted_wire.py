"""A prepared answer as the bytes of an event stream, cut where a network might."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

# Words with the blanks behind them; a long word comes in pieces as from a model.
_PIECES = re.compile(r"\S{1,12}\s*|\s+")
# Where a record is cut in two, as parts of a hundred: mid-name, mid-JSON, mid-letter.
_CUTS = (7, 31, 52, 68, 83, 97)
_PING_EVERY = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What is played: texts, their pace in seconds, and how it ends.

    `ending` is `stop`, `cut` (the body ends without its end) or `error` (an overloaded
    error in the stream); the last two come after the text.
    """

    text: str
    thinking: str = ""
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
    for index, (kind, text) in enumerate(_blocks(script)):
        yield 0.0, _record(_block_start(index, kind))
        for delta in _deltas(kind, text):
            deltas += 1
            yield from _cut(_block_delta(index, delta), script.interval_s, deltas)
            if deltas % _PING_EVERY == 0:
                yield 0.0, _record({"type": "ping"})
        if script.ending == "stop":
            yield 0.0, _record({"type": "content_block_stop", "index": index})
    yield 0.0, b"".join(map(_record, _ending(script, deltas)))


def _blocks(script: Script) -> Iterator[tuple[str, str]]:
    if script.thinking:
        yield "thinking", script.thinking
    if script.text:
        yield "text", script.text


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


def _block_start(index: int, kind: str) -> dict[str, Any]:
    block = {"type": kind, kind: ""}
    if kind == "thinking":
        block["signature"] = ""
    return {"type": "content_block_start", "index": index, "content_block": block}


def _deltas(kind: str, text: str) -> Iterator[dict[str, Any]]:
    for piece in pieces_of(text):
        yield {"type": f"{kind}_delta", kind: piece}
    if kind == "thinking":
        yield {"type": "signature_delta", "signature": "c2NyaXB0ZWQ="}


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
