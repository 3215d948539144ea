"""The database: reachable, whole, of the right shape, with nothing left lying about."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from chatsite.doctor.findings import Finding, fail, ok, warn
from conversations.ledger.models import Call
from conversations.models import Attachment, Turn
from conversations.turns.end import SILENCE_LIMIT
from conversations.uploads import UNSENT_LIFETIME

CLOCKS_APART = timedelta(seconds=2)
# By then a living process would be taken for a dead one.
CLOCKS_TORN = SILENCE_LIMIT / 2
CALL_IS_LEFT_AFTER = timedelta(hours=1)
POSTGRESQL_FLOOR = 14_00_00
# What has to be on so that an acknowledged question is on the disk.
POSTGRESQL_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
_SET_CLOCK = "Keep the clocks of all machines together with NTP."


def check_database() -> Iterator[Finding]:
    """Whether it answers, which it is, and whether it keeps what it took."""
    if connection.vendor == "sqlite":
        yield from _sqlite()
    else:
        yield from _postgresql()


def _sqlite() -> Iterator[Finding]:
    yield ok(f"SQLite {sqlite3.sqlite_version} answers.")
    if (journal := _value("PRAGMA journal_mode")) != "wal":
        yield warn(
            f"SQLite's journal mode is {journal}: whoever writes stops who reads.",
            "Put the data folder on a local disk; network file systems lack WAL.",
        )
    if (damage := _value("PRAGMA quick_check")) == "ok":
        yield ok("The database file is whole.")
    else:
        yield fail(
            f"The database file is damaged: {damage}",
            "Stop the site, keep a copy of the data folder, restore the last backup.",
        )


def _postgresql() -> Iterator[Finding]:
    version = int(_value("SHOW server_version_num"))
    words = f"PostgreSQL {_value('SHOW server_version')} answers."
    if version < POSTGRESQL_FLOOR:
        yield fail(words, "Move to PostgreSQL 14 or newer.")
    else:
        yield ok(words)
    for name in POSTGRESQL_DURABLE:
        if _value(f"SHOW {name}") == "off":
            yield warn(
                f"{name} is off: a power cut loses what was acknowledged.",
                f"Set {name} = on.",
            )
    free = int(_value("SHOW max_connections"))
    if free < 2 * settings.DATABASE_CONNECTIONS:
        yield warn(
            f"The server takes {free} connections, one process up to"
            f" {settings.DATABASE_CONNECTIONS}.",
            "Raise max_connections, or lower DATABASE_CONNECTIONS.",
        )


def check_migrations() -> Iterator[Finding]:
    """Whether the tables have the shape that this version wants."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        first = missing[0][0]
        yield fail(
            f"{len(missing)} migrations are missing, the first is {first}.",
            "Run `manage.py migrate`.",
        )
    else:
        yield ok("All migrations are applied.")


def check_clock() -> Iterator[Finding]:
    """Whether this machine and the database agree on the time."""
    if connection.vendor == "postgresql":
        apart = abs(_value("SELECT clock_timestamp()") - timezone.now())
        yield from _apart(apart)
    newest = Call.objects.order_by("-reserved_at").values_list("reserved_at", flat=True)
    ahead = (newest.first() or timezone.now()) - timezone.now()
    if ahead > CLOCKS_APART:
        yield warn(
            f"The newest call is {ahead.total_seconds():.0f} s in the future.",
            _SET_CLOCK,
        )
    elif connection.vendor != "postgresql":
        yield ok("The clock is not behind what was written.")


def _apart(apart: timedelta) -> Iterator[Finding]:
    words = f"The database's clock is {apart.total_seconds():.1f} s off this machine's."
    if apart > CLOCKS_TORN:
        yield fail(words, _SET_CLOCK)
    elif apart > CLOCKS_APART:
        yield warn(words, _SET_CLOCK)
    else:
        yield ok(words)


def check_rows() -> Iterator[Finding]:
    """Whether something was begun and never ended, or kept and never sent."""
    now = timezone.now()
    silent = Turn.objects.silent_since(now - SILENCE_LIMIT).count()
    open_calls = Call.objects.filter(
        status=Call.Status.RESERVED, reserved_at__lt=now - CALL_IS_LEFT_AFTER
    ).count()
    unsent = Attachment.objects.filter(
        message=None, created_at__lt=now - UNSENT_LIFETIME
    ).count()
    serve = "A site that serves gives them up by itself: start it, or look at its log."
    if silent:
        yield warn(f"{silent} answers have been left by their process.", serve)
    if open_calls:
        yield warn(f"{open_calls} calls are reserved and never settled.", serve)
    if unsent:
        yield warn(
            f"{unsent} attachments were never sent.", "Run `manage.py eraseunsent`."
        )
    if not (silent or open_calls or unsent):
        yield ok("No answer, call or attachment was left lying about.")


def _value(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]
