"""Storages of attachments for one test."""

from pathlib import Path
from typing import Any


def on_disk(storages: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The setting STORAGES with the attachments as files in `folder`."""
    files = {"BACKEND": "chatsite.files.DurableFiles", "OPTIONS": {"location": folder}}
    return {**storages, "default": files}
