"""Two people and an empty folder for what they attach."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from chatsite.accounts.models import User
from conversations import uploads
from conversations.models import Attachment
from tests.storages import on_disk

type Attach = Callable[..., Attachment]


@pytest.fixture(autouse=True)
def _own_storage(settings: Settings, tmp_path: Path) -> None:
    """An empty folder, unless the storage is a bucket."""
    settings.ATTACHMENTS_DIR = tmp_path / "attachments"
    if not settings.AWS_STORAGE_BUCKET_NAME:
        settings.STORAGES = on_disk(settings.STORAGES, tmp_path / "attachments")


@pytest.fixture
def attachments_dir(settings: Settings, tmp_path: Path) -> Path:
    """The folder of the attachments, for tests that look at files on a disk."""
    settings.STORAGES = on_disk(settings.STORAGES, tmp_path / "attachments")
    return tmp_path / "attachments"


@pytest.fixture
def alice(db: None) -> User:
    """She attaches."""
    return User.objects.create_user(username="alice", password="of-alice")


@pytest.fixture
def charlie(db: None) -> User:
    """A stranger to her."""
    return User.objects.create_user(username="charlie", password="of-charlie")


@pytest.fixture
def attach(alice: User) -> Attach:
    """Lets alice attach some bytes."""

    def attach_bytes(
        data: bytes, name: str = "picture.png", owner: User = alice
    ) -> Attachment:
        return uploads.accept(
            owner=owner, name=name, stream=BytesIO(data), size_bytes=len(data)
        )

    return attach_bytes
