"""Rows that moved in a person's list: gathered, and told together."""

import asyncio
import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from django.urls import reverse

from conversations import feed, generation, rows
from conversations.catalogue import offered
from conversations.models import Conversation
from conversations.providers.scripted import ScriptedProvider
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


async def made(title: str, owner: Any = None) -> Conversation:
    made = await sync_to_async(factories.conversation)(owner, "Why?")
    await Conversation.objects.filter(pk=made.pk).aupdate(title=title)
    return await Conversation.objects.select_related("owner").aget(pk=made.pk)


async def listener(conversation: Conversation) -> str:
    layer = feed.layer()
    channel: str = await layer.new_channel()
    await layer.group_add(conversation.owner.live_group, channel)
    return channel


async def next_news(channel: str) -> Any:
    async with asyncio.timeout(10):
        return await feed.layer().receive(channel)


async def test_what_moved_together_is_told_together_as_it_is_by_then() -> None:
    first = await made("Tides")
    second = await made("Waves", first.owner)
    channel = await listener(first)

    rows.moved(first.owner.live_group, first.pk)
    rows.moved(first.owner.live_group, second.pk)
    await Conversation.objects.filter(pk=first.pk).aupdate(title="The moon")

    news = await next_news(channel)
    assert news["type"] == "conversation.listed"
    assert "The moon" in news["html"]
    assert "Waves" in news["html"]
    assert "Tides" not in news["html"]


async def test_a_question_moves_its_row_up_in_every_page_of_the_person() -> None:
    conversation = await made("Tides")
    channel = await listener(conversation)
    client = AsyncClient()
    await client.aforce_login(conversation.owner)
    question = {"key": uuid.uuid4(), "text": "Why?", "model": "scripted", "parent": ""}
    await generation.drain(0)

    with offered.use([ScriptedProvider(pace=0)]):
        await client.post(
            reverse("conversations:turn-create", args=(conversation.pk,)),
            {**question, "parent": conversation.leaf_id},
        )

    news = await next_news(channel)
    await conversation.arefresh_from_db()
    moment = f"{conversation.updated_at.timestamp():.6f}"
    assert f'data-updated="{moment}"' in news["html"]
