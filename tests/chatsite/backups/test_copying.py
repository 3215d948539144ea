"""Which databases are not copied."""

from collections.abc import Callable

import pytest

from chatsite import lock
from tests.chatsite.backups.conftest import Installed

PERSON = "from tests import factories; factories.person('ada')"
TABLE = """
from django.db import connection
connection.cursor().execute("CREATE TABLE minutes (id integer)")
"""


@pytest.fixture
def source(migrated: Callable[[str], Installed]) -> Installed:
    """Where rows come from."""
    return migrated("source")


@pytest.fixture
def target(migrated: Callable[[str], Installed]) -> Installed:
    """Where rows go."""
    return migrated("target")


def words(source: Installed, target: Installed) -> list[str]:
    urls = [f"sqlite:///{site.data_dir}/chatsite.sqlite3" for site in (source, target)]
    return ["copydatabase", "--from", urls[0], "--to", urls[1]]


def test_a_target_with_rows_takes_no_others(
    source: Installed, target: Installed
) -> None:
    target.python(PERSON)

    assert "not empty: accounts_user has rows" in target.refused(*words(source, target))


def test_a_target_of_another_version_takes_no_rows(
    source: Installed, target: Installed
) -> None:
    target.done("migrate", "ledger", "zero")

    assert "not migrated alike" in target.refused(*words(source, target))


def test_a_table_that_nobody_knows_stops_the_copy(
    source: Installed, target: Installed
) -> None:
    source.python(TABLE)

    assert "the source's minutes" in target.refused(*words(source, target))


def test_a_database_that_is_served_is_not_copied(
    source: Installed, target: Installed
) -> None:
    with lock.held(source.data_dir / "serve.lock", patience_s=0, waiting=lambda: None):
        told = target.refused(*words(source, target))

    assert "being served" in told
