"""What every class of answer tells a browser, on a site of https."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django import Settings

from chatsite import urls
from chatsite.accounts.models import User
from conversations.models import Conversation
from tests import factories

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-DNS-Prefetch-Control": "off",
    "X-Frame-Options": "DENY",
}
POLICY = {
    *("default-src 'none'", "object-src 'none'", "base-uri 'none'"),
    *("frame-ancestors 'none'", "form-action 'self'"),
}
ANSWERS = {
    "page": ("/c/new/", 200),
    "conversation": ("/c/{}/", 200),
    "partial": ("/conversations/", 200),
    "redirect": ("/admin/logout/", None),
    "sign-in": ("/accounts/login/", None),
    "admin": ("/admin/", 200),
    "list of the admin": ("/admin/accounts/user/", 200),
    "not found": ("/nothing/", 404),
    "not found in the admin": ("/admin/nothing/", 404),
    "bad request": ("/attachments/", 405),
    "text": ("/messages/{message}/text", 200),
}


@pytest.fixture
def secure(settings: Settings) -> None:
    """The settings that an https address makes, as far as one process can."""
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True


@pytest.fixture
def get(bob: User, secure: None) -> Callable[[str], Any]:
    """Gets an answer of that name over https, for an administrator."""
    made: Conversation = factories.conversation(bob)

    def get(name: str) -> Any:
        client = Client()
        client.force_login(bob)
        address = ANSWERS[name][0].format(made.pk, message=made.leaf_id)
        return client.get(address, secure=True)

    return get


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_carries_every_header(
    name: str, get: Callable[[str], Any]
) -> None:
    response = get(name)
    assert ANSWERS[name][1] in {None, response.status_code}
    for header, value in HEADERS.items():
        assert response.headers.get(header) == value, header
    assert "camera=()" in response.headers["Permissions-Policy"]
    hsts = response.headers["Strict-Transport-Security"]
    assert hsts == "max-age=31536000; includeSubDomains"
    policy = response.headers["Content-Security-Policy"]
    assert set(policy.split("; ")) >= POLICY
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "http" not in policy


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


urlpatterns = [path("broken/", broken), *urls.urlpatterns]


def test_an_error_of_the_server_is_a_page_like_others(
    bob: User, secure: None, settings: Settings
) -> None:
    settings.ROOT_URLCONF = __name__
    client = Client(raise_request_exception=False)
    client.force_login(bob)
    response = client.get("/broken/", secure=True)
    assert response.status_code == 500
    for header, value in HEADERS.items():
        assert response.headers.get(header) == value, header
    assert response.headers["Strict-Transport-Security"]
    policy = response.headers["Content-Security-Policy"]
    assert set(policy.split("; ")) >= POLICY
    assert b"RuntimeError" not in response.content


def test_plain_http_is_sent_to_https(client: Client, secure: None, db: None) -> None:
    response = client.get("/accounts/login/")
    assert response.status_code == 301
    assert response.headers["Location"].startswith("https://")


def test_what_may_be_shown_is_never_stored(get: Callable[[str], Any]) -> None:
    for name in ("page", "conversation", "partial", "text"):
        assert "no-store" in get(name).headers["Cache-Control"], name


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value", ["http://[::1", "http://[", "//[x]y/", "\x00", "http"]
)
def test_an_address_that_is_none_breaks_nothing(
    alice_client: Client, value: str
) -> None:
    for address in ("/c/", "/conversations/", "/trash/", "/accounts/login/"):
        for verb in ("GET", "POST"):
            head = {"HX-Request": "true", "HX-Current-URL": value}
            assert alice_client.generic(verb, address, headers=head).status_code < 500


@pytest.fixture
def cookies(client: Client, alice: User) -> Any:
    """The cookies of a sign-in."""
    client.get("/accounts/login/")
    client.post("/accounts/login/", {"login": "alice", "password": "correct horse"})
    return client.cookies


def test_no_script_and_no_other_site_gets_a_cookie(cookies: Any) -> None:
    for name in (site_settings.SESSION_COOKIE_NAME, site_settings.CSRF_COOKIE_NAME):
        assert cookies[name]["httponly"]
        assert cookies[name]["samesite"] == "Lax"
        assert cookies[name]["path"] == "/"
        assert not cookies[name]["domain"]
