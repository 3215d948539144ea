"""The tool calls of one answer, each put together from its pieces."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from conversations.messages_api import (
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    Event,
    InputJsonDelta,
    StreamError,
)
from conversations.messages_api.events import Json


@dataclass(slots=True)
class _Call:
    """One call; `block` is the index of its content block once it has a name."""

    id: str
    name: str = ""
    block: int | None = None
    waiting: str = ""
    closed: bool = False


class Calls:
    """Tells pieces of calls apart, and as events; several may grow at a time.

    A piece belongs to the call of its `index`, unless it brings another id: some
    servers number all calls 0. Without an index it belongs to the call of its id, and
    without both it begins a call where it has a name and else continues the last one.
    """

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def take(self, piece: Json, next_block: int) -> tuple[bool, list[Event]]:
        """Whether the piece begins a content block, and the events that it tells."""
        function = piece.get("function") or {}
        if not isinstance(function, dict):
            raise StreamError("malformed_stream", "function is not an object.")
        call = self._call_of(piece, bool(function.get("name")))
        call.name = call.name or _text(function.get("name"))
        call.waiting += _arguments(function.get("arguments"))
        begins = call.block is None and bool(call.name)
        return begins, _told(call, next_block if begins else None)

    def close(self, next_block: int) -> tuple[int, list[Event]]:
        """End all calls, those without a name too; returns the next free block."""
        events: list[Event] = []
        for call in self._calls:
            if call.block is None:
                events += _told(call, next_block)
                next_block += 1
            if not call.closed and call.block is not None:
                call.closed = True
                events.append(ContentBlockStop(call.block))
        return next_block, events

    def _call_of(self, piece: Json, has_name: bool) -> _Call:  # noqa: FBT001 - two facts of one piece
        known = self._known(piece, has_name=has_name)
        if known is not None and not known.closed:
            return known
        call = _Call(_text(piece.get("id")) or f"call_{uuid.uuid4().hex}")
        self._calls.append(call)
        index = piece.get("index")
        if type(index) is int:
            self._by_index[index] = call
        return call

    def _known(self, piece: Json, *, has_name: bool) -> _Call | None:
        index, call_id = piece.get("index"), _text(piece.get("id"))
        if type(index) is int:
            call = self._by_index.get(index)
            return call if call is None or call_id in {"", call.id} else None
        if call_id:
            return next((call for call in self._calls if call.id == call_id), None)
        return self._calls[-1] if self._calls and not has_name else None


def _told(call: _Call, new_block: int | None) -> list[Event]:
    events: list[Event] = []
    if new_block is not None:
        call.block = new_block
        block = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
        events.append(ContentBlockStart(new_block, block))
    if call.block is not None and call.waiting:
        events.append(ContentBlockDelta(call.block, InputJsonDelta(call.waiting)))
        call.waiting = ""
    return events


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _arguments(value: Any) -> str:
    """A piece of JSON; Ollama and others send the object itself."""
    if isinstance(value, dict):
        return json.dumps(value)
    return _text(value)
