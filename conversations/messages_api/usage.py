"""Token counts as a provider reports them, read with distrust."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conversations.messages_api.facts import count, part, parts, word


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one answer, or one step of it, has used; 0 where nothing is said.

    `input_tokens` are those that no cache knew: `prompt_tokens` is the whole prompt.
    `cache_5m_tokens` and `cache_1h_tokens` are what was written for so long and add up
    to `cache_write_tokens` where both are told. `output_tokens` include
    `thinking_tokens`. `iterations` are the steps of an answer with tools of the
    server; those of `kind` compaction are not in the sums of the whole.
    """

    input_tokens: int = 0
    cache_write_tokens: int = 0
    cache_5m_tokens: int = 0
    cache_1h_tokens: int = 0
    cache_read_tokens: int = 0
    output_tokens: int = 0
    thinking_tokens: int = 0
    web_search_requests: int = 0
    web_fetch_requests: int = 0
    code_execution_requests: int = 0
    service_tier: str | None = None
    speed: str | None = None
    inference_geo: str | None = None
    kind: str | None = None
    iterations: "tuple[Usage, ...]" = ()

    @property
    def prompt_tokens(self) -> int:
        """All tokens of the prompt: read from a cache, written to it, or neither."""
        return self.input_tokens + self.cache_write_tokens + self.cache_read_tokens


def read_usage(raw: Mapping[str, Any]) -> Usage:
    """The `usage` of a message, or one entry of its `iterations`."""
    steps = tuple(_own_usage(step, ()) for step in parts(raw, "iterations"))
    return _own_usage(raw, steps)


def token_count(usage: Mapping[str, Any], key: str) -> int | None:
    """The tokens counted under `key`; None if that is no count at all."""
    return count(usage, key)


def usage_of_both(
    earlier: Mapping[str, Any], later: Mapping[str, Any]
) -> dict[str, Any]:
    """What two calls used together; of what is no count, the later one's word holds."""
    return {key: _both(earlier.get(key), later.get(key)) for key in [*earlier, *later]}


def _both(earlier: Any, later: Any) -> Any:
    match earlier, later:
        case (_, None):
            return earlier
        case bool(), _:
            return later
        case (int() | float(), int() | float()) | (list(), list()):
            return earlier + later
        case Mapping(), Mapping():
            return usage_of_both(earlier, later)
    return later


def _own_usage(raw: Mapping[str, Any], iterations: tuple[Usage, ...]) -> Usage:
    written, tools = part(raw, "cache_creation"), part(raw, "server_tool_use")
    return Usage(
        input_tokens=_count(raw, "input_tokens"),
        cache_write_tokens=_count(raw, "cache_creation_input_tokens"),
        cache_5m_tokens=_count(written, "ephemeral_5m_input_tokens"),
        cache_1h_tokens=_count(written, "ephemeral_1h_input_tokens"),
        cache_read_tokens=_count(raw, "cache_read_input_tokens"),
        output_tokens=_count(raw, "output_tokens"),
        thinking_tokens=_count(part(raw, "output_tokens_details"), "thinking_tokens"),
        web_search_requests=_count(tools, "web_search_requests"),
        web_fetch_requests=_count(tools, "web_fetch_requests"),
        code_execution_requests=_count(tools, "code_execution_requests"),
        service_tier=word(raw, "service_tier"),
        speed=word(raw, "speed"),
        inference_geo=word(raw, "inference_geo"),
        kind=word(raw, "type"),
        iterations=iterations,
    )


def _count(raw: Mapping[str, Any], key: str) -> int:
    return count(raw, key) or 0
