"""The log of readings in the admin: for those who may see it, for nobody to change."""

import uuid

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chatsite.accounts.models import User
from conversations.audit.models import Reading
from conversations.audit.reading import first_reading, recorded
from tests.admin_data import person, signed_in

LISTED = "/admin/audit/reading/"


@pytest.fixture
def alice(db: None) -> User:
    """Whose conversation was read."""
    return person("alice")


@pytest.fixture
def reviewer(db: None) -> User:
    """Who read it; they may not see the log."""
    return person("reviewer", "read_others", is_staff=True)


@pytest.fixture
def auditor(db: None) -> User:
    """Who watches the readers, and may not read."""
    return person("auditor", "view_reading", is_staff=True)


@pytest.fixture
def root(db: None) -> User:
    """Who may do everything but this."""
    return get_user_model().objects.create_superuser("root", "root@example.org", "x")


@pytest.fixture
def reading(reviewer: User, alice: User) -> Reading:
    """One reading of one conversation."""
    return read(reviewer, alice)


def read(reader: User, owner: User) -> Reading:
    row = first_reading(
        reader=reader,
        owner=owner,
        conversation_id=uuid.uuid4(),
        reason="She asked for help",
        address="127.0.0.1",
    )
    with recorded(row):
        pass
    return row


def test_the_log_says_who_read_what_of_whom_when_and_why(
    reading: Reading, auditor: User
) -> None:
    page = signed_in(auditor).get(LISTED).content.decode()
    for words in ("reviewer", "alice", str(reading.subject_id), "She asked for help"):
        assert words in page


def test_a_row_says_under_which_reason_it_was_read(
    reading: Reading, auditor: User
) -> None:
    response = signed_in(auditor).get(f"{LISTED}{reading.pk}/change/")
    assert response.status_code == 200
    assert "She asked for help" in response.content.decode()


def test_the_log_is_for_those_who_may_view_it(
    reading: Reading, reviewer: User, alice: User, auditor: User, root: User
) -> None:
    for path in (
        LISTED,
        f"{LISTED}{reading.pk}/change/",
        f"{LISTED}{reading.pk}/history/",
    ):
        assert Client().get(path).status_code == 302
        assert signed_in(alice).get(path).status_code in {302, 403, 404}
        assert signed_in(reviewer).get(path).status_code == 403
        assert signed_in(auditor).get(path).status_code == 200
        assert signed_in(root).get(path).status_code == 200


def test_nobody_adds_changes_or_deletes_a_row(
    reading: Reading, root: User, auditor: User
) -> None:
    for someone in (root, auditor):
        client = signed_in(someone)
        one = f"{LISTED}{reading.pk}"
        assert client.post(f"{LISTED}add/").status_code == 403
        assert client.post(f"{one}/change/", {"reason": "other"}).status_code == 403
        assert client.post(f"{one}/delete/", {"post": "yes"}).status_code == 403
        client.post(
            LISTED,
            {
                "action": "delete_selected",
                "_selected_action": reading.pk,
                "post": "yes",
            },
        )
    assert Reading.objects.get().reason == "She asked for help"


def test_the_only_rights_on_the_log_are_to_see_it_and_to_cause_a_row(
    db: None,
) -> None:
    rights = Permission.objects.filter(content_type__app_label="audit")
    assert set(rights.values_list("codename", flat=True)) == {
        "view_reading",
        "read_others",
    }


def test_rows_outlive_the_people_they_name(reading: Reading, reviewer: User) -> None:
    reviewer.delete()
    row = Reading.objects.get()
    assert row.reader is None
    assert row.reader_name == "reviewer"


def test_the_log_costs_the_same_with_one_row_and_with_many(
    reading: Reading, auditor: User
) -> None:
    client = signed_in(auditor)
    with CaptureQueriesContext(connection) as few:
        client.get(LISTED)
    for number in range(5):
        read(person(f"reader-{number}"), person(f"owner-{number}"))
    with CaptureQueriesContext(connection) as many:
        client.get(LISTED)
    assert len(many) == len(few)
