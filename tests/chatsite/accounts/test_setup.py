"""The first administrator: one link, one hour, one person."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from chatsite.accounts import setup
from chatsite.accounts.models import SetupLink, User

FIELDS = {
    "username": "grace",
    "email": "grace@example.org",
    "password": "nanosecond wire",
}


@pytest.fixture
def address(db: None) -> str:
    """Where a fresh link leads."""
    return f"/setup/{setup.issue_link()}/"


def test_the_page_asks_for_what_an_administrator_needs(
    client: Client, address: str
) -> None:
    """By labels that a screen reader finds."""
    page = client.get(address).content.decode()
    labels = re.findall(r'<label for="[^"]+">([^<]+)</label>', page)
    assert labels == ["Username", "Email", "Password"]
    buttons = re.findall(r"<button[^>]*>([^<]+)</button>", page)
    assert buttons == ["Create administrator"]


def test_looking_does_not_use_the_link_up(client: Client, address: str) -> None:
    """Mail scanners follow links."""
    for _ in range(3):
        assert client.get(address).status_code == 200
    assert client.post(address, FIELDS).status_code == 302
    assert User.objects.get(username="grace").is_superuser


def test_a_mistake_does_not_use_the_link_up(client: Client, address: str) -> None:
    """What is wrong stands beside its field."""
    response = client.post(address, FIELDS | {"password": "12345678"})
    assert response.status_code == 422
    assert "entirely numeric" in response.content.decode()
    assert client.post(address, FIELDS).status_code == 302


def test_the_link_works_once(client: Client, address: str) -> None:
    """And leads to the sign-in page."""
    assert client.post(address, FIELDS)["Location"] == "/accounts/login/"
    assert client.get(address).status_code == 404
    assert client.post(address, FIELDS | {"username": "mallory"}).status_code == 404
    assert User.objects.filter(is_superuser=True).count() == 1


def test_the_link_lasts_an_hour(client: Client, address: str) -> None:
    """Afterwards a restart prints another."""
    late = timezone.now() - timedelta(seconds=1)
    SetupLink.objects.update(expires_at=late)
    assert client.get(address).status_code == 404
    assert client.post(address, FIELDS).status_code == 404


def test_a_later_link_voids_the_earlier(client: Client, address: str) -> None:
    """A restart, that is."""
    later = setup.issue_link()
    assert client.get(address).status_code == 404
    assert client.get(f"/setup/{later}/").status_code == 200


def test_a_guess_leads_nowhere(client: Client, address: str) -> None:
    """With the same page as a used link."""
    assert client.get("/setup/guess/").status_code == 404


def test_only_a_digest_of_the_token_is_kept(db: None) -> None:
    """Whoever reads the database cannot use it."""
    token = setup.issue_link()
    assert token not in SetupLink.objects.get().token_digest


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_becomes_administrator() -> None:
    """The link is used up by the transaction that makes the person."""
    token = setup.issue_link()
    made: list[User | None] = []

    def use(name: str) -> None:
        try:
            fields = FIELDS | {"username": name}
            made.append(setup.use_link(token=token, **fields))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=use, args=(f"grace{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert sum(person is not None for person in made) == 1
    assert User.objects.count() == 1


def test_the_environment_names_an_administrator_instead(
    db: None, settings: Settings
) -> None:
    """Once: a later start changes nothing."""
    settings.DJANGO_SUPERUSER_USERNAME = "grace"
    settings.DJANGO_SUPERUSER_EMAIL = "grace@example.org"
    settings.DJANGO_SUPERUSER_PASSWORD = "nanosecond wire"
    person = setup.administrator_from_environment()
    assert person is not None
    assert person.check_password("nanosecond wire")
    assert setup.administrator_from_environment() is None


def test_the_environment_raises_nobody(alice: User, settings: Settings) -> None:
    """An ordinary person of that name stays ordinary."""
    settings.DJANGO_SUPERUSER_USERNAME = "alice"
    settings.DJANGO_SUPERUSER_PASSWORD = "nanosecond wire"
    assert setup.administrator_from_environment() is None
    alice.refresh_from_db()
    assert not alice.is_superuser
