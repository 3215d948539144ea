"""Archives: what is taken back and what is not, and what is left where one fails."""

import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatsite import backups, lock
from chatsite.backups import BackupError, archive
from chatsite.backups.manifest import decoded
from tests.chatsite.backups.conftest import Installed

PERSON = "from tests import factories; factories.person('ada')"
LOST = """
import hashlib
from conversations import attachment_files
from tests.backup_writers import one
from tests import factories
for number in range(2):
    _, digest = one(factories.person().pk)
attachment_files.erase(digest)
print(digest)
"""


@pytest.fixture(scope="session")
def made(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with one person, and a backup of it beside its folder."""
    folder = tmp_path_factory.mktemp("made")
    site = Installed(shutil.copytree(pristine, folder / "site"))
    site.python(PERSON)
    site.done("backup", folder / "kept.tar")
    return folder


@pytest.fixture
def site(made: Path, tmp_path: Path) -> Installed:
    """A migrated site with one person."""
    return Installed(shutil.copytree(made / "site", tmp_path / "site"))


@pytest.fixture
def kept(made: Path, tmp_path: Path) -> Path:
    """A backup of it."""
    return Path(shutil.copy(made / "kept.tar", tmp_path / "kept.tar"))


def members_of(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        found = {member.name: tar.extractfile(member) for member in tar}
        return {name: file.read() for name, file in found.items() if file}


def packed(path: Path, members: dict[str, bytes], **about: Any) -> Path:
    """An archive of `members` in their order."""
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for key, value in about.items():
                setattr(info, key, value)
            tar.addfile(info, io.BytesIO(data))
    return path


def told(members: dict[str, bytes], **changes: Any) -> dict[str, bytes]:
    """`members` with another manifest."""
    fields = json.loads(members[archive.MANIFEST]) | changes
    return {**members, archive.MANIFEST: json.dumps(fields).encode()}


def taken(path: Path) -> None:
    archive.read(path, lambda _: None)


def test_a_whole_archive_is_taken(kept: Path) -> None:
    taken(kept)


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/passwd", "attachments/../x", "attachments/x", "x"]
)
def test_a_member_of_another_name_is_refused(
    kept: Path, tmp_path: Path, name: str
) -> None:
    path = packed(tmp_path / "other.tar", {name: b"?", **members_of(kept)})

    with pytest.raises(BackupError, match="has no member"):
        taken(path)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_a_member_that_is_no_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    path = packed(
        tmp_path / "other.tar",
        {"database.sqlite3": b""},
        type=kind,
        linkname="/etc/passwd",
    )

    with pytest.raises(BackupError, match="has no member"):
        taken(path)


def test_an_archive_that_was_cut_off_is_refused(kept: Path) -> None:
    whole = kept.read_bytes()
    for size in (0, 100, 5_000, len(whole) // 2):
        kept.write_bytes(whole[:size])
        with pytest.raises(BackupError, match=r"damaged|cut off"):
            taken(kept)


def test_a_changed_byte_is_noticed(kept: Path) -> None:
    data = bytearray(kept.read_bytes())
    data[20_000] ^= 1
    kept.write_bytes(data)

    with pytest.raises(BackupError, match="damaged"):
        taken(kept)


def test_an_archive_of_a_newer_format_is_refused(kept: Path, tmp_path: Path) -> None:
    path = packed(tmp_path / "other.tar", told(members_of(kept), format_version=2))

    with pytest.raises(BackupError, match="format 2"):
        taken(path)


def test_an_archive_of_a_newer_version_is_refused(
    kept: Path, tmp_path: Path, new_site: Callable[..., Installed]
) -> None:
    members = members_of(kept)
    newer = [*decoded(members[archive.MANIFEST]).migrations, "conversations.0999_more"]
    path = packed(tmp_path / "other.tar", told(members, migrations=newer))

    assert "does not know conversations.0999_more" in new_site("new").refused(
        "restore", path
    )


def test_a_manifest_that_counts_other_rows_is_refused(
    kept: Path, tmp_path: Path, new_site: Callable[..., Installed]
) -> None:
    members = members_of(kept)
    rows = decoded(members[archive.MANIFEST]).rows | {"accounts_user": 2}
    path = packed(tmp_path / "other.tar", told(members, rows=rows))

    assert "other rows" in new_site("new").refused("restore", path)


def test_a_site_that_is_served_is_not_replaced(site: Installed, kept: Path) -> None:
    with lock.held(site.data_dir / "serve.lock", patience_s=0, waiting=lambda: None):
        assert "being served" in site.refused("restore", kept, "--force")


def test_a_site_with_rows_is_replaced_by_force_and_saved(
    site: Installed, kept: Path
) -> None:
    assert "not empty" in site.refused("restore", kept)

    assert "What was there is kept in" in site.done("restore", kept, "--force")


def test_the_secret_key_is_kept_where_one_asks_for_it(
    site: Installed, tmp_path: Path, new_site: Callable[..., Installed]
) -> None:
    path, new = tmp_path / "with-key.tgz", new_site("new")
    site.done("backup", path, "--with-secret-key")

    new.done("restore", path)

    keys = [each.data_dir / "secret-key" for each in (site, new)]
    assert keys[0].read_text() == keys[1].read_text()


def test_a_backup_holds_no_secret_key_unasked(kept: Path) -> None:
    assert archive.SECRET_KEY not in members_of(kept)


def test_nothing_is_overwritten(site: Installed, kept: Path) -> None:
    before = kept.read_bytes()

    assert "not overwritten" in site.refused("backup", kept)
    assert kept.read_bytes() == before


def test_a_lost_file_is_said_and_the_rest_is_kept(
    site: Installed, tmp_path: Path
) -> None:
    digest = site.python(LOST)
    path = tmp_path / "less.tar"

    result = site.manage("backup", path)

    assert result.returncode == 3
    assert "1 files" in result.stderr
    members = members_of(path)
    assert decoded(members[archive.MANIFEST]).missing == [digest]
    assert sum(name.startswith("attachments/") for name in members) == 1


def fill_up(path: Path) -> None:
    with archive.writing(path) as writer:
        writer.add_bytes("database.sqlite3", b"rows")
        with Path("/dev/full").open("wb", buffering=0) as full:
            full.write(b"more")


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    """The device that is always full stands for it."""
    path = tmp_path / "kept.tar"

    with pytest.raises(OSError, match="No space"):
        fill_up(path)

    assert list(tmp_path.iterdir()) == []


def test_only_the_newest_backups_stay(tmp_path: Path) -> None:
    other = tmp_path / "chatsite-of-mine.tar.gz"
    other.touch()
    made = [backups.default_path(tmp_path) for _ in range(4)]
    for path in made:
        path.touch()

    assert backups.prune(tmp_path, 2) == made[:2]
    assert set(tmp_path.iterdir()) == {other, *made[2:]}


def test_what_a_killed_backup_left_is_swept(tmp_path: Path) -> None:
    left = tmp_path / ".kept.tar.1.partial"
    left.touch()
    os.utime(left, (0, 0))

    with archive.writing(tmp_path / "kept.tar"):
        pass

    assert not left.exists()
