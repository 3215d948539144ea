"""The same on a team's parts, and the way from one kind of database to the other."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests import parts
from tests.chatsite.backups.conftest import Installed
from tests.chatsite.backups.test_drill import CONVERSATIONS, PICTURES, drill
from tests.prepared import prepare

pytestmark = pytest.mark.team
TABLES = """
from chatsite import tables
for model in tables._all_models():
    print(model._meta.db_table, tables._digest_of(tables._batches("default", model)))
"""
NEW_ROWS = """
from tests import factories
from conversations.models import Conversation
factories.conversation(factories.person("new"), "A question?")
print(Conversation.objects.count())
"""


@pytest.fixture
def new_team_site(
    tmp_path: Path, new_site: Callable[..., Installed]
) -> Callable[[str], Installed]:
    """Makes sites with a database and a bucket of their own."""

    def make(name: str) -> Installed:
        return new_site(name, **parts.of_site(str(tmp_path / name)))

    return make


@pytest.fixture
def written(migrated: Callable[[str], Installed]) -> Installed:
    """A site on SQLite in which people wrote for a while."""
    site = migrated("written")
    with site.writing() as writers:
        writers.until(10)
    return site


def url_of(site: Installed) -> str:
    return site.variables.get(
        "DATABASE_URL", f"sqlite:///{site.data_dir}/chatsite.sqlite3"
    )


def test_a_team_site_that_is_written_to_comes_back_as_of_one_moment(
    tmp_path: Path, new_team_site: Callable[[str], Installed]
) -> None:
    site = new_team_site("site")
    prepare(site.data_dir, site.variables)
    site.done("migrate")

    manifest = drill(site, new_team_site("restored"), tmp_path / "kept.tar")

    assert manifest.engine == "postgresql"
    assert not list((tmp_path / "restored" / "attachments").glob("??/"))


def test_a_team_site_is_replaced_by_force_and_what_was_there_is_kept(
    tmp_path: Path, new_team_site: Callable[[str], Installed]
) -> None:
    site = new_team_site("site")
    prepare(site.data_dir, site.variables)
    site.done("migrate")
    site.python(NEW_ROWS)
    archive = tmp_path / "kept.tar"
    site.done("backup", archive)
    assert site.python(NEW_ROWS) == "2"

    assert "not empty" in site.refused("restore", archive)
    told = site.done("restore", archive, "--force")

    assert len(site.python(CONVERSATIONS).split()) == 1
    (kept,) = site.data_dir.glob("backups/before-restore-*.tar")
    assert str(kept) in told
    site.done("restore", kept, "--force")
    assert len(site.python(CONVERSATIONS).split()) == 2


def test_a_site_moves_to_a_team_s_parts_and_back_without_a_difference(
    written: Installed,
    migrated: Callable[[str], Installed],
    new_team_site: Callable[[str], Installed],
) -> None:
    team, back = new_team_site("team"), migrated("back")
    team.data_dir = written.data_dir  # where the files are that go to the bucket
    prepare(team.data_dir, team.variables)

    told = team.done(
        *("copydatabase", "--from", url_of(written), "--to", url_of(team)),
        *("--attachments", "to-bucket"),
    )
    assert "both databases hold the same" in told
    assert team.python(PICTURES) == written.python(PICTURES)
    assert team.python(TABLES) == written.python(TABLES)
    back.done("copydatabase", "--from", url_of(team), "--to", url_of(back))

    assert back.python(TABLES) == written.python(TABLES)
    count = len(written.python(CONVERSATIONS).split())
    assert back.python(NEW_ROWS) == team.python(NEW_ROWS) == str(count + 1)


def test_a_database_in_use_is_not_copied(
    migrated: Callable[[str], Installed],
    new_team_site: Callable[[str], Installed],
) -> None:
    team, target = new_team_site("team"), migrated("target")

    with psycopg.connect(url_of(team)):
        told = target.refused(
            "copydatabase", "--from", url_of(team), "--to", url_of(target)
        )

    assert "1 other clients" in told
