"""The words of which requests of the Messages API are made in tests."""

from collections.abc import Mapping, Sequence
from typing import Any

from conversations.messages_api import MessageRequest

type Blocks = str | Sequence[Mapping[str, Any]]

MARK = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}
TEXT = {"type": "text", "text": "Hello"}
MARKED = {**TEXT, "cache_control": MARK}
TOOL = {"name": "look", "input_schema": {"type": "object"}}
CALL = {"type": "tool_use", "id": "t1", "name": "look", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "seen"}
SEARCH = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}
HITS = {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []}
PICTURE: dict[str, Any] = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"},
}
PDF = {
    "type": "document",
    "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
}
CITED_PDF = {**PDF, "citations": {"enabled": True}}
SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "array", "items": {"type": "string"}}},
    "additionalProperties": False,
}


def said(*turns: tuple[str, Blocks], **more: Any) -> MessageRequest:
    """A request of (role, content) with further fields of the wire."""
    named = {
        "model": "m",
        "max_tokens": more.pop("max_tokens", 4096),
        "system": more.pop("system", None),
        "stop_sequences": more.pop("stop_sequences", ()),
    }
    messages = [{"role": role, "content": content} for role, content in turns]
    return MessageRequest(messages=messages, parameters=more, **named)


def asked(content: Blocks = "Hello", **more: Any) -> MessageRequest:
    return said(("user", content), **more)


def formatted(schema: Any) -> dict[str, Any]:
    return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}


def document(source: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "document", "source": source}]


def image(**source: Any) -> list[dict[str, Any]]:
    return [{"type": "image", "source": {**PICTURE["source"], **source}}]
