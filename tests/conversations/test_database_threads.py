"""Who waits for whom among the threads of the database."""

import asyncio
import threading

from pytest_django import Settings

from conversations import database


async def test_what_reads_much_is_not_waited_for_by_the_pages(
    settings: Settings,
) -> None:
    settings.DATABASE_THREADS = 1
    read = threading.Event()
    reading = asyncio.create_task(database.aside(read.wait))
    await database.in_thread(read.set)

    assert await reading
