"""Files named by the SHA-256 of their bytes, under the folder of the attachments.

Whoever places a file, or asks whether it is still needed and erases it, holds
`locked()` meanwhile: it works between threads and between processes of one machine.
"""

import contextlib
import hashlib
import os
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings

try:
    import fcntl
except ImportError:  # Windows: the site is one process there, and threads have a lock
    fcntl = None  # type: ignore[assignment] # tested before use

COPY_BYTES = 256 * 1024
DIGEST = re.compile(r"[0-9a-f]{64}")

_threads = threading.Lock()


def folder() -> Path:
    """Where the files are kept; made on first use, for nobody else to read."""
    found: Path = settings.ATTACHMENTS_DIR
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def path_of(digest: str) -> Path:
    """Where the file of `digest` (64 hex digits, else ValueError) is kept."""
    if not DIGEST.fullmatch(digest):
        raise ValueError("not a SHA-256 in hex")
    return Path(settings.ATTACHMENTS_DIR, digest[:2], digest[2:4], digest)


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Hold the lock of all files. Never wait for it inside a transaction."""
    with _threads, (folder() / "lock").open("ab") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder for one upload, on the same file system, gone at the end."""
    incoming = folder() / "incoming"
    incoming.mkdir(mode=0o700, exist_ok=True)
    # A decoder that was left behind may still write; the sweep takes what remains.
    with tempfile.TemporaryDirectory(dir=incoming, ignore_cleanup_errors=True) as name:
        yield Path(name)


def sweep_scratch(older_than: timedelta) -> None:
    """Erase folders of uploads whose process ended in the middle."""
    oldest = time.time() - older_than.total_seconds()
    for left in (folder() / "incoming").glob("*/"):
        with contextlib.suppress(FileNotFoundError):
            if left.stat().st_mtime < oldest:
                _erase_folder(left)


def _erase_folder(path: Path) -> None:
    for file in path.iterdir():
        file.unlink(missing_ok=True)
    path.rmdir()


def digest_of(path: Path) -> str:
    """The name that the file at `path` will have."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def place(source: Path, digest: str) -> None:
    """Move `source` to its name, durably; a file that is there already stays."""
    target = path_of(digest)
    if target.exists():
        return
    source.chmod(0o600)
    _sync(source)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    source.replace(target)
    for parent in (target.parent, target.parent.parent, folder()):
        _sync(parent)


def _sync(path: Path) -> None:
    if path.is_dir() and not hasattr(os, "O_DIRECTORY"):
        return  # Windows cannot open a folder, and orders its renames itself
    # Windows flushes only what is open for writing.
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
