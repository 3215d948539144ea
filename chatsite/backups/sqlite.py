"""SQLite: copied through its backup API, never as a file; restored as one."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connections

from chatsite import lock
from chatsite.backups.archive import BackupError
from chatsite.backups.snapshot import Snapshot, counted

ENGINE = "sqlite"
BUSY_TIMEOUT_S = 20.0
TABLES_SQL = """
SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'
"""


def path() -> Path:
    """The file of the site's database."""
    return Path(settings.DATABASES["default"]["NAME"])


@contextmanager
def at_rest() -> Iterator[None]:
    """Keep `serve` away meanwhile; BackupError where it runs."""
    try:
        with lock.held(
            settings.DATA_DIR / "serve.lock", patience_s=0, waiting=lambda: None
        ):
            yield
    except TimeoutError as error:
        raise BackupError(
            "The site is being served from this data folder. End it first."
        ) from error


@contextmanager
def snapshot(target: Path) -> Iterator[Snapshot]:
    """Copy the database to the new file `target` and count what is in the copy.

    The copy is one read transaction: in WAL mode it holds up nobody who writes, and
    nothing that they write makes it begin again.
    """
    if not path().exists():
        raise BackupError(f"There is no database at {path()}.")
    with closing(sqlite3.connect(path(), timeout=BUSY_TIMEOUT_S)) as source:
        _copy(source, target)
    # The quick form: the long one is for copies that are taken back.
    yield _examined(target, "quick_check")


def _copy(source: sqlite3.Connection, target: Path) -> None:
    target.touch(mode=0o600, exist_ok=False)
    with closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        # One file, without a log beside it.
        copy.execute("PRAGMA journal_mode=DELETE")


def check(file: Path, rows: dict[str, int]) -> None:
    """Raise BackupError if `file` is not whole or has other rows than `rows`."""
    if _examined(file, "integrity_check").rows != rows:
        raise BackupError("The database has other rows than its manifest says.")


def rows_now() -> dict[str, int]:
    """How many rows stand in each table of the site at this moment."""
    return _examined(path(), "quick_check").rows if path().exists() else {}


def _examined(file: Path, pragma: str) -> Snapshot:
    try:
        with closing(sqlite3.connect(file, timeout=BUSY_TIMEOUT_S)) as connection:
            findings = connection.execute(f"PRAGMA {pragma}").fetchall()
            if findings != [("ok",)]:
                raise BackupError(f"The database {file} is damaged: {findings}.")
            cursor = connection.cursor()
            tables = [name for (name,) in cursor.execute(TABLES_SQL)]
            return counted(cursor, tables, engine=ENGINE, path=file)
    except sqlite3.DatabaseError as error:
        raise BackupError(f"The database {file} is damaged: {error}.") from error


@contextmanager
def replaced_by(file: Path) -> Iterator[None]:
    """Put `file` in the place of the site's database, if nothing fails meanwhile.

    What was there comes back where the body raises.
    """
    connections.close_all()
    database = path()
    former = database.with_name(f"{database.name}.former")
    _move(database, former)
    try:
        file.replace(database)
        yield
    except BaseException:
        connections.close_all()
        _remove(database)
        _move(former, database)
        raise
    _remove(former)


def _files(database: Path) -> list[tuple[Path, str]]:
    return [
        (database.with_name(database.name + suffix), suffix)
        for suffix in ("-wal", "-shm", "")
    ]


def _move(source: Path, target: Path) -> None:
    for file, suffix in _files(source):
        if file.exists():
            file.replace(target.with_name(target.name + suffix))


def _remove(database: Path) -> None:
    for file, _ in _files(database):
        file.unlink(missing_ok=True)
