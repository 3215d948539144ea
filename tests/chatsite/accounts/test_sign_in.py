"""Signing in and out, and what a guesser meets."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from chatsite.accounts.models import User
from tests.factories import person

LOGIN = "/accounts/login/"
PASSWORD = "correct horse"


def attempt(
    username: str, password: str, *, address: str = "10.0.0.1", forwarded: str = ""
) -> Any:
    """Try to sign in from an address, with a fresh browser."""
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    client = Client(REMOTE_ADDR=address, headers=headers)
    return client.post(LOGIN, {"login": username, "password": password})


def test_the_page_asks_for_name_and_password(client: Client, db: None) -> None:
    """By labels that a screen reader finds."""
    page = client.get(LOGIN).content.decode()
    labels = re.findall(r'<label for="[^"]+">([^<]+)</label>', page)
    assert labels == ["Username", "Password"]
    assert re.findall(r"<button[^>]*>([^<]+)</button>", page) == [
        "Sign in",
        "Use a passkey",
    ]


def test_the_right_password_leads_back_to_the_page(alice: User) -> None:
    """To the one that was asked for."""
    client = Client()
    response = client.post(
        f"{LOGIN}?next=/c/new/",
        {"login": "alice", "password": PASSWORD, "next": "/c/new/"},
    )
    assert (response.status_code, response["Location"]) == (302, "/c/new/")


def test_no_foreign_page_is_led_to(alice: User) -> None:
    """A link from a letter may not carry a person elsewhere."""
    response = Client().post(
        LOGIN,
        {"login": "alice", "password": PASSWORD, "next": "https://evil.example/"},
    )
    assert response["Location"] == "/"


def test_a_wrong_password_and_a_wrong_name_are_told_alike(alice: User) -> None:
    """One message, and nothing else that differs."""
    token = re.compile(rb'value="[^"]*"')
    wrong_password = attempt("alice", "wrong")
    wrong_name = attempt("alicf", "wrong")
    assert wrong_password.status_code == wrong_name.status_code
    assert token.sub(b"", wrong_password.content) == token.sub(b"", wrong_name.content)
    assert wrong_password.content.count(b'role="alert"') == 1


def test_signing_in_takes_a_fresh_session_key(alice: User) -> None:
    """A key that someone planted before is worth nothing afterwards."""
    client = Client()
    client.get(f"{LOGIN}?next=/")
    session = client.session
    session["planted"] = "yes"
    session.save()
    planted = str(session.session_key)
    client.cookies["session"] = planted
    client.post(LOGIN, {"login": "alice", "password": PASSWORD})
    assert client.session.session_key != planted


def tried(outcomes: list[Any]) -> int:
    """How many attempts were compared with a password."""
    text = "username and password do not match"
    return sum(text in outcome.content.decode() for outcome in outcomes)


def test_one_account_is_guessed_at_no_more_than_five_times(alice: User) -> None:
    """From wherever the guesses come."""
    outcomes = [attempt("alice", "no", address=f"10.0.1.{n}") for n in range(12)]
    assert tried(outcomes) == 5
    # A full count holds for the right password too.
    assert attempt("alice", PASSWORD, address="10.0.2.1").status_code == 200


def test_one_address_guesses_at_no_more_than_ten_names(
    alice: User, charlie: User
) -> None:
    """And people elsewhere sign in as ever."""
    outcomes = [attempt(f"name{n}", "no") for n in range(15)]
    assert tried(outcomes) == 10
    assert attempt("charlie", PASSWORD, address="10.0.0.2").status_code == 302


def test_a_forged_forwarding_header_changes_nothing(db: None) -> None:
    """No proxy stands in front, so nobody's word for the address counts."""
    outcomes = [
        attempt(f"name{n}", "no", forwarded=f"10.9.9.{n}, 10.8.8.{n}")
        for n in range(15)
    ]
    assert tried(outcomes) == 10


def test_behind_a_proxy_the_address_is_the_one_it_saw(
    db: None, settings: Settings
) -> None:
    """What a client writes stands further left, and is not believed."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    forged = [
        attempt(f"name{n}", "no", forwarded=f"1.2.3.{n}, 10.0.0.1") for n in range(15)
    ]
    honest = [attempt(f"other{n}", "no", forwarded=f"10.7.7.{n}") for n in range(15)]
    assert (tried(forged), tried(honest)) == (10, 15)


def test_the_admin_has_no_second_door(client: Client, alice: User) -> None:
    """Its sign-in page is the throttled one, and keeps others out."""
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith(f"{LOGIN}?next=")
    client.force_login(alice)
    assert client.get("/admin/", follow=True).status_code == 403


@pytest.mark.parametrize("address", ["/accounts/logout/", "/admin/logout/"])
def test_signing_out_ends_the_session_and_erases_drafts(
    alice_client: Client, address: str
) -> None:
    """Drafts live in the browser's storage."""
    key = alice_client.session.session_key
    response = alice_client.post(address)
    assert response["Location"] == LOGIN
    assert response["Clear-Site-Data"] == '"storage"'
    assert "_auth_user_id" not in alice_client.session
    assert alice_client.session.session_key != key


def test_a_link_cannot_sign_anyone_out(alice_client: Client) -> None:
    """It takes a POST."""
    assert alice_client.get("/accounts/logout/").status_code == 200
    assert "_auth_user_id" in alice_client.session


def test_strangers_cannot_sign_up(client: Client, db: None) -> None:
    """Neither by page nor by form."""
    fields = {"username": "dave", "email": "d@example.org", "password1": "a long one"}
    assert b"administrator" in client.get("/accounts/signup/").content
    client.post("/accounts/signup/", fields)
    assert not User.objects.filter(username="dave").exists()


def test_strangers_sign_up_where_the_operator_says_so(
    client: Client, db: None, settings: Settings
) -> None:
    """And are signed in."""
    settings.SIGNUP = True
    fields = {
        "username": "dave",
        "email": "d@example.org",
        "password1": "a rather long one",
    }
    assert client.post("/accounts/signup/", fields).status_code == 302
    assert not User.objects.get(username="dave").is_staff


def test_changing_the_password_ends_the_other_sessions(alice: User) -> None:
    """The browser in which it was changed goes on."""
    here, there = Client(), Client()
    for client in (here, there):
        client.force_login(alice)
    fields = {
        "oldpassword": PASSWORD,
        "password1": "battery staple 9",
        "password2": "battery staple 9",
    }
    assert here.post("/accounts/password/change/", fields).status_code == 302
    assert here.get("/accounts/password/change/").status_code == 200
    assert there.get("/accounts/password/change/").status_code == 302


def test_without_mail_an_administrator_is_named(client: Client, db: None) -> None:
    """No form pretends to send something."""
    page = client.get("/accounts/password/reset/").content.decode()
    assert "administrator" in page
    assert "<form" not in page


@pytest.fixture
def mailing(settings: Settings) -> None:
    """A site that sends mail."""
    settings.EMAIL_URL = "memory://"
    backend = "django.core.mail.backends.locmem.EmailBackend"
    settings.MAILERS = {"default": {"BACKEND": backend}}


def test_a_reset_link_comes_by_mail(client: Client, mailing: None, db: None) -> None:
    """It is followed once, and lets a new password be chosen."""
    alice = person("alice")
    alice.email = "alice@example.org"
    alice.save()
    client.post("/accounts/password/reset/", {"email": "alice@example.org"})
    (letter,) = mail.outbox
    (link,) = re.findall(r"http://testserver(/\S+)", str(letter.body))
    assert choose(client, link)
    assert not choose(Client(), link)
    assert attempt("alice", "battery staple 9").status_code == 302


def test_an_unknown_address_is_answered_like_a_known_one(
    client: Client, mailing: None, alice: User
) -> None:
    """Whether someone has an account is nobody's business."""
    alice.email = "alice@example.org"
    alice.save()
    path = "/accounts/password/reset/"
    known = client.post(path, {"email": "alice@example.org"})
    unknown = client.post(path, {"email": "nobody@example.org"})
    assert known.status_code == unknown.status_code == 302
    assert known["Location"] == unknown["Location"]


def choose(client: Client, link: str) -> bool:
    """Choose a password by the link, if it works."""
    response = client.get(link, follow=True)
    if "Choose a password" not in response.content.decode():
        return False
    fields = {"password1": "battery staple 9", "password2": "battery staple 9"}
    after = client.post(response.redirect_chain[-1][0], fields)
    return bool(after.status_code == 302)


def test_a_link_by_hand_lets_a_password_be_chosen(alice: User, bob: User) -> None:
    """The administrator's way, where no mail is sent."""
    administrator = Client()
    administrator.force_login(bob)
    page = administrator.post(
        "/admin/accounts/user/",
        {"action": "make_link", "_selected_action": [alice.pk]},
    )
    (link,) = re.findall(r"http://testserver(/[^\"]+)", page.content.decode())
    assert page["Cache-Control"].startswith("max-age=0")
    assert choose(Client(), link)
    assert attempt("alice", "battery staple 9").status_code == 302


def test_signing_in_leaves_no_greeting_for_a_later_page(alice: User) -> None:
    """The pages that one works in show no messages."""
    client = Client()
    client.post(LOGIN, {"login": "alice", "password": PASSWORD})
    page = client.get("/accounts/password/change/").content.decode()
    assert "Change password" in page
    assert "signed in" not in page
