"""Token counts and finish reasons of Chat Completions, in the Messages API's words."""

from collections.abc import Mapping
from typing import Any

from conversations.messages_api import token_count

_STOP_REASONS = {
    "length": "max_tokens",
    "max_tokens": "max_tokens",
    "model_length": "model_context_window_exceeded",
    "content_filter": "refusal",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
}
# Reasons of some servers for which an answer is no whole one.
FAILED_REASONS = frozenset({"abort", "error", "insufficient_system_resource"})


def stop_reason_of(finish_reason: str, *, called: bool, refused: bool) -> str:
    """Why the model stopped; whether it called tools counts more than the word.

    What ends at a stop sequence cannot be told from what ends by itself.
    """
    if refused:
        return "refusal"
    reason = _STOP_REASONS.get(finish_reason, "end_turn")
    return "tool_use" if called and reason == "end_turn" else reason


def usage_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Counts that are missing there are missing here.

    Prompts are counted with what was read from a cache or written to it; ours without.
    """
    prompt, completion = _details(raw, "prompt"), _details(raw, "completion")
    cached = token_count(prompt, "cached_tokens")
    if cached is None:
        cached = token_count(raw, "prompt_cache_hit_tokens")
    written = token_count(prompt, "cache_write_tokens")
    total = token_count(raw, "prompt_tokens")
    thinking = token_count(completion, "reasoning_tokens")
    counts = {
        "input_tokens": total and max(0, total - (cached or 0) - (written or 0)),
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": written,
        "output_tokens": token_count(raw, "completion_tokens"),
        "output_tokens_details": thinking and {"thinking_tokens": thinking},
    }
    return {key: count for key, count in counts.items() if count is not None}


def _details(raw: Mapping[str, Any], of: str) -> Mapping[str, Any]:
    details = raw.get(f"{of}_tokens_details")
    return details if isinstance(details, Mapping) else {}
