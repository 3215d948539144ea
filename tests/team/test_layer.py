"""The channel layer over a Redis that is slow, full, or away."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from chatsite.health import failing_parts
from chatsite.redis_layer import RedisLayer
from tests.team.conftest import Server

pytestmark = pytest.mark.team

CAPACITY = 5
PATIENCE_S = 10.0


@pytest.fixture
async def layer(server: Server) -> AsyncIterator[RedisLayer]:
    """The layer of one process."""
    layer = RedisLayer(url=server.url, prefix="tests", capacity=CAPACITY)
    yield layer
    await layer.flush()


async def next_of(layer: RedisLayer, channel: str) -> str:
    async with asyncio.timeout(PATIENCE_S):
        message = await layer.receive(channel)
    return str(message["type"])


async def test_every_listener_of_a_group_hears_a_message(layer: RedisLayer) -> None:
    channels = [await layer.new_channel() for _ in range(2)]
    for channel in channels:
        await layer.group_add("group", channel)

    await layer.group_send("group", {"type": "event"})

    assert [await next_of(layer, channel) for channel in channels] == ["event"] * 2


async def test_what_has_no_room_is_dropped_and_the_rest_keeps_its_order(
    layer: RedisLayer,
) -> None:
    slow, quick = await layer.new_channel(), await layer.new_channel()
    await layer.group_add("group", slow)
    for number in range(CAPACITY + 3):
        await layer.group_send("group", {"type": str(number)})
    await layer.send(quick, {"type": "last"})
    assert await next_of(layer, quick) == "last"

    heard = [await next_of(layer, slow) for _ in range(CAPACITY)]

    assert heard == [str(number) for number in range(CAPACITY)]


async def test_listeners_are_told_when_redis_is_back_and_hear_again(
    layer: RedisLayer, server: Server
) -> None:
    channel = await layer.new_channel()
    await layer.group_add("group", channel)
    server.end()
    with pytest.raises((RedisError, TimeoutError)):
        await layer.group_send("group", {"type": "lost"})

    server.start()

    assert await next_of(layer, channel) == "layer.restored"
    await layer.group_send("group", {"type": "event"})
    assert await next_of(layer, channel) == "event"


async def test_who_left_while_redis_was_away_is_forgotten(
    layer: RedisLayer, server: Server
) -> None:
    gone, here = await layer.new_channel(), await layer.new_channel()
    await layer.group_add("left", gone)
    server.end()
    await layer.group_discard("left", gone)
    server.start()

    assert await next_of(layer, here) == "layer.restored"
    assert layer.groups == {}


async def test_a_probe_leaves_no_channel_behind() -> None:
    found = [await failing_parts() for _ in range(3)]

    assert ["layer" in failing for failing in found] == [False] * 3
    layer: Any = get_channel_layer()
    assert layer.channels == {}
