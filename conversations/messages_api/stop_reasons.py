"""Why a model stopped, and what that means for whoever waits for its answer."""

from typing import Literal

type Ending = Literal["finished", "cut", "tools", "paused", "refused", "compacted"]

_ENDINGS: dict[str, Ending] = {
    "max_tokens": "cut",
    "model_context_window_exceeded": "cut",
    "tool_use": "tools",
    "pause_turn": "paused",
    "refusal": "refused",
    "compaction": "compacted",
}


def ending_of(stop_reason: str) -> Ending:
    """What kind of end a stop reason is; one that nobody knows yet is `finished`.

    `tools` waits for results of tools, `paused` for the same content to be sent back
    as it is, `compacted` for the content with its summary. `cut` goes on only by a
    new question; `refused` content is not sent again.
    """
    return _ENDINGS.get(stop_reason, "finished")
