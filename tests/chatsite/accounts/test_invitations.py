"""Invitations: made in the admin, used once, revoked, expired."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from chatsite.accounts import invitations
from chatsite.accounts.models import Invitation, User
from tests.identity_provider import IdentityProvider, begin

ADD = "/admin/accounts/invitation/add/"
LIST = "/admin/accounts/invitation/"
CHOSEN = {"username": "dave", "password": "battery staple 9"}


def invite(client: Client, **fields: Any) -> str:
    """Invite dave in the admin; return the path of the link, or an empty string."""
    in_a_day = timezone.now() + timedelta(days=1)
    form = {
        "email": "dave@example.org",
        "expires_at_0": f"{in_a_day:%Y-%m-%d}",
        "expires_at_1": f"{in_a_day:%H:%M:%S}",
    }
    page = client.post(ADD, form | fields)
    found = re.search(r"http://testserver(/join/[^\"]+)", page.content.decode())
    return found[1] if found else ""


def made(**fields: Any) -> str:
    """The path of an invitation with these fields."""
    invitation = Invitation(email="dave@example.org", **fields)
    token = invitations.new_token(invitation)
    invitation.save()
    return f"/join/{token}/"


def test_an_invited_person_chooses_name_and_password_and_is_in(
    bob_client: Client,
) -> None:
    """With the groups and the address of the invitation."""
    crew = Group.objects.create(name="crew")
    link = invite(bob_client, groups=[crew.pk])
    client = Client()
    assert "dave@example.org" in client.get(link).content.decode()
    response = client.post(link, CHOSEN)
    assert response["Location"] == "/"
    dave = User.objects.get(username="dave")
    assert client.session["_auth_user_id"] == str(dave.pk)
    assert (dave.email, dave.is_staff) == ("dave@example.org", False)
    assert [*dave.groups.all()] == [crew]
    assert dave.invitation.created_by == User.objects.get(username="bob")


def test_the_link_is_shown_once_and_kept_nowhere(bob_client: Client) -> None:
    """The database holds its digest."""
    token = invite(bob_client).split("/")[2]
    invitation = Invitation.objects.get()
    page = bob_client.get(f"{LIST}{invitation.pk}/change/").content.decode()
    assert token not in page
    assert token not in str(Invitation.objects.values().get())


def test_it_lasts_a_week_unless_said_otherwise(db: None) -> None:
    """Not for ever."""
    made()
    left = Invitation.objects.get().expires_at - timezone.now()
    assert timedelta(days=6) < left <= timedelta(days=7)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"expires_at": timezone.now() - timedelta(1)}, "has expired"),
        ({"revoked_at": timezone.now()}, "was taken back"),
        ({"used_at": timezone.now()}, "was used"),
    ],
)
def test_a_link_that_no_longer_works_says_why(
    db: None, fields: dict[str, Any], words: str
) -> None:
    """To its page and to its form."""
    link = made(**fields)
    for response in (Client().get(link), Client().post(link, CHOSEN)):
        assert response.status_code == 404
        assert words in response.content.decode()
    assert not User.objects.exists()


def test_a_made_up_link_opens_nothing(db: None) -> None:
    """Nor does it say more."""
    assert Client().get("/join/guess/").status_code == 404


def test_a_link_works_once(db: None) -> None:
    """The second who has it comes too late."""
    link = made()
    Client().post(link, CHOSEN)
    assert Client().post(link, CHOSEN | {"username": "eve"}).status_code == 404
    assert not User.objects.filter(username="eve").exists()


def test_of_two_that_use_it_at_once_one_gets_in(db: None) -> None:
    """Both have seen it open; the store decides."""
    made()
    first, second = Invitation.objects.get(), Invitation.objects.get()
    assert invitations.accept(first, username="dave", password="x")
    assert invitations.accept(second, username="eve", password="x") is None
    assert [user.username for user in User.objects.all()] == ["dave"]


def test_a_refused_form_does_not_use_it_up(alice: User) -> None:
    """A taken name or a weak password is said, and can be mended."""
    link = made()
    taken = Client().post(link, CHOSEN | {"username": "alice"})
    assert taken.status_code == 422
    weak = Client().post(link, CHOSEN | {"password": "dave@example.org"})
    assert "too similar" in weak.content.decode()
    assert Client().post(link, CHOSEN).status_code == 302


def test_an_administrator_revokes_it(bob_client: Client) -> None:
    """One that was used stays what it is."""
    open_link, used_link = made(), made()
    Client().post(used_link, CHOSEN)
    fields = {
        "action": "revoke",
        "_selected_action": [*Invitation.objects.values_list("pk", flat=True)],
    }
    bob_client.post(LIST, fields)
    states = {it.state for it in Invitation.objects.all()}
    assert states == {"revoked", "used"}
    assert Client().get(open_link).status_code == 404


def test_an_invitation_is_not_changed_or_deleted(bob_client: Client) -> None:
    """Who invited whom stays known."""
    made()
    path = f"{LIST}{Invitation.objects.get().pk}"
    assert bob_client.post(f"{path}/delete/").status_code == 403
    assert bob_client.post(f"{path}/change/", {"email": "x@y.org"}).status_code == 403


def test_someone_who_may_invite_gives_no_groups(charlie: User) -> None:
    """Only administrators give rights."""
    charlie.is_staff = True
    charlie.save()
    charlie.user_permissions.set(
        Permission.objects.filter(codename__in=["add_invitation", "view_invitation"])
    )
    client = Client()
    client.force_login(charlie)
    crew = Group.objects.create(name="crew")
    assert invite(client, groups=[crew.pk])
    assert not Invitation.objects.get().groups.exists()


def test_it_is_mailed_where_the_site_sends_mail(
    bob_client: Client, settings: Settings
) -> None:
    """And shown all the same."""
    settings.EMAIL_URL = "memory://"
    backend = "django.core.mail.backends.locmem.EmailBackend"
    settings.MAILERS = {"default": {"BACKEND": backend}}
    link = invite(bob_client)
    (letter,) = mail.outbox
    assert letter.to == ["dave@example.org"]
    assert link in str(letter.body)


def test_mail_that_cannot_be_sent_leaves_the_link(
    bob_client: Client, settings: Settings
) -> None:
    """The administrator hands it over."""
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    backend = "django.core.mail.backends.smtp.EmailBackend"
    options = {"host": "127.0.0.1", "port": 1, "timeout": 1}
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": options}}
    assert invite(bob_client)


def test_someone_signed_in_makes_no_second_account_by_slip(
    alice_client: Client,
) -> None:
    """The page says so, and its form does nothing."""
    link = made()
    page = alice_client.get(link).content.decode()
    assert "signed in as alice" in page
    alice_client.post(link, CHOSEN)
    assert Invitation.objects.get().state == "open"


def test_an_invited_person_joins_by_single_sign_on(
    provider: IdentityProvider, settings: Settings
) -> None:
    """Whatever their domain: the invitation is the permission."""
    settings.ALLOWED_EMAIL_DOMAINS = ["example.org"]
    settings.OIDC_ONLY = True
    link = made()
    client = Client()
    page = client.get(link).content.decode()
    assert "Sign in with Harbour" in page
    assert "Password" not in page
    provider.knows("sub-60", email="dave@elsewhere.example", email_verified=True)
    response = client.get(provider.authorises(begin(client), "sub-60"))
    assert response["Location"] == "/"
    assert Invitation.objects.get().used_by == User.objects.get()


def test_where_only_single_sign_on_counts_the_form_does_nothing(
    provider: IdentityProvider, settings: Settings
) -> None:
    """Also for whoever posts without the page."""
    settings.OIDC_ONLY = True
    assert Client().post(made(), CHOSEN).status_code == 422
    assert not User.objects.exists()


def test_a_person_with_an_account_uses_up_no_invitation(
    provider: IdentityProvider,
) -> None:
    """Signing on finds the account that is there."""
    link = made()
    client = Client()
    client.get(provider.authorises(begin(client), "sub-61"))
    other = Client()
    other.get(link)
    other.get(provider.authorises(begin(other), "sub-61"))
    assert Invitation.objects.get().state == "open"
