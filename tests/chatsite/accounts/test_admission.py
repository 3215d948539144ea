"""Whom single sign-on lets in, to which account, and with which rights."""

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django import Settings

from chatsite.accounts.models import User
from tests.factories import person
from tests.identity_provider import ADA, IdentityProvider, begin, sign_in

SIGN_IN = "/accounts/login/"


def test_an_unverified_address_is_not_kept(provider: IdentityProvider) -> None:
    """So that it opens nothing, and no password is mailed to it."""
    alice = person("alice")
    User.objects.filter(pk=alice.pk).update(email="ada@example.org")
    provider.knows("sub-8", **ADA | {"email_verified": False})
    sign_in(provider, "sub-8")
    assert User.objects.exclude(pk=alice.pk).get().email == ""


@pytest.mark.parametrize(
    ("claims", "admitted"),
    [
        (ADA, True),
        (ADA | {"email": "ADA@Example.ORG"}, True),
        (ADA | {"email_verified": False}, False),
        (ADA | {"email": "ada@example.org.evil.example"}, False),
        (ADA | {"email": "ada@sub.example.org"}, False),
        ({"name": "Ada"}, False),
    ],
)
def test_only_verified_addresses_of_the_allowed_domains_join(
    provider: IdentityProvider,
    settings: Settings,
    claims: dict[str, object],
    admitted: bool,
) -> None:
    """Others are told so, and no account is left behind."""
    settings.ALLOWED_EMAIL_DOMAINS = ["example.org"]
    provider.knows("sub-9", **claims)
    response = sign_in(provider, "sub-9")
    assert response.status_code == (302 if admitted else 403)
    assert User.objects.exists() == admitted


def test_a_verified_address_opens_no_local_account_by_itself(
    provider: IdentityProvider, alice: User
) -> None:
    """The person is told how to connect the two."""
    User.objects.update(email="ada@example.org")
    provider.knows("sub-10", **ADA)
    response = sign_in(provider, "sub-10")
    assert response.status_code == 403
    assert b"connect" in response.content
    assert not SocialAccount.objects.exists()


@pytest.fixture
def linking(settings: Settings) -> None:
    """A site where a verified address is enough."""
    settings.OIDC_LINK_BY_EMAIL = True


def test_where_it_is_allowed_a_verified_address_links(
    provider: IdentityProvider, alice: User, linking: None
) -> None:
    """Once; from then on the provider's id counts."""
    User.objects.update(email="ada@example.org")
    provider.knows("sub-11", **ADA)
    assert sign_in(provider, "sub-11").status_code == 302
    assert SocialAccount.objects.get().user == alice
    provider.knows("sub-12", **ADA)
    assert sign_in(provider, "sub-12").status_code == 403


def test_an_administrator_is_never_linked_by_address(
    provider: IdentityProvider, bob: User, linking: None
) -> None:
    """Whoever runs the mail does not thereby run the site."""
    User.objects.update(email="ada@example.org")
    provider.knows("sub-13", **ADA)
    assert sign_in(provider, "sub-13").status_code == 403


def test_a_person_who_is_switched_off_stays_out(provider: IdentityProvider) -> None:
    """Whatever the provider says."""
    sign_in(provider, "sub-14")
    User.objects.update(is_active=False)
    client = Client()
    response = sign_in(provider, "sub-14", client)
    assert response["Location"] == "/accounts/inactive/"
    assert "_auth_user_id" not in client.session


def test_the_same_id_of_another_provider_is_another_person(
    provider: IdentityProvider,
) -> None:
    """A site that changes its provider mixes nobody up."""
    sign_in(provider, "sub-15")
    SocialAccount.objects.update(provider="https://former.example.org")
    sign_in(provider, "sub-15")
    assert User.objects.count() == 2


def groups_of(user: User) -> set[str]:
    """The names of the person's groups."""
    return {group.name for group in user.groups.all()}


def test_groups_follow_the_claims_at_each_sign_in(provider: IdentityProvider) -> None:
    """Added and removed; what the site itself gave stays."""
    provider.knows("sub-16", groups=["crew", "cooks"])
    sign_in(provider, "sub-16")
    ada = User.objects.get()
    assert groups_of(ada) == {"crew", "cooks"}
    ada.groups.add(Group.objects.create(name="local"))
    ada.groups.add(pilots := Group.objects.create(name="pilots"))
    provider.knows("sub-16", groups=["cooks", "pilots"])
    sign_in(provider, "sub-16")
    assert groups_of(ada) == {"cooks", "local", pilots.name}
    provider.knows("sub-16")
    sign_in(provider, "sub-16")
    assert groups_of(ada) == {"local", pilots.name}


def test_groups_are_found_along_a_path(
    provider: IdentityProvider, settings: Settings
) -> None:
    """Providers nest them."""
    settings.OIDC_GROUPS_CLAIM = "realm_access.roles"
    provider.knows("sub-17", realm_access={"roles": ["crew"]})
    sign_in(provider, "sub-17")
    assert groups_of(User.objects.get()) == {"crew"}


def rights_of(user: User) -> tuple[bool, bool]:
    """Whether the person may enter the admin, and whether they administer."""
    user.refresh_from_db()
    return user.is_staff, user.is_superuser


def test_named_groups_give_and_take_the_admin(
    provider: IdentityProvider, settings: Settings
) -> None:
    """A right that was lost ends the sign-ins that still showed it."""
    settings.OIDC_ADMIN_GROUPS, settings.OIDC_STAFF_GROUPS = ["captains"], ["mates"]
    provider.knows("sub-18", groups=["captains"])
    here = Client()
    sign_in(provider, "sub-18", here)
    ada = User.objects.get()
    assert rights_of(ada) == (True, True)
    provider.knows("sub-18", groups=["mates"])
    sign_in(provider, "sub-18")
    assert rights_of(ada) == (True, False)
    assert "_auth_user_id" not in here.session
    provider.knows("sub-18")
    sign_in(provider, "sub-18")
    assert rights_of(ada) == (False, False)


def test_an_administrator_of_the_site_itself_stays_one(
    provider: IdentityProvider, settings: Settings, bob: User
) -> None:
    """The provider takes only what it gave."""
    settings.OIDC_ADMIN_GROUPS = ["captains"]
    SocialAccount.objects.create(user=bob, provider=provider.url, uid="sub-19")
    provider.knows("sub-19", groups=["crew"])
    sign_in(provider, "sub-19")
    assert rights_of(bob) == (True, True)


def test_whoever_left_the_allowed_groups_is_signed_out_everywhere(
    provider: IdentityProvider, settings: Settings
) -> None:
    """At the next sign-in, also on the other devices."""
    settings.OIDC_ALLOWED_GROUPS = ["crew"]
    provider.knows("sub-20", groups=["crew"])
    elsewhere = Client()
    sign_in(provider, "sub-20", elsewhere)
    provider.knows("sub-20", groups=["passengers"])
    assert sign_in(provider, "sub-20").status_code == 403
    assert "_auth_user_id" not in elsewhere.session
    assert groups_of(User.objects.get()) == set()


@pytest.fixture
def sign_on_only(provider: IdentityProvider, settings: Settings) -> None:
    """A site that is entered by single sign-on alone."""
    settings.OIDC_ONLY = True


def test_the_fields_can_be_hidden(sign_on_only: None) -> None:
    """An administrator asks for them."""
    assert "Password" not in Client().get(SIGN_IN).content.decode()
    assert "Password" in Client().get(f"{SIGN_IN}?local=1").content.decode()


def test_hidden_fields_let_only_administrators_in(
    sign_on_only: None, alice: User, bob: User
) -> None:
    """The rule holds for whoever posts without the page, too."""
    statuses = {}
    for who in (alice, bob):
        fields = {"login": who.username, "password": "correct horse"}
        statuses[who.username] = Client().post(SIGN_IN, fields).status_code
    assert statuses == {"alice": 403, "bob": 302}


def test_whom_the_provider_brought_keeps_no_password_of_the_site(
    provider: IdentityProvider,
) -> None:
    """Whoever is shut out there would still get in here."""
    client = Client()
    sign_in(provider, "sub-21", client)
    fields = {"password1": "battery staple 9", "password2": "battery staple 9"}
    assert client.post("/accounts/password/set/", fields).status_code == 403
    assert not User.objects.get().has_usable_password()
    assert "Add a passkey" not in client.get("/accounts/").content.decode()


def test_signing_in_meanwhile_opens_no_way_around_the_rules(
    provider: IdentityProvider, settings: Settings, alice: User
) -> None:
    """The sign-in that was begun before is judged as any other."""
    settings.ALLOWED_EMAIL_DOMAINS = ["example.org"]
    provider.knows("sub-22", email="eve@evil.example", email_verified=True)
    client = Client()
    address = begin(client)
    client.post(SIGN_IN, {"login": "alice", "password": "correct horse"})
    response = client.get(provider.authorises(address, "sub-22"))
    assert response.status_code in {401, 403}
    assert User.objects.count() == 1
