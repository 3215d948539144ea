"""Files named by the SHA-256 of their bytes, in the site's storage of attachments.

Whoever places a file, or asks whether it is still needed and erases it, holds
`locked()` meanwhile: it works between threads and between all processes of the site.
"""

import contextlib
import hashlib
import re
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import override

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, transaction

from conversations.database import take_locks

try:
    import fcntl
except ImportError:  # Windows: the site is one process there, and threads have a lock
    fcntl = None  # type: ignore[assignment] # tested before use

COPY_BYTES = 256 * 1024
DIGEST = re.compile(r"[0-9a-f]{64}")

_threads = threading.Lock()


class Unreachable(Exception):  # noqa: N818 - a state of the storage, not of the file
    """The storage does not answer, or does not take anything now."""


class _OnDisk(File[bytes]):
    """A file that the storage may move instead of copying it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.open("rb"), path.name)
        self._path = path

    def temporary_file_path(self) -> str:
        """Where it is, for a storage on the same machine."""
        return str(self._path)

    @override
    def __str__(self) -> str:
        return self._path.name


def folder() -> Path:
    """This machine's own part of the work; made on first use, for nobody else."""
    found: Path = settings.ATTACHMENTS_DIR
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def name_of(digest: str) -> str:
    """The name of the file of `digest` (64 hex digits, else ValueError)."""
    if not DIGEST.fullmatch(digest):
        raise ValueError("not a SHA-256 in hex")
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


@contextlib.contextmanager
def locked(digests: Iterable[str]) -> Iterator[None]:
    """Hold the locks of these files, on a database server within one transaction.

    Where there is none, one lock stands for all files: never wait for it inside a
    transaction.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic():
            take_locks(digests)
            yield
        return
    with _threads, (folder() / "lock").open("ab") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder of this machine for one upload, gone at the end."""
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
    """The digest of the file at `path`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def place(source: Path, digest: str) -> None:
    """Bring `source` to its name, durably; a file that is there already stays.

    Raises Unreachable.
    """
    name = name_of(digest)
    with _reaching():
        if not default_storage.exists(name):
            with _OnDisk(source) as file:
                default_storage.save(name, file)


def read(digest: str) -> bytes:
    """The bytes of a file. Raises FileNotFoundError if it is lost, and Unreachable."""
    with _reaching(), default_storage.open(name_of(digest)) as file:
        data: bytes = file.read()
        return data


def exists(digest: str) -> bool:
    """Whether the file is there. Raises Unreachable."""
    with _reaching():
        return default_storage.exists(name_of(digest))


def erase(digest: str) -> None:
    """Erase the file, if it is there. Raises Unreachable."""
    with _reaching():
        default_storage.delete(name_of(digest))


@contextlib.contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        # Each storage has exceptions of its own; what they say may name its keys.
        raise Unreachable(type(error).__name__) from error
