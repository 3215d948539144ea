"""The floor: a bare relay that sends one frame for each delta and does nothing else.

It is written as one would write it: httpx as it comes, and Daphne's own command line.
"""

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from conversations.management.benchmark.simulator import MODEL

# httpx lets no more than 100 calls run at once unless it is told otherwise.
_LIMITS = httpx.Limits(max_connections=None)

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
        "model": MODEL,
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
        _clients.append(httpx.AsyncClient(limits=_LIMITS, timeout=None))  # noqa: S113 - an answer may be long
    return _clients[0]
