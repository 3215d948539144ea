"""Chat Completions, the dialect of most other servers, told as the Messages API.

A dialect for `MessagesClient`: requests become theirs, their chunks become our events.
Nothing here knows Django, or sends anything itself.
"""

from conversations.chat_completions.dialect import ChatCompletionsDialect

__all__ = ["ChatCompletionsDialect"]
