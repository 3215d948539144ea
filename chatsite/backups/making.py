"""Make a backup: the database in one snapshot, then every file that it names."""

import re
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from chatsite.backups import archive, engines, files
from chatsite.backups.archive import BackupError, Writer, writing
from chatsite.backups.manifest import Manifest, site_version
from chatsite.backups.snapshot import Snapshot

STAMP = "%Y%m%dT%H%M%S.%fZ"
REPORT_EVERY = 500  # files

Say = Callable[[str], object]


def folder() -> Path:
    """Where backups go that nobody gave another place. Raises BackupError."""
    found: Path = settings.DATA_DIR / "backups"
    try:
        found.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BackupError(f"There is no place for backups: {error}.") from error
    return found


def default_path(within: Path | None = None, *, kind: str = "chatsite") -> Path:
    """A name that says when, in `within` or in the site's own folder of backups."""
    suffix = "tar" if kind != "chatsite" else "tar.gz"
    name = f"{kind}-{datetime.now(UTC).strftime(STAMP)}.{suffix}"
    return (within or folder()) / name


def prune(within: Path, keep: int, *, kind: str = "chatsite") -> list[Path]:
    """Erase all but the newest `keep` backups in `within`; those that were erased.

    Only names that `default_path` gives are looked at.
    """
    name = re.compile(rf"{kind}-\d{{8}}T\d{{6}}\.\d{{6}}Z\.tar(\.gz)?")
    made = sorted(path for path in within.iterdir() if name.fullmatch(path.name))
    erased = made[: max(len(made) - keep, 0)]
    for path in erased:
        path.unlink()
    return erased


def back_up(
    path: Path,
    *,
    say: Say,
    with_attachments: bool = True,
    with_secret_key: bool = False,
) -> Manifest:
    """Write the archive `path` while the site goes on; what it holds.

    `say` is told of progress. Raises BackupError; then nothing is left at `path`.
    """
    try:
        with (
            tempfile.TemporaryDirectory(dir=path.parent, prefix=".snapshot-") as name,
            writing(path) as writer,
            engines.current().snapshot(Path(name) / "database") as snapshot,
        ):
            say(f"Database: {len(snapshot.rows)} tables, {snapshot.row_count} rows.")
            _add_database(writer, snapshot)
            if with_secret_key:
                writer.add_bytes(archive.SECRET_KEY, settings.SECRET_KEY.encode())
            absent = _add_files(writer, snapshot, say) if with_attachments else []
            told = _described(
                writer, snapshot, absent, has_attachments=with_attachments
            )
            writer.add_bytes(archive.MANIFEST, told.encoded())
    except OSError as error:
        raise BackupError(f"The backup could not be written: {error}.") from error
    return told


def _add_database(writer: Writer, snapshot: Snapshot) -> None:
    with snapshot.path.open("rb") as file:
        size_bytes = snapshot.path.stat().st_size
        writer.add(archive.DATABASES[snapshot.engine], file, size_bytes)


def _add_files(writer: Writer, snapshot: Snapshot, say: Say) -> list[str]:
    """Add what the snapshot names; the digests of what was not there.

    A file never changes under its name, so it may be copied after the snapshot.
    """
    absent = []
    for number, digest in enumerate(snapshot.digests, 1):
        data = files.whole(digest)
        if data is None:
            absent.append(digest)
        else:
            writer.add_bytes(f"attachments/{digest}", data)
        if number % REPORT_EVERY == 0:
            say(f"Attachments: {number} of {len(snapshot.digests)} files.")
    say(f"Attachments: {len(snapshot.digests) - len(absent)} files.")
    return absent


def _described(
    writer: Writer, snapshot: Snapshot, absent: list[str], *, has_attachments: bool
) -> Manifest:
    missing = [digest for digest in absent if files.is_named(digest)]
    return Manifest(
        site_version=site_version(),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        engine=snapshot.engine,
        migrations=snapshot.migrations,
        rows=snapshot.rows,
        has_attachments=has_attachments,
        erased=sorted(set(absent).difference(missing)),
        missing=missing,
        members=writer.members,
    )
