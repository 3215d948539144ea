"""Measure what a crowd costs, and whether it lasts: `manage.py load`."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, override

from django.core.management.base import BaseCommand

from conversations.management.benchmark import report
from conversations.management.benchmark.loads import Loads
from conversations.management.benchmark.processes import Processes
from conversations.management.benchmark.soak import Soak

ROOT = Path(__file__).resolve().parents[3]


class Command(BaseCommand):
    """Idle sockets, sending at once and slow readers; or mixed traffic for long."""

    help = (
        "Measures a site of its own with 2,000 idle sockets, 50 people who send at"
        " once, and slow readers; with --soak, whether mixed traffic leaves it as it"
        " was."
    )
    requires_system_checks: list[str] = []

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what is measured."""
        parser.add_argument(
            "--soak", type=float, metavar="MINUTES", help="mixed traffic for so long"
        )

    @override
    def handle(self, *_: Any, soak: float | None, **__: Any) -> None:
        """Measure, end whatever was started, and fail where a limit is passed."""
        facts = report.machine()
        with Processes(ROOT) as processes:
            try:
                if soak is None:
                    found = Loads(processes, self._say).all()
                else:
                    found = Soak(processes, self._say, minutes=soak).all()
            except Exception:  # whatever it was, their log is about to be deleted
                sys.stderr.write(processes.log())
                raise
        for name, value in facts.items():
            self.stdout.write(f"{name}: {value}")
        self.stdout.write("\n" + report.table(found))
        if any(row.reached is False for row in found):
            sys.exit(1)

    def _say(self, words: str) -> None:
        self.stderr.write(f"... {words}")
