"""Measure speed and size: `manage.py benchmark`."""

import json
import signal
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, override

from django.core.management.base import BaseCommand

from conversations.management.benchmark import report
from conversations.management.benchmark.processes import Processes
from conversations.management.benchmark.runs import Runs

ROOT = Path(__file__).resolve().parents[3]


class Command(BaseCommand):
    """Runs provider, server, relay and readers on this machine, then says figures."""

    help = (
        "Measures this machine's latency, processor time and memory with streams of"
        " 30 deltas a second, beside a bare relay. Takes about five minutes."
    )
    requires_system_checks: list[str] = []

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take loads and their length."""
        parser.add_argument("--streams", default="1,25,100,200", help="loads, by comma")
        parser.add_argument("--seconds", type=float, default=10, help="of each load")
        parser.add_argument(
            "--quick", action="store_true", help="1 and 25 streams of 4 seconds"
        )
        parser.add_argument("--json", type=Path, help="a file for the figures")

    @override
    def handle(
        self,
        *_: Any,
        streams: str,
        seconds: float,
        quick: bool,
        json: Path | None,
        **__: Any,
    ) -> None:
        """Measure, and end whatever was started."""
        # Ended from outside, too, the children are ended in order.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        levels = [1, 25] if quick else [int(each) for each in streams.split(",")]
        facts = report.machine()
        with Processes(ROOT) as processes:
            runs = Runs(processes, self._say, seconds=4 if quick else seconds)
            try:
                results = runs.all(levels, briefly=quick)
            except Exception:  # whatever it was, their log is about to be deleted
                self.stderr.write(processes.log())
                raise
        for name, value in facts.items():
            self.stdout.write(f"{name}: {value}")
        self.stdout.write("\n" + report.table(report.rows(results)))
        if not results.visits:
            self.stdout.write("The page was not measured: no Chromium, no Playwright.")
        if json is not None:
            _write(json, {"machine": facts, **report.as_json(results)})

    def _say(self, words: str) -> None:
        self.stderr.write(f"... {words}")


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n")
