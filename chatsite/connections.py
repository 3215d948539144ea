"""Daphne's connections with bounds: on bodies, on frames, on what waits to be sent.

Daphne takes a request body of any size into memory, and queues for a reader who does
not read without end. Importing this module installs Daphne's event loop.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, override
from weakref import WeakSet

from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet import reactor
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

UPLOAD_PATH = b"/attachments/"
UPLOAD_BODY_BYTES = 25 * 1024 * 1024
BODY_BYTES = 2 * 1024 * 1024
# From the first line of a request to the end of its body.
REQUEST_TIMEOUT_S = 300.0
# A refused client may finish sending, unheard, so that it reads the refusal instead
# of a reset connection.
REFUSED_TIMEOUT_S = 10.0
REFUSED_BYTES = 256 * 1024 * 1024

# The socket only delivers: a page has little to say over it.
INBOUND_MESSAGE_BYTES = 64 * 1024
INBOUND_BURST = 100
INBOUND_PER_S = 20.0
UNSENT_BYTES = 1024 * 1024
OUTBOUND_MESSAGE_BYTES = 16 * 1024 * 1024

# Close codes of RFC 6455. The page connects again after 1012 and 1013, and not after
# the others.
POLICY_VIOLATION = 1008
MESSAGE_TOO_BIG = 1009
SERVICE_RESTART = 1012
TRY_AGAIN_LATER = 1013

_REFUSAL = (
    b"HTTP/1.1 413 Content Too Large\r\n"
    b"Connection: close\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 15\r\n"
    b"X-Content-Type-Options: nosniff\r\n\r\n"
    b"Body too large\n"
)


def body_limit(target: bytes) -> int:
    """Bytes that the body of a request to `target` may have."""
    path = target.partition(b"?")[0]
    return UPLOAD_BODY_BYTES if path == UPLOAD_PATH else BODY_BYTES


class BoundedRequest(WebRequest):  # type: ignore[misc]  # Daphne has no types
    """A request whose body is refused while it arrives, before anyone sees it."""

    error_template = "<!doctype html><title>%(title)s</title><p>%(body)s</p>"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Note when the first line arrived."""
        super().__init__(*args, **kwargs)
        # The application reads forms; Twisted need not parse them a second time.
        self._parsePOSTFormSubmission = False
        self.begun_at = time.monotonic()
        self.body_bytes = 0
        self.refused = False

    @override
    def gotLength(self, length: int | None) -> None:
        """Refuse by the declared length."""
        super().gotLength(length)
        if length is not None and length > self._limit():
            self._refuse()

    @override
    def handleContentChunk(self, data: bytes) -> None:
        """Refuse by what has arrived, where no length was declared."""
        self.body_bytes += len(data)
        if self.body_bytes > self._limit():
            self._refuse()
        if not self.refused:
            super().handleContentChunk(data)

    @override
    def process(self) -> Any:
        """Hand the whole request to the application, unless it is refused."""
        if self.refused:
            return None
        if self.server.closing:
            self.channel.persistent = False
            return self.basic_error(503, b"Service Unavailable", "Restarting.")
        return super().process()

    @override
    def check_timeouts(self) -> None:
        """End requests that take for ever to arrive."""
        waiting = not hasattr(self, "request_start") and self.channel is not None
        if waiting and time.monotonic() - self.begun_at > REQUEST_TIMEOUT_S:
            self.channel.forceAbortClient()
        else:
            super().check_timeouts()

    def _limit(self) -> int:
        # Twisted keeps the target on the channel until the body is there.
        return body_limit(getattr(self.channel, "_path", b""))

    def _refuse(self) -> None:
        if self.refused:
            return
        self.refused = True
        channel, transport = self.channel, self.channel.transport
        transport.write(_REFUSAL)
        transport.loseWriteConnection()
        deadline = reactor.callLater(REFUSED_TIMEOUT_S, transport.abortConnection)
        channel.dataReceived = _Discard(transport.abortConnection)
        self.notifyFinish().addBoth(lambda _: deadline.active() and deadline.cancel())


class _Discard:
    """Takes what a refused client still sends, and loses patience at some point."""

    def __init__(self, give_up: Callable[[], None]) -> None:
        self.give_up = give_up
        self.left = REFUSED_BYTES

    def __call__(self, data: bytes) -> None:
        self.left -= len(data)
        if self.left < 0:
            self.give_up()


class BoundedHTTPFactory(HTTPFactory):  # type: ignore[misc]  # Daphne has no types
    """Makes channels whose requests are bounded."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Nobody is connected yet."""
        super().__init__(*args, **kwargs)
        self.protocols: WeakSet[Any] = WeakSet()

    @override
    def buildProtocol(self, addr: Any) -> Any:
        """Use the bounded request."""
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        self.protocols.add(protocol)
        return protocol

    def keep_none_alive(self) -> None:
        """Close what waits for a next request, and the others after their response.

        A proxy then asks another process, instead of this one over an open connection.
        """
        for protocol in list(self.protocols):
            channel = protocol._channel  # noqa: SLF001 - there is no other way to it
            channel.persistent = False
            if not channel.requests and channel.transport is not None:
                channel.loseConnection()


@implementer(IPushProducer)
class BoundedSocket(WebSocketProtocol):  # type: ignore[misc]  # Daphne has no types
    """A websocket that is closed when its reader lags or its page floods.

    It is registered as producer of its transport, which says when the network takes
    no more (pauseProducing) and when all was taken (resumeProducing).
    """

    @override
    def connectionMade(self) -> None:
        """Take the place of the HTTP channel as the transport's producer."""
        self.paused = False
        self.unsent_bytes = 0
        self.allowance = float(INBOUND_BURST)
        self.allowance_at = time.monotonic()
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, streaming=True)
        super().connectionMade()

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The network is full: from here on, count."""
        self.paused = True

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Everything was taken."""
        self.paused = False
        self.unsent_bytes = 0

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The connection is gone."""

    @override
    def serverSend(self, content: str | bytes, binary: bool = False) -> None:
        """Send, or drop a reader who is too far behind: it comes back and resyncs."""
        if self.paused:
            self.unsent_bytes += len(content)
        if self.unsent_bytes > UNSENT_BYTES:
            self.end(TRY_AGAIN_LATER)
        elif self.state == self.STATE_OPEN and isinstance(content, str):
            self._send_text(content.encode())
        elif self.state not in (self.STATE_CLOSING, self.STATE_CLOSED):
            super().serverSend(content, binary)

    def _send_text(self, payload: bytes) -> None:
        """Send one whole message in one frame, at once where the network takes it.

        Twisted would have the event loop watch the connection, write when it rings,
        and unwatch it, for each of the many small frames of an answer.
        """
        frame = _text_head(len(payload)) + payload
        transport = self.transport
        sent = 0
        # Behind what waits already, it has to wait too.
        if not (transport._tempDataBuffer or transport.dataBuffer):  # noqa: SLF001 - see above
            # Whatever else is wrong with the connection Twisted will find out.
            with suppress(OSError):
                sent = transport.getHandle().send(frame)
        if sent < len(frame):
            transport.write(frame[sent:])

    @override
    def onMessageFrameBegin(self, length: int) -> None:
        """Refuse what is too long or comes too often, before it is read."""
        super().onMessageFrameBegin(length)
        if self.message_data_total_length > INBOUND_MESSAGE_BYTES:
            self.end(MESSAGE_TOO_BIG)
        self._count()

    @override
    def onPing(self, payload: bytes) -> None:
        """Answer a ping, which counts like a message."""
        self._count()
        if self.state == self.STATE_OPEN:
            super().onPing(payload)

    def end(self, code: int) -> None:
        """Send a close frame; nothing that arrives afterwards is read."""
        self.failedByMe = True
        if self.state == self.STATE_OPEN:
            self.sendCloseFrame(code=code)

    def _count(self) -> None:
        now = time.monotonic()
        gained = (now - self.allowance_at) * INBOUND_PER_S
        self.allowance = min(self.allowance + gained, INBOUND_BURST) - 1
        self.allowance_at = now
        if self.allowance < 0:
            self.end(POLICY_VIOLATION)


def _text_head(length: int) -> bytes:
    """The head of an unmasked text message in one frame (RFC 6455, section 5.2)."""
    if length < 126:
        return bytes((0x81, length))
    if length < 65536:
        return b"\x81\x7e" + length.to_bytes(2)
    return b"\x81\x7f" + length.to_bytes(8)


class BoundedSocketFactory(WebSocketFactory):  # type: ignore[misc]  # Daphne has no types
    """Makes bounded websockets."""

    protocol = BoundedSocket
