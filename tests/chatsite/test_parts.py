"""A team's parts, as the environment names them."""

from pathlib import Path
from typing import Any

import pytest

from chatsite.parts import bucket
from tests.settings_child import run_python, settings_of

SERVER = "postgres://chat:s3cret@db.example.org:5433/chat"


def database(folder: Path, query: str = "", **variables: str) -> dict[str, Any]:
    """The setting of a database server."""
    named = {"DATABASE_URL": f"{SERVER}{query}", "SECRET_KEY": "k" * 50, **variables}
    found: dict[str, Any] = settings_of(folder, **named)["DATABASES"]["default"]
    return found


def test_a_database_server_is_used_through_a_bounded_pool(tmp_path: Path) -> None:
    found = database(tmp_path, DATABASE_CONNECTIONS="7")

    assert (found["HOST"], found["PORT"], found["NAME"]) == (
        "db.example.org",
        5433,
        "chat",
    )
    assert found["OPTIONS"]["pool"]["max_size"] == 7
    assert found["CONN_MAX_AGE"] == 0
    assert "statement_timeout=15000" in found["OPTIONS"]["options"]


def test_behind_a_pooler_nothing_is_asked_of_a_session(tmp_path: Path) -> None:
    found = database(tmp_path, "?pgbouncer=true&sslmode=require")

    assert "options" not in found["OPTIONS"]
    assert "pgbouncer" not in found["OPTIONS"]
    assert found["OPTIONS"]["sslmode"] == "require"
    assert found["DISABLE_SERVER_SIDE_CURSORS"]


def test_another_kind_of_database_is_refused(tmp_path: Path) -> None:
    result = run_python(
        *("-c", "import chatsite.settings"),
        data_dir=tmp_path,
        DATABASE_URL="mysql://chat@db.example.org/chat",
    )

    assert result.returncode == 1
    assert "SQLite or PostgreSQL" in result.stderr


def test_processes_of_one_database_share_events_and_those_of_another_do_not(
    tmp_path: Path,
) -> None:
    variables = {"REDIS_URL": "redis://redis.example.org/0", "SECRET_KEY": "k" * 50}
    prefixes = {
        settings_of(
            tmp_path,
            DATABASE_URL=f"postgres://{host}.example.org/{name}",
            **variables,
        )["CHANNEL_LAYERS"]["default"]["CONFIG"]["prefix"]
        for host, name in (("one", "chat"), ("two", "chat"), ("one", "other"))
    }

    assert prefixes == {"chatsite:chat", "chatsite:other"}


@pytest.mark.parametrize(
    ("endpoint_url", "style"), [("", None), ("http://s3.example.org", "path")]
)
def test_a_bucket_elsewhere_is_named_in_the_path(
    endpoint_url: str, style: str | None
) -> None:
    options = bucket(
        "chat", endpoint_url=endpoint_url, region_name="", access_key="", secret_key=""
    )["OPTIONS"]

    assert options["endpoint_url"] == (endpoint_url or None)
    assert options["access_key"] is None
    assert (options["client_config"].s3 or {}).get("addressing_style") == style
