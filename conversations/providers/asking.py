"""How a conversation wants to be answered, as far as the model can do that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from conversations.messages_api.modes import parameters_of as modes_of
from conversations.messages_api.tools import code_execution, web_fetch, web_search

if TYPE_CHECKING:
    from conversations.messages_api.modes import Thinking
    from conversations.messages_api.tools import Tool
    from conversations.providers.base import ModelInfo

# What the API takes at least, and the share of an answer that thinking may take.
SMALLEST_BUDGET_TOKENS = 1024
BUDGET_SHARE = 0.5

TOOLS: Mapping[str, Callable[[], Tool]] = {
    "web_search": web_search,
    "web_fetch": web_fetch,
    "code_execution": code_execution,
}


def parameters_of(settings: Mapping[str, Any], model: ModelInfo) -> dict[str, Any]:
    """What a request says beside its messages, in the words of the wire.

    Of `settings` (system, effort, thinking, max_tokens, temperature, tools; none of
    them need be there) only what `model` takes. Holds `max_tokens` always, and
    `system` where there is one.
    """
    limit = model.output_limit_tokens or model.max_output_tokens
    max_tokens = min(settings.get("max_tokens") or model.max_output_tokens, limit)
    found: dict[str, Any] = {**model.parameters, "max_tokens": max_tokens}
    if system := settings.get("system") or model.system:
        found["system"] = system
    thinking = _thinking(settings.get("thinking"), model, max_tokens)
    effort = settings.get("effort")
    found |= modes_of(
        thinking=thinking,
        budget_tokens=round(max_tokens * BUDGET_SHARE),
        display="summarized",
        effort=effort if effort in model.efforts else None,
    )
    temperature = settings.get("temperature")
    # A model that thinks by a budget takes no temperature beside it.
    if model.sampling and temperature is not None and thinking != "enabled":
        found["temperature"] = temperature
    chosen = [name for name in settings.get("tools") or () if name in TOOLS]
    tools = [TOOLS[name]() for name in chosen if name in model.server_tools]
    return {**found, "tools": tools} if tools else found


def _thinking(
    wanted: bool | None,  # noqa: FBT001 - as the person chose
    model: ModelInfo,
    max_tokens: int,
) -> Thinking | None:
    if wanted is None:
        return None
    if not wanted:
        return "disabled" if "disabled" in model.thinking else None
    if "adaptive" in model.thinking:
        return "adaptive"
    has_room = max_tokens * BUDGET_SHARE >= SMALLEST_BUDGET_TOKENS
    return "enabled" if "enabled" in model.thinking and has_room else None
