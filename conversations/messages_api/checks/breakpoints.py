"""The marks up to which a prompt is cached: how many, where, and in which order."""

from collections.abc import Iterator, Mapping
from typing import Any

from conversations.messages_api.errors import InvalidRequestError

BREAKPOINTS_LIMIT = 4

_UNCACHED = frozenset({"thinking", "redacted_thinking"})
_LIVES = ("5m", "1h")


def check_breakpoints(body: Mapping[str, Any]) -> None:
    """At most four marks, none on thinking, and those for an hour before the others."""
    own = body.get("cache_control")
    marks = [*_marks(body), *([("cache_control", own)] if own else [])]
    is_short = False
    for number, (path, mark) in enumerate(marks):
        life = _life(path, mark)
        if number == BREAKPOINTS_LIMIT:
            words = f"A request has at most {BREAKPOINTS_LIMIT} cache breakpoints."
            raise InvalidRequestError(path, words)
        if life == "1h" and is_short:
            words = "A breakpoint of an hour stands before those of five minutes."
            raise InvalidRequestError(f"{path}.ttl", words)
        is_short = is_short or life == "5m"


def _life(path: str, mark: Any) -> str:
    if not isinstance(mark, Mapping) or mark.get("type") != "ephemeral":
        raise InvalidRequestError(f"{path}.type", "Only ephemeral is cached.")
    life: str = mark.get("ttl") or _LIVES[0]
    if life not in _LIVES:
        raise InvalidRequestError(f"{path}.ttl", "A cache lives for 5m or 1h.")
    return life


def _marks(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The marks in the order in which the API reads a prompt."""
    yield from _marks_in("tools", body.get("tools"))
    yield from _marks_in("system", body.get("system"))
    for number, message in enumerate(body["messages"]):
        yield from _marks_in(f"messages.{number}.content", message.get("content"))


def _marks_in(path: str, blocks: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(blocks, str) or not blocks:
        return
    for number, block in enumerate(blocks):
        inner = f"{path}.{number}"
        if block.get("type") == "tool_result":
            yield from _marks_in(f"{inner}.content", block.get("content"))
        mark = block.get("cache_control")
        if mark and block.get("type") in _UNCACHED:
            words = "Thinking takes no breakpoint."
            raise InvalidRequestError(f"{inner}.cache_control", words)
        if mark:
            yield f"{inner}.cache_control", mark
