"""Where to mark a prompt, so that the next request reads most of it from a cache."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from conversations.messages_api.requests import MessageRequest

_MARKABLE = frozenset(
    {"text", "image", "document", "search_result", "tool_use", "server_tool_use"}
)

type Life = Literal["5m", "1h"]
type Blocks = list[Mapping[str, Any]]


def with_breakpoints(
    request: MessageRequest, *, fixed: Life = "5m", running: Life = "5m"
) -> MessageRequest:
    """The same request with marks on its tools, its system prompt and its history.

    `fixed` is how long the tools and the system prompt are kept, `running` how long
    the history is. The last two marks stand on the newest message and on the one of
    the user before it, where the request before this one ended: a server looks for
    known prefixes only so far back. Marks that were there are taken away.
    """
    parameters = {
        key: value
        for key, value in request.parameters.items()
        if key != "cache_control"
    }
    if tools := [_unmarked(tool) for tool in parameters.get("tools") or ()]:
        parameters["tools"] = [*tools[:-1], _marked(tools[-1], fixed)]
    # A history that outlives what stands before it would be refused.
    life: Life = running if fixed == "1h" else "5m"
    return replace(
        request,
        parameters=parameters,
        system=_marked_system(request.system, fixed),
        messages=_marked_messages(request.messages, life),
    )


def _marked_system(
    system: str | Sequence[Mapping[str, Any]] | None, life: Life
) -> str | Sequence[Mapping[str, Any]] | None:
    return _marked_content(system, life) if system else system


def _marked_messages(
    messages: Sequence[Mapping[str, Any]], life: Life
) -> list[Mapping[str, Any]]:
    asked = [place for place, each in enumerate(messages) if each["role"] == "user"]
    newest = set(sorted({*asked[-2:], len(messages) - 1})[-2:])
    return [
        {
            **message,
            "content": _marked_content(message["content"], life)
            if place in newest
            else _plain(message["content"]),
        }
        for place, message in enumerate(messages)
    ]


def _plain(content: Any) -> Any:
    return (
        content if isinstance(content, str) else [_unmarked(each) for each in content]
    )


def _marked_content(content: Any, life: Life) -> Blocks:
    """The blocks of a content with a mark on the last one that takes it."""
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    blocks: Blocks = [_unmarked(block) for block in content]
    for place in reversed(range(len(blocks))):
        if _is_markable(blocks[place]):
            blocks[place] = _marked(blocks[place], life)
            break
    return blocks


def _is_markable(block: Mapping[str, Any]) -> bool:
    kind = str(block.get("type"))
    return kind in _MARKABLE or kind.endswith("tool_result")


def _marked(block: Mapping[str, Any], life: Life) -> Mapping[str, Any]:
    mark = {"type": "ephemeral"} if life == "5m" else {"type": "ephemeral", "ttl": life}
    return {**block, "cache_control": mark}


def _unmarked(block: Mapping[str, Any]) -> Mapping[str, Any]:
    if "cache_control" not in block:
        return block
    return {key: value for key, value in block.items() if key != "cache_control"}
