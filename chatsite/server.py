"""Daphne's server with what it lacks: bounds, and an end that loses nothing.

At SIGTERM or Ctrl-C it stops listening, tells every page to come back (1012), lets
requests end and answers drain for some seconds, and returns. A second signal cuts
the waiting short.
"""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, override

# First: these install the event loop that everything of Twisted then finds.
import chatsite.loop  # isort:skip # noqa: F401 - for what it installs
from daphne.server import Server  # isort:skip
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.logger import globalLogBeginner

from chatsite.connections import (
    OUTBOUND_MESSAGE_BYTES,
    SERVICE_RESTART,
    BoundedHTTPFactory,
    BoundedSocket,
    BoundedSocketFactory,
)

HTTP_TIMEOUT_S = 60.0
PING_INTERVAL_S = 20
PING_TIMEOUT_S = 30
HANDSHAKE_TIMEOUT_S = 5
# The part of the draining time that requests under way may take.
REQUESTS_SHARE = 0.2
# What closing may take beside the draining before it is given up.
CLOSING_MARGIN_S = 3.0

logger = logging.getLogger(__name__)


class ChatServer(Server):  # type: ignore[misc]  # Daphne has no types
    """Serves one ASGI application on one address until it is told to end.

    `beside` runs as long as the server does; `drain` is awaited once at the end with
    the seconds that it may take.
    """

    def __init__(
        self,
        application: Any,
        *,
        host: str,
        port: int,
        beside: Callable[[], Coroutine[Any, Any, None]],
        drain: Callable[[float], Awaitable[None]],
        drain_s: float,
    ) -> None:
        """Configure Daphne; nothing is opened yet."""
        super().__init__(
            application,
            endpoints=[f"{host}:{port}"],
            http_timeout=HTTP_TIMEOUT_S,
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            server_name=None,
        )
        self.host, self.port = host, port
        self.beside, self.drain, self.drain_s = beside, drain, drain_s
        self.closing = False
        self.connections: dict[Any, dict[str, Any]] = {}
        self._hurry = asyncio.Event()

    def listen(self) -> tuple[str, int]:
        """Open the address and return it; the system chooses where the port is 0.

        From here on signals are taken, and answered once the server runs.

        Raises twisted.internet.error.CannotListenError where it is taken.
        """
        self.http_factory = BoundedHTTPFactory(self)
        self.ws_factory = BoundedSocketFactory(self, server=None)
        self.ws_factory.setProtocolOptions(
            autoPingTimeout=self.ping_timeout,
            openHandshakeTimeout=HANDSHAKE_TIMEOUT_S,
            maxMessagePayloadSize=OUTBOUND_MESSAGE_BYTES,
            maxFramePayloadSize=OUTBOUND_MESSAGE_BYTES,
        )
        self.listener = reactor.listenTCP(
            self.port, self.http_factory, interface=self.host
        )
        self._take_signals()
        address = self.listener.getHost()
        return address.host, address.port

    @override
    def run(self) -> None:
        """Serve until a signal, then close in order."""
        globalLogBeginner.beginLoggingTo(
            [_log_failure], redirectStandardIO=False, discardBuffer=True
        )
        reactor.callLater(1, self.application_checker)
        reactor.callLater(2, self.timeout_checker)
        reactor.callWhenRunning(self._start_beside)
        reactor.addSystemEventTrigger("before", "shutdown", self._closed)
        reactor.run(installSignalHandlers=False)

    def _take_signals(self) -> None:
        # From the moment that the address is known a signal ends in order: a handler of
        # uvloop's own would drop the one that comes before the loop runs.
        loop = reactor._asyncioEventloop  # noqa: SLF001 - there is no other way to it
        asyncio.set_event_loop(loop)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(self._end))

    def _start_beside(self) -> None:
        self._beside = asyncio.ensure_future(self.beside())
        self._beside.add_done_callback(_log_failed_task)

    def _end(self) -> None:
        if self.closing:
            self._hurry.set()
        else:
            self.closing = True
            reactor.stop()

    def _closed(self) -> Deferred[None]:
        return Deferred.fromFuture(asyncio.ensure_future(self._close()))

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(self.drain_s + CLOSING_MARGIN_S):
                await self._close_in_order()
        except TimeoutError:
            logger.warning("Not everything had ended when the time was over.")
        except Exception:  # whatever goes wrong here, the process has to end
            logger.exception("The server did not end in order.")

    async def _close_in_order(self) -> None:
        self.listener.stopListening()
        self.http_factory.keep_none_alive()
        self._beside.cancel()
        for connection in list(self.connections):
            if isinstance(connection, BoundedSocket):
                connection.end(SERVICE_RESTART)
        work = asyncio.ensure_future(self._finish_work())
        hurry = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({work, hurry}, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not work.done():
            work.cancel()
            await self.drain(0)
        await asyncio.gather(work, return_exceptions=True)
        await self._cancel_applications()

    async def _finish_work(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.drain_s
        if applications := self._applications():
            await asyncio.wait(applications, timeout=self.drain_s * REQUESTS_SHARE)
        await self.drain(max(deadline - loop.time(), 0))

    async def _cancel_applications(self) -> None:
        applications = self._applications()
        for application in applications:
            application.cancel()
        await asyncio.gather(*applications, return_exceptions=True)

    def _applications(self) -> list[asyncio.Future[Any]]:
        details = self.connections.values()
        running = [about.get("application_instance") for about in details]
        return [each for each in running if each is not None and not each.done()]


def _log_failure(event: dict[str, Any]) -> None:
    """Hand Twisted's unhandled failures to the log; the rest of its log is noise."""
    if failure := event.get("log_failure"):
        logger.error(
            "A connection failed.",
            exc_info=(failure.type, failure.value, failure.getTracebackObject()),
        )


def _log_failed_task(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        logger.error("The work beside the server failed.", exc_info=error)
