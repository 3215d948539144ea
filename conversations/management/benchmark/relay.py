"""The floor: a bare relay that sends one frame for each delta and does nothing else.

It reads the provider through the same transport as the server, so that the two differ
in what they do with a delta and not in how they receive it.
"""

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from conversations.messages_api.client import default_transport

type Receive = Callable[[], Awaitable[dict[str, Any]]]
type Send = Callable[[dict[str, Any]], Awaitable[None]]

_clients: list[httpx.AsyncClient] = []


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Pass the first message of a socket on as a question, its deltas back."""
    if scope["type"] != "websocket":
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    await receive()
    await send({"type": "websocket.accept"})
    question = await receive()
    if question["type"] == "websocket.receive":
        await _relay(question["text"], send)
        await send({"type": "websocket.close"})


async def _relay(question: str, send: Send) -> None:
    body = {
        "model": "claude-simulated",
        "max_tokens": 1024,
        "stream": True,
        "messages": [{"role": "user", "content": question}],
    }
    url = f"{os.environ['ANTHROPIC_BASE_URL']}/v1/messages"
    async with _client().stream("POST", url, json=body) as response:
        async for line in response.aiter_lines():
            if not line.startswith("data:"):
                continue
            event = json.loads(line[5:])
            if event["type"] == "content_block_delta":
                await send({"type": "websocket.send", "text": event["delta"]["text"]})


def _client() -> httpx.AsyncClient:
    # The first call comes on the event loop that Daphne runs.
    if not _clients:
        _clients.append(httpx.AsyncClient(transport=default_transport(), timeout=None))  # noqa: S113 - an answer may be long
    return _clients[0]
