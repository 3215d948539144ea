"""What is asked of a model, and the JSON body it becomes."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conversations.messages_api.errors import RequestError

REQUEST_LIMIT_BYTES = 32 * 1000 * 1000
# A body of about this size takes two milliseconds, and the event loop has other work.
ASIDE_CHARS = 1_000_000

# Fields that measure a prompt; anything else is refused by count_tokens.
_COUNTED = (
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "cache_control",
    "speed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRequest:
    """One call of the Messages API.

    `messages` and `system` are in wire shape and are sent as they are. `parameters`
    holds further fields of the wire (temperature, thinking, metadata, tools, ...).
    `betas` name features that a header turns on.
    """

    model: str
    messages: Sequence[Mapping[str, Any]]
    max_tokens: int
    system: str | Sequence[Mapping[str, Any]] | None = None
    stop_sequences: Sequence[str] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    betas: Sequence[str] = ()

    def body(self, *, stream: bool) -> dict[str, Any]:
        """The body of `POST /v1/messages`; named fields win over `parameters`."""
        body: dict[str, Any] = {
            **self.parameters,
            "model": self.model,
            "max_tokens": self.max_tokens,
            "messages": list(self.messages),
        }
        if self.system:
            body["system"] = self.system
        if self.stop_sequences:
            body["stop_sequences"] = list(self.stop_sequences)
        if stream:
            body["stream"] = True
        return body

    def count_body(self) -> dict[str, Any]:
        """The body of `POST /v1/messages/count_tokens`."""
        body = self.body(stream=False)
        return {key: body[key] for key in _COUNTED if key in body}


def encoded(body: Mapping[str, Any], limit_bytes: int = REQUEST_LIMIT_BYTES) -> bytes:
    """A body as it travels; `RequestError` (`too_large`) instead of a refusal."""
    return _sendable(_ENCODER.encode(body).encode(errors="replace"), limit_bytes)


async def encoded_aside(
    body: Mapping[str, Any], limit_bytes: int = REQUEST_LIMIT_BYTES
) -> bytes:
    """The same; a body with pictures on a thread, so that it holds up nobody."""
    if _chars_of(body) < ASIDE_CHARS:
        return encoded(body, limit_bytes)
    return await asyncio.to_thread(_encoded_in_pieces, body, limit_bytes)


def _encoded_in_pieces(body: Mapping[str, Any], limit_bytes: int) -> bytes:
    # At one go the encoder would keep the interpreter, and all other threads waiting.
    pieces = (piece.encode(errors="replace") for piece in _ENCODER.iterencode(body))
    return _sendable(b"".join(pieces), limit_bytes)


def _sendable(content: bytes, limit_bytes: int) -> bytes:
    if len(content) > limit_bytes:
        raise RequestError(
            "too_large", f"The request has more than {limit_bytes} bytes."
        )
    return content


def _chars_of(value: Any) -> int:
    """How many characters the strings in a JSON value have, about its size."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(map(_chars_of, value.values()))
    if isinstance(value, Sequence):
        return sum(map(_chars_of, value))
    return 0


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
