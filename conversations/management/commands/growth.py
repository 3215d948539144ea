"""Measure what grows with the data: `manage.py growth`."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, override

from django.core.management.base import BaseCommand

from conversations.management.benchmark import report
from conversations.management.benchmark.growing import Growth
from conversations.management.benchmark.processes import Processes

ROOT = Path(__file__).resolve().parents[3]


class Command(BaseCommand):
    """Fills a site of its own, and measures pages, sending and a very long answer."""

    help = (
        "Measures pages, list and sending amid many messages, and a very long answer"
        " in Chromium. A million messages take some minutes to write."
    )
    requires_system_checks: list[str] = []

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the size."""
        parser.add_argument("--messages", type=int, default=1_000_000)

    @override
    def handle(self, *_: Any, messages: int, **__: Any) -> None:
        """Measure, and end whatever was started."""
        facts = report.machine()
        with Processes(ROOT) as processes:
            growth = Growth(processes, self._say, messages=messages)
            try:
                found = growth.all()
            except Exception:  # whatever it was, their log is about to be deleted
                sys.stderr.write(processes.log())
                raise
        for name, value in facts.items():
            self.stdout.write(f"{name}: {value}")
        self.stdout.write("\n" + report.table(found))

    def _say(self, words: str) -> None:
        self.stderr.write(f"... {words}")
