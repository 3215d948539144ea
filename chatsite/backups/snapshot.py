"""One consistent copy of the database, and what stands in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from conversations.attachment_files import DIGEST

ATTACHMENTS = "conversations_attachment"
DIGESTS = ("digest", "thumbnail_digest", "text_digest")


class Cursor(Protocol):
    """What cursors of every database's driver have in common."""

    @property
    def description(self) -> Any:
        """The columns of the last statement, each with its name first."""

    def execute(self, sql: str, /) -> Any:
        """Run one statement."""

    def fetchall(self) -> list[Any]:
        """All rows of the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A copy of the database in `path`, and what was counted in that very copy.

    `digests` names every file that an attachment of the copy needs.
    """

    engine: str
    path: Path
    rows: dict[str, int]
    migrations: list[str]
    digests: list[str]

    @property
    def row_count(self) -> int:
        """Rows of all tables."""
        return sum(self.rows.values())


def counted(
    cursor: Cursor, tables: Iterable[str], *, engine: str, path: Path
) -> Snapshot:
    """Look through `tables` with `cursor`, which reads what was copied to `path`."""
    rows = {table: _count(cursor, table) for table in sorted(tables)}
    return Snapshot(
        engine=engine,
        path=path,
        rows=rows,
        migrations=_migrations(cursor) if "django_migrations" in rows else [],
        digests=_digests(cursor) if ATTACHMENTS in rows else [],
    )


def _count(cursor: Cursor, table: str) -> int:
    cursor.execute(f'SELECT COUNT(*) FROM "{table}"')  # noqa: S608 - a table's own name
    ((count,),) = cursor.fetchall()
    return int(count)


def _migrations(cursor: Cursor) -> list[str]:
    cursor.execute("SELECT app, name FROM django_migrations")
    return sorted({f"{app}.{name}" for app, name in cursor.fetchall()})


def _digests(cursor: Cursor) -> list[str]:
    """What the columns name that this database has: it may be of an older version."""
    cursor.execute(f"SELECT * FROM {ATTACHMENTS} LIMIT 0")  # noqa: S608 - a table's own name
    names = [name for name, *_ in cursor.description or ()]
    digests: set[str] = set()
    for name in DIGESTS:
        if name in names:
            cursor.execute(f"SELECT DISTINCT {name} FROM {ATTACHMENTS}")  # noqa: S608 - see above
            digests.update(digest for (digest,) in cursor.fetchall())
    return sorted(digest for digest in digests if DIGEST.fullmatch(digest))
