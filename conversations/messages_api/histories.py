"""Histories that were changed: what of the thinking in them may still be sent.

Newer models bind each block of thinking to all that stood before it. A history that
only grows keeps every block; one in which an earlier message was changed, left out or
summarised loses those after the change, and a call on such a history is not refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from conversations.messages_api.errors import ProviderError
from conversations.messages_api.requests import MessageRequest

THINKING = frozenset({"thinking", "redacted_thinking"})

# Stands where an answer was nothing but thinking: an empty one would be refused.
PLACEHOLDER = {"type": "text", "text": "(No words.)"}

type Message = Mapping[str, Any]


def as_bound(now: MessageRequest, before: MessageRequest | None) -> MessageRequest:
    """`now` without the thinking that a change since `before` has cut loose.

    `before` is the last request whose thinking was kept, None if there is none. Once
    something was changed, every later request of the conversation is compared with one
    from before the change, or the same blocks would be refused then.
    """
    start = 0 if before is None or _frame(now) != _frame(before) else None
    if start is None and before is not None:
        start = first_change(before.messages, now.messages)
    if start is None:
        return now
    return replace(now, messages=without_thinking(now.messages, start=start))


def first_change(before: Sequence[Message], now: Sequence[Message]) -> int | None:
    """The position from which a history differs from what it was.

    None if it has only grown, or was cut at its end: both keep all that is left.
    """
    for place, (old, new) in enumerate(zip(before, now, strict=False)):
        if _essence(old) != _essence(new):
            return place
    return None


def without_thinking(messages: Sequence[Message], *, start: int = 0) -> list[Message]:
    """The messages, without the thinking in those from position `start` on.

    A turn that still waits for results of tools keeps its thinking: it is refused
    without. The messages given are left as they are.
    """
    end = _start_of_loop(messages)
    return [
        _stripped(message) if start <= place < end else message
        for place, message in enumerate(messages)
    ]


def is_about_thinking(error: ProviderError) -> bool:
    """Whether a request was refused for its thinking, which may then be left out.

    The API says so in words alone.
    """
    words = error.provider_message.lower()
    is_bound = "signature" in words or "different conversation" in words
    return error.status == 400 and "thinking" in words and is_bound


def _start_of_loop(messages: Sequence[Message]) -> int:
    """Where the turn begins that waits for results of tools, if the last one does."""
    place = len(messages)
    if not messages or not _waits(messages[-1]):
        return place
    while place > 0 and _is_of_loop(messages, place - 1):
        place -= 1
    return place


def _waits(message: Message) -> bool:
    kinds = [str(block.get("type")) for block in _blocks(message)]
    if message["role"] == "assistant":
        return any(kind.endswith("tool_use") for kind in kinds)
    return "tool_result" in kinds


def _is_of_loop(messages: Sequence[Message], place: int) -> bool:
    message = messages[place]
    if message["role"] == "assistant":
        return True
    return any(block.get("type") == "tool_result" for block in _blocks(message))


def _stripped(message: Message) -> Message:
    if message["role"] != "assistant":
        return message
    blocks = _blocks(message)
    kept = [block for block in blocks if block.get("type") not in THINKING]
    if len(kept) == len(blocks):
        return message
    return {**message, "content": kept or [PLACEHOLDER]}


def _frame(request: MessageRequest) -> tuple[Any, Any]:
    """What stands before the messages: instructions and tools."""
    system = {"role": "system", "content": request.system or ""}
    tools = {"role": "tools", "content": request.parameters.get("tools") or ()}
    return _essence(system), _essence(tools)


def _essence(message: Message) -> tuple[Any, list[Message]]:
    """What a message says: marks of the cache, and how text is spelled, aside."""
    content = message["content"]
    if isinstance(content, str):
        return message["role"], [{"type": "text", "text": content}]
    return message["role"], [
        {key: value for key, value in block.items() if key != "cache_control"}
        for block in content
    ]


def _blocks(message: Message) -> Sequence[Message]:
    content = message["content"]
    return () if isinstance(content, str) else content
