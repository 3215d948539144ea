"""What goes on beside the requests, from the first to the last."""

import asyncio
import logging
from typing import Any

from django.conf import settings
from django.template.loader import get_template

from chatsite import background
from chatsite.metrics import watch_loop
from conversations import generation
from conversations.catalogue import offered, rows
from conversations.database import in_thread
from conversations.rendering import render_markdown

logger = logging.getLogger(__name__)

# Of each kind of text one that makes its tables when it is first rendered.
_SAMPLE = "*A* [link](https://example.com) $x$\n\n```python\nx = 1\n```\n"


def warm_up() -> None:
    """Make what the first answer would otherwise wait for: a tenth of a second."""
    render_markdown(_SAMPLE)
    get_template("conversations/message.html")
    get_template("conversations/live.html")


def take_up() -> int:
    """Before the first request: recover, and learn who may use which model.

    Returns how many answers of an earlier process were given up.
    """
    given_up = generation.recover()
    rows.renew()
    return given_up


async def keep_rows() -> None:
    """For as long as the process serves: hear what was decided about models."""
    while True:
        await asyncio.sleep(rows.RENEWED_EVERY_S)
        try:
            await in_thread(rows.renew)
        except Exception:  # noqa: BLE001 - a busy database gets the next round
            logger.warning("The catalogue of models is not renewed")


async def beside() -> None:
    """Learn models, give up answers whose process died, measure, do regular work."""
    await asyncio.gather(
        asyncio.to_thread(warm_up),
        offered.keep_fresh(),
        keep_rows(),
        generation.sweep(),
        watch_loop(),
        background.keep_working(),
    )


async def drain(seconds: float) -> None:
    """Let running answers end, then close what they were asked of."""
    await asyncio.gather(generation.drain(seconds), background.drain(seconds))
    await offered.close()


async def lifespan(_scope: Any, receive: Any, send: Any) -> None:
    """The same under a server that speaks ASGI's lifespan protocol, as uvicorn does.

    Daphne does not; `serve` calls the functions above itself.
    """
    await receive()
    await in_thread(take_up)
    work = asyncio.create_task(beside())
    await send({"type": "lifespan.startup.complete"})
    await receive()
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await drain(settings.DRAIN_SECONDS)
    await send({"type": "lifespan.shutdown.complete"})
