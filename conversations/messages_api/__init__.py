"""The Messages API as Python values: bytes, SSE records, events, messages.

Pure but for `client`, the only module that knows HTTP. Nothing here knows Django,
conversations, or which model is good for what.
"""

from conversations.messages_api.accumulate import Accumulator
from conversations.messages_api.errors import (
    CredentialError,
    ProviderConnectionError,
    ProviderError,
    RequestError,
    StreamError,
    UnexpectedResponseError,
)
from conversations.messages_api.events import (
    CitationsDelta,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    Delta,
    ErrorEvent,
    Event,
    InputJsonDelta,
    MessageDelta,
    MessageStart,
    MessageStop,
    Ping,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    UnknownDelta,
    UnknownEvent,
    parse_event,
)
from conversations.messages_api.sse import SseDecoder, SseRecord

__all__ = [
    "Accumulator",
    "CitationsDelta",
    "ContentBlockDelta",
    "ContentBlockStart",
    "ContentBlockStop",
    "CredentialError",
    "Delta",
    "ErrorEvent",
    "Event",
    "InputJsonDelta",
    "MessageDelta",
    "MessageStart",
    "MessageStop",
    "Ping",
    "ProviderConnectionError",
    "ProviderError",
    "RequestError",
    "SignatureDelta",
    "SseDecoder",
    "SseRecord",
    "StreamError",
    "TextDelta",
    "ThinkingDelta",
    "UnexpectedResponseError",
    "UnknownDelta",
    "UnknownEvent",
    "parse_event",
]
