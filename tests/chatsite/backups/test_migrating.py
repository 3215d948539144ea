"""A migration of SQLite begins with a way back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chatsite.backups.conftest import Installed

PERSON = "from tests import factories; factories.person('ada')"
COUNT = "from chatsite.accounts.models import User; print(User.objects.count())"


@pytest.fixture
def site(migrated: Callable[[str], Installed]) -> Installed:
    """A migrated site with one person."""
    site = migrated("site")
    site.python(PERSON)
    return site


def test_nothing_is_kept_where_nothing_changes(site: Installed) -> None:
    site.done("migrate")

    assert not (site.data_dir / "backups").exists()


def test_a_new_database_has_nothing_to_keep(pristine: Path) -> None:
    assert not (pristine / "backups").exists()


def test_a_migration_can_be_taken_back(site: Installed) -> None:
    site.done("migrate", "ledger", "zero")
    told = site.done("migrate")

    kept = sorted(site.data_dir.glob("backups/before-migrate-*.tar"))
    assert len(kept) == 2
    assert str(kept[1]) in told
    site.done("restore", kept[1], "--force")
    assert site.python(COUNT) == "1"


def test_without_a_backup_nothing_is_migrated(site: Installed) -> None:
    (site.data_dir / "backups").write_text("in the way")

    told = site.refused("migrate", "ledger", "zero")

    assert "Nothing was migrated." in told
    assert "[X] 0001_initial" in site.done("showmigrations", "ledger")
