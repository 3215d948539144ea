"""Messages of the Messages API as those of Chat Completions.

One message may become several: results of tools are messages of their own, and stand
before whatever the person adds to them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conversations.messages_api.events import Json

type _Block = Mapping[str, Any]


def messages_of(wire: Json, official: bool) -> Iterator[Json]:  # noqa: FBT001 - passed on
    """The history of a request; answers of which nothing can be sent are left out."""
    for message in wire["messages"]:
        blocks = _blocks(message.get("content"))
        match message.get("role"):
            case "assistant":
                yield from _answer(blocks)
            case "system":
                role = "developer" if official else "system"
                yield {"role": role, "content": joined_text(blocks, "\n\n")}
            case _:
                yield from _question(blocks, official=official)


def joined_text(content: Any, separator: str) -> str:
    """All text of a content, which is a string or a list of blocks."""
    texts = (block.get("text") for block in _blocks(content) if _is_text(block))
    return separator.join(text for text in texts if text)


def _blocks(content: Any) -> Sequence[_Block]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return content or ()


def _is_text(block: _Block) -> bool:
    return block.get("type") == "text"


def _answer(blocks: Sequence[_Block]) -> Iterator[Json]:
    # Citations split one text into blocks: nothing belongs between them.
    text = joined_text(blocks, "")
    calls = [_call(block) for block in blocks if block.get("type") == "tool_use"]
    if calls:
        yield {"role": "assistant", "content": text or None, "tool_calls": calls}
    elif text:
        yield {"role": "assistant", "content": text}


def _call(block: _Block) -> Json:
    arguments = json.dumps(block.get("input") or {}, ensure_ascii=False)
    function = {"name": block.get("name"), "arguments": arguments}
    return {"id": block.get("id"), "type": "function", "function": function}


def _question(blocks: Sequence[_Block], *, official: bool) -> Iterator[Json]:
    parts: list[Json] = []
    for block in blocks:
        if block.get("type") == "tool_result":
            text, others = _result(block, official=official)
            call_id = block.get("tool_use_id")
            yield {"role": "tool", "tool_call_id": call_id, "content": text}
            parts += others
    parts += [
        _part(block, official=official)
        for block in blocks
        if block.get("type") != "tool_result"
    ]
    if len(parts) == 1 and parts[0]["type"] == "text":
        # Older servers know nothing but strings.
        yield {"role": "user", "content": parts[0]["text"]}
    elif parts:
        yield {"role": "user", "content": parts}


def _result(block: _Block, *, official: bool) -> tuple[str, list[Json]]:
    """The text of a tool's result, and what only a person may send: its pictures."""
    content = _blocks(block.get("content"))
    text = joined_text(content, "\n\n")
    if block.get("is_error"):
        text = f"Error: {text}"
    return text, [
        _part(each, official=official) for each in content if not _is_text(each)
    ]


def _part(block: _Block, *, official: bool) -> Json:
    match block:
        case {"type": "text", "text": text}:
            return {"type": "text", "text": text}
        case {"type": "image", "source": {"type": "base64"}}:
            return _picture(_data_url(block["source"]))
        case {"type": "image", "source": {"type": "url", "url": url}}:
            return _picture(url)
        case {"type": "document", "source": {"type": "text", "data": text}}:
            return {"type": "text", "text": f"[document: {_title(block)}]\n{text}"}
        case {"type": "document", "source": {"type": "base64"}} if official:
            data = _data_url(block["source"])
            file = {"filename": _title(block), "file_data": data}
            return {"type": "file", "file": file}
    return {"type": "text", "text": _instead_of(block)}


def _picture(url: Any) -> Json:
    return {"type": "image_url", "image_url": {"url": url}}


def _data_url(source: _Block) -> str:
    return f"data:{source.get('media_type')};base64,{source.get('data')}"


def _title(block: _Block) -> str:
    return str(block.get("title") or "untitled")


def _instead_of(block: _Block) -> str:
    """What the model reads in the place of something it cannot be sent."""
    kind = block.get("type")
    what = f"{kind}: {_title(block)}" if kind == "document" else f"{kind}"
    return f"[{what}, which this model cannot be sent]"
