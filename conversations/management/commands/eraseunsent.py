"""Erase what people attached and did not send."""

from datetime import timedelta
from typing import Any, override

from django.core.management.base import BaseCommand, CommandParser

from conversations import uploads


class Command(BaseCommand):
    """`manage.py eraseunsent [--hours N]`, for whoever does not run `serve`."""

    help = "Erases attachments that were uploaded a day ago or earlier and never sent."

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        """Take the age from which on an upload is erased."""
        default = uploads.UNSENT_LIFETIME / timedelta(hours=1)
        parser.add_argument("--hours", type=float, default=default)

    @override
    def handle(self, *args: Any, hours: float, **options: Any) -> None:
        """Erase, and say how many."""
        erased = uploads.erase_unsent(timedelta(hours=hours))
        self.stdout.write(f"Erased {erased} unsent attachments.")
