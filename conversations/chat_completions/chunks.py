"""Chunks of a chat completion, told as the events of the Messages API. No I/O.

A whole completion is one chunk whose `message` holds everything.
"""

from collections.abc import Iterator
from typing import Any, Literal

from conversations.chat_completions.calls import Calls
from conversations.chat_completions.usage import (
    FAILED_REASONS,
    stop_reason_of,
    usage_of,
)
from conversations.messages_api import (
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    Event,
    MessageDelta,
    MessageStart,
    MessageStop,
    RequestError,
    StreamError,
    TextDelta,
    ThinkingDelta,
)
from conversations.messages_api.events import Json

type _Kind = Literal["text", "thinking", "refusal"]


class Chunks:
    """One message in the telling; only the first of several choices is told.

    `started` turns true with the first chunk that has a choice: before it Azure sends
    one without any. `finished` turns true with the finish reason; usage follows it.
    Raises `ProviderError` for what is no chunk, and for an answer that failed.
    """

    def __init__(self) -> None:
        self.started = False
        self.finished = False
        self._usage: Json = {}
        self._calls = Calls()
        # The block of text or thinking that grows, and how many blocks there are.
        self._open: tuple[_Kind, int] | None = None
        self._blocks = 0
        self._refused = False

    def take(self, raw: Json) -> list[Event]:
        """The events that one chunk stands for."""
        events: list[Event] = []
        choice = _first_choice(raw)
        self._usage = _usage_in(raw, choice) or self._usage
        if choice is None:
            return events
        if not self.started:
            self.started = True
            events.append(MessageStart(_message(raw)))
        delta = choice.get("delta") or choice.get("message") or {}
        if not isinstance(delta, dict):
            raise _malformed("delta is not an object.")
        self._take_delta(delta, events)
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self._finish(reason, events)
        return events

    def end(self) -> list[Event]:
        """The last events; what was left open is closed."""
        events: list[Event] = []
        if not self.finished:
            self._finish("", events)
        self._close(events)
        return [*events, MessageDelta({}, usage_of(self._usage)), MessageStop()]

    def _take_delta(self, delta: Json, events: list[Event]) -> None:
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        self._grow("thinking", _text(thought, "reasoning"), events)
        for kind, text in _pieces(delta.get("content")):
            self._grow(kind, text, events)
        self._grow("refusal", _text(delta.get("refusal"), "refusal"), events)
        for piece in _call_pieces(delta):
            self._close_text(events)
            begun, told = self._calls.take(piece, self._blocks)
            self._blocks += begun
            events += told

    def _grow(self, kind: _Kind, text: str, events: list[Event]) -> None:
        if not text:
            return
        if self._open is None or self._open[0] != kind:
            self._close_text(events)
            self._open = (kind, self._blocks)
            self._blocks += 1
            events.append(ContentBlockStart(self._open[1], _block(kind)))
        self._refused = self._refused or kind == "refusal"
        grown = ThinkingDelta(text) if kind == "thinking" else TextDelta(text)
        events.append(ContentBlockDelta(self._open[1], grown))

    def _finish(self, reason: str, events: list[Event]) -> None:
        if reason in FAILED_REASONS:
            raise RequestError(
                "api_error", f"The answer ended: {reason}.", retryable=True, status=200
            )
        self._close(events)
        if self.finished:
            return
        self.finished = True
        told = stop_reason_of(reason, called=bool(self._calls), refused=self._refused)
        ending = {"stop_reason": told, "stop_sequence": None}
        events.append(MessageDelta(ending, {}))

    def _close_text(self, events: list[Event]) -> None:
        if self._open is not None:
            events.append(ContentBlockStop(self._open[1]))
            self._open = None

    def _close(self, events: list[Event]) -> None:
        self._close_text(events)
        self._blocks, told = self._calls.close(self._blocks)
        events += told


def _first_choice(raw: Json) -> Json | None:
    choices = raw.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict) and not choice.get("index"):
            return choice
    return None


def _usage_in(raw: Json, choice: Json | None) -> Json | None:
    """The usage of a chunk: Kimi has it in the choice, Groq in a field of its own."""
    for holder in (raw, choice, raw.get("x_groq")):
        usage = holder.get("usage") if isinstance(holder, dict) else None
        if isinstance(usage, dict):
            return usage
    return None


def _message(raw: Json) -> Json:
    return {
        "id": raw.get("id") or "",
        "type": "message",
        "role": "assistant",
        "model": raw.get("model") or "",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {},
    }


def _block(kind: _Kind) -> Json:
    if kind == "thinking":
        return {"type": "thinking", "thinking": "", "signature": ""}
    return {"type": "text", "text": ""}


def _pieces(content: Any) -> Iterator[tuple[_Kind, str]]:
    """The texts of a delta: a string, or Mistral's list of parts."""
    if not isinstance(content, list):
        yield "text", _text(content, "content")
        return
    for part in content:
        match part:
            case {"type": "text", "text": str(text)}:
                yield "text", text
            case {"type": "thinking", "thinking": list(thoughts)}:
                for _, text in _pieces(thoughts):
                    yield "thinking", text
            case {"type": "thinking", "thinking": str(text)}:
                yield "thinking", text


def _call_pieces(delta: Json) -> list[Json]:
    """The pieces of tool calls, and of the one call of the format's first years."""
    calls = delta.get("tool_calls") or []
    if not isinstance(calls, list):
        raise _malformed("tool_calls is not a list.")
    pieces = [piece for piece in calls if isinstance(piece, dict)]
    only = delta.get("function_call")
    return [*pieces, {"index": 0, "function": only}] if only else pieces


def _text(value: Any, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _malformed(f"{name} is not a string.")
    return value


def _malformed(words: str) -> StreamError:
    return StreamError("malformed_stream", words)
