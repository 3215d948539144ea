"""PostgreSQL: copied by pg_dump in one snapshot that is counted too, and back."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.client import DatabaseClient

from chatsite.backups.archive import BackupError
from chatsite.backups.snapshot import Snapshot, counted

ENGINE = "postgresql"
# Where the former tables stand while others take their place.
ASIDE = "before_restore"
OTHERS_SQL = """
SELECT COUNT(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
AND backend_type = 'client backend'
"""
RELATIONS_SQL = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = '{schema}' AND c.relkind IN ('r', 'p')
"""


@contextmanager
def direct(alias: str = "default") -> Iterator[BaseDatabaseWrapper]:
    """A connection of its own, outside the pool and without its limits of time."""
    connection = connections.create_connection(alias)
    connection.settings_dict = _unpooled(connection.settings_dict)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SET idle_in_transaction_session_timeout = 0")
        yield connection
    finally:
        connection.close()


def _unpooled(settings: dict[str, Any]) -> dict[str, Any]:
    options = {k: v for k, v in settings["OPTIONS"].items() if k != "pool"}
    return {**settings, "OPTIONS": options}


@contextmanager
def at_rest() -> Iterator[None]:
    """Raise BackupError where anyone else uses the database."""
    connections.close_all()
    with direct() as connection:
        refuse_others(connection)
    yield


def refuse_others(connection: BaseDatabaseWrapper) -> None:
    """Raise BackupError where the database has other clients than `connection`."""
    with connection.cursor() as cursor:
        cursor.execute(OTHERS_SQL)
        (others,) = cursor.fetchone() or (0,)
    if others:
        raise BackupError(
            f"The database has {others} other clients. End every serving process first."
        )


@contextmanager
def snapshot(target: Path) -> Iterator[Snapshot]:
    """Dump the database to the new file `target` and count what the dump holds."""
    with direct() as connection, _exporting(connection) as name:
        _run(
            "pg_dump",
            connection,
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            "--no-comments",
            f"--exclude-schema={ASIDE}",
            f"--snapshot={name}",
            f"--file={target}",
        )
        with connection.cursor() as cursor:
            tables = _tables(cursor, "public")
            yield counted(cursor, tables, engine=ENGINE, path=target)


@contextmanager
def _exporting(connection: BaseDatabaseWrapper) -> Iterator[str]:
    """A transaction that sees what others see who are given its name."""
    connection.set_autocommit(False)
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        (name,) = cursor.fetchone() or ("",)
    yield name
    connection.rollback()


def check(dump: Path, rows: dict[str, int]) -> None:
    """Raise BackupError if pg_restore cannot read `dump`.

    Its `rows` can be counted only where they stand again: whoever loads it does.
    """
    del rows
    _execute("pg_restore", ["--list", str(dump)], {})


@contextmanager
def replaced_by(dump: Path) -> Iterator[None]:
    """Load `dump` in the place of what is there, if nothing fails meanwhile.

    The former tables stand aside, and come back where the body raises.
    """
    connections.close_all()
    with direct() as connection:
        _set_aside(connection)
        try:
            _run(
                "pg_restore",
                connection,
                "--no-owner",
                "--no-privileges",
                "--exit-on-error",
                "--single-transaction",
                "--dbname",
                file=dump,
            )
            yield
        except BaseException:
            connections.close_all()
            _bring_back(connection)
            raise
        _execute_sql(connection, [f"DROP SCHEMA {ASIDE} CASCADE"])


def rows_now() -> dict[str, int]:
    """How many rows stand in each table at this moment."""
    with direct() as connection, connection.cursor() as cursor:
        tables = _tables(cursor, "public")
        return counted(cursor, tables, engine=ENGINE, path=Path()).rows


def _tables(cursor: Any, schema: str) -> list[str]:
    cursor.execute(RELATIONS_SQL.format(schema=schema))
    return [name for (name,) in cursor.fetchall()]


def _set_aside(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        names = _tables(cursor, "public")
    moves = [f'ALTER TABLE public."{name}" SET SCHEMA {ASIDE}' for name in names]
    try:
        _execute_sql(connection, [f"CREATE SCHEMA {ASIDE}", *moves])
    except DatabaseError as error:
        raise BackupError(
            f"The former tables cannot be set aside in a schema {ASIDE!r}: {error}"
        ) from error


def _bring_back(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        made, former = _tables(cursor, "public"), _tables(cursor, ASIDE)
    drops = [f'DROP TABLE public."{name}" CASCADE' for name in made]
    moves = [f'ALTER TABLE {ASIDE}."{name}" SET SCHEMA public' for name in former]
    _execute_sql(connection, [*drops, *moves, f"DROP SCHEMA {ASIDE}"])


def _execute_sql(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor, connection.connection.transaction():
        for statement in statements:
            cursor.execute(statement)


def _run(
    program: str,
    connection: BaseDatabaseWrapper,
    *options: str,
    file: Path | None = None,
) -> None:
    """Run a program of PostgreSQL on the database of `connection`.

    Its password goes along in the environment, where no list of processes shows it.
    """
    arguments, secrets = DatabaseClient.settings_to_cmd_args_env(
        connection.settings_dict, list(options)
    )
    files = [str(file)] if file else []
    _execute(program, [*arguments[1:], *files], secrets or {})


def _execute(program: str, arguments: list[str], secrets: dict[str, str]) -> None:
    found = shutil.which(program)
    if found is None:
        raise BackupError(
            f"{program} is not installed. Debian has it in postgresql-client;"
            " its version must not be older than the server's."
        )
    done = subprocess.run(  # noqa: S603 - found on the path, arguments of our own
        [found, *arguments],
        env={**os.environ, **secrets},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()}")
