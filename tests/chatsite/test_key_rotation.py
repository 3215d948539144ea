"""A new SECRET_KEY signs nobody out, as long as the old one is among the fallbacks."""

from collections.abc import Iterator

import pytest
from allauth.account.forms import default_token_generator
from allauth.mfa.adapter import get_adapter
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core import signing
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from chatsite.accounts import setup
from chatsite.accounts.models import User
from tests import factories

NEW_KEY = "the new key of the site, which nobody has seen before today"

rotation = pytest.mark.parametrize("kept", [True, False], ids=["kept", "gone"])


@pytest.fixture
def old_key(settings: Settings) -> Iterator[str]:
    """The key under which everything is made before the test replaces it."""
    yield settings.SECRET_KEY
    settings.SECRET_KEY_FALLBACKS = []


def rotate(settings: Settings, old_key: str, *, kept: bool) -> None:
    """What an operator does: a new key, and the old one among the former."""
    settings.SECRET_KEY = NEW_KEY
    settings.SECRET_KEY_FALLBACKS = [old_key] if kept else []


@pytest.mark.django_db
@rotation
def test_people_stay_signed_in(
    alice_client: Client, settings: Settings, old_key: str, *, kept: bool
) -> None:
    assert alice_client.get("/c/new/").status_code == 200

    rotate(settings, old_key, kept=kept)

    assert (alice_client.get("/c/new/").status_code == 200) is kept


@pytest.mark.django_db
def test_whoever_came_meanwhile_needs_the_old_key_no_longer(
    alice_client: Client, settings: Settings, old_key: str
) -> None:
    rotate(settings, old_key, kept=True)
    alice_client.get("/c/new/")

    rotate(settings, old_key, kept=False)

    assert alice_client.get("/c/new/").status_code == 200


@pytest.mark.django_db
@rotation
def test_a_link_to_set_a_password_still_opens(
    alice: User, settings: Settings, old_key: str, *, kept: bool
) -> None:
    token = default_token_generator.make_token(alice)

    rotate(settings, old_key, kept=kept)

    assert default_token_generator.check_token(alice, token) is kept


@rotation
def test_what_was_signed_is_still_believed(
    settings: Settings, old_key: str, *, kept: bool
) -> None:
    signed = signing.dumps({"person": 7})

    rotate(settings, old_key, kept=kept)

    if kept:
        assert signing.loads(signed) == {"person": 7}
    else:
        with pytest.raises(signing.BadSignature):
            signing.loads(signed)


@pytest.mark.django_db
@rotation
def test_the_link_of_the_first_administrator_needs_no_key(
    client: Client, settings: Settings, old_key: str, *, kept: bool
) -> None:
    token = setup.issue_link()

    rotate(settings, old_key, kept=kept)

    assert client.get(f"/setup/{token}/").status_code == 200


@pytest.mark.django_db
def test_second_factors_outlive_the_old_key_once_they_are_renewed(
    alice: User, settings: Settings, old_key: str
) -> None:
    totp = TOTP.activate(alice, "JBSWY3DPEHPK3PXP").instance
    codes = RecoveryCodes.activate(alice)
    unused = codes.get_unused_codes()

    rotate(settings, old_key, kept=True)
    call_command("renewsecrets", verbosity=0)
    rotate(settings, old_key, kept=False)

    totp.refresh_from_db()
    codes.instance.refresh_from_db()
    assert get_adapter().decrypt(totp.data["secret"]) == "JBSWY3DPEHPK3PXP"
    assert codes.get_unused_codes() == unused


@pytest.mark.django_db
def test_factors_whose_key_is_gone_are_said_and_left_alone(
    alice: User, settings: Settings, old_key: str
) -> None:
    totp = TOTP.activate(alice, "JBSWY3DPEHPK3PXP").instance
    before = dict(totp.data)
    rotate(settings, old_key, kept=False)

    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("renewsecrets", verbosity=0)

    totp.refresh_from_db()
    assert totp.data == before


@pytest.mark.django_db
def test_what_is_made_under_the_new_key_does_not_need_the_old_one(
    settings: Settings, old_key: str
) -> None:
    rotate(settings, old_key, kept=True)
    forgetful = factories.person("forgetful")
    token = default_token_generator.make_token(forgetful)
    client = Client()
    client.force_login(factories.person())

    rotate(settings, old_key, kept=False)

    assert default_token_generator.check_token(forgetful, token)
    assert client.get("/c/new/").status_code == 200
