"""Attachments as files of one machine: whole, on the disk, and for the server alone."""

import os
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage

FILE_MODE, FOLDER_MODE = 0o600, 0o700


class DurableFiles(FileSystemStorage):
    """Django's files, which are on the disk once `save` has returned.

    A file of the same file system is moved to its name, so that nobody ever finds
    half of it there.
    """

    def __init__(self, location: Path) -> None:
        """Keep everything below `location`."""
        super().__init__(
            location,
            file_permissions_mode=FILE_MODE,
            directory_permissions_mode=FOLDER_MODE,
            allow_overwrite=True,
        )

    def _save(self, name: str, content: Any) -> str:
        if not hasattr(content, "temporary_file_path"):
            saved: str = super()._save(name, content)  # type: ignore[misc] # not in stubs
            return saved
        source, target = Path(content.temporary_file_path()), Path(self.path(name))
        source.chmod(FILE_MODE)
        _sync(source)
        target.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        source.replace(target)
        root = Path(self.location)
        for parent in target.parents[: len(target.relative_to(root).parts)]:
            _sync(parent)
        return name


def _sync(path: Path) -> None:
    if path.is_dir() and not hasattr(os, "O_DIRECTORY"):
        return  # Windows cannot open a folder, and orders its renames itself
    # Windows flushes only what is open for writing.
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
