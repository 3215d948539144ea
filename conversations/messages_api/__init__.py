"""The Messages API as Python values: bytes, SSE records, events, messages.

Pure but for `connection`, the only module that knows HTTP. Nothing here knows Django,
conversations, or which model is good for what.
"""

from conversations.messages_api.accumulate import Accumulator
from conversations.messages_api.attempts import Attempt, OnAttempt
from conversations.messages_api.authorization import Authorizer, Unsigned
from conversations.messages_api.batches import Batch, BatchCounts, Batches, BatchResult
from conversations.messages_api.caching import with_breakpoints
from conversations.messages_api.checks import Rules, check_request, rules_of
from conversations.messages_api.client import MessagesClient
from conversations.messages_api.connection import default_transport
from conversations.messages_api.dialect import Dialect, MessagesDialect, Reader
from conversations.messages_api.endpoint import AuthStyle
from conversations.messages_api.errors import (
    CredentialError,
    InvalidRequestError,
    ProviderConnectionError,
    ProviderError,
    RequestError,
    StreamError,
    UnexpectedResponseError,
)
from conversations.messages_api.events import (
    CitationsDelta,
    CompactionDelta,
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
from conversations.messages_api.files import FileRecord, Files
from conversations.messages_api.histories import (
    as_bound,
    first_change,
    is_about_thinking,
    without_thinking,
)
from conversations.messages_api.model_records import Capabilities, ModelRecord
from conversations.messages_api.modes import parameters_of
from conversations.messages_api.rate_limits import RateLimit, rate_limits
from conversations.messages_api.reader import EventReader
from conversations.messages_api.requests import MessageRequest
from conversations.messages_api.sse import SseDecoder, SseRecord
from conversations.messages_api.stop_reasons import Ending, ending_of
from conversations.messages_api.stream import MessageStream
from conversations.messages_api.texts import text_of
from conversations.messages_api.timeouts import Timeouts, Watchdog
from conversations.messages_api.tools import (
    client_tool,
    code_execution,
    tool_choice,
    web_fetch,
    web_search,
)
from conversations.messages_api.usage import (
    Usage,
    read_usage,
    token_count,
    usage_of_both,
)

__all__ = [
    "Accumulator",
    "Attempt",
    "AuthStyle",
    "Authorizer",
    "Batch",
    "BatchCounts",
    "BatchResult",
    "Batches",
    "Capabilities",
    "CitationsDelta",
    "CompactionDelta",
    "ContentBlockDelta",
    "ContentBlockStart",
    "ContentBlockStop",
    "CredentialError",
    "Delta",
    "Dialect",
    "Ending",
    "ErrorEvent",
    "Event",
    "EventReader",
    "FileRecord",
    "Files",
    "InputJsonDelta",
    "InvalidRequestError",
    "MessageDelta",
    "MessageRequest",
    "MessageStart",
    "MessageStop",
    "MessageStream",
    "MessagesClient",
    "MessagesDialect",
    "ModelRecord",
    "OnAttempt",
    "Ping",
    "ProviderConnectionError",
    "ProviderError",
    "RateLimit",
    "Reader",
    "RequestError",
    "Rules",
    "SignatureDelta",
    "SseDecoder",
    "SseRecord",
    "StreamError",
    "TextDelta",
    "ThinkingDelta",
    "Timeouts",
    "UnexpectedResponseError",
    "UnknownDelta",
    "UnknownEvent",
    "Unsigned",
    "Usage",
    "Watchdog",
    "as_bound",
    "check_request",
    "client_tool",
    "code_execution",
    "default_transport",
    "ending_of",
    "first_change",
    "is_about_thinking",
    "parameters_of",
    "parse_event",
    "rate_limits",
    "read_usage",
    "rules_of",
    "text_of",
    "token_count",
    "tool_choice",
    "usage_of_both",
    "web_fetch",
    "web_search",
    "with_breakpoints",
    "without_thinking",
]
