"""What goes on beside the requests, from the first to the last."""

import asyncio

from conversations import generation
from conversations.catalogue import offered


async def beside() -> None:
    """Learn the models of the back ends, and give up answers whose process died."""
    await asyncio.gather(offered.keep_fresh(), generation.sweep())


async def drain(seconds: float) -> None:
    """Let running answers end, then close what they were asked of."""
    await generation.drain(seconds)
    await offered.close()
