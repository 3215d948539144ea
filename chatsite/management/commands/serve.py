"""Serve the site: make what is missing, then run until told to end."""

import contextlib
import gc
import logging
import sys
from argparse import ArgumentParser
from typing import Any, override

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import connections, transaction
from django.urls import reverse

from chatsite import lock, static
from chatsite.accounts import setup
from conversations.database import take_locks

# How long beyond its draining an earlier server is waited for.
PATIENCE_S = 5.0
# How long another process may take to copy the static files to the same folder.
COLLECTING_PATIENCE_S = 60.0

OPEN_FILES = 65_536

logger = logging.getLogger(__name__)


# How long a thread may keep the interpreter while others wait: a tenth of Python's
# own, since every answer of the site passes through the one thread of the loop.
SWITCH_INTERVAL_S = 0.0005


class Command(BaseCommand):
    """Start the chat on one address; nothing has to be set up before."""

    help = "Prepare the database and the static files, then serve the site."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    @override
    def handle(self, *_: Any, host: str, port: int, **__: Any) -> None:
        """Prepare, listen, say where, serve."""
        try:
            with self._alone():
                call_command("migrate", interactive=False, verbosity=0)
                with lock.held(
                    settings.DATA_DIR / "static.lock",
                    patience_s=COLLECTING_PATIENCE_S,
                    waiting=lambda: None,
                ):
                    static.collect()
                self._serve(host, port)
        except TimeoutError as error:
            raise CommandError(
                f"Another server uses the data folder {settings.DATA_DIR}."
            ) from error
        except KeyboardInterrupt:
            self.stderr.write("Ended before it had begun.")

    def _alone(self) -> contextlib.AbstractContextManager[None]:
        if not settings.SQLITE:
            return contextlib.nullcontext()
        # A second process would take the running answers of the first for dead.
        return lock.held(
            settings.DATA_DIR / "serve.lock",
            patience_s=settings.DRAIN_SECONDS + PATIENCE_S,
            waiting=lambda: self.stdout.write("Waiting for another server to end."),
        )

    def _serve(self, host: str, port: int) -> None:
        # Daphne is imported late: other commands need no event loop.
        from twisted.internet.error import CannotListenError

        from chatsite.asgi import application
        from chatsite.lifetime import beside, drain, take_up
        from chatsite.server import ChatServer

        server = ChatServer(
            application,
            host=host,
            port=port,
            beside=beside,
            drain=drain,
            drain_s=settings.DRAIN_SECONDS,
        )
        try:
            address = server.listen()
        except CannotListenError as error:
            raise CommandError(f"Cannot listen on {host}:{port}: {error}") from error
        if given_up := take_up():
            logger.info("%s answers were interrupted by the last end.", given_up)
        self._greet(*address)
        connections.close_all()
        _allow_connections()
        _favour_the_loop()
        server.run()

    def _greet(self, host: str, port: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        self.stdout.write(f"{settings.SITE_NAME} serves on http://{shown}:{port}/")
        with transaction.atomic():
            # Of several processes that start at once the first one sees to it.
            if settings.POSTGRESQL:
                take_locks(["administrator"])
            said = self._administrator(
                settings.SITE_URL if settings.HTTPS else f"http://{shown}:{port}"
            )
        self.stdout.write(said)
        self.stdout.flush()

    def _administrator(self, site: str) -> str:
        if person := setup.administrator_from_environment():
            return f"Administrator {person.get_username()} is made."
        if setup.has_administrator():
            return ""
        if settings.POSTGRESQL and setup.link_is_fresh():
            return "There is no administrator yet: another process says how to be one."
        path = reverse("setup", args=[setup.issue_link()])
        return (
            "There is no administrator yet. Within one hour, create one at\n"
            f"  {site}{path}"
        )


def _allow_connections() -> None:
    """Let the process have enough files open: each page holds one or two.

    Systems begin with 1,024, for the sake of old programs that fail above it.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit.
        return
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    if wanted > now != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _favour_the_loop() -> None:
    """Keep threads and the collector of garbage from holding up the event loop."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    # What was imported stays: looking through it again and again finds nothing.
    gc.collect()
    gc.freeze()
