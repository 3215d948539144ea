"""Take a backup back."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, override

from django.core.management import CommandError
from django.core.management.base import BaseCommand

from chatsite import backups


class Command(BaseCommand):
    """`manage.py restore FILE`, while nothing serves."""

    help = (
        "Puts a backup in the place of an empty site, or with --force of any site,"
        " which is saved first. Migrates up to this version."
    )

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        """What, and over what."""
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--force", action="store_true", help="save and replace what is there"
        )

    @override
    def handle(self, *_: Any, file: Path, force: bool, **__: Any) -> None:
        """Restore, and count what was restored."""
        try:
            manifest = backups.restore(file, force=force, say=self.stdout.write)
        except backups.BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Restored {manifest.row_count} rows in {len(manifest.rows)} tables and"
            f" {manifest.attachment_count} files of attachments, as of"
            f" {manifest.made_at}."
        )
        if lost := len(manifest.missing):
            self.stdout.write(f"{lost} files were missing when the backup was made.")
