"""Keep the whole site in one file, while it runs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, override

from django.core.management import CommandError
from django.core.management.base import BaseCommand

from chatsite import backups

# The archive is made, and the site itself lacks files that its rows name.
FILES_MISSING = 3


class Command(BaseCommand):
    """`manage.py backup [FILE]`, and `backup --verify FILE`."""

    help = (
        "Writes the database in one snapshot, and every attachment that it names, to"
        " one archive. The site may go on meanwhile."
    )

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to, and what beside the rows and files."""
        parser.add_argument(
            "file",
            nargs="?",
            type=Path,
            help="a name ending in .tar or .tar.gz, or a folder (default:"
            " the folder backups/ beside the database)",
        )
        parser.add_argument("--verify", action="store_true", help="only check FILE")
        parser.add_argument(
            "--with-secret-key", action="store_true", help="keep the secret key too"
        )
        parser.add_argument(
            "--keep",
            type=_at_least_one,
            metavar="N",
            help="erase all but the newest N backups that lie in the same folder",
        )

    @override
    def handle(
        self,
        *_: Any,
        file: Path | None,
        verify: bool,
        with_secret_key: bool,
        keep: int | None,
        **__: Any,
    ) -> None:
        """Make a backup or check one, and say what is in it."""
        try:
            if verify:
                self._verify(file)
            else:
                self._make(file, with_secret_key=with_secret_key, keep=keep)
        except backups.BackupError as error:
            raise CommandError(str(error)) from error

    def _verify(self, file: Path | None) -> None:
        if file is None:
            raise CommandError("Which file is to be verified?")
        manifest = backups.verify(file)
        self.stdout.write(f"{file} is whole. {_contents(manifest)}")

    def _make(
        self, file: Path | None, *, with_secret_key: bool, keep: int | None
    ) -> None:
        is_folder = file is None or file.is_dir()
        path = backups.default_path(file) if file is None or is_folder else file
        path = path.absolute()
        manifest = backups.back_up(
            path, say=self.stdout.write, with_secret_key=with_secret_key
        )
        self.stdout.write(f"{path} is made. {_contents(manifest)}")
        if keep is not None:
            for erased in backups.prune(path.parent, keep):
                self.stdout.write(f"{erased} is erased.")
        if manifest.missing:
            raise CommandError(
                f"{len(manifest.missing)} files of attachments are missing or damaged"
                " in the site itself; the backup has everything else.",
                returncode=FILES_MISSING,
            )


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _contents(manifest: backups.Manifest) -> str:
    return (
        f"It holds {manifest.row_count} rows in {len(manifest.rows)} tables"
        f" and {manifest.attachment_count} files of attachments, as of"
        f" {manifest.made_at}, version {manifest.site_version}."
    )
