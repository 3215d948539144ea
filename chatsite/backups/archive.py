"""The archive: a tar whose members have fixed names and known digests."""

import contextlib
import hashlib
import io
import os
import re
import tarfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Literal, override

from chatsite.backups import manifest
from chatsite.backups.manifest import Manifest

MANIFEST = "manifest.json"
SECRET_KEY = "secret-key"  # noqa: S105 - the name of a member
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
# Members are these and no others; where one goes is decided here, not by its name.
NAME = re.compile(
    r"manifest\.json|secret-key|database\.(sqlite3|pgdump)|attachments/[0-9a-f]{64}"
)
MANIFEST_BYTES = 256 * 1024 * 1024
COPY_BYTES = 1024 * 1024
# Pictures are compressed already, and a site that runs has better use for its CPU.
COMPRESSION_LEVEL = 1
# Longer than any backup takes: what has this age was left by one that was killed.
PARTIAL_LIFETIME_S = 24 * 60 * 60


class BackupError(Exception):
    """Why no archive was made, or why one is not taken, in an operator's words."""


class _Hashing(io.RawIOBase):
    def __init__(self, source: IO[bytes]) -> None:
        self.source = source
        self.digest = hashlib.sha256()

    @override
    def read(self, size: int = -1) -> bytes:
        data = self.source.read(size)
        self.digest.update(data)
        return data


class Writer:
    """Adds members to an archive and remembers their digests."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        """Begin with nothing."""
        self.members: dict[str, str] = {}
        self._tar = tar

    def add(self, name: str, source: IO[bytes], size_bytes: int) -> None:
        """Add `size_bytes` of `source` as member `name`."""
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size_bytes, 0o600, int(time.time())
        hashing = _Hashing(source)
        self._tar.addfile(info, hashing)
        self.members[name] = hashing.digest.hexdigest()

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add `data` as member `name`."""
        self.add(name, io.BytesIO(data), len(data))


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Write an archive that appears at `path` whole, or not at all.

    A name that ends in .gz or .tgz is compressed. Only its owner may read it. Raises
    BackupError where something is there already, OSError where the disk is full.
    """
    _refuse_existing(path)
    _sweep_partial(path.parent)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with _tar_of(file, path) as tar:
                yield Writer(tar)
            file.flush()
            os.fsync(file.fileno())
        _refuse_existing(path)
        partial.rename(path)
        _sync_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def _tar_of(file: IO[bytes], path: Path) -> tarfile.TarFile:
    if path.suffix in {".gz", ".tgz"}:
        return tarfile.open(fileobj=file, mode="w:gz", compresslevel=COMPRESSION_LEVEL)
    return tarfile.open(fileobj=file, mode="w")


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise BackupError(f"{path} exists; it is not overwritten.")


def _sweep_partial(folder: Path) -> None:
    for left in folder.glob(".*.partial"):
        with contextlib.suppress(FileNotFoundError):
            if left.stat().st_mtime < time.time() - PARTIAL_LIFETIME_S:
                left.unlink()


def _sync_folder(folder: Path) -> None:
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read(path: Path, target_of: Callable[[str], Path | None]) -> Manifest:
    """Read a whole archive and return its manifest, every digest compared.

    `target_of` says where a member is written; None: it is only looked at. What was
    written may be used only once this has returned. Raises BackupError.
    """
    found: dict[str, str] = {}
    described: bytes | None = None
    try:
        with tarfile.open(path, "r|*") as tar:
            for member in tar:
                source = _checked(member, tar, found)
                if member.name == MANIFEST:
                    described = source.read(MANIFEST_BYTES)
                else:
                    found[member.name] = _copy(source, target_of(member.name))
    except FileNotFoundError as error:
        raise BackupError(f"{path} is not there.") from error
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise BackupError(f"{path} is damaged or no backup: {error}") from error
    if described is None:
        raise BackupError(f"{path} is cut off: its manifest is missing.")
    return _compared(path, described, found)


def _checked(
    member: tarfile.TarInfo, tar: tarfile.TarFile, found: dict[str, str]
) -> IO[bytes]:
    source = tar.extractfile(member) if member.isreg() else None
    if source is None or not NAME.fullmatch(member.name) or member.name in found:
        raise BackupError(f"A backup has no member {member.name!r}: it is not taken.")
    return source


def _copy(source: IO[bytes], target: Path | None) -> str:
    digest = hashlib.sha256()
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(_created(target)) if target else None
        while data := source.read(COPY_BYTES):
            digest.update(data)
            if file:
                file.write(data)
    return digest.hexdigest()


def _created(target: Path) -> IO[bytes]:
    mode: Literal["wb"] = "wb"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    return os.fdopen(os.open(target, flags, 0o600), mode)


def _compared(path: Path, described: bytes, found: dict[str, str]) -> Manifest:
    try:
        told = manifest.decoded(described)
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{path} is not read: {error}.") from error
    different = {name for name, _ in found.items() ^ told.members.items()}
    if different:
        names = ", ".join(sorted(different)[:5])
        raise BackupError(f"{path} is damaged: {len(different)} members, {names}.")
    if told.engine not in DATABASES or DATABASES[told.engine] not in found:
        raise BackupError(f"{path} holds no database of a kind that is known.")
    return told
