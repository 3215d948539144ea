"""The recorded streams and the messages they must become."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from conversations.messages_api import Accumulator, Event, SseDecoder, parse_event

STREAMS = Path(__file__).parent / "streams"
NAMES = sorted(path.stem for path in STREAMS.glob("*.sse"))
WHOLE_NAMES = [name for name in NAMES if name != "overloaded_midstream"]


def body(name: str) -> bytes:
    return (STREAMS / f"{name}.sse").read_bytes()


def request(name: str) -> dict[str, Any]:
    return _load(f"{name}.request.json")


def expected(name: str) -> dict[str, Any]:
    """The final message, or what had been said when the stream failed."""
    message = _load(f"{name}.expected.json")
    partial: dict[str, Any] = message.get("partial_message", message)
    return partial


def visible_text(message: dict[str, Any]) -> str:
    blocks = message["content"]
    return "".join(block["text"] for block in blocks if block["type"] == "text")


def without_future(value: Any) -> Any:
    """Drop the keys that stand for a later API: keeping them is allowed."""
    if isinstance(value, dict):
        return {
            key: without_future(item)
            for key, item in value.items()
            if not key.startswith("future_")
        }
    if isinstance(value, list):
        return [without_future(item) for item in value]
    return value


def chunked(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def events(chunks: Iterable[bytes]) -> Iterator[Event]:
    decoder = SseDecoder()
    for chunk in chunks:
        for record in decoder.feed(chunk):
            yield parse_event(record)
    decoder.finish()


def accumulated(chunks: Iterable[bytes]) -> Accumulator:
    accumulator = Accumulator()
    for event in events(chunks):
        accumulator.feed(event)
    return accumulator


def _load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((STREAMS / name).read_text("utf-8"))
    return loaded
