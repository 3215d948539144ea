"""Fill a site with people and conversations: `manage.py demodata`."""

import time
from argparse import ArgumentParser
from typing import Any, override

from django.core.management import CommandError
from django.core.management.base import BaseCommand

from conversations.management import demodata
from conversations.models import Conversation


class Command(BaseCommand):
    """Writes a made-up team and a year of its conversations."""

    help = (
        "Fills the database with a made-up team: people who cannot sign in until they"
        " are given a password, their conversations, and what those used."
    )

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take how much."""
        parser.add_argument("--people", type=int, default=20)
        parser.add_argument("--messages", type=int, default=10_000)
        parser.add_argument("--seed", type=int, default=1, help="of the words")
        parser.add_argument(
            "--add", action="store_true", help="to what people have written already"
        )

    @override
    def handle(
        self, *_: Any, people: int, messages: int, seed: int, add: bool, **__: Any
    ) -> None:
        """Write it, unless real conversations would be mixed with it."""
        if people < 1:
            raise CommandError("Somebody has to have written it: --people 1 or more.")
        if not add and Conversation.objects.exists():
            raise CommandError("There are conversations here already: say --add.")
        begun = time.monotonic()
        made = demodata.make(people=people, messages=messages, seed=seed)
        self.stdout.write(
            f"{made.people} people, {made.conversations} conversations and"
            f" {made.messages} messages in {time.monotonic() - begun:.0f} s."
        )
