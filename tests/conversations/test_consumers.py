"""The websocket of one open page: who is let in, and how it stays up to date."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from chatsite.accounts import people
from chatsite.accounts.models import User
from chatsite.asgi import application
from conversations import feed, generation, turns
from conversations.articles import LOG_LENGTH, listed
from conversations.catalogue import offered
from conversations.generation.worker import worker
from conversations.models import Conversation, Turn
from conversations.providers.scripted import ScriptedProvider
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def scripted() -> Iterator[None]:
    """The one model that is offered here, at full speed."""
    with offered.use([ScriptedProvider(pace=0)]):
        yield


def cookies(person: User) -> str:
    client = Client()
    client.force_login(person)
    return f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}"


@asynccontextmanager
async def page(
    conversation_id: uuid.UUID | None,
    *,
    version: int = 0,
    person: User | None = None,
    greeted: bool = True,
) -> AsyncIterator[WebsocketCommunicator]:
    """The socket of an open page, past the state that it is greeted with."""
    headers = [(b"host", b"localhost"), (b"origin", b"http://localhost")]
    if person is not None:
        cookie = await sync_to_async(cookies)(person)
        headers.append((b"cookie", cookie.encode()))
    path = f"/ws/c/{conversation_id}/?version={version}" if conversation_id else "/ws/"
    socket = WebsocketCommunicator(application, path, headers)
    accepted, _ = await socket.connect(timeout=5)
    assert accepted
    if greeted and conversation_id:
        await received(socket)
    elif greeted and person:
        await listening(person)
    yield socket
    await socket.disconnect()


async def listening(person: User) -> None:
    """Until a page without a conversation, which is not greeted, hears the feed."""
    layer, group = feed.layer(), person.live_group
    async with asyncio.timeout(5):
        while not any(str(name).endswith(group) for name in layer.groups):  # noqa: ASYNC110 - says none
            await asyncio.sleep(0.01)
        # Over Redis it is heard once whoever joins after it has joined.
        await layer.group_add(group, await layer.new_channel())


async def received(socket: WebsocketCommunicator) -> str:
    return str(await socket.receive_from(timeout=5))


async def closed_with(socket: WebsocketCommunicator) -> int:
    output = await socket.receive_output(timeout=5)
    assert output["type"] == "websocket.close"
    code: int = output["code"]
    return code


async def made(function: Any, *args: Any, **kwargs: Any) -> Any:
    return await sync_to_async(function)(*args, **kwargs)


def finished() -> tuple[User, Conversation]:
    person = factories.person()
    return person, factories.conversation(person)


def asked_often(conversation: Conversation, times: int) -> None:
    for _ in range(times):
        factories.ended(factories.asked(conversation))


def streaming(text: str = "so far") -> tuple[User, Turn]:
    """A turn of a process that is no longer there, with a checkpoint of its text."""
    person = factories.person()
    turn = factories.begun(factories.started(person))
    content = [{"type": "text", "text": text}]
    point = turns.Checkpoint(turn_id=turn.pk, answer_id=turn.answer_id, content=content)
    turns.checkpoint(factories.WORKER, [point])
    return person, turn


async def test_someone_signed_out_is_closed_with_4401() -> None:
    _, conversation = await made(finished)

    async with page(conversation.pk, greeted=False) as socket:
        assert await closed_with(socket) == 4401


async def test_a_stranger_is_closed_with_4404_as_if_there_were_nothing() -> None:
    _, conversation = await made(finished)
    eve = await made(factories.person, "eve")

    async with page(conversation.pk, person=eve, greeted=False) as socket:
        assert await closed_with(socket) == 4404
    async with page(uuid.uuid4(), person=eve, greeted=False) as socket:
        assert await closed_with(socket) == 4404


async def test_a_page_that_is_up_to_date_hears_just_that() -> None:
    person, conversation = await made(finished)

    async with page(
        conversation.pk, version=conversation.version, person=person, greeted=False
    ) as s:
        html = await received(s)

    assert "<article" not in html
    assert f'data-version="{conversation.version}"' in html


async def test_a_page_that_is_behind_gets_what_changed() -> None:
    person, conversation = await made(finished)
    version = conversation.version
    turn = await made(factories.asked, conversation, "Asked elsewhere")

    async with page(
        conversation.pk, version=version, person=person, greeted=False
    ) as socket:
        html = await received(socket)

    assert f'id="message-{turn.answer_id}"' in html
    assert "Asked elsewhere" in html
    assert html.count("<article") == 2


async def test_a_page_that_missed_more_than_it_shows_gets_the_log_anew() -> None:
    person, conversation = await made(finished)
    await made(asked_often, conversation, LOG_LENGTH)

    async with page(conversation.pk, version=0, person=person, greeted=False) as socket:
        html = await received(socket)

    assert "resync:#messages" in html
    assert html.count("<article") == LOG_LENGTH


async def test_without_a_running_process_the_store_has_the_running_answer() -> None:
    person, turn = await made(streaming, "so far")

    async with page(turn.conversation_id, version=turn.version, person=person) as s:
        html = await received(s)

    assert f"frame:#message-{turn.answer_id}" in html
    assert "data-snapshot" in html
    assert "so far" in html


def frame(turn: Turn, base: int, end: int, html: str) -> feed.TurnFrame:
    return {
        "type": "turn.frame",
        "turn": str(turn.pk),
        "sequence": 1,
        "base": base,
        "end": end,
        "html": html,
    }


async def test_a_frame_that_follows_is_passed_on_and_a_repeated_one_is_not() -> None:
    person, turn = await made(streaming, "so far")
    group = feed.conversation_group(turn.conversation_id)

    async with page(turn.conversation_id, version=turn.version, person=person) as s:
        await received(s)
        follows = frame(turn, 6, 12, "<p>so far, so good</p>")
        await feed.publish(group, follows)
        assert "so far, so good" in await received(s)

        await feed.publish(group, follows)
        assert await s.receive_nothing(timeout=0.2)


async def test_a_frame_after_a_lost_one_makes_the_page_ask_again() -> None:
    person, turn = await made(streaming, "so far")
    group = feed.conversation_group(turn.conversation_id)

    async with page(turn.conversation_id, version=turn.version, person=person) as s:
        await received(s)
        await feed.publish(group, frame(turn, 90, 99, "<p>after a gap</p>"))
        html = await received(s)

    assert "data-snapshot" in html
    assert "after a gap" not in html


async def test_a_whole_answer_arrives_in_frames_and_then_as_it_is_kept() -> None:
    person = await made(factories.person)
    turn = await made(factories.started, person, "/echo Because of scattering.")

    async with page(turn.conversation_id, version=turn.version, person=person) as s:
        generation.begin(turn.pk)
        html = await received(s)
        while "<article" not in html:
            html = await received(s)

    assert 'data-status="complete"' in html
    assert "Because of scattering." in html


async def test_articles_of_a_later_version_make_the_page_catch_up() -> None:
    person, conversation = await made(finished)
    version = conversation.version
    turn = await made(factories.asked, conversation, "Asked elsewhere")
    event: feed.TurnArticles = {
        "type": "turn.articles",
        "version": version + 5,
        "started": [],
        "html": "<p>never sent</p>",
    }

    async with page(conversation.pk, version=turn.version, person=person) as socket:
        await received(socket)
        await feed.publish(feed.conversation_group(conversation.pk), event)
        await made(factories.ended, turn)
        await feed.publish(
            feed.conversation_group(conversation.pk),
            {"type": "turn.changed", "version": turn.version + 1},
        )
        html = await received(socket)
        while "<article" not in html:
            html = await received(socket)

    assert "never sent" not in html
    assert 'data-status="complete"' in html


async def test_an_end_that_the_feed_lost_is_found_in_the_store() -> None:
    person, turn = await made(streaming)

    async with page(turn.conversation_id, person=person) as socket:
        assert "so far" in await received(socket)
        await made(factories.ended, turn)

        html = await received(socket)

    assert f'data-message-id="{turn.answer_id}"' in html
    assert 'data-status="complete"' in html


async def test_a_change_from_outside_is_looked_up_and_rendered() -> None:
    person, turn = await made(streaming, "Half")

    async with page(turn.conversation_id, version=turn.version, person=person) as s:
        await received(s)
        await made(turns.interrupt_silent_turns, -turns.end.SILENCE_LIMIT)
        html = await received(s)

    assert 'data-status="interrupted"' in html
    assert "Half" in html


async def test_an_event_of_a_newer_version_is_passed_over() -> None:
    person, conversation = await made(finished)

    async with page(conversation.pk, person=person) as socket:
        group = feed.conversation_group(conversation.pk)
        await feed.layer().group_send(group, {"type": "turn.sung"})

        assert await socket.receive_nothing()


async def test_a_new_title_reaches_the_page() -> None:
    person, conversation = await made(finished)

    async with page(conversation.pk, version=conversation.version, person=person) as s:
        await Conversation.objects.filter(pk=conversation.pk).aupdate(title="A <b>")
        await feed.publish(
            feed.conversation_group(conversation.pk),
            {"type": "conversation.changed", "conversation": str(conversation.pk)},
        )
        assert 'data-title="A &lt;b&gt;"' in await received(s)


async def test_what_becomes_of_a_row_reaches_every_page_of_its_person_alone() -> None:
    person, conversation = await made(finished)
    eve = await made(factories.person, "eve")

    async with (
        page(None, person=person) as other,
        page(conversation.pk, person=person) as one,
        page(None, person=eve) as foreign,
    ):
        await feed.publish(
            person.live_group,
            {"type": "conversation.listed", "html": listed(conversation)},
        )
        for socket in (one, other):
            html = await received(socket)
            assert f'id="conversation-row-{conversation.pk}"' in html
        assert await foreign.receive_nothing(timeout=0.2)


async def test_a_page_without_a_conversation_is_closed_as_any_other() -> None:
    person = await made(factories.person)

    async with page(None, greeted=False) as socket:
        assert await closed_with(socket) == 4401
    async with page(None, person=person) as socket:
        await made(people.deactivate, person)
        assert await closed_with(socket) == 4401


async def test_a_list_that_may_have_missed_news_is_fetched_anew() -> None:
    person = await made(factories.person)

    async with page(None, person=person) as socket:
        await feed.layer().group_send(person.live_group, {"type": "layer.restored"})
        assert "unlisted:#conversation-rows" in await received(socket)


async def test_deactivation_closes_the_page_at_once() -> None:
    person, conversation = await made(finished)

    async with page(conversation.pk, version=conversation.version, person=person) as s:
        await made(people.deactivate, person)
        assert await closed_with(s) == 4401


async def test_signing_out_closes_the_pages_of_that_session_alone() -> None:
    person, conversation = await made(finished)
    version = conversation.version

    async with (
        page(conversation.pk, version=version, person=person) as here,
        page(conversation.pk, version=version, person=person) as elsewhere,
    ):
        headers = dict(here.scope["headers"] or ())
        session = headers[b"cookie"].decode().partition("=")[2]
        await feed.layer().group_send(
            person.live_group, {"type": "person.signed_out", "session": session}
        )
        assert await closed_with(here) == 4401
        assert await elsewhere.receive_nothing(timeout=0.2)


async def test_what_a_page_sends_is_ignored() -> None:
    person, conversation = await made(finished)

    async with page(conversation.pk, version=conversation.version, person=person) as s:
        await s.send_to(text_data='{"type": "turn.stop"}')
        await s.send_to(bytes_data=b"\x00\xff")
        assert await s.receive_nothing(timeout=0.2)


async def test_a_page_that_leaves_does_not_end_the_answer() -> None:
    person = await made(factories.person)
    turn = await made(factories.started, person, "/long 50")

    async with page(turn.conversation_id, version=turn.version, person=person):
        generation.begin(turn.pk)
        run = worker().runs[turn.pk]
    assert run.task is not None
    await run.task

    ended = await Turn.objects.aget(pk=turn.pk)
    assert ended.status == Turn.Status.COMPLETE
