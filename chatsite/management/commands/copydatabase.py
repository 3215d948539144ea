"""Move a site from one database to another of another kind, and its files too."""

import contextlib
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, override

import dj_database_url
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import CommandError
from django.core.management.base import BaseCommand
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from chatsite import lock, tables
from chatsite.backups import BackupError, files, postgresql
from chatsite.files import DurableFiles

SOURCE, TARGET = "copied_from", "copied_to"


class Command(BaseCommand):
    """`manage.py copydatabase --from URL --to URL`, while nothing serves."""

    help = (
        "Copies every row of one database into another that is migrated and empty,"
        " counts and compares them, and changes nothing if they differ."
    )

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        """From where to where, as DATABASE_URL has it."""
        parser.add_argument("--from", dest="source", required=True, metavar="URL")
        parser.add_argument("--to", dest="target", required=True, metavar="URL")
        parser.add_argument(
            "--attachments",
            choices=("to-bucket", "from-bucket"),
            help="copy the files too, between the data folder and the bucket",
        )

    @override
    def handle(
        self, *_: Any, source: str, target: str, attachments: str | None, **__: Any
    ) -> None:
        """Copy, and say how much; the files first, so that no row is without one."""
        with _opened(SOURCE, source) as connection, _opened(TARGET, target):
            try:
                with _at_rest(connection):
                    if attachments:
                        self._copy_files(to_bucket=attachments == "to-bucket")
                    copied = tables.copy(SOURCE, TARGET, self.stdout.write)
            except (tables.CopyError, BackupError) as error:
                raise CommandError(str(error)) from error
        self.stdout.write(f"Copied {copied} rows; both databases hold the same.")

    def _copy_files(self, *, to_bucket: bool) -> None:
        if not settings.AWS_STORAGE_BUCKET_NAME:
            raise CommandError("There is no bucket: set AWS_STORAGE_BUCKET_NAME.")
        folder = DurableFiles(settings.ATTACHMENTS_DIR)
        stores = (folder, default_storage) if to_bucket else (default_storage, folder)
        kept, lost = files.copy(SOURCE, *stores)
        self.stdout.write(f"Attachments: {kept} files, each digest compared.")
        if lost:
            self.stdout.write(f"{lost} files were missing or damaged already.")


@contextlib.contextmanager
def _opened(alias: str, url: str) -> Iterator[BaseDatabaseWrapper]:
    database: dict[str, Any] = {**dj_database_url.parse(url)}
    if database["ENGINE"] == "django.db.backends.sqlite3":
        if not Path(database["NAME"]).is_file():
            raise CommandError(f"There is no database at {database['NAME']}.")
        database["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 20}
    connections.settings[alias] = database
    connections.configure_settings(connections.settings)
    try:
        yield connections[alias]
    finally:
        connections[alias].close()
        del connections[alias], connections.settings[alias]


@contextlib.contextmanager
def _at_rest(source: BaseDatabaseWrapper) -> Iterator[None]:
    """Nobody serves from the source meanwhile."""
    if source.vendor == "postgresql":
        postgresql.refuse_others(source)
        yield
        return
    path = Path(source.settings_dict["NAME"]).with_name("serve.lock")
    try:
        with lock.held(path, patience_s=0, waiting=lambda: None):
            yield
    except TimeoutError as error:
        raise CommandError(
            "The source is being served. End its server first."
        ) from error
