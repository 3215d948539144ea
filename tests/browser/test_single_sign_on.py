"""Single sign-on with a browser, over a provider that runs on this machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import override

import pytest
from playwright.sync_api import expect

from tests import identity_provider
from tests.browser.axe import faults_at_all_widths
from tests.browser.chat import Chat, action
from tests.browser.conftest import Visit
from tests.browser.serving import Site
from tests.browser.watching import Watch
from tests.identity_provider import IdentityProvider


class SignOnSite(Site):
    """A site that knows an identity provider from its environment."""

    def __init__(self, data_dir: Path, issuer: str) -> None:
        super().__init__(data_dir)
        self._issuer = issuer

    @override
    def _environment(self) -> dict[str, str]:
        return super()._environment() | {
            "OIDC_ISSUER": self._issuer,
            "OIDC_CLIENT_ID": "chatsite",
            "OIDC_CLIENT_SECRET": "a secret",
            "OIDC_NAME": "Harbour",
        }


@pytest.fixture
def identities() -> Iterator[IdentityProvider]:
    """A provider that lets everyone in."""
    with identity_provider.running() as provider:
        yield provider


@pytest.fixture
def sign_on_site(
    chromium_path: str,
    identities: IdentityProvider,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """A site that people enter with their own identity."""
    site = SignOnSite(tmp_path_factory.mktemp("sign-on"), identities.url)
    site.prepare()
    site.start()
    yield site
    site.end()


def test_a_person_enters_with_an_identity_of_elsewhere(
    sign_on_site: Site, identities: IdentityProvider, visit: Visit, watch: Watch
) -> None:
    """The policy of the pages lets the browser go there and come back."""
    watch.origin = sign_on_site.url
    watch.allow(f"(elsewhere: |\\(){identities.url}/")
    watch.allow("picocss")  # the style of the provider's own page
    identities.knows(
        "ada-1",
        email="ada@example.org",
        email_verified=True,
        preferred_username="ada",
        picture="https://pictures.invalid/ada.png",
    )
    page = visit(base_url=sign_on_site.url).new_page()
    page.goto("/")
    assert faults_at_all_widths(page) == []
    action(page, "Sign in with Harbour").click()
    page.get_by_label("Subject").fill("ada-1")
    action(page, "Authorize").click()
    expect(Chat(page).box).to_be_visible()
    page.goto("/accounts/")
    expect(page.get_by_role("main")).to_contain_text("ada · ada@example.org")
    expect(page.get_by_role("main")).to_contain_text("Connected.")
    expect(page.get_by_role("main")).to_contain_text("this session")


def test_a_sign_in_that_failed_is_said_in_the_look_of_the_site(
    sign_on_site: Site, visit: Visit, watch: Watch
) -> None:
    """With a way back."""
    watch.origin = sign_on_site.url
    watch.allow("401")
    page = visit(base_url=sign_on_site.url).new_page()
    page.goto("/accounts/oidc/login/callback/?code=forged&state=forged")
    expect(page.get_by_role("heading")).to_contain_text("Harbour could not sign you in")
    assert faults_at_all_widths(page) == []
