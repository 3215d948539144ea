"""The row and what it lets be read are committed together or not at all."""

import uuid

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError

from chatsite.accounts.models import User
from conversations.audit.models import Reading
from conversations.audit.reading import first_reading, may_read_others, recorded
from tests.admin_data import person


@pytest.fixture
def alice(db: None) -> User:
    """Whose conversation it is."""
    return person("alice")


@pytest.fixture
def reviewer(db: None) -> User:
    """Who may read it."""
    return person("reviewer", "read_others")


def a_reading(reader: User, owner: User, *, reason: str = "Asked to") -> Reading:
    return first_reading(
        reader=reader,
        owner=owner,
        conversation_id=uuid.uuid4(),
        reason=reason,
        address="",
    )


def test_the_row_is_there_while_the_conversation_is_fetched(
    reviewer: User, alice: User
) -> None:
    with recorded(a_reading(reviewer, alice)) as row:
        assert Reading.objects.filter(pk=row.pk).exists()


def test_nothing_is_fetched_when_the_row_is_refused(
    reviewer: User, alice: User
) -> None:
    fetched = []
    refused = recorded(a_reading(reviewer, alice, reason=""))
    with pytest.raises(IntegrityError), refused:
        fetched.append("words")
    assert not fetched


def test_a_row_of_something_that_could_not_be_fetched_is_taken_back(
    reviewer: User, alice: User
) -> None:
    with pytest.raises(FileNotFoundError), recorded(a_reading(reviewer, alice)):
        raise FileNotFoundError
    assert not Reading.objects.exists()


def test_a_row_is_not_written_over(reviewer: User, alice: User) -> None:
    with recorded(a_reading(reviewer, alice)) as row:
        pass
    row.reason = "Something else"
    with pytest.raises(IntegrityError), recorded(row):
        pass
    assert Reading.objects.get().reason == "Asked to"


def test_only_active_people_with_the_right_may_read(
    reviewer: User, alice: User
) -> None:
    assert may_read_others(reviewer)
    assert not may_read_others(alice)
    reviewer.is_active = False
    assert not may_read_others(reviewer)


def test_superusers_may_read(db: None) -> None:
    root = get_user_model().objects.create_superuser("root", "root@example.org", "x")
    assert may_read_others(root)
