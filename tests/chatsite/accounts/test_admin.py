"""What an administrator does with people, and what it ends."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from chatsite.accounts.models import User
from tests.hearing import Hear

PEOPLE = "/admin/accounts/user/"
PASSWORD = "battery staple 9"


def add(client: Client, **fields: str) -> str:
    """Add dave; return the page that follows."""
    names = {"username": "dave", "email": "dave@example.org"}
    response = client.post(f"{PEOPLE}add/", names | fields, follow=True)
    return str(response.content.decode())


def test_a_person_is_added_with_a_password(bob_client: Client) -> None:
    """And can sign in with it."""
    add(bob_client, usable_password="true", password1=PASSWORD, password2=PASSWORD)
    assert Client().login(username="dave", password=PASSWORD)
    assert not User.objects.get(username="dave").is_staff


def test_a_person_is_added_with_a_link(bob_client: Client) -> None:
    """It is shown at once, and only then."""
    page = add(bob_client, usable_password="false")
    (link,) = re.findall(r"http://testserver(/[^\"]+)", page)
    assert "/password/reset/key/" in link
    dave = User.objects.get(username="dave")
    assert link not in bob_client.get(f"{PEOPLE}{dave.pk}/change/").content.decode()


def act(client: Client, action: str, *people: User) -> Any:
    """Choose people in the list and do something with them."""
    chosen = [person.pk for person in people]
    return client.post(
        PEOPLE, {"action": action, "_selected_action": chosen}, follow=True
    )


def test_deactivating_ends_sign_in_sessions_and_sockets(
    bob_client: Client,
    alice: User,
    alice_client: Client,
    charlie_client: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    heard: Hear,
) -> None:
    """Everywhere, and nobody else's."""
    socket = heard(alice)
    with django_capture_on_commit_callbacks(execute=True):
        act(bob_client, "deactivate_people", alice)
    assert socket() == {"type": "person.signed_out"}
    assert not Client().login(username="alice", password="correct horse")
    # Switched on again, the old session is still gone.
    User.objects.update(is_active=True)
    assert alice_client.get("/accounts/password/change/").status_code == 302
    assert charlie_client.get("/accounts/password/change/").status_code == 200


def test_the_checkbox_of_the_form_does_the_same(
    bob_client: Client,
    alice: User,
    alice_client: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    heard: Hear,
) -> None:
    """There is no second, weaker way."""
    socket = heard(alice)
    with django_capture_on_commit_callbacks(execute=True):
        bob_client.post(f"{PEOPLE}{alice.pk}/change/", {"username": "alice"})
    assert socket() == {"type": "person.signed_out"}
    User.objects.update(is_active=True)
    assert alice_client.get("/accounts/password/change/").status_code == 302


def test_a_new_password_from_the_admin_ends_sessions_and_sockets(
    bob_client: Client,
    alice: User,
    alice_client: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    heard: Hear,
) -> None:
    """The old password may be known to someone."""
    socket = heard(alice)
    fields = {
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "set-password": "",
    }
    with django_capture_on_commit_callbacks(execute=True):
        bob_client.post(f"{PEOPLE}{alice.pk}/password/", fields)
    assert socket() == {"type": "person.signed_out"}
    assert alice_client.get("/accounts/password/change/").status_code == 302


def test_signing_out_names_the_session_that_ended(
    alice: User,
    alice_client: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    heard: Hear,
) -> None:
    """Other devices stay."""
    socket = heard(alice)
    session = alice_client.session.session_key
    with django_capture_on_commit_callbacks(execute=True):
        alice_client.post("/accounts/logout/")
    assert socket() == {"type": "person.signed_out", "session": session}


def test_nobody_deactivates_themselves_by_the_list(
    bob: User, bob_client: Client
) -> None:
    """A slip would lock the last administrator out."""
    act(bob_client, "deactivate_people", bob)
    bob.refresh_from_db()
    assert bob.is_active


def test_nobody_is_deleted(bob_client: Client, alice: User) -> None:
    """What they wrote is theirs."""
    assert bob_client.post(f"{PEOPLE}{alice.pk}/delete/").status_code == 403


@pytest.fixture
def helper_client(charlie: User) -> Client:
    """Someone who looks after people without being an administrator."""
    charlie.is_staff = True
    charlie.save()
    charlie.user_permissions.set(
        Permission.objects.filter(codename__in=["view_user", "change_user", "add_user"])
    )
    client = Client()
    client.force_login(charlie)
    return client


def test_a_helper_cannot_make_administrators(
    helper_client: Client, charlie: User, alice: User
) -> None:
    """Neither of others nor of themselves."""
    for person in (charlie, alice):
        fields = {"username": person.username, "is_active": "on", "is_superuser": "on"}
        helper_client.post(f"{PEOPLE}{person.pk}/change/", fields)
        person.refresh_from_db()
        assert not person.is_superuser


def test_a_helper_cannot_take_over_an_administrator(
    helper_client: Client, bob: User
) -> None:
    """By no form and no link."""
    path = f"{PEOPLE}{bob.pk}"
    assert helper_client.get(f"{path}/password/").status_code == 403
    assert b"password/reset/key" not in act(helper_client, "make_link", bob).content
    act(helper_client, "deactivate_people", bob)
    bob.refresh_from_db()
    assert bob.is_active
