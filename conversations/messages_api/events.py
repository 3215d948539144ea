"""Stream events as frozen values, and their reading from JSON.

What the API may send tomorrow passes through: unknown events and deltas keep their
JSON, unknown content blocks are plain dicts like all the others.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from conversations.messages_api.errors import StreamError
from conversations.messages_api.sse import SseRecord

type Json = dict[str, Any]

DONE = "[DONE]"


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class InputJsonDelta:
    """A piece of a tool's input; only all pieces together are JSON."""

    partial_json: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    thinking: str


@dataclass(frozen=True, slots=True)
class SignatureDelta:
    signature: str


@dataclass(frozen=True, slots=True)
class CitationsDelta:
    citation: Json


@dataclass(frozen=True, slots=True)
class CompactionDelta:
    """A summary that stands for all before it; both parts as the server sent them."""

    content: Any
    encrypted_content: Any


@dataclass(frozen=True, slots=True)
class UnknownDelta:
    raw: Json


type Delta = (
    TextDelta
    | InputJsonDelta
    | ThinkingDelta
    | SignatureDelta
    | CitationsDelta
    | CompactionDelta
    | UnknownDelta
)


@dataclass(frozen=True, slots=True)
class MessageStart:
    message: Json


@dataclass(frozen=True, slots=True)
class ContentBlockStart:
    index: int
    content_block: Json


@dataclass(frozen=True, slots=True)
class ContentBlockDelta:
    index: int
    delta: Delta


@dataclass(frozen=True, slots=True)
class ContentBlockStop:
    index: int


@dataclass(frozen=True, slots=True)
class MessageDelta:
    """News of the whole message; `usage` holds running totals, not increments.

    `more` is whatever else the event tells of it: `context_management`, ...
    """

    delta: Json
    usage: Json
    more: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MessageStop:
    pass


@dataclass(frozen=True, slots=True)
class Ping:
    pass


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """An error inside a response that began with status 200."""

    error: Json
    request_id: str | None


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """Any other event; `type` is `[DONE]` for the end mark of other dialects."""

    type: str
    raw: Json


type Event = (
    MessageStart
    | ContentBlockStart
    | ContentBlockDelta
    | ContentBlockStop
    | MessageDelta
    | MessageStop
    | Ping
    | ErrorEvent
    | UnknownEvent
)


def parse_event(record: SseRecord) -> Event:
    """The event that a record carries, told by the `type` in its JSON.

    The record's own name counts only where the JSON has no `type`: some servers send
    unnamed data. Raises `StreamError` (`malformed_stream`) for what is not JSON or
    lacks what its type needs; the record's text is not in the error.
    """
    if record.data == DONE:
        return UnknownEvent(DONE, {})
    raw = load_object(record.data)
    kind = raw.get("type")
    if not isinstance(kind, str):
        kind = "error" if "error" in raw else record.event
    read = _READERS.get(kind)
    return UnknownEvent(kind, raw) if read is None else read(raw)


def events_of(message: Json) -> list[Event]:
    """The events that would have streamed a message that arrived whole."""
    events: list[Event] = [MessageStart({**message, "content": []})]
    for index, block in enumerate(_objects(message.get("content"))):
        events += _block_events(index, block)
    ending: Json = {
        key: message[key]
        for key in ("stop_reason", "stop_sequence", "stop_details")
        if key in message
    }
    return [*events, MessageDelta(ending, {}), MessageStop()]


def load_object(text: str) -> Json:
    """A JSON object, or `StreamError` with the length and nothing of the text."""
    text = text.strip(" \t\r\n")
    try:
        value, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        value, end = None, 0
    if not isinstance(value, dict) or end != len(text):
        raise _malformed(f"{len(text)} characters are not a JSON object.")
    if any(escape in text for escape in _MENDED_ESCAPES):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value


def _malformed(words: str) -> StreamError:
    return StreamError("malformed_stream", words)


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _refuse_constant(number)


# NaN and Infinity are not JSON, and a database refuses them later than this does.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)
_MENDED_ESCAPES = ("\\ud", "\\uD", "\\u0000")


def _mended(value: Any) -> Any:
    """Replace lone surrogates and NUL, which files, sockets or databases refuse."""
    if isinstance(value, str):
        units = value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass")
        return units.decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value


def _block_events(index: int, block: Json) -> list[Event]:
    stop = ContentBlockStop(index)
    if block.get("type") != "text":
        return [ContentBlockStart(index, block), stop]
    start = ContentBlockStart(index, {**block, "text": ""})
    return [start, ContentBlockDelta(index, TextDelta(_text(block, "text"))), stop]


def _objects(value: Any) -> list[Json]:
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]


def _text(raw: Json, key: str) -> str:
    value = raw.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _malformed(f"{key} is not a string.")
    return value


def _object(raw: Json, key: str) -> Json:
    value = raw.get(key)
    if not isinstance(value, dict):
        raise _malformed(f"{key} is not an object.")
    return value


def _optional_object(raw: Json, key: str) -> Json:
    return {} if raw.get(key) is None else _object(raw, key)


def _index(raw: Json) -> int:
    value = raw.get("index")
    if type(value) is not int or value < 0:
        raise _malformed("index is not a number.")
    return value


def _delta(raw: Json) -> Delta:
    kind = raw.get("type")
    read = _DELTA_READERS.get(kind) if isinstance(kind, str) else None
    return UnknownDelta(raw) if read is None else read(raw)


def _error(raw: Json) -> ErrorEvent:
    error, request_id = raw.get("error"), raw.get("request_id")
    return ErrorEvent(
        error if isinstance(error, dict) else {"message": str(error or "")},
        request_id if isinstance(request_id, str) else None,
    )


_OF_MESSAGE_DELTA = frozenset({"type", "delta", "usage"})

_DELTA_READERS: dict[str, Callable[[Json], Delta]] = {
    "text_delta": lambda raw: TextDelta(_text(raw, "text")),
    "input_json_delta": lambda raw: InputJsonDelta(_text(raw, "partial_json")),
    "thinking_delta": lambda raw: ThinkingDelta(_text(raw, "thinking")),
    "signature_delta": lambda raw: SignatureDelta(_text(raw, "signature")),
    "citations_delta": lambda raw: CitationsDelta(_object(raw, "citation")),
    "compaction_delta": lambda raw: CompactionDelta(
        raw.get("content"), raw.get("encrypted_content")
    ),
}

_READERS: dict[str, Callable[[Json], Event]] = {
    "message_start": lambda raw: MessageStart(_object(raw, "message")),
    "content_block_start": lambda raw: ContentBlockStart(
        _index(raw), _object(raw, "content_block")
    ),
    "content_block_delta": lambda raw: ContentBlockDelta(
        _index(raw), _delta(_object(raw, "delta"))
    ),
    "content_block_stop": lambda raw: ContentBlockStop(_index(raw)),
    "message_delta": lambda raw: MessageDelta(
        _optional_object(raw, "delta"),
        _optional_object(raw, "usage"),
        {key: value for key, value in raw.items() if key not in _OF_MESSAGE_DELTA},
    ),
    "message_stop": lambda raw: MessageStop(),
    "ping": lambda raw: Ping(),
    "error": _error,
}
