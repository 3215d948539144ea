"""Websockets as a whole: how many are open, what is sent, and whose lines those are."""

import uuid
from collections.abc import Awaitable
from typing import Any

from conversations import correlation
from conversations.measures import SOCKET_MESSAGES, SOCKETS


class Counted:
    """Count the sockets of an application, and what it sends over them."""

    def __init__(self, application: Any) -> None:
        """Wrap the websocket application."""
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run one socket, from its handshake to its end."""

        def counted(message: Any) -> Awaitable[None]:
            if message["type"] == "websocket.send":
                SOCKET_MESSAGES.inc()
            sent: Awaitable[None] = send(message)
            return sent

        correlation.begin(request_id=uuid.uuid4().hex)
        with SOCKETS.track_inprogress():
            await self.application(scope, receive, counted)
