"""The page of one's own account, and the sessions on it."""

import re
from datetime import timedelta

import pytest
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.test import AsyncClient, Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from chatsite.accounts.models import User
from chatsite.accounts.sessions import device
from tests.hearing import Hear
from tests.identity_provider import IdentityProvider, begin

ACCOUNT = "/accounts/"
PASSWORD = "correct horse"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0"
)


def signed_in(agent: str, address: str, username: str = "alice") -> Client:
    """A browser in which someone is signed in."""
    client = Client(REMOTE_ADDR=address, headers={"user-agent": agent})
    fields = {"login": username, "password": PASSWORD}
    assert client.post("/accounts/login/", fields).status_code == 302
    return client


@pytest.fixture
def here(alice: User) -> Client:
    """The browser at hand."""
    return signed_in(FIREFOX, "10.0.0.1")


@pytest.fixture
def there(alice: User) -> Client:
    """A telephone."""
    return signed_in(SAFARI, "10.0.0.2")


def is_in(client: Client) -> bool:
    """Whether someone is signed in."""
    return "_auth_user_id" in client.session


def text_of(client: Client) -> str:
    """The account's page."""
    return client.get(ACCOUNT).content.decode()


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (SAFARI, "Safari on iPhone"),
        (EDGE, "Edge on Windows"),
        ("curl/8.14", "A program"),
        ("", "A program"),
    ],
)
def test_devices_have_names(agent: str, words: str) -> None:
    """As a person would say them."""
    assert device(agent) == words


def test_sessions_are_listed_with_device_and_address(
    here: Client, there: Client
) -> None:
    """The one at hand cannot be mistaken."""
    page = text_of(here)
    assert "Firefox on Linux" in page
    assert "10.0.0.1 · this session" in page
    assert "Safari on iPhone" in page
    assert "10.0.0.2 · last seen" in page
    assert re.findall(r"<button[^>]*>(End[^<]+)<", page) == [
        "End session",
        "End all others",
    ]


def test_one_session_is_ended_with_its_sockets(
    alice: User,
    here: Client,
    there: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    heard: Hear,
) -> None:
    """The others stay."""
    third = signed_in(EDGE, "10.0.0.3")
    socket, key = heard(alice), there.session.session_key
    row = UserSession.objects.get(session_key=key)
    with django_capture_on_commit_callbacks(execute=True):
        here.post(f"/accounts/sessions/{row.pk}/end/")
    assert socket() == {"type": "person.signed_out", "session": key}
    assert (is_in(here), is_in(there), is_in(third)) == (True, False, True)


def test_all_others_are_ended_at_once(here: Client, there: Client) -> None:
    """The one at hand goes on."""
    here.post("/accounts/sessions/end/")
    assert (is_in(here), is_in(there)) == (True, False)


def test_nobody_ends_the_session_of_somebody_else(
    here: Client, charlie_client: Client
) -> None:
    """Nor learns that it is there."""
    row = UserSession.objects.get(session_key=here.session.session_key)
    assert charlie_client.post(f"/accounts/sessions/{row.pk}/end/").status_code == 404
    assert is_in(here)


def test_an_administrator_ends_the_sessions_of_a_person(
    alice: User, here: Client, there: Client, bob_client: Client
) -> None:
    """The person may sign in again."""
    fields = {"action": "end_their_sessions", "_selected_action": [alice.pk]}
    bob_client.post("/admin/accounts/user/", fields)
    assert (is_in(here), is_in(there)) == (False, False)
    signed_in(FIREFOX, "10.0.0.1")


@pytest.mark.django_db(transaction=True)
async def test_use_is_noted_once_in_a_while() -> None:
    """With the device, the address and the time."""
    client = AsyncClient()
    await client.aforce_login(await User.objects.acreate(username="alice"))
    await client.get(ACCOUNT, headers={"user-agent": FIREFOX})
    row = await UserSession.objects.aget()
    assert (row.user_agent, row.ip) == (FIREFOX, "127.0.0.1")
    long_ago = timezone.now() - timedelta(hours=1)
    await UserSession.objects.aupdate(last_seen_at=long_ago)
    await client.get(ACCOUNT)
    await row.arefresh_from_db()
    assert row.last_seen_at == long_ago


@pytest.mark.django_db(transaction=True)
async def test_a_later_use_moves_the_time_and_the_address() -> None:
    """The row is the session's own, not a second one."""
    client = AsyncClient()
    await client.aforce_login(alice := await User.objects.acreate(username="alice"))
    long_ago = timezone.now() - timedelta(hours=1)
    key = (await client.asession()).session_key
    row = await UserSession.objects.acreate(
        user=alice, ip="10.0.0.1", session_key=key, last_seen_at=long_ago
    )
    await client.get(ACCOUNT)
    await row.arefresh_from_db()
    assert row.last_seen_at > long_ago
    assert row.ip == "127.0.0.1"


def test_strangers_see_no_account(client: Client, db: None) -> None:
    """They are asked to sign in."""
    assert client.get(ACCOUNT)["Location"] == "/accounts/login/?next=/accounts/"


def test_a_local_account_is_connected_after_the_password_is_confirmed(
    provider: IdentityProvider, here: Client, alice: User
) -> None:
    """Whoever finds the browser open does not get in for good."""
    response = here.get(provider.authorises(begin(here), "sub-50"))
    assert response["Location"].startswith("/accounts/reauthenticate/")
    assert not SocialAccount.objects.exists()
    response = here.post(response["Location"], {"password": PASSWORD})
    assert response["Location"] == ACCOUNT
    assert SocialAccount.objects.get().user == alice
    assert "Connected." in text_of(here)


def test_an_account_of_somebody_else_is_not_taken_along(
    provider: IdentityProvider, here: Client, charlie: User
) -> None:
    """One person of the provider is one account."""
    SocialAccount.objects.create(user=charlie, provider=provider.url, uid="sub-51")
    here.post("/accounts/reauthenticate/", {"password": PASSWORD})
    here.get(provider.authorises(begin(here), "sub-51"))
    assert SocialAccount.objects.get().user == charlie
