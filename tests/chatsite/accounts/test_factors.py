"""Second factors: set up, asked for, limited, demanded and reset."""

import re
from typing import Any

import pytest
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.webauthn.internal.auth import get_server
from django.contrib.admin.models import LogEntry
from django.test import Client, RequestFactory
from pytest_django import Settings

from chatsite.accounts.factors import FactorAdapter
from chatsite.accounts.models import User
from tests.authenticator import code
from tests.identity_provider import IdentityProvider, sign_in

SIGN_IN = "/accounts/login/"
SECOND = "/accounts/2fa/authenticate/"
ADD_APP = "/accounts/2fa/app/add/"
ACCOUNT = "/accounts/"
PASSWORD = "correct horse"


def with_password(client: Client, username: str = "alice") -> Any:
    """Give name and password."""
    return client.post(SIGN_IN, {"login": username, "password": PASSWORD})


@pytest.fixture
def secret(alice: User) -> str:
    """What alice's authenticator app knows."""
    secret: str = generate_totp_secret()
    TOTP.activate(alice, secret)
    return secret


def is_in(client: Client) -> bool:
    """Whether someone is signed in."""
    return "_auth_user_id" in client.session


def test_an_app_is_set_up_after_the_password_is_confirmed(alice: User) -> None:
    """It ends with recovery codes."""
    client = Client()
    with_password(client)
    confirm = client.get(ADD_APP)
    assert confirm["Location"].startswith("/accounts/reauthenticate/")
    client.post(confirm["Location"], {"password": PASSWORD})
    page = client.get(ADD_APP).content.decode()
    (secret,) = re.findall(r"data-secret>([A-Z2-7]+)<", page)
    response = client.post(ADD_APP, {"code": code(secret)})
    assert response["Location"] == "/accounts/2fa/codes/"
    codes = client.get(response["Location"]).content.decode()
    assert len(re.findall(r"<li>\w+</li>", codes)) == 10


def test_a_wrong_code_sets_nothing_up(alice: User) -> None:
    """The app must have understood the key."""
    client = Client()
    with_password(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.get(ADD_APP)
    assert client.post(ADD_APP, {"code": "000000"}).status_code == 200
    assert not Authenticator.objects.exists()


def test_the_key_is_not_readable_in_the_database(secret: str) -> None:
    """A stolen backup makes no codes."""
    assert secret not in str(Authenticator.objects.get().data)


def test_a_former_site_key_still_reads_it(secret: str, settings: Settings) -> None:
    """While it is among the fallbacks."""
    former = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [former]
    assert FactorAdapter().decrypt(Authenticator.objects.get().data["secret"]) == secret


def test_the_password_alone_no_longer_signs_in(secret: str) -> None:
    """Only the code does, and it leads where the person was going."""
    client = Client()
    fields = {"login": "alice", "password": PASSWORD, "next": "/c/new/"}
    response = client.post(SIGN_IN, fields)
    assert response["Location"] == SECOND
    assert not is_in(client)
    before = client.session.session_key
    response = client.post(SECOND, {"code": code(secret)})
    assert response["Location"] == "/c/new/"
    assert is_in(client)
    assert client.session.session_key != before


def test_a_code_works_once(secret: str) -> None:
    """Whoever looked over the shoulder is too late."""
    seen = code(secret)
    first, second = Client(), Client()
    for client in (first, second):
        with_password(client)
        client.post(SECOND, {"code": seen})
    assert (is_in(first), is_in(second)) == (True, False)


def test_a_recovery_code_stands_in_for_the_app(alice: User, secret: str) -> None:
    """Once."""
    client = Client()
    client.force_login(alice)
    mine = Client()
    with_password(mine)
    mine.post(SECOND, {"code": code(secret)})
    mine.post("/accounts/2fa/reauthenticate/", {"code": code(secret, periods=1)})
    mine.post("/accounts/reauthenticate/", {"password": PASSWORD})
    mine.post("/accounts/2fa/codes/new/")
    page = mine.get("/accounts/2fa/codes/").content.decode()
    recovery = re.findall(r"<li>(\w+)</li>", page)[0]
    outcomes = []
    for _ in range(2):
        client = Client()
        with_password(client)
        client.post(SECOND, {"code": recovery})
        outcomes.append(is_in(client))
    assert outcomes == [True, False]


def test_codes_are_guessed_at_no_more_than_five_times(secret: str) -> None:
    """Then even the right one is refused for a while."""
    client = Client()
    with_password(client)
    for _ in range(5):
        client.post(SECOND, {"code": "000000"})
    page = client.post(SECOND, {"code": code(secret)})
    assert "Too many failed attempts" in page.content.decode()
    assert not is_in(client)


def test_nobody_reaches_the_second_step_without_the_first(secret: str) -> None:
    """It says nothing about who has a factor."""
    response = Client().get(SECOND)
    assert response["Location"] == SIGN_IN


def test_a_passkey_of_nobody_is_refused_without_a_word(db: None) -> None:
    """No answer tells whether an account has passkeys."""
    begun = Client().get(
        "/accounts/2fa/passkeys/login/", headers={"accept": "application/json"}
    )
    assert begun.json()["request_options"]["publicKey"]["allowCredentials"] == []
    forged = Client().post("/accounts/2fa/passkeys/login/", {"credential": "{}"})
    assert forged["Location"] == SIGN_IN


@pytest.mark.parametrize(
    ("site_url", "host", "name"),
    [
        ("https://chat.example.org", "evil.example", "chat.example.org"),
        ("http://127.0.0.1:8000", "localhost:8000", "localhost"),
    ],
)
def test_passkeys_belong_to_the_public_name_of_the_site(
    settings: Settings, site_url: str, host: str, name: str
) -> None:
    """Only on one's own machine it is what was typed."""
    settings.SITE_URL = site_url
    request = RequestFactory().get("/", headers={"host": host})
    settings.ALLOWED_HOSTS = ["*"]
    with context.request_context(request):
        server = get_server()
    assert server.rp.id == name


@pytest.fixture
def demanding(settings: Settings) -> Settings:
    """A site where everyone has to have a second factor."""
    settings.REQUIRE_MFA = "all"
    return settings


def test_whoever_has_to_set_a_factor_up_is_sent_there(
    alice: User, demanding: Settings
) -> None:
    """From every page but those of the account."""
    client = Client()
    with_password(client)
    assert client.get("/c/new/")["Location"] == ACCOUNT
    assert "asks for a second factor" in client.get(ACCOUNT).content.decode()
    partial = client.get("/list/", headers={"hx-request": "true"})
    assert partial["HX-Redirect"] == ACCOUNT


def test_whoever_has_one_goes_on(secret: str, demanding: Settings) -> None:
    """Without another question."""
    client = Client()
    with_password(client)
    client.post(SECOND, {"code": code(secret)})
    assert client.get("/c/new/").status_code == 200


def test_a_person_of_single_sign_on_is_left_to_the_provider(
    provider: IdentityProvider, demanding: Settings
) -> None:
    """Which has demands of its own."""
    client = Client()
    sign_in(provider, "sub-40", client)
    assert client.get("/c/new/").status_code == 200


def test_the_rule_can_be_for_the_staff_alone(
    demanding: Settings, alice_client: Client, bob_client: Client
) -> None:
    """It may come later than a sign-in."""
    demanding.REQUIRE_MFA = "staff"
    assert alice_client.get("/c/new/").status_code == 200
    assert bob_client.get("/admin/")["Location"] == ACCOUNT
    demanding.REQUIRE_MFA = "all"
    assert alice_client.get("/c/new/")["Location"] == ACCOUNT


def test_the_last_factor_stays_where_one_is_demanded(
    secret: str, demanding: Settings
) -> None:
    """It can be replaced, not dropped."""
    client = Client()
    with_password(client)
    client.post(SECOND, {"code": code(secret)})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.post("/accounts/2fa/app/remove/")
    assert "your last one" in page.content.decode()
    assert Authenticator.objects.exists()


def act(client: Client, action: str, *people: User) -> Any:
    """Choose people in the admin and do something with them."""
    chosen = [person.pk for person in people]
    fields = {"action": action, "_selected_action": chosen}
    return client.post("/admin/accounts/user/", fields)


def test_an_administrator_resets_factors(
    secret: str, alice: User, bob_client: Client
) -> None:
    """The admin's log keeps that it happened."""
    act(bob_client, "reset_factors", alice)
    client = Client()
    with_password(client)
    assert is_in(client)
    assert "Reset 1 second factors" in LogEntry.objects.get().get_change_message()


def test_a_helper_does_not_reset_the_factors_of_an_administrator(
    bob: User, charlie: User, charlie_client: Client
) -> None:
    """That would be the way to become one."""
    TOTP.activate(bob, generate_totp_secret())
    charlie.is_staff = True
    charlie.save()
    act(charlie_client, "reset_factors", bob)
    assert Authenticator.objects.exists()


@pytest.mark.parametrize(
    "model",
    [
        "mfa/authenticator",
        "socialaccount/socialapp",
        "socialaccount/socialtoken",
        "usersessions/usersession",
    ],
)
def test_secrets_have_no_page_in_the_admin(bob_client: Client, model: str) -> None:
    """Administrators act on people, not on rows."""
    assert bob_client.get(f"/admin/{model}/").status_code == 404
