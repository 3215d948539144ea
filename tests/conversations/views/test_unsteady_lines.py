"""What becomes of a POST whose page leaves at once, or that arrives twice at once."""

import asyncio
import uuid
from typing import Any
from urllib.parse import urlencode

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.test import AsyncClient
from pytest_django.fixtures import Settings

from conversations import feed, generation
from conversations.catalogue import offered
from conversations.models import Attachment, Conversation, Turn
from conversations.providers.scripted import ScriptedProvider
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "a" * 32


@pytest.fixture(autouse=True)
def on_the_sites_own_thread(settings: Settings) -> None:
    """Database work outlives a request here, so no thread of the request may do it."""
    settings.DATABASE_THREADS = 1


async def signed_in() -> str:
    """The key of a session."""
    client = AsyncClient()
    await client.aforce_login(await sync_to_async(factories.person)())
    return client.cookies[settings.SESSION_COOKIE_NAME].value


async def sending(session: str, **form: Any) -> Any:
    """The request of a page that sends the first message of a conversation."""
    cookies = f"{settings.SESSION_COOKIE_NAME}={session}"
    cookies += f"; {settings.CSRF_COOKIE_NAME}={TOKEN}"
    body = urlencode({"key": uuid.uuid4(), "model": "scripted", **form}).encode()
    headers = {
        "host": "localhost",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": str(len(body)),
        "cookie": cookies,
        "hx-request": "true",
        "x-csrftoken": TOKEN,
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/c/",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    communicator: Any = ApplicationCommunicator  # has no types
    request = communicator(ASGIHandler(), scope)
    await request.send_input({"type": "http.request", "body": body})
    return request


async def test_a_page_that_leaves_while_it_sends_gets_its_answer_later() -> None:
    layer = feed.layer()
    with offered.use([ScriptedProvider(pace=0)]):
        request = await sending(await signed_in(), text="/echo Here.")
        async with asyncio.timeout(10):
            while not await Turn.objects.aexists():
                pass
            turn = await Turn.objects.select_related("conversation").aget()
            channel = await layer.new_channel()
            await layer.group_add(turn.conversation.live_group, channel)

            await request.send_input({"type": "http.disconnect"})
            await request.wait()

            while turn.status != Turn.Status.COMPLETE:
                await layer.receive(channel)
                await turn.arefresh_from_db()
    await layer.flush()


async def test_a_picture_that_is_sent_twice_at_once_makes_one_message() -> None:
    picture = await Attachment.objects.acreate(
        owner=await sync_to_async(factories.person)(),
        name="sky.png",
        size_bytes=1,
        width_px=1,
        height_px=1,
    )
    form = {"key": uuid.uuid4(), "attachments": picture.pk}
    session = await signed_in()
    await generation.drain(0)

    with offered.use([ScriptedProvider(pace=0)]):
        requests = [await sending(session, **form) for _ in range(4)]
        heads = await asyncio.gather(*(each.receive_output(10) for each in requests))
        await asyncio.gather(*(each.wait(10) for each in requests))

    assert [head["status"] for head in heads] == [201] * 4
    assert await Conversation.objects.acount() == 1
