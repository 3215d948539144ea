"""How a model thinks, how hard it tries, and the form of its answer."""

from collections.abc import Mapping
from typing import Any, Literal

type Thinking = Literal["adaptive", "enabled", "disabled", "between_tools"]
type Display = Literal["summarized", "omitted"]
type Effort = Literal["low", "medium", "high", "xhigh", "max"]


def parameters_of(
    *,
    thinking: Thinking | None = None,
    budget_tokens: int | None = None,
    display: Display | None = None,
    effort: Effort | None = None,
    schema: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The parameters of a request that say so; what is None is the model's own.

    `budget_tokens` goes with thinking `enabled` alone, `display` with the modes that
    think before they answer. `schema` is the JSON Schema of the answer.
    """
    parameters: dict[str, Any] = {}
    if thinking is not None:
        parameters["thinking"] = _thinking(thinking, budget_tokens, display)
    output: dict[str, Any] = {}
    if effort is not None:
        output["effort"] = effort
    if schema is not None:
        output["format"] = {"type": "json_schema", "schema": schema}
    return {**parameters, "output_config": output} if output else parameters


def _thinking(
    mode: Thinking, budget_tokens: int | None, display: Display | None
) -> dict[str, Any]:
    thinking: dict[str, Any] = {"type": mode}
    if mode == "enabled":
        thinking["budget_tokens"] = budget_tokens
    if display is not None and mode in {"enabled", "adaptive"}:
        thinking["display"] = display
    return thinking
