"""The in-memory channel layer."""

import pytest

from chatsite.layers import MemoryLayer


@pytest.fixture
def layer() -> MemoryLayer:
    """A layer of its own, with room for two messages in a channel."""
    return MemoryLayer(capacity=2)


async def test_every_listener_of_a_group_gets_a_message(layer: MemoryLayer) -> None:
    await layer.group_add("group", "one")
    await layer.group_add("group", "two")

    await layer.group_send("group", {"type": "event"})

    assert await layer.receive("one") == {"type": "event"}
    assert await layer.receive("two") == {"type": "event"}


async def test_messages_arrive_in_order(layer: MemoryLayer) -> None:
    await layer.group_add("group", "one")

    for number in (1, 2):
        await layer.group_send("group", {"number": number})

    assert [await layer.receive("one") for _ in range(2)] == [
        {"number": 1},
        {"number": 2},
    ]


async def test_a_full_channel_loses_the_message_and_keeps_nobody_waiting(
    layer: MemoryLayer,
) -> None:
    await layer.group_add("group", "full")
    for number in (1, 2, 3):
        await layer.group_send("group", {"number": number})

    await layer.group_add("group", "free")
    await layer.group_send("group", {"number": 4})

    assert await layer.receive("free") == {"number": 4}
    assert await layer.receive("full") == {"number": 1}


async def test_who_left_a_group_hears_nothing_of_it(layer: MemoryLayer) -> None:
    await layer.group_add("group", "gone")
    await layer.group_discard("group", "gone")

    await layer.group_send("group", {"type": "event"})

    assert "gone" not in layer.channels
