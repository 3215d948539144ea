"""Django's own command, which first saves a SQLite database that has rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, override

from django.conf import settings
from django.core.management import CommandError
from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from chatsite import backups

KIND = "before-migrate"
KEPT = 5
LOCK_KEY = int.from_bytes(b"migrate")


class Command(migrate.Command):
    """`manage.py migrate`, as everywhere, but with a way back."""

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        """Django's, and how to do without."""
        super().add_arguments(parser)
        parser.add_argument(
            "--skip-backup",
            action="store_true",
            help="do not save a SQLite database first",
        )

    @override
    def handle(self, *args: Any, **options: Any) -> str | None:
        """Save, then migrate; what cannot be saved is not migrated."""
        only_looks = options["plan"] or options["check_unapplied"]
        if not (options["skip_backup"] or only_looks) and _would_change(options):
            self._save()
        with _alone(connections[options["database"]]):
            return super().handle(*args, **options)

    def _save(self) -> None:
        try:
            path = backups.default_path(kind=KIND)
            backups.back_up(path, say=lambda _: None, with_attachments=False)
        except backups.BackupError as error:
            raise CommandError(f"{error} Nothing was migrated.") from error
        backups.prune(path.parent, KEPT, kind=KIND)
        self.stdout.write(f"The database as it was before is kept in {path}.")


@contextmanager
def _alone(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """On a database server: one process migrates, in its own time; others wait."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET lock_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
        # A migration that waits for a table would make every page wait for it.
        cursor.execute("RESET lock_timeout")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])
            cursor.execute("RESET statement_timeout")


def _would_change(options: dict[str, Any]) -> bool:
    """Whether rows are at stake: of the site's own database, where that is a file."""
    connection = connections[options["database"]]
    if options["database"] != DEFAULT_DB_ALIAS or not settings.SQLITE:
        return False
    executor = MigrationExecutor(connection)
    targets = executor.loader.graph.leaf_nodes()
    if not (options["app_label"] or executor.migration_plan(targets)):
        return False
    return any(backups.rows_now().values())
