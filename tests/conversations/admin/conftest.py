"""Who looks at the admin, and whose conversation it is."""

import pytest
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from chatsite.accounts.models import User
from conversations import attachment_files
from conversations.models import Attachment, Conversation
from tests.admin_data import attachment_of, conversation_of, person

VIEWS = [
    f"view_{name}"
    for name in ("conversation", "turn", "message", "attachment", "call", "reading")
]


@pytest.fixture
def alice(db: None) -> User:
    """An ordinary person, whose conversations are read."""
    return person("alice")


@pytest.fixture
def charlie(db: None) -> User:
    """An ordinary person, to whom all this is none of their business."""
    return person("charlie")


@pytest.fixture
def clerk(db: None) -> User:
    """One who may look at every list and may not read."""
    return person("clerk", *VIEWS, is_staff=True)


@pytest.fixture
def reviewer(db: None) -> User:
    """One who may read what others wrote."""
    return person("reviewer", "read_others", *VIEWS, is_staff=True)


@pytest.fixture
def root(db: None) -> User:
    """One who may do everything, and gives reasons all the same."""
    return get_user_model().objects.create_superuser(
        username="root", email="root@example.org", password="password of root"
    )


@pytest.fixture
def conversation(alice: User) -> Conversation:
    """Alice's conversation: two turns and a picture."""
    made = conversation_of(alice, turns=2)
    attachment_of(made)
    return made


@pytest.fixture
def picture(conversation: Conversation) -> Attachment:
    """The picture of the conversation, with its bytes where uploads keep them."""
    found = Attachment.objects.get(message__conversation=conversation)
    for digest, content in (("1" * 64, b"the picture"), ("2" * 64, b"its thumbnail")):
        default_storage.save(attachment_files.name_of(digest), ContentFile(content))
    found.digest, found.thumbnail_digest = "1" * 64, "2" * 64
    found.thumbnail_media_type = "image/webp"
    found.save()
    return found
