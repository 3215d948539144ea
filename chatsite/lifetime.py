"""What goes on beside the requests, from the first to the last."""

import asyncio
from typing import Any

from django.conf import settings

from chatsite.metrics import watch_loop
from conversations import generation
from conversations.catalogue import offered
from conversations.database import in_thread


async def beside() -> None:
    """Learn the models of the back ends, give up answers whose process died, measure."""
    await asyncio.gather(offered.keep_fresh(), generation.sweep(), watch_loop())


async def drain(seconds: float) -> None:
    """Let running answers end, then close what they were asked of."""
    await generation.drain(seconds)
    await offered.close()


async def lifespan(_scope: Any, receive: Any, send: Any) -> None:
    """The same under a server that speaks ASGI's lifespan protocol, as uvicorn does.

    Daphne does not; `serve` calls the functions above itself.
    """
    await receive()
    await in_thread(generation.recover)
    work = asyncio.create_task(beside())
    await send({"type": "lifespan.startup.complete"})
    await receive()
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await drain(settings.DRAIN_SECONDS)
    await send({"type": "lifespan.shutdown.complete"})
