"""A site that is migrated already, with its static files: made once, then copied."""

import atexit
import functools
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests import parts
from tests.settings_child import run_python

_MAKE = """
from django.core.management import call_command
from chatsite import static
call_command("migrate", verbosity=0)
static.collect()
"""


def prepare(data_dir: Path, variables: Mapping[str, str]) -> None:
    """Bring a new site to where its first start would; one with tables stays as is."""
    folder = _folder()
    shutil.copytree(
        *(folder / "static", data_dir / "static"),
        copy_function=_link,
        dirs_exist_ok=True,
    )
    if "DATABASE_URL" in variables:
        _prepare_server(variables)
    elif not (data_dir / "chatsite.sqlite3").exists():
        for file in folder.glob("chatsite.sqlite3*"):
            shutil.copy2(file, data_dir)


@functools.cache
def _folder() -> Path:
    folder = tempfile.mkdtemp(prefix="chatsite-prepared-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _make(Path(folder))
    return Path(folder)


def _make(data_dir: Path, **variables: str) -> None:
    words = ("manage.py", "shell", "--no-imports", "-c", _MAKE)
    result = run_python(*words, data_dir=data_dir, **variables)
    assert result.returncode == 0, result.stderr


def _link(source: str, target: str) -> None:
    """The same file twice; its copy, where the target is on another disk."""
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except OSError:
        shutil.copy2(source, target)


def _prepare_server(variables: Mapping[str, str]) -> None:
    url = urlsplit(variables["DATABASE_URL"])
    if url.netloc != urlsplit(parts.chosen().get("DATABASE_URL", "")).netloc:
        _make(_folder(), **variables)  # a server of the test's own
        return
    with psycopg.connect(variables["DATABASE_URL"]) as connection:
        found = connection.execute("SELECT to_regclass('django_migrations')")
        if found.fetchone() != (None,):
            return
    template = _database()
    name = sql.Identifier(url.path.removeprefix("/"))
    server = url._replace(path="/postgres").geturl()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {}").format(name))
        words = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(words.format(name, sql.Identifier(template)))


@functools.cache
def _database() -> str:
    """The name of a database that is migrated, and that nobody uses."""
    variables = parts.of_site(str(_folder()))
    _make(_folder(), **variables)
    return urlsplit(variables["DATABASE_URL"]).path.removeprefix("/")
