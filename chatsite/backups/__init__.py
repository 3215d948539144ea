"""Backups of a site in one archive: made while it runs, verified, restored."""

from chatsite.backups.archive import BackupError
from chatsite.backups.engines import rows_now
from chatsite.backups.making import back_up, default_path, prune
from chatsite.backups.manifest import Manifest
from chatsite.backups.restoring import restore, verify

__all__ = [
    "BackupError",
    "Manifest",
    "back_up",
    "default_path",
    "prune",
    "restore",
    "rows_now",
    "verify",
]
