"""A provider that answers from a list, without a network."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx

from conversations.messages_api import MessageRequest, MessagesClient

CANARY = "sk-canary-0123456789abcdef"
REQUEST = MessageRequest(
    model="m", messages=[{"role": "user", "content": "Hello"}], max_tokens=64
)


class Provider:
    """Answers from a list (the last one repeats) and remembers what it was asked."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
        self.requests.append(request)
        return answer

    def client(self, **more: Any) -> MessagesClient:
        options: dict[str, Any] = {
            "base_url": "https://api.example",
            "credential": CANARY,
            "transport": httpx.MockTransport(self),
            **more,
        }
        return MessagesClient(**options)


def stream_of(
    *chunks: bytes, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    async def body() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    kind = {"content-type": "text/event-stream"} if headers is None else headers
    return httpx.Response(200, headers=kind, content=body())
