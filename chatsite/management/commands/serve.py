"""Serve the site: make what is missing, then run until told to end."""

import logging
from argparse import ArgumentParser
from typing import Any, override

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import connections
from django.urls import reverse

from chatsite import static
from chatsite.accounts import setup

logger = logging.getLogger(__name__)


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
            self._prepare()
            self._serve(host, port)
        except KeyboardInterrupt:
            self.stderr.write("Ended before it had begun.")

    def _prepare(self) -> None:
        from conversations import generation

        call_command("migrate", interactive=False, verbosity=0)
        static.collect()
        if given_up := generation.recover():
            logger.info("%s answers were interrupted by the last end.", given_up)

    def _serve(self, host: str, port: int) -> None:
        # Daphne is imported late: other commands need no event loop.
        from twisted.internet.error import CannotListenError

        from chatsite.asgi import application
        from chatsite.lifetime import beside, drain
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
        self._greet(*address)
        connections.close_all()
        server.run()

    def _greet(self, host: str, port: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        self.stdout.write(f"{settings.SITE_NAME} serves on http://{shown}:{port}/")
        if person := setup.administrator_from_environment():
            self.stdout.write(f"Administrator {person.get_username()} is made.")
        if not setup.has_administrator():
            path = reverse("setup", args=[setup.issue_link()])
            site = settings.SITE_URL if settings.HTTPS else f"http://{shown}:{port}"
            self.stdout.write(
                "There is no administrator yet. Within one hour, create one at\n"
                f"  {site}{path}"
            )
        self.stdout.flush()
