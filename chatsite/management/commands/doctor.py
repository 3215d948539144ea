"""Look at every part of the site, and say what to do about what is not in order."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from functools import partial
from typing import Any, override

from django.core.management.base import BaseCommand
from django.db import connections

from chatsite.doctor import backends, machine, parts, site, store
from chatsite.doctor.findings import Check, Finding, found

# Each with what to do where it could not even be finished.
CHECKS: dict[str, tuple[Check, str]] = {
    "settings": (site.check_settings, "Look at the environment of the site."),
    "surroundings": (site.check_surroundings, "Look at the environment of the site."),
    "secret key": (site.check_key, "Look at SECRET_KEY and the data folder."),
    "data folder": (machine.check_data_folder, "Look at DATA_DIR."),
    "space": (machine.check_space, "Look at DATA_DIR."),
    "static files": (machine.check_static, "Look at DATA_DIR and its `static` folder."),
    "database": (store.check_database, "Start the database, or look at DATABASE_URL."),
    "migrations": (store.check_migrations, "Mend the database, then look again."),
    "clock": (store.check_clock, "Mend the database, then look again."),
    "rows": (store.check_rows, "Mend the database, then look again."),
    "layer": (parts.check_layer, "Start Redis, or look at REDIS_URL."),
    "cache": (parts.check_cache, "Start Redis, or look at REDIS_URL."),
    "storage": (
        parts.check_storage,
        "Look at the attachments' folder, or at the AWS_ variables and the bucket.",
    ),
    "files": (parts.check_files, "Mend database and storage, then look again."),
    "mail": (parts.check_mail, "Look at EMAIL_URL and the mail server."),
    "back ends": (backends.check_backends, "Look at the back end's variables."),
}


class Command(BaseCommand):
    """`manage.py doctor [--json] [--call MODEL]`; exit code 1 if anything fails."""

    help = "Checks settings, data, parts and back ends, and says what to do."
    # It reports what they find, instead of ending where they find something.
    requires_system_checks: list[str] = []

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        """How to report, and whether a call may cost something."""
        parser.add_argument("--json", action="store_true", help="for machines")
        parser.add_argument(
            "--call", metavar="MODEL", help="make one real call of a few tokens"
        )

    @override
    def handle(self, *_: Any, call: str | None, **options: Any) -> None:
        """Check, report, and tell by the exit code."""
        for connection in connections.all():
            # A pool would try for long, and then not say what is wrong.
            connection.settings_dict["OPTIONS"].pop("pool", None)
        checks = dict(CHECKS)
        if call:
            self.stderr.write(backends.announcement(call))
            advice = "Look at the back end's variables."
            checks["call"] = (partial(backends.call, call), advice)
        report = self._as_json if options["json"] else self._as_lines
        if report(_examined(checks)):
            sys.exit(1)

    def _as_lines(self, findings: Iterator[tuple[str, Finding]]) -> bool:
        failed = False
        for name, finding in findings:
            line = f"{finding.level:4}  {name:13} {finding.words}"
            self.stdout.write(f"{line} {finding.advice}".rstrip())
            failed |= finding.level == "fail"
        return failed

    def _as_json(self, findings: Iterator[tuple[str, Finding]]) -> bool:
        report = [
            {
                "check": name,
                "level": finding.level,
                "words": finding.words,
                "advice": finding.advice,
            }
            for name, finding in findings
        ]
        self.stdout.write(json.dumps(report, indent=2))
        return any(finding["level"] == "fail" for finding in report)


def _examined(checks: dict[str, tuple[Check, str]]) -> Iterator[tuple[str, Finding]]:
    for name, (check, advice) in checks.items():
        for finding in found(check, advice=advice):
            yield name, finding
