"""An OpenID Connect provider of this machine, and the way there and back."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import requests
from django.test import Client
from oidc_provider_mock import (  # type: ignore[import-untyped]  # it ships no types
    run_server_in_thread,
)
from pytest_django import Settings

LOGIN = "/accounts/oidc/login/"
TIMEOUT_S = 10
# What a provider may say of a person.
ADA = {
    "email": "ada@example.org",
    "email_verified": True,
    "preferred_username": "ada@example.org",
    "name": "Ada Lovelace",
}


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """A running provider that lets everyone in who is asked for."""

    url: str

    def knows(self, sub: str, **claims: Any) -> None:
        """Say this about the person from now on."""
        address = f"{self.url}/users/{quote(sub)}"
        requests.put(address, json=claims, timeout=TIMEOUT_S).raise_for_status()

    def authorises(self, address: str, sub: str) -> str:
        """Let the person in who came to `address`; return where they are sent."""
        answer = requests.post(
            address, data={"sub": sub}, allow_redirects=False, timeout=TIMEOUT_S
        )
        assert answer.status_code == 302, answer.text
        back = urlsplit(answer.headers["Location"])
        return f"{back.path}?{back.query}"


@contextmanager
def running() -> Iterator[IdentityProvider]:
    """Run a provider on a free port of this machine."""
    with run_server_in_thread() as server:
        yield IdentityProvider(f"http://localhost:{server.server_port}")


def configure(settings: Settings, issuer: str) -> None:
    """Make the site know the provider, as its environment would."""
    settings.OIDC_ISSUER = issuer
    settings.OIDC_CLIENT_ID = "chatsite"
    settings.OIDC_CLIENT_SECRET = "a secret"
    settings.OIDC_NAME = "Harbour"


def begin(client: Client, **fields: str) -> str:
    """Press the button; return the provider's address that the browser goes to."""
    page = client.post(LOGIN, fields)
    assert page.status_code == 200, page.content
    found = re.search(r'content="0;url=([^"]+)"', page.content.decode())
    assert found
    return html.unescape(found[1])


def query_of(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return dict(parse_qsl(urlsplit(address).query))


def changed(address: str, **parameters: str) -> str:
    """The address with other parameters."""
    query = urlencode(query_of(address) | parameters)
    return urlsplit(address)._replace(query=query).geturl()


def sign_in(provider: IdentityProvider, sub: str, client: Client | None = None) -> Any:
    """Go to the provider and back; return the site's answer."""
    client = client or Client()
    return client.get(provider.authorises(begin(client), sub))
