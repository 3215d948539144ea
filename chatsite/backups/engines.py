"""What a backup asks of a database, whichever it is."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from django.conf import settings

from chatsite.backups import postgresql, sqlite
from chatsite.backups.snapshot import Snapshot


class Engine(Protocol):
    """One kind of database; the modules `sqlite` and `postgresql` are two."""

    ENGINE: str

    def at_rest(self) -> AbstractContextManager[None]:
        """Raise BackupError where the site is being served."""
        ...

    def snapshot(self, target: Path, /) -> AbstractContextManager[Snapshot]:
        """Copy the database to `target`, in one moment of it."""
        ...

    def check(self, file: Path, rows: dict[str, int], /) -> None:
        """Raise BackupError if `file` is no such copy with `rows` in its tables."""
        ...

    def replaced_by(self, file: Path, /) -> AbstractContextManager[None]:
        """Put a copy in the place of what is there, which comes back on a fault."""
        ...

    def rows_now(self) -> dict[str, int]:
        """How many rows stand in each table at this moment."""
        ...


def current() -> Engine:
    """The kind of database that the site has."""
    return sqlite if settings.SQLITE else postgresql


def named(name: str) -> Engine:
    """The kind of database that a manifest names."""
    return sqlite if name == sqlite.ENGINE else postgresql


def rows_now() -> dict[str, int]:
    """How many rows stand in each table of the site at this moment."""
    return current().rows_now()
