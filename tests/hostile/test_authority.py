"""A page that is open when its person loses what let them in: it hears no more."""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings as site_settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import path
from django.utils import timezone
from pytest_django import Settings

from chatsite.accounts import people
from chatsite.accounts.models import User
from conversations import feed
from conversations.consumers import RECHECK_INTERVAL_S, ConversationConsumer
from conversations.models import Conversation
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

SOON_S = 0.05
PATIENCE_S = 10.0
PASSWORD = "correct horse"
SIGNED_OUT, NOT_FOUND = 4401, 4404


@dataclass(frozen=True, slots=True)
class Open:
    """A conversation, its owner, and the browser in which it is open."""

    owner: User
    browser: Client
    conversation: Conversation

    @property
    def session(self) -> str:
        return str(self.browser.cookies[site_settings.SESSION_COOKIE_NAME].value)


@pytest.fixture
def opened(transactional_db: None) -> Open:
    """Someone signed in with name and password."""
    owner = factories.person()
    browser = Client()
    browser.post("/accounts/login/", {"login": owner.username, "password": PASSWORD})
    return Open(owner, browser, factories.conversation(owner))


@pytest.fixture
def deaf(settings: Settings) -> None:
    """The layer loses what closes sockets at once."""
    kind = "Redis" if site_settings.REDIS_URL else "Memory"
    (layer,) = site_settings.CHANNEL_LAYERS.values()
    layer = {**layer, "BACKEND": f"tests.hostile.deaf_layers.Deaf{kind}Layer"}
    settings.CHANNEL_LAYERS = {"default": layer}


@asynccontextmanager
async def socket_of(
    opened: Open, *, interval_s: float
) -> AsyncIterator[WebsocketCommunicator]:
    """The socket of the open page, as its browser would open it."""
    consumer: Any = ConversationConsumer.as_asgi(recheck_interval_s=interval_s)
    routes: Any = [path("<uuid:conversation_id>/", consumer)]
    cookie = f"{site_settings.SESSION_COOKIE_NAME}={opened.session}"
    socket = WebsocketCommunicator(
        AuthMiddlewareStack(URLRouter(routes)),
        f"/{opened.conversation.pk}/",
        [(b"cookie", cookie.encode())],
    )
    accepted, _ = await socket.connect(timeout=PATIENCE_S)
    assert accepted
    yield socket
    await socket.disconnect()


async def code_of(socket: WebsocketCommunicator) -> int:
    """The code with which it is closed, whatever else is sent before."""
    while True:
        output = await socket.receive_output(timeout=PATIENCE_S)
        if output["type"] == "websocket.close":
            code: int = output["code"]
            return code


async def says_nothing(socket: WebsocketCommunicator, opened: Open) -> bool:
    """Whether the socket keeps to itself what then happens in the conversation."""
    key = opened.conversation.pk
    turn = str(uuid.uuid4())
    frame = {"turn": turn, "base": 0, "end": 9, "html": "<p>secret</p>"}
    group = feed.conversation_group(key)
    for event in (
        {"type": "conversation.changed", "conversation": str(key)},
        {"type": "turn.changed", "turn": turn, "version": 10**6},
        {"type": "turn.waiting", "message": turn, "attempt": 2, "wait_s": 9},
        {"type": "turn.frame", **frame},
        {"type": "turn.snapshot", **frame},
        {"type": "layer.restored"},
    ):
        await feed.layer().group_send(group, event)
    silent: bool = await socket.receive_nothing(timeout=0.1)
    return silent


def signs_out(opened: Open) -> None:
    opened.browser.post("/accounts/logout/")


def ends_it_elsewhere(opened: Open) -> None:
    opened.browser.get("/accounts/")
    other = Client()
    form = {"login": opened.owner.username, "password": PASSWORD}
    other.post("/accounts/login/", form)
    other.post("/accounts/sessions/end/")


def changes_the_password(opened: Open) -> None:
    fields = {"oldpassword": PASSWORD, "password1": "a new harbour", "password2": ""}
    fields["password2"] = fields["password1"]
    answer = opened.browser.post("/accounts/password/change/", fields)
    assert answer.status_code == 302, answer.content


def is_deactivated(opened: Open) -> None:
    people.deactivate(opened.owner)


def is_deactivated_behind_its_back(opened: Open) -> None:
    User.objects.filter(pk=opened.owner.pk).update(is_active=False)


def gets_another_password_in_the_database(opened: Open) -> None:
    User.objects.filter(pk=opened.owner.pk).update(password="!")


def loses_the_row_of_the_session(opened: Open) -> None:
    assert Session.objects.filter(pk=opened.session).delete()[0]


def stays_past_the_session(opened: Open) -> None:
    past = timezone.now() - timedelta(seconds=1)
    assert Session.objects.filter(pk=opened.session).update(expire_date=past)


def becomes_another_in_the_session(opened: Open) -> None:
    row = Session.objects.get(pk=opened.session)
    facts = {**row.get_decoded(), SESSION_KEY: str(factories.person("eve").pk)}
    store: Any = SessionStore()
    row.session_data = store.encode(facts)
    row.save()


def loses_the_conversation(opened: Open) -> None:
    eve = factories.person("eve")
    Conversation.objects.filter(pk=opened.conversation.pk).update(owner=eve)


# What the site itself does tells the sockets at once.
TOLD = (signs_out, changes_the_password, is_deactivated)
FOUND = (
    *TOLD,
    ends_it_elsewhere,
    is_deactivated_behind_its_back,
    gets_another_password_in_the_database,
    loses_the_row_of_the_session,
    stays_past_the_session,
    becomes_another_in_the_session,
)


def test_what_was_lost_is_found_within_half_a_minute() -> None:
    assert RECHECK_INTERVAL_S <= 30


@pytest.mark.parametrize("act", TOLD)
async def test_whoever_is_put_out_hears_no_more_at_once(
    opened: Open, act: Callable[[Open], None]
) -> None:
    async with socket_of(opened, interval_s=3_600) as socket:
        await sync_to_async(act)(opened)
        assert await code_of(socket) == SIGNED_OUT
        assert await says_nothing(socket, opened)


@pytest.mark.parametrize("act", FOUND)
async def test_whoever_is_put_out_hears_no_more_where_nobody_is_told(
    opened: Open, act: Callable[[Open], None], deaf: None
) -> None:
    async with socket_of(opened, interval_s=SOON_S) as socket:
        await sync_to_async(act)(opened)
        assert await code_of(socket) == SIGNED_OUT
        assert await says_nothing(socket, opened)


async def test_whoever_comes_to_owe_a_second_factor_hears_no_more(
    opened: Open, settings: Settings
) -> None:
    async with socket_of(opened, interval_s=SOON_S) as socket:
        settings.REQUIRE_MFA = "all"
        assert await code_of(socket) == SIGNED_OUT
        assert await says_nothing(socket, opened)


async def test_who_loses_a_conversation_is_told_that_there_is_none(
    opened: Open,
) -> None:
    async with socket_of(opened, interval_s=SOON_S) as socket:
        await sync_to_async(loses_the_conversation)(opened)
        assert await code_of(socket) == NOT_FOUND
        assert await says_nothing(socket, opened)


async def test_whoever_owes_a_second_factor_opens_no_socket_by_hand(
    opened: Open, settings: Settings
) -> None:
    settings.REQUIRE_MFA = "all"
    async with socket_of(opened, interval_s=3_600) as socket:
        first = await socket.receive_output(timeout=PATIENCE_S)
        assert (first["type"], first["code"]) == ("websocket.close", SIGNED_OUT)


async def test_whoever_keeps_what_let_them_in_goes_on_hearing(opened: Open) -> None:
    """The silence of the others is no fault of these tests."""
    async with socket_of(opened, interval_s=SOON_S) as socket:
        await socket.receive_from(timeout=PATIENCE_S)
        assert not await says_nothing(socket, opened)
