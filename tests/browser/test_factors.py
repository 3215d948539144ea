"""Second factors, passkeys and sessions, as people set them up and use them."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests import authenticator
from tests.browser.axe import faults_at_all_widths
from tests.browser.chat import Chat, action
from tests.browser.conftest import Visit
from tests.browser.serving import PASSWORD, Person, Site
from tests.browser.watching import Watch

TELEPHONE = {"width": 360, "height": 800}
ACCOUNT = "/accounts/"


def gives_password(page: Page, person: Person) -> None:
    """Sign in as far as name and password go."""
    page.goto("/accounts/login/")
    page.get_by_label("Username", exact=True).fill(person.name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    action(page, "Sign in").click()


def confirms(page: Page) -> None:
    """Say once more who it is."""
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    action(page, "Confirm").click()


def test_an_authenticator_app_is_set_up_and_then_asked_for(
    visit: Visit, person: Person
) -> None:
    page = visit(person).new_page()
    page.goto(ACCOUNT)
    page.get_by_role("link", name="Set up an app").click()
    assert faults_at_all_widths(page) == []
    confirms(page)
    assert faults_at_all_widths(page) == []
    secret = page.locator("[data-secret]").inner_text()
    page.get_by_label("Authenticator code").fill(authenticator.code(secret))
    action(page, "Set up").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert faults_at_all_widths(page) == []
    elsewhere = visit().new_page()
    gives_password(elsewhere, person)
    assert faults_at_all_widths(elsewhere) == []
    elsewhere.get_by_label("Code").fill(authenticator.code(secret))
    action(elsewhere, "Go on").click()
    expect(Chat(elsewhere).box).to_be_visible()


@pytest.fixture
def by_name(visit: Visit, site: Site, watch: Watch) -> BrowserContext:
    """A browser that visits the site by a name: passkeys take no bare address."""
    watch.origin = site.url.replace("127.0.0.1", "localhost")
    return visit(base_url=watch.origin)


def carry_authenticator(page: Page) -> None:
    """Give the browser a passkey store that always says yes."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_added_and_signs_in_by_itself(
    by_name: BrowserContext, person: Person
) -> None:
    page = by_name.new_page()
    carry_authenticator(page)
    gives_password(page, person)
    expect(Chat(page).box).to_be_visible()
    page.goto(ACCOUNT)
    page.get_by_role("link", name="Add a passkey").click()
    confirms(page)
    assert faults_at_all_widths(page) == []
    page.get_by_label("Name", exact=True).fill("My laptop")
    action(page, "Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto(ACCOUNT)
    expect(page.get_by_role("heading", name="My laptop")).to_be_visible()
    page.goto("/accounts/logout/")
    action(page, "Sign out").click()
    action(page, "Use a passkey").click()
    expect(Chat(page).box).to_be_visible()


def test_a_key_stands_beside_the_password_as_a_second_factor(
    by_name: BrowserContext, person: Person
) -> None:
    page = by_name.new_page()
    carry_authenticator(page)
    gives_password(page, person)
    expect(Chat(page).box).to_be_visible()
    page.goto("/accounts/2fa/passkeys/add/")
    confirms(page)
    page.get_by_label("Enough by itself").uncheck()
    action(page, "Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/accounts/logout/")
    action(page, "Sign out").click()
    gives_password(page, person)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    action(page, "Use a passkey").click()
    expect(Chat(page).box).to_be_visible()


def test_a_passkey_that_is_not_there_is_said_on_the_page(
    by_name: BrowserContext,
) -> None:
    page = by_name.new_page()
    carry_authenticator(page)
    page.goto("/accounts/login/")
    action(page, "Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The passkey was not used")


def test_sessions_are_listed_and_ended(visit: Visit, person: Person) -> None:
    there = visit().new_page()
    gives_password(there, person)
    expect(Chat(there).box).to_be_visible()
    page = visit(viewport=TELEPHONE).new_page()
    gives_password(page, person)
    expect(Chat(page).box).to_be_visible()
    page.goto(ACCOUNT)
    assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"]
    assert faults_at_all_widths(page) == []
    page.get_by_role("button", name="End session").first.click()
    expect(page.get_by_role("status")).to_contain_text("The session has ended.")
    there.goto("/c/new/")
    expect(there.get_by_label("Username", exact=True)).to_be_visible()
