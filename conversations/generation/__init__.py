"""Answers being made: they belong to this process, not to a tab or a socket.

`begin` starts one as a task of the running event loop; every open page hears of it
through the feed, and every write goes through `conversations.turns`.
"""

from conversations.generation.worker import (
    begin,
    claim,
    claimed,
    drain,
    recover,
    sweep,
)

__all__ = ["begin", "claim", "claimed", "drain", "recover", "sweep"]
