"""What goes on beside the requests, from the first to the last."""

import asyncio
import logging

from conversations import generation, uploads
from conversations.catalogue import offered
from conversations.database import in_thread
from conversations.rendering import render_markdown

UPKEEP_INTERVAL_S = 3600.0
# The first coloured code of a process costs what loading the highlighter costs.
FIRST_CODE = "```python\npass\n```"

logger = logging.getLogger(__name__)


async def beside() -> None:
    """Learn the models of the back ends, give up what died, clear what was left."""
    await asyncio.gather(
        offered.keep_fresh(),
        generation.sweep(),
        _upkeep(),
        asyncio.to_thread(render_markdown, FIRST_CODE),
    )


async def _upkeep() -> None:
    while True:
        try:
            await in_thread(uploads.erase_unsent)
        except Exception:
            # A busy database or a full disk now is no reason to stop for good.
            logger.exception("Unsent uploads could not be erased.")
        await asyncio.sleep(UPKEEP_INTERVAL_S)


async def drain(seconds: float) -> None:
    """Let running answers end, then close what they were asked of."""
    await generation.drain(seconds)
    await offered.close()
