"""The drill: back up while twenty people write, restore elsewhere, and compare."""

import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from chatsite.backups import Manifest
from chatsite.backups.manifest import decoded
from tests.chatsite.backups.conftest import Installed

CONVERSATIONS = """
from conversations.models import Conversation
print(*(str(pk) for pk in Conversation.objects.values_list("pk", flat=True)))
"""
PICTURES = """
import hashlib
from conversations import attachment_files
from conversations.models import Attachment
for digest in Attachment.objects.values_list("digest", flat=True):
    assert hashlib.sha256(attachment_files.read(digest)).hexdigest() == digest
print(Attachment.objects.count())
"""
PAGE = """
from django.test import Client
from chatsite import static
from chatsite.accounts.models import User
static.collect()
client = Client(headers={"host": "localhost"})
client.force_login(User.objects.get(username="writer"))
page = client.get("/c/%s/")
assert page.status_code == 200, page.status_code
print("Because of scattering." in page.text)
"""


def manifest_of(path: Path) -> Manifest:
    with tarfile.open(path) as tar:
        file = tar.extractfile("manifest.json")
        assert file is not None
        return decoded(file.read())


def drill(site: Installed, restored: Installed, archive: Path) -> Manifest:
    """Back `site` up while people write, restore it as `restored`, compare."""
    with site.writing() as writers:
        before = writers.until(20)
        assert "is made" in site.done("backup", archive)
        writers.until(len(writers.committed) + 5)
    assert "is whole" in site.done("backup", "--verify", archive)

    told = restored.done("restore", archive)

    manifest = manifest_of(archive)
    assert f"Restored {manifest.row_count} rows" in told
    there = restored.python(CONVERSATIONS).split()
    assert set(before) <= set(there)
    assert len(there) == manifest.rows["conversations_conversation"]
    pictures = restored.python(PICTURES)
    assert int(pictures) == manifest.rows["conversations_attachment"] > 0
    assert restored.python(PAGE % before[0]) == "True"
    return manifest


def test_a_site_that_is_written_to_comes_back_as_of_one_moment(
    tmp_path: Path,
    migrated: Callable[[str], Installed],
    new_site: Callable[..., Installed],
) -> None:
    archive = tmp_path / "kept.tar.gz"

    manifest = drill(migrated("site"), new_site("restored"), archive)

    assert archive.stat().st_mode & 0o777 == 0o600
    assert manifest.missing == manifest.erased == []
    file = tmp_path / "restored" / "chatsite.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert not connection.execute("PRAGMA foreign_key_check").fetchall()
