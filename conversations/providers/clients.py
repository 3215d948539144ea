"""HTTP clients by event loop: a connection cannot be used from another loop."""

import asyncio
from collections.abc import Callable
from weakref import WeakKeyDictionary

from conversations.messages_api import MessagesClient

type Loop = asyncio.AbstractEventLoop


class Clients:
    """The clients of one provider, one for each event loop that asks.

    Whoever runs a loop closes its client with `close` before the loop ends.
    """

    def __init__(self) -> None:
        self._clients: WeakKeyDictionary[Loop, tuple[str, MessagesClient]] = (
            WeakKeyDictionary()
        )

    async def at(
        self, address: str, make: Callable[[], MessagesClient]
    ) -> MessagesClient:
        """The running loop's client for this address; one for another is closed."""
        loop = asyncio.get_running_loop()
        known, client = self._clients.get(loop, ("", None))
        if client is None or known != address:
            await self.close()
            client = make()
            self._clients[loop] = (address, client)
        return client

    async def close(self) -> None:
        """Close the running loop's client, if there is one."""
        _, client = self._clients.pop(asyncio.get_running_loop(), ("", None))
        if client is not None:
            await client.aclose()
