"""Single sign-on against a provider that runs on this machine."""

import re

from django.test import Client
from pytest_django import Settings

from chatsite.accounts.models import User
from tests.factories import person
from tests.identity_provider import (
    ADA,
    LOGIN,
    IdentityProvider,
    begin,
    changed,
    query_of,
    sign_in,
)

CALLBACK = "/accounts/oidc/login/callback/"
SIGN_IN = "/accounts/login/"


def test_the_button_bears_the_name_of_the_provider(provider: IdentityProvider) -> None:
    """It stands above the fields."""
    page = Client().get(SIGN_IN).content.decode()
    buttons = re.findall(r"<button[^>]*>([^<]+)</button>", page)
    assert buttons[0] == "Sign in with Harbour"


def test_without_a_provider_there_is_no_door(db: None) -> None:
    """Neither button nor address."""
    assert "Sign in with" not in Client().get(SIGN_IN).content.decode()
    assert Client().post(LOGIN).status_code == 404
    assert Client().get(CALLBACK).status_code == 404


def test_the_first_sign_in_makes_an_account(provider: IdentityProvider) -> None:
    """Named after the person, without a password and without rights."""
    provider.knows("sub-1", **ADA)
    response = sign_in(provider, "sub-1")
    assert (response.status_code, response["Location"]) == (302, "/")
    ada = User.objects.get()
    assert (ada.username, ada.email) == ("ada", "ada@example.org")
    assert (ada.first_name, ada.last_name) == ("Ada", "Lovelace")
    assert not ada.has_usable_password()
    assert not ada.is_staff


def test_the_second_sign_in_finds_the_account(provider: IdentityProvider) -> None:
    """By the provider's own id for the person, whatever their address is now."""
    provider.knows("sub-2", **ADA)
    sign_in(provider, "sub-2")
    provider.knows("sub-2", **ADA | {"email": "countess@example.org"})
    client = Client()
    sign_in(provider, "sub-2", client)
    assert User.objects.count() == 1
    assert client.get("/accounts/password/change/").status_code in {200, 302}
    assert "_auth_user_id" in client.session


def test_a_name_that_is_taken_gets_a_number(provider: IdentityProvider) -> None:
    """Nobody enters the account of a namesake."""
    local = person("ada")
    provider.knows("sub-3", **ADA)
    sign_in(provider, "sub-3")
    other = User.objects.exclude(pk=local.pk).get()
    assert re.fullmatch(r"ada\d+", other.username)


def test_the_browser_goes_back_to_the_page_it_wanted(
    provider: IdentityProvider,
) -> None:
    """And to no other site."""
    for wanted, reached in (("/c/new/", "/c/new/"), ("https://evil.example/", "/")):
        client = Client()
        address = begin(client, next=wanted)
        response = client.get(provider.authorises(address, "sub-4"))
        assert response["Location"] == reached


def test_the_request_is_bound_to_this_browser(provider: IdentityProvider) -> None:
    """By state, nonce and the challenge of PKCE; fresh ones each time."""
    first, second = query_of(begin(Client())), query_of(begin(Client()))
    assert first["code_challenge_method"] == "S256"
    assert first["scope"].split().count("openid") == 1
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]


def test_nobody_else_says_what_is_asked_for(provider: IdentityProvider) -> None:
    """Parameters of a link do not reach the provider."""
    client = Client()
    page = client.post(
        f"{LOGIN}?scope=admin&auth_params=prompt%3Dnone&process=redirect"
    )
    assert "admin" not in page.content.decode()
    assert "prompt" not in page.content.decode()


def test_a_sign_in_cannot_be_begun_by_a_link(provider: IdentityProvider) -> None:
    """It takes the button."""
    assert Client().get(LOGIN).status_code == 405


def failed(response: object) -> bool:
    """Whether the page says that the sign-in failed, and nobody came in."""
    return getattr(response, "status_code", 0) == 401 and not User.objects.exists()


def test_another_browser_cannot_finish_a_sign_in(provider: IdentityProvider) -> None:
    """A link that an attacker hands on is worth nothing."""
    back = provider.authorises(begin(Client()), "sub-5")
    assert failed(Client().get(back))


def test_a_wrong_state_is_refused(provider: IdentityProvider) -> None:
    """Also in the browser that began."""
    client = Client()
    back = provider.authorises(changed(begin(client), state="forged"), "sub-5")
    assert failed(client.get(back))


def test_a_wrong_nonce_is_refused(provider: IdentityProvider) -> None:
    """A token of another sign-in does not fit this one."""
    client = Client()
    back = provider.authorises(changed(begin(client), nonce="forged"), "sub-5")
    assert failed(client.get(back))


def test_a_callback_works_once(provider: IdentityProvider) -> None:
    """Whoever finds it in a history gets nowhere."""
    client = Client()
    back = provider.authorises(begin(client), "sub-6")
    assert client.get(back).status_code == 302
    client.post("/accounts/logout/")
    assert client.get(back).status_code == 401
    assert "_auth_user_id" not in client.session


def test_signing_on_takes_a_fresh_session_key(provider: IdentityProvider) -> None:
    """A key that someone planted before is worth nothing afterwards."""
    client = Client()
    address = begin(client)
    planted = client.session.session_key
    client.get(provider.authorises(address, "sub-7"))
    assert client.session.session_key != planted


def test_a_person_who_declines_is_led_back(provider: IdentityProvider) -> None:
    """To the page with the other ways in."""
    client = Client()
    state = query_of(begin(client))["state"]
    response = client.get(CALLBACK, {"error": "access_denied", "state": state})
    assert client.get(response["Location"])["Location"] == SIGN_IN


def test_an_issuer_of_another_name_is_not_believed(
    provider: IdentityProvider, settings: Settings
) -> None:
    """The discovery document must be the issuer's own."""
    settings.OIDC_ISSUER = provider.url.replace("localhost", "LOCALHOST")
    assert Client().post(LOGIN).status_code == 401


def test_a_provider_that_is_down_is_said(settings: Settings, db: None) -> None:
    """The sign-in page itself does not ask for it."""
    settings.OIDC_ISSUER = "http://127.0.0.1:1"
    settings.OIDC_NAME = "Harbour"
    assert Client().get(SIGN_IN).status_code == 200
    page = Client().post(LOGIN)
    assert page.status_code == 401
    assert b"Harbour could not sign you in" in page.content
