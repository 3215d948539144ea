"""One alarm ends those waits of a stream that take too long, and no others."""

import asyncio

import pytest

from conversations.messages_api.timeouts import Alarm

SOON_S = 0.01
LATER_S = 60.0


async def wait(alarm: Alarm, event: asyncio.Event, patience_s: float) -> bool:
    deadline = asyncio.get_running_loop().time() + patience_s
    return await alarm.wait(event.wait(), deadline)


async def test_a_wait_returns_what_it_waited_for() -> None:
    alarm, event = Alarm(), asyncio.Event()
    event.set()

    assert await wait(alarm, event, LATER_S)
    alarm.close()


async def test_a_wait_ends_at_its_deadline_and_the_next_one_goes_on() -> None:
    alarm, event = Alarm(), asyncio.Event()

    for _ in range(2):
        with pytest.raises(TimeoutError):
            await wait(alarm, event, SOON_S)
    asyncio.get_running_loop().call_soon(event.set)

    assert await wait(alarm, event, LATER_S)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    alarm.close()


async def test_a_deadline_put_off_by_the_next_wait_is_the_one_that_counts() -> None:
    alarm, event, loop = Alarm(), asyncio.Event(), asyncio.get_running_loop()
    event.set()
    await wait(alarm, event, SOON_S)
    event.clear()
    loop.call_later(5 * SOON_S, event.set)

    assert await wait(alarm, event, LATER_S)
    alarm.close()


async def test_a_cancelled_wait_stays_cancelled() -> None:
    alarm, event = Alarm(), asyncio.Event()
    task = asyncio.create_task(wait(alarm, event, LATER_S))
    asyncio.get_running_loop().call_soon(task.cancel)

    with pytest.raises(asyncio.CancelledError):
        await task
    alarm.close()


async def test_a_stop_at_the_very_deadline_goes_before_it() -> None:
    alarm, event, loop = Alarm(), asyncio.Event(), asyncio.get_running_loop()
    deadline = loop.time() + SOON_S
    task = asyncio.create_task(alarm.wait(event.wait(), deadline))
    loop.call_soon(lambda: loop.call_at(deadline, task.cancel))

    with pytest.raises(asyncio.CancelledError):
        await task
    alarm.close()


async def test_an_error_of_what_is_awaited_comes_through() -> None:
    alarm = Alarm()

    async def fail() -> None:
        raise ValueError("no good")

    with pytest.raises(ValueError, match="no good"):
        await alarm.wait(fail(), asyncio.get_running_loop().time() + LATER_S)
    alarm.close()
